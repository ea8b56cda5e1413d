--[[
What changed in Procountor and the CRM since the last look, each as a task of its own.

  changes.tell(settings, since) -> the next `since`, what was found
  changes.spread(settings, event)  a task with many ids becomes one task for each

The first look sees all of both registers, and so whose business ID stands on each side once: such a task
says the customer too ("O-31=51001"), which spares the searches.

since = { version, crm, seen = { ["51001"] = version }, seen_crm = { ["O-31"] = updated_at } }: the
newest version in Procountor and the newest change in the CRM, each in its own clock. Both may count
seconds, and a search may lag behind what was saved, so the last minutes are read again; what was told
with that version is told no second time, unless it was in the second that was the newest then.
]]

local fields = require "sync.fields"
local given = require "given"
local json = require "json"
local numbers = require "connectors.procountor.numbers"
local overlap = require "overlap"
local sides = require "sync.sides"
local task = require "task"

local changes = {}

local MANY = 100 -- ids in one task; of more each look makes such tasks first

-- Of a list of { id, at } the ids that are to be told, the newest time, and what is seen for good.
local function newer(list, last, seen)
  local newest = last
  for _, one in ipairs(list) do
    if one.at and (not newest or one.at > newest) then newest = one.at end
  end
  local told, known = {}, {}
  local limit = newest and overlap.earlier(newest)
  for _, one in ipairs(list) do
    local before = type(seen) == "table" and seen[one.id]
    if not before or before ~= one.at then told[#told + 1] = one.id end
    -- What was saved in the newest second may be saved once more within it.
    if one.at and one.at >= limit and (one.at < newest or newest == last) then known[one.id] = one.at end
  end
  if next(known) == nil then known = json.decode "{}" end
  return told, newest, known
end

local function changed_customers(settings, since)
  local list = sides.books(settings).changed(since.version and overlap.earlier(since.version))
  local times = {}
  for i, record in ipairs(list) do times[i] = { id = tostring(record.id), at = record.version } end
  return list, newer(times, since.version, since.seen)
end

local function changed_organizations(settings, since)
  local list = sides.crm(settings).list(since.crm and overlap.earlier(since.crm))
  local times = {}
  for i, record in ipairs(list) do
    times[i] = { id = tostring(record.id), at = given.text(record.updated_at) }
  end
  return list, newer(times, since.crm, since.seen_crm)
end

-- { [business ID] = id } of those that have it alone.
local function alone(list, business_id_of)
  local by, twice = {}, {}
  for _, record in ipairs(list) do
    local business_id = business_id_of(record)
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
  local crm = alone(organizations, function(organization)
    return numbers.finnish(fields.business_id.number.crm(organization))
  end)
  local books = alone(customers, function(customer) return customer.business_id end)
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
  local all_there, organizations, crm, seen_crm = changed_organizations(settings, since)
  local all_here, customers, version, seen = changed_customers(settings, since)
  if not since.version and not since.crm then
    organizations, customers = matched(all_there, all_here)
  end
  tell(settings, "organization", organizations)
  tell(settings, "customer", customers)
  return { version = version, crm = crm, seen = seen, seen_crm = seen_crm },
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
