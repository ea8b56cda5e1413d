--[[
Numbers of outside origin as decimals, and decimals as texts for people.

  money.number(value [, language])
                       -> decimal [, unit]; integers, decimals and texts in every usual spelling
                          ("1 234,50 €", "25,5 %"); nil and the reason if it is no number. language
                          (the company's, if not given) settles what "33,335" is: a bit over 33, or
                          in English thousands. "33.335" is read in English only: elsewhere systems
                          write decimals so and people thousands
  money.plain(d)       -> the shortest text: 25.50 is "25.5", 12.00 is "12"
  money.people(d, currency, language) -> "2 356,89 EUR" (fi, sv ...), "2,356.89 EUR" (en)
]]

local current = require "current"
local decimal = require "decimal"
local json = require "json"

local money = {}

-- A text as a number. What reads as either of two is settled by the language, or not at all.
local function of_text(value, language)
  local number, unit = decimal.parse(value)
  if number then return number, unit end
  language = language or current.company.language
  if type(language) ~= "string" then return nil, unit end
  local english = language:lower():find("^en") ~= nil
  if english or (value:find(",", 1, true) and not value:find(".", 1, true)) then
    local settled, settled_unit = decimal.parse(value, english and "en" or "fi")
    if settled then return settled, settled_unit end
  end
  return nil, unit
end

function money.number(value, language)
  if math.type(value) == "integer" then return decimal(value) end
  if type(value) == "userdata" and value ~= json.null then return decimal(value) end
  if type(value) == "string" then return of_text(value, language) end
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
