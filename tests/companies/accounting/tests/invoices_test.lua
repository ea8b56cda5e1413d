-- The invoice as Procountor gets it, what is there already, and what Procountor refuses.

local function start(options)
  local procountor = sandbox("procountor", options)
  sandbox "slack"
  sandbox "zapier"
  return procountor
end

local function signed(changes) return deliver("click2contract", fixture("signed.json", changes)) end

test("the invoice is a whole snapshot, in the strictest Procountor", function()
  local procountor = start { strict = true }
  local run = signed()
  expect(run.state).is "done"
  local invoice = procountor.invoices[1]
  expect(invoice).has { type = "SALES_INVOICE", status = "UNFINISHED", invoiceChannel = "EMAIL",
    vatStatus = 1, discountPercent = 0, partnerId = procountor.customers[1].id,
    orderReference = "Projekti 2026-07", originalInvoiceNumber = "C2C-10042",
    counterParty = { identifier = "1234567-1", taxCode = "FI12345671",
      contactPersonName = "Aino Esimerkki", email = "laskut@testiasiakas.example" },
    extraInfo = { accountingByRow = true, unitPricesIncludeVat = false },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = "EUR", currencyRate = 1,
      bankAccount = { accountNumber = "FI2112345600000785" }, bankReferenceCodeType = "FI" } }
  expect(invoice.invoiceRows[1].productId).is(procountor.products[1].id)
  expect(invoice.invoiceRows[2]).has { comment = "12 kuukauden käyttöoikeus" }
  -- "": Procountor makes the reference, and it proves itself.
  for _, request in ipairs(procountor.requests) do
    if request.method == "POST" and request.path == "/api/invoices" then
      expect(json.decode(request.body).paymentInfo.bankReferenceCode).is ""
    end
  end
  expect(ids.valid_reference(invoice.paymentInfo.bankReferenceCode)).is_not(nil)
end)

test("e-invoice data is all that a person adds, and the invoice goes out as it stands", function()
  local procountor = start()
  expect(signed().state).is "done"
  local invoice = procountor.invoices[1]
  expect(invoice.invoiceChannel).is_not "ELECTRONIC_INVOICE"
  local id = tostring(invoice.id)
  procountor.act("einvoice", { invoice = id, address = "003712345671", operator = "003721291126" })
  procountor.act("approve", { invoice = id })
  procountor.act("send", { invoice = id })
  local sent = procountor.invoices[1]
  expect(sent).has { status = "SENT", invoiceChannel = "ELECTRONIC_INVOICE",
    originalInvoiceNumber = "C2C-10042", counterParty = { identifier = "1234567-1",
      einvoiceAddress = { address = "003712345671", operator = "003721291126" } } }
  expect(sent.invoiceSumInfo[1].invoiceSumTotal).is(invoice.invoiceSumInfo[1].invoiceSumTotal)
  -- The same contract again is that invoice.
  expect(signed({ id = "evt_again" }).state).is "done"
  expect(procountor.invoices).count(1)
end)

test("a reference that looks like a reference number is still the buyer's text", function()
  local procountor = start()
  expect(signed({ ["contract.reference"] = "1234561" }).state).is "done"
  expect(procountor.invoices[1]).has { orderReference = "1234561" }
  expect(procountor.invoices[1].paymentInfo.bankReferenceCode).is_not "1234561"
end)

test("a reference number of the rule's own is normalised, and checked", function()
  local procountor = start()
  expect(deliver("custom", fixture "signed.json").state).is "done"
  expect(procountor.invoices[1].paymentInfo).has { bankReferenceCode = "RF341234561",
    bankReferenceCodeType = "RF" }
  local invoice = { original_number = "X-1", customer = { id = procountor.customers[1].id,
    name = "Testi Oy", address = "Testikatu 1, 00100 Helsinki" }, bank_reference = "1234562",
    rows = { { name = "Työ", quantity = 1, unit_price = 10, vat = decimal(25.5) } } }
  local run = deliver("lab", { type = "invoice", id = "1", invoice = invoice })
  expect(run.state).is "attention"
  expect(run.reason).contains '"1234562" is not a reference number'
end)

test("the account to pay to: the default one, of the invoice's currency; else a person chooses",
  function()
    local function account(id, iban, more)
      local a = { id = id, iban = iban, currency = "EUR", status = "ACTIVE", defaultForInvoice = false }
      for key, value in pairs(more or {}) do a[key] = value end
      return a
    end
    local procountor = start()
    local one, two = "FI2112345600000785", "FI5542345670000081"
    local cases = {
      { { account(1, one), account(2, two, { defaultForInvoice = true }) }, two },
      { { account(1, one), account(2, two, { status = "INACTIVE", defaultForInvoice = true }) }, one },
      { { account(1, one, { currency = "SEK", defaultForInvoice = true }), account(2, two) }, two },
      { { account(1, one), account(2, two) }, nil, "more than one active bank account in EUR" },
      { { account(1, one, { status = "INACTIVE" }) }, nil, "no active bank account in EUR" },
      { json.array {}, nil, "no active bank account in EUR" },
    }
    for i, case in ipairs(cases) do
      procountor.seed { settings = { bank_accounts = case[1] } }
      local customers = #procountor.customers
      local run = signed { id = "evt_" .. i, ["contract.id"] = "B" .. i,
        ["customer.business_id"] = i > 3 and "0112038-9" or nil }
      if case[2] then
        expect(run.state).is "done"
        expect(procountor.invoices[i].paymentInfo.bankAccount).has { accountNumber = case[2] }
      else
        expect(run.state).is "attention"
        expect(run.reason).contains(case[3])
        expect(run.reason).contains "Choose the default account for invoices"
        -- Known before anything is written.
        expect(procountor.customers).count(customers)
      end
    end
  end)

