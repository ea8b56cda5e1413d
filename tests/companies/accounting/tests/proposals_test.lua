-- Every shape in which a proposal may arrive (apis 2), and what it lacks.

local function start()
  local procountor = sandbox "procountor"
  sandbox "slack"
  sandbox "zapier"
  return procountor
end

local function row(name, more)
  local line = { name = name, quantity = 1, unit = "kpl", unit_price = 100, vat_percent = decimal(25.5) }
  for key, value in pairs(more or {}) do line[key] = value end
  return line
end

local function with_tables(value, name)
  local event = fixture "signed.json"
  event.pricing_table = nil
  event[name or "pricing_tables"] = value
  return event
end

test("several pricing tables are one invoice, under either name", function()
  local procountor = start()
  local tables = { { rows = { row "Yksi", row "Kaksi" }, totals = { net = 200 } },
    { rows = { row "Kolme" }, totals = { net = 100 } } }
  local event = with_tables(tables)
  expect(deliver("click2contract", event).state).is "done"
  expect(procountor.invoices[1].invoiceRows).count(3)
  event = with_tables(tables, "pricing_table")
  event.id, event.contract.id = "evt_2", "2"
  local run = deliver("click2contract", event)
  expect(run.state).is "done"
  expect(run.result.warnings).is(nil)
  expect(procountor.invoices[2].invoiceRows).count(3)
  -- Whose row it is, is said with table and path.
  event = with_tables { { rows = { row "Yksi" } }, { rows = { row("Kaksi", { quantity = "x" }) } } }
  event.id, event.contract.id = "evt_3", "3"
  run = deliver("click2contract", event)
  expect(run.state).is "attention"
  expect(run.reason).contains 'row 1 of pricing table 2 ("Kaksi")'
  expect(run.reason).contains "pricing_tables[1].rows[0].quantity"
end)

test("tables with and without VAT in their prices cannot be one invoice, unless one was not bought",
  function()
    local procountor = start()
    local event = with_tables { { prices_include_vat = true, rows = { row "Yksi" } },
      { rows = { row "Kaksi" } } }
    local run = deliver("click2contract", event)
    expect(run.state).is "attention"
    expect(run.reason).contains "an invoice has one kind only"
    event = with_tables { { prices_include_vat = true, rows = { row("Yksi", { selected = false }) } },
      { rows = { row "Kaksi" } } }
    event.id = "evt_2"
    expect(deliver("click2contract", event).state).is "done"
    expect(procountor.invoices[1].extraInfo).has { unitPricesIncludeVat = false }
  end)

test("optional rows count when they are selected, in every way of saying so", function()
  local procountor = start()
  local event = with_tables({ rows = json.array {
    row("Kyllä", { optional = true, selected = true }), row("Ei", { optional = true, selected = false }),
    row("Hiljaa", { optional = true }), row "Aina", row("Poistettu", { selected = false }),
    row("Sana", { optional = "kyllä", selected = "ei", unit_price = "mitä tahansa" }),
    row("Luku", { optional = 1, selected = 1 }), row("Nolla", { optional = 0, selected = json.null }),
  } }, "pricing_table")
  expect(deliver("click2contract", event).state).is "done"
  local names = {}
  for i, line in ipairs(procountor.invoices[1].invoiceRows) do names[i] = line.product end
  expect(names).is { "Kyllä", "Aina", "Luku", "Nolla" }
end)

