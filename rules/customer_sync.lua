--[[
Customers are kept the same in the CRM and in Procountor: what a salesperson corrects in the CRM goes to
Procountor at once (its webhook), what an accountant corrects in Procountor goes to the CRM by schedule.

  use "customer_sync" { every = "5m", owner = { address = "procountor", phone = "crm" } }

Each field on its own is compared with what both sides had last: who changed it gives it to the other.
Where both did, its owner's counts; without one a person is asked, with both values (`sauma attention`):
`sauma retry RUN --set choose.phone=crm`. The first time, all of both registers are matched, by business
ID; where that does not say it and there is somebody of nearly the same name, a person is asked:
`--set customer=51001` (or organization=O-31; =new; =none). Two of one business ID are asked about too.

Options (all may be left out):
  every, at, time_zone  how often Procountor is asked for changes: a schedule's words ("5m")
  fields        { "name", "business_id", "address", "email", "phone", "einvoice" }: those that are synced
                (all for which the CRM has a place)
  owner         whose value counts where both were changed: a connection's name, or { field = name }
  new_customers      an organization that is not in Procountor: "create", "ask", "leave" (the
                     default), or a function(organization) that returns one of them
  new_organizations  a customer that is not in the CRM: the same
  deleted       an organization was deleted in the CRM: "leave" its customer (the default), "inactivate"
                it, or "ask"
  register      the connection (kind ytj) that fills in new customers; false: none
  crm, finance, name  the connections ("crm", "procountor") and the rule's own name

The CRM is a connection of kind crm, pipedrive or hubspot; the latter two say in organization_fields
where their business ID is, and phone (Pipedrive), invoice_email, einvoice_address and einvoice_operator,
if they are to be synced (connectors/crm/customers.lua).

Limits: a name, a business ID and an address are never emptied: who takes them away on one side gets them
back. Nothing is deleted anywhere. A version of Procountor counts seconds, so a write waits until the
record is a second old. While a customer is inactive, nothing is written on either side.
]]

local again = require "sync.again"
local changes = require "sync.changes"
local ending = require "ending"
local fields = require "sync.fields"
local given = require "given"
local links = require "links"
local linking = require "sync.linking"
local options = require "options"
local pair = require "sync.pair"
local roles = require "roles"
local sides = require "sync.sides"
local suggest = require "suggest"

local KNOWN = {
  name = { type = "text" }, every = { type = "every" }, at = { type = "text" },
  time_zone = { type = "text" }, fields = { type = "texts" }, owner = { type = "table|string" },
  new_customers = { type = "string|function", one_of = { "create", "ask", "leave" } },
  new_organizations = { type = "string|function", one_of = { "create", "ask", "leave" } },
  deleted = { type = "string", one_of = { "leave", "inactivate", "ask" } },
  register = { type = "text|boolean" }, crm = { type = "text" }, finance = { type = "text" },
}

local function check_field(name, what)
  for _, known in ipairs(fields.list) do
    if known == name then return end
  end
  error(('%s: there is no field "%s"%s; there are %s'):format(what, tostring(name),
    suggest(tostring(name), fields.list), table.concat(fields.list, ", ")), 0)
end

local function check_owner(name, settings)
  if name == settings.crm or name == settings.finance then return end
  error(('owner: "%s" is not one of the two connections, "%s" and "%s"'):format(tostring(name),
    settings.crm, settings.finance), 0)
end

-- A connection may stand below its use in the file, so that it is known only now.
local function check_sides(settings)
  local problem = sides.problem(settings)
  if problem then error(problem, 0) end
end

local function settings_of(options_given)
  options.check(options_given, KNOWN)
  if options_given.register == true then error("register is the name of a connection, or false", 0) end
  local settings = {}
  for name, value in pairs(options_given) do settings[name] = value end
  settings.name = options_given.name or "customer_sync"
  settings.link, settings.task = settings.name, settings.name
  settings.crm, settings.finance = options_given.crm or "crm", options_given.finance or "procountor"
  settings.fields = options_given.fields -- else all that the CRM has a place for
  if settings.fields and #settings.fields == 0 then
    error("fields is a list of at least one field", 0)
  end
  for _, name in ipairs(settings.fields or {}) do check_field(name, "fields") end
  local owner = options_given.owner
  if type(owner) == "string" then check_owner(owner, settings) end
  if type(owner) == "table" and next(owner) == nil then
    error(('owner names no field; one of the connections, "%s", or { address = "%s" }'):format(
      settings.finance, settings.finance), 0)
  end
  for name, side in pairs(type(owner) == "table" and owner or {}) do
    check_field(name, "owner")
    check_owner(side, settings)
  end
  settings.owner = function(name)
    if type(owner) == "table" then return owner[name] end
    return owner
  end
  settings.new_customers = options_given.new_customers or "leave"
  settings.new_organizations = options_given.new_organizations or "leave"
  settings.deleted = options_given.deleted or "leave"
  check_sides(settings)
  return settings
end

-- A link may be taken over by another run before it is settled: then it is linked anew.
local function organization(settings, id, event)
  return again.look(id, function()
    local result = pair.settle(settings, id, event)
    if result.became then
      linking.merged(settings, id, result.became)
      return organization(settings, result.became, event)
    end
    if result.linked ~= false then return result end
    result = linking.organization(settings, id, event)
    if result == true then result = pair.settle(settings, id, event) end
    if result.linked == false then again.anew() end
    return result
  end)
end

local function customer(settings, id, event)
  return again.look(id, function()
    local link = links.get(settings.link, "b", id)
    if not link or not link.a then
      local result = linking.customer(settings, id, event)
      if result ~= true then return result end
      link = links.get(settings.link, "b", id)
    end
    if not link or not link.a then again.anew() end
    return pair.settle(settings, link.a, event)
  end)
end

local function from_crm(settings, event)
  check_sides(settings)
  local id, from = sides.told(settings, event)
  if not id then ending.skip(from) end
  for _, other in ipairs(from) do linking.merged(settings, other, id) end
  return organization(settings, id, event)
end

local function by_task(settings, event)
  check_sides(settings)
  if event.many_organizations or event.many_customers then return changes.spread(settings, event) end
  if event.organization_id then
    return organization(settings, tostring(event.organization_id), event)
  end
  return customer(settings, tostring(event.customer_id), event)
end

return function(options_given)
  local settings = settings_of(options_given)
  local needs = { settings.crm, settings.finance }
  if settings.register then needs[#needs + 1] = settings.register end
  local function problem()
    return roles.problem { { "finance", settings.finance, "finance" },
      { "register", settings.register, "register" } } or sides.problem(settings)
  end
  return {
    name = settings.name,
    poll = { every = options_given.every or (not options_given.at and "5m") or nil,
      at = options_given.at, time_zone = options_given.time_zone, needs = needs,
      run = function(since)
        check_sides(settings)
        return changes.tell(settings, since)
      end },
    also = {
      { name = settings.name .. ", told by " .. settings.crm, on = sides.events(settings),
        needs = needs, check = problem, key = function(event) return (sides.told(settings, event)) end,
        trigger = function(event)
          local id, why = sides.told(settings, event)
          if id then return "automatic" end
          return "skip", why
        end,
        run = function(event) return from_crm(settings, event) end },
      { name = settings.name .. ", one customer", on = "task." .. settings.task, needs = needs,
        trigger = "automatic",
        key = function(event)
          return given.text(event.organization_id) or given.text(event.customer_id)
        end,
        run = function(event) return by_task(settings, event) end },
    },
  }
end
