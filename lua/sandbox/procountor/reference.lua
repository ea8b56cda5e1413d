-- Reference numbers and account numbers as Procountor checks them. Written apart from the ids
-- module on purpose: a sandbox that shares the code it is to judge agrees with every mistake.

local reference = {}

local WEIGHTS = { 7, 3, 1 }

-- The Finnish check digit of a base of digits.
local function check_digit(base)
  local sum = 0
  for i = #base, 1, -1 do
    sum = sum + WEIGHTS[(#base - i) % 3 + 1] * (base:byte(i) - 48)
  end
  return (10 - sum % 10) % 10
end

-- ISO 7064 mod 97 of letters and digits: 1 for a valid IBAN or RF code once rotated by four.
local function mod97(text)
  local rest = 0
  for i = 1, #text do
    local value = tonumber(text:sub(i, i), 36)
    rest = (rest * (value > 9 and 100 or 10) + value) % 97
  end
  return rest
end

local function rotated(text)
  return text:sub(5) .. text:sub(1, 4)
end

function reference.finnish(base)
  return base .. check_digit(base)
end

function reference.rf(finnish)
  local check = 98 - mod97(finnish .. "RF00")
  return ("RF%02d%s"):format(check, finnish)
end

local function is_finnish(text)
  text = text:gsub("^0+", "")
  return text:find("^%d+$") ~= nil and #text >= 4 and #text <= 20
    and check_digit(text:sub(1, -2)) == text:byte(-1) - 48
end

local function is_rf(text)
  if not text:find("^RF%d%d%w+$") or #text > 25 or mod97(rotated(text)) ~= 1 then return false end
  return is_finnish(text:sub(5))
end

-- code as it came; kind FI, RF or nil (then the code itself tells).
function reference.is_valid(code, kind)
  local compact = code:gsub("%s", ""):upper()
  if kind == "RF" or (kind == nil and compact:find("^RF")) then return is_rf(compact) end
  return is_finnish(compact)
end

function reference.is_iban(text)
  if not text:find("^%u%u%d%d[%u%d]+$") or #text < 15 or #text > 34 then return false end
  if text:sub(1, 2) == "FI" and #text ~= 18 then return false end
  return mod97(rotated(text)) == 1
end

return reference
