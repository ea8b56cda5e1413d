--[[
What the connectors of CRMs with an interface of their own share: a company's own fields, and how a
number in their ids becomes a path.

  shape.fields(record, names, into)   copies a company's own fields: names = { business_id =
      "8f2c..." } says under which name of the CRM (Pipedrive: 40 hex digits; HubSpot: a property) each
      of ours is. A field of Pipedrive's API v2 stands in custom_fields and may be { value = }
  shape.settings(theirs)     -> the connector's own settings, and with them those that both have
  shape.check(settings)      -> nil, or why organization_fields or deal_fields name no field of ours
  shape.own(record, name)    -> the value of a field by the CRM's name
  shape.id(value)                      -> the id's text, or nil; { value = 5 } is 5
  shape.same(a, b)           -> the same text, or the same number however it is spelled: 120.50 is 120.5
  shape.holds(record, wanted)  -> true if all fields of wanted stand in record
  shape.spellings(business_id)  -> the ways in which people write it into a field of their own
]]

local given = require "given"
local money = require "money"
local status_fields = require "connectors.crm.status_fields"
local suggest = require "suggest"

local shape = {}

shape.ORGANIZATION = { business_id = true, invoice_email = true, phone = true, einvoice_address = true,
  einvoice_operator = true, language = true }
shape.DEAL = { payment_term_days = true, project_reference = true, order_reference = true,
  bank_reference = true, auto_invoice = true, language = true, pdf_url = true }
shape.PRODUCT = { unit = true, vat_percent = true, active = true, finance_id = true,
  prices_include_vat = true }

function shape.own(record, name)
  local custom = given(record.custom_fields)
  local value = given(record[name])
  if value == nil and type(custom) == "table" then value = given(custom[name]) end
  if type(value) == "table" then value = given(value.value) or given(value.label) end
  return value
end

function shape.fields(record, names, into)
  for ours, theirs in pairs(names or {}) do
    local value = shape.own(record, theirs)
    if value ~= nil then into[ours] = value end
  end
  if into.einvoice_address then
    into.einvoice = { address = into.einvoice_address, operator = into.einvoice_operator }
  end
  return into
end

local function known(names, allowed, what)
  for ours, theirs in pairs(names or {}) do
    if not allowed[ours] then
      return ('%s has no "%s"%s'):format(what, tostring(ours), suggest(tostring(ours), allowed))
    end
    if type(theirs) ~= "string" then
      return ("%s.%s is the CRM's name of the field: a text"):format(what, ours)
    end
  end
  return nil
end

function shape.check(settings)
  return known(settings.organization_fields, shape.ORGANIZATION, "organization_fields")
    or known(settings.deal_fields, shape.DEAL, "deal_fields")
    or known(settings.payment_fields, status_fields.NAMES, "payment_fields")
    or known(settings.product_fields, shape.PRODUCT, "product_fields")
    or status_fields.check(settings.payment_words)
end

function shape.settings(theirs)
  theirs.prefix = { type = "string", like = { "^[%w_%-%.]+$", 'like "PD"' },
    help = "of the invoices' original numbers" }
  theirs.organization_fields, theirs.deal_fields = { type = "table" }, { type = "table" }
  theirs.payment_fields = { type = "table", help = "where a payment status stands" }
  theirs.payment_words = { type = "table", help = "words of the company's for the states of invoices" }
  theirs.product_fields = { type = "table", help = "fields of products that are the company's own" }
  theirs.button = { type = "credential", help = "the token of a button that sends what is held" }
  return theirs
end

function shape.id(value)
  if type(value) == "table" then value = value.value or value.id end
  return given.text(value)
end

function shape.same(a, b)
  if given(a) == nil and given(b) == nil then return true end
  if type(a) == "boolean" or type(b) == "boolean" then return rawequal(a, b) end
  if rawequal(a, b) or given.text(a) == given.text(b) and type(a) == type(b) then return true end
  if type(a) == "string" or type(b) == "string" then return given.text(a) == given.text(b) end
  local first, second = money.number(a), money.number(b)
  return first ~= nil and second ~= nil and first == second
end

function shape.holds(record, wanted)
  for name, value in pairs(wanted) do
    local there = record[name]
    if type(value) == "table" then
      if type(there) ~= "table" or not shape.holds(there, value) then return false end
    elseif not shape.same(there, value) then
      return false
    end
  end
  return true
end

function shape.spellings(business_id)
  local digits = business_id:gsub("%-", "")
  return { business_id, digits, "FI" .. digits }
end

return shape
