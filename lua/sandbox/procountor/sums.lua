-- The sums of an invoice, exact to the cent. VAT is worked out per rate over the rounded rows, as
-- EN 16931 has it, or per row where the company's switch says so.

local decimal = require "decimal"
local kit = require "sandbox.kit"

local sums = {}

-- A row after its own discount, in cents; net or gross as the invoice's prices are.
local function row_amount(row)
  return (row.quantity * row.unitPrice * (100 - row.discountPercent) / 100):round(2)
end

-- Net and VAT of an amount that the invoice's discount still applies to.
local function split(amount, invoice, percent)
  local after = (amount * (100 - invoice.discountPercent) / 100):round(2)
  if invoice.extraInfo.unitPricesIncludeVat then
    local net = (after * 100 / (100 + percent)):round(2)
    return net, after - net
  end
  return after, (after * percent / 100):round(2)
end

-- Rows gathered by rate, in order of appearance: { { percent, amount } }.
local function by_rate(invoice)
  local rates = {}
  for _, row in ipairs(invoice.invoiceRows) do
    local entry
    for _, known in ipairs(rates) do
      if known.percent == row.vatPercent then entry = known end
    end
    if not entry then
      entry = { percent = row.vatPercent, amount = decimal(0) }
      rates[#rates + 1] = entry
    end
    entry.amount = entry.amount + row_amount(row)
  end
  return rates
end

-- net, vat, gross of the whole invoice in its currency.
function sums.totals(invoice, rounding)
  local net, vat = decimal(0), decimal(0)
  local parts = {}
  if rounding == "per_row" then
    for i, row in ipairs(invoice.invoiceRows) do
      parts[i] = { percent = row.vatPercent, amount = row_amount(row) }
    end
  else
    parts = by_rate(invoice)
  end
  for _, part in ipairs(parts) do
    local part_net, part_vat = split(part.amount, invoice, part.percent)
    if rounding == "down" and not invoice.extraInfo.unitPricesIncludeVat then
      part_vat = (part_net * part.percent / 100 - decimal "0.005"):round(2)
    end
    net, vat = net + part_net, vat + part_vat
  end
  return net, vat, net + vat
end

local function entry(currency, accounting, net, vat)
  return {
    currency = currency, inAccountingCurrency = accounting,
    excludingVatTotal = net, vatSumTotal = vat, invoiceSumTotal = net + vat,
  }
end

-- The invoiceSumInfo: one entry, or two when the currency is a foreign one.
function sums.info(invoice, rounding)
  local net, vat = sums.totals(invoice, rounding)
  local payment = invoice.paymentInfo
  if payment.currency == "EUR" then
    return kit.array { entry("EUR", true, net, vat) }
  end
  local rate = payment.currencyRate
  return kit.array {
    entry(payment.currency, false, net, vat),
    entry("EUR", true, (net / rate):round(2), (vat / rate):round(2)),
  }
end

function sums.row_amount(row)
  return row_amount(row)
end

return sums