test("texts that do not fit: the field, the value and the length, before anything is written",
  function()
    local procountor = start()
    local long = ("Ä"):rep(101)
    local cases = {
      { { ["customer.name"] = ("N"):rep(81) }, "customer.name", "81 characters, Procountor takes 80" },
      { { ["customer.city"] = ("C"):rep(41) }, "customer.address (city)", "takes 40" },
      { { ["pricing_table.rows.1.name"] = long }, "pricing_table.rows[0].name",
        "101 characters, Procountor takes 100" },
      { { ["pricing_table.rows.1.code"] = ("K"):rep(41) }, "rows[0].code", "takes 40" },
      { { ["contract.reference"] = ("R"):rep(71) }, "contract.reference", "takes 70" },
      { { ["contract.reference"] = "Проект 7" }, 'contract.reference "Проект 7"', 'character "П"' },
      { { ["customer.name"] = "Łódź Oy" }, 'name "Łódź Oy"', "only Windows-1252" },
      { { ["pricing_table.rows.1.description"] = "→ katso" }, "rows[0].description", 'character "→"' },
    }
    for i, case in ipairs(cases) do
      case[1].id = "evt_" .. i
      local run = signed(case[1])
      expect(run.state).is "attention"
      expect(run.reason).contains(case[2])
      expect(run.reason).contains(case[3])
    end
    expect(procountor.customers).count(0)
    expect(procountor.products).count(0)
    -- Free text is cut, and said; 512 letters of two bytes are 512.
    local run = signed { id = "evt_cut", ["pricing_table.rows.1.description"] = ("ä"):rep(600),
      ["pricing_table.rows.2.description"] = ("ö"):rep(512) }
    expect(run.state).is "done"
    expect(procountor.invoices[1].invoiceRows[1].comment).count(512)
    expect(procountor.invoices[1].invoiceRows[2].comment).count(512)
    expect(run.result.warnings).count(1)
  end)

test("an original number of more than 40 characters keeps its beginning and is found again", function()
  local procountor = start()
  local id = ("9"):rep(60)
  expect(signed({ ["contract.id"] = id }).state).is "done"
  expect(procountor.invoices[1].originalInvoiceNumber).count(40)
  local run = signed { id = "evt_2", ["contract.id"] = id }
  expect(run.result).has { adopted = true }
  run = signed { id = "evt_3", ["contract.id"] = id .. "1" }
  expect(run.result.adopted).is(nil)
  expect(procountor.invoices).count(2)
end)

test("an invoice that is there is adopted in every living status; an invalidated one is asked about",
  function()
    local procountor = start()
    local first = signed()
    expect(first.state).is "done"
    local invoice = procountor.invoices[1]
    for i, status in ipairs { "NOT_SENT", "SENT", "PARTLY_PAID", "PAID", "APPROVED", "INVALIDATED" } do
      procountor.clear()
      procountor.seed { customers = { { name = "Testiasiakas Oy", business_id = "1234567-1",
        id = invoice.partnerId } } }
      local again = json.decode(json.encode(invoice))
      again.status, again.invoiceRows[1].productId, again.invoiceRows[2].productId = status, nil, nil
      procountor.seed { invoices = { again } }
      local run = signed { id = "evt_" .. i }
      if status == "INVALIDATED" then
        expect(run.state).is "attention"
        expect(run.reason).contains "was invalidated in Procountor"
      else
        expect(run.state).is "done"
        expect(run.result).has { adopted = true, status = status, total = decimal(2356.89) }
      end
      expect(procountor.invoices).count(1)
    end
  end)

test("another customer's invoice of that number is a person's to look at; another sum is said",
  function()
    local procountor = start()
    expect(signed().state).is "done"
    local run = signed { id = "evt_2", ["customer.business_id"] = "0112038-9" }
    expect(run.state).is "attention"
    expect(run.reason).contains "another customer's (1234567-1)"
    run = signed { id = "evt_3", ["pricing_table.rows.1.quantity"] = 13 }
    expect(run.state).is "done"
    expect(run.result.warnings[1]).contains "2356.89"
    expect(procountor.invoices).count(1)
    expect(procountor.customers).count(1)
  end)

