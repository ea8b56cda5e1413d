--[[
Pipedrive's organizations as customers that are kept the same (connectors/crm/customers.lua): API v2,
since v1 can neither list what was changed nor take an address; the history of fields is v1's changelog.

  customers.new(connection)  -> see connectors/crm/customers.lua
  customers.events(settings) -> the types of its events that are about organizations
  customers.told(event)      -> the organization's id, and the ids of those that became part of it

An address is one text in Pipedrive, and parts that it makes of it by itself and loosely ("12 B 34" is 12
there); so the text counts if it can be read, and it is the text that is written.

Sources: API v2 as Pipedrive's own client describes it (OrganizationItemAddress, updated_since,
is_deleted, ChangelogResponse); webhooks v2 know no "merged": two organizations that become one are one
deleted and one changed.
]]

local addresses = require "connectors.procountor.addresses"
local client = require "connectors.pipedrive.client"
local common = require "connectors.crm.customers"
local given = require "given"
local json = require "json"
local shape = require "connectors.crm.shape"

local customers = {}

local PATH = "/v2/organizations"
local BATCH = 100   -- ids that a list takes
local CHANGES = 100 -- of the changelog that are looked at: those of the last minutes

-- ---- reading ----

local function record_of(names, data)
  local values = {}
  for name, key in pairs(names) do
    if name ~= "name" then values[key] = given.text(shape.own(data, key)) end
  end
  local place = given(data.address)
  values.name = given.text(data.name)
  values.address = given.text(type(place) == "table" and place.value or place)
  return { id = shape.id(data.id), updated_at = given.text(data.update_time), values = values,
    place = type(place) == "table" and place or nil }
end

local function address_of(record)
  local text, place = record.values.address, record.place
  if not text or addresses.read(text) or not place or not given.text(place.postal_code) then
    return text
  end
  local street, number = given.text(place.route), given.text(place.street_number)
  return { street = street and number and street .. " " .. number or street,
    postal_code = given.text(place.postal_code), city = given.text(place.locality),
    country = given.text(place.country) }
end

