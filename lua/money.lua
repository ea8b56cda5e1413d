--[[
Numbers of outside origin as decimals, and decimals as texts for people.

  money.number(value)  -> decimal [, unit]; integers, decimals and texts in every usual spelling
                          ("1 234,50 €", "25,5 %"); nil and the reason if it is no number
  money.plain(d)       -> the shortest text: 25.50 is "25.5", 12.00 is "12"
  money.people(d, currency, language) -> "2 356,89 EUR" (fi, sv ...), "2,356.89 EUR" (en)
]]

local decimal = require "decimal"
local json = require "json"

local money = {}

function money.number(value)
  if math.type(value) == "integer" then return decimal(value) end
  if type(value) == "userdata" and value ~= json.null then return decimal(value) end
  if type(value) == "string" then return decimal.parse(value) end
  if type(value) == "number" then return decimal(value) end
  return nil, "a number is wanted, not " .. (value == json.null and "null" or type(value))
end

function money.plain(d)
  local text = tostring(d)
  if text:find(".", 1, true) then text = text:gsub("0+$", ""):gsub("%.$", "") end
  return text
end

function money.people(d, currency, language)
  local text = d:text(2)
  local sign, whole, cents = text:match("^(%-?)(%d+)%.(%d+)$")
  local english = language == "en"
  -- NBSP between thousands, as Finnish and Swedish have it; it does not break at a line's end.
  local grouped = whole:reverse():gsub("(%d%d%d)", "%1 "):reverse():gsub("^ ", "")
  grouped = grouped:gsub(" ", english and "," or "\u{A0}")
  return sign .. grouped .. (english and "." or ",") .. cents
    .. (currency and " " .. currency or "")
end

return money
