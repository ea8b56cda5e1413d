--[[
An invoice's sums, computed here and compared with what Procountor says (outside-systems 6.9: a
row's net is rounded to cents, VAT is computed for each rate from the sum of its rows; all half away
from zero). Everything is decimal.

  sums.of(rows, gross)   rows = { { quantity, unit_price, discount, vat } }, decimals; gross: prices
                         include VAT
      -> { net, vat, total, rates = number of different VAT rates, row_sums = { ... } }
  sums.difference(own, info)  info = { excludingVatTotal, vatSumTotal, invoiceSumTotal }
      -> nil if they agree within one cent a rate (at most five an invoice), else in words
]]

local decimal = require "decimal"
local given = require "given"

local sums = {}

local HUNDRED = decimal(100)
local MOST = decimal("0.05")
local CENT = decimal("0.01")

function sums.of(rows, gross)
  local by_rate, order, row_sums = {}, {}, {}
  for i, row in ipairs(rows) do
    local amount = (row.quantity * row.unit_price * (HUNDRED - row.discount) / HUNDRED):round(2)
    row_sums[i] = amount
    local key = row.vat:text(4)
    local rate = by_rate[key]
    if not rate then
      rate = { percent = row.vat, amount = decimal(0) }
      by_rate[key] = rate
      order[#order + 1] = rate
    end
    rate.amount = rate.amount + amount
  end
  local net, tax = decimal(0), decimal(0)
  for _, rate in ipairs(order) do
    if gross then
      local rate_net = (rate.amount * HUNDRED / (HUNDRED + rate.percent)):round(2)
      net, tax = net + rate_net, tax + (rate.amount - rate_net)
    else
      net, tax = net + rate.amount, tax + (rate.amount * rate.percent / HUNDRED):round(2)
    end
  end
  return { net = net:round(2), vat = tax:round(2), total = (net + tax):round(2), rates = #order,
    row_sums = row_sums }
end

local function apart(a, b)
  return a > b and a - b or b - a
end

function sums.difference(own, info)
  local tolerance = CENT * own.rates
  if tolerance > MOST then tolerance = MOST end
  local wrong = {}
  local function compare(words, ours, theirs)
    if not given(theirs) then return end
    theirs = decimal(theirs)
    if apart(ours, theirs) > tolerance then
      wrong[#wrong + 1] = ("%s %s there, %s here"):format(words, theirs:text(2), ours:text(2))
    end
  end
  compare("net", own.net, info.excludingVatTotal)
  compare("VAT", own.vat, info.vatSumTotal)
  compare("total", own.total, info.invoiceSumTotal)
  if #wrong == 0 then return nil end
  return table.concat(wrong, "; ")
end

return sums
