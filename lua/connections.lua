--[[
The connections of the company that is loaded: name -> { name, kind, object, connector, ... }.

  connections.add(entry)            boot's, while company.lua runs
  connections.get(name)             -> the entry or nil
  connections.name(value, level)    -> the name that a script means by a name or a connection
                                       object; raises "no connection ..." at that level
  connections.names()               -> all names, sorted
]]

local suggest = require "suggest"

-- Each request asks for a name.
local type = type

local connections = {}
local entries = {}

function connections.add(entry)
  entries[entry.name] = entry
end

function connections.get(name)
  return entries[name]
end

function connections.names()
  local names = {}
  for name in pairs(entries) do names[#names + 1] = name end
  table.sort(names)
  return names
end

function connections.name(value, level)
  local name = value
  if type(value) == "table" then name = value.name end
  if type(name) == "string" and entries[name] then return name end
  if type(name) ~= "string" then
    error("a connection is wanted here, by its name", level + 1)
  end
  error(('this company has no connection "%s"%s'):format(name, suggest(name, entries)), level + 1)
end

return connections
