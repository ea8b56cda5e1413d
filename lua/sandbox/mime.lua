-- Reading a mail for a page and for tests: its headers decoded (RFC 2047), the text of a body that is
-- quoted-printable, base64 or neither.

local kit = require "sandbox.kit"

local mime = {}

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function mime.base64(text)
  local out, bits, held = {}, 0, 0
  for char in text:gmatch("[%w+/]") do
    held = held << 6 | (DIGITS:find(char, 1, true) - 1)
    bits = bits + 6
    if bits >= 8 then
      bits = bits - 8
      out[#out + 1] = string.char(held >> bits & 0xff)
      held = held & ((1 << bits) - 1)
    end
  end
  return table.concat(out)
end

-- { name = { headers = text, body = text } } of a multipart/form-data body, or nil.
function mime.form(request, body)
  local boundary = (request.headers["content-type"] or "")
    :match('^multipart/form%-data;.*boundary="?([^";]+)')
  if not boundary then return nil end
  local parts, at = {}, 1
  local mark = "--" .. boundary
  while true do
    local first, last = body:find(mark, at, true)
    if not first or body:sub(last + 1, last + 2) == "--" then return parts end
    local stop = body:find("\r\n" .. mark, last, true)
    local split = body:find("\r\n\r\n", last, true)
    if not stop or not split or split > stop then return nil end
    local headers = body:sub(last + 3, split + 1)
    local name = headers:match('[Nn]ame="([^"]*)"')
    if name then parts[name] = { headers = headers, body = body:sub(split + 4, stop - 1) } end
    at = stop + 2
  end
end

local function quoted(text)
  return (text:gsub("=\r?\n", ""):gsub("=(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function words(value)
  value = value:gsub("(%?=)%s+(=%?)", "%1%2")
  return (value:gsub("=%?[^?]+%?([BbQq])%?([^?]*)%?=", function(how, text)
    if how:upper() == "B" then return mime.base64(text) end
    return quoted((text:gsub("_", " ")))
  end))
end

-- { subject, from, to, cc, reply_to, message_id, date, text, headers = { name = value } }; what is not
-- there is "".
function mime.read(raw)
  local head, body = raw:match("^(.-)\r?\n\r?\n(.*)$")
  head = (head or raw) .. "\r\n"
  local headers = {}
  for name, value in head:gsub("\r?\n[ \t]+", " "):gmatch("([^:\r\n]+):[ \t]*([^\r\n]*)") do
    headers[name:lower()] = kit.readable(words(value))
  end
  body = body or ""
  local how = (headers["content-transfer-encoding"] or ""):lower()
  if how == "quoted-printable" then body = quoted(body) end
  if how == "base64" then body = mime.base64(body) end
  local function header(name) return headers[name] or "" end
  return { subject = header "subject", from = header "from", to = header "to", cc = header "cc",
    reply_to = header "reply-to", message_id = header "message-id", date = header "date",
    text = kit.readable((body:gsub("\r\n", "\n"))), headers = headers }
end

return mime
