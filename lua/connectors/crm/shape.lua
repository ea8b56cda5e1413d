--[[
What the connectors of CRMs with an interface of their own share: a company's own fields, and how a
number in their ids becomes a path.

  shape.fields(record, names, into)   copies a company's own fields: names = { business_id =
      "8f2c..." } says under which name of the CRM (Pipedrive: 40 hex digits; HubSpot: a property) each
      of ours is. A field of Pipedrive's API v2 stands in custom_fields and may be { value = }
  shape.settings(theirs)     -> the connector's own settings, and with them those that both have
  shape.check(settings)      -> nil, or why organization_fields or deal_fields name no field of ours
  shape.id(value)                      -> the id's text, or nil; { value = 5 } is 5
]]

local given = require "given"
local suggest = require "suggest"

local shape = {}

shape.ORGANIZATION = { business_id = true, invoice_email = true, einvoice_address = true,
  einvoice_operator = true, language = true }
shape.DEAL = { payment_term_days = true, project_reference = true, order_reference = true,
  bank_reference = true, auto_invoice = true, language = true }

local function own(record, name)
  local custom = given(record.custom_fields)
  local value = given(record[name])
  if value == nil and type(custom) == "table" then value = given(custom[name]) end
  if type(value) == "table" then value = given(value.value) or given(value.label) end
  return value
end

function shape.fields(record, names, into)
  for ours, theirs in pairs(names or {}) do
    local value = own(record, theirs)
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
end

function shape.settings(theirs)
  theirs.prefix = { type = "string", help = "of the invoices' original numbers" }
  theirs.organization_fields, theirs.deal_fields = { type = "table" }, { type = "table" }
  theirs.button = { type = "credential", help = "the token of a button that sends what is held" }
  return theirs
end

function shape.id(value)
  if type(value) == "table" then value = value.value or value.id end
  return given.text(value)
end

return shape
