--[[
A company as the Business Information System gives it (open data v3), read into plain fields.

  record.of(entry)     -> nil without a business ID, else
    { business_id, name, names = { present ones, parallel and auxiliary ones too }, former = { ... },
      form = { code = "16", fi =, sv =, en = }, registered (in the trade register),
      vat_registered, vat_number (only if VAT registered), prepayment_registered, employer,
      ceased = true and ceased_on = "2024-11-30" if it is no more, bankruptcy, liquidation,
      restructuring = the day since when, visiting and postal = { street, postal_code, po_box, co,
      country, cities = { fi =, sv = } }, line = { code, fi, sv, en }, website, modified }
  record.address(found, language)  -> its address for invoices: the postal one, else the visiting one, as
                         { street, postal_code, city, country, co, po_box }; nil if it has none
  record.town(text)    -> "Pyhäjärvi" of "PYHÄJÄRVI"

What ended is left out: names, forms, entries and situations with an end date.
]]

local given = require "given"
local ids = require "ids"
local json = require "json"

local record = {}

local LANGUAGES = { ["1"] = "fi", ["2"] = "sv", ["3"] = "en" }
local VISITING, POSTAL = 1, 2
local VAT_REGISTER, PREPAYMENT_REGISTER, EMPLOYER_REGISTER = "6", "5", "7"
-- A register's entry of this type says that the company is not in it.
local NOT_REGISTERED = "0"
local CEASED = "4"
local SITUATIONS = { KONK = "bankruptcy", SELTILA = "liquidation", SANE = "restructuring" }
local COMPANY_NAME = "1"

local function list(value)
  value = given(value)
  return type(value) == "table" and value or {}
end

local function is_open(entry)
  return type(entry) == "table" and given.text(entry.endDate) == nil
end

-- { fi =, sv =, en = } of descriptions in any order.
local function in_languages(entries, field, into)
  into = into or {}
  for _, entry in ipairs(list(entries)) do
    local language = LANGUAGES[given.text(entry.languageCode) or ""]
    if language then into[language] = given.text(entry[field]) end
  end
  return into
end

local function described(entries)
  for _, entry in ipairs(list(entries)) do
    if is_open(entry) and given.text(entry.type) then
      return in_languages(entry.descriptions, "description", { code = given.text(entry.type) })
    end
  end
  return nil
end

local LOWER = { ["Ä"] = "ä", ["Ö"] = "ö", ["Å"] = "å", ["É"] = "é", ["Ü"] = "ü" }

-- Towns stand in capitals; each part of a name has a capital of its own: "Koski Tl", "Uusi-Kaarlepyy".
function record.town(text)
  if not text then return nil end
  local lower = text:lower():gsub("[\xC3][\x80-\x9E]", LOWER)
  local out = ("-" .. lower):gsub("([%s%-/])(\xC3?[%z\1-\127\128-\191])", function(gap, letter)
    for capital, small in pairs(LOWER) do
      if small == letter then return gap .. capital end
    end
    return gap .. letter:upper()
  end)
  return out:sub(2)
end

local function joined(...)
  local parts = {}
  for _, part in ipairs { ... } do
    if part ~= "" then parts[#parts + 1] = part end
  end
  return #parts > 0 and table.concat(parts, " ") or nil
end

-- The street's line, or what stands in its place abroad: words with underscores for spaces.
local function street_of(entry)
  local function text(name) return given.text(entry[name]) or "" end
  if text("freeAddressLine") ~= "" then return (text("freeAddressLine"):gsub("_", " ")) end
  if text("street") == "" then return nil end
  return joined(text("street"), text("buildingNumber"), text("entrance"),
    text("apartmentNumber") .. text("apartmentIdSuffix"))
end

local function place_of(entry)
  local co = given.text(entry.co)
  local cities = {}
  for language, city in pairs(in_languages(entry.postOffices, "city")) do
    cities[language] = record.town(city)
  end
  return { street = street_of(entry), postal_code = given.text(entry.postCode),
    po_box = given.text(entry.postOfficeBox), country = given.text(entry.country), cities = cities,
    co = co and (co:gsub("^[Cc]/[Oo]%s*", "")) or nil }
end

local function places_of(entries)
  local visiting, postal
  for _, entry in ipairs(list(entries)) do
    if is_open(entry) then
      local kind = math.tointeger(tonumber(given.text(entry.type) or ""))
      if kind == VISITING then visiting = visiting or place_of(entry) end
      if kind == POSTAL then postal = postal or place_of(entry) end
    end
  end
  return visiting, postal
end

local function names_of(entries, found)
  for _, entry in ipairs(list(entries)) do
    local name = type(entry) == "table" and given.text(entry.name)
    if name and not is_open(entry) then
      found.former[#found.former + 1] = name
    elseif name then
      if given.text(entry.type) == COMPANY_NAME then found.name = found.name or name end
      found.names[#found.names + 1] = name
    end
  end
  found.name = found.name or found.names[1]
end

local function registers_of(entries, found)
  local inside = {}
  for _, entry in ipairs(list(entries)) do
    if is_open(entry) and given.text(entry.type) ~= NOT_REGISTERED then
      inside[given.text(entry.register) or ""] = true
    end
  end
  found.vat_registered = inside[VAT_REGISTER] or false
  found.prepayment_registered = inside[PREPAYMENT_REGISTER] or false
  found.employer = inside[EMPLOYER_REGISTER] or false
  if found.vat_registered then found.vat_number = ids.vat_number(found.business_id) end
end

function record.of(entry)
  if type(entry) ~= "table" or entry == json.null then return nil end
  local id = type(entry.businessId) == "table" and given.text(entry.businessId.value)
    or given.text(entry.businessId)
  id = id and ids.business_id(id)
  if not id then return nil end
  local found = { business_id = id, names = {}, former = {} }
  names_of(entry.names, found)
  registers_of(entry.registeredEntries, found)
  for _, situation in ipairs(list(entry.companySituations)) do
    local what = is_open(situation) and SITUATIONS[given.text(situation.type) or ""]
    if what then found[what] = given.text(situation.registrationDate) or true end
  end
  found.form = described(entry.companyForms)
  found.line = type(entry.mainBusinessLine) == "table" and described { entry.mainBusinessLine } or nil
  found.visiting, found.postal = places_of(entry.addresses)
  local status = given.text(entry.tradeRegisterStatus)
  found.registered = status == "1"
  found.ceased_on = given.text(entry.endDate)
  found.ceased = found.ceased_on ~= nil or status == CEASED
  found.website = type(entry.website) == "table" and given.text(entry.website.url) or nil
  found.modified = given.text(entry.lastModified)
  return found
end

function record.address(found, language)
  local function of(place)
    if not place or not place.postal_code and not place.country then return nil end
    local swedish = language == "sv"
    local box = place.po_box
    if box and not box:find("%a") then box = (swedish and "PB " or "PL ") .. box end
    local city = swedish and place.cities.sv or place.cities.fi or place.cities.sv or place.cities.en
    if not (place.street or box) or not city then return nil end
    return { street = place.street, po_box = box, postal_code = place.postal_code, city = city,
      country = place.country, co = place.co }
  end
  return of(found.postal) or of(found.visiting)
end

return record
