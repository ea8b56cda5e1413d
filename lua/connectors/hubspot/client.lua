-- HubSpot's CRM API v3: what all of its answers have in common.

local decimal = require "decimal"
local given = require "given"
local http = require "http"
local json = require "json"
local money = require "money"

local client = {}

local PAGE = 100

function client.explain(_, body)
  return type(body) == "table" and given.text(body.message) or nil
end

function client.get(connection, path, query)
  return http.get(connection.name, path, { query = query, explain = client.explain }).body
end

-- A record, or nil if it is not there.
function client.find(connection, path, query)
  local answer = http.get(connection.name, path, { query = query, explain = client.explain,
    accept = { 404 } })
  return answer.status < 300 and answer.body or nil
end

-- Every page of a list.
function client.list(connection, path, properties)
  local all, after = {}, nil
  repeat
    local body = client.get(connection, path, { limit = PAGE, properties = properties, after = after })
    for _, record in ipairs(given(body.results) or {}) do all[#all + 1] = record end
    local paging = given(body.paging)
    local following = type(paging) == "table" and given(paging.next)
    after = type(following) == "table" and given.text(following.after) or nil
  until not after
  return all
end

-- Records of which a property is one of these texts. The search knows what is some seconds old, and IN
-- may want small letters.
function client.search(connection, path, property, texts, properties)
  local forms = { table.unpack(texts) }
  for _, text in ipairs(texts) do
    if text:lower() ~= text then forms[#forms + 1] = text:lower() end
  end
  return given(http.search(connection.name, path .. "/search", { explain = client.explain, json = {
    filterGroups = { { filters = { { propertyName = property, operator = "IN",
      values = json.array(forms) } } } }, properties = json.array(properties), limit = PAGE },
  }).body.results) or {}
end

-- Names of properties, the company's own among them, as the API wants them.
function client.names(list, own, more)
  local all = { table.unpack(list) }
  for _, name in pairs(own or {}) do all[#all + 1] = name end
  all[#all + 1] = more
  table.sort(all)
  return table.concat(all, ",")
end

function client.properties(record)
  local properties = given(record.properties)
  return type(properties) == "table" and properties or {}
end

-- A value as HubSpot has it: all properties are texts, an empty one is none.
function client.text(value)
  if given(value) == nil then return "" end
  if type(value) == "userdata" then return money.plain(value) end
  return tostring(value)
end

-- The same text, or the same number: "100.40" is 100.4.
function client.same(there, value)
  local a, b = client.text(there), client.text(value)
  if a == b then return true end
  local number = "^%-?%d+%.?%d*$"
  return a:find(number) ~= nil and b:find(number) ~= nil
    and money.number(client.exact(a)) == money.number(client.exact(b))
end

-- True if these properties stand there.
function client.holds(there, properties)
  for name, value in pairs(properties) do
    if not client.same(there[name], value) then return false end
  end
  return true
end

-- Those properties of a record that these are, as they stand there.
function client.read(connection, path, properties)
  local wanted = {}
  for name in pairs(properties) do wanted[#wanted + 1] = name end
  return client.properties(client.get(connection, path, { properties = client.names(wanted) }))
end

-- Changes properties of a record.
function client.patch(connection, path, properties, what, basis)
  return http.write(connection.name, "PATCH", path, { json = { properties = properties },
    explain = client.explain, what = what, basis = basis, find = function()
      local there = client.read(connection, path, properties)
      return client.holds(there, properties) and there or nil
    end }).body
end

-- HubSpot writes all numbers as texts of machines, in which a dot begins the decimals.
function client.exact(value)
  local text = given.text(value)
  if text and text:find("^%-?%d+%.%d+$") then return decimal(text .. "0") end
  return value
end

-- Who owns a record, by the id that stands there.
function client.owner(connection, id)
  id = given.text(id)
  local record = id and client.find(connection, "/crm/v3/owners/" .. id)
  if not record then return nil end
  local parts = {}
  for _, name in ipairs { "firstName", "lastName" } do parts[#parts + 1] = given.text(record[name]) end
  return { name = #parts > 0 and table.concat(parts, " ") or nil, email = given.text(record.email) }
end

return client
