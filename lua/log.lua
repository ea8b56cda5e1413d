--[[
The run's log: log.debug, log.info, log.warn, log.error (format, ...), and log(format, ...) as
log.info. Without further arguments the text is taken as it is, so a stray % does no harm.

Personal identity codes never reach a log (outside-systems 6.1: personal data): what looks like one
is masked here, whoever wrote the line.
]]

local host = require "host"

local log = {}

-- DDMMYY, the century's sign (decree 690/2022 added the letters beside - + A), number, check
-- character; not in the middle of a longer word.
local PATTERN = "%f[%w](%d%d%d%d%d%d)[%-+ABCDEFUVWXYabcdefuvwxy](%d%d%d)[%dA-Ya-y]%f[^%w]"

-- The text with personal identity codes made unreadable: "131052-308T" becomes "******-****".
function log.mask(text)
  return (text:gsub(PATTERN, "******-****"))
end

-- True if the whole text has the form of a personal identity code.
function log.is_personal(text)
  return type(text) == "string" and text:find("^%s*" .. PATTERN .. "%s*$") ~= nil
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