local function records(names, list)
  local found = {}
  for _, data in ipairs(list) do
    if data.is_deleted ~= true then found[#found + 1] = record_of(names, data) end
  end
  return found
end

-- As they stand there now: a search may be behind.
local function by_ids(connection, names, ids)
  local found = {}
  for first = 1, #ids, BATCH do
    local some = table.concat(ids, ",", first, math.min(first + BATCH - 1, #ids))
    for _, record in ipairs(records(names, client.pages(connection, PATH, { ids = some }))) do
      found[#found + 1] = record
    end
  end
  return found
end

-- ---- writing ----

local function address_text(value)
  local function text(name) return given.text(value[name]) or "" end
  local code, parts = given.text(text "postal_code" .. " " .. text "city") or "", {}
  for _, part in ipairs { text "street", code, common.country(given.text(value.country) or "FI") } do
    if part ~= "" then parts[#parts + 1] = part end
  end
  return table.concat(parts, ", ")
end

-- Parts of an address that was there before would stay beside another text.
local function place_of(text)
  local read = addresses.read(text)
  local place = { value = text }
  if not read then return place end
  local street, number = read.street:match("^(.-)%s+(%d.*)$")
  place.route, place.street_number = street or read.street, number or ""
  place.postal_code, place.locality = read.postal_code, read.city
  place.country = common.country(read.country)
  return place
end

local function body_of(changes)
  local body, own = {}, {}
  for key, value in pairs(changes) do
    if key == "name" then body.name = value or ""
    elseif key == "address" then body.address = value and place_of(value) or json.null
    else own[key] = value or json.null
    end
  end
  if next(own) then body.custom_fields = own end
  return body
end

local function holds(record, changes)
  for key, value in pairs(changes) do
    if given.text(record.values[key]) ~= given.text(value or nil) then return false end
  end
  return true
end

-- ---- history ----

-- "2026-11-20 10:02:11" or "2026-11-20T10:02:11Z": both are UTC.
local function second(text)
  return (tostring(text):sub(1, 19):gsub(" ", "T"))
end

-- The changes of each field since then, as they are listed: { [key] = { { old =, new =, time =,
-- by_hand = } } }.
local function changelog(connection, id, changes, since)
  local path = ("/v1/organizations/%s/changelog?limit=%d"):format(id, CHANGES)
  local of = {}
  for _, entry in ipairs(client.find(connection, path) or {}) do
    local key = given.text(entry.field_key)
    if key and changes[key] ~= nil and second(entry.time) >= second(since or "") then
      of[key] = of[key] or {}
      table.insert(of[key], { old = given.text(entry.old_value), new = given.text(entry.new_value),
        time = second(entry.time), by_hand = given.text(entry.change_source) == "app" })
    end
  end
  return of
end

-- True if each of these, from one end of the list to the other, is newer than the next: it begins with
-- what that one left.
local function goes_back(entries, from, to, step)
  for i = from, to - step, step do
    local newer, older = entries[i], entries[i + step]
    if newer.time < older.time or newer.old ~= older.new then return false end
  end
  return true
end

-- The newest of a field's changes; nil: they do not say. Their times are whole seconds, and which end of
-- the list is the newer one is not documented.
local function newest(entries)
  local first = goes_back(entries, 1, #entries, 1) and entries[1]
  local last = goes_back(entries, #entries, 1, -1) and entries[#entries]
  if first and last and first.old ~= last.old then return nil end
  return first or last or nil
end

-- What our write took the place of. Whoever wrote after it has seen it, and what they wrote stays.
local function before(changes, log, now)
  local found = {}
  for key, entries in pairs(log) do
    local ours, last = given.text(changes[key] or nil), newest(entries)
    if last and last.new == ours and not last.by_hand
      and (#entries == 1 or now().values[key] == ours) then
      found[key] = last.old or false
    end
  end
  return found
end

-- ---- all of it ----

function customers.new(connection)
  local names = common.names(connection.settings.organization_fields or {}, {})
  local crm = { names = names, what = "organization", address = address_of }
  function crm.with_address(value)
    return { address = address_text(value) }
  end
  function crm.read(id)
    local data = client.find(connection, PATH .. "/" .. id)
    if not data or data.is_deleted == true then return nil end
    return record_of(names, data)
  end
  function crm.list(since)
    return records(names, client.pages(connection, PATH, { updated_since = since,
      sort_by = "update_time", limit = client.PAGE }))
  end
  function crm.search(name, text)
    local ids = {}
    for i, item in ipairs(client.search(connection, PATH .. "/search",
      name == "name" and "name" or "custom_fields", text)) do
      ids[i] = shape.id(item.id)
    end
    return by_ids(connection, names, ids)
  end
  function crm.write(id, changes, basis)
    local data = client.write(connection, "PATCH", PATH .. "/" .. id, { json = body_of(changes),
      what = "organization " .. id, basis = basis, find = function()
        local there = client.find(connection, PATH .. "/" .. id)
        return there and holds(record_of(names, there), changes) and there or nil
      end })
    return record_of(names, data)
  end
  function crm.create(changes, find)
    local found
    local data = client.write(connection, "POST", PATH, { json = body_of(changes), look_first = true,
      what = ('organization "%s"'):format(tostring(changes.name)), find = function()
        local record, count = find()
        found = record
        return record and { id = record.id } or nil, count
      end })
    return found or record_of(names, data)
  end
  function crm.before(id, changes, read)
    local stands
    return before(changes, changelog(connection, id, changes, read.updated_at), function()
      stands = stands or crm.read(id) or { values = {} }
      return stands
    end)
  end
  return common.new(connection, crm)
end

-- ---- webhooks ----

function customers.events(settings)
  if settings.version ~= 1 then return { "organization" } end
  return { "added.organization", "updated.organization", "merged.organization", "deleted.organization" }
end

function customers.told(event)
  local meta = given(event.meta)
  if type(meta) ~= "table" then return nil end
  if (given.text(meta.entity) or given.text(meta.object)) ~= "organization" then return nil end
  local now, was = given(event.data) or given(event.current), given(event.previous)
  local id = given.text(meta.entity_id) or type(now) == "table" and given.text(now.id)
    or type(was) == "table" and given.text(was.id) or given.text(meta.id)
  local from = meta.action == "merged" and type(was) == "table" and given.text(was.id) or nil
  return id or nil, from and from ~= id and { from } or {}
end

return customers