test("null fields are fields that were not given; other names for three of them", function()
  local procountor = start()
  local event = fixture("signed.json", { ["contract.reference"] = json.null,
    ["contract.language"] = json.null, ["contract.payment_term_days"] = json.null,
    ["contract.signer"] = json.null, ["contract.name"] = json.null, ["customer.phone"] = json.null,
    ["customer.contact_name"] = json.null, ["customer.country"] = json.null,
    ["pricing_table.prices_include_vat"] = json.null, ["pricing_table.totals"] = json.null })
  event.pricing_table.rows = json.array { { code = json.null, name = "Yksi", description = json.null,
    quantity = 2, unit = json.null, price = 10, discount = json.null, vat = "25,5 %" },
    { code = "KOODI", name = json.null, quantity = 1, unit_price = 5, vat_percent = 10 } }
  local run = deliver("click2contract", event)
  expect(run.state).is "done"
  expect(procountor.invoices[1]).has { language = "FINNISH",
    invoiceRows = { { product = "Yksi", unit = "PIECE", unitPrice = 10, quantity = 2,
      discountPercent = 0 }, { product = "KOODI", productCode = "KOODI", vatPercent = 10 } } }
  expect(procountor.invoices[1].orderReference).is(nil)
  expect(procountor.invoices[1].counterParty.contactPersonName).is(nil)
end)

test("what a proposal lacks is said in words, and nothing is written", function()
  local procountor = start()
  local cases = {
    { { pricing_table = json.null }, "no pricing table; add the Pricing Table element" },
    { { pricing_table = {} }, "no pricing table" },
    { { ["pricing_table.rows"] = json.array {} }, "its pricing table has no rows" },
    { { ["pricing_table.rows.1.selected"] = false, ["pricing_table.rows.2.selected"] = false },
      "none of the optional rows" },
    { { ["pricing_table.rows.1.name"] = absent, ["pricing_table.rows.1.code"] = absent },
      "neither a name nor a code (pricing_table.rows[0].name)" },
    { { ["pricing_table.rows.1"] = "rivi" }, "row 1 of the pricing table is no row" },
    { { ["contract.id"] = absent }, "the contract has no id (contract.id)" },
    { { ["customer.name"] = "  " }, "the customer has no name (customer.name)" },
    { { ["customer.address"] = absent, ["customer.postal_code"] = absent,
      ["customer.city"] = absent }, "no address for the customer" },
    { { ["customer.postal_code"] = absent }, "no Postal code" },
    { { customer = absent }, "the customer has no name" },
    { { ["contract.payment_term_days"] = 1000 }, "1000 days is not possible (0 to 999)" },
    { { ["contract.payment_term_days"] = -1 }, "-1 days is not possible" },
    { { ["contract.payment_term_days"] = "14,5" }, "14.5 days is not possible" },
  }
  for i, case in ipairs(cases) do
    case[1].id = "evt_" .. i
    local run = deliver("click2contract", fixture("signed.json", case[1]))
    expect(run.state).is "attention"
    expect(run.reason).contains(case[2])
    expect(run.reason).contains "send the contract again"
  end
  expect(procountor.customers).count(0)
  expect(procountor.products).count(0)
end)

test("a contract that is not signed is skipped", function()
  start()
  for i, value in ipairs { false, "false", 0 } do
    local run = deliver("click2contract",
      fixture("signed.json", { id = "evt_" .. i, ["contract.signed"] = value }))
    expect(run.state).is "skipped"
    expect(run.reason).contains "is not signed yet"
  end
end)

test("payment terms: the contract's, the rule's, none of either, and in words", function()
  local procountor = start()
  local cases = { { 30, 30 }, { 0, 0 }, { "21", 21 }, { "7 pv netto", 7 }, { "14 dagar", 14 },
    { "heti", 0 }, { 999, 999 }, { absent, 14 } }
  for i, case in ipairs(cases) do
    local run = deliver("click2contract", fixture("signed.json", { id = "evt_" .. i,
      ["contract.id"] = "T" .. i, ["contract.payment_term_days"] = case[1] }))
    expect(run.state).is "done"
    local invoice = procountor.invoices[i]
    expect(invoice.paymentInfo.dueDate).is(time.add_days(invoice.date, case[2]))
    expect(run.result.due_date).is(invoice.paymentInfo.dueDate)
  end
  -- What was agreed for one contract is not the customer's from then on.
  expect(procountor.customers[1].paymentInfo).has { paymentTermDays = "14" }
end)

