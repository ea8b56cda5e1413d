--[[
Limits that a company sets for itself, below those of the host: a rule that goes wrong then ends
sooner. They can only be lower; what is higher changes nothing.

  limits.of(given)  -> what the host reads: { memory, log, sent, stored = bytes; burst_ms, call_ms
                       = milliseconds; steps, running, backlog, per_minute = numbers }, those that
                       were given
  given             memory   of one run's Lua state: "16m"
                    burst    computing between two steps: "500ms"
                    cpu      computing of one run in all: "10s"
                    steps    of one run: 200
                    log      bytes that one run may log: "16k"
                    sent     bytes of request bodies of one run: "5m"
                    running  runs at once: 4
                    backlog  open events; a delivery beyond it is answered with 429: 10000
                    stored   bytes that are kept of the company; the same: "500m"
                    per_minute  new events within a minute; the same: 600

Raises a text without a place; whoever calls knows the line.
]]

local options = require "options"

local limits = {}

local KNOWN = {
  memory = { type = "string|integer", help = '"16m"' },
  burst = { type = "string", help = '"500ms"' },
  cpu = { type = "string", help = '"10s"' },
  steps = { type = "integer" },
  log = { type = "string|integer", help = '"16k"' },
  sent = { type = "string|integer", help = '"5m"' },
  running = { type = "integer" },
  stored = { type = "string|integer", help = '"500m"' },
  backlog = { type = "integer" },
  per_minute = { type = "integer" },
}
local BYTES = { [""] = 1, k = 1 << 10, m = 1 << 20, g = 1 << 30 }
local MILLISECONDS = { ms = 1, s = 1000, m = 60000, h = 3600000 }

local function amount(name, value, units, example)
  local number, unit = tostring(value):match("^(%d+)(%a*)$")
  local factor = units[unit]
  number = factor and #number <= 9 and math.tointeger(tonumber(number)) * factor or 0
  if number < 1 then
    error(('limits: %s is %q; such as %q is wanted'):format(name, tostring(value), example), 0)
  end
  return number
end

local function count(name, value)
  if value and value < 1 then error(("limits: %s is 1 or more"):format(name), 0) end
  return value
end

function limits.of(given)
  if given == nil then return nil end
  options.check(given, KNOWN, "limits")
  local function bytes(name, example)
    return given[name] and amount(name, given[name], BYTES, example) or nil
  end
  local function milliseconds(name, example)
    return given[name] and amount(name, given[name], MILLISECONDS, example) or nil
  end
  return { memory = bytes("memory", "16m"), log = bytes("log", "16k"), sent = bytes("sent", "5m"),
    stored = bytes("stored", "500m"),
    burst_ms = milliseconds("burst", "500ms"), call_ms = milliseconds("cpu", "10s"),
    steps = count("steps", given.steps), running = count("running", given.running),
    backlog = count("backlog", given.backlog), per_minute = count("per_minute", given.per_minute) }
end

return limits
