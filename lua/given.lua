--[[
Telling what was given from what was not, in data of outside origin.

  given(value)       -> the value; nil for nil, json.null and blank texts
  given.text(value)  -> a trimmed text (numbers as they print), nil if not given or no scalar
  given.mail(value)  -> the text, if it is one plain mail address (no name with it), else nil
  given.clean(value) -> the same tables without the nulls of their objects, so that `if x.y then`
                        means what it says; places of arrays keep json.null
]]

local host = require "host"
local json = require "json"

local given = {}

function given.text(value)
  local kind = type(value)
  if kind == "string" then
    return host.trimmed(value)
  elseif math.type(value) == "integer" or (kind == "userdata" and value ~= json.null) then
    return tostring(value)
  end
  return nil
end

function given.mail(value)
  local text = given.text(value)
  return text and text:find('^[^%s@<>,;:"]+@[^%s@<>,;:"]+$') and text or nil
end

function given.clean(value)
  if type(value) ~= "table" then return value end
  local array = json.is_array(value)
  for key, item in pairs(value) do
    if item == json.null then
      if not array then value[key] = nil end
    elseif type(item) == "table" then
      given.clean(item)
    end
  end
  return value
end

return setmetatable(given, { __call = function(_, value)
  if value == nil or value == json.null then return nil end
  if type(value) == "string" and not value:find("%S") then return nil end
  return value
end })
