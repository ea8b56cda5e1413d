--[[
A new customer, filled in and verified by the Business Information System.

  complete(ytj, settings, wanted) -> wanted as it is to be made (a new table)

wanted is what customers.ensure takes; address_problem = why an address that was given is none. A
customer abroad, a private person, and one without a business
ID come back as they are: the register is not asked. Otherwise

  name      the register's spelling of it, as long as it is the same company
  address   the register's where there is none that can be read (setting address = "register": always)

What is not as it should be is a warning of the run, or ends it before anything is written:
settings.missing, differs, ceased and unreachable are "warn" or "ask". The result has `register`, what
the register knows of it, if it was found.
]]

local given = require "given"
local ids = require "ids"
local names = require "names"
local current = require "current"
local ending = require "ending"
local log = require "log"
local time = require "time"
local words = require "words"
local addresses = require "connectors.procountor.addresses"
local countries = require "connectors.procountor.countries"
local record = require "connectors.ytj.record"

-- The business ID in its one spelling, if it is one of this register.
local function business_id_of(wanted)
  local text = given.text(wanted.business_id)
  if wanted.consumer or not text or log.is_personal(text) then return nil end
  local address = given(wanted.address)
  local country = type(address) == "table" and given.text(address.country)
  country = country and countries.name(country) or nil
  if country and country ~= "FINLAND" and country ~= "ALAND_ISLANDS" then return nil end
  return (ids.business_id(text))
end

local function like(list, name)
  for _, other in ipairs(list) do
    if names.compare(name, other) ~= "different" then return other end
  end
  return nil
end

local function tell(how, key, values)
  local text, details = words.problem(key, values)
  if how == "ask" then ending.attention(text, details) end
  current.warn("%s", text)
end

-- The name to use: the present one that is like it, be it an auxiliary name.
local function verified_name(wanted, found, settings)
  local name = given.text(wanted.name)
  if not name then return found.name end
  local present = like(found.names, name)
  if present then return present end
  local values = { business_id = found.business_id, name = name, register = found.name }
  if like(found.former, name) then
    tell("warn", "register.renamed", values)
    return found.name
  end
  tell(settings.differs, "register.differs", values)
  return name
end

local function verify_state(found, settings)
  local function values(day)
    return { name = found.name, business_id = found.business_id,
      day = type(day) == "string" and day:find("^%d%d%d%d%-%d%d%-%d%d$")
        and time.format(day, words.language()) or nil }
  end
  if found.ceased then
    tell(settings.ceased, "register.ceased", values(found.ceased_on))
  elseif found.bankruptcy then
    tell(settings.ceased, "register.bankruptcy", values(found.bankruptcy))
  end
  for _, what in ipairs { "liquidation", "restructuring" } do
    if found[what] then tell("warn", "register." .. what, values(found[what])) end
  end
  if not found.vat_registered and not found.ceased then tell("warn", "register.no_vat", values()) end
end

local function address_of(wanted, found, settings)
  local theirs = record.address(found, words.language())
  local own, problem = addresses.read(wanted.address)
  if not theirs or (own and settings.address ~= "register") then return wanted.address end
  problem = wanted.address_problem or (given(wanted.address) ~= nil and problem)
  if not own and problem then
    tell("warn", "register.address_taken", { name = found.name, why = problem })
  end
  return theirs
end

return function(ytj, settings, wanted)
  local result = {}
  for key, value in pairs(wanted) do result[key] = value end
  local id = business_id_of(wanted)
  if not id then return result end
  local found, problem = ytj.company(id)
  if not found then
    local values = { business_id = id, name = given.text(wanted.name) or "?", why = problem }
    if problem then tell(settings.unreachable, "register.unreachable", values)
    else tell(settings.missing, "register.missing", values) end
    return result
  end
  verify_state(found, settings)
  result.name = verified_name(wanted, found, settings)
  result.address = address_of(wanted, found, settings)
  result.register = found
  return result
end
