--[[
Lists that come a page at a time. Each page is a http.get, and so a step of its own: recorded, and
answered from the record when the run is replayed.

  paging.each(get, connection, path, options)   -> iterator of item, page number (from 1)

options are those of http.get, and

  paging = {
    by    "page"      a number, in the query as `param` ("page"), from `first` (0)
          "previous"  the id of the last item, as `param` ("previousId"); `id` ("id") is its field
          "cursor"    what the answer says at `next` ("meta.next_cursor"), as `param` ("cursor")
          "link"      the header Link with rel="next" (RFC 8288); or, with `next` ("links.next"), the
                      address that the answer has there
    items where the list stands in the answer: "results", "data.items"; nil: the answer is the list
    size  how many a full page has: a shorter one is the last ("page" and "previous"; without it the
          last one is an empty one)
    most  pages at most (1000): more is an error, since a list that never ends is one
  }

A page that is the one before it once more is an error as well: the other side does not look at what
it is asked, and a rule would go through the same items for ever.
]]

local json = require "json"
local suggest = require "suggest"
local url = require "url"

local paging = {}

local MOST = 1000
local PARAMS = { page = "page", previous = "previousId", cursor = "cursor", link = "" }

local function is_text(value) return type(value) == "string" and value ~= "" end
local function is_count(value) return math.type(value) == "integer" and value > 0 end

-- What may be said, and what it is.
local KNOWN = {
  by = { is_text, "a text" }, param = { is_text, "a text" }, id = { is_text, "a text" },
  next = { is_text, "a text" }, items = { is_text, "a text" },
  first = { function(value) return math.type(value) == "integer" end, "a whole number" },
  size = { is_count, "a whole number above 0" }, most = { is_count, "a whole number above 0" },
}

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

-- The path of a request for what a link names. asked is what was asked when the link came. Where the
-- connection's address ends is not known here, and need not be: a link to the same list under another
-- beginning ("/api/v2/deals?page=2" of "/deals") has that address before it.
local function link_path(target, asked)
  target = target:match("^[^#]*")
  local here, path = asked:match("^[^?]*"), target:match("^[^?]*")
  if path:find("^%a[%w+.-]*:") then return target end
  if path:find("^//") then error(("paging: the next page is at another host: %s"):format(target), 0) end
  local query = target:sub(#path + 1)
  if path == "" then return here .. query end
  if path:sub(1, 1) ~= "/" then return here:match("^.*/") .. target end
  local below = here:match("^%a[%w+.-]*://[^/]*(.*)$")
  if below then return here:sub(1, #here - #below) .. target end
  if #here > 1 and #path > #here and path:sub(-#here) == here then return here .. query end
  return target
end

local function check(how)
  if type(how) ~= "table" or not PARAMS[how.by] then
    error('paging = { by = "page", "previous", "cursor" or "link", items = "results" }', 3)
  end
  for name, value in pairs(how) do
    local known = KNOWN[name]
    if not known then
      error(('paging has no "%s"%s'):format(tostring(name), suggest(name, KNOWN)), 3)
    end
    if not known[1](value) then error(("paging: %s is %s"):format(name, known[2]), 3) end
  end
end

-- An id or a cursor, which goes into a query.
local function scalar(value, where)
  if value == nil or (type(value) ~= "boolean" and url.text(value)) then return value end
  error(('paging: what stands at "%s" is a %s, and nothing to go on from')
    :format(where, type(value)), 0)
end

-- What asks for the page after this one: a value for the query, or a path; nil after the last.
local function after(how, answer, items, number, asked)
  if how.by == "link" then
    local link
    if how.next then link = at(answer.body, how.next) else link = next_link(answer.headers.link) end
    if not link or link == "" then return nil end
    if type(link) ~= "string" then scalar({}, how.next) end
    return link_path(link, asked)
  end
  if how.by == "cursor" then
    local where = how.next or "meta.next_cursor"
    local cursor = at(answer.body, where)
    return cursor ~= "" and cursor ~= false and scalar(cursor, where) or nil
  end
  if #items == 0 or how.size and #items < how.size then return nil end
  if how.by == "page" then return (how.first or 0) + number end
  local id = scalar(at(items[#items], how.id or "id"), how.id or "id")
  if id == nil then
    error(('paging: the last item has no "%s" to go on from'):format(how.id or "id"), 0)
  end
  return id
end

-- What tells a page from another: how many records it has, the first and the last one. nil for a page
-- of plain values, which may well be as the one before. Taken before the rule has the items.
local function mark_of(items)
  local first, last = items[1], items[#items]
  if type(first) ~= "table" or type(last) ~= "table" then return nil end
  return ("%d %s %s"):format(#items, json.encode(first), json.encode(last))
end

function paging.each(get, connection, path, options)
  local how, seen = options.paging, {}
  check(how)
  local param, most = how.param or PARAMS[how.by], how.most or MOST
  local asked, number, items, i, going, mark = nil, 0, {}, 0, true, nil
  if how.by == "page" then asked = how.first or 0 end

  local function read()
    number = number + 1
    if number > most then
      error(("paging: %s has more than %d pages (paging.most)"):format(path, most), 0)
    end
    local own, target, before = {}, path, mark
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
    if not json.is_array(items) then
      error(("paging: the answer of %s has no list%s"):format(path,
        how.items and (" at " .. how.items) or ""), 0)
    end
    mark = mark_of(items)
    if mark and mark == before then
      error(("paging: page %d of %s is page %d once more"):format(number, path, number - 1), 0)
    end
    asked = after(how, answer, items, number, target)
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
