-- Options of the ready rules that other tests leave as they are.

local function day(n) return time.add_days(time.today(), n) end

local function deal(id, changes)
  local all = { id = "evt_" .. id, ["data.deal.id"] = id }
  for field, value in pairs(changes or {}) do all[field] = value end
  return fixture("won.json", all)
end

test("a deal by a register, a book and a CRM of other names: its words, its channel, its contract",
  function()
    local procountor = sandbox "procountor"
    local contracts = sandbox("click2contract", { connection = "contracts" })
    sandbox "crm"
    local ytj, slack = sandbox "ytj", sandbox "slack"
    local run = deliver("kauppa", deal("D-1", { ["data.deal.payment_term_days"] = absent,
      ["data.deal.pdf_url"] = contracts.url .. "/contracts/10042.pdf" }))
    expect(run.state).is "done"
    expect(run.result).has { attached = "KAUPPA-D-1.pdf" }
    local invoice = procountor.invoices[1]
    expect(invoice).has { language = "SWEDISH", invoiceChannel = "MAIL",
      originalInvoiceNumber = "KAUPPA-D-1" }
    expect(invoice.paymentInfo.dueDate).is(time.add_days(invoice.date, 7))
    expect(invoice.attachments).count(1)
    expect(invoice.attachments[1]).has { sendWithInvoice = true }
    expect(ytj.requests).count(1)
    expect(slack.messages).count(1)
    -- Sums that differ are a question here.
    run = deliver("kauppa", deal("D-2", { ["data.deal.value"] = 2000 }))
    expect(run.state).is "attention"
    expect(run.reason).contains "the sums differ"
    expect(procountor.invoices).count(1)
  end)

test("each step replaced, and the register left alone", function()
  local procountor, ytj, slack = sandbox "procountor", sandbox "ytj", sandbox "slack"
  sandbox "crm"
  local run = deliver("toinen", deal("D-3", { ["data.deal.value"] = 99999 }))
  expect(run.state).is "done"
  expect(run.result.warnings).is(nil)
  expect(ytj.requests).count(0)
  expect(procountor.products).count(1)
  expect(procountor.products[1]).has { code = "OMA" }
  expect(procountor.invoices[1].invoiceRows).count(1)
  expect(procountor.invoices[1].invoiceRows[1]).has { productCode = "OMA", comment = "oma rivi" }
  expect(slack.messages[1].text).is "Tehty TOINEN-D-3"
  expect(deliver("toinen", deal("D-4", { ["data.deal.title"] = "Hiljaa" })).state).is "done"
  expect(slack.messages).count(1)
end)

local function invoice(number, due, name, status, rows)
  local list = {}
  for i = 1, rows or 1 do list[i] = { product = "Työ", quantity = 1, unit = "HOUR", unitPrice = 80,
    discountPercent = 0, vatPercent = decimal "25.5", vatStatus = 1 } end
  return { partnerId = name == "Testiasiakas Oy" and 51001 or 51002, type = "SALES_INVOICE",
    status = status or "SENT", date = day(due - 14), originalInvoiceNumber = number,
    discountPercent = 0, vatStatus = 1, invoiceChannel = "NO_SENDING", language = "FINNISH",
    counterParty = { counterPartyAddress = { name = name } },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = "EUR", dueDate = day(due),
      bankAccount = { accountNumber = "FI2112345600000785" }, currencyRate = 1,
      bankReferenceCode = "", bankReferenceCodeType = "FI" },
    extraInfo = { accountingByRow = true, unitPricesIncludeVat = false }, invoiceRows = list }
end

local function books(invoices)
  return sandbox("procountor", { seed = { customers = { { name = "Testiasiakas Oy" },
    { name = "Muu Oy" } }, invoices = invoices } })
end

test("payment status: the company's own organization, so many days back; its words for who is late",
  function()
    local slack = sandbox "slack"
    books { invoice("a", -60, "Testiasiakas Oy", "PAID"), invoice("b", -5, "Testiasiakas Oy"),
      invoice("c", -50, "Testiasiakas Oy"), invoice("d", -9, "Muu Oy") }
    local crm = sandbox("crm", { seed = { organizations = { { id = "O-77", name = "Toinen nimi" } } } })
    local run = fire "tila"
    expect(run.state).is "done"
    expect(run.result).has { written = 1, unknown = 1 }
    local status = crm.payment_statuses["O-77"]
    -- What was paid long ago is left out; what is open is there, however old.
    expect(status).has { unpaid_count = 2, overdue_days = 50 }
    expect(status.invoices).count(2)
    runs "wait"
    expect(fire("omat").result).has { customers = 1, written = 1 }
    expect(crm.payment_statuses["O-77"]).has { unpaid_count = 1, overdue_days = 5 }
    expect(slack.messages).count(1)
    expect(slack.messages[1].text).contains "Myöhässä: kauppa organization O-77"
  end)

test("catalogue and images: other connections, own units, the first page only", function()
  local procountor = books { invoice("KAUPPA-D-881", 14, "Testiasiakas Oy", "SENT", 23) }
  local function product(code, unit)
    return { type = "SALES", code = code, name = code, unit = unit, discount = 0, price = 10,
      vat = decimal "25.5", active = true, currency = "EUR" }
  end
  procountor.seed { products = { product("TYO", "HOUR"), product("SISA", "PIECE") } }
  local crm = sandbox("crm", { seed = { deals = { { id = "D-881", title = "Sivusto", status = "won" } },
    organizations = {} } })
  expect(fire("hinnasto").result).has { written = 1 }
  expect(crm.products).count(1)
  expect(crm.products[1]).has { code = "TYO", unit = "tunti", finance_id = "kirjat:901" }
  local run = fire "kuvat"
  expect(run.result).has { invoices = 1, images = 1 }
  expect(run.result.warnings[1]).contains "page"
  expect(crm.deals[1].files).count(1)
end)
