--[[
Procountor, the financial management system: customers, products and sales invoices by its REST API
(outside-systems 1). In a script, by the connection's name:

  procountor.customers   ensure, find, create        connectors/procountor/customers.lua
  procountor.products    ensure, find, create        connectors/procountor/products.lua
  procountor.invoices    create, find, get           connectors/procountor/invoices.lua
  procountor.payments    search, settle, summary     connectors/procountor/payments.lua
  procountor.dimensions  find, add, put              connectors/procountor/dimensions.lua
  procountor.rights      check, refuse, receipts    connectors/procountor/rights.lua
  procountor.payment_status(customer)  -> how a customer (or the id of one) stands: last invoice sent,
                             its due date, what is unpaid and overdue
  procountor.twins()         looks for what stands there twice (connectors/procountor/twins.lua); done
                             by itself each day as the schedule "twins of procountor"
  procountor.sessioninfo()   -> who and which company we are there; the test of a connection

Each write looks first, and again when its answer was lost, so that none is done twice.
]]

local abroad = require "connectors.procountor.abroad"
local client_module = require "connectors.procountor.client"
local customers = require "connectors.procountor.customers"
local products = require "connectors.procountor.products"
local rights = require "connectors.procountor.rights"
local invoices = require "connectors.procountor.invoices"
local payments = require "connectors.procountor.payments"
local dimensions = require "connectors.procountor.dimensions"
local twins = require "connectors.procountor.twins"
local words = require "connectors.procountor.words"
local handle = require "handle"
local match = require "match"
local money = require "money"
local options = require "options"

local ROUNDINGS = { rate = true, row = true, near = true }
local SIMILAR = { review = true, link = true, off = true }

local function check(settings)
  for word, unit in pairs(settings.units or {}) do
    if type(word) ~= "string" or not words.is_unit(unit) then
      return ('units: "%s" is no unit of Procountor'):format(tostring(unit))
    end
  end
  if settings.penalty_percent ~= nil and not money.number(settings.penalty_percent) then
    return "penalty_percent is no number"
  end
  local customers_mode = settings.similar_customers
  if customers_mode and customers_mode ~= "review" and customers_mode ~= "new" then
    return ('similar_customers: it is "review" or "new", not "%s"'):format(customers_mode)
  end
  if settings.rounding and not ROUNDINGS[settings.rounding] then
    return ('rounding: it is "rate", "row" or "near", not "%s"'):format(settings.rounding)
  end
  local wrong = abroad.check(settings.vat_statuses)
  if wrong then return wrong end
  if settings.similar and not SIMILAR[settings.similar] then
    return ('similar: it is "review", "link" or "off", not "%s"'):format(settings.similar)
  end
  if settings.matching then
    local ok, problem = pcall(options.check, settings.matching, { cover = { type = "integer" },
      margin = { type = "integer" }, no_veto = { type = "texts" }, veto = { type = "texts" } },
      "matching")
    if not ok then return problem end
    -- Whether it can be meant so, whoever matches by it says.
    ok, problem = pcall(match.index, {}, settings.matching)
    if not ok then return (tostring(problem):gsub("^.-match: ", "matching: ")) end
  end
  return nil
end

-- The grant with an API key (outside-systems 1.2): a form of fields, the token good for an hour.
-- redirect_uri is sent by some clients and not by others, so only if it was set.
-- The key can also be had by logging in once (`sauma connect`, /keylogin there): it becomes the
-- secret that api_key names.
local function auth(settings)
  local key = handle.value(settings.api_key).secret
  local params = { grant_type = "client_credentials", client_id = settings.client_id,
    client_secret = settings.client_secret, api_key = settings.api_key,
    redirect_uri = settings.redirect_uri }
  return { type = "oauth2_m2m", token_path = "/oauth/token", params = params,
    renew_before_ms = 300000, try_path = "/sessioninfo",
    key_login = key and "/keylogin" or nil, key_path = key and "/oauth/key" or nil,
    key_secret = key }
end

local function new(connection)
  local client = client_module.new(connection)
  local paying = payments.new(client)
  return {
    customers = customers.new(client), products = products.new(client),
    invoices = invoices.new(client), payments = paying,
    dimensions = dimensions.new(client),
    rights = { check = function(needs) return rights.check(client, needs) end,
      refuse = rights.refuse, receipts = function(what) rights.receipts(client, what) end },
    payment_status = function(customer)
      return paying.status(type(customer) == "table" and customer.id or customer)
    end,
    sessioninfo = function() return (client:get("/sessioninfo")) end,
    twins = function() return twins.look(client) end,
  }
end

return {
  kind = "procountor",
  settings = {
    url = { type = "address", required = true,
      help = 'the API\'s address with its version, if one is wanted, e.g. '
        .. '"https://api.procountor.com/api" or "https://api.procountor.com/v2602/api"' },
    client_id = { type = "credential", required = true },
    client_secret = { type = "credential", required = true },
    api_key = { type = "credential", required = true },
    redirect_uri = { type = "address" },
    bank_account = { type = "iban", help = "own IBAN for invoices" },
    penalty_percent = { type = "percent", help = "late interest of invoices" },
    vat_status = { type = "integer", min = 1, max = 999,
      help = "VAT status of invoices and products (1: sales at home)" },
    vat_statuses = { type = "table", help = "VAT statuses of rows without VAT by where the customer "
      .. "is: { eu = 5, export = 3, eu_consumer = ..., aland = ... }" },
    rounding = { type = "string", help = 'how VAT is rounded there, if it is known: "rate" or "row"; '
      .. 'sums must be the same to the cent, by either way if it is not known; "near": a cent a '
      .. "rate may differ" },
    units = { type = "table", help = "own words for Procountor's units" },
    transliterate = { type = "boolean", help = "letters outside Windows-1252 to their nearest" },
    similar = { type = "string",
      help = 'a product that is the same but for its spelling: "review" (asks), "link" or "off"' },
    matching = { type = "table", help = "when a product is the same: { cover = of 1000, margin = of "
      .. '10000, no_veto = { "number" }, veto = { "price" } }' },
    twins = { type = "every|boolean", help = 'how often it is looked for what stands there twice: '
      .. '"1d", "6h"; false: never' },
    similar_customers = { type = "string", help = 'a company without a business ID whose name is '
      .. 'there already: "review" (asks) or "new"' },
  },
  upkeep = { name = "twins of %s", run = function(object) return object.twins() end,
    setting = "twins", every = "1d" },
  -- Procountor asks for at most 20 requests a second and may suspend who sends more.
  rate = 10,
  check = check, auth = auth, new = new,
  catalogues = {
    { name = "products", path = "/products?type=SALES&active=true&orderById=ASC&size=200",
      list = "results", size = 200, after = "previousId", since = "versionStartDate",
      fields = { id = "id", name = "name", code = "code", unit = "unit", price = "price" },
      written = true },
    -- Not written: customers may be people, and what is kept of people is the store's alone.
    { name = "customers", path = "/businesspartners?type=CUSTOMER&orderById=ASC&size=200",
      list = "results", size = 200, after = "previousId", since = "versionStartDate",
      fields = { id = "id", name = "name" } },
  },
}
