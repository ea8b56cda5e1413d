-- The grant: client credentials with an API key in the form body give an access token; every other
-- call needs it as a bearer token.

local kit = require "sandbox.kit"
local url = require "url"
local world = require "sandbox.procountor.world"

local auth = {}

-- What must never stand in an address, where proxies and logs see it.
local SENSITIVE = { "client_id", "client_secret", "api_key", "grant_type", "code", "refresh_token" }

local function refuse(message, status)
  return world.error(status or 401, message)
end

local function credentials_fit(w, form)
  for _, name in ipairs { "client_id", "client_secret", "api_key" } do
    local given = form[name]
    if not given or given == "" then return false, name .. " is missing." end
    local expected = w.settings.credentials and w.settings.credentials[name]
    if expected and expected ~= given then return false, "Invalid client credentials." end
  end
  return true
end

-- POST {base}/oauth/token
function auth.token(w, request, body)
  for _, name in ipairs(SENSITIVE) do
    if request.query and request.query[name] then
      return refuse("Parameters must be sent in the request body, not in the URL.", 400)
    end
  end
  local media = (request.headers["content-type"] or ""):lower()
  if not media:find("^application/x%-www%-form%-urlencoded") then
    return world.error(415, "Content-Type must be application/x-www-form-urlencoded.")
  end
  local form = kit.form(body)
  if form.grant_type ~= "client_credentials" then
    return refuse(("Grant type '%s' is not supported."):format(form.grant_type or ""), 400)
  end
  local fits, why = credentials_fit(w, form)
  if not fits then return refuse(why) end
  w.token_count = w.token_count + 1
  local token = ("sandbox.%d.%x"):format(w.token_count, w.at_ms * 8191 + w.token_count)
  w.tokens[token] = w.at_ms + w.settings.expires_in * 1000
  world.effect(w, "token.granted", w.token_count)
  return kit.json(200, {
    access_token = token, expires_in = w.settings.expires_in,
    token_type = w.settings.token_type and "bearer" or nil,
  }, { ["cache-control"] = "no-store" })
end

-- GET /keylogin: a person logs in there; here somebody always has.
function auth.key_login(w, request)
  local redirect = kit.query(request, "redirect_uri")
  if kit.query(request, "response_type") ~= "code" or not redirect
    or not kit.query(request, "client_id") then
    return refuse("response_type=code, client_id and redirect_uri are wanted.", 400)
  end
  w.token_count = w.token_count + 1
  local code = ("code.%d.%x"):format(w.token_count, w.at_ms * 8191 + w.token_count)
  w.codes[code] = { until_ms = w.at_ms + 300000, redirect = redirect,
    client = kit.query(request, "client_id") }
  local state = kit.query(request, "state")
  local location = ("%s%scode=%s&expires_in=300"):format(redirect,
    redirect:find("?", 1, true) and "&" or "?", code)
  if state then location = location .. "&state=" .. url.encode(state) end
  return { status = 302, headers = { location = location } }, ""
end

-- POST {base}/oauth/key: the code of a login for an API key.
function auth.key(w, body)
  local form = kit.form(body)
  local known = w.codes[form.code or ""]
  w.codes[form.code or ""] = nil -- it is good for once
  if form.grant_type ~= "authorization_code" or not known or known.until_ms < w.at_ms
    or known.redirect ~= form.redirect_uri or known.client ~= form.client_id then
    return refuse("Invalid authorization code.", 400)
  end
  local expected = w.settings.credentials or {}
  if expected.client_secret and expected.client_secret ~= form.client_secret then
    return refuse("Invalid client credentials.")
  end
  return kit.json(200, { api_key = expected.api_key or ("key-" .. known.client) },
    { ["cache-control"] = "no-store" })
end

local function bearer(request)
  return (request.headers.authorization or ""):match("^[Bb]earer%s+(%S+)$")
end

-- nil when the token is good, else the function that answers 401.
function auth.refuse(w, request)
  local token = bearer(request)
  local until_ms = token and w.tokens[token]
  if until_ms and until_ms > w.at_ms then return nil end
  local message = not token and "Access token is missing."
    or until_ms and "Access token has expired." or "Access token is not valid."
  return function() return refuse(message) end
end

-- POST /logout ends the token it is called with.
function auth.logout(w, request)
  local refused = auth.refuse(w, request)
  if refused then return refused() end
  w.tokens[bearer(request)] = nil
  return kit.json(200, { message = "Logged out." })
end

return auth
