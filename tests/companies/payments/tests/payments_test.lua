-- How customers stand in Procountor, as the CRM is told.

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

local function credit(number, due)
  local body = invoice(number, due)
  body.invoiceRows[1].quantity = -1
  return body
end

local function world(invoices)
  local procountor = sandbox("procountor", { seed = {
    customers = { { name = "Testiasiakas Oy", business_id = "1234567-1" } },
    invoices = invoices } })
  local crm = sandbox("crm", { seed = { organizations = {
    { id = "O-31", name = "Testiasiakas Oy", business_id = "1234567-1",
      address = { street = "Mannerheimintie 12", postal_code = "00100", city = "Helsinki" } } } } })
  return procountor, crm
end

-- The alert of that state that the rule was told of, or nil.
local function told(state)
  for _, run in ipairs(runs "wait") do
    local alert = run.rule == "overdue is told" and run.result
    if alert and alert.state == state then return alert end
  end
end

local function status(crm) return crm.payment_statuses["O-31"] end

local function requests(system, method, path)
  local n = 0
  for _, request in ipairs(system.requests) do
    if request.method == method and request.path:find(path, 1, true) then n = n + 1 end
  end
  return n
end

local function look(name)
  local run = fire(name or "payment_status")
  expect(run.state).is "done"
  return run.result
end

local events = 0
local function at_books(number, what, body)
  events = events + 1
  local run = deliver("crm", { id = "evt_" .. events, type = "books", body = body or {},
    path = ("/invoices/%d/%s"):format(8464000 + number, what) })
  expect(run.state).is "done"
end

local function states(crm)
  local list = {}
  for i, one in ipairs(status(crm).invoices) do list[i] = one.state end
  return table.concat(list, ", ")
end

test("open, partly paid, paid: each is told, and only what changed", function()
  local procountor, crm = world { invoice("CRM-D-1", 7) }
  expect(look().written).is(1)
  expect(status(crm)).has { last_invoice_sent = day(-7), last_invoice_due = day(7),
    last_invoice_status = "open", unpaid_total = decimal "100.40", unpaid_count = 1,
    overdue_total = decimal "0.00", overdue_days = 0 }
  expect(look().written).is(0)
  expect(requests(crm, "PUT", "payment-status")).is(1)
  procountor.seed { payments = { { originalInvoiceNumber = "CRM-D-1", amount = "40.15" } } }
  expect(look().written).is(1)
  expect(status(crm)).has { last_invoice_status = "partly paid", unpaid_total = decimal "60.25" }
  expect(status(crm).invoices[1]).has { paid = decimal "40.15", open = decimal "60.25" }
  procountor.seed { payments = { { originalInvoiceNumber = "CRM-D-1", amount = "60.25" } } }
  expect(look().written).is(1)
  expect(status(crm)).has { last_invoice_status = "paid", unpaid_total = decimal "0.00",
    unpaid_count = 0 }
  expect(look().written).is(0)
  expect(requests(crm, "PUT", "payment-status")).is(3)
end)

test("an invoice of another country's customer says nothing of who has the same digits here", function()
  local abroad = invoice("CRM-D-98", 7)
  abroad.partnerId, abroad.counterParty.identifier = 51009, "12345671"
  abroad.counterParty.counterPartyAddress = { name = "Virmalised OÜ", street = "Pärnu mnt 1",
    zip = "10145", city = "Tallinn", country = "ESTONIA" }
  local procountor, crm = world {}
  procountor.seed { customers = { { id = 51009, name = "Virmalised OÜ", invoicingInfo = {
    identifier = "12345671", identifierType = "EE" } } }, invoices = { abroad } }
  expect(look().written).is(0)
  expect(status(crm)).is(nil)
  expect(requests(crm, "PUT", "payment-status")).is(0)
  procountor.seed { invoices = { invoice("CRM-D-99", 7) } }
  expect(look().written).is(1)
  expect(status(crm).invoices).count(1)
end)

