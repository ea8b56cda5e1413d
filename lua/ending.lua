--[[
The two ways in which a rule ends its own run early. Neither can be caught by pcall.

  attention(reason [, details])  a person must look: reason says in plain words what is missing,
                                 where, and what to do; details is a table shown beside it
  skip(reason)                   there is nothing to do, and this is why

Module: { attention = function, skip = function }; scripts have each under its own name.
]]

local current = require "current"
local host = require "host"
local log = require "log"

-- Masked, and without NULs, which no message between the processes may hold.
local function plain(words)
  return (log.mask(words):gsub("%z", "\u{FFFD}"))
end

local function reason_text(reason, name)
  if type(reason) ~= "string" or not reason:find("%S") then
    error(name .. " wants a reason: a text that tells a person what is the matter", 3)
  end
  return plain(reason)
end

-- A copy for the host: texts masked, functions and the like left out, depth bounded.
local function details_copy(value, depth)
  local kind = type(value)
  if kind == "string" then return plain(value) end
  if kind == "table" then
    if depth == 0 then return "..." end
    local copy = {}
    for key, item in pairs(value) do
      if type(key) == "string" or math.type(key) == "integer" then
        copy[type(key) == "string" and plain(key) or key] = details_copy(item, depth - 1)
      end
    end
    return copy
  end
  if kind == "function" or kind == "thread" then return nil end
  return value
end

local function attention(reason, details)
  local record = { reason = reason_text(reason, "attention") }
  if details ~= nil then
    if type(details) ~= "table" then error("attention wants its details as a table", 2) end
    record.details = details_copy(details, 8)
  end
  local before = current.before_attention
  if before then
    current.before_attention = nil
    before(record.reason)
  end
  host.finish("attention", record)
end

local function skip(reason)
  host.finish("skip", { reason = reason_text(reason, "skip") })
end

return { attention = attention, skip = skip }
