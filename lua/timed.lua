--[[
schedule and poll of company.lua, made into what the host runs: a time at which an event of
connection "schedule" comes, whose type is the schedule's name, and a rule for it.

  timed.schedule(name, given)  -> { name, at, every, time_zone, missed, missed_limit, poll }, rule
  timed.poll(name, given)      -> the same; rule reads with a cursor
  timed.CONNECTION             "schedule"

Both raise a text without a place; whoever calls knows the line. What at, every and time_zone say is
read by the host (engine/recurrence.c).
]]

local host = require "host"
local json = require "json"
local current = require "current"
local ending = require "ending"
local options = require "options"

local timed = { CONNECTION = "schedule" }

local TIMES = {
  at = { type = "string", help = 'cron: "0 3 * * *" is each night at three' },
  every = { type = "string", help = '"15m", "1h": so often, whatever clocks show' },
  time_zone = { type = "string", help = "whose clocks; the company's if not given" },
}
local SCHEDULE = {
  missed = { type = "string", one_of = { "once", "all", "none" } },
  missed_limit = { type = "integer", help = 'with missed = "all": how many at most' },
  trigger = { type = "string|function", one_of = { "automatic", "manual", "off" } },
  key = { type = "function|text" },
  run = { type = "function", help = "the function that does the work" },
  needs = { type = "list", help = "names of connections that run uses" },
}
local POLL = {
  first = { type = "data", help = "what `since` is the first time" },
  trigger = { type = "string", one_of = { "automatic", "manual", "off" } },
  run = { type = "function", required = true,
    help = "function(since, due): does the work, returns the next `since`" },
  needs = { type = "list", help = "names of connections that run uses" },
  check = { type = "function", help = "as of a rule" },
}
for name, entry in pairs(TIMES) do SCHEDULE[name], POLL[name] = entry, entry end

local function check(name, given, known, what)
  what = ('%s "%s"'):format(what, name)
  options.check(given, known, what)
  if (given.at == nil) == (given.every == nil) then
    error(('%s: wants one of at = "0 3 * * *" (cron) and every = "15m"'):format(what), 0)
  end
  if given.every and given.every:find("^%s*%d+%s*$") then
    local n = given.every:match("%d+")
    error(('%s: every = "%s" has no unit; "%sm" is minutes, "%sh" hours, "%ss" seconds'):format(what,
      given.every, n, n, n), 0)
  end
  if given.every and given.time_zone then
    error(what .. ": every is the same in all time zones; time_zone goes with at", 0)
  end
  if given.missed_limit and (given.missed ~= "all" or given.missed_limit < 1) then
    error(what .. ': missed_limit is 1 or more and goes with missed = "all"', 0)
  end
end

local function entry_of(name, given)
  return { name = name, at = given.at, every = given.every, time_zone = given.time_zone,
    missed = given.missed or "once", missed_limit = given.missed_limit }
end

local function rule_of(name, given, run)
  return { name = name, on = timed.CONNECTION .. "." .. name, trigger = given.trigger,
    -- One after the other, unless the company says otherwise.
    key = given.key or name, run = run, needs = given.needs, check = given.check }
end

function timed.schedule(name, given)
  check(name, given, SCHEDULE, "schedule")
  return entry_of(name, given), given.run and rule_of(name, given, given.run)
end

-- The cursor moves with the last step of the run, so that a window whose run did not come to its
-- end is read again, and one whose run did is not.
function timed.poll(name, given)
  check(name, given, POLL, "poll")
  local entry = entry_of(name, given)
  entry.poll = true
  return entry, rule_of(name, given, function(due, event)
    local cursor = current.step { op = "cursor", poll = name }
    if cursor.wait then ending.skip(cursor.wait) end
    local since = cursor.value
    if since == nil or rawequal(since, json.null) then since = given.first end
    local following, result = host.calls(given.run)(since, due, event)
    -- What cannot be written fails before the cursor has moved.
    json.encode { following = following, result = result }
    if following ~= nil then current.step { op = "move_cursor", poll = name, value = following } end
    return result
  end)
end

return timed
