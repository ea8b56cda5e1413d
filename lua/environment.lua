--[[
What a company's scripts see: the allow-listed Lua of host.basics, the modules below, the words of
company.lua, and each connection by its name. Reading a name that does not exist is an error that
says so, since the commonest mistake is a misspelled one.

  environment.make(words) -> the environment, publish(name, value), taken(name)
]]

local host = require "host"
local suggest = require "suggest"

-- Modules that are tables: shared by the runs of a state, so scripts get a read-only view. Those
-- with call syntax (decimal, log) protect themselves.
local FROZEN = { "http", "json", "ids", "address", "names", "match", "text", "time", "crypto" }
local PLAIN = { "decimal", "log", "cjson", "notify", "attention", "skip", "secret", "env",
  "lock" }

local environment = {}

function environment.make(words)
  local globals = host.basics()
  for _, name in ipairs(FROZEN) do globals[name] = host.freeze(require(name)) end
  for _, name in ipairs(PLAIN) do globals[name] = require(name) end
  for name, word in pairs(words) do globals[name] = word end
  setmetatable(globals, { __index = function(_, name)
    error(('there is nothing called "%s" here%s'):format(tostring(name), suggest(name, globals)), 2)
  end })
  local function publish(name, value) rawset(globals, name, value) end
  local function taken(name) return rawget(globals, name) ~= nil end
  return host.environment(globals), publish, taken
end

return environment
