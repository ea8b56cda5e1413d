-- Zapier's catch hook: whatever is sent, to whatever hook, the answer is success, and what the
-- actions make of it is never known.

local json = require "json"
local kit = require "sandbox.kit"
local page = require "sandbox.page"

local sandbox = {}

local w

-- The largest payload a hook takes.
local ROOM = 10 * 1024 * 1024

local SWITCHES = {
  rate_limit = 0,  -- requests a second, then 429; 0: no limit
  silent = false,  -- success with an empty body
}

local function apply(settings)
  for name, value in pairs(settings or {}) do
    if SWITCHES[name] == nil then
      error(("the zapier sandbox has no setting '%s'"):format(tostring(name)), 0)
    end
    w.settings[name] = kit.is_null(value) and false or value
  end
end

-- Looks like a UUID and is the same in every run of a test.
local function identifier(number, part)
  return ("5a5a%04x-%04x-4000-8000-%012x"):format(number >> 16 & 0xffff, part, number)
end

-- The fields that a run of a zap would get: JSON, a form, or the raw text.
local function parse(request, body)
  local media = (request.headers["content-type"] or ""):lower()
  if media:find("^application/x%-www%-form%-urlencoded") then return kit.form(body) end
  local ok, value = pcall(json.decode, body or "")
  if ok and type(value) == "table" then return value end
  return { raw = kit.readable(body or "") }
end

local function catch(request, body)
  local data = parse(request, body)
  local items = kit.is_array(data) and data or { data }
  -- An array starts a run for each of its elements.
  for _, item in ipairs(items) do
    w.hooks[#w.hooks + 1] = { at = request.now, path = kit.readable(request.path), body = item }
  end
end

local METHODS = kit.set { "POST", "PUT", "GET" }

local function answer(request, body)
  if request.path ~= "/" and not request.path:find("^/hooks/catch/[^/]+/[^/]+/?$") then
    return kit.text(404, "not found")
  end
  if not METHODS[request.method] then return kit.text(405, "method not allowed") end
  if kit.too_fast(w.window, request.at_ms, w.settings.rate_limit) then
    return kit.text(429, "too many requests", { ["retry-after"] = "1" })
  end
  if #(body or "") > ROOM then return kit.text(413, "payload too large") end
  catch(request, body)
  if w.settings.silent then return kit.text(200, "") end
  local number = w.ledger.total
  return kit.json(200, { id = identifier(number, 1), request_id = identifier(number, 2),
    attempt = identifier(number, 3), status = "success" })
end

-- Nested fields flattened as Zapier's editor names them: customer__name.
local function flatten(value, name, out)
  if type(value) ~= "table" then
    out[#out + 1] = { name, kit.is_null(value) and "" or tostring(value) }
    return out
  end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do
    flatten(value[key], name == "" and tostring(key) or name .. "__" .. tostring(key), out)
  end
  return out
end

local function card(hook)
  return ('<article><div class="head"><strong>%s</strong><span class="soft">%s</span></div>'
    .. "<div>%s</div></article>\n"):format(page.escape(hook.path), page.escape((hook.at:gsub("T", " "))),
    page.facts(flatten(hook.body, "", {})))
end

local function draw()
  local hooks = page.newest(w.hooks, card, "Nothing was caught yet.")
  return page.whole("Zapier sandbox", "catch hooks", page.nav {
    { "hooks", "Hooks", #w.hooks }, { "requests", "Requests", w.ledger.total },
  } .. page.section("hooks", "Hooks", #w.hooks, hooks)
    .. page.last_requests(w.ledger))
end

function sandbox.load(options)
  w = { hooks = kit.array(), ledger = kit.ledger(), window = {}, settings = kit.copy(SWITCHES) }
  kit.begin(sandbox, options, "zapier", apply)
  return { title = "Zapier", kind = "zapier", path = "/hooks/catch/1000/sandbox/" }
end

function sandbox.handle(request, body)
  return kit.handle(w.ledger, request, body, draw, answer)
end

function sandbox.state()
  return { hooks = w.hooks, messages = w.hooks, requests = w.ledger.list,
    request_count = w.ledger.total }
end

-- Fixtures: { settings = {...} }.
function sandbox.seed(given)
  kit.seeds(given, "zapier", "settings")
  apply(given.settings)
  return {}
end

return sandbox
