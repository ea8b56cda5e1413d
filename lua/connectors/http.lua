--[[
Any system with a plain HTTP interface: connect "http" { as = "stock", url = env "STOCK_URL",
auth = { bearer = secret "stock-token" } }. auth is one of

  { bearer = secret "token" }
  { user = "name", password = secret "password" }       Basic
  { header = "X-Api-Key", value = secret "key" }        a header of its own, the value as it is
  { oauth = "authorization_code", issuer = ..., ... }   OAuth 2.0, see connectors/oauth.lua

In a script: http.get("stock", "/items", { ... }), or stock.get("/items", { ... }), and the same
with each, search, write(method, path, ...), post, put, patch, delete.
]]

local http = require "http"
local oauth = require "connectors.oauth"
local options = require "options"
local way = require "way"

local KNOWN = { bearer = { type = "credential" }, user = { type = "address" },
  password = { type = "credential" }, header = { type = "string" }, value = { type = "credential" } }
local WORDS = "{ bearer = ... }, { user = ..., password = ... }, { header = ..., value = ... } or "
  .. "{ oauth = ... }"

local function check(settings)
  local auth = settings.auth
  if auth == nil then return nil end
  if auth.oauth ~= nil then return oauth.check(auth) end
  local ok, problem = pcall(options.check, auth, KNOWN, "auth")
  if not ok then return problem .. "; auth is " .. WORDS end
  local basic = auth.user ~= nil and auth.password ~= nil
  local header = auth.header ~= nil and auth.value ~= nil
  local given = 0
  for _ in pairs(auth) do given = given + 1 end
  if given ~= (auth.bearer ~= nil and 1 or (basic or header) and 2 or 0) then
    return "auth is " .. WORDS
  end
  return header and way.header_problem(auth.header, "") or nil
end

local function auth(settings)
  local given = settings.auth
  if not given then return { type = "none" } end
  if given.oauth then return oauth.auth(given) end
  if given.bearer then return { type = "bearer", token = given.bearer } end
  if given.header then return { type = "bearer", header = given.header, token = given.value } end
  return { type = "basic", user = given.user, password = given.password }
end

local function new(connection)
  local object = {}
  for _, name in ipairs { "get", "each", "search", "post", "put", "patch", "delete" } do
    object[name] = function(path, given)
      if type(path) == "table" then -- the connection itself
        error(('write %s.%s(...): a dot, no colon'):format(connection.name, name), 2)
      end
      return http[name](connection.name, path, given)
    end
  end
  function object.write(method, path, given)
    return http.write(connection.name, method, path, given)
  end
  return object
end

return {
  kind = "http",
  settings = { url = { type = "address", required = true }, auth = { type = "table" } },
  needs_as = true, check = check, auth = auth, new = new,
}
