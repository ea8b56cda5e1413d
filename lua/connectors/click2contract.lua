--[[
Click2Contract: proposals that customers accept and sign. It sends events and takes none.

There is no public description of its webhook (outside-systems 2: all names are assumed), so what
arrives is read leniently and made into one clear shape, connectors/click2contract/proposal.lua;
whatever could not be understood is listed in its `problems`, and the rule decides.

Rules listen to "click2contract.proposal.accepted" (any other event by its own name) and get the
proposal.
]]

local proposal = require "connectors.click2contract.proposal"

local function check(settings)
  if settings.secret == false and settings.signature then
    return "signature without a secret: nothing could be checked"
  end
  return nil
end

local function webhook(settings)
  return { event = settings.event or "event", id = settings.id or "id",
    signature = settings.secret == false and "none" or settings.signature or "any" }
end

return {
  kind = "click2contract",
  settings = {
    secret = { type = "secret_or_false", required = true,
      help = "with which Click2Contract proves itself; false: it does not" },
    signature = { type = "string", help = '"hmac", "secret", "basic" or "any"' },
    event = { type = "string" }, id = { type = "string" },
  },
  check = check, webhook = webhook,
  -- What a rule's functions get instead of the payload.
  event = function(_, payload) return proposal.read(payload) end,
  new = function() return { proposal = proposal.read } end,
}