test("overdue is by the date of today, with days; due today is not yet", function()
  local _, crm = world { invoice("CRM-D-1", -20), invoice("CRM-D-2", 0), invoice("CRM-D-3", -3) }
  look()
  expect(status(crm)).has { last_invoice_due = day(0), last_invoice_status = "open",
    unpaid_total = decimal "301.20", overdue_total = decimal "200.80", overdue_count = 2,
    overdue_days = 20 }
  expect(states(crm)).is "open, overdue, overdue"
end)

test("unfinished, not sent, invalidated and credited invoices are none to be paid", function()
  local _, crm = world { invoice("CRM-D-1", 10, { status = "UNFINISHED" }),
    invoice("CRM-D-2", 9, { status = "NOT_SENT" }), invoice("CRM-D-3", 8),
    invoice("CRM-D-4", 7, { status = "APPROVED" }) }
  look()
  expect(states(crm)).is "unfinished, not sent, open, open"
  expect(status(crm)).has { last_invoice_due = day(8), unpaid_total = decimal "200.80" }
  at_books(4, "invalidate")
  at_books(3, "paymentevents/markpaid", { paymentDate = day(0), amount = decimal "100.40",
    currency = "EUR", paymentMethodType = "CREDIT_NOTE" })
  expect(look().written).is(1)
  expect(states(crm)).is "unfinished, not sent, credited, invalidated"
  expect(status(crm)).has { last_invoice_status = "credited", unpaid_total = decimal "0.00" }
end)

test("a credit invoice takes off what is unpaid, and is neither the last invoice nor overdue",
  function()
    local _, crm = world { invoice("CRM-D-1", -5), invoice("CRM-D-2", 3),
      credit("CRM-D-3", -2) }
    look()
    expect(status(crm)).has { last_invoice_due = day(3), unpaid_total = decimal "100.40",
      unpaid_count = 2, overdue_total = decimal "100.40", overdue_days = 5 }
    for _, one in ipairs(status(crm).invoices) do
      if one.due_date == day(-2) then
        expect(one).has { state = "open", open = decimal "-100.40" }
      end
    end
  end)

test("only invoices that rules made, or all of the customer", function()
  local _, crm = world { invoice("CRM-D-1", 7), invoice("CRM-D-2", 14, { status = "UNFINISHED" }),
    invoice("KASSA-1", 30) }
  look()
  expect(status(crm)).has { last_invoice_due = day(7), unpaid_total = decimal "100.40" }
  expect(look("all invoices").written).is(1)
  expect(status(crm)).has { last_invoice_due = day(30), unpaid_total = decimal "200.80" }
end)

test("450 invoices ask for their payments three times, and are told", function()
  local list = {}
  for i = 1, 450 do list[i] = invoice("CRM-D-" .. i, 7) end
  local procountor, crm = world(list)
  look()
  expect(requests(procountor, "GET", "/payments/paymentevents")).is(3)
  expect(status(crm).unpaid_total).is(decimal "45180.00")
end)

test("a customer that is not in the CRM is a warning; its deal tells whose it is", function()
  local function stranger(number)
    local body = invoice(number, 7)
    body.counterParty.identifier = "2012345-4"
    return body
  end
  local _, crm = world { stranger "CRM-D-7" }
  expect(look()).has { unknown = 1, written = 0 }
  crm.seed { deals = { { id = "D-9", title = "Sivusto", status = "won", organization_id = "O-31" } } }
  local procountor = sandbox("procountor", { name = "other", connection = "procountor",
    seed = { customers = { { name = "Testiasiakas Oy" } }, invoices = { stranger "CRM-D-9" } } })
  expect(procountor.invoices).count(1)
  fire "all invoices"
  expect(status(crm).unpaid_total).is(decimal "100.40")
end)

