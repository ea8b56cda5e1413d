--[[
OAuth 2.0 as a setting of a connection:

  auth = { oauth = "authorization_code",            a person allows it once, `sauma connect`
           issuer = "https://login.example.com",    its addresses are looked up there (RFC 8414), or
           authorize_url = ..., token_url = ...,    they are said
           client_id = "...", client_secret = secret "name", scope = "invoices offline_access",
           try = "/me" }                            what is read to see whether it works

oauth is "client_credentials", "authorization_code" or "device_code" (with device_url). Instead of
client_secret: private_key = secret "name", a PEM key (RSA, EC P-256 or Ed25519) that signs who we
are, with key_id if the other side wants one. client_auth = "basic" sends the secret as a header.
params = { audience = "..." } are further fields of what is asked for.

  oauth.check(auth)  -> nil, or what is wrong with it
  oauth.auth(auth)   -> what the manifest has of it
]]

local handle = require "handle"
local suggest = require "suggest"

local oauth = {}

local GRANTS = { client_credentials = true, authorization_code = true, device_code = true }
-- What each setting is: a fixed text, or a value that the host may have to look up.
local KNOWN = { oauth = "text", issuer = "address", authorize_url = "address",
  token_url = "address", device_url = "address", client_id = "value", client_secret = "value",
  private_key = "value", key_id = "text", client_auth = "text", scope = "text", params = "table",
  try = "text" }

local function wrong_type(name, value)
  local kind = KNOWN[name]
  local is_handle = handle.kind(value) ~= nil
  if kind == "table" then
    if type(value) ~= "table" or is_handle then return "a table" end
    for key, text in pairs(value) do
      if type(key) ~= "string" or type(text) ~= "string" and not handle.kind(text) then
        return 'a table of texts, { audience = "..." },'
      end
    end
    return nil
  end
  if type(value) == "string" then
    return kind == "address" and not value:find("^https?://[^%s/]")
      and "an address that begins with https://" or nil
  end
  if kind == "text" then return "a text" end
  return not is_handle and 'a text, env "NAME" or secret "name"' or nil
end

local function client(auth)
  local way = auth.client_auth
  if way ~= nil and way ~= "post" and way ~= "basic" then
    return ('auth.client_auth is "%s"; it is "post" or "basic"'):format(way)
  end
  if auth.client_id == nil then return "auth.client_id is missing" end
  if auth.client_secret ~= nil and auth.private_key ~= nil then
    return "auth has a client_secret and a private_key; one of them says who we are"
  end
  if auth.client_secret == nil and (way == "basic"
    or auth.oauth == "client_credentials" and auth.private_key == nil) then
    return "auth.client_secret is missing"
  end
  return nil
end

local function addresses(auth)
  if auth.issuer ~= nil then return nil end
  local wanted = { "token_url", auth.oauth == "authorization_code" and "authorize_url"
    or auth.oauth == "device_code" and "device_url" or nil }
  for _, name in ipairs(wanted) do
    if auth[name] == nil then
      return ("auth.%s is missing (or auth.issuer, where it is looked up)"):format(name)
    end
  end
  return nil
end

function oauth.check(auth)
  if not GRANTS[auth.oauth] then
    return ('auth.oauth is "%s"%s; it is "client_credentials", "authorization_code" or "device_code"')
      :format(tostring(auth.oauth), suggest(tostring(auth.oauth), GRANTS))
  end
  for name, value in pairs(auth) do
    if not KNOWN[name] then
      return ('auth has no "%s"%s'):format(tostring(name), suggest(tostring(name), KNOWN))
    end
    local wanted = wrong_type(name, value)
    if wanted then return ("auth.%s: %s is wanted"):format(name, wanted) end
  end
  if auth.try and auth.try:sub(1, 1) ~= "/" then
    return "auth.try is a path below the connection's address: it begins with /"
  end
  return client(auth) or addresses(auth)
end

function oauth.auth(auth)
  return { type = "oauth2", grant = auth.oauth, issuer = auth.issuer,
    authorize_url = auth.authorize_url, token_url = auth.token_url, device_url = auth.device_url,
    client_id = auth.client_id, client_secret = auth.client_secret,
    private_key = auth.private_key, key_id = auth.key_id, scope = auth.scope,
    client_auth = auth.private_key and "private_key_jwt" or auth.client_auth or "post",
    params = auth.params, try_path = auth.try }
end

return oauth
