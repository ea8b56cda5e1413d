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
local FROZEN = { "http", "json", "ids", "address", "names", "match", "text", "time", "crypto",
  "links" }
local PLAIN = { "decimal", "log", "cjson", "notify", "attention", "skip", "secret", "env",
  "lock", "task" }

-- Names of Lua that are left out on purpose, and what to use instead.
local code = "code stands in files: require \"rules.name\""
local INSTEAD = {
  coroutine = "a rule is run as a coroutine by the host: write it straight on, what waits gives way",
  os = "dates and the clock are in time, settings in env",
  io = "a rule has no files; what it must remember is in the systems it is connected to",
  debug = "log(value) shows what a value is", collectgarbage = "memory is the host's to collect",
  load = code, loadstring = code, loadfile = code, dofile = code, package = code,
  _G = "globals cannot be made or changed; a module's table holds what is shared",
}

local environment = {}

function environment.make(words)
  local globals = host.basics()
  for _, name in ipairs(FROZEN) do globals[name] = host.freeze(require(name)) end
  for _, name in ipairs(PLAIN) do globals[name] = require(name) end
  for name, word in pairs(words) do globals[name] = word end
  setmetatable(globals, { __index = function(_, name)
    local instead = INSTEAD[name]
    error(('there is nothing called "%s" here%s'):format(tostring(name),
      instead and ": " .. instead or suggest(name, globals)), 2)
  end })
  local function publish(name, value) rawset(globals, name, value) end
  local function taken(name) return rawget(globals, name) ~= nil end
  return host.environment(globals), publish, taken
end

return environment
