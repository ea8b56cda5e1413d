--[[
The run's log: log.debug, log.info, log.warn, log.error (format, ...), and log(format, ...) as
log.info. Without further arguments the text is taken as it is, so a stray % does no harm.

Personal identity codes never reach a log (outside-systems 6.1: personal data): what has the form of
one, with a date that exists, is masked here, whoever wrote the line.
]]

local host = require "host"
local ids = require "ids"

local log = {}

-- DDMMYY, the sign of the century (up to three bytes: there are several dashes), number, check
-- character; not in the middle of a longer word. Whether it is one, ids says.
local PATTERN = "%f[%w]%d%d%d%d%d%d[^%d%s][\x80-\xbf]?[\x80-\xbf]?%d%d%d%w%f[^%w]"
local MASK = "******-****"

local function masked(code)
  return ids.is_personal(code) and MASK or nil
end

-- The text with personal identity codes made unreadable: "131052-308T" becomes "******-****".
-- Order numbers that look alike ("202607-0012": there is no month 26) stay.
function log.mask(text)
  return (text:gsub(PATTERN, masked))
end

-- True if the whole text is a personal identity code, or one that was masked.
function log.is_personal(text)
  if type(text) ~= "string" then return false end
  return ids.is_personal(text) or text:match("^%s*(.-)%s*$") == MASK
end

local function line(format, ...)
  local text = tostring(format)
  if select("#", ...) > 0 then
    local arguments = table.pack(...)
    for i = 1, arguments.n do
      -- Decimals, nil and tables are welcome for %s; numbers stay numbers for %d.
      if type(arguments[i]) ~= "number" then arguments[i] = tostring(arguments[i]) end
    end
    text = text:format(table.unpack(arguments, 1, arguments.n))
  end
  return log.mask(text)
end

for _, level in ipairs { "debug", "info", "warn", "error" } do
  log[level] = function(format, ...)
    host.log(level, line(format, ...))
  end
end

-- Scripts share this table between runs, so it cannot be changed.
return setmetatable({}, {
  __index = log, __metatable = false,
  __call = function(_, ...) log.info(...) end,
  __newindex = function() error("log cannot be changed", 2) end,
})
