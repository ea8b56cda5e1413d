-- A server of nothing in particular, for `connect "http"`: a test says what each address answers,
-- and what was asked is recorded.
--
--   sandbox("http", { routes = {
--     ["GET /items"]         = { json = { { id = 1, stock = 3 } } },
--     ["POST /reservations"] = { { status = 503 }, { status = 201, json = { id = 7 } } },
--     ["GET /items/{id}"]    = { status = 404, text = "no such item" },
--   } })
--
-- A list of answers is given one after the other, the last one again and again. {name} stands for
-- one part of the path. What matches nothing is a 404. `collections = { "/reservations" }` keeps
-- what is POSTed there and lists it on GET, with ids and with the query as a filter.

local json = require "json"
local kit = require "sandbox.kit"
local page = require "sandbox.page"

local sandbox = {}

local w

local PUNCTUATION = "[%^%$%(%)%%%.%[%]%*%+%-%?]"

local function compile(path)
  return "^" .. path:gsub(PUNCTUATION, "%%%0"):gsub("{[%w_]+}", "[^/]+") .. "$"
end

local ANSWER = kit.set { "status", "json", "text", "headers", "body" }

local function check_answer(name, given)
  for key in pairs(given) do
    if not ANSWER[key] then
      error(("the answer of %q has no part '%s'"):format(name, tostring(key)), 0)
    end
  end
  return given
end

local function add_route(name, given)
  local method, path = name:match("^(%u+) (/%S*)$")
  if not method then
    error(("a route is named like \"GET /items\", not %q"):format(tostring(name)), 0)
  end
  local answers = {}
  if kit.is_array(given) then
    for i, item in ipairs(given) do answers[i] = check_answer(name, item) end
  else
    answers[1] = check_answer(name, given)
  end
  if #answers == 0 then error(("the route %q has no answer"):format(name), 0) end
  w.routes[name] = { method = method, pattern = compile(path), answers = answers, used = 0,
    exact = not path:find("{", 1, true) }
end

-- An exact path goes before one with {parts}.
local function find_route(request)
  local found
  for _, route in pairs(w.routes) do
    if route.method == request.method and request.path:find(route.pattern)
        and (not found or (route.exact and not found.exact)) then
      found = route
    end
  end
  return found
end

local function give(answer)
  local status, headers = answer.status or 200, kit.copy(answer.headers or {})
  if answer.json ~= nil then return kit.json(status, answer.json, headers) end
  if answer.text then return kit.text(status, answer.text, headers) end
  return { status = status, headers = headers }, answer.body or ""
end

local function matches(item, request)
  for name, values in pairs(request.query) do
    local value = type(values) == "table" and values[1] or values
    if tostring(item[name]) ~= value then return false end
  end
  return true
end

local function collect(request, body, items)
  if request.method == "GET" then
    local hits = kit.array()
    for _, item in ipairs(items) do
      if matches(item, request) then hits[#hits + 1] = item end
    end
    return kit.json(200, hits)
  elseif request.method ~= "POST" then
    return kit.text(405, "method not allowed")
  end
  local ok, item = pcall(json.decode, body or "")
  if not ok or not kit.is_object(item) then return kit.text(400, "not a JSON object") end
  w.last_id = w.last_id + 1
  if kit.is_null(item.id) then item.id = w.last_id end
  items[#items + 1] = item
  return kit.json(201, item)
end

local function answer(request, body)
  local route = find_route(request)
  if route then
    route.used = route.used + 1
    return give(route.answers[math.min(route.used, #route.answers)])
  end
  local items = w.collections[request.path]
  if items then return collect(request, body, items) end
  return kit.json(404, { error = ("nothing at %s %s"):format(request.method, request.path) })
end

local function apply(options)
  for name, given in pairs(options.routes or {}) do add_route(name, given) end
  for key, value in pairs(options.collections or {}) do
    if type(key) == "string" then
      w.collections[key] = kit.array(kit.copy(value))
    else
      w.collections[value] = w.collections[value] or kit.array()
    end
  end
end

function sandbox.load(options)
  w = { routes = {}, collections = {}, last_id = 0, ledger = kit.ledger() }
  options = kit.options(options, "http")
  apply(options)
  if type(options.seed) == "table" then sandbox.seed(options.seed) end
  return { title = "HTTP", kind = "http", path = "" }
end

function sandbox.handle(request, body)
  request.headers, request.query = request.headers or {}, request.query or {}
  if request.method == "GET" and request.path == "/" and not w.routes["GET /"] then
    return kit.html(page.whole("HTTP sandbox", "records what it is asked",
      page.section("requests", "Last requests", ("%d in all"):format(w.ledger.total),
        page.requests(w.ledger, 100))))
  end
  local entry = kit.record(w.ledger, request, body)
  local ok, value = pcall(json.decode, body or "")
  if ok then entry.json = value end
  local meta, raw = answer(request, body)
  entry.status = meta.status
  return meta, raw
end

function sandbox.state()
  return { requests = w.ledger.list, request_count = w.ledger.total, collections = w.collections }
end

-- Fixtures: { routes = {...}, collections = {...} }, as in the options.
function sandbox.seed(given)
  kit.seeds(given, "http", "routes", "collections")
  apply(given)
  return {}
end

return sandbox
