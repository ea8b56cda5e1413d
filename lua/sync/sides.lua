--[[
The two sides of a customer sync, by the settings of its rule.

  sides.crm(settings)      -> organizations of the CRM's connection
  sides.books(settings)    -> customers of Procountor's connection
  sides.problem(settings)  -> why the connections cannot be synced; nil if they can, or are not there yet
  sides.sources(settings)  -> what the CRM calls the fields, for messages
]]

local connections = require "connections"

local sides = {}

function sides.crm(settings)
  return connections.get(settings.crm).object.organizations
end

function sides.books(settings)
  return connections.get(settings.finance).object.customers
end

function sides.problem(settings)
  local crm, books = connections.get(settings.crm), connections.get(settings.finance)
  if crm and crm.kind ~= "crm" then
    return ('crm: connection "%s" is of kind %s; customers are kept the same with one of kind "crm"'
      ):format(settings.crm, crm.kind)
  end
  if crm and not crm.settings.url then
    return ('crm: connection "%s" has no url, and it has to be read and written'):format(settings.crm)
  end
  if books and books.kind ~= "procountor" then
    return ('finance: connection "%s" is of kind %s, not "procountor"'):format(settings.finance,
      books.kind)
  end
  return nil
end

function sides.sources(settings)
  local function path(name) return settings.crm .. ": organization." .. name end
  return { name = path "name", address = path "address", email = path "email", phone = path "phone" }
end

return sides
