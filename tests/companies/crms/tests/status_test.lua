-- How a customer stands, in the company's own fields of Pipedrive and HubSpot.

local function day(n) return time.add_days(time.today(), n) end

-- An invoice of 100.40 with VAT, sent, due in so many days.
local function invoice(number, due, more)
  local body = { partnerId = 51001, type = "SALES_INVOICE", status = "SENT", date = day(due - 14),
    originalInvoiceNumber = number, discountPercent = 0, vatStatus = 1, invoiceChannel = "EMAIL",
    language = "FINNISH", penaltyPercent = 8,
    counterParty = { identifier = "1234567-1", email = "laskut@testiasiakas.example",
      counterPartyAddress = { name = "Testiasiakas Oy", street = "Mannerheimintie 12",
        zip = "00100", city = "Helsinki", country = "FINLAND" } },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = "EUR", dueDate = day(due),
      bankAccount = { accountNumber = "FI2112345600000785" }, currencyRate = 1,
      bankReferenceCode = "", bankReferenceCodeType = "FI" },
    extraInfo = { accountingByRow = true, unitPricesIncludeVat = false },
    invoiceRows = { { product = "Työ", quantity = 1, unit = "HOUR", unitPrice = 80,
      discountPercent = 0, vatPercent = decimal "25.5", vatStatus = 1 } } }
  for name, value in pairs(more or {}) do body[name] = value end
  return body
end

local function world(kind, invoices, more)
  local procountor = sandbox("procountor", { seed = {
    customers = { { name = "Testiasiakas Oy", business_id = "1234567-1" } },
    invoices = invoices } })
  local organization = { id = 31, name = "Testiasiakas Oy", business_id = "12345671",
    address = { street = "Mannerheimintie 12", postal_code = "00100", city = "Helsinki" } }
  for name, value in pairs(more or {}) do organization[name] = value end
  return procountor, sandbox(kind, { seed = { organizations = { organization } } })
end

local function look(kind)
  local run = fire(kind .. " status")
  expect(run.state).is "done"
  return run.result
end

local function writes(system)
  local n = 0
  for _, request in ipairs(system.requests) do
    if request.method == "PUT" or request.method == "PATCH" then n = n + 1 end
  end
  return n
end

local function status(crm) return crm.payment_statuses["31"] end

test("Pipedrive: what is open and what is overdue stands in the organization's own fields", function()
  local procountor, crm = world("pipedrive", { invoice("PIPEDRIVE-1", -3),
    invoice("PIPEDRIVE-2", 7) })
  expect(look("pipedrive")).has { customers = 1, written = 1, unknown = 0 }
  expect(status(crm)).has { last_invoice_sent = day(-7), last_invoice_due = day(7),
    last_invoice_status = "41", unpaid_total = decimal "200.80", overdue_total = decimal "100.40",
    overdue_days = 3 }
  local lines = status(crm).invoices
  expect(lines).contains(("%s - %s, 100,40 EUR, avoin"):format(
    time.format(day(-7), "fi"), time.format(day(7), "fi")))
  expect(lines).contains "100,40 EUR, erääntynyt (3)"
  expect(look("pipedrive").written).is(0)
  expect(writes(crm)).is(1)
  procountor.seed { payments = { { originalInvoiceNumber = "PIPEDRIVE-1", amount = "40.15" } } }
  expect(look("pipedrive").written).is(1)
  expect(status(crm)).has { unpaid_total = decimal "160.65", overdue_days = 3 }
  expect(status(crm).invoices).contains "erääntynyt (3), 60,25 EUR"
  -- What did not change was not sent again.
  local body
  for _, request in ipairs(crm.requests) do
    if request.method == "PATCH" then body = request.body end
  end
  expect(body).contains "57a0000000000000000000000000000000000005"
  expect(body:find("57a0000000000000000000000000000000000003", 1, true)).is(nil)
  procountor.seed { payments = { { originalInvoiceNumber = "PIPEDRIVE-1", amount = "60.25" },
    { originalInvoiceNumber = "PIPEDRIVE-2", amount = "100.40" } } }
  expect(look("pipedrive").written).is(1)
  expect(status(crm)).has { last_invoice_status = "paid", unpaid_total = decimal "0",
    overdue_days = 0 }
end)

for _, spelling in ipairs { "1234567-1", "FI12345671" } do
  test("Pipedrive: an organization is found by its business ID, spelled " .. spelling, function()
    local _, crm = world("pipedrive", { invoice("PIPEDRIVE-1", 7) }, { business_id = spelling })
    expect(look("pipedrive")).has { written = 1, unknown = 0 }
    expect(status(crm).unpaid_total).is(decimal "100.40")
  end)
end

test("Pipedrive: the organization of the deal that was invoiced, and who is not there is a warning",
  function()
    local _, crm = world("pipedrive", { invoice("PIPEDRIVE-881", 7) }, { business_id = "" })
    expect(look("pipedrive")).has { customers = 1, written = 0, unknown = 1 }
    crm.seed { deals = { { id = 881, title = "Sivusto", status = "won", organization_id = 31 } } }
    expect(fire("all pipedrive").result).has { customers = 1, written = 1, unknown = 0 }
    expect(status(crm).unpaid_total).is(decimal "100.40")
  end)

