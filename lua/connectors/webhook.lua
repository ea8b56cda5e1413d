--[[
Any system that posts JSON to us: connect "webhook" { as = "shop", secret = secret "shop",
event = "type", id = "id" }, then POST /hooks/{company}/shop. event and id are where in the body the
event's type and the delivery's id stand ("data.kind" goes deeper), or { header = "X-GitHub-Event" }
the header that has it. The id is else the header X-Event-Id or webhook-id; without any of them, what
a sender sends again is another event.

signature says how the sender proves itself with the secret:
  "standard"  Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature; the secret is
              "whsec_..." (v1) or the sender's public key "whpk_..." (v1a)
  "hubspot"   HubSpot's version 3, which is over the address too (--public-url)
  "hmac"      HMAC-SHA256 in hex, X-Signature-256: sha256=..., over X-Timestamp, a dot and the body
  { header = "X-Shop-Hmac", encoding = "base64", prefix = "", timestamp = "X-Shop-Time" }
              the same in another form: hex or base64; without timestamp it is over the body alone
  "basic"     the secret is the password, or "user:password"
  "secret"    the secret itself in X-Webhook-Secret, or as a bearer token
  "any"       what the delivery has a header of, the default
A list of secrets, secret = { secret "shop-new", secret "shop" }, takes what fits any of them, while
the sender goes from one to another. secret = false: nobody proves anything, which check says aloud.
]]

local suggest = require "suggest"

local SCHEMES = { any = true, hmac = true, secret = true, basic = true, standard = true,
  hubspot = true }
local FORM = { header = true, encoding = true, prefix = true, timestamp = true }
local ENCODINGS = { hex = true, base64 = true }

local function check_form(form)
  for name, value in pairs(form) do
    if not FORM[name] then
      return ("signature has no %s%s: it has header, encoding, prefix and timestamp"):format(
        tostring(name), suggest(name, FORM))
    elseif type(value) ~= "string" then
      return ("signature: %s is a text"):format(name)
    end
  end
  if not form.header then return "signature: header says where the sender puts it" end
  if form.encoding and not ENCODINGS[form.encoding] then
    return 'signature: encoding is "hex" or "base64"'
  end
  return nil
end

-- Where the event's type or the delivery's id stands.
local function check_place(name, place)
  if type(place) ~= "table" then return nil end
  local header = place.header
  if type(header) ~= "string" or not header:find("^[%w_-]+$") or next(place, next(place)) then
    return ('%s is a field of the body like "%s", or { header = "X-Event-%s" }'):format(name, name,
      name == "id" and "Id" or "Type")
  end
  return nil
end

local function check(settings)
  local signature = settings.signature
  local misplaced = check_place("event", settings.event) or check_place("id", settings.id)
  if misplaced then return misplaced end
  if settings.secret == false and signature then
    return "signature without a secret: nothing could be checked"
  elseif type(signature) == "table" then
    return check_form(signature)
  elseif signature and not SCHEMES[signature] then
    return 'signature is "standard", "hubspot", "hmac", "secret", "basic", "any", or a table that '
      .. 'says the form of an HMAC, not "' .. signature .. '"' .. suggest(signature, SCHEMES)
  end
  return nil
end

-- In the body, and in the headers.
local function place_of(place)
  if type(place) == "table" then return "", place.header end
  return place or "", nil
end

local function webhook(settings)
  local signature = settings.signature or "any"
  local form = type(signature) == "table" and signature or nil
  local event, event_header = place_of(settings.event)
  local id, id_header = place_of(settings.id)
  return { event = event, event_header = event_header, id = id, id_header = id_header, hmac = form,
    signature = settings.secret == false and "none" or form and "hmac" or signature }
end

return {
  kind = "webhook",
  settings = {
    secret = { type = "secret_or_false", required = true },
    event = { type = "path|table" }, id = { type = "path|table" }, signature = { type = "string|table" },
  },
  needs_as = true, check = check, webhook = webhook,
  new = function() return {} end,
}
