--[[
Personal identity codes (HETU) in what comes from outside: no invoice, register, notice or log of
ours has use for one, so they are taken out before anything else is read.

  personal.take_out(payload)   replaces each by "******-****" in all texts of the payload, in place
]]

local ids = require "ids"
local log = require "log"

local personal = {}

local DEPTH = 12
local CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
local MAY_BE = "%d%d%d%d%d%d"
local PATTERN = "%f[%w]%d%d%d%d%d%d[^%d%s][\x80-\xbf]?[\x80-\xbf]?%d%d%d%w%f[^%w]"

-- Project and order numbers have the same form at times ("010726-0012"), and must arrive unchanged:
-- here only what also has the right check character is a person's.
local function taken_out(code)
  if not ids.is_personal(code) then return nil end
  local digits = code:sub(1, 6) .. code:sub(-4, -2)
  local place = math.tointeger(tonumber(digits)) % 31 + 1
  return CHECK:sub(place, place) == code:sub(-1):upper() and log.mask(code) or nil
end

local function walk(value, depth)
  for key, item in pairs(value) do
    if type(item) == "string" and item:find(MAY_BE) then
      local text = item:gsub(PATTERN, taken_out)
      if text ~= item then value[key] = text end
    elseif type(item) == "table" and depth > 0 then
      walk(item, depth - 1)
    end
  end
end

function personal.take_out(payload)
  if type(payload) == "table" then walk(payload, DEPTH) end
end

return personal