test("an invoice that a deal became shows in the CRM at once", function()
  local procountor, crm = world { invoice("CRM-D-1", -30) }
  local run = deliver("crm", { id = "evt_won", type = "deal.won", data = {
    deal = { id = "D-881", title = "Sivusto", status = "won", currency = "EUR", value = 160,
      organization_id = "O-31", lines = { { name = "Työ", quantity = 2, unit = "h",
        unit_price = 80, vat_percent = decimal "25.5" } } },
    organization = { id = "O-31", name = "Testiasiakas Oy", business_id = "1234567-1",
      email = "laskut@testiasiakas.example",
      address = { street = "Mannerheimintie 12", postal_code = "00100", city = "Helsinki" } } } })
  expect(run.state).is "done"
  expect(procountor.invoices).count(2)
  expect(states(crm)).is "unfinished, overdue"
  expect(status(crm)).has { overdue_days = 30, last_invoice_due = day(-30) }
  -- The CRM does not work: the invoice is made all the same.
  crm.fault "GET /v1/organizations error=400*9"
  run = deliver("crm", { id = "evt_next", type = "deal.won", data = {
    deal = { id = "D-882", title = "Toinen", status = "won", currency = "EUR",
      lines = { { name = "Työ", quantity = 1, unit = "h", unit_price = 80,
        vat_percent = decimal "25.5" } } },
    organization = { id = "O-31", name = "Testiasiakas Oy", business_id = "1234567-1",
      email = "laskut@testiasiakas.example",
      address = { street = "Mannerheimintie 12", postal_code = "00100", city = "Helsinki" } } } })
  expect(run.state).is "done"
  expect(procountor.invoices).count(3)
end)

test("a salesperson asks how a customer stands", function()
  world { invoice("CRM-D-1", -4) }
  local run = deliver("crm", { id = "evt_call", type = "call", customer = 51001 })
  expect(run.state).is "done"
  expect(run.result).has { last_invoice_sent = day(-18), last_invoice_due = day(-4),
    last_invoice_status = "overdue", overdue_days = 4 }
end)

test("on another day open invoices are looked at again, though nothing changed there", function()
  local _, crm = world { invoice("CRM-D-1", -4) }
  local tomorrow = day(3) .. "T00:05:00"
  local run = deliver("crm", { id = "evt_same", type = "morning", day = day(0), version = tomorrow })
  expect(run.state).is "done"
  expect(run.result).has { customers = 0, written = 0 }
  run = deliver("crm", { id = "evt_next_day", type = "morning", day = day(-1), version = tomorrow })
  expect(run.result).has { customers = 1, written = 1 }
  expect(status(crm).overdue_days).is(4)
end)

test("who is overdue for long is an alert, until it is paid", function()
  local procountor = world { invoice("CRM-D-1", -14) }
  look()
  expect(told "open").is(nil)
  procountor.seed { invoices = { invoice("CRM-D-2", -15) } }
  look()
  expect(told("open").text).contains "Testiasiakas Oy owes 200.80 EUR"
  expect(told("open").text).contains "15 days"
  expect(told "over").is(nil)
  procountor.seed { payments = { { originalInvoiceNumber = "CRM-D-2" } } }
  look()
  expect(told("over").kind).is "overdue"
end)

test("a sum in another currency is told in that of the books", function()
  local _, crm = world { invoice("CRM-D-1", 7, { paymentInfo = { paymentMethod = "BANK_TRANSFER",
    currency = "SEK", currencyRate = 10, dueDate = day(7), bankReferenceCode = "",
    bankReferenceCodeType = "FI", bankAccount = { accountNumber = "FI2112345600000785" } } }) }
  look()
  expect(status(crm)).has { unpaid_total = decimal "10.04", currency = "EUR" }
end)

test("the pages of a sent invoice are at the deal it was made of", function()
  local _, crm = world { invoice("CRM-D-1", 7), invoice("CRM-D-2", 7, { status = "UNFINISHED" }) }
  crm.seed { deals = { { id = "D-1", title = "Sivusto" }, { id = "D-2", title = "Toinen" } } }
  crm.fault "POST /v1/deals/D-1/files lost*1"
  expect(look("invoice_images")).has { invoices = 1, images = 1 }
  expect(crm.deals[1].files).count(1)
  expect(crm.deals[2].files).is(nil)
  expect(look("invoice_images").images).is(0)
end)

test("a list of invoices that does not say whose they are: the customer's own record does", function()
  local procountor, crm = world { invoice("CRM-D-1", -20) }
  procountor.seed { settings = { names_in_search = false } }
  expect(look().written).is(1)
  expect(status(crm)).has { overdue_total = decimal "100.40", overdue_days = 20 }
  expect(told("open").text).contains "Testiasiakas Oy owes 100.40"
end)
