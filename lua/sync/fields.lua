--[[
What a customer has on both sides, in one form: how it is read from an organization of the CRM and from
a customer's record in Procountor, and how it is written there.

  fields.list           the names, in the order in which they are told
  fields[name] = {
    crm(organization)   -> the value there, nil if there is none: a text, or a table of texts (an
                           address, an e-invoice address), which is changed as a whole
    books(record)       -> the same of Procountor's record
    to_crm(organization, value) -> the fields of a PATCH; nil is written as null
    to_books(record, value)     changes the record
    must                true: neither side can be without it, so that taking it away is no change
    wrong(value)        -> why Procountor would not take it, or nil
    loose(value)        -> what is the same in another spelling has the same; for records that are
                           compared for the first time
  }
  fields.business_id.number = { crm(organization), books(record) }   the number and its country, by which
                               it is said who is the same (connectors/procountor/numbers.lua), or nil
  fields.same(a, b), fields.alike(name, a, b)   equal; equal but for spelling
  fields.text(value)                            as people read it
]]

local addresses = require "connectors.procountor.addresses"
local countries = require "connectors.procountor.countries"
local emails = require "connectors.procountor.email"
local given = require "given"
local ids = require "ids"
local json = require "json"
local names = require "names"
local numbers = require "connectors.procountor.numbers"

local fields = { list = { "name", "business_id", "address", "email", "phone", "einvoice" } }

local null = json.null

local function part(record, name)
  local value = given(record[name])
  return type(value) == "table" and value or {}
end

local function own(record, name)
  if type(record[name]) ~= "table" then record[name] = {} end
  return record[name]
end

-- The table without what is not given; nil if nothing is.
local function some(value)
  local copy = {}
  for name, item in pairs(value) do copy[name] = given.text(item) end
  return next(copy) and copy or nil
end

local function plain(path, name)
  return {
    crm = function(organization) return given.text(organization[name]) end,
    to_crm = function(_, value) return { [name] = value or null } end,
    books = function(record) return given.text(part(record, path[1])[path[2]]) end,
    to_books = function(record, value) own(record, path[1])[path[2]] = value end,
    loose = function(value) return value:lower():gsub("%s", "") end,
  }
end

-- ---- name ----

fields.name = {
  must = true,
  crm = function(organization) return given.text(organization.name) end,
  to_crm = function(_, value) return { name = value } end,
  books = function(record) return given.text(record.name) end,
  to_books = function(record, value)
    -- Addresses bear the name too, unless somebody wrote another one there.
    for _, place in ipairs { "address", "billingAddress", "deliveryAddress" } do
      local address = given(record[place])
      if type(address) == "table" and given.text(address.name) == given.text(record.name) then
        address.name = value
      end
    end
    record.name = value
  end,
  loose = function(value) return names.fold(value) end,
}

-- ---- business ID ----

fields.business_id = {
  must = true, number = { crm = numbers.of_organization, books = numbers.kept },
  crm = function(organization) return (numbers.of_organization(organization) or {}).text end,
  to_crm = function(_, value) return { business_id = value } end,
  books = function(record) return (numbers.kept(record) or {}).text end,
  to_books = function(record, value)
    local invoicing = own(record, "invoicingInfo")
    invoicing.identifier = value
    if numbers.finnish(numbers.kept(record)) and not given.text(invoicing.identifierType) then
      invoicing.identifierType = "FI"
    end
  end,
  wrong = function(value, record)
    local kind = given.text(part(record, "invoicingInfo").identifierType)
    local country = given.text(part(record, "billingAddress").country)
    if kind and kind ~= "FI" or not kind and numbers.abroad(country) or ids.business_id(value) then
      return nil
    end
    return ('"%s" is not a business ID'):format(value)
  end,
  loose = function(value) return (value:upper():gsub("[^%w]", ""):gsub("^FI", "")) end,
}

-- ---- address ----

local PARTS = { street = "street", postal_code = "zip", city = "city" }

-- Where invoices go: that of the billing, if there is one.
local function place_of(organization)
  return given(organization.billing_address) and "billing_address" or "address"
end

