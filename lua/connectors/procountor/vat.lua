--[[
VAT percentages and statuses that are in use in the company's Procountor (outside-systems 1.12).

  vat.percent(client, value, row)  -> the percent as a decimal if sales may use it there; else the
                                      run ends as attention, naming the row and what is allowed
  vat.register_price_includes_vat(client)  -> true if the product register holds gross prices

One GET /vats/default a run.
]]

local decimal = require "decimal"
local given = require "given"
local current = require "current"
local ending = require "ending"
local money = require "money"

local vat = {}

-- Finnish rates and the last day on which each applied (outside-systems 6.8). The rate follows the
-- time of supply, so an old one is worth a warning and no more.
local ENDED = { ["23"] = "2012-12-31", ["13"] = "2012-12-31", ["9"] = "2012-12-31",
  ["24"] = "2024-08-31", ["14"] = "2025-12-31" }

local function sales_percentages(client)
  return current.once("procountor.vat." .. client.name, function()
    local body = client:get("/vats/default")
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
  end)
end

function vat.percent(client, value, row, date)
  local percent = decimal(value)
  local names = {}
  for _, known in ipairs(sales_percentages(client)) do
    if known == percent then
      local ended = ENDED[money.plain(percent)]
      if ended and date and date > ended then
        current.warn("%s: VAT %s %% applied until %s; it is right only for what was delivered by "
          .. "then", row, money.plain(percent), ended)
      end
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

function vat.register_price_includes_vat(client)
  return current.once("procountor.vat_settings." .. client.name, function()
    -- Without the right to read it the default holds (HELP 360000240818: net).
    local body, status = client:get("/vats/settings", nil, nil, { 403, 404 })
    return { gross = status < 400 and body.unitPricesIncludeVatSales == true }
  end).gross
end

return vat
