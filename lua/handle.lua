--[[
secret "name" and env "NAME": values that only the host resolves. A script can hand them to a
connection and print their names; the values never reach this process.

  handle.secret(name), handle.env(name)  -> an opaque handle
  handle.kind(value)                     -> "secret", "env", or nil for everything else
  handle.value(value)                    -> as the manifest has it: { secret = "name" },
                                            { env = "NAME" } or { literal = "text" }
]]

local handle = {}
local known = {}

local function named(value)
  return known[value].kind .. ' "' .. known[value].name .. '"'
end

local meta = {
  __metatable = false, __name = "handle", __tostring = named,
  __index = function(value) error("the value of " .. named(value) .. " is not for scripts", 2) end,
  __newindex = function(value) error(named(value) .. " cannot be changed", 2) end,
  __concat = function(a, b)
    local value = known[a] and a or b
    error("the value of " .. named(value) .. " is not for scripts; it can only be a setting of a "
      .. "connection", 2)
  end,
}

-- In each handle, so that it cannot be written as JSON: {} would be sent in the value's place.
local CONTENT = "its value is not for scripts"
local function content() end

local function new(kind, name, pattern)
  if type(name) ~= "string" or not name:find(pattern) then
    error(('%s wants a name of letters, digits, "_" and "-"'):format(kind), 3)
  end
  local value = setmetatable({ [CONTENT] = content }, meta)
  known[value] = { kind = kind, name = name }
  return value
end

function handle.secret(name)
  return new("secret", name, "^[%w_][%w_%.%-]*$")
end

function handle.env(name)
  return new("env", name, "^[%a_][%w_]*$")
end

function handle.kind(value)
  local entry = type(value) == "table" and known[value]
  return entry and entry.kind or nil
end

function handle.name(value)
  return known[value].name
end

function handle.value(value)
  local entry = type(value) == "table" and known[value]
  if entry then return { [entry.kind] = entry.name } end
  return { literal = tostring(value) }
end

return handle
