--[[
VAT of sales to customers abroad (outside-systems 1.12, 6.7, 6.8). Whether a sale is taxed at home is
for whoever sells; what a row without VAT is called in Procountor, the company says once, on the
connection, with the numbers of its own VAT statuses:

  vat_statuses = { eu = 5, export = 3 }     also eu_consumer and aland

  abroad.destination(country, vat_number)
      country: Procountor's name; vat_number: a valid one, or nil
      -> "home", "aland", "eu" (a business with a VAT number), "eu_consumer", "export"; nil for
         Northern Ireland, which is in the EU for goods alone
  abroad.apply(client, body, destination)
      gives rows of 0 % without a status of their own the company's status for that destination;
      warns of what an accountant should look at before the invoice goes out
  abroad.check(statuses)  -> why that setting is wrong, or nil
]]

local decimal = require "decimal"
local current = require "current"
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

function abroad.destination(country, vat_number)
  if country == "FINLAND" then return "home" end
  if country == "ALAND_ISLANDS" then return "aland" end
  if country == "NORTHERN_IRELAND_TEMPORARY" then return nil end
  if not countries.in_eu(country) then return "export" end
  return vat_number and not vat_number:find("^FI") and "eu" or "eu_consumer"
end

function abroad.apply(client, body, destination)
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
  if open and destination then
    text = text .. ("; rows without VAT have the status of sales at home. Name the right one on the "
      .. "connection, vat_statuses = { %s = ... }; in use there: %s"):format(destination,
      vat.statuses(client))
  end
  current.warn("%s", text)
end

return abroad
