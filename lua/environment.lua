--[[
What a company's scripts see: the allow-listed Lua of host.basics, the modules below, the words of
company.lua, and each connection by its name. Reading a name that does not exist is an error that
says so, since the commonest mistake is a misspelled one.

  environment.make(words) -> the environment, publish(name, value), taken(name)
  environment.check(taken)   raises if a function of the company's files uses a name that is not
                             taken, as "rules/x.lua:3: there is nothing called ..."
      -> { text, ... }: what is read, of a module or a connection by its name, that is not there
         ('rules/x.lua:3: "slack" has no "psot" ...'): a call of it would fail; and comparisons with
         a float, which no decimal is equal to
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
  sleep = "time.sleep(seconds)", date = "time.today(), time.now()", null = "nil, or json.null in JSON",
}

-- What Lua itself brings of tables.
local LIBRARIES = { "math", "string", "table", "utf8" }

local FEW = 8

local environment = {}
local globals
local whole -- name -> true: all that its table has is known when the files are loaded

local function missing(name)
  local instead = INSTEAD[name]
  return ('there is nothing called "%s" here%s'):format(tostring(name),
    instead and ": " .. instead or suggest(name, globals))
end

local function by_place(a, b)
  if a.path ~= b.path then return a.path < b.path end
  return a.line < b.line
end

-- What there is instead: the nearest name, or all if they are few.
local function instead(member, value)
  local words = suggest(member, value)
  local names = {}
  for name in pairs(value) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  if words ~= "" or #names == 0 or #names > FEW then return words end
  table.sort(names)
  return "; it has " .. table.concat(names, ", ")
end

-- The first of a use's members that is not there: its table, that one's name, and its own; or nil.
local function absent(use)
  local value, name = globals[use.name], use.name
  for _, member in ipairs(use) do
    if type(value) ~= "table" then return nil end
    if value[member] == nil then return value, name, member end
    value, name = value[member], name .. "." .. member
  end
end

-- What a script tests for is told nowhere: it knows that it may be missing.
local function warnings_of(uses)
  local warnings, tested = {}, {}
  table.sort(uses, by_place)
  for _, use in ipairs(uses) do
    if use.tested and whole[use.name] then
      local _, name, member = absent(use)
      if name then tested[name .. "." .. member] = true end
    end
  end
  for _, use in ipairs(uses) do
    if use.fraction then
      warnings[#warnings + 1] = ('%s:%d: == and ~= with a float: numbers with a fraction are decimals '
        .. 'here, and none is equal to a float; write decimal "25.5"'):format(use.path, use.line)
    elseif whole[use.name] then
      local value, name, member = absent(use)
      if name and not tested[name .. "." .. member] then
        warnings[#warnings + 1] = ('%s:%d: "%s" has no "%s"%s'):format(use.path, use.line, name,
          member, instead(member, value))
      end
    end
  end
  return warnings
end

function environment.check(taken)
  local first
  local uses = host.globals()
  for _, use in ipairs(uses) do
    local wrong = not use.fraction and (use.set or not taken(use.name))
    if wrong and (not first or use.path < first.path
      or use.path == first.path and use.line < first.line) then
      first = use
    end
  end
  if not first then return warnings_of(uses) end
  error(("%s:%d: %s"):format(first.path, first.line, first.set
    and ('global variable "%s" cannot be set: write "local %s"'):format(first.name, first.name)
    or missing(first.name)), 0)
end

function environment.make(words)
  globals, whole = host.basics(), {}
  for _, name in ipairs(LIBRARIES) do whole[name] = true end
  for _, name in ipairs(FROZEN) do globals[name], whole[name] = host.freeze(require(name)), true end
  for _, name in ipairs(PLAIN) do globals[name] = require(name) end
  for name, word in pairs(words) do globals[name] = word end
  setmetatable(globals, { __index = function(_, name) error(missing(name), 2) end })
  local function publish(name, value)
    rawset(globals, name, value)
    whole[name] = true
  end
  local function taken(name) return rawget(globals, name) ~= nil end
  return host.environment(globals), publish, taken
end

return environment
