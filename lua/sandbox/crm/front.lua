-- What the CRM sandboxes have in common: routing, authentication, the page and what is done on it.
-- A kind says how its API looks and what its events look like.
--
--   front(kind) -> the sandbox
--   kind = { title, kind, path, routes = { { method, path, handler(w, request, body, captures...),
--            raw = true: the body as it came } },
--            request_of(w, event, hook) -> list of { url, headers, body, type } to be posted,
--            id_of(kind, number), refuse(status, words), stage(deal, won) -> fields,
--            gone(path) -> nil, or what to say of a path that was once served }

local json = require "json"
local kit = require "sandbox.kit"
local acts = require "sandbox.crm.acts"
local page = require "sandbox.crm.page"
local world = require "sandbox.crm.world"

local function bearer(request)
  return (request.headers.authorization or ""):match("^[Bb]earer%s+(%S+)$")
    or request.headers["x-api-token"] or kit.query(request, "api_token")
end

local BODY = { POST = true, PUT = true, PATCH = true }

local function decode(body)
  if (body or "") == "" then return {} end
  local ok, value = pcall(json.decode, body)
  if ok and kit.is_object(value) then return value end
  return nil
end

return function(kind)
  local sandbox, w = {}, nil
  for _, route in ipairs(kind.routes) do
    route.pattern = "^" .. route[2]:gsub("[%-%.]", "%%%0"):gsub("{id}", "([^/]+)") .. "$"
  end

  local function call(request, body)
    local other = false
    for _, route in ipairs(kind.routes) do
      local captures = table.pack(request.path:match(route.pattern))
      if captures[1] then
        if route[1] == request.method then
          if captures[1] == request.path then captures = table.pack() end
          for i = 1, captures.n do captures[i] = kit.percent_decode(captures[i]) end
          if route.raw then
            return route[3](w, request, body or "", table.unpack(captures, 1, captures.n))
          end
          local value = BODY[request.method] and decode(body) or {}
          if BODY[request.method] and not decode(body) then
            return kind.refuse(400, "The body is not a JSON object.")
          end
          return route[3](w, request, value, table.unpack(captures, 1, captures.n))
        end
        other = true
      end
    end
    local gone = kind.gone and kind.gone(request.path)
    if gone then return kind.refuse(410, gone) end
    return kind.refuse(other and 405 or 404, other and "Method not allowed." or "Not found.")
  end

  local function meanwhile()
    local acted = w.settings.meanwhile and table.remove(w.settings.meanwhile, 1)
    if acted then acts(w, acted.act, acted.form) end
  end

  local function answer(request, body)
    if kit.too_fast(w.window, request.at_ms, w.settings.rate_limit) then
      local meta, raw = kind.refuse(429, "Too many requests.")
      meta.headers["retry-after"] = "1"
      return meta, raw
    end
    local token = bearer(request)
    if not token or (w.settings.token and token ~= w.settings.token) then
      return kind.refuse(401, "The token is missing or wrong.")
    end
    if request.method == "PATCH" or request.method == "PUT" then meanwhile() end
    return call(request, body)
  end

  function sandbox.load(options)
    options = kit.options(options, kind.kind)
    w = world.new()
    w.request_of, w.id_of, w.kind = kind.request_of, kind.id_of, kind
    world.apply(w, options.settings)
    if type(options.now) == "string" then w.now = options.now:sub(1, 19) end
    if options.sample then world.sample(w) end
    if type(options.seed) == "table" then sandbox.seed(options.seed) end
    return { title = kind.title, kind = kind.kind, path = kind.path }
  end

  function sandbox.handle(request, body)
    request.headers, request.query = request.headers or {}, request.query or {}
    w.now, w.at_ms, w.outgoing = request.now:sub(1, 19), request.at_ms, kit.array()
    local meta, raw
    local act = request.method == "POST" and request.path:match("^/do/([%w%-]+)$")
    if request.method == "GET" and request.path == "/" then
      meta, raw = kit.html(page(w, request))
    elseif act then
      meta, raw = acts(w, act, kit.form(body))
    else
      local entry = kit.record(w.ledger, request, body)
      meta, raw = answer(request, body)
      entry.status = meta.status
    end
    meta.deliver = #w.outgoing > 0 and w.outgoing or nil
    return meta, raw
  end

  -- What a person does on the page: given = { act, form, now, at_ms } -> { said }. What would be told
  -- of it is not: a test delivers it itself.
  function sandbox.act(given)
    w.outgoing = kit.array()
    return kit.act(w, acts, given)
  end

  function sandbox.delivered(result)
    world.delivered(w, result)
    return {}
  end

  function sandbox.state()
    return world.state(w)
  end

  function sandbox.seed(given)
    if given.sample then
      world.sample(w)
      given = kit.copy(given)
      given.sample = nil
    end
    world.seed(w, given)
    return {}
  end

  return sandbox
end
