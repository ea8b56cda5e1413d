--[[
Whether the books are open on an invoice's day (GET /fiscalyears, OpenAPI 26.04): Procountor refuses an
invoice of a closed fiscal year or tracking period.

  periods.check(client, date)   ends the run as attention if that day is closed there

Periods are opened and closed by hand, so an answer counts for ten minutes; one that refuses is asked
for anew. Where it cannot be read (without the right), or no year is told of, Procountor judges by
itself.
]]

local current = require "current"
local ending = require "ending"
local given = require "given"

local periods = {}

local function around(list, date)
  for _, one in ipairs(given(list) or {}) do
    local first, last = given.text(one.startDate), given.text(one.endDate)
    if first and last and first <= date and date <= last then return one end
  end
  return nil
end

-- What is closed on that day, in words, or nil.
local function closed(client, date, anew)
  local body = client:ask("/fiscalyears", anew)
  local year = body and around(body.fiscalYears, date)
  if not year then return nil end
  if year.isOpen == false then
    return ("the fiscal year from %s to %s"):format(year.startDate, year.endDate)
  end
  local period = around(year.trackingPeriods, date)
  if not period or given.text(period.status) ~= "CLOSED" then return nil end
  return ("the tracking period from %s to %s"):format(period.startDate, period.endDate)
end

function periods.check(client, date)
  -- Once for the preflight and for the invoice itself.
  local known = current.once("procountor.periods." .. client.name .. date, function()
    return { closed = closed(client, date) and closed(client, date, true) }
  end)
  if not known.closed then return end
  -- Nobody who sells can mend it: it is told to the company's responsible alone.
  current.before_attention = nil
  ending.attention(("The invoice would be dated %s, and %s is closed in Procountor. Open it there, then "
    .. "retry."):format(date, known.closed), { date = date, closed = known.closed })
end

return periods
