--[[
Click2Contract: proposals that customers accept and sign. It sends events and takes none.

There is no public description of its webhook (outside-systems 2: all names are assumed), so what
arrives is read leniently and made into one clear shape, connectors/click2contract/proposal.lua;
whatever could not be understood is listed in its `problems`, and the rule decides.

A proposal that a user sent by hand ("Send to Procountor" in the contract's menu: the payload's
trigger is "manual") was decided by a person: a rule whose trigger says "manual" does not hold it
again. manual_send = "hold" holds it all the same; "off" leaves it off in any case.

Rules listen to "click2contract.proposal.accepted" (any other event by its own name) and get the
proposal.
]]

local proposal = require "connectors.click2contract.proposal"
local sums = require "connectors.procountor.sums"

local function check(settings)
  if settings.secret == false and settings.signature then
    return "signature without a secret: nothing could be checked"
  end
  return nil
end

-- Was it sent by a person there?
local function sent(entry, read)
  return read.trigger == "manual" and entry.settings.manual_send ~= "hold"
end

-- The sum of its rows, as they would be invoiced; nil if they cannot be.
local function amount_of(read)
  if #read.rows == 0 or #read.problems > 0 then return nil end
  local rows = {}
  for i, row in ipairs(read.rows) do
    rows[i] = { quantity = row.quantity, unit_price = row.unit_price, vat = row.vat_percent,
      discount = row.discount_percent }
  end
  return sums.of(rows, { gross = read.prices_include_vat,
    discount = read.discount_percent }).total:text(2)
end

local function about(read)
  local parts = {}
  if read.customer.name then parts[1] = read.customer.name end
  parts[#parts + 1] = ("contract %s%s"):format(read.id or "without an id",
    read.name and (' "%s"'):format(read.name) or "")
  local amount = amount_of(read)
  return { record = read.id, text = table.concat(parts, ", "),
    amount = amount, currency = amount and read.currency }
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
    signature = { type = "string", one_of = { "hmac", "secret", "basic", "any" } },
    event = { type = "path" }, id = { type = "path" },
    button = { type = "credential", help = "the token of a button that sends what is held" },
    manual_send = { type = "string", one_of = { "go", "hold" },
      help = 'of a rule that is "manual": does a proposal sent by hand go on, or is it held too' },
  },
  check = check, webhook = webhook, sent = sent, about = about,
  -- What a rule's functions get instead of the payload.
  event = function(_, payload) return proposal.read(payload) end,
  new = function() return { proposal = proposal.read } end,
}
