-- Pipedrive's API: what all of its answers have in common. Everything goes by v2 but what v2 does not
-- have: files, notes, users and the history of an organization's fields.

local given = require "given"
local http = require "http"

local client = { PAGE = 100 }

function client.explain(_, body)
  if type(body) ~= "table" then return nil end
  return given.text(body.error), nil, given.text(body.error_info)
end

-- success says whether it was done, beside the status.
function client.is_done(response)
  if type(response.body) == "table" and response.body.success == true then return true end
  return nil, "Pipedrive's answer does not say success"
end

function client.get(connection, path, query, keep, anew)
  return http.get(connection.name, path, { query = query, keep = keep, anew = anew,
    explain = client.explain, check = client.is_done }).body
end

-- A record, or nil if it is not there; absent: the statuses that say so, if it is not 404 alone.
function client.find(connection, path, absent)
  local answer = http.get(connection.name, path, { explain = client.explain, check = client.is_done,
    accept = absent or { 404 } })
  return answer.status < 300 and given(answer.body.data) or nil
end

-- Every page of a list of API v1.
function client.list(connection, path, query)
  local all, start = {}, 0
  repeat
    local page = { start = start, limit = client.PAGE }
    for name, value in pairs(query or {}) do page[name] = value end
    local body = client.get(connection, path, page)
    for _, record in ipairs(given(body.data) or {}) do all[#all + 1] = record end
    local paging = type(body.additional_data) == "table" and given(body.additional_data.pagination)
    start = paging and paging.more_items_in_collection and paging.next_start or nil
  until not start
  return all
end

-- Every page of a list of API v2, which goes on from a cursor. keep: seconds for which an answer counts;
-- anew: those that are kept do not.
function client.pages(connection, path, query, keep, anew)
  local all, cursor = {}, nil
  repeat
    local page = { cursor = cursor }
    for name, value in pairs(query) do page[name] = value end
    local body = client.get(connection, path, page, keep, anew)
    for _, record in ipairs(given(body.data) or {}) do all[#all + 1] = record end
    local more = given(body.additional_data)
    cursor = type(more) == "table" and given.text(more.next_cursor) or nil
  until not cursor
  return all
end

-- Records whose field is exactly that text, as they stand in the search: their ids and little more.
function client.search(connection, path, field, text)
  local found = {}
  local data = given(client.get(connection, path, { term = text, fields = field, exact_match = "true",
    limit = client.PAGE }).data) or {}
  for _, entry in ipairs(given(data.items) or {}) do found[#found + 1] = given(entry.item) end
  return found
end

-- A value with parts ({ value = 5, currency = "EUR" }) is read by its value.
function client.plain(value)
  if type(value) == "table" and given(value.value) ~= nil then return value.value end
  return value
end

-- A body of API v2 that has these fields. A company's own are named by 40 hex digits; it wants them
-- apart.
function client.body(fields)
  local body, own = {}, {}
  for name, value in pairs(fields) do
    if #name == 40 and not name:find("%X") then own[name] = value else body[name] = value end
  end
  if next(own) then
    for name, value in pairs(given(body.custom_fields) or {}) do own[name] = value end
    body.custom_fields = own
  end
  return body
end

-- Writes, and gives the record as it stands there afterwards.
function client.write(connection, method, path, options)
  options.explain, options.check = client.explain, client.is_done
  local body = http.write(connection.name, method, path, options).body
  return type(body) == "table" and given(body.data) or body
end

-- A user, given as an id, or as an object that may have all of it.
function client.user(connection, owner)
  if type(owner) == "table" and given.text(owner.email) then
    return { name = given.text(owner.name), email = given.text(owner.email) }
  end
  local id = type(owner) == "table" and (given(owner.value) or given(owner.id)) or given(owner)
  local record = id and client.find(connection, "/v1/users/" .. tostring(id))
  return record and { name = given.text(record.name), email = given.text(record.email) } or nil
end

return client
