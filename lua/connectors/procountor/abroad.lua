--[[
VAT of sales to customers abroad (outside-systems 1.12, 6.7, 6.8). Whether a sale is taxed at home is
for whoever sells; what a row without VAT is called in Procountor, the company says once, on the
connection, with the numbers of its own VAT statuses:

  vat_statuses = { eu = 5, export = 3 }     also eu_consumer and aland

  abroad.destination(country, vat_number, postal_code)
      country: Procountor's name; vat_number: as it was given, or nil
      -> "home", "aland", "eu" (a business with a VAT number), "eu_consumer", "export"; nil for
         Northern Ireland, which is in the EU for goods alone
  abroad.apply(client, body)
      gives rows of 0 % without a status of their own the company's status for that destination;
      warns of what an accountant should look at before the invoice goes out
  abroad.check(statuses)  -> why that setting is wrong, or nil
]]

local decimal = require "decimal"
local current = require "current"
local given = require "given"
local ids = require "ids"
local countries = require "connectors.procountor.countries"
local vat = require "connectors.procountor.vat"

local abroad = {}

local ZERO = decimal(0)
local KNOWN = { aland = true, eu = true, eu_consumer = true, export = true }

function abroad.check(statuses)
  for name, status in pairs(statuses or {}) do
    if not KNOWN[name] then
      return ('vat_statuses: there is no "%s"; there are aland, eu, eu_consumer and export')
        :format(tostring(name))
    end
    if math.type(status) ~= "integer" then
      return ("vat_statuses.%s is the number of one of Procountor's VAT statuses"):format(name)
    end
  end
  return nil
end

-- Places of a member state that are not in the EU's VAT area, by the beginnings of their postal codes;
-- those with a country of their own (Guadeloupe ...) are none of its countries (Directive 2006/112/EC,
-- article 6). Monaco is in it as a part of France (article 7).
local OUTSIDE = { SPAIN = { "35", "38", "51", "52" }, FRANCE = { "97", "986", "987", "988" },
  GERMANY = { "27498", "78266" }, ITALY = { "23041", "22061" }, GREECE = { "63086" } }
local WITHIN = { MONACO = true }

local function is_outside(country, postal_code)
  local code = (given.text(postal_code) or ""):gsub("%D", "")
  for _, start in ipairs(OUTSIDE[country] or {}) do
    if code:sub(1, #start) == start then return true end
  end
  return false
end

function abroad.destination(country, vat_number, postal_code)
  if country == "FINLAND" then return "home" end
  if country == "ALAND_ISLANDS" then return "aland" end
  if country == "NORTHERN_IRELAND_TEMPORARY" then return nil end
  local within = countries.in_eu(country) or WITHIN[country]
  if not within or is_outside(country, postal_code) then return "export" end
  local number = vat_number and ids.check("eu_vat", vat_number)
  return number and not number:find("^FI") and "eu" or "eu_consumer"
end

function abroad.apply(client, body)
  local place, number = body.billingAddress, body.counterParty.taxCode
  local destination = abroad.destination(place.country, number, place.zip)
  if destination == "home" then return end
  local status = destination and (client.settings.vat_statuses or {})[destination]
  local taxed, open = false, false
  for _, row in ipairs(body.invoiceRows) do
    if row.vatPercent ~= ZERO then
      taxed = true
    elseif not row.vatStatus and status then
      row.vatStatus = vat.status(client, status, "vat_statuses." .. destination)
    elseif not row.vatStatus and body.vatStatus == vat.DOMESTIC then
      open = true
    end
  end
  if status and not taxed then body.vatStatus = status end
  if status and not taxed and not open then return end
  local text = ("the customer's country is %s: check the VAT of the invoice before it is sent")
    :format(body.billingAddress.country)
  if destination == "eu_consumer" and number and not ids.check("eu_vat", number) then
    text = text .. ('; "%s" is no VAT number'):format(number)
  end
  if open and destination then
    text = text .. ("; rows without VAT have the status of sales at home. Name the right one on the "
      .. "connection, vat_statuses = { %s = ... }; in use there: %s"):format(destination,
      vat.statuses(client))
  end
  current.warn("%s", text)
end

return abroad
