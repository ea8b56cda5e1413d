--[[
lock(name, fn): fn() while no other run of the company is inside a lock of that name; returns what
fn returns, and raises what it raises. For what must not be done twice at once, such as looking for
a record and creating it. Runs wait in the order they came; a run that ends, however, lets go. A
lock inside one of the same name is the same lock.
]]

local current = require "current"

return function(name, fn)
  if type(name) ~= "string" or name == "" then
    error("lock: the name is a text that is not empty", 2)
  end
  if type(fn) ~= "function" then error("lock: a function is wanted after the name", 2) end
  local held = current.once("locks", function() return {} end)
  if held[name] then return fn() end
  current.step { op = "lock", name = name }
  held[name] = true
  local results = table.pack(pcall(fn))
  held[name] = nil
  current.step { op = "unlock", name = name }
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end