test("what Procountor refuses is told with field, value and what to do", function()
  local procountor = start()
  local today = signed().result.due_date and procountor.invoices[1].date
  procountor.seed { settings = { closed_until = today } }
  local run = signed { id = "evt_2", ["contract.id"] = "2" }
  expect(run.state).is "attention"
  expect(run.reason).contains "CLOSED_FISCAL_PERIOD (field date"
  expect(run.reason).contains(today)
  expect(run.reason).contains "open the period in Procountor"
  procountor.seed { settings = { closed_until = false, bank_accounts = { { id = 1, currency = "EUR",
    iban = "FI7276549406033672", status = "ACTIVE" } } } }
  -- The account disappears between the look at the list and the invoice.
  procountor.fault "POST /api/invoices error=400*1"
  run = run.retry()
  expect(run.state).is "attention"
  expect(run.reason).contains "procountor refused POST /invoices: 400"
end)

test("a missing right is named with what to give, and where; the run goes on when it is given",
  function()
    local procountor = start()
    local rights = { "customerRegister", "productRegister", "salesOrGroupInvoices",
      "salesInvoiceSearch" }
    for i, right in ipairs(rights) do
      procountor.seed { settings = { rights = { [right] = "NO_ACCESS" } } }
      local run = signed { id = "evt_" .. i, ["contract.id"] = "R" .. i }
      expect(run.state).is "attention"
      expect(run.reason).contains(right)
      for _, words in ipairs { "403", "Users and privileges", "Edit personal info",
        "New sales invoice/Group invoice", "Customer register", "Product register",
        "Sales invoice search", "All rights" } do
        expect(run.reason).contains(words)
      end
      procountor.seed { settings = { rights = { [right] = "ALL_RIGHTS" } } }
      expect(run.retry().state).is "done"
      expect(procountor.invoices).count(i)
    end
    procountor.seed { settings = { invoiceable_api_clients = false } }
    local run = signed { id = "evt_api", ["contract.id"] = "api" }
    expect(run.state).is "attention"
    expect(run.reason).contains "Allow the usage of invoiceable API clients"
  end)

test("wrong credentials and a wrong address say so", function()
  local procountor = start { settings = { credentials = { client_id = "a", client_secret = "b",
    api_key = "c" } } }
  local run = signed()
  expect(run.state).is "attention"
  expect(run.reason).contains "Invalid client credentials"
  expect(procountor.customers).count(0)
end)

test("a server that says it is under load is asked again, and not for ever", function()
  local procountor = start { settings = { no_connection = 1 } }
  local run = signed().runs[1].wait()
  expect(run.state).is "done"
  expect(procountor.invoices).count(1)
  procountor.seed { settings = { no_connection = 100 } }
  run = signed({ id = "evt_2", ["contract.id"] = "2" }).runs[1].wait()
  expect(run.state).is "attention"
  expect(run.reason).contains "UNABLE_TO_GET_CONNECTION"
end)

test("e-invoice data is used when it is whole, and normalised", function()
  local procountor = start()
  expect(signed().state).is "done"
  local customer = { id = procountor.customers[1].id, name = "Testi Oy", business_id = "1234567-1",
    address = "Testikatu 1, 00100 Helsinki", email = "a@testi.example" }
  local function invoice(number, more)
    local wanted = { original_number = number, customer = customer,
      rows = { { name = "Työ", quantity = 1, unit_price = 10, vat = decimal(25.5) } } }
    for key, value in pairs(more) do wanted[key] = value end
    return deliver("lab", { type = "invoice", id = number, invoice = wanted })
  end
  expect(invoice("E-1", { einvoice = { address = "0037 1234-5671", operator = "ndea fihh" } }).state)
    .is "done"
  expect(procountor.invoices[2]).has { invoiceChannel = "ELECTRONIC_INVOICE",
    counterParty = { einvoiceAddress = { address = "003712345671", operator = "NDEAFIHH" } } }
  expect(invoice("E-2", { einvoice = { address = "003712345671" } }).state).is "done"
  expect(procountor.invoices[3]).has { invoiceChannel = "EMAIL" }
  local run = invoice("E-3", { channel = "ELECTRONIC_INVOICE" })
  expect(run.state).is "attention"
  expect(run.reason).contains "e-invoice address or operator is missing"
  expect(invoice("E-4", { channel = "MAIL", penalty_percent = "10,5" }).state).is "done"
  expect(procountor.invoices[4]).has { invoiceChannel = "MAIL", penaltyPercent = decimal(10.5) }
  expect(invoice("E-5", { currency = "SEK", currency_rate = "11,25",
    bank_account = "FI21 1234 5600 0007 85" }).state).is "done"
  expect(procountor.invoices[5].paymentInfo).has { currency = "SEK", currencyRate = decimal(11.25) }
  run = invoice("E-6", { bank_account = "FI2112345600000786" })
  expect(run.state).is "attention"
  expect(run.reason).contains "is not a bank account number"
end)
