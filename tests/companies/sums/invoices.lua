--[[
Random invoices, each summed by the connector and by the sandbox in both ways of rounding VAT.

  invoices.compare(seed, n)  -> nil if all sums are the same to the cent; else the first that is not,
                                in words
  invoices.digest(seed, n)   -> one number of all our sums of those, to be compared with what
                                tests/torture/v1_sums.py works out in fractions, in another language
]]

local ours = require "connectors.procountor.sums"
local theirs = require "sandbox.procountor.sums"

local invoices = {}

local PERCENTS = { decimal "25.5", decimal "14", decimal "13.5", decimal "10", decimal "0",
  decimal "24" }
local ROUNDINGS = { rate = "per_rate", row = "per_row" }

-- Numbers of its own, so that a seed means the same invoices everywhere (Park and Miller's minimal
-- standard generator).
local function generator(seed)
  local state = seed % 2147483646 + 1
  return function(n)
    state = state * 48271 % 2147483647
    return state % n
  end
end

local function amount(random, digits, places)
  local text = ("%d"):format(random(10 ^ digits // 1 | 0))
  local behind = random(places + 1)
  if behind > 0 then
    text = text .. "." .. ("%0" .. behind .. "d"):format(random(10 ^ behind // 1 | 0))
  end
  return decimal.parse(text, "en")
end

local function percent(random)
  local kind = random(4)
  if kind < 2 then return decimal(0) end
  return kind == 2 and decimal(random(101)) or amount(random, 2, 4)
end

local function make(random)
  local rows, records = {}, {}
  for i = 1, 1 + random(8) do
    local price = amount(random, 1 + random(5), 4)
    local row = { quantity = amount(random, 1 + random(3), 6), discount = percent(random),
      unit_price = random(10) == 0 and -price or price, vat = PERCENTS[1 + random(#PERCENTS)] }
    rows[i] = row
    records[i] = { quantity = row.quantity, unitPrice = row.unit_price,
      discountPercent = row.discount, vatPercent = row.vat }
  end
  local discount = random(3) == 0 and percent(random) or decimal(0)
  local gross = random(3) == 0
  return rows, { discountPercent = discount, invoiceRows = records,
    extraInfo = { unitPricesIncludeVat = gross } }
end

local function apart(own, net, vat, total)
  return own.net ~= net or own.vat ~= vat or own.total ~= total
end

function invoices.compare(seed, n)
  local random = generator(seed)
  for i = 1, n do
    local rows, record = make(random)
    for rounding, theirs_called in pairs(ROUNDINGS) do
      local own = ours.of(rows, { gross = record.extraInfo.unitPricesIncludeVat, rounding = rounding,
        discount = record.discountPercent })
      local net, vat, total = theirs.totals(record, theirs_called)
      if apart(own, net, vat, total) then
        return ("invoice %d of seed %d, VAT by %s: %s + %s = %s here, %s + %s = %s there: %s"):format(i,
          seed, rounding, own.net:text(2), own.vat:text(2), own.total:text(2), net:text(2),
          vat:text(2), total:text(2), json.encode(record))
      end
    end
  end
  return nil
end

function invoices.digest(seed, n)
  local random, digest = generator(seed), 0
  for _ = 1, n do
    local rows, record = make(random)
    for _, rounding in ipairs { "rate", "row" } do
      local own = ours.of(rows, { gross = record.extraInfo.unitPricesIncludeVat, rounding = rounding,
        discount = record.discountPercent })
      for _, sum in ipairs { own.net, own.vat, own.total } do
        local cents = math.tointeger(tonumber((sum:text(2):gsub("%.", ""))))
        digest = (digest * 1000003 + cents) % 2147483647
      end
    end
  end
  return digest
end

return invoices
