--[[
HTTP for rules and connectors. Each request is a step: recorded, and answered from the record when
the run is replayed. The host adds address, credentials and limits of the connection.

  http.get(connection, path, options)            reads
  http.write(connection, method, path, options)  writes; http.post, put, patch and delete are
                                                 http.write with their method
  http.try(fn, ...)       -> what fn returns, or nil and the error table, when the outside refused;
                             other errors go on upwards

connection is a name or a connection object. path is below the connection's address, or a whole
address of the same origin. Options (an unknown one is an error):

  query    { name = value }    added to the path; a list repeats the parameter
  headers  { name = value }
  json, form or body           what is sent (writes only)
  accept   { 404, ... }        statuses from 300 up that are answers here, not errors
  timeout  seconds
  nulls    true                keep json.null in the answer's objects
  explain  function(status, body) -> message, field, hint: reads the system's own error bodies
  check    function(response) -> true, or nil and a problem: does this 2xx prove that it was done?
  find     function() -> record [, count]: looks for the effect of this write by its natural key
  settle   seconds that a lost request may still be under way (else the connection's)
  attempts how often it is sent in all when looking shows that it did not arrive (3)
  lost     "drop": this write does not matter enough to park the run. When its outcome stays
           unknown, answer.unknown is true; when the system cannot be reached, an error is raised

The answer: { status, headers (lower case), body, adopted = true if found instead of answered }.
body is decoded if it is JSON, else the text as it came.

A status of 300 and more raises an error table (http_error.lua): redirects are not followed, since
they could lead credentials and writes away. A write whose outcome nobody knows
(timeout, 5xx, half an answer) waits until it cannot be under way any longer, then asks `find`:
found once is as good as answered; found more than once needs a person; not found is sent again. A
write without `find` needs a person at once: nothing is ever sent twice on a guess.
]]

local json = require "json"
local url = require "url"
local suggest = require "suggest"
local http_error = require "http_error"
local connections = require "connections"
local current = require "current"
local ending = require "ending"

local http = {}

local WITHOUT_NULLS = { nulls = false }
local READ_OPTIONS = { query = "table", headers = "table", accept = "table", timeout = "number",
  nulls = "boolean", explain = "function", check = "function" }
local WRITE_OPTIONS = { json = "any", form = "table", body = "string", find = "function",
  settle = "number", attempts = "number", lost = "string" }
for name, kind in pairs(READ_OPTIONS) do WRITE_OPTIONS[name] = kind end

local function check_options(options, known, level)
  if options == nil then return {} end
  if type(options) ~= "table" then error("the options of a request are a table", level + 1) end
  for name, value in pairs(options) do
    local kind = known[name]
    if not kind then
      error(('a request has no option "%s"%s'):format(tostring(name), suggest(name, known)),
        level + 1)
    end
    if kind ~= "any" and type(value) ~= kind then
      error(('option "%s" of a request is a %s, not a %s'):format(name, kind, type(value)),
        level + 1)
    end
  end
  return options
end

-- Method and header names are tokens (RFC 9110); a value that could end its line is refused.
local function header_table(headers, level)
  local out = {}
  for name, value in pairs(headers or {}) do
    if type(name) ~= "string" or not name:find("^[%w!#$%%&'*+%-%.^_`|~]+$") then
      error(("%q is not the name of a header"):format(tostring(name)), level + 1)
    end
    value = tostring(value)
    if value:find("[%z\1-\8\10-\31\127]") then
      error(('header "%s" holds a control character'):format(name), level + 1)
    end
    out[name:lower()] = value
  end
  return out
end

local function spec_of(connection, method, path, options, level)
  local name = connections.name(connection, level + 1)
  if type(method) ~= "string" or not method:find("^%u+$") then
    error('a method is a word in capitals, such as "POST"', level + 1)
  end
  if type(path) ~= "string" or path:find("[%c ]") then
    error("a request needs a path without spaces, such as \"/items\"", level + 1)
  end
  local ok, full = pcall(url.query, path, options.query)
  if not ok then error(full, level + 1) end
  local headers = header_table(options.headers, level + 1)
  headers.accept = headers.accept or "application/json"
  local spec = { op = "http", connection = name, method = method, path = full, headers = headers }
  if options.accept and #options.accept > 0 then spec.accept = json.array(options.accept) end
  if options.timeout then spec.timeout_ms = math.tointeger(math.ceil(options.timeout * 1000)) end
  return spec
end

-- The raw body and its type. What is sent twice must be the same bytes, so it is encoded once.
local function body_of(options, headers, level)
  local raw, kind
  if options.json ~= nil then
    raw, kind = json.encode(options.json), "application/json"
  elseif options.form then
    local ok, text = pcall(url.form, options.form)
    if not ok then error(text, level + 1) end
    raw, kind = text, "application/x-www-form-urlencoded"
  else
    raw = options.body
  end
  if kind and not headers["content-type"] then headers["content-type"] = kind end
  return raw
end

-- Fills response.body; false and the problem if the answer says JSON and is none.
local function decode(response, raw, keep_nulls)
  raw = raw or ""
  response.body = raw
  local kind = response.headers["content-type"]
  local says_json = kind and kind:lower():find("json", 1, true)
  if raw == "" or (kind and not says_json) then return true end
  if not says_json and not raw:find("^%s*[%[{]") then return true end
  local ok, value, problem = pcall(json.decode, raw, not keep_nulls and WITHOUT_NULLS or nil)
  if ok and value ~= nil then
    response.body = value
    return true
  end
  if not says_json then return true end
  return false, "the answer says it is JSON and is not: " .. tostring(ok and problem or value)
end

local function accepted(status, options)
  if status < 300 then return true end
  for _, item in ipairs(options.accept or {}) do
    if item == status then return true end
  end
  return false
end

local function refuse(spec, response, options)
  local message, field, hint
  if response.status < 400 then
    message = ("it redirects to %s, and redirects are not followed"):format(
      response.headers.location or "nowhere")
    hint = "write the address that works into the connection's url"
  elseif options.explain then
    message, field, hint = options.explain(response.status, response.body)
  end
  if not message then message, field = http_error.words(response.body) end
  local e = { class = "permanent", status = response.status, connection = spec.connection,
    method = spec.method, path = spec.path, words = message, field = field,
    hint = hint, body = response.body }
  if field and type(options.json) == "table" then
    e.value = http_error.value_at(options.json, field)
  end
  error(http_error.new(e), 0)
end

local function fail(spec, meta)
  error(http_error.new { class = meta.class or "permanent", connection = spec.connection,
    method = spec.method, path = spec.path, words = meta.problem or "the request failed" }, 0)
end

-- The answer of a step as a response, or nil and why it proves nothing.
local function read_answer(meta, raw, options)
  local response = { status = meta.status, headers = meta.headers or {}, dry = meta.dry }
  local ok, problem = decode(response, raw, options.nulls)
  if ok and response.status < 300 and options.check and not meta.dry then
    ok, problem = options.check(response)
    problem = problem or "the answer is not what was to be expected"
  end
  if ok then return response end
  return nil, problem, response
end

function http.get(connection, path, options)
  options = check_options(options, READ_OPTIONS, 2)
  local spec = spec_of(connection, "GET", path, options, 2)
  local meta, raw = current.step(spec)
  if meta.failed then fail(spec, meta) end
  local response, problem, partial = read_answer(meta, raw, options)
  if not response then
    if partial.status >= 400 then refuse(spec, partial, options) end
    error(http_error.new { class = "permanent", status = partial.status, words = problem,
      connection = spec.connection, method = "GET", path = spec.path }, 0)
  end
  if not accepted(response.status, options) then refuse(spec, response, options) end
  return response
end

-- What is known of a write that nobody can vouch for, in one sentence for a person.
local function in_doubt(spec, problem, rest)
  ending.attention(("It is not known whether %s carried out %s %s: %s. %s"):format(
    spec.connection, spec.method, spec.path, problem, rest),
    { connection = spec.connection, method = spec.method, path = spec.path, problem = problem })
end

-- After a lost answer: the record that proves the effect, or nil if it is not there.
local function look(spec, options, problem)
  local ok, record, count = pcall(options.find)
  if not ok then
    in_doubt(spec, problem, ("Looking for it failed too: %s. Look there yourself before this is "
      .. "tried again."):format(tostring(record)))
  end
  if record == nil or record == false or record == json.null then return nil end
  if count and count > 1 then
    in_doubt(spec, problem, ("%d records there fit, which is more than one: remove the twins "
      .. "there, then retry."):format(count))
  end
  return record
end

function http.write(connection, method, path, options)
  options = check_options(options, WRITE_OPTIONS, 2)
  local spec = spec_of(connection, method, path, options, 2)
  spec.write = true
  if options.lost == "drop" then spec.optional = true end
  if options.settle then spec.settle_ms = math.tointeger(math.ceil(options.settle * 1000)) end
  local raw_body = body_of(options, spec.headers, 2)
  local attempts = options.attempts or (options.find and 3 or 1)
  local problem
  for attempt = 1, attempts do
    if attempt > 1 then spec.attempt = attempt end
    local meta, raw, seq = current.step(spec, raw_body)
    if meta.failed then fail(spec, meta) end
    if meta.unknown then
      problem = meta.problem or "no answer came"
    else
      local response, why, partial = read_answer(meta, raw, options)
      response = response or partial
      if not accepted(response.status, options) then refuse(spec, response, options) end
      if not why then return response end
      problem = why
    end
    if not options.find then
      if options.lost ~= "drop" then
        in_doubt(spec, problem, "There is no way to look it up from here: look there yourself, "
          .. "then retry or skip this run.")
      end
    else
      current.step { op = "settle", of = seq }
      local record = look(spec, options, problem)
      if record ~= nil then
        return { status = 200, headers = {}, body = record, adopted = true }
      end
    end
  end
  if options.lost == "drop" then
    return { status = 0, headers = {}, body = "", unknown = true, problem = problem }
  end
  in_doubt(spec, problem, ("It was sent %d times and could not be found there afterwards: look "
    .. "there yourself, then retry."):format(attempts))
end

for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE" } do
  http[method:lower()] = function(connection, path, options)
    return http.write(connection, method, path, options)
  end
end

function http.try(fn, ...)
  local results = table.pack(pcall(fn, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  if http_error.is(results[2]) then return nil, results[2] end
  error(results[2], 0)
end

return http
