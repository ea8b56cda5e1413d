-- A Procountor of one company: the REST API as its descriptions and its clients say it behaves,
-- with switches for what nobody outside knows. Everything is kept in memory.

local json = require "json"
local kit = require "sandbox.kit"
local acts = require "sandbox.procountor.acts"
local attachments = require "sandbox.procountor.attachments"
local auth = require "sandbox.procountor.auth"
local company = require "sandbox.procountor.company"
local invoice_check = require "sandbox.procountor.invoice_check"
local invoices = require "sandbox.procountor.invoices"
local page = require "sandbox.procountor.page"
local partners = require "sandbox.procountor.partners"
local payments = require "sandbox.procountor.payments"
local products = require "sandbox.procountor.products"
local receipts = require "sandbox.procountor.receipts"
local settings = require "sandbox.procountor.settings"
local world = require "sandbox.procountor.world"

local sandbox = {}

local w

-- Method, path below the API's root, handler(w, request, [body,] captures...). A handler of a
-- method with a body gets it decoded, an object always (raw: as it came). "{id}" is one part of the
-- path.
local ROUTES = {
  { "GET", "/sessioninfo", company.session },
  { "GET", "/status", company.status },
  { "GET", "/company", company.company },
  { "GET", "/users/rights", company.rights },
  { "GET", "/fiscalyears", company.fiscal_years },
  { "GET", "/bankaccounts", company.bank_accounts },
  { "GET", "/vats/default", company.vat_default },
  { "GET", "/vats/country", company.vat_country },
  { "GET", "/vats/settings", company.vat_settings },

  { "GET", "/businesspartners", partners.search },
  { "POST", "/businesspartners", partners.create },
  { "GET", "/businesspartners/groups", partners.groups },
  { "POST", "/businesspartners/groups", partners.create_group },
  { "GET", "/businesspartners/{id}", partners.get },
  { "PUT", "/businesspartners/{id}", partners.replace },
  { "PATCH", "/businesspartners/{id}", partners.change },

  { "GET", "/products", products.search },
  { "POST", "/products", products.create },
  { "GET", "/products/groups", products.groups },
  { "POST", "/products/groups", products.create_group },
  { "GET", "/products/groups/{id}", products.group },
  { "PUT", "/products/groups/{id}", products.change_group },
  { "DELETE", "/products/groups/{id}", products.delete_group },
  { "GET", "/products/{id}", products.get },
  { "PUT", "/products/{id}", products.replace },
  { "DELETE", "/products/{id}", products.delete },

  { "GET", "/invoices", invoices.search },
  { "POST", "/invoices", invoices.create },
  { "GET", "/invoices/{id}", invoices.get },
  { "GET", "/invoices/{id}/image", attachments.image },
  { "PUT", "/invoices/{id}", invoices.replace },
  { "PUT", "/invoices/{id}/approve", invoices.move "approve" },
  { "PUT", "/invoices/{id}/send", invoices.move "send" },
  { "PUT", "/invoices/{id}/unfinished", invoices.move "unfinished" },
  { "PUT", "/invoices/{id}/invalidate", invoices.move "invalidate" },
  { "PUT", "/invoices/{id}/reject", invoices.move "reject" },
  { "PUT", "/invoices/{id}/notes", invoices.notes },
  { "GET", "/invoices/{id}/transactions", invoices.history },
  { "GET", "/invoices/{id}/paymentevents", payments.events },
  { "PUT", "/invoices/{id}/paymentevents/markpaid", payments.mark_paid },
  { "GET", "/invoices/{id}/paymentevents/{id}", payments.event },
  { "GET", "/payments/paymentevents", payments.bulk },

  { "GET", "/dimensions", receipts.dimensions },
  { "POST", "/dimensions/{id}/items", receipts.add_item },
  { "GET", "/ledgerreceipts", receipts.list },
  { "GET", "/ledgerreceipts/{id}", receipts.get },
  { "PUT", "/ledgerreceipts/{id}", receipts.replace },

  { "POST", "/attachments", attachments.create, raw = true },
  { "GET", "/attachments/{id}", attachments.get },
}

