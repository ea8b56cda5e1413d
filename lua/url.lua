--[[
Text for the parts of a request: percent-encoding, query strings, forms.

  url.encode(text)        -> percent-encoded (RFC 3986: all but letters, digits and - . _ ~)
  url.query(path, table)  -> path with "?a=1&b=x%20y", keys in alphabetical order; a list gives the
                             parameter several times, nil and json.null leave it out
  url.form(table)         -> the same as application/x-www-form-urlencoded
  url.text(value)         -> the text of a text, number, decimal or boolean; nil of all else
]]

local json = require "json"
local options = require "options"

local url = {}

function url.encode(text)
  return (text:gsub("[^%w%-%._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- Decimals and numbers as they print, each digit of them; never a table's address.
function url.text(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "boolean" or (kind == "userdata" and value ~= json.null) then return tostring(value) end
  if kind ~= "number" then return nil end
  local whole = math.tointeger(value)
  if whole then return tostring(whole) end
  if value ~= value or value == math.huge or value == -math.huge then return nil end
  return json.encode(value)
end

local function value_text(value, name)
  local text = url.text(value)
  if text then return text end
  error(('parameter "%s" is %s; a text, number, decimal or boolean is wanted')
    :format(name, type(value) == "number" and "no number" or "a " .. type(value)), 0)
end

local function pairs_text(parameters, encode)
  local names = {}
  for name in pairs(parameters) do
    if type(name) ~= "string" then error("parameters need names: { name = value }", 0) end
    names[#names + 1] = name
  end
  -- Sorted, since the journal compares requests byte for byte.
  table.sort(names)
  local parts = {}
  for _, name in ipairs(names) do
    local value = parameters[name]
    local list = type(value) == "table" and value or { value }
    if not options.is_list(list) then
      error(('parameter "%s" is a table with names or holes; a list is wanted'):format(name), 0)
    end
    for _, item in ipairs(list) do
      if item ~= json.null then
        parts[#parts + 1] = encode(name) .. "=" .. encode(value_text(item, name))
      end
    end
  end
  return table.concat(parts, "&")
end

function url.query(path, parameters)
  if not parameters then return path end
  local text = pairs_text(parameters, url.encode)
  if text == "" then return path end
  return path .. (path:find("?", 1, true) and "&" or "?") .. text
end

function url.form(parameters)
  return pairs_text(parameters, function(text) return (url.encode(text):gsub("%%20", "+")) end)
end

return url
