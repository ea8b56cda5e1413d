--[[
Companies in HubSpot: read, changed, found by business ID, told how they stand with finance.

  companies.new(connection) -> what connectors/hubspot.lua lists
  companies.PROPERTIES         those of HubSpot that are read

A status is written into the company's own properties (payment_fields), only what is another.
]]

local given = require "given"
local client = require "connectors.hubspot.client"
local numbers = require "connectors.procountor.numbers"
local shape = require "connectors.crm.shape"
local status_fields = require "connectors.crm.status_fields"

local companies = { PROPERTIES = { "name", "address", "address2", "zip", "city", "country", "phone" } }

local PATH = "/crm/v3/objects/companies"
local NO_FIELDS = 'its payment_fields are not set: name the properties of companies in which it is to '
  .. 'stand, payment_fields = { unpaid_total = "avoinna", ... }'

local function path_of(id)
  return PATH .. "/" .. tostring(id)
end

function companies.new(connection)
  local settings, object = connection.settings, {}
  local id_field = (settings.organization_fields or {}).business_id
  object.no_payment_status = not settings.payment_fields and NO_FIELDS or nil
  function object.get(id, own)
    return client.get(connection, path_of(id), { properties = client.names(companies.PROPERTIES,
      settings.organization_fields, own) })
  end
  function object.update(id, properties)
    return client.patch(connection, path_of(id), properties, "company " .. tostring(id))
  end
  function object.find(business_id)
    if not id_field then return nil end
    for _, record in ipairs(client.search(connection, PATH, id_field, shape.spellings(business_id),
      { "name", "country", id_field })) do
      local there = client.properties(record)
      if numbers.finnish(numbers.of(there[id_field], given.text(there.country))) == business_id then
        return { id = shape.id(record.id), name = given.text(there.name) }
      end
    end
    return nil
  end
  function object.tell_payment_status(id, status)
    local wanted = status_fields.of(status, settings)
    local there = client.read(connection, path_of(id), wanted)
    local changed = status_fields.changed(wanted, function(name) return there[name] end, client.same)
    if not changed then return false end
    for name, value in pairs(changed) do changed[name] = client.text(value) end
    object.update(id, changed)
    return true
  end
  return object
end

return companies
