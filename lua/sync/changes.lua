--[[
What changed in Procountor and the CRM since the last look, each as a task of its own.

  changes.tell(settings, since) -> the next `since`, what was found
  changes.spread(settings, event)  a task with many ids becomes one task for each

The first look sees all of both registers, and so whose business ID stands on each side once: such a task
says the customer too ("O-31=51001"), which spares the searches.

since = { version, crm, seen = { ["51001"] = version } }: the newest version in Procountor, in its own
clock, and the newest change in the CRM. A version counts seconds, and a search may lag behind what was
saved, so the last minutes are read again; what was told with that version is told no second time, unless
it was in the second that was the newest then.
]]

local given = require "given"
local ids = require "ids"
local json = require "json"
local overlap = require "overlap"
local sides = require "sync.sides"
local task = require "task"

local changes = {}

local MANY = 100 -- ids in one task; of more each look makes such tasks first

local function changed_customers(settings, since)
  local from = since.version and overlap.earlier(since.version)
  local list, newest = sides.books(settings).changed(from), since.version
  for _, customer in ipairs(list) do
    local version = customer.version
    if version and (not newest or version > newest) then newest = version end
  end
  local told, seen = {}, {}
  local limit = newest and overlap.earlier(newest)
  for _, customer in ipairs(list) do
    local id, version = tostring(customer.id), customer.version
    local known = type(since.seen) == "table" and since.seen[id]
    if not known or known ~= version then told[#told + 1] = id end
    -- What was saved in the newest second may be saved once more within it.
    if version and version >= limit and (version < newest or newest == since.version) then
      seen[id] = version
    end
  end
  return told, newest, seen, list
end

local function changed_organizations(settings, since)
  local told, newest = {}, since.crm
  local list = sides.crm(settings).list(since.crm)
  for _, organization in ipairs(list) do
    local at = given.text(organization.updated_at)
    if not since.crm or not at or at > since.crm then told[#told + 1] = tostring(organization.id) end
    if at and (not newest or at > newest) then newest = at end
  end
  return told, newest, list
end

-- { [business ID] = id } of those that have it alone.
local function alone(list, field)
  local by, twice = {}, {}
  for _, record in ipairs(list) do
    local text = given.text(record[field])
    local business_id = text and ids.business_id(text)
    if business_id then
      twice[business_id] = by[business_id] ~= nil
      by[business_id] = tostring(record.id)
    end
  end
  for business_id, is_twice in pairs(twice) do
    if is_twice then by[business_id] = nil end
  end
  return by
end

-- Both lists without the customers that go with an organization, which is "O-31=51001" then.
local function matched(organizations, customers)
  local crm, books = alone(organizations, "business_id"), alone(customers, "identifier")
  local of, taken, rest, others = {}, {}, {}, {}
  for business_id, id in pairs(crm) do
    if books[business_id] then of[id], taken[books[business_id]] = books[business_id], true end
  end
  for i, organization in ipairs(organizations) do
    local id = tostring(organization.id)
    rest[i] = of[id] and id .. "=" .. of[id] or id
  end
  for _, customer in ipairs(customers) do
    if not taken[tostring(customer.id)] then others[#others + 1] = tostring(customer.id) end
  end
  return rest, others
end

-- The task of one: id, or organization=customer.
local function one(settings, name, id)
  local organization, customer = id:match("^(.-)=(%d+)$")
  if name == "organization" and organization then
    task(settings.task, { organization_id = organization, matched = customer })
  else
    task(settings.task, { [name .. "_id"] = id })
  end
end

local function tell(settings, name, list)
  if #list <= MANY then
    for _, id in ipairs(list) do one(settings, name, id) end
    return
  end
  for first = 1, #list, MANY do
    task(settings.task, { ["many_" .. name .. "s"] = json.array {
      table.unpack(list, first, math.min(first + MANY - 1, #list)) } })
  end
end

function changes.tell(settings, since)
  since = since or {}
  local organizations, crm, all_there = changed_organizations(settings, since)
  local customers, version, seen, all_here = changed_customers(settings, since)
  if not since.version and not since.crm then
    organizations, customers = matched(all_there, all_here)
  end
  tell(settings, "organization", organizations)
  tell(settings, "customer", customers)
  if next(seen) == nil then seen = json.decode "{}" end
  return { version = version, crm = crm, seen = seen },
    { organizations = #organizations, customers = #customers }
end

function changes.spread(settings, event)
  local count = 0
  for _, name in ipairs { "organization", "customer" } do
    for _, id in ipairs(given(event["many_" .. name .. "s"]) or {}) do
      one(settings, name, tostring(id))
      count = count + 1
    end
  end
  return { looked_at = count }
end

return changes
