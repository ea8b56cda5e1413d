-- What can be read about the company: session, rights, fiscal years, bank accounts, VAT.

local kit = require "sandbox.kit"
local world = require "sandbox.procountor.world"

local company = {}

function company.session(w)
  local c = w.settings.company
  return kit.json(200, {
    companyId = c.id, name = c.name, country = c.country, productVersion = "26.04",
    userId = c.user_id, userName = c.user_name, companySettings = {},
  })
end

function company.status()
  return kit.json(200, { name = "Procountor API", version = "26.04", status = "OK",
    procountorVersion = "26.04" })
end

function company.company(w)
  local c = w.settings.company
  return kit.json(200, { id = c.id, name = c.name, country = c.country,
    businessId = c.business_id })
end

function company.rights(w)
  local r = w.settings.rights
  return kit.json(200, { role = "User", rights = {
    user = { editPersonalInfo = r.editPersonalInfo, limitedDimensions = false },
    sales = {
      salesOrGroupInvoices = r.salesOrGroupInvoices, salesInvoiceSearch = r.salesInvoiceSearch,
      personalSalesInvoicesOnly = r.personalSalesInvoicesOnly,
      customerRegister = r.customerRegister, productRegister = r.productRegister,
    },
  } })
end

local function last_of(month)
  for day = 31, 28, -1 do
    local date = ("%s-%02d"):format(month, day)
    if kit.day_number(date) then return date end
  end
end

-- A calendar year with a tracking period a month; the month until a day of which the books are closed
-- has two.
local function fiscal_year(year, closed_until)
  local periods = kit.array()
  local function add(first, last)
    periods[#periods + 1] = { id = year * 100 + #periods + 1, startDate = first, endDate = last,
      status = closed_until and last <= closed_until and "CLOSED" or "OPEN" }
  end
  for month = 1, 12 do
    month = ("%04d-%02d"):format(year, month)
    local first, last = month .. "-01", last_of(month)
    if closed_until and first <= closed_until and closed_until < last then
      add(first, closed_until)
      first = ("%s-%02d"):format(month, closed_until:sub(9) + 1)
    end
    add(first, last)
  end
  local last = ("%04d-12-31"):format(year)
  return { id = year, startDate = ("%04d-01-01"):format(year), endDate = last,
    isOpen = not (closed_until and last <= closed_until), trackingPeriods = periods }
end

-- The year before this one to the year after it.
function company.fiscal_years(w)
  local this, list = tonumber(w.now:sub(1, 4)), kit.array()
  for year = this - 1, this + 1 do
    list[#list + 1] = fiscal_year(year, w.settings.closed_until or nil)
  end
  return kit.json(200, { fiscalYears = list })
end

function company.bank_accounts(w, request)
  local active = kit.query(request, "status")
  local results = kit.array()
  for _, account in ipairs(w.settings.bank_accounts) do
    if not active or account.status == active then
      local shown = kit.copy(account)
      shown.version = shown.version or "2026-01-02T08:00:00"
      results[#results + 1] = shown
    end
  end
  return kit.json(200, { results = results, meta = { pageNumber = 0, pageSize = 50,
    resultCount = #results, totalCount = #results } })
end

-- "FINLAND" is "Finland" here, as the service writes it in this one place.
local function plain_country(name)
  return (name:sub(1, 1) .. name:sub(2):lower():gsub("_", " "))
end

function company.vat_default(w)
  local percentages = kit.array()
  for i, percent in ipairs(w.settings.vat_percents) do
    percentages[i] = { vatPercent = world.spell(w, percent, 2), sales = true, purchase = true }
  end
  return kit.json(200, {
    vatInformation = kit.array {
      { country = plain_country(w.settings.company.country), percentages = percentages },
    },
    vatStatuses = kit.copy(w.settings.vat_statuses),
  })
end

function company.vat_country(w, request)
  local code = kit.query(request, "countryCode")
  if not code or not code:find("^%u%u$") then
    return world.error(400, "INVALID_VALUE", "countryCode")
  end
  local percentages = kit.array()
  if code == "FI" then
    for i, percent in ipairs(w.settings.vat_percents) do
      percentages[i] = world.spell(w, percent, 2)
    end
  end
  return kit.json(200, { vatPercentages = percentages })
end

function company.vat_settings(w)
  return kit.json(200, {
    unitPricesIncludeVatSales = w.settings.unit_prices_include_vat_sales,
    unitPricesIncludeVatPurchase = false,
  })
end

return company
