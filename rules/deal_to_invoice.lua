--[[
A deal that was won in a CRM becomes one unfinished sales invoice.

  use "deal_to_invoice" { source = "crm", trigger = "automatic", payment_terms = 14,
                          notify = { "slack" } }

What it does: reads what the CRM's event left out (lines, organization, contact); the customer of that
business ID, or a new one; for each line the product of that code, else of that name, else a new one;
one invoice in status UNFINISHED with the deal's payment term, its project reference as the order
reference (and, if dimension is set, as an item on the ledger receipt), the e-invoice address, and the
deal's reference number if it has one (else Procountor makes it). The invoice's original number is the
CRM's name and the deal's id ("CRM-D-881"), so that a deal is invoiced once, however often it is won,
sent or told of. Then a notice. What cannot be invoiced goes to a person, with what is missing, where,
and what to do.

The source may be a connection "crm", "pipedrive" or "hubspot"; each gives deals in one shape
(connectors/crm/deal.lua).

By itself or asked first: trigger = "automatic" invoices by itself, "manual" holds each deal until
somebody sends it (`sauma send RUN`, or a button in the CRM). A deal that says auto_invoice: false is
held too; one that somebody sent by hand goes on. ask = { "slack", "crm" } asks there for each deal that
is held whether it is to be invoiced.

Options (all may be left out):
  source         the connection whose deals these are ("crm")
  trigger        "automatic" (default), "manual", "off", or function(deal) that returns one
  payment_terms  days (0 to 999), where neither the deal nor the customer's record says (14)
  notify         connections to tell of an invoice, one or several: "slack", { "slack", "crm" }
  tell_owner     connections by which the deal's owner hears that it needs a person: "smtp": owner.lua
  ask            connections where people are asked of a deal that is held
  language       of the invoice ("fi", "sv", "en" ...), where the deal does not say (the company's)
  channel        "EMAIL", "MAIL", "ELECTRONIC_INVOICE", "NO_SENDING" (as an e-invoice if the deal has
                 the address and operator, else EMAIL if there is an address)
  totals         "warn" (default), "attention" or "ignore": when the deal's value is not the sum of its
                 lines
  register, attach  as in proposal_to_invoice; the contract is at the deal's pdf_url
  dimension      "Projekti": the dimension of the books whose item the deal's project reference is; or
                 { name = "Projekti", create = true, item = function(deal) return text end }:
                 lua/dimension.lua
  finance, name  the connection ("procountor") and the rule's own name

Each step can be replaced, as in proposal_to_invoice:
  customer  = function(deal) return customer end
  row       = function(line, deal) return line end       nil leaves the line out
  product   = function(line, deal) return product end
  wanted    = function(wanted, deal) return wanted end   the invoice without customer and rows,
                                             before anything is written
  invoice   = function(wanted, deal) return invoice end
  notice    = function(invoice, deal) return text [, data] end   nil: no notice
  key       = function(deal) return text end             runs of one key are done in turn
]]

local connections = require "connections"
local current = require "current"
local ending = require "ending"
local ids = require "ids"
local money = require "money"
local names = require "names"
local notify = require "notify"
local invoicing = require "invoicing"

local QUESTIONS = {
  fi = "Kauppa %s on voitettu (%s, %s). Tehdäänkö lasku? Se tehdään, kun kauppa lähetetään "
    .. "Procountoriin.",
  sv = "Affären %s är vunnen (%s, %s). Ska en faktura skapas? Den skapas när affären skickas till "
    .. "Procountor.",
  en = "Deal %s was won (%s, %s). Create the invoice? It is made when the deal is sent to Procountor.",
}

local function no_rows(deal, add)
  if #deal.rows == 0 then
    add("lines", "it has no products; add what was sold to the deal as products")
  end
end

-- Events of a connection that is for more than deals won.
local function not_won(deal)
  if type(deal) ~= "table" or deal.kind ~= "deal" then return "this event is not about a deal" end
  if deal.won then return nil end
  return ("Deal %s%s was not won%s"):format(deal.id or "without an id",
    deal.title and ' "' .. deal.title .. '"' or "",
    deal.status and " (" .. deal.status .. ")" or "")
end

-- What the company says; a deal that is not to be invoiced by itself waits for a person.
local function trigger_of(given)
  return function(deal, event)
    local why = not_won(deal)
    if why then return "skip", why end
    local policy, reason = given or current.company.trigger or "automatic", nil
    if type(policy) == "function" then policy, reason = policy(deal, event) end
    if policy == "automatic" and deal.auto_invoice == false then
      return "manual", "the deal says that it is not invoiced by itself"
    end
    return policy, reason
  end
end

local function ready(deal)
  local why = not_won(deal)
  if why then ending.skip(why) end
end

-- The business ID, else the organization's id in the CRM, else the name: one customer's deals one
-- after the other.
local function key_of(deal)
  if deal.kind ~= "deal" then return nil end
  local customer = deal.customer
  return (customer.business_id and ids.business_id(customer.business_id)) or deal.organization_key
    or (customer.name and names.fold(customer.name)) or nil
end

-- A rule beside the other: for a deal that is held it asks where people see it.
local function asking(rule, places, trigger)
  return { name = rule.name .. ": asks", on = rule.on, key = rule.key, needs = places,
    trigger = function(deal, event)
      local policy, reason = trigger(deal, event)
      if policy == "manual" and deal.trigger ~= "manual" then return "automatic" end
      return "skip", policy == "skip" and reason or "there is nothing to ask: the deal is not held"
    end,
    run = function(deal)
      local language = QUESTIONS[current.company.language] and current.company.language or "en"
      local text = QUESTIONS[language]:format(deal.title or deal.id, deal.customer.name or "?",
        deal.value and money.people(deal.value, deal.currency, language) or "-")
      local told = {}
      for _, name in ipairs(places) do
        told[name] = notify(name, text, { event = "deal.held", deal_id = deal.id, action = "send" })
      end
      return { deal = deal.id, asked = told }
    end }
end

local KNOWN = { ask = { type = "text|texts" } }
for name, entry in pairs(invoicing.OPTIONS) do KNOWN[name] = entry end

return function(given)
  invoicing.check(given, KNOWN)
  local source = given.source or "crm"
  local function whole(deal)
    local object = connections.get(source).object
    return object.deals.whole(deal)
  end
  local trigger = trigger_of(given.trigger)
  local rule = invoicing.rule(given, {
    name = "deal_to_invoice", source = source, source_role = "deals",
    on = function()
      local entry = connections.get(source)
      -- A connection that is declared further down is listened to as a whole.
      if not entry then return { source } end
      local events = entry.connector.deal_events or { "deal.won" }
      if type(events) == "function" then events = events(entry.settings) end
      local list = {}
      for i, name in ipairs(events) do list[i] = source .. "." .. name end
      return list
    end,
    noun = "Deal", stated = "the deal", id_field = "deal_id", result_field = "deal",
    notice = {
      fi = "Uusi lasku %s: %s, %s, eräpäivä %s (keskeneräinen). Kauppa %s",
      sv = "Ny faktura %s: %s, %s, förfaller %s (oavslutad). Affär %s",
      en = "New invoice %s: %s, %s, due %s (unfinished). Deal %s",
    },
    correct = "Correct it in the CRM and retry, or send the deal again.",
    fields = "the street, the postal code and the city of the organization",
    trigger = trigger, key = key_of, no_rows = no_rows, ready = ready,
    whole = whole,
  })
  local ask = type(given.ask) == "string" and { given.ask } or given.ask
  if ask and #ask > 0 then table.insert(rule.also, asking(rule, ask, trigger)) end
  return rule
end
