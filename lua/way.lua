--[[
How the requests of a connection get out: what company.lua says of it besides its address.

  way.check(common)             -> nil, or what is wrong with headers, looks, proxy or redirects
  way.header_problem(name, value)  -> nil, or why a request cannot have that header
  way.headers_problem(headers)     -> the same of all of them
  way.header_text(value)           -> the text of a header's value; nil if it can be none
]]

local url = require "url"

local way = {}

-- The host sets these itself (RFC 9112, RFC 9110); a request with another one would be two.
local OURS = {}
for name in ("host connection content-length transfer-encoding expect upgrade te trailer "
  .. "proxy-connection proxy-authorization"):gmatch("%S+") do OURS[name] = true end

function way.header_problem(name, value)
  if type(name) ~= "string" or not name:find("^[%w!#$%%&'*+%-%.^_`|~]+$") then
    return ("%q is not the name of a header"):format(tostring(name))
  elseif OURS[name:lower()] then
    return ('header "%s" is set by the host itself'):format(name)
  end
  local text = way.header_text(value)
  if not text then
    return ('header "%s" is a %s; a text, number, decimal or boolean is wanted')
      :format(name, type(value))
  elseif text:find("[%z\1-\8\10-\31\127]") then
    return ('header "%s" holds a control character'):format(name)
  end
  return nil
end

function way.header_text(value)
  return url.text(value)
end

-- Names of headers differ by more than their capitals; which of two would be sent is chance.
function way.headers_problem(headers)
  local seen = {}
  for name, value in pairs(headers) do
    local problem = way.header_problem(name, value)
    if problem then return problem end
    if seen[name:lower()] then return ('header "%s" is there twice'):format(name:lower()) end
    seen[name:lower()] = true
  end
  return nil
end

function way.check(common)
  for name, value in pairs(common.headers or {}) do
    if type(value) ~= "string" then
      return ('headers: "%s" is a text; credentials belong into auth'):format(tostring(name))
    end
  end
  local problem = way.headers_problem(common.headers or {})
  if problem then return "headers: " .. problem end
  if type(common.proxy) == "string" and not common.proxy:find("^https?://[^%s/]")
    and not common.proxy:find("^socks5h?://[^%s/]") then
    return ('proxy is "%s"; it begins with http://, https:// or socks5h://'):format(common.proxy)
  end
  for _, seconds in ipairs(common.looks or {}) do
    if type(seconds) ~= "number" or not (seconds > 0 and seconds <= 2592000) then
      return "looks is a list of seconds, { 300, 900, 3600 }"
    end
  end
  if common.certificate_key ~= nil and common.certificate == nil then
    return "certificate_key goes with certificate"
  end
  for _, host in ipairs(common.redirects or {}) do
    if type(host) ~= "string" or not host:gsub("^%*%.", ""):find("^[%w%-%.]+$") then
      return 'redirects is a list of host names: { "files.example.com", "*.example.net" }'
    end
  end
  return nil
end

return way
