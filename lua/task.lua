--[[
task(type, data): leaves the rest to another run. It is an event of the company's own, stored like any
other, for rules with on = "task.<type>"; each thing then has a run of its own, which waits, fails or
goes to a person without holding up the others. Once, however often this run is replayed.
]]

local current = require "current"

return function(type_name, data)
  if type(type_name) ~= "string" or not type_name:find("%S") then
    error("task: the type is a text that is not empty", 2)
  end
  if type(data) ~= "table" then error("task: the data is a table", 2) end
  current.step { op = "task", type = type_name, data = data }
end