test("Pipedrive: a status whose answer was lost stands there once it is looked at", function()
  local _, crm = world("pipedrive", { invoice("PIPEDRIVE-1", 7) })
  crm.fault "PATCH /api/v2/organizations lost*1"
  expect(look("pipedrive").written).is(1)
  expect(status(crm).last_invoice_due).is(day(7))
  expect(writes(crm)).is(1)
end)

test("Pipedrive: a key that is no field, or cannot hold the value, is named before anything is written",
  function()
    local _, crm = world("pipedrive", { invoice("PIPEDRIVE-1", 7) })
    local run = fire "mistaken status"
    expect(run.state).is_not "done"
    expect(run.reason).contains("have no field with the key " .. ("f"):rep(40))
    expect(run.reason).contains "57a0000000000000000000000000000000000002 (date) cannot hold"
    expect(run.reason).contains 'payment_fields of connection "mistaken"'
    expect(writes(crm)).is(0)
  end)

test("Pipedrive: an amount goes with its currency into a monetary field, as a number into another",
  function()
    local _, crm = world("pipedrive", { invoice("PIPEDRIVE-1", -3) })
    expect(look("pipedrive").written).is(1)
    local body
    for _, request in ipairs(crm.requests) do
      if request.method == "PATCH" then body = json.decode(request.body).custom_fields end
    end
    expect(body["57a0000000000000000000000000000000000007"]).is {
      value = decimal "100.4", currency = "EUR" }
    expect(body["57a0000000000000000000000000000000000005"]).is(decimal "100.4")
  end)

-- Of what v2 has nothing is asked of v1, which may be gone.
test("Pipedrive: v1 is asked for nothing that v2 has", function()
  local _, crm = world("pipedrive", { invoice("PIPEDRIVE-881", 7) })
  crm.seed { deals = { { id = 881, title = "Sivusto", status = "won", currency = "EUR",
    organization_id = 31, lines = { { name = "Työ", quantity = 2, unit = "h", unit_price = 80,
      vat_percent = decimal "25.5" } } } } }
  expect(deliver("pipedrive", fixture "pipedrive_v2.json").state).is "done"
  expect(look("pipedrive").customers).is(1)
  expect(fire("pipedrive products").state).is "done"
  local paths = {}
  for _, request in ipairs(crm.requests) do
    if request.path:find("/v1/", 1, true) then paths[#paths + 1] = request.path end
    expect(request.status).is_not(410)
  end
  expect(paths).is {}
end)

test("HubSpot: what is open and what is overdue stands in the company's own properties", function()
  local procountor, crm = world("hubspot", { invoice("HUBSPOT-1", -3), invoice("HUBSPOT-2", 7) })
  expect(look("hubspot")).has { customers = 1, written = 1, unknown = 0 }
  expect(status(crm)).has { last_invoice_due = day(7), last_invoice_status = "open",
    unpaid_total = "200.8", overdue_days = "3" }
  expect(status(crm).invoices).contains "100,40 EUR, myöhässä (3)"
  expect(look("hubspot").written).is(0)
  procountor.seed { payments = { { originalInvoiceNumber = "HUBSPOT-1", amount = "100.40" } } }
  expect(look("hubspot").written).is(1)
  expect(status(crm)).has { unpaid_total = "100.4", overdue_days = "0" }
  expect(writes(crm)).is(2)
end)

test("HubSpot: a search that fails for a moment is asked again", function()
  local _, crm = world("hubspot", { invoice("HUBSPOT-1", 7) })
  crm.fault "POST /crm/v3/objects/companies/search error=503*2"
  expect(look("hubspot")).has { written = 1, unknown = 0 }
  expect(status(crm).unpaid_total).is "100.4"
end)

test("HubSpot: the company of the deal that was invoiced, if its business ID is not there", function()
  local _, crm = world("hubspot", { invoice("HUBSPOT-881", 7) }, { business_id = "" })
  crm.seed { deals = { { id = 881, title = "Sivusto", status = "won", organization_id = 31 } } }
  expect(look("hubspot")).has { written = 1, unknown = 0 }
  expect(status(crm).unpaid_total).is "100.4"
end)

for _, kind in ipairs { "pipedrive", "hubspot" } do
  test(kind .. ": an invoice that a deal became shows there at once", function()
    local procountor, crm = world(kind, { invoice(kind:upper() .. "-1", -30) })
    crm.seed { deals = { { id = 881, title = "Sivusto", status = "won", currency = "EUR",
      organization_id = 31, lines = { { name = "Työ", quantity = 2, unit = "h", unit_price = 80,
        vat_percent = decimal "25.5" } } } } }
    local run = deliver(kind, fixture(kind == "pipedrive" and "pipedrive_v2.json" or "hubspot.json"))
    expect(run.state).is "done"
    expect(procountor.invoices).count(2)
    expect(status(crm).invoices).contains "keskeneräinen"
    expect(tonumber(tostring(status(crm).overdue_days))).is(30)
  end)
end
