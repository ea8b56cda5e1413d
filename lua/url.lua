--[[
Text for the parts of a request: percent-encoding, query strings, forms.

  url.encode(text)        -> percent-encoded (RFC 3986: all but letters, digits and - . _ ~)
  url.query(path, table)  -> path with "?a=1&b=x%20y", keys in alphabetical order; a list gives the
                             parameter several times, nil and json.null leave it out
  url.form(table)         -> the same as application/x-www-form-urlencoded
]]

local json = require "json"

local url = {}

function url.encode(text)
  return (text:gsub("[^%w%-%._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- The text of one value; decimals and numbers as they print, never a table's address.
local function value_text(value, name)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "boolean" or math.type(value) == "integer" or kind == "userdata" then
    return tostring(value)
  end
  if kind == "number" then return ("%.14g"):format(value) end
  error(('parameter "%s" is a %s; a text, number, decimal or boolean is wanted')
    :format(name, kind), 0)
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
