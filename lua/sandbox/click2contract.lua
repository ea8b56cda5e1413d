-- The sender's side: proposals that a customer accepts on the page, told as Click2Contract would;
-- and the same proposals to look at and to post by oneself.

local kit = require "sandbox.kit"
local page = require "sandbox.page"
local pdf = require "sandbox.pdf"
local world = require "sandbox.crm.world"
local decimal = require "decimal"
local json = require "json"

local sandbox = {}

local w

local SWITCHES = {
  hook = false,        -- where events are posted, ".../hooks/acme/click2contract"; false: nowhere
  secret = "sandbox",  -- with which they are signed
  automatic = true,    -- accepted contracts are told of by themselves
  address = false,     -- of this sandbox, for the contract's pdf_url; false: it has none
}

local function sample()
  return {
    event = "proposal.accepted", id = "evt_01J9", created_at = "2026-11-20T09:15:00Z",
    account_id = "acc_77", trigger = "automatic",
    contract = {
      id = "10042", proposal_id = "9981", name = "Verkkosivusto", language = "fi",
      currency = "EUR", accepted_at = "2026-11-20T09:14:58Z", signed = true,
      signer = { name = "Aino Esimerkki", email = "aino@testiasiakas.example" },
      payment_term_days = 14, reference = "Projekti 2026-07",
    },
    customer = {
      name = "Testiasiakas Oy", business_id = "1234567-1", address = "Mannerheimintie 12 B 34",
      postal_code = "00100", city = "Helsinki", country = "FI",
      contact_name = "Aino Esimerkki", email = "laskut@testiasiakas.example",
      phone = "+358401234567",
    },
    pricing_table = {
      prices_include_vat = false,
      rows = kit.array {
        { code = "KONS", name = "Konsultointi", description = "", quantity = 12, unit = "h",
          unit_price = decimal "149.00", discount_percent = 0, vat_percent = decimal "25.5",
          optional = false, selected = true },
        { code = kit.null, name = "Lisenssi", quantity = 3, unit = "kpl",
          unit_price = decimal "33.3350", discount_percent = 10, vat_percent = decimal "25.5",
          optional = true, selected = true },
        { code = "TUKI", name = "Ylläpito", quantity = 12, unit = "kk",
          unit_price = "1 234,50 €", discount_percent = 0, vat_percent = "25,5 %",
          optional = true, selected = false },
      },
      totals = { net = decimal "1878.00", vat = decimal "478.89", gross = decimal "2356.89" },
    },
  }
end

-- The same proposal as other accounts send it.
local VARIANTS = {
  sample = { "a whole proposal", function() end },
  ["one-line-address"] = { "the address in one field", function(p)
    p.customer.address = "Mannerheimintie 12 B 34, 00100 Helsinki"
    p.customer.postal_code, p.customer.city = nil, nil
  end },
  ["no-business-id"] = { "no business ID", function(p) p.customer.business_id = nil end },
  ["no-pricing-table"] = { "no pricing table", function(p) p.pricing_table = nil end },
  ["two-pricing-tables"] = { "two pricing tables", function(p)
    p.pricing_tables = kit.array { p.pricing_table, kit.copy(p.pricing_table) }
    p.pricing_table = nil
  end },
  ["manual"] = { "sent by hand from the contract's menu", function(p) p.trigger = "manual" end },
}

local NAMES = { "sample", "manual", "no-business-id", "no-pricing-table", "one-line-address",
  "two-pricing-tables" }

local function proposal(name)
  local variant = VARIANTS[name]
  if not variant then return nil end
  local value = sample()
  if name ~= "sample" then
    value.id = "evt_01J9_" .. name
    value.contract.id = value.contract.id .. "-" .. name
  end
  variant[2](value)
  return value
end

-- ---- what a customer and a salesperson do on the page ----

local function contract_of(form)
  for _, contract in ipairs(w.contracts) do
    if contract.name == form.proposal then return contract end
  end
  return nil
end

