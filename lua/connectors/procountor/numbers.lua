--[[
Companies' numbers and whose they are: the same digits are another company in another country, and
eight digits of another country's register may pass for a Finnish business ID.

  numbers.of(text, country, kind) -> { text = what is kept, country = "FI" }, or nil: there is none.
      country: that of the company's address, as Procountor names it or as people write it; nil is
      Finland. kind: what the number says of itself (identifierType), which counts for more.
      A Finnish one is printed with its hyphen. country is nil if nobody knows it: an address in Finland,
      and a number that is none of Finland.
  numbers.kept(record)   -> the same of a customer's record in Procountor, found by a search or whole
  numbers.of_organization(organization)   of an organization in the plain CRM's shape, or nil
  numbers.finnish(number)   -> the business ID, or nil
  numbers.abroad(country)   true if it is a country, and neither Finland nor Aland
  numbers.same(a, b)     -> true if both are one company's. An unknown country may be any but Finland
  numbers.alike(a, b)    -> true if the digits are the same, whoever's they are: for a person to look at
  numbers.forms(number)  -> the spellings to search for, most likely first
  numbers.TYPES          values of identifierType that are countries (enum parentCompanyIdType), as text
]]

local addresses = require "connectors.procountor.addresses"
local countries = require "connectors.procountor.countries"
local given = require "given"
local ids = require "ids"

local numbers = {}

numbers.TYPES = " NO AT BE BG CY HR CZ DK EE FI FR DE GB EL HU IE IT LV LT LU MT NL PL PT RO SK SI "
  .. "ES SE "

-- Two letters; those of VAT numbers for Greece. Aland's numbers are Finland's. A register has many
-- addresses and few countries.
local KEPT = 300
local codes, kept = {}, 0
local ALIKE = { AX = "FI", GR = "EL" }

local function code_of(country)
  if type(country) ~= "string" then return nil end
  local code = codes[country]
  if code == nil then
    code = countries.code(country) or countries.code(countries.name(country)) or false
    code = ALIKE[code] or code
    if kept < KEPT then codes[country], kept = code, kept + 1 end
  end
  return code or nil
end

function numbers.abroad(country)
  local code = code_of(country)
  return code ~= nil and code ~= "FI"
end

-- Without spaces, marks and the country's two letters.
local function bare(text)
  return (text:upper():gsub("[^%w]", ""):gsub("^%u%u(%d)", "%1"))
end

function numbers.of(text, country, kind)
  text, kind = given.text(text), given.text(kind)
  if not text then return nil end
  if kind and not numbers.TYPES:find(" " .. kind .. " ", 1, true) then kind = nil end
  local code, business_id = kind or code_of(country) or "FI", ids.business_id(text)
  -- A hyphen or FI in front says that it is Finnish, wherever the company is.
  if business_id and (code == "FI" or not kind and not text:find("^[%d%s]+$")) then
    return { text = business_id, country = "FI" }
  end
  local vat_number = ids.check("eu_vat", (text:upper():gsub("[^%w]", "")))
  local own = vat_number and vat_number:sub(1, 2)
  return { text = text, country = own ~= "FI" and own or kind or code ~= "FI" and code or nil }
end

local function part(record, name)
  local value = given(record[name])
  return type(value) == "table" and value or {}
end

function numbers.kept(record)
  local invoicing = part(record, "invoicingInfo")
  return numbers.of(invoicing.identifier, given.text(part(record, "billingAddress").country)
    or given.text(part(record, "address").country), invoicing.identifierType)
end

local function country_in(place)
  place = given(place)
  if type(place) ~= "table" then return addresses.country(place) end
  local text = given.text(place.country)
  return code_of(text) and text
end

-- The address that invoices go to decides, if there is one.
function numbers.of_organization(organization)
  return numbers.of(organization.business_id, country_in(organization.billing_address)
    or country_in(organization.address))
end

function numbers.finnish(number)
  return number and number.country == "FI" and ids.business_id(number.text) or nil
end

function numbers.alike(a, b)
  return a ~= nil and b ~= nil and bare(a.text) == bare(b.text)
end

function numbers.same(a, b)
  if not numbers.alike(a, b) then return false end
  if a.country ~= b.country then
    return a.country ~= "FI" and b.country ~= "FI" and not (a.country and b.country)
  end
  return true
end

function numbers.forms(number)
  local digits, list, seen = bare(number.text), {}, {}
  local compact = number.text:upper():gsub("[^%w]", "")
  for _, form in ipairs { number.text, number.country == "FI" and "FI" .. digits or compact, digits } do
    if not seen[form] then seen[form], list[#list + 1] = true, form end
  end
  return list
end

return numbers
