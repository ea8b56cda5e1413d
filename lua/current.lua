--[[
What belongs to the call under way and to nothing else. Lua states are used for many runs one after
the other, so whatever a module remembers must live here, or a replayed run would see what another
run left behind and take other steps than its journal has.

  current.begin(call)        a call begins: call = { event =, rule =, run =, ... } or nil
  current.call               that table, {} outside of calls
  current.once(key, fn)      fn() the first time in this call, the same value afterwards
  current.step(spec, body)   -> meta, body, seq: host.step
  current.seq()              the number of the last step of this call
  current.warn(text)         logs a warning and keeps it for the result of the run; the same one once
  current.warnings           the list of those
  current.before_attention   nil, or function(reason): what is to be done before the run is left to a
                             person, once (owner.lua)
  current.company            { name =, language =, time_zone = }: settings, set when loaded
]]

local host = require "host"
local log = require "log"

local current = { call = {}, warnings = {}, company = {}, step = host.step, seq = host.seq }
local kept = {}

function current.begin(call)
  current.call = call or {}
  current.warnings = {}
  current.before_attention = nil
  kept = {}
end

function current.once(key, fn)
  local value = kept[key]
  if value == nil then
    value = fn()
    kept[key] = value
  end
  return value
end

function current.warn(text, ...)
  if select("#", ...) > 0 then text = text:format(...) end
  text = log.mask(text)
  for _, said in ipairs(current.warnings) do
    if said == text then return end
  end
  log.warn(text)
  current.warnings[#current.warnings + 1] = text
end

return current