-- Tells of the contract; how is "automatic", or "manual" if somebody sent it by hand.
local function tell(contract, how)
  if not w.settings.hook then return end
  local payload = kit.copy(contract.payload)
  payload.id = ("evt_%d_%d"):format(w.at_ms, #w.events + 1)
  payload.created_at, payload.trigger = world.utc(w.at_ms), how
  if w.settings.address then
    payload.contract.pdf_url = ("%s/contracts/%s.pdf"):format(w.settings.address, payload.contract.id)
  end
  local entry = { number = #w.events + 1, type = payload.event, about = payload.contract.id,
    at = w.now, state = "under way", tries = 0 }
  w.events[#w.events + 1] = entry
  local request = world.signed(w, w.settings.hook, json.encode(payload), payload.id)
  request.number = entry.number
  w.outgoing[#w.outgoing + 1] = request
end

local ACTS = {}

-- The customer accepts and signs.
function ACTS.accept(form)
  local contract = contract_of(form)
  if not contract then return "There is no such proposal." end
  if contract.accepted then return "It was accepted already." end
  contract.accepted, contract.payload.contract.accepted_at = true, world.utc(w.at_ms)
  if w.settings.automatic then
    contract.told = true
    tell(contract, "automatic")
  end
  return ("%s accepted and signed contract %s."):format(contract.payload.customer.name,
    contract.payload.contract.id)
end

-- "Send to Procountor" in the accepted contract's menu.
function ACTS.send(form)
  local contract = contract_of(form)
  if not contract or not contract.accepted then return "Only an accepted contract is sent." end
  contract.told = true
  tell(contract, "manual")
  return ("Contract %s is sent to Procountor."):format(contract.payload.contract.id)
end

local function rows_of(payload)
  local rows, foot = {}, {}
  for _, part in ipairs(payload.pricing_tables or { payload.pricing_table }) do
    for _, row in ipairs(part.rows) do
      if row.selected ~= false then
        local amount = kit.number(row.unit_price) and page.price(row.unit_price)
          or page.escape(row.unit_price)
        local discount = page.plain(row.discount_percent or 0)
        rows[#rows + 1] = { ('%s<br><span class="soft">VAT %s %%%s</span>'):format(
          page.escape(row.name), page.plain(row.vat_percent),
          discount ~= "0" and ", discount " .. discount .. " %" or ""),
          page.plain(row.quantity) .. " " .. page.escape(row.unit), amount }
      end
    end
    if part.totals then
      foot[#foot + 1] = { "Total with VAT", "", page.money(part.totals.gross) .. " EUR" }
    end
  end
  if #rows == 0 then return page.empty "No pricing table." end
  return page.table({ { "Product" }, { "Quantity", "n" }, { "Price", "n" } }, rows, foot)
end

local function card(contract)
  local payload, customer = contract.payload, contract.payload.customer
  local place = { customer.address }
  if customer.postal_code then place[2] = customer.postal_code .. " " .. (customer.city or "") end
  local button = contract.accepted
    and page.button("do/send", { proposal = contract.name }, "Send to Procountor",
      contract.told and "quiet" or nil)
    or page.button("do/accept", { proposal = contract.name }, "Accept and sign")
  return ([[<article id="proposal-%s"><div class="head"><strong>%s &middot; %s
<span class="soft">%s</span></strong>%s</div>
<div>%s</div>%s<div class="acts">%s<a class="soft" href="proposals/%s.json">the event as JSON</a></div>
</article>
]]):format(contract.name, page.escape(payload.contract.name), page.escape(customer.name),
    page.escape(VARIANTS[contract.name][1]),
    contract.accepted and page.badge "accepted" or page.badge("proposal", "warn"),
    page.facts { { "Contract", payload.contract.id },
      { "Business ID", customer.business_id }, { "Address", table.concat(place, ", ") },
      { "Payment term", payload.contract.payment_term_days .. " days" },
      { "Reference", payload.contract.reference } }, rows_of(payload), button, contract.name)
end

local function draw()
  local cards, said = {}, w.said
  w.said = nil
  for i, contract in ipairs(w.contracts) do cards[i] = card(contract) end
  return page.whole("Click2Contract sandbox", "proposals to accept", table.concat {
    page.nav { { "proposals", "Proposals", #w.contracts }, { "events", "Events", #w.events } },
    page.said(said), page.section("proposals", "Proposals", #w.contracts, table.concat(cards)),
    page.section("events", "Events told", #w.events, page.events(w.events, w.settings.hook)),
  }, { refresh = page.under_way(w.events) and 2 or nil })
end

local function begin(request)
  w.now, w.at_ms, w.outgoing = request.now:sub(1, 19), request.at_ms, kit.array()
end

local function apply(settings)
  for name, value in pairs(settings or {}) do
    if SWITCHES[name] == nil then
      error(("the click2contract sandbox has no setting '%s'"):format(tostring(name)), 0)
    end
    w.settings[name] = kit.is_null(value) and false or value
  end
end

function sandbox.load(options)
  w = { ledger = kit.ledger(), events = kit.array(), contracts = {}, settings = kit.copy(SWITCHES) }
  for i, name in ipairs(NAMES) do w.contracts[i] = { name = name, payload = proposal(name) } end
  kit.begin(sandbox, options, "click2contract", apply)
  return { title = "Click2Contract", kind = "click2contract", path = "" }
end

local function act(name, form)
  if not ACTS[name] then return kit.text(404, "there is no such act") end
  w.said = ACTS[name](form)
  return kit.text(303, "", { location = "../" })
end

function sandbox.handle(request, body)
  request.headers, request.query = request.headers or {}, request.query or {}
  if request.method == "GET" and request.path == "/" then return kit.html(draw()) end
  begin(request)
  local asked = request.method == "POST" and request.path:match("^/do/(%l+)$")
  if asked then
    local meta, raw = act(asked, kit.form(body))
    meta.deliver = #w.outgoing > 0 and w.outgoing or nil
    return meta, raw
  end
  local entry = kit.record(w.ledger, request, body)
  local contract = request.method == "GET" and request.path:match("^/contracts/([%w%-]+)%.pdf$")
  if contract then
    entry.status = 200
    return { status = 200, headers = { ["content-type"] = "application/pdf" } }, pdf.page {
      "Sopimus " .. contract, "A contract of the sandbox, signed." }
  end
  local name = request.method == "GET" and request.path:match("^/proposals/([%w%-]+)%.json$")
  local value = name and proposal(name)
  entry.status = value and 200 or 404
  if not value then return kit.text(404, "not found") end
  return { status = 200, headers = { ["content-type"] = "application/json" } },
    json.encode(value) .. "\n"
end

-- What became of an event that was posted.
function sandbox.delivered(answer)
  world.delivered(w, answer)
  return {}
end

function sandbox.state()
  local contracts = kit.array()
  for i, contract in ipairs(w.contracts) do
    contracts[i] = { name = contract.name, accepted = contract.accepted == true,
      id = contract.payload.contract.id }
  end
  return { contracts = contracts, events = kit.copy(w.events), requests = w.ledger.list,
    request_count = w.ledger.total }
end

-- Fixtures: { settings = {...} }.
function sandbox.seed(given)
  kit.seeds(given, "click2contract", "settings")
  apply(given.settings)
  return {}
end

return sandbox
