--[[
Values as fields of organizations in Pipedrive take them.

  fields(connection, values, currency) -> the same values, each as the kind of its field wants it; or
                                          nil and which key is no field, or cannot hold its value

API v2 takes no number for a text, no text for a number, and for a monetary field an amount with its
currency. Which kind a field is says its list of fields, which is kept for ten minutes; a key that is not
in it is looked for anew, since somebody may just have made the field. A table goes as it is.

Source: API v2 (organizationFields) as Pipedrive's own client describes it; migration guide, custom
fields.
]]

local given = require "given"
local json = require "json"
local money = require "money"
local client = require "connectors.pipedrive.client"

local PATH, LIMIT = "/v2/organizationFields", 500
local KEEP = 600 -- seconds

local KINDS = {
  double = money.number,
  monetary = function(value, currency)
    local amount = money.number(value)
    return amount and { value = amount, currency = currency or "EUR" }
  end,
  date = function(value)
    local text = given.text(value)
    return text and text:find("^%d%d%d%d%-%d%d%-%d%d$") and text
  end,
  enum = function(value) return math.tointeger(tonumber(tostring(value))) end,
}
for _, kind in ipairs { "varchar", "varchar_auto", "text", "phone" } do KINDS[kind] = given.text end

local function read(connection, anew)
  local kinds = {}
  for _, field in ipairs(client.pages(connection, PATH, { limit = LIMIT }, KEEP, anew)) do
    local code = given.text(field.field_code)
    if code then kinds[code] = given.text(field.field_type) or "" end
  end
  return kinds
end

local function kinds_of(connection, values)
  local kinds = read(connection)
  for name in pairs(values) do
    if not kinds[name] then return read(connection, true) end
  end
  return kinds
end

return function(connection, values, currency)
  local kinds, body, problems = kinds_of(connection, values), {}, {}
  for name, value in pairs(values) do
    local kind = kinds[name]
    local as = kind and KINDS[kind]
    local empty = given(value) == nil
    if not kind then
      problems[#problems + 1] = ("organizations in Pipedrive have no field with the key %s"):format(name)
    elseif empty or type(value) == "table" or not as then
      body[name] = empty and json.null or value
    else
      body[name] = as(value, currency) or nil
      if body[name] == nil then
        problems[#problems + 1] = ('Pipedrive\'s field %s (%s) cannot hold "%s"'):format(name, kind,
          tostring(value))
      end
    end
  end
  table.sort(problems)
  if #problems > 0 then return nil, table.concat(problems, "; ") end
  return body
end
