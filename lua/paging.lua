--[[
Lists that come a page at a time. Each page is a http.get, and so a step of its own: recorded, and
answered from the record when the run is replayed.

  paging.each(get, connection, path, options)   -> iterator of item, page number (from 1)

options are those of http.get, and

  paging = {
    by    "page"      a number, in the query as `param` ("page"), from `first` (0)
          "previous"  the id of the last item, as `param` ("previousId"); `id` ("id") is its field
          "cursor"    what the answer says at `next` ("meta.next_cursor"), as `param` ("cursor")
          "link"      the header Link with rel="next" (RFC 8288)
    items where the list stands in the answer: "results", "data.items"; nil: the answer is the list
    size  how many a full page has: a shorter one is the last ("page" and "previous"; without it the
          last one is an empty one)
    most  pages at most (1000): more is an error, since a list that never ends is one
  }
]]

local json = require "json"

local paging = {}

local MOST = 1000
local PARAMS = { page = "page", previous = "previousId", cursor = "cursor", link = "" }
local KNOWN = { by = true, param = true, first = true, id = true, next = true, items = true,
  size = true, most = true }

local function at(value, path)
  for name in (path or ""):gmatch("[^.]+") do
    if type(value) ~= "table" then return nil end
    value = value[name]
  end
  if value == json.null then return nil end
  return value
end

-- The target of rel=next, or nil.
local function next_link(header)
  for target, parameters in (header or ""):gmatch("<([^>]*)>([^<]*)") do
    local rel = parameters:match('[;%s][rR][eE][lL]%s*=%s*"([^"]*)"')
      or parameters:match("[;%s][rR][eE][lL]%s*=%s*([^%s;,]+)")
    for word in (rel or ""):lower():gmatch("%S+") do
      if word == "next" then return target end
    end
  end
  return nil
end

local function check(how)
  if type(how) ~= "table" or not PARAMS[how.by] then
    error('paging = { by = "page", "previous", "cursor" or "link", items = "results" }', 3)
  end
  for name in pairs(how) do
    if not KNOWN[name] then error(('paging has no "%s"'):format(tostring(name)), 3) end
  end
end

-- What asks for the page after this one: a value for the query, or a path; nil after the last.
local function after(how, answer, items, number)
  if how.by == "link" then return next_link(answer.headers.link) end
  if how.by == "cursor" then
    local cursor = at(answer.body, how.next or "meta.next_cursor")
    return cursor ~= "" and cursor ~= false and cursor or nil
  end
  if #items == 0 or how.size and #items < how.size then return nil end
  if how.by == "page" then return (how.first or 0) + number end
  local id = at(items[#items], how.id or "id")
  if id == nil then
    error(('paging: the last item has no "%s" to go on from'):format(how.id or "id"), 0)
  end
  return id
end

function paging.each(get, connection, path, options)
  local how, seen = options.paging, {}
  check(how)
  local param, most = how.param or PARAMS[how.by], how.most or MOST
  local asked, number, items, i, going = nil, 0, {}, 0, true
  if how.by == "page" then asked = how.first or 0 end

  local function read()
    number = number + 1
    if number > most then
      error(("paging: %s has more than %d pages (paging.most)"):format(path, most), 0)
    end
    local own, target = {}, path
    for name, value in pairs(options) do own[name] = value end
    own.paging = nil
    if how.by == "link" then
      if asked then own.query, target = nil, asked end
    elseif asked ~= nil then
      own.query = {}
      for name, value in pairs(options.query or {}) do own.query[name] = value end
      own.query[param] = asked
    end
    local answer = get(connection, target, own)
    items, i = at(answer.body, how.items), 0
    if type(items) ~= "table" then
      error(("paging: the answer of %s has no list%s"):format(path,
        how.items and (" at " .. how.items) or ""), 0)
    end
    asked = after(how, answer, items, number)
    going = asked ~= nil
    local name = tostring(asked)
    if going and seen[name] then
      error(("paging: %s gives the same next page twice (%s)"):format(path, name), 0)
    end
    seen[name] = true
  end

  return function()
    while i >= #items do
      if not going then return nil end
      read()
    end
    i = i + 1
    return items[i], number
  end
end

return paging
