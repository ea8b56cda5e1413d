-- The switches of the Procountor sandbox, and what a company has before anything is written.
--
-- A switch stands for something that nobody outside knows for sure about the real service, or for a
-- state of the customer's side that a connector must survive. Tests set them with seed{settings=...}
-- and `sauma sandbox` with its options.

local decimal = require "decimal"
local kit = require "sandbox.kit"

local settings = {}

local function defaults()
  return {
    -- The grant.
    expires_in = 3600,
    token_type = false,             -- also answer "token_type"
    credentials = false,            -- { client_id, client_secret, api_key }; false: all are good
    invoiceable_api_clients = true, -- the company's setting without which every call is a 403

    -- How strict the server is.
    strict = false,                 -- all of the next four, and numbers with too many decimals
    refuse_duplicate_partners = false,
    refuse_duplicate_products = false,
    refuse_extra_fields = false,
    strict_types = false,           -- "25.5" where a number belongs

    -- Limits.
    rate_limit = 0,                 -- requests a second, then 429; 0: no limit
    retry_after = 1,
    no_connection = 0,              -- reads still to be answered 400 UNABLE_TO_GET_CONNECTION

    -- Searching.
    identifier_match = "exact",     -- or "plain": compares without hyphens
    total_count = true,             -- meta.totalCount in search results
    names_in_search = true,         -- of invoices, with their counterParty; older versions: without

    -- Money.
    vat_rounding = "per_rate",      -- or "per_row"; "down": per rate, and fractions of a cent dropped
    number_format = "fixed",        -- decimals as the service prints them; "short": as few as needed
    unit_prices_include_vat_sales = false,

    closed_until = false,           -- "2026-06-30": invoices dated so or before are refused
    auto_number_customers = false,
    first_invoice_number = 1,
    versions = false,               -- version prefixes; false: latest, supported, quarterly ones

    rights = {
      editPersonalInfo = "ALL_RIGHTS",
      salesOrGroupInvoices = "ALL_RIGHTS",
      salesInvoiceSearch = "ALL_RIGHTS",
      customerRegister = "ALL_RIGHTS",
      productRegister = "ALL_RIGHTS",
      personalSalesInvoicesOnly = false,
      -- Of dimensions and ledger receipts: no description says how, so /users/rights does not tell them.
      dimensions = "ALL_RIGHTS",
      ledgerReceipts = "ALL_RIGHTS",
    },

    company = {
      id = 11223, name = "Nordic Design Oy", country = "FINLAND",
      business_id = "0100002-9", user_id = 4711, user_name = "companyname.api",
    },

    vat_percents = kit.array {
      decimal "25.5", decimal "14", decimal "13.5", decimal "10", decimal "0",
    },

    -- 1, 3, 5 and 12 are documented; the two others are made up so that nobody hard-codes four.
    vat_statuses = kit.array {
      { vatStatus = 1, description = "Domestic", sales = true, purchase = true },
      { vatStatus = 3, description = "Outside of the EU", sales = true, purchase = true },
      { vatStatus = 5, description = "EU community sales (product)", sales = true,
        purchase = false },
      { vatStatus = 12, description = "No VAT handling", sales = true, purchase = true },
      { vatStatus = 91, description = "Sandbox: EU community purchase", sales = false,
        purchase = true },
      { vatStatus = 92, description = "Sandbox: construction, reverse charge", sales = true,
        purchase = false },
    },

    bank_accounts = kit.array {
      { id = 301, accountNumber = "12345600000785", iban = "FI2112345600000785",
        bic = "NDEAFIHH", bankName = "Nordea", currency = "EUR", defaultForInvoice = true,
        defaultForPayment = true, status = "ACTIVE", orderNo = 1 },
      { id = 302, accountNumber = "42345670000081", iban = "FI5542345670000081",
        bic = "ITELFIHH", bankName = "Savings bank", currency = "EUR", defaultForInvoice = false,
        defaultForPayment = false, status = "INACTIVE", orderNo = 2 },
    },
  }
end

local STRICT = { "refuse_duplicate_partners", "refuse_duplicate_products", "refuse_extra_fields",
  "strict_types" }

-- Changes `current` by what is given; a switch that does not exist is an error, not a no-op.
function settings.apply(current, given)
  for name, value in pairs(given or {}) do
    if current[name] == nil then
      error(("the procountor sandbox has no setting '%s'"):format(name), 0)
    end
    if kit.is_null(value) then value = false end
    if (name == "rights" or name == "company") and type(value) == "table" then
      for key, item in pairs(value) do current[name][key] = item end
    else
      current[name] = kit.copy(value)
    end
  end
  if given and given.strict then
    for _, name in ipairs(STRICT) do
      if given[name] == nil then current[name] = true end
    end
  end
  return current
end

function settings.new(given)
  return settings.apply(defaults(), given)
end

return settings