test("where the contract says nothing, the term and the e-invoice address are the register's", function()
  local procountor = start()
  procountor.seed { customers = { { name = "Testiasiakas Oy", type = "CUSTOMER",
    address = { name = "Testiasiakas Oy", street = "Katu 1", zip = "00100", city = "Helsinki",
      country = "FINLAND" },
    invoicingInfo = { identifier = "1234567-1", identifierType = "FI",
      invoiceChannel = "ELECTRONIC_INVOICE", einvoiceAddress = "003712345671",
      einvoiceOperator = "003721291126" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", paymentTermDays = "45" } } } }
  local function sent(changes) return deliver("click2contract", fixture("signed.json", changes)) end
  expect(sent({ ["contract.payment_term_days"] = absent }).state).is "done"
  local invoice = procountor.invoices[1]
  expect(invoice.paymentInfo.dueDate).is(time.add_days(invoice.date, 45))
  expect(invoice).has { invoiceChannel = "ELECTRONIC_INVOICE", counterParty = {
    einvoiceAddress = { address = "003712345671", operator = "003721291126" } } }
  expect(sent({ id = "evt_2", ["contract.id"] = "2" }).state).is "done"
  expect(procountor.invoices[2].paymentInfo.dueDate).is(time.add_days(invoice.date, 14))
  expect(procountor.customers).count(1)
end)

test("an e-invoice address of the register that cannot be one is left out, and said", function()
  local procountor = start()
  procountor.seed { customers = { { name = "Testiasiakas Oy", type = "CUSTOMER",
    address = { name = "Testiasiakas Oy", street = "Katu 1", zip = "00100", city = "Helsinki",
      country = "FINLAND" },
    invoicingInfo = { identifier = "1234567-1", identifierType = "FI",
      invoiceChannel = "ELECTRONIC_INVOICE", einvoiceAddress = "0037", einvoiceOperator = "X" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER" } } } }
  local run = deliver("click2contract", fixture "signed.json")
  expect(run.state).is "done"
  expect(procountor.invoices[1]).has { invoiceChannel = "EMAIL" }
  expect(run.result.warnings[1]).contains 'the OVT code "0037" is not'
end)

test("units: the usual words, the company's own, and none for what nobody knows", function()
  local procountor = start()
  local words = { { "h", "HOUR" }, { "Tunti", "HOUR" }, { "KPL", "PIECE" }, { "st.", "PIECE" },
    { "kk", "MONTH" }, { "mån", "MONTH" }, { "pv", "DAY" }, { "htp", "FULL_DAY" },
    { "m²", "SQUARE_METER" },
    { "erä", "LOT" }, { "HLÖ", "PERSON" }, { "käyttäjä", "PERSON" }, { "Tiimi", "SET" },
    { "sopimus", "NO_UNIT" } }
  local rows = json.array {}
  for i, word in ipairs(words) do rows[i] = row("Tuote " .. i, { unit = word[1] }) end
  local run = deliver("click2contract", with_tables({ rows = rows }, "pricing_table"))
  expect(run.state).is "done"
  for i, word in ipairs(words) do
    expect(procountor.invoices[1].invoiceRows[i].unit).is(word[2])
    expect(procountor.products[i].unit).is(word[2])
  end
  expect(procountor.invoices[1].invoiceRows[#words]).has { comment = "sopimus" }
  expect(run.result.warnings[1]).contains 'Procountor has no unit "sopimus"'
end)

test("languages of the contract, and one that Procountor lacks", function()
  local procountor = start()
  local cases = { { "sv", "SWEDISH" }, { "en-GB", "ENGLISH" }, { "Ruotsi", "SWEDISH" },
    { "et", "ESTONIAN" }, { "FINNISH", "FINNISH" }, { absent, "FINNISH" }, { "de", "FINNISH" } }
  for i, case in ipairs(cases) do
    local run = deliver("click2contract", fixture("signed.json", { id = "evt_" .. i,
      ["contract.id"] = "K" .. i, ["contract.language"] = case[1] }))
    expect(run.state).is "done"
    expect(procountor.invoices[i].language).is(case[2])
    if case[1] == "de" then
      expect(run.result.warnings[1]).contains 'Procountor has no language "de"'
    end
  end
end)
