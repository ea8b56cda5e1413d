--[[
Any system that posts JSON to us: connect "webhook" { as = "shop", secret = secret "shop",
event = "type", id = "id" }, then POST /hooks/{company}/shop. event and id are where in the body the
event's type and the delivery's id stand ("data.kind" goes deeper). signature says how the sender
proves itself with the secret: "hmac" (HMAC-SHA256), "secret" (the secret itself in a header),
"basic" (as the password), or "any" of them, which is the default. secret = false: nobody proves
anything, which check says aloud.
]]

local SCHEMES = { any = true, hmac = true, secret = true, basic = true }

local function check(settings)
  if settings.signature and not SCHEMES[settings.signature] then
    return 'signature is "hmac", "secret", "basic" or "any"'
  end
  if settings.secret == false and settings.signature then
    return "signature without a secret: nothing could be checked"
  end
  return nil
end

local function webhook(settings)
  return { event = settings.event or "", id = settings.id or "",
    signature = settings.secret == false and "none" or settings.signature or "any" }
end

return {
  kind = "webhook",
  settings = {
    secret = { type = "secret_or_false", required = true },
    event = { type = "string" }, id = { type = "string" }, signature = { type = "string" },
  },
  needs_as = true, check = check, webhook = webhook,
  new = function() return {} end,
}
