-- What a salesperson sees of a customer's payments, from the deal to the money.

local function day(n) return time.add_days(time.today(), n) end

local function start(invoices)
  local procountor = sandbox("procountor", { seed = { invoices = invoices,
    customers = invoices and { { name = "Testiasiakas Oy", business_id = "1234567-1" } } } })
  local slack = sandbox "slack"
  local crm = sandbox("crm", { seed = { organizations = { { id = "O-31", name = "Testiasiakas Oy",
    business_id = "1234567-1", address = { street = "Mannerheimintie 12 B 34",
      postal_code = "00100", city = "Helsinki" } } } } })
  return procountor, crm, slack
end

-- An invoice that was sent two weeks before it is due: 100.40 with VAT.
local function sent(number, due)
  return { partnerId = 51001, type = "SALES_INVOICE", status = "SENT", date = day(due - 14),
    originalInvoiceNumber = number, discountPercent = 0, vatStatus = 1, invoiceChannel = "EMAIL",
    language = "FINNISH", counterParty = { identifier = "1234567-1",
      email = "laskut@testiasiakas.example", counterPartyAddress = { name = "Testiasiakas Oy",
        street = "Mannerheimintie 12", zip = "00100", city = "Helsinki", country = "FINLAND" } },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = "EUR", dueDate = day(due),
      bankAccount = { accountNumber = "FI2112345600000785" }, currencyRate = 1,
      bankReferenceCode = "", bankReferenceCodeType = "FI" },
    extraInfo = { accountingByRow = true, unitPricesIncludeVat = false },
    invoiceRows = { { product = "Työ", quantity = 1, unit = "HOUR", unitPrice = 80,
      discountPercent = 0, vatPercent = decimal "25.5", vatStatus = 1 } } }
end

local function status(crm) return crm.payment_statuses["O-31"] end

local function look()
  local run = fire "payment_status"
  expect(run.state).is "done"
  return run.result.written
end

test("from the deal to the money: each step shows in the CRM", function()
  local procountor, crm = start()
  expect(deliver("crm", fixture "won.json").state).is "done"
  expect(status(crm).invoices[1]).has { state = "unfinished" }
  expect(status(crm).last_invoice_sent).is(nil)
  local invoice = tostring(procountor.invoices[1].id)
  procountor.act("approve", { invoice = invoice })
  procountor.act("send", { invoice = invoice })
  expect(look()).is(1)
  expect(status(crm)).has { last_invoice_sent = day(0), last_invoice_due = day(30),
    last_invoice_status = "open", unpaid_total = decimal "2356.89", overdue_total = decimal "0.00" }
  procountor.act("pay", { invoice = invoice, amount = "1 000,50" })
  expect(look()).is(1)
  expect(status(crm)).has { last_invoice_status = "partly paid", unpaid_total = decimal "1356.39" }
  procountor.act("pay", { invoice = invoice })
  expect(look()).is(1)
  expect(status(crm)).has { last_invoice_status = "paid", unpaid_total = decimal "0.00" }
  -- Nothing has changed since, so nothing is written.
  expect(look()).is(0)
end)

test("a salesperson opens the customer before a call: sent, due, unpaid", function()
  local _, crm = start { sent("CRM-D-1", 3) }
  look()
  expect(status(crm)).has { last_invoice_sent = day(-11), last_invoice_due = day(3),
    last_invoice_status = "open", unpaid_total = decimal "100.40", overdue_days = 0 }
  local run = deliver("crm", { id = "evt_call", type = "call.planned", data = { customer = 51001 } })
  expect(run.result).has { last_invoice_sent = day(-11), due = day(3), state = "open",
    unpaid = decimal "100.40" }
end)

test("who is late by more than two weeks is told in Slack, until it is paid", function()
  local procountor, crm, slack = start { sent("CRM-D-1", -20), sent("CRM-D-2", -3) }
  look()
  expect(status(crm)).has { overdue_total = decimal "200.80", overdue_count = 2, overdue_days = 20 }
  local function told(n)
    local deadline = time.ms() + 30000
    repeat runs "wait" until #slack.messages >= n or time.ms() > deadline
    return slack.messages[n].text
  end
  expect(told(1)).contains "200.80 EUR"
  procountor.seed { payments = { { originalInvoiceNumber = "CRM-D-1" } } }
  look()
  expect(status(crm)).has { overdue_days = 3, unpaid_total = decimal "100.40" }
  expect(told(2)).contains "Kunnossa taas"
end)

test("invoices that somebody made by hand are not looked at", function()
  local _, crm = start { sent("CRM-D-1", 7), sent("KASSA-1", -30) }
  look()
  expect(status(crm)).has { unpaid_total = decimal "100.40", overdue_total = decimal "0.00" }
end)
