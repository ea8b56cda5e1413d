-- Checks what a client sent against a description, as a server does that was generated from one:
-- all errors of a body at once, each with its dotted path, and a cleaned copy of what was good.
--
-- A description is a list of fields {name, kind, ...}:
--   kind "text" (max, blank = false refuses ""), "integer", "number" (scale, low, high),
--   "boolean", "date", "time", "enum" (of = set), "object" (of = description),
--   "list" (of = description, or item = field for scalars; min, cut = more items are ignored), "any"
--   required = true, readonly = true (accepted and ignored)
--
-- A context `c` is { settings, errors = {}, } as schema.context makes it.

local decimal = require "decimal"
local json = require "json"
local text = require "text"
local kit = require "sandbox.kit"

local schema = {}

local check = {}

-- More than any amount, price or quantity that makes sense; keeps products of them exact.
local MOST = 1000000000000

-- Deeper than any of the bodies it knows; stops a body made to exhaust the stack.
local DEPTH = 12

function schema.context(settings)
  return { settings = settings, errors = {}, depth = 0 }
end

-- One error of the answer's list. The status is the error's own; the answer's is 400.
function schema.fail(c, field, message, status)
  c.errors[#c.errors + 1] = { status = status or 400, field = field, message = message }
  return nil
end

local fail = schema.fail

local function join(path, name)
  return path == "" and name or path .. "." .. name
end

function check.text(c, field, value, path)
  if type(value) ~= "string" then
    local plain = math.type(value) == "integer" and tostring(value)
    if not plain or c.settings.strict_types then return fail(c, path, "INVALID_TYPE") end
    value = plain
  end
  local length = utf8.len(value)
  if not length then return fail(c, path, "INVALID_CHARACTER") end
  if not text.fits_cp1252(value) then return fail(c, path, "INVALID_CHARACTER") end
  if field.blank == false and value:find("^%s*$") then
    return fail(c, path, ("Value of the '%s' cannot be blank."):format(path))
  end
  if field.max and length > field.max then return fail(c, path, "INVALID_LENGTH") end
  if field.email and value ~= "" and not value:find("^[^%s@]+@[^%s@]+%.[^%s@.]+$") then
    return fail(c, path, "INVALID_EMAIL")
  end
  return value
end

-- "25.5" where a number belongs: refused when types are strict, else read as Procountor seems to.
local function as_number(c, value, path)
  local number = kit.number(value)
  if not number and type(value) == "string" and not c.settings.strict_types then
    -- As JSON has it: a text for people could mean thousands by its dot.
    local ok, decoded = pcall(json.decode, value)
    number = ok and kit.number(decoded) or nil
  end
  return number or fail(c, path, "INVALID_TYPE")
end

function check.number(c, field, value, path)
  local number = as_number(c, value, path)
  if not number then return nil end
  if number < (field.low or -MOST) or number > (field.high or MOST) then
    return fail(c, path, field.code or "INVALID_VALUE")
  end
  local rounded = number:round(field.scale or 10)
  if rounded ~= number and c.settings.strict then
    return fail(c, path, "INVALID_SCALE")
  end
  return rounded
end

function check.integer(c, field, value, path)
  if math.type(value) == "integer" then return value end
  local number = as_number(c, value, path)
  if not number then return nil end
  if number < -MOST or number > MOST then return fail(c, path, "INVALID_VALUE") end
  local whole = math.tointeger(tonumber(number:text(0)))
  if not whole or decimal(whole) ~= number then return fail(c, path, "INVALID_TYPE") end
  if (field.low and whole < field.low) or (field.high and whole > field.high) then
    return fail(c, path, "INVALID_VALUE")
  end
  return whole
end

function check.boolean(c, _, value, path)
  if type(value) == "boolean" then return value end
  if not c.settings.strict_types then
    if value == "true" then return true end
    if value == "false" then return false end
  end
  return fail(c, path, "INVALID_TYPE")
end

function check.date(c, _, value, path)
  if kit.day_number(value) then return value end
  return fail(c, path, "INVALID_DATE")
end

function check.time(c, _, value, path)
  local date, hour, minute, second
  if type(value) == "string" then
    date, hour, minute, second = value:match("^(%d%d%d%d%-%d%d%-%d%d)T(%d%d):(%d%d):(%d%d)$")
  end
  if not kit.day_number(date) or tonumber(hour) > 23 or tonumber(minute) > 59
      or tonumber(second) > 59 then
    return fail(c, path, "INVALID_DATE_TIME")
  end
  return value
end

function check.enum(c, field, value, path)
  if value == "" then
    return fail(c, path, ("Value of the '%s' cannot be blank."):format(path))
  end
  if type(value) ~= "string" or not field.of[value] then
    return fail(c, path, field.code or "INVALID_VALUE")
  end
  return value
end

function check.object(c, field, value, path)
  if not kit.is_object(value) then return fail(c, path, "INVALID_TYPE") end
  return schema.take(c, field.of, value, path)
end

function check.list(c, field, value, path)
  if kit.is_object(value) and next(value) ~= nil or type(value) ~= "table" then
    return fail(c, path, "INVALID_TYPE")
  end
  local count = #value
  if field.cut and count > field.cut then count = field.cut end
  if field.min and count < field.min then return fail(c, path, "NOT_EMPTY") end
  if field.max_items and count > field.max_items then return fail(c, path, "INVALID_LENGTH") end
  local result = {}
  for i = 1, count do
    local where = ("%s[%d]"):format(path, i - 1)
    if kit.is_null(value[i]) then
      fail(c, where, "NOT_NULL")
    elseif field.item then
      result[#result + 1] = check[field.item[2]](c, field.item, value[i], where)
    else
      result[#result + 1] = check.object(c, field, value[i], where)
    end
  end
  return kit.array(result)
end

function check.any(_, _, value)
  return kit.copy(value)
end

local function refuse_unknown(c, fields, value, path)
  local known = {}
  for _, field in ipairs(fields) do known[field[1]] = true end
  for name in pairs(value) do
    if not known[name] then fail(c, join(path, tostring(name)), "UNKNOWN_FIELD") end
  end
end

-- The known fields of `value`, checked; fields that are wrong are missing and in c.errors.
-- null counts as not given. Unknown fields are dropped, or errors when settings say so.
function schema.take(c, fields, value, path)
  path = path or ""
  local result = {}
  if c.depth >= DEPTH then
    fail(c, path, "INVALID_VALUE")
    return result
  end
  c.depth = c.depth + 1
  if c.settings.refuse_extra_fields then refuse_unknown(c, fields, value, path) end
  for _, field in ipairs(fields) do
    local name, kind = field[1], field[2]
    local given, where = value[name], join(path, name)
    if kit.is_null(given) then
      if field.required then fail(c, where, "NOT_NULL") end
    elseif not field.readonly then
      result[name] = check[kind](c, field, given, where)
    end
  end
  c.depth = c.depth - 1
  return result
end

-- The same for a partial change: only what was sent is in the result, required or not.
function schema.take_partial(c, fields, value, path)
  local sent = {}
  for _, field in ipairs(fields) do
    if not kit.is_null(value[field[1]]) then sent[#sent + 1] = field end
  end
  if c.settings.refuse_extra_fields then refuse_unknown(c, fields, value, path or "") end
  local quiet = { settings = c.settings, errors = c.errors, depth = c.depth }
  quiet.settings = kit.copy(c.settings)
  quiet.settings.refuse_extra_fields = false
  return schema.take(quiet, sent, value, path)
end

return schema
