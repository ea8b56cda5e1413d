-- The sender's side: proposals as Click2Contract would deliver them, to look at and to post.

local kit = require "sandbox.kit"
local page = require "sandbox.page"
local decimal = require "decimal"
local json = require "json"

local sandbox = {}

local w

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
  sample = { "a signed proposal", function() end },
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

local function draw()
  local rows = {}
  for i, name in ipairs(NAMES) do
    rows[i] = { ('<a href="proposals/%s.json"><code>%s</code></a>'):format(name, name),
      page.escape(VARIANTS[name][1]) }
  end
  return page.whole("Click2Contract sandbox", "proposals to send",
    page.table({ { "Payload" }, { "What it is" } }, rows))
end

function sandbox.load()
  w = { ledger = kit.ledger() }
  return { title = "Click2Contract", kind = "click2contract", path = "" }
end

function sandbox.handle(request, body)
  request.headers, request.query = request.headers or {}, request.query or {}
  if request.method == "GET" and request.path == "/" then return kit.html(draw()) end
  local entry = kit.record(w.ledger, request, body)
  local name = request.method == "GET" and request.path:match("^/proposals/([%w%-]+)%.json$")
  local value = name and proposal(name)
  entry.status = value and 200 or 404
  if not value then return kit.text(404, "not found") end
  return { status = 200, headers = { ["content-type"] = "application/json" } },
    json.encode(value) .. "\n"
end

function sandbox.state()
  return { requests = w.ledger.list, request_count = w.ledger.total }
end

return sandbox