local BODY = { POST = true, PUT = true, PATCH = true }

for _, route in ipairs(ROUTES) do
  route.pattern = "^" .. route[2]:gsub("{id}", "([^/]+)") .. "$"
end

-- The path below the API's root and true, or nil: /api, /latest/api, /supported/api, /v2402/api.
local function below_root(path)
  local rest = path:match("^/api(/.*)$")
  if rest then return rest end
  local version
  version, rest = path:match("^/(%w+)/api(/.*)$")
  if not version then return nil end
  if w.settings.versions then
    for _, known in ipairs(w.settings.versions) do
      if known == version then return rest end
    end
    return nil
  end
  if version == "latest" or version == "supported" then return rest end
  local month = version:match("^v%d%d(%d%d)$")
  if month == "02" or month == "05" or month == "08" or month == "11" then return rest end
  return nil
end

-- A JSON object from a body; an empty body is an empty object where the operation needs none.
local function decode(request, body)
  if (body or "") == "" then return {} end
  local media = (request.headers["content-type"] or ""):lower()
  if not media:find("^application/json") then
    return nil, 415, "Content-Type must be application/json."
  end
  local ok, value = pcall(json.decode, body)
  if not ok or not kit.is_object(value) then
    return nil, 400, "The request body is not a JSON object."
  end
  return value
end

local function call(request, body, path)
  local other_method = false
  for _, route in ipairs(ROUTES) do
    local captures = table.pack(path:match(route.pattern))
    if captures[1] then
      if captures[1] == path then captures = table.pack() end
      if route[1] == request.method then
        if not BODY[request.method] then
          return route[3](w, request, table.unpack(captures, 1, captures.n))
        end
        if route.raw then return route[3](w, request, body) end
        local value, status, problem = decode(request, body)
        if not value then return world.error(status, problem) end
        return route[3](w, request, value, table.unpack(captures, 1, captures.n))
      end
      other_method = true
    end
  end
  if other_method then return world.error(405, "Method not allowed.") end
  return world.not_found()
end

local function answer(request, body)
  if kit.too_fast(w.window, w.at_ms, w.settings.rate_limit) then
    return kit.json(429, { errors = kit.array { { status = 429, message = "Too many requests." } } },
      { ["retry-after"] = tostring(w.settings.retry_after) })
  end
  local path = request.path:gsub("/+$", "")
  if path == "/logout" and request.method == "POST" then return auth.logout(w, request) end
  if path == "/keylogin" and request.method == "GET" then return auth.key_login(w, request) end
  path = below_root(path)
  if not path then return world.not_found() end
  if path == "/oauth/token" then
    if request.method ~= "POST" then return world.error(405, "Method not allowed.") end
    return auth.token(w, request, body)
  end
  if path == "/oauth/key" and request.method == "POST" then return auth.key(w, body) end
  if path == "/status" and request.method == "GET" then return company.status() end
  local refused = auth.refuse(w, request)
  if refused then return refused() end
  if not w.settings.invoiceable_api_clients then
    return world.error(403, "The usage of invoiceable API clients is not allowed in the company.")
  end
  if request.method == "GET" and w.settings.no_connection > 0 then
    w.settings.no_connection = w.settings.no_connection - 1
    return world.error(400, "UNABLE_TO_GET_CONNECTION")
  end
  return call(request, body, path)
end

-- Form bodies of the grant carry secrets; they are not shown or kept.
local function kept_body(request, body)
  if request.path:find("/oauth/", 1, true) then return "(hidden)" end
  return body
end

function sandbox.load(options)
  options = kit.options(options, "procountor")
  local given = kit.copy(options.settings or {})
  if options.strict ~= nil then given.strict = options.strict end
  w = world.new(settings.new(given))
  if type(options.now) == "string" then w.now = options.now:sub(1, 19) end
  if type(options.seed) == "table" then sandbox.seed(options.seed) end
  return { title = "Procountor", kind = "procountor", path = "/api" }
end

