--[[
What a company's scripts see: the allow-listed Lua of host.basics, the modules below, the words of
company.lua, and each connection by its name. Reading a name that does not exist is an error that
says so, since the commonest mistake is a misspelled one.

  environment.make(words) -> the environment, publish(name, value), taken(name)
  environment.check(taken)   raises if a function of the company's files uses a name that is not
                             taken, as "rules/x.lua:3: there is nothing called ..."
]]

local host = require "host"
local suggest = require "suggest"

-- Modules that are tables: shared by the runs of a state, so scripts get a read-only view. The
-- others are functions, or protect themselves (log).
local FROZEN = { "http", "json", "cjson", "decimal", "ids", "address", "names", "match", "text",
  "time", "crypto", "links" }
local PLAIN = { "log", "notify", "attention", "skip", "secret", "env", "lock", "task" }

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
local globals

local function missing(name)
  local instead = INSTEAD[name]
  return ('there is nothing called "%s" here%s'):format(tostring(name),
    instead and ": " .. instead or suggest(name, globals))
end

function environment.check(taken)
  local first
  for _, use in ipairs(host.globals()) do
    local wrong = use.set or not taken(use.name)
    if wrong and (not first or use.path < first.path
      or use.path == first.path and use.line < first.line) then
      first = use
    end
  end
  if not first then return end
  error(("%s:%d: %s"):format(first.path, first.line, first.set
    and ('global variable "%s" cannot be set: write "local %s"'):format(first.name, first.name)
    or missing(first.name)), 0)
end

function environment.make(words)
  globals = host.basics()
  for _, name in ipairs(FROZEN) do globals[name] = host.freeze(require(name)) end
  for _, name in ipairs(PLAIN) do globals[name] = require(name) end
  for name, word in pairs(words) do globals[name] = word end
  setmetatable(globals, { __index = function(_, name) error(missing(name), 2) end })
  local function publish(name, value) rawset(globals, name, value) end
  local function taken(name) return rawget(globals, name) ~= nil end
  return host.environment(globals), publish, taken
end

return environment
