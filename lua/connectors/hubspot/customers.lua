--[[
HubSpot's companies as customers that are kept the same (connectors/crm/customers.lua): CRM API v3.

  customers.new(connection)  -> see connectors/crm/customers.lua
  customers.events()         -> the types of its events that are about companies
  customers.told(event, settings) -> the company's id, and the ids of those that became part of it

The search knows what is some seconds old, gives 10,000 records at most, and may be asked less often than
others; so what it finds is read anew, a hundred at once, and a whole register is listed without it. Who
asks for a company that was merged gets the one that it became.

Sources: outside-systems 3.3; HubSpot's description of its API: propertiesWithHistory ({ value,
timestamp }, the newest first), merge events (primaryObjectId, mergedObjectIds, newObjectId).
]]

local client = require "connectors.hubspot.client"
local common = require "connectors.crm.customers"
local countries = require "connectors.procountor.countries"
local given = require "given"
local http = require "http"
local json = require "json"
local shape = require "connectors.crm.shape"
local time = require "time"

local customers = {}

local PATH = "/crm/v3/objects/companies"
local COMPANY = "0-2" -- objectTypeId of companies in generic events
local CHANGED = "hs_lastmodifieddate"
local PLACE = { street = "address", postal_code = "zip", city = "city", country = "country" }
local PAGE, MOST = 100, 10000
local DAY, HOUR, MINUTE, SECOND = 86400000, 3600000, 60000, 1000

local function names_of(settings)
  return common.names(settings.organization_fields or {}, { phone = "phone" })
end

