--[[
VAT percentages and statuses that are in use in the company's Procountor (outside-systems 1.12).

  vat.percent(client, value, row, date)  -> the percent as a decimal if sales may use it there; else
                                      the run ends as attention, naming the row and what is allowed.
                                      date (of delivery): a rate of another time is a warning
  vat.status(client, value, row)   -> the status if sales may carry it there; else likewise
  vat.statuses(client)             the statuses that sales may carry there, in words
  vat.DOMESTIC                     the status of ordinary sales at home
  vat.register_price_includes_vat(client)  -> true if the product register holds gross prices

One GET /vats/default a run.
]]

local decimal = require "decimal"
local given = require "given"
local current = require "current"
local ending = require "ending"
local money = require "money"

local vat = { DOMESTIC = 1 }

-- Finnish rates and the days on which each applied (outside-systems 6.8). The rate follows the time
-- of supply, so another one is worth a warning and no more.
local APPLIED = { ["23"] = { "2010-07-01", "2012-12-31" }, ["13"] = { "2010-07-01", "2012-12-31" },
  ["9"] = { "2010-07-01", "2012-12-31" }, ["24"] = { "2013-01-01", "2024-08-31" },
  ["14"] = { "2013-01-01", "2025-12-31" }, ["25.5"] = { "2024-09-01" }, ["13.5"] = { "2026-01-01" } }

local function sales_percentages(body)
  local all, home = {}, nil
  for _, entry in ipairs(given(body.vatInformation) or {}) do
    local list = {}
    for _, item in ipairs(given(entry.percentages) or {}) do
      if item.sales ~= false and given(item.vatPercent) then
        list[#list + 1] = decimal(item.vatPercent)
      end
    end
    if type(entry.country) == "string" and entry.country:upper() == "FINLAND" then
      home = list
    end
    table.move(list, 1, #list, #all + 1, all)
  end
  local list = home or all
  table.sort(list, function(a, b) return a > b end)
  return list
end

-- { percentages = { decimals }, statuses = { { number, words } } } that sales may have.
local function in_use(client)
  return current.once("procountor.vat." .. client.name, function()
    local body = client:get("/vats/default")
    local statuses = {}
    for _, item in ipairs(given(body.vatStatuses) or {}) do
      if item.sales ~= false and given(item.vatStatus) then
        statuses[#statuses + 1] = { number = item.vatStatus, words = given.text(item.description) }
      end
    end
    return { percentages = sales_percentages(body), statuses = statuses }
  end)
end

local function warn_of_time(percent, row, date)
  local days = APPLIED[money.plain(percent)]
  if not days or not date then return end
  if date < days[1] then
    current.warn("%s: VAT %s %% applies from %s on; it is right only for what is delivered then", row,
      money.plain(percent), days[1])
  elseif days[2] and date > days[2] then
    current.warn("%s: VAT %s %% applied until %s; it is right only for what was delivered by then",
      row, money.plain(percent), days[2])
  end
end

function vat.percent(client, value, row, date)
  local percent = decimal(value)
  local names = {}
  for _, known in ipairs(in_use(client).percentages) do
    if known == percent then
      warn_of_time(percent, row, date)
      return percent
    end
    names[#names + 1] = money.plain(known)
  end
  ending.attention(("%s: VAT %s %% is not in use for sales in Procountor. In use there: %s. "
    .. "Correct the row and send it again, or take the percentage into use in Procountor's VAT "
    .. "settings and retry."):format(row, money.plain(percent),
    #names > 0 and table.concat(names, ", ") .. " %" or "none"),
    { row = row, vat_percent = percent, allowed = names })
end

function vat.statuses(client)
  local names = {}
  for i, known in ipairs(in_use(client).statuses) do
    names[i] = ("%s (%s)"):format(tostring(known.number), known.words or "?")
  end
  return #names > 0 and table.concat(names, ", ") or "none that is listed"
end

function vat.status(client, value, row)
  local statuses = in_use(client).statuses
  -- A server that lists none leaves the judgement to itself.
  if #statuses == 0 then return value end
  for _, known in ipairs(statuses) do
    if known.number == value then return value end
  end
  ending.attention(("%s: the VAT status %s is not in use for sales in Procountor. In use there: %s. "
    .. "Correct it and send it again."):format(row, tostring(value), vat.statuses(client)),
    { row = row, vat_status = value })
end

function vat.register_price_includes_vat(client)
  return current.once("procountor.vat_settings." .. client.name, function()
    -- Without the right to read it the default holds (HELP 360000240818: net).
    local body, status = client:get("/vats/settings", nil, nil, { 403, 404 })
    return { gross = status < 400 and body.unitPricesIncludeVatSales == true }
  end).gross
end

return vat
