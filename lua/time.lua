--[[
Time for rules: the clock as a recorded step, and arithmetic on plain dates.

  time.now()              -> "2026-11-20T09:15:00Z"; a step: the same again when a run is replayed
  time.ms()               -> milliseconds since 1970-01-01 UTC; a step too
  time.today([zone])      -> "2026-11-20", the date in that zone (Europe/Helsinki if not given)
  time.sleep(seconds)     waits; a step
  time.date(ms, zone)     -> date and time of day there: "2026-11-20", "11:15:00"
  time.add_days(date, n)  -> "2026-12-04"; n may be negative
  time.diff_days(a, b)    -> days from a to b: ("2026-11-20", "2026-12-04") is 14
  time.is_day(text)       -> true if it is such a date
  time.format(date, language)  -> the date as people there write it: fi "20.11.2026"

Dates are texts YYYY-MM-DD of the Gregorian calendar. A text that is no date, or a zone that is not
known, is an error of the caller.
]]

local current = require "current"

local time = {}

-- Hours east of UTC in winter. All of these zones turn their clocks by directive 2000/84/EC (or,
-- Switzerland, Norway and Britain, by a rule of their own that is the same): at 01:00 UTC on the
-- last Sundays of March and October.
local SUMMER_TIME = {
  ["Europe/Helsinki"] = 2, ["Europe/Mariehamn"] = 2, ["Europe/Tallinn"] = 2, ["Europe/Riga"] = 2,
  ["Europe/Vilnius"] = 2, ["Europe/Athens"] = 2, ["Europe/Sofia"] = 2, ["Europe/Bucharest"] = 2,
  ["Europe/Kyiv"] = 2,
  ["Europe/Stockholm"] = 1, ["Europe/Oslo"] = 1, ["Europe/Copenhagen"] = 1, ["Europe/Berlin"] = 1,
  ["Europe/Amsterdam"] = 1, ["Europe/Brussels"] = 1, ["Europe/Luxembourg"] = 1,
  ["Europe/Paris"] = 1, ["Europe/Madrid"] = 1, ["Europe/Rome"] = 1, ["Europe/Vienna"] = 1,
  ["Europe/Zurich"] = 1, ["Europe/Warsaw"] = 1, ["Europe/Prague"] = 1, ["Europe/Bratislava"] = 1,
  ["Europe/Budapest"] = 1, ["Europe/Ljubljana"] = 1, ["Europe/Zagreb"] = 1, ["Europe/Malta"] = 1,
  ["Europe/London"] = 0, ["Europe/Dublin"] = 0, ["Europe/Lisbon"] = 0,
}
local FIXED = { ["UTC"] = 0, ["Etc/UTC"] = 0, ["Atlantic/Reykjavik"] = 0, ["Europe/Istanbul"] = 3 }

time.DEFAULT_ZONE = "Europe/Helsinki"

local MS_A_DAY = 86400000
local MS_AN_HOUR = 3600000

-- Days since 1970-01-01 of a date (Howard Hinnant's days_from_civil: years that begin in March).
local function day_number(year, month, day)
  if month <= 2 then year = year - 1 end
  local era = year // 400
  local year_of_era = year - era * 400
  local day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
  local day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
  return era * 146097 + day_of_era - 719468
end

-- Year, month and day of a day number; the inverse of the above.
local function civil(days)
  days = days + 719468
  local era = days // 146097
  local day_of_era = days - era * 146097
  local year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524
    - day_of_era // 146096) // 365
  local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
  local shifted = (5 * day_of_year + 2) // 153
  local day = day_of_year - (153 * shifted + 2) // 5 + 1
  local month = shifted < 10 and shifted + 3 or shifted - 9
  return year_of_era + era * 400 + (month <= 2 and 1 or 0), month, day
end

local function date_text(days)
  return ("%04d-%02d-%02d"):format(civil(days))
end

-- Day number of a date text, or nil.
local function days_of(date)
  if type(date) ~= "string" then return nil end
  local year, month, day = date:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if not year then return nil end
  local days = day_number(math.tointeger(year), math.tointeger(month), math.tointeger(day))
  return date_text(days) == date and days or nil
end

-- The same; raises at the caller of time.* if it is none.
local function parse(date, level)
  local days = days_of(date)
  if days then return days end
  error(("%s is not a date (YYYY-MM-DD is wanted)"):format(
    type(date) == "string" and '"' .. date .. '"' or tostring(date)), level + 1)
end

-- The UTC instant (ms) of 01:00 on the last Sunday of a month of 31 days.
local function last_sunday(year, month)
  local last = day_number(year, month, 31)
  -- Day 0, 1970-01-01, was a Thursday.
  return (last - (last + 4) % 7) * MS_A_DAY + MS_AN_HOUR
end

-- Milliseconds that the clocks of a zone are ahead of UTC at an instant.
local function offset(ms, zone, level)
  local fixed = FIXED[zone]
  if fixed then return fixed * MS_AN_HOUR end
  local hours = SUMMER_TIME[zone]
  if not hours then
    error(('time zone "%s" is not known; known are UTC and the zones of Europe, such as '
      .. '"Europe/Helsinki"'):format(tostring(zone)), level + 1)
  end
  local year = civil(ms // MS_A_DAY)
  if ms >= last_sunday(year, 3) and ms < last_sunday(year, 10) then hours = hours + 1 end
  return hours * MS_AN_HOUR
end

-- True if time.today and time.date know the zone.
function time.known_zone(zone)
  return SUMMER_TIME[zone] ~= nil or FIXED[zone] ~= nil
end

function time.ms()
  return current.step({ op = "time" }).ms
end

function time.date(ms, zone)
  local there = ms + offset(ms, zone or time.DEFAULT_ZONE, 2)
  local second = there % MS_A_DAY // 1000
  return date_text(there // MS_A_DAY),
    ("%02d:%02d:%02d"):format(second // 3600, second // 60 % 60, second % 60)
end

function time.now()
  local date, clock = time.date(time.ms(), "UTC")
  return date .. "T" .. clock .. "Z"
end

function time.today(zone)
  zone = zone or time.DEFAULT_ZONE
  offset(0, zone, 2)
  return (time.date(time.ms(), zone))
end

function time.sleep(seconds)
  if type(seconds) ~= "number" or seconds < 0 then
    error("time.sleep wants a number of seconds, 0 or more", 2)
  end
  current.step({ op = "sleep", ms = math.tointeger(math.ceil(seconds * 1000)) })
end

function time.add_days(date, days)
  if math.type(days) ~= "integer" then error("time.add_days wants a whole number of days", 2) end
  return date_text(parse(date, 2) + days)
end

function time.diff_days(from, to)
  return parse(to, 2) - parse(from, 2)
end

function time.is_day(text)
  return days_of(text) ~= nil
end

local MONTHS = { "January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December" }

function time.format(date, language)
  local year, month, day = civil(parse(date, 2))
  if language == "sv" then return date end
  if language == "en" then return ("%d %s %d"):format(day, MONTHS[month], year) end
  return ("%d.%d.%d"):format(day, month, year)
end

return time
