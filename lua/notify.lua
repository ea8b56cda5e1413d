--[[
notify(connection, text [, data]): a notice to people, by the connection's own way. data is a flat
table for receivers that work with fields (Zapier); others show the text alone.

Returns true, or false and the problem. A notice never ends a run: what it tells of has been done.
]]

local connections = require "connections"

local function notify(connection, text, data)
  local name = connections.name(connection, 2)
  if type(text) ~= "string" or text == "" then error("notify wants a text", 2) end
  local entry = connections.get(name)
  if type(entry.object) ~= "table" or type(entry.object.notify) ~= "function" then
    error(('connection "%s" (%s) takes no notices; slack, zapier, smtp and webhook_out do'):format(name,
      entry.kind), 2)
  end
  return entry.object.notify(text, data)
end

return notify