local function in_crm(organization)
  local value = given(organization[place_of(organization)])
  if type(value) == "string" then
    local read = addresses.read(value)
    if not read then return { street = value } end
    return { street = read.street, postal_code = read.postal_code, city = read.city,
      country = countries.code(read.country) }
  end
  if type(value) ~= "table" then return nil end
  local address = some { street = value.street, postal_code = value.postal_code, city = value.city }
  if address then address.country = countries.code(countries.name(value.country or "FI")) or "FI" end
  return address
end

local function of_place(object)
  object = given(object)
  if type(object) ~= "table" then return nil end
  local address = some { street = object.street, postal_code = object.zip, city = object.city }
  if address then address.country = countries.code(given.text(object.country) or "FINLAND") or "FI" end
  return address
end

local function in_books(record)
  return of_place(record.billingAddress) or of_place(record.address)
end

local function set_place(record, place, value)
  local object = own(record, place)
  if not given.text(object.name) then object.name = record.name end
  for ours, theirs in pairs(PARTS) do object[theirs] = value[ours] end
  object.country = countries.name(value.country)
end

fields.address = {
  must = true,
  crm = in_crm, books = in_books,
  to_crm = function(organization, value)
    local place = place_of(organization)
    local object = {}
    if type(organization[place]) == "table" then
      for name, item in pairs(organization[place]) do object[name] = item end
    end
    for name, item in pairs(value) do object[name] = item end
    for name in pairs(PARTS) do object[name] = value[name] or null end
    return { [place] = object }
  end,
  to_books = function(record, value)
    local before, main = in_books(record), of_place(record.address)
    set_place(record, "billingAddress", value)
    -- One address for all is changed in both places; one that is apart stays.
    if not main or fields.same(main, before) then set_place(record, "address", value) end
  end,
  wrong = function(value)
    local _, problem = addresses.read(value)
    return problem
  end,
  loose = function(value)
    local street = (value.street or ""):lower():gsub("%s+", " ")
    return street .. "|" .. (value.postal_code or "") .. "|" .. (value.country or "FI")
  end,
}

-- ---- e-mail, phone, e-invoice address ----

fields.email = plain({ "invoicingInfo", "email" }, "email")
fields.email.crm = function(organization)
  return given.text(organization.invoice_email) or given.text(organization.email)
end
fields.email.to_crm = function(organization, value)
  local name = given.text(organization.invoice_email) and "invoice_email" or "email"
  return { [name] = value or null }
end
fields.email.wrong = function(value)
  return not emails.is(value) and ('"%s" is no e-mail address'):format(value) or nil
end

fields.phone = plain({ "registryInfo", "phone" }, "phone")
fields.phone.loose = function(value) return (value:gsub("[%s%-%(%)]", ""):gsub("^%+358", "0")) end

fields.einvoice = {
  crm = function(organization)
    local value = given(organization.einvoice)
    if type(value) ~= "table" then return nil end
    return some { address = value.address, operator = value.operator }
  end,
  to_crm = function(_, value)
    return { einvoice = value and { address = value.address or null,
      operator = value.operator or null } or null }
  end,
  books = function(record)
    local invoicing = part(record, "invoicingInfo")
    return some { address = invoicing.einvoiceAddress, operator = invoicing.einvoiceOperator }
  end,
  to_books = function(record, value)
    local invoicing = own(record, "invoicingInfo")
    invoicing.einvoiceAddress = value and value.address
    invoicing.einvoiceOperator = value and value.operator
  end,
  loose = function(value)
    return (((value.address or "") .. "|" .. (value.operator or "")):upper():gsub("[%s%-]", ""))
  end,
}

-- ---- comparing ----

function fields.same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for name, item in pairs(a) do if b[name] ~= item then return false end end
  for name in pairs(b) do if a[name] == nil then return false end end
  return true
end

function fields.alike(name, a, b)
  if fields.same(a, b) then return true end
  if a == nil or b == nil then return false end
  return fields[name].loose(a) == fields[name].loose(b)
end

local ORDER = { "street", "postal_code", "city", "country", "address", "operator" }

function fields.text(value)
  if value == nil then return "nothing" end
  if type(value) ~= "table" then return '"' .. value .. '"' end
  local list = {}
  for _, name in ipairs(ORDER) do list[#list + 1] = value[name] end
  return '"' .. table.concat(list, ", ") .. '"'
end

return fields