function sandbox.handle(request, body)
  request.headers, request.query = request.headers or {}, request.query or {}
  w.now, w.at_ms, w.answering = request.now:sub(1, 19), request.at_ms, false
  if request.method == "GET" and request.path == "/" then return kit.html(page(w)) end
  local act = request.method == "POST" and request.path:match("^/do/(%l+)$")
  if act then return acts(w, act, kit.form(body)) end
  w.entry = kit.record(w.ledger, request, kept_body(request, body))
  w.answering, w.hide_ms, w.done = true, request.hide_ms, kit.array()
  local meta, raw = answer(request, body)
  meta.effects = w.done
  w.answering, w.entry.status, w.entry, w.hide_ms, w.done = false, meta.status, nil, nil, nil
  return meta, world.spelled(raw)
end

-- What a person does on the page: given = { act, form, now, at_ms } -> { said }.
function sandbox.act(given)
  w.answering = false
  return kit.act(w, acts, given)
end

local function all(list, show)
  local result = kit.array()
  for i, record in ipairs(list) do result[i] = show(record) end
  return result
end

function sandbox.state()
  w.answering = false
  return {
    customers = kit.copy(w.customers), products = all(w.products, products.shown(w)),
    invoices = all(w.invoices, invoices.shown(w)), payments = kit.copy(w.payments),
    receipts = receipts.all(w), dimensions = kit.copy(w.dimensions),
    product_groups = kit.copy(w.product_groups), partner_groups = kit.copy(w.partner_groups),
    requests = w.ledger.list, request_count = w.ledger.total, effects = kit.copy(w.effects),
  }
end

-- A seeded customer may be as short as { name, business_id }.
local function full_partner(given)
  local partner = kit.copy(given)
  partner.type = partner.type or "CUSTOMER"
  partner.invoicingInfo = partner.invoicingInfo or {}
  if partner.business_id then
    partner.invoicingInfo.identifier = partner.business_id
    partner.invoicingInfo.identifierType = "FI"
    partner.business_id = nil
  end
  partner.registryInfo = partner.registryInfo or {}
  if partner.active ~= nil then
    partner.registryInfo.active, partner.active = partner.active, nil
  end
  partner.paymentInfo = partner.paymentInfo or { paymentMethod = "BANK_TRANSFER" }
  return partner
end

-- An invoice that is seeded must be one that POST would take.
local function seed_invoice(given)
  local body = kit.copy(given)
  local status = body.status
  local invoice, errors = invoice_check(w, body)
  if #errors > 0 then
    error(("seed: invoice refused: %s %s"):format(errors[1].field or "", errors[1].message), 0)
  end
  invoices.add(w, invoice)
  if status then invoice.status = status end
end

local SEEDS = {
  settings = function(given) settings.apply(w.settings, given) end,
  product_groups = function(list)
    for _, group in ipairs(list) do
      group = kit.copy(group)
      group.id, group.type = group.id or world.next_id(w, "product_group"), group.type or "SALES"
      w.product_groups[#w.product_groups + 1] = group
    end
  end,
  customers = function(list)
    for _, partner in ipairs(list) do partners.add(w, full_partner(partner)) end
  end,
  products = function(list)
    for _, product in ipairs(list) do products.add(w, kit.copy(product)) end
  end,
  invoices = function(list)
    for _, invoice in ipairs(list) do seed_invoice(invoice) end
  end,
  dimensions = function(list)
    for _, one in ipairs(list) do receipts.add(w, one) end
  end,
  payments = function(list)
    for _, payment in ipairs(list) do payments.receive(w, payment) end
  end,
}

-- Later ones may refer to earlier ones.
local SEED_ORDER = { "settings", "product_groups", "customers", "products", "dimensions",
  "invoices", "payments" }

-- Fixtures: { settings, customers, products, product_groups, dimensions, invoices, payments }.
function sandbox.seed(given)
  for name in pairs(given) do
    if not SEEDS[name] then
      error(("the procountor sandbox cannot be seeded with '%s'"):format(tostring(name)), 0)
    end
  end
  for _, name in ipairs(SEED_ORDER) do
    if not kit.is_null(given[name]) then SEEDS[name](given[name]) end
  end
  return {}
end

return sandbox