local function properties_of(names)
  local list = common.keys(names)
  for _, key in pairs(PLACE) do list[#list + 1] = key end
  list[#list + 1] = CHANGED
  table.sort(list)
  return list
end

-- ---- reading ----

local function record_of(wanted, data)
  local properties, values = client.properties(data), {}
  for _, key in ipairs(wanted) do values[key] = given.text(properties[key]) end
  return { id = shape.id(data.id), updated_at = values[CHANGED] or given.text(data.updatedAt),
    values = values, history = given(data.propertiesWithHistory) }
end

local function address_of(record)
  local address = {}
  for part, key in pairs(PLACE) do address[part] = record.values[key] end
  return next(address) and address or nil
end

local function records(wanted, list)
  local found = {}
  for i, data in ipairs(list) do found[i] = record_of(wanted, data) end
  return found
end

-- As they stand there now.
local function by_ids(connection, wanted, ids)
  local found = {}
  for first = 1, #ids, PAGE do
    local inputs = {}
    for i = first, math.min(first + PAGE - 1, #ids) do inputs[#inputs + 1] = { id = ids[i] } end
    local body = http.search(connection.name, PATH .. "/batch/read", { explain = client.explain,
      json = { properties = json.array(wanted), inputs = json.array(inputs) } }).body
    for _, record in ipairs(records(wanted, given(body.results) or {})) do
      found[#found + 1] = record
    end
  end
  return found
end

-- "2026-11-20T10:02:11.125Z" in milliseconds since 1970.
local function ms_of(text)
  local date, hour, minute, second = text:match("^(%d+%-%d+%-%d+)T(%d+):(%d+):(%d+)")
  local part = text:match("%.(%d%d%d)") or "0"
  local function number(digits) return math.tointeger(tonumber(digits)) end
  return time.diff_days("1970-01-01", date) * DAY + number(hour) * HOUR + number(minute) * MINUTE
    + number(second) * SECOND + number(part)
end

-- Changed since then, the oldest first; beyond what one search gives the next goes on from its last.
local function changed(connection, wanted, since)
  local found, seen, from = {}, {}, ms_of(since)
  repeat
    local after, count, last = nil, 0, nil
    repeat
      local body = http.search(connection.name, PATH .. "/search", { explain = client.explain, json = {
        filterGroups = { { filters = { { propertyName = CHANGED, operator = "GTE",
          value = tostring(from) } } } },
        sorts = json.array { { propertyName = CHANGED, direction = "ASCENDING" } },
        properties = json.array(wanted), limit = PAGE, after = after } }).body
      for _, record in ipairs(records(wanted, given(body.results) or {})) do
        count, last = count + 1, record.updated_at
        if not seen[record.id] then seen[record.id], found[#found + 1] = true, record end
      end
      local paging = given(body.paging)
      local following = type(paging) == "table" and given(paging.next)
      after = type(following) == "table" and given.text(following.after) or nil
    until not after or count >= MOST
    local further = after and last and ms_of(last) > from
    if further then from = ms_of(last) end
  until not further
  return found
end

-- ---- writing ----

-- The country in words stays as it is, if it is the same one.
local function with_address(value, values)
  local changes = {}
  for part, key in pairs(PLACE) do changes[key] = given.text(value[part]) or false end
  local there = values.country
  if there and countries.name(there) == countries.name(value.country or "FI") then
    changes.country = there
  else
    changes.country = common.country(value.country or "FI")
  end
  return changes
end

local function texts(changes)
  local properties = {}
  for key, value in pairs(changes) do properties[key] = value or "" end
  return properties
end

-- ---- history ----

-- What our write took the place of: what was read, or what came after that. All of it has one time, the
-- newest; who had written the same already has an earlier one, and that is left as it is.
local function before(changes, read, saved)
  local found, at = {}, ""
  for key in pairs(changes) do
    local newest = (saved.history and given(saved.history[key]) or {})[1]
    if newest and tostring(newest.timestamp) > at then at = tostring(newest.timestamp) end
  end
  for key, value in pairs(changes) do
    local versions = saved.history and given(saved.history[key]) or {}
    local newest, last = versions[1], versions[2]
    if newest and given.text(newest.value) == given.text(value or nil)
      and tostring(newest.timestamp) == at and given.text(newest.sourceType) ~= "CRM_UI" then
      found[key] = last and given.text(last.value) or not last and read.values[key] or false
    end
  end
  return found
end

-- ---- all of it ----

function customers.new(connection)
  local names = names_of(connection.settings)
  local wanted = properties_of(names)
  local crm = { names = names, what = "company", refuses = true, address = address_of,
    with_address = with_address }
  local function read(id, history)
    local data = client.find(connection, PATH .. "/" .. id, { properties = table.concat(wanted, ","),
      propertiesWithHistory = history })
    if not data then return nil end
    if shape.id(data.id) ~= id then return nil, shape.id(data.id) end
    return record_of(wanted, data)
  end
  function crm.read(id)
    return read(id)
  end
  function crm.list(since)
    if since then return changed(connection, wanted, since) end
    return records(wanted, client.list(connection, PATH, table.concat(wanted, ",")))
  end
  function crm.search(name, text)
    local ids = {}
    for i, data in ipairs(client.search(connection, PATH, names[name], { text }, { names[name] })) do
      ids[i] = shape.id(data.id)
    end
    return by_ids(connection, wanted, ids)
  end
  function crm.write(id, changes, basis)
    client.patch(connection, PATH .. "/" .. id, texts(changes), "company " .. id, basis)
    local keys = {}
    for key in pairs(changes) do keys[#keys + 1] = key end
    table.sort(keys)
    return read(id, table.concat(keys, ","))
  end
  function crm.create(changes, find)
    local data = http.write(connection.name, "POST", PATH, { json = { properties = texts(changes) },
      explain = client.explain, what = ('company "%s"'):format(tostring(changes.name)),
      look_first = true, find = function()
        local record, count = find()
        return record and { id = record.id } or nil, count
      end }).body
    return read(shape.id(data.id)) or record_of(wanted, data)
  end
  function crm.before(_, changes, was, saved)
    return before(changes, was, saved)
  end
  return common.new(connection, crm)
end

-- ---- webhooks ----

function customers.events()
  local events = {}
  for _, kind in ipairs { "company", "object" } do
    for _, what in ipairs { "creation", "propertyChange", "merge", "deletion", "restore" } do
      events[#events + 1] = kind .. "." .. what
    end
  end
  return events
end

function customers.told(event, settings)
  local kind = given.text(event.subscriptionType) or ""
  if not kind:find("^company%.") and given.text(event.objectTypeId) ~= COMPANY then return nil end
  local property = given.text(event.propertyName)
  if kind:find("%.propertyChange$") and property then
    local known = false
    for _, key in ipairs(properties_of(names_of(settings))) do known = known or key == property end
    if not known then return nil, ("the property %s is not synced"):format(property) end
  end
  if not kind:find("%.merge$") then return shape.id(event.objectId), {} end
  local id, from = shape.id(event.newObjectId) or shape.id(event.primaryObjectId)
    or shape.id(event.objectId), {}
  local gone = { table.unpack(given(event.mergedObjectIds) or {}) }
  gone[#gone + 1] = given(event.primaryObjectId)
  for _, other in ipairs(gone) do
    local text = shape.id(other)
    if text and text ~= id then from[#from + 1] = text end
  end
  return id, from
end

return customers
