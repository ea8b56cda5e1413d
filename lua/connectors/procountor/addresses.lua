--[[
Addresses as Procountor keeps them: name, specifier (c/o), street, zip, city, country.

  addresses.read(value)        value: { street, postal_code, city, country, co, po_box }, or a text
                               in one line or several
      -> a table with those fields, or nil and the reason in words
  addresses.country(value)     -> the country that it says, even if something else is missing, or nil
  addresses.of(name, address)  -> the object of Procountor's API
  addresses.from(object)       -> the fields of the above out of Procountor's object, or nil
]]

local splitter = require "address"
local given = require "given"
local countries = require "connectors.procountor.countries"

local addresses = {}

-- Postal codes are text; one that arrived as a number has lost its leading zeros.
local function postal_text(value, country)
  local text = given.text(value)
  if text and (country == "FINLAND" or country == "ALAND_ISLANDS") then
    text = text:gsub("^[Ff][Ii][Nn]?%-", ""):gsub("^[Ss][Ff]%-", ""):gsub("^[Aa][Xx]%-", "")
    if text:find("^%d+$") and math.type(value) == "integer" then text = ("%05d"):format(value) end
  end
  return text
end

local function missing_fields(found)
  local missing = {}
  if not found.street then missing[#missing + 1] = "street" end
  if not found.postal_code then missing[#missing + 1] = "postal code" end
  if not found.city then missing[#missing + 1] = "city" end
  return missing
end

function addresses.read(value)
  if type(value) == "string" then
    local split, reason = splitter.split(value)
    if not split then return nil, reason end
    value = split
  end
  if type(value) ~= "table" then return nil, "there is no address" end
  local country, country_text = "FINLAND", given.text(value.country)
  if country_text then
    country = countries.name(country_text)
    if not country then
      return nil, ('Procountor knows no country "%s"'):format(country_text)
    end
  end
  local found = { street = given.text(value.street), city = given.text(value.city),
    postal_code = postal_text(value.postal_code, country), co = given.text(value.co),
    company = given.text(value.company) }
  local box = given.text(value.po_box)
  if box then
    box = box:find("%a") and box or "PL " .. box
    -- Beside a street the box has a line of its own.
    if not found.street then found.street = box
    elseif found.street ~= box and not found.company then found.company = box end
  end
  -- All of 22xxx is Aland, whatever country a Finnish form filled in (outside-systems 6.7).
  if country == "FINLAND" and found.postal_code and found.postal_code:find("^22%d%d%d$") then
    country = "ALAND_ISLANDS"
  end
  found.country = country
  local missing = missing_fields(found)
  if #missing == 3 then return nil, "there is no address" end
  if #missing > 0 then
    return nil, "the address has no " .. table.concat(missing, " and no ")
  end
  if country == "FINLAND" and not found.postal_code:find("^%d%d%d%d%d$") then
    return nil, ('"%s" is not a Finnish postal code (five digits)'):format(found.postal_code)
  end
  return found
end

function addresses.country(value)
  if type(value) == "string" then value = splitter.split(value) end
  return type(value) == "table" and countries.name(given.text(value.country)) or nil
end

function addresses.of(name, address)
  local specifier = address.co and "c/o " .. address.co:gsub("^[Cc]/[Oo]%s*", "") or nil
  if not specifier and address.company and address.company ~= name then
    specifier = address.company
  end
  return { name = name, specifier = specifier, street = address.street,
    zip = address.postal_code, city = address.city, country = address.country }
end

function addresses.from(object)
  object = given(object)
  if type(object) ~= "table" then return nil end
  local found = { street = given.text(object.street), postal_code = given.text(object.zip),
    city = given.text(object.city), country = given.text(object.country) or "FINLAND" }
  if #missing_fields(found) > 0 then return nil end
  local specifier = given.text(object.specifier)
  if specifier then found.company = specifier end
  return found
end

return addresses
