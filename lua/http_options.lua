--[[
The options of a request, judged before anything is asked. What is not understood is an error at the
line that wrote it: an option that counts for nothing would change what is asked without a word.

  http_options.READ, WRITE, SEARCH        what each kind of request knows: name -> type
  http_options.NONE                       no options
  http_options.check(options, known, level)    -> options
  http_options.path_problem(path)         -> nil, or what is wrong with it
  http_options.headers(headers, connection, level)   -> name in small letters -> text, with those of
                                             the connection
  http_options.accept(list, level)        -> the statuses, nil for none
  http_options.looks(list, level)         -> in milliseconds, nil for nil
  http_options.milliseconds(seconds)      -> a whole number; nil for nil

What is wrong is raised at the level that is given.
]]

local json = require "json"
local connections = require "connections"
local given_options = require "options"
local suggest = require "suggest"
local way = require "way"

local http_options = { NONE = {} }

local type, error, find, byte = type, error, string.find, string.byte

local LOOKS_MAX = 8
local DAY, MONTH, YEAR = 86400, 2592000, 31536000

local READ = { query = "table", headers = "table", accept = "table", timeout = "number",
  nulls = "boolean", explain = "function", check = "function", deadline = "number" }
local WRITE = { json = "any", form = "table", body = "any", parts = "table", find = "function",
  settle = "number", attempts = "number", lost = "string", looks = "table", what = "string",
  look_first = "boolean", looked = "number", basis = "string" }
local SEARCH = { json = "any", form = "table" }
for name, kind in pairs(READ) do WRITE[name], SEARCH[name] = kind, kind end
READ.keep, READ.lost, READ.file, READ.anew = "number", "string", "any", "boolean"
SEARCH.lost = "string"
http_options.READ, http_options.WRITE, http_options.SEARCH = READ, WRITE, SEARCH

local function seconds_up_to(most, above_zero)
  local range = above_zero and "above 0, at most" or "from 0 to"
  local words = ("a number of seconds %s %d"):format(range, most)
  return function(value)
    -- Written so that what is not a number (0/0) is refused.
    return not (value >= 0 and value <= most and not (above_zero and value == 0)) and words or nil
  end
end

local function without_nul(value)
  return value:find("\0", 1, true) and "a text without NULs" or nil
end

-- What the type of an option does not say: nil, or what it is.
local JUDGE = {
  timeout = seconds_up_to(3600, true),
  deadline = seconds_up_to(MONTH, true),
  settle = seconds_up_to(DAY),
  keep = seconds_up_to(YEAR),
  what = without_nul, basis = without_nul,
  attempts = function(value)
    local whole = math.tointeger(value)
    return not (whole and whole >= 1 and whole <= 100) and "a whole number from 1 to 100" or nil
  end,
  lost = function(value) return value ~= "drop" and '"drop", or left out' or nil end,
  file = function(value)
    return value ~= true and value ~= false and not (type(value) == "string"
      and value:find("^[^%s/;]+/[^%s/;]+$")) and 'true, or a media type such as "application/pdf"' or nil
  end,
}

function http_options.check(options, known, level)
  if options == nil then return http_options.NONE end
  if type(options) ~= "table" then error("the options of a request are a table", level + 1) end
  for name, value in pairs(options) do
    local kind = known[name]
    if not kind then
      local near = suggest(name, known)
      error(('a request has no option "%s"%s'):format(tostring(name),
        near ~= "" and near or "; it has " .. table.concat(given_options.names(known), ", ")), level + 1)
    end
    if kind ~= "any" and type(value) ~= kind then
      error(('option "%s" of a request is a %s, not a %s'):format(name, kind, type(value)),
        level + 1)
    end
    local judge = JUDGE[name]
    local wanted = judge and judge(value)
    if wanted then error(("%s is %s"):format(name, wanted), level + 1) end
  end
  return options
end

-- "." and ".." as a part of a path, however they are spelt, lead elsewhere: a customer's number that
-- is ".." would make one request into another. What is behind a "#" is sent nowhere.
function http_options.path_problem(path)
  -- Most have none of these, and plain texts are found quickly.
  if not find(path, "/.", 1, true) and not find(path, "%2", 1, true) and not find(path, "#", 1, true)
    and byte(path) ~= 46 then
    return nil
  end
  if path:find("#", 1, true) then return 'a path ends at a "#": as a part of it it is %23' end
  local parts = path:match("^[^?]*"):gsub("%%2[eE]", ".") .. "/"
  if parts:find("/%.%.?/") or parts:find("^%.%.?/") then
    return 'a path has no "." or ".." as one of its parts'
  end
  return nil
end

function http_options.headers(headers, connection, level)
  local out, own = { accept = "application/json" }, connections.get(connection).common.headers
  if own then
    for name, value in pairs(own) do out[name:lower()] = value end
  end
  if headers then
    local problem = way.headers_problem(headers)
    if problem then error(problem, level + 1) end
    for name, value in pairs(headers) do out[name:lower()] = way.header_text(value) end
  end
  return out
end

function http_options.accept(list, level)
  local out = json.array {}
  if not given_options.is_list(list) then
    error("accept is a list of statuses: { 404 }", level + 1)
  end
  for i, status in ipairs(list) do
    out[i] = math.type(status) and math.tointeger(status)
    if not out[i] or out[i] < 200 or out[i] > 599 then
      error(('accept is a list of statuses, and the %s "%s" is none'):format(type(status),
        tostring(status)), level + 1)
    end
  end
  return #out > 0 and out or nil
end

function http_options.milliseconds(seconds)
  return seconds and math.tointeger(math.ceil(seconds * 1000)) or nil
end

function http_options.looks(looks, level)
  if not looks then return nil end
  local list, before = json.array {}, 0
  local fine = given_options.is_list(looks) and #looks <= LOOKS_MAX
  for i, seconds in ipairs(fine and looks or {}) do
    fine = fine and type(seconds) == "number" and seconds >= before and seconds <= MONTH
    if fine then list[i], before = http_options.milliseconds(seconds), seconds end
  end
  if not fine then
    error(("looks are at most %d times in seconds, in rising order"):format(LOOKS_MAX), level + 1)
  end
  return list
end

return http_options
