--[[
An invoice's sums, computed here and compared with what Procountor says (outside-systems 6.9: a
row's net is rounded to cents, VAT is computed for each rate from the sum of its rows; all half away
from zero). The whole invoice's discount comes after the rows' own. Everything is decimal.

How Procountor rounds VAT is not documented: each row may have its own, which is as lawful. A company
that knows says so on the connection (rounding = "rate" or "row"); else sums that agree with either
way are right, to the cent. Where it rounds in a third way, rounding = "near" lets a cent a rate pass
(at most five an invoice).

  sums.of(rows, options)   rows = { { quantity, unit_price, discount, vat } }, decimals
                           options = { gross = prices include VAT, discount = percent of the whole
                           invoice, rounding = "rate", "row", "near" or nil }
      -> { net, vat, total, rates = number of different VAT rates, row_sums = { ... },
           other = { net, vat, total } in the other way of rounding,
           rounding = as it was given }
  sums.difference(own, info)  info = { excludingVatTotal, vatSumTotal, invoiceSumTotal }
      -> nil if they agree, as above; else in words
]]

local decimal = require "decimal"
local given = require "given"

local sums = {}

local HUNDRED = decimal(100)
local ZERO = decimal(0)
local MOST = decimal("0.05")
local CENT = decimal("0.01")

-- Net and VAT of an amount that is net, or gross.
local function split(amount, percent, options)
  local after = options.discount
    and (amount * (HUNDRED - options.discount) / HUNDRED):round(2) or amount
  if not options.gross then return after, (after * percent / HUNDRED):round(2) end
  local net = (after * HUNDRED / (HUNDRED + percent)):round(2)
  return net, after - net
end

-- The sums of { amount, percent } entries, each rounded on its own.
local function totals(entries, options)
  local net, tax = ZERO, ZERO
  for _, entry in ipairs(entries) do
    local part_net, part_tax = split(entry.amount, entry.percent, options)
    net, tax = net + part_net, tax + part_tax
  end
  return { net = net:round(2), vat = tax:round(2), total = (net + tax):round(2) }
end

function sums.of(rows, options)
  options = options or {}
  local by_rate, order, row_sums, lines = {}, {}, {}, {}
  for i, row in ipairs(rows) do
    local amount = (row.quantity * row.unit_price * (HUNDRED - row.discount) / HUNDRED):round(2)
    row_sums[i], lines[i] = amount, { amount = amount, percent = row.vat }
    local key = row.vat:text(4)
    local rate = by_rate[key]
    if not rate then
      rate = { percent = row.vat, amount = ZERO }
      by_rate[key] = rate
      order[#order + 1] = rate
    end
    rate.amount = rate.amount + amount
  end
  local result, other = totals(order, options), totals(lines, options)
  if options.rounding == "row" then result, other = other, result end
  result.rates, result.row_sums, result.other = #order, row_sums, other
  result.rounding = options.rounding
  return result
end

local function apart(a, b)
  return a > b and a - b or b - a
end

local function difference(own, info, tolerance)
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

function sums.difference(own, info)
  local tolerance = ZERO
  if own.rounding == "near" then
    tolerance = CENT * own.rates
    if tolerance > MOST then tolerance = MOST end
  end
  local words = difference(own, info, tolerance)
  local known = own.rounding == "rate" or own.rounding == "row"
  if words and not known and not difference(own.other, info, tolerance) then return nil end
  return words
end

return sums
