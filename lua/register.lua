--[[
The register that a rule fills in and verifies new customers from, for customers.ensure:

  register.filler(name)  -> function(wanted) -> wanted, to be given to customers.ensure as `fill`; it
                            is called when the customer is not there yet, before it is made
  register.suggester(name)  -> function(wanted), called for a new customer without a business ID: asks a
                            person if the register has companies of that name
  register.knows(name, customer)  -> true if it can be asked about the customer, so that a missing name
                            or address is none of the rule's worries yet
  register.towns(name)  -> its list of postal codes and towns, for address.split; nil without it. A read
                           of the outside, so not before the run

name: the connection (kind "ytj"); nil: the company's "ytj" if it has one, else the register is not
asked; false: it is not asked. What comes of what it says, the connection's settings decide
(connectors/ytj.lua).
]]

local connections = require "connections"
local current = require "current"
local given = require "given"
local ids = require "ids"

local register = {}

local function connection_of(name)
  if name == false then return nil end
  if name == nil then
    local own = connections.get("ytj")
    return own and own.kind == "ytj" and own.object or nil
  end
  local entry = connections.get(name)
  if entry.kind ~= "ytj" then
    error(('connection "%s" is %s and no register; connect "ytj" { ... }'):format(name, entry.kind), 0)
  end
  return entry.object
end

function register.filler(name)
  local connection = connection_of(name)
  return connection and connection.complete or nil
end

function register.suggester(name)
  local connection = connection_of(name)
  return connection and connection.suggest or nil
end

function register.knows(name, customer)
  local text = given.text(customer.business_id)
  return connection_of(name) ~= nil and not customer.consumer and text ~= nil
    and ids.business_id(text) ~= nil
end

function register.towns(name)
  local connection = connection_of(name)
  if not connection then return nil end
  local ok, towns = pcall(connection.post_codes, current.company.language == "sv" and "sv" or "fi")
  return ok and towns or nil
end

return register
