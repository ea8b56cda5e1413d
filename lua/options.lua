--[[
Settings that a company writes, checked strictly: a misspelled one must not be taken for one that
was left out.

  options.check(given, known, what)
      given  the company's table
      known  { name = { type = "string", required = true, one_of = {...} } }
      what   how messages call it: 'connection "slack"'; nil if whoever calls adds that

  options.is_list(value)   -> true for a table without names and without holes
  options.names(t)         -> its names, sorted

Raises a text without a place; whoever calls knows the line. Types: string, number, integer,
boolean, table, function; list (a table without names), texts (a list of texts), text (not empty),
path (of fields: "data.kind"), iban, every (a time with its unit), percent, data (what JSON can hold);
address (a text, env or secret; an address of the web unless it is `free`, declare.lua), credential
(secret or env; a text too, which boot warns of),
secret_or_false (or a list: each is good, while one replaces another); several with "|" between
them. A number may have above = 0 (more than that) or min = 1, and max; a text like = { "^%u%u%u$",
'like "EUR"' }: a pattern, and its words.
]]

local handle = require "handle"
local ids = require "ids"
local money = require "money"
local suggest = require "suggest"

local options = {}

local function is_handle(value)
  return handle.kind(value) ~= nil
end

function options.is_list(value)
  if type(value) ~= "table" or is_handle(value) then return false end
  local n = 0
  for _ in pairs(value) do n = n + 1 end
  return n == #value
end

local is_list = options.is_list

local function is_text(value)
  return type(value) == "string" and value:find("%S") ~= nil
end

local IS = {
  data = function(value) return type(value) ~= "function" and not is_handle(value) end,
  text = is_text, list = is_list,
  texts = function(value)
    if not is_list(value) then return false end
    for _, each in ipairs(value) do
      if not is_text(each) then return false end
    end
    return true
  end,
  path = function(value) return is_text(value) and not ("." .. value .. "."):find("..", 1, true) end,
  iban = function(value) return type(value) == "string" and ids.iban(value) ~= nil end,
  every = function(value) return is_text(value) and not value:find("^%s*%d+%s*$") end,
  percent = function(value) return money.number(value) ~= nil end,
  integer = function(value) return math.type(value) == "integer" end,
  table = function(value) return type(value) == "table" and not is_handle(value) end,
  address = function(value) return type(value) == "string" or is_handle(value) end,
  credential = function(value) return type(value) == "string" or is_handle(value) end,
  secret_or_false = function(value)
    if type(value) ~= "table" or is_handle(value) then
      return value == false or type(value) == "string" or is_handle(value)
    end
    for _, each in pairs(value) do
      if type(each) ~= "string" and not is_handle(each) then return false end
    end
    return is_list(value) and #value > 0 and #value <= 4
  end,
}
for _, name in ipairs { "string", "number", "boolean", "function" } do
  IS[name] = function(value) return type(value) == name end
end

local SHORT_LIST = 16 -- names

local WORDS = {
  text = "a text", list = 'a list, { "one", "two" },', texts = 'a list of texts, { "one", "two" },',
  path = 'a field like "id" or "data.id"', every = 'a time with its unit, "15m" or "24h",',
  iban = "an account number (IBAN) whose check digits fit",
  percent = 'a number of percent, 25.5 or "25.5",', data = "a value",
  string = "a text", number = "a number", integer = "a whole number", boolean = "true or false",
  table = "a table", ["function"] = "a function", address = 'a text, env "NAME" or secret "name"',
  credential = 'secret "name"', secret_or_false = 'secret "name", a list of up to 4 of them, or false',
}

local function is_one_of(value, types)
  for name in types:gmatch("[^|]+") do
    if IS[name](value) then return true end
  end
  return false
end

local function words_of(types)
  local list = {}
  for name in types:gmatch("[^|]+") do list[#list + 1] = WORDS[name] or name end
  return table.concat(list, " or ")
end

function options.names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

-- What a number has to be, if it is not; 0/0 is nothing of it.
local function wrong_number(value, entry)
  local none = value ~= value
  if entry.above and (none or value <= entry.above) then return "more than " .. entry.above end
  if entry.min and (none or value < entry.min) then return entry.min .. " or more" end
  if entry.max and (none or value > entry.max) then return "at most " .. entry.max end
  return nil
end

local function check_value(name, value, entry, what)
  if not is_one_of(value, entry.type) then
    error(("%s%s is %s; %s is wanted"):format(what, name,
      type(value) == "string" and ("%q"):format(value)
        or is_handle(value) and tostring(value) or "a " .. type(value), words_of(entry.type)), 0)
  end
  local wrong = type(value) == "number" and wrong_number(value, entry)
  if wrong then error(("%s%s is %s; it is %s"):format(what, name, tostring(value), wrong), 0) end
  if entry.like and type(value) == "string" and not value:find(entry.like[1]) then
    error(("%s%s is %q; a text %s is wanted"):format(what, name, value, entry.like[2]), 0)
  end
  if entry.one_of and type(value) == "string" then
    for _, known in ipairs(entry.one_of) do
      if known == value then return end
    end
    error(('%s%s is "%s"%s; it is one of %s'):format(what, name, value,
      suggest(value, entry.one_of), table.concat(entry.one_of, ", ")), 0)
  end
end

-- How a setting of each type is written in company.lua.
local WRITTEN = { credential = 'secret "..."', secret = 'secret "..."',
  secret_or_false = 'secret "..."', address = 'env "..._URL"', string = '"..."', integer = "...",
  table = "{ ... }", boolean = "true", ["function"] = "function(...) ... end" }

local function written(name, entry)
  local how = WRITTEN[entry.type]
  return how and ("%s = %s"):format(name, how) or name
end

-- The nearest name; where none is near, all of a short list.
local function known_names(name, known)
  local near, names = suggest(name, known), options.names(known)
  if near ~= "" or #names > SHORT_LIST then return near end
  return "; there are " .. table.concat(names, ", ")
end

function options.check(given, known, what)
  what = what and what .. ": " or ""
  if type(given) ~= "table" or is_handle(given) then
    error(what .. "settings are a table: { name = value }", 0)
  end
  for _, name in ipairs(options.names(given)) do
    local entry = known[name]
    if not entry and type(name) ~= "string" then
      error(('%sa value without a name: settings are { name = value }'):format(what), 0)
    end
    if not entry then
      error(('%sthere is no setting "%s"%s'):format(what, tostring(name), known_names(name, known)), 0)
    end
    check_value(name, given[name], entry, what)
  end
  local missing = {}
  for _, name in ipairs(options.names(known)) do
    if known[name].required and given[name] == nil then
      local how = written(name, known[name])
      missing[#missing + 1] = how .. (known[name].help and " (" .. known[name].help .. ")" or "")
    end
  end
  if #missing == 0 then return end
  error(("%s%s missing: %s"):format(what, #missing == 1 and "a setting is" or "settings are",
    table.concat(missing, ", ")), 0)
end

return options
