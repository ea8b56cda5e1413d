-- Comparing what a test expects with what there is, and saying the difference so that nobody has to
-- search for it. Numbers compare by value, whatever they are made of; null is the same as nothing.

local json = require "json"
local decimal = require "decimal"

local diff = {}

local SHOWN = 240      -- bytes of a value in a message
local DIFFERENCES = 8  -- lines of differences in a message
local DEPTH = 40

local function is_null(value)
  return value == nil or rawequal(value, json.null)
end

-- A decimal for every number, also for a float that a test wrote as 149.5.
local function number(value)
  if math.type(value) or (type(value) == "userdata" and not rawequal(value, json.null)) then
    local ok, result = pcall(decimal, value)
    return ok and result or nil
  end
  return nil
end

diff.number = number

local function is_list(value)
  return json.is_array(value) or #value > 0
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and type(a) ~= "boolean" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local show

local function show_table(value, depth)
  local parts, list = {}, is_list(value)
  if list then
    for i = 1, #value do parts[i] = show(value[i], depth) end
  else
    for _, key in ipairs(sorted_keys(value)) do
      if type(value[key]) ~= "function" then
        local name = tostring(key)
        if not name:find("^[%a_][%w_]*$") then name = ("[%q]"):format(name) end
        parts[#parts + 1] = name .. " = " .. show(value[key], depth)
      end
    end
  end
  if #parts == 0 then return "{}" end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- A value as it could stand in a test file.
function show(value, depth)
  depth = depth or 0
  if is_null(value) then return "nil" end
  local kind = type(value)
  if kind == "string" then return '"' .. value:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"' end
  if kind == "table" then
    if depth >= 6 then return "{ ... }" end
    return show_table(value, depth + 1)
  end
  if kind == "function" then return "a function" end
  return tostring(value)
end

-- The same, cut where it is too long for a line (at the end of a character).
function diff.show(value)
  local text = show(value)
  if #text <= SHOWN then return text end
  local last = SHOWN
  while last > 0 and (text:byte(last + 1) or 0) & 0xC0 == 0x80 do last = last - 1 end
  return text:sub(1, last) .. " ..."
end

-- A list with its length before it.
function diff.list(value)
  return ("%d item%s: %s"):format(#value, #value == 1 and "" or "s", diff.show(value))
end

local function join(path, key)
  if type(key) == "number" then return ("%s[%d]"):format(path, key) end
  if not key:find("^[%a_][%w_]*$") then return ("%s[%q]"):format(path, key) end
  return path == "" and key or path .. "." .. key
end

local compare

local function compare_lists(expected, got, path, subset, out, depth)
  if #expected ~= #got then
    out[#out + 1] = { path = path, expected = diff.list(expected), got = diff.list(got) }
    return
  end
  for i = 1, #expected do
    compare(expected[i], got[i], join(path, i), subset, out, depth)
  end
end

local function compare_tables(expected, got, path, subset, out, depth)
  if is_list(expected) or (next(expected) == nil and is_list(got)) then
    return compare_lists(expected, got, path, subset, out, depth)
  end
  for _, key in ipairs(sorted_keys(expected)) do
    compare(expected[key], got[key], join(path, key), subset, out, depth)
  end
  if subset then return end
  for _, key in ipairs(sorted_keys(got)) do
    if is_null(expected[key]) and not is_null(got[key]) and type(got[key]) ~= "function" then
      out[#out + 1] = { path = join(path, key), expected = "nil", got = diff.show(got[key]) }
    end
  end
end

local function same_scalar(expected, got)
  if is_null(expected) then return is_null(got) end
  if rawequal(expected, got) then return true end
  local a, b = number(expected), number(got)
  return a ~= nil and b ~= nil and a == b
end

function compare(expected, got, path, subset, out, depth)
  if depth > DEPTH then error("the values to compare are too deep", 0) end
  if type(expected) == "function" then
    if not expected(got) then
      out[#out + 1] = { path = path, expected = "the test's function to accept it",
        got = diff.show(got) }
    end
  elseif type(expected) == "table" and type(got) == "table" then
    compare_tables(expected, got, path, subset, out, depth + 1)
  elseif not same_scalar(expected, got) then
    out[#out + 1] = { path = path, expected = diff.show(expected), got = diff.show(got) }
  end
end

-- The differences, {} if there are none. With subset, `got` may have more fields than expected;
-- lists must be as long as expected either way.
function diff.of(expected, got, subset)
  local out = {}
  compare(expected, got, "", subset, out, 0)
  return out
end

-- Differences as lines for a message.
function diff.text(differences)
  local lines = {}
  for i, one in ipairs(differences) do
    if i > DIFFERENCES then
      lines[#lines + 1] = ("and %d more differences"):format(#differences - DIFFERENCES)
      break
    end
    if one.path ~= "" then lines[#lines + 1] = one.path end
    lines[#lines + 1] = "  expected: " .. one.expected
    lines[#lines + 1] = "  got:      " .. one.got
  end
  return table.concat(lines, "\n")
end

return diff
