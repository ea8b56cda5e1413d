--[[
The two sides of a customer sync, by the settings of its rule.

  sides.crm(settings)      -> organizations of the CRM's connection, as connectors/crm.lua has them; of a
                              CRM with an interface of its own as connectors/crm/customers.lua makes them
  sides.books(settings)    -> customers of Procountor's connection
  sides.fields(settings)   -> names of the fields that are synced: those that the CRM has a place for
  sides.events(settings)   -> what the rule listens to
  sides.told(settings, event)  -> the id of the organization that an event is about, and a list of those
                              that became part of it; nil, and why it is not for the sync
  sides.heir(settings, id, business_id)  -> who an organization that is gone became part of, if that is
                              known without an event; true if it is known for sure
  sides.problem(settings)  -> why the connections cannot be synced; nil if they can, or are not there yet
  sides.sources(settings)  -> what the CRM calls the fields, for messages
]]

local connections = require "connections"
local fields = require "sync.fields"

local sides = {}

function sides.crm(settings)
  local object = connections.get(settings.crm).object
  return object.customers or object.organizations
end

function sides.books(settings)
  return connections.get(settings.finance).object.customers
end

local function has(crm, name)
  if not crm.holds then return true end
  return crm.holds(name)
end

function sides.fields(settings)
  if settings.fields then return settings.fields end
  local crm, list = sides.crm(settings), {}
  for _, name in ipairs(fields.list) do
    if has(crm, name) then list[#list + 1] = name end
  end
  return list
end

function sides.events(settings)
  local entry = connections.get(settings.crm)
  -- A connection that is declared further down is listened to as a whole.
  if not entry then return { settings.crm } end
  local list = {}
  for i, name in ipairs(entry.connector.customers and entry.connector.customers.events(entry.settings)
    or {}) do
    list[i] = settings.crm .. "." .. name
  end
  return #list > 0 and list or { settings.crm }
end

function sides.told(settings, event)
  if type(event) ~= "table" then return nil, "the event says nothing" end
  local entry = connections.get(settings.crm)
  local id, from = entry.connector.customers.told(event, entry.settings)
  if id then return id, from end
  return nil, type(from) == "string" and from or "the event is about no organization"
end

function sides.heir(settings, id, business_id)
  local crm = sides.crm(settings)
  if not crm.heir then return nil end
  return crm.heir(id, business_id)
end

-- What a CRM with fields of the company's own has to be told of them.
local function no_place(settings, crm)
  local ok, wanted = has(crm, "business_id")
  if not ok then
    return ('crm: connection "%s" does not say where the business ID is, by which customers are found: '
      .. "%s"):format(settings.crm, wanted)
  end
  for _, name in ipairs(settings.fields or {}) do
    ok, wanted = has(crm, name)
    if not ok then
      return ('fields: connection "%s" does not say where "%s" is: %s'):format(settings.crm, name,
        wanted)
    end
  end
  return nil
end

function sides.problem(settings)
  local crm, books = connections.get(settings.crm), connections.get(settings.finance)
  if crm and not crm.connector.customers then
    return ('crm: connection "%s" is of kind %s; customers are kept the same with one of kind "crm", '
      .. '"pipedrive" or "hubspot"'):format(settings.crm, crm.kind)
  end
  if crm and not crm.settings.url then
    return ('crm: connection "%s" has no url, and it has to be read and written'):format(settings.crm)
  end
  if books and books.kind ~= "procountor" then
    return ('finance: connection "%s" is of kind %s, not "procountor"'):format(settings.finance,
      books.kind)
  end
  return crm and no_place(settings, sides.crm(settings)) or nil
end

function sides.sources(settings)
  local crm = sides.crm(settings)
  if crm.sources then return crm.sources end
  local function path(name) return settings.crm .. ": organization." .. name end
  return { name = path "name", address = path "address", email = path "email", phone = path "phone" }
end

return sides
