-- What every sandbox server needs: JSON values told apart, answers, query texts, dates, a ledger.
-- A sandbox runs alone in its own Lua state, so all it knows lives in tables of that state.

local json = require "json"
local decimal = require "decimal"

local kit = {}

kit.null = json.null

-- The most requests that a ledger keeps, and the most bytes of bodies: a sandbox may run for
-- days in a state of limited memory. Older ones are dropped, their number is not.
local LEDGER_ROOM = 4000
local LEDGER_BYTES = 12 * 1024 * 1024
-- Bodies in the ledger are for reading; a longer one is cut and says so.
local BODY_ROOM = 32 * 1024

function kit.is_null(value)
  return value == nil or rawequal(value, json.null)
end

-- A JSON array: what came in as one, or any sequence. An empty table of our own counts as neither
-- before kit.array marked it.
function kit.is_array(value)
  return type(value) == "table" and (json.is_array(value) or #value > 0)
end

-- Marks a table so that it is written as [] even when it is empty.
function kit.array(list)
  return json.array(list or {})
end

function kit.is_object(value)
  return type(value) == "table" and not (kit.is_array(value) and next(value) ~= nil)
end

-- A decimal for every JSON number, nil for everything else (texts too).
function kit.number(value)
  if math.type(value) == "integer"
      or (type(value) == "userdata" and not rawequal(value, json.null)) then
    return decimal(value)
  end
  return nil
end

-- A copy that shares nothing with the original; scalars, null and decimals are values anyway.
function kit.copy(value)
  if type(value) ~= "table" then return value end
  local result = {}
  for k, v in pairs(value) do result[k] = kit.copy(v) end
  return kit.is_array(value) and json.array(result) or result
end

-- JSON answer: the two results of handle().
function kit.json(status, value, headers)
  headers = headers or {}
  headers["content-type"] = "application/json;charset=UTF-8"
  return { status = status, headers = headers }, json.encode(value)
end

function kit.text(status, text, headers)
  headers = headers or {}
  headers["content-type"] = "text/plain; charset=utf-8"
  return { status = status, headers = headers }, text
end

function kit.html(text)
  return {
    status = 200,
    headers = {
      ["content-type"] = "text/html; charset=utf-8",
      ["cache-control"] = "no-store",
      ["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'",
    },
  }, text
end

-- The first value of a query parameter, or nil; "" counts as not given.
function kit.query(request, name)
  local values = request.query and request.query[name]
  if type(values) == "string" then values = { values } end
  local value = values and values[1]
  if value == "" then return nil end
  return value
end

-- All values of a list parameter, whether repeated or separated by commas; nil when not given.
function kit.query_list(request, name)
  local values = request.query and request.query[name]
  if type(values) == "string" then values = { values } end
  local list = {}
  for _, value in ipairs(values or {}) do
    for item in value:gmatch("[^,]+") do
      list[#list + 1] = item:match("^%s*(.-)%s*$")
    end
  end
  if #list == 0 then return nil end
  return list
end

-- The options meant for this sandbox. Several that are started together get the same ones, with a
-- part of their own under their kind: { procountor = { settings = ... }, slack = { ... } }.
function kit.options(options, kind)
  options = options or {}
  local own = options[kind]
  if type(own) ~= "table" then return options end
  local merged = {}
  for name, value in pairs(options) do merged[name] = value end
  for name, value in pairs(own) do merged[name] = value end
  return merged
end

-- The end of load(): the options as a table, its settings applied, its fixtures put in.
function kit.begin(sandbox, options, kind, apply)
  options = kit.options(options, kind)
  apply(options.settings)
  if type(options.seed) == "table" then sandbox.seed(options.seed) end
  return options
end

-- Refuses fixtures of a name that is not listed.
function kit.seeds(given, kind, ...)
  local known = kit.set { ... }
  for name in pairs(given) do
    if not known[name] then
      error(("the %s sandbox cannot be seeded with '%s'"):format(kind, tostring(name)), 0)
    end
  end
end

function kit.set(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

function kit.percent_decode(text, plus_is_space)
  if plus_is_space then text = text:gsub("+", " ") end
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Text that can stand in JSON and on a page: bytes that are no UTF-8 become question marks.
function kit.readable(text)
  if utf8.len(text) then return text end
  return (text:gsub("[\x80-\xff]", "?"))
end

-- At most `room` bytes of a text, whole characters.
local function head(text, room)
  if #text <= room then return text end
  while room > 0 and text:byte(room + 1) & 0xC0 == 0x80 do room = room - 1 end
  return text:sub(1, room)
end

-- application/x-www-form-urlencoded as a table; the last of equal names wins.
function kit.form(body)
  local fields = {}
  for pair in (body or ""):gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    fields[kit.readable(kit.percent_decode(name, true))] =
      kit.readable(kit.percent_decode(value, true))
  end
  return fields
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function kit.base64(bytes)
  local out = {}
  for i = 1, #bytes, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for k = 0, 3 do
      local index = bits >> (18 - 6 * k) & 63
      out[#out + 1] = (k == 2 and not b or k == 3 and not c) and "="
        or BASE64:sub(index + 1, index + 1)
    end
  end
  return table.concat(out)
end

-- Header values come as UTF-8, as Latin-1 or percent-encoded; all three are read as UTF-8.
function kit.header_text(value)
  if not value then return nil end
  value = kit.percent_decode(value):match("^%s*(.-)%s*$")
  if not utf8.len(value) then
    value = value:gsub("[\x80-\xff]", function(byte) return utf8.char(byte:byte()) end)
  end
  if value == "" then return nil end
  return value
end

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

-- Days since 1970-01-01 of "YYYY-MM-DD", or nil if there is no such day.
function kit.day_number(date)
  if type(date) ~= "string" then return nil end
  local year, month, day = date:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if not year then return nil end
  year, month, day = math.tointeger(year), math.tointeger(month), math.tointeger(day)
  if month < 1 or month > 12 or day < 1 then return nil end
  local last = MONTH_DAYS[month]
  if month == 2 and leap(year) then last = 29 end
  if day > last then return nil end
  local before = year - 1
  local days = before * 365 + before // 4 - before // 100 + before // 400
  for m = 1, month - 1 do days = days + MONTH_DAYS[m] end
  if month > 2 and leap(year) then days = days + 1 end
  return days + day - 1 - 719162
end

-- A ledger of requests: what was asked, when, and how it was answered.
function kit.ledger()
  return { list = kit.array(), total = 0, bytes = 0 }
end

-- Drops the older half.
local function shorten(ledger)
  local list = ledger.list
  local first = #list // 2 + 1
  for i = 1, first - 1 do ledger.bytes = ledger.bytes - #(list[i].body or "") end
  ledger.list = kit.array(table.move(list, first, #list, 1, {}))
end

-- Headers without what would let the reader of a page or a test log in.
local HIDDEN = kit.set { "authorization", "cookie", "proxy-authorization", "x-api-key" }

function kit.record(ledger, request, body)
  local headers = {}
  for name, value in pairs(request.headers or {}) do
    headers[name] = HIDDEN[name] and "(hidden)" or kit.readable(value)
  end
  local query = {}
  for name, values in pairs(request.query or {}) do
    query[kit.readable(name)] = kit.array()
    for i, value in ipairs(type(values) == "string" and { values } or values) do
      query[kit.readable(name)][i] = kit.readable(value)
    end
  end
  local entry = {
    method = request.method, path = kit.readable(request.path), query = query,
    headers = headers, body = kit.readable(head(body or "", BODY_ROOM)), at = request.now,
    at_ms = request.at_ms,
  }
  if #(body or "") > BODY_ROOM then entry.body_size = #body end
  ledger.total = ledger.total + 1
  entry.number = ledger.total
  local list = ledger.list
  list[#list + 1] = entry
  ledger.bytes = ledger.bytes + #(entry.body or "")
  if #list > LEDGER_ROOM or (ledger.bytes > LEDGER_BYTES and #list > 1) then shorten(ledger) end
  return entry
end

-- handle() of a server with a page: GET / is drawn, all else stands in the ledger and is answered.
function kit.handle(ledger, request, body, draw, answer)
  request.headers, request.query = request.headers or {}, request.query or {}
  if request.method == "GET" and request.path == "/" then return kit.html(draw()) end
  local entry = kit.record(ledger, request, body)
  local meta, raw = answer(request, body)
  entry.status = meta.status
  return meta, raw
end

-- What the buttons of a page do: acts = { name = function(w, form) -> what is said on the page }.
function kit.acting(acts)
  return function(w, name, form)
    local act = acts[name]
    if not act then return kit.text(404, "there is no such act") end
    w.said = act(w, form)
    return kit.text(303, "", { location = "../" })
  end
end

-- What a person does on the page of sandbox w: given = { act, form, now, at_ms } -> { said }.
function kit.act(w, acts, given)
  w.now, w.at_ms = given.now:sub(1, 19), given.at_ms
  local meta = acts(w, given.act, given.form)
  local said = w.said
  w.said = nil
  if meta.status ~= 303 then error(("there is no act '%s'"):format(tostring(given.act)), 0) end
  return { said = said }
end

-- Sliding window of one second: true if this request is one too many.
function kit.too_fast(window, at_ms, per_second)
  if not per_second or per_second <= 0 then return false end
  local kept = {}
  for _, at in ipairs(window) do
    if at_ms - at < 1000 then kept[#kept + 1] = at end
  end
  for i = #kept + 1, #window do window[i] = nil end
  table.move(kept, 1, #kept, 1, window)
  if #window >= per_second then return true end
  window[#window + 1] = at_ms
  return false
end

return kit
