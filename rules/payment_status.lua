--[[
How customers stand in Procountor, in the CRM: what a salesperson sees before a call.

  use "payment_status" { every = "1h", crm = "crm", overdue_alert = 14 }

By schedule, and after each invoice that a rule of the company made, it writes to the customer's
record in the CRM: the last invoice that was sent, its due date and how it stands, the unpaid and the
overdue total, for how many days, and the newest invoices one by one
(lua/connectors/procountor/payments.lua has all fields). Only what is another than what stands there
is written. Today is the company's (time_zone). Pipedrive and HubSpot have it in fields of the
company's own, which the connection's payment_fields names (lua/connectors/crm/status_fields.lua).

Options (all may be left out):
  every, at, time_zone  how often: a schedule's words ("1h")
  all            true: all sales invoices of a customer, whoever made them; else those that rules of
                 this company made, known by the beginning of their original number
  own            these beginnings: { "C2C-", "CRM-" } (those of the company's connections)
  days           how far back invoices are looked at; open ones always are (730)
  overdue_alert  days: who is overdue for longer is an alert of kind "overdue" until it is paid
                 (`sauma alerts`; rule tell_alerts tells it); none if not given
  after_invoice  false: by schedule alone
  organization   = function(customer) return id end   the CRM's organization of a customer { id, name,
                 business_id, invoices }; else by business ID, then by the deal of an invoice
  crm, finance, name  the connections ("crm", "procountor") and the rule's own name

A customer that is not in the CRM is a warning, with all = true only a line in the log. Limit: two
customers of one business ID in Procountor are told as one only when both are looked at in the same
run; such twins are an alert of their own.
]]

local connections = require "connections"
local options = require "options"
local roles = require "roles"
local standing = require "standing"

local KNOWN = {
  name = { type = "text" }, every = { type = "every" }, at = { type = "text" },
  time_zone = { type = "text" }, all = { type = "boolean" }, own = { type = "texts" },
  days = { type = "integer", min = 1, max = 36500 },
  overdue_alert = { type = "integer", min = 0, max = 36500 },
  after_invoice = { type = "boolean" }, organization = { type = "function" },
  crm = { type = "text" }, finance = { type = "text" },
}

local function check(given)
  options.check(given, KNOWN)
  if given.all and given.own then
    error("own says which invoices are looked at, all = true that all are: give one of them", 0)
  end
end

return function(given)
  check(given)
  local settings = {}
  for name, value in pairs(given) do settings[name] = value end
  settings.crm, settings.finance = given.crm or "crm", given.finance or "procountor"
  settings.days = given.days or 730
  -- One that is declared further down is looked at when all are known.
  if connections.get(settings.crm) then
    local _, problem = standing.place(settings)
    if problem then error(problem, 0) end
  end
  standing.declare(settings)
  return {
    name = given.name or "payment_status",
    poll = {
      every = given.every or (not given.at and "1h") or nil, at = given.at,
      time_zone = given.time_zone, needs = { settings.crm, settings.finance },
      check = function()
        local _, problem = standing.place(settings)
        return problem or roles.problem { { "finance", settings.finance, "finance" } }
      end,
      run = function(since) return standing.run(settings, since) end,
    },
  }
end
