--[[
Where to read on from in a list of what changed, by the version of the newest that was seen: a search
may lag behind what was saved, so the last minutes are read again.

  overlap.earlier(version)  -> "2026-11-25T00:05:00" some minutes before, in whatever clock it was told
]]

local time = require "time"

local overlap = {}

local MINUTES = 10

function overlap.earlier(version)
  local date, hour, minute, zone = version:match(
    "^(%d%d%d%d%-%d%d%-%d%d)T(%d%d):(%d%d)[%d:.]*(.*)$")
  if not date then return version end
  local minutes = math.tointeger(tonumber(hour)) * 60 + math.tointeger(tonumber(minute)) - MINUTES
  if minutes < 0 then date, minutes = time.add_days(date, -1), minutes + 1440 end
  return ("%sT%02d:%02d:00%s"):format(date, minutes // 60, minutes % 60, zone)
end

return overlap
