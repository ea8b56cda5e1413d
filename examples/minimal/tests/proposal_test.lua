-- What Nordic Design relies on. Each test starts with empty sandboxes and an empty store.

test("a signed proposal becomes one unfinished invoice", function()
  local procountor, slack = sandbox "procountor", sandbox "slack"
  local run = deliver("click2contract", fixture "signed.json")
  expect(run.state).is "done"
  expect(procountor.invoices).count(1)
  expect(procountor.invoices[1]).has {
    status = "UNFINISHED", originalInvoiceNumber = "C2C-10042", orderReference = "Projekti 2026-07",
    invoiceChannel = "EMAIL", language = "FINNISH",
    invoiceSumInfo = { { excludingVatTotal = 1878, vatSumTotal = decimal "478.89",
      invoiceSumTotal = decimal "2356.89" } },
  }
  expect(procountor.customers).count(1)
  expect(procountor.customers[1]).has { name = "Testiasiakas Oy",
    invoicingInfo = { identifier = "1234567-1", identifierType = "FI" },
    address = { street = "Mannerheimintie 12 B 34", zip = "00100", city = "Helsinki",
      country = "FINLAND" } }
  expect(procountor.products).count(2)
  expect(slack.messages).count(1)
  expect(deliver("click2contract", fixture "signed.json")).is_duplicate()
end)

test("the same contract sent again by hand is not invoiced again", function()
  local procountor, slack = sandbox "procountor", sandbox "slack"
  deliver("click2contract", fixture "signed.json")
  local again = deliver("click2contract",
    fixture("signed.json", { id = "evt_02", trigger = "manual" }))
  expect(again.state).is "done"
  expect(again.result).has { adopted = true, original_number = "C2C-10042" }
  expect(procountor.invoices).count(1)
  expect(procountor.customers).count(1)
  expect(slack.messages).count(1)
end)

test("a customer that Procountor has under another spelling, and hides, is found", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  procountor.seed { customers = { { name = "Testiasiakas Oy", business_id = "12345671",
    active = false } } }
  local run = deliver("click2contract", fixture "signed.json")
  expect(run.state).is "done"
  expect(procountor.customers).count(1)
end)

test("products are found by code, else by name", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  procountor.seed { products = {
    { name = "Konsulttityö", code = "KONS", price = 140, unit = "HOUR", discount = 0, vat = 25.5,
      type = "SALES", active = true, currency = "EUR" },
    { name = "LISENSSI", price = 30, unit = "PIECE", discount = 0, vat = 25.5, type = "SALES",
      active = true, currency = "EUR" },
  } }
  expect(deliver("click2contract", fixture "signed.json").state).is "done"
  expect(procountor.products).count(2)
end)

test("a product whose name only looks alike is another product", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  procountor.seed { products = { { name = "Hunaja 15 kg", price = 30, unit = "PIECE", discount = 0,
    vat = 25.5, type = "SALES", active = true, currency = "EUR" } } }
  local run = deliver("click2contract", fixture("signed.json",
    { ["pricing_table.rows.2.name"] = "Hunaja 1,5 kg" }))
  expect(run.state).is "done"
  expect(procountor.products).count(3)
end)

test("an optional row that was not selected is not invoiced", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  deliver("click2contract", fixture("signed.json", { ["pricing_table.rows.2.selected"] = false }))
  expect(procountor.invoices[1].invoiceRows).count(1)
end)

test("money and percentages in Finnish spelling, the address in one line", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  local run = deliver("click2contract", fixture "spelled.json")
  expect(run.state).is "done"
  expect(procountor.invoices[1]).has {
    invoiceSumInfo = { { excludingVatTotal = decimal "2469.00",
      invoiceSumTotal = decimal "3098.60" } },
    billingAddress = { street = "Mannerheimintie 12 B 34", zip = "00100", city = "Helsinki" } }
end)

test("what cannot be invoiced goes to a person, in words, and nothing is written", function()
  local procountor = sandbox "procountor"
  local cases = {
    { { pricing_table = absent }, "no pricing table" },
    { { ["customer.city"] = absent }, "no City" },
    { { ["customer.business_id"] = "1234567-8" }, 'business ID "1234567-8" is not valid' },
    { { ["pricing_table.rows.2.vat_percent"] = 24 }, "VAT 24 % is not in use" },
    { { ["customer.name"] = "Ŕimská Oy" }, "Windows-1252" },
  }
  for i, case in ipairs(cases) do
    local changes = case[1]
    changes.id = "evt_bad_" .. i
    local run = deliver("click2contract", fixture("signed.json", changes))
    expect(run.state).is "attention"
    expect(run.reason).contains(case[2])
  end
  expect(procountor.invoices).count(0)
  expect(procountor.customers).count(0)
end)

test("a lost answer makes no second invoice", function()
  local procountor = sandbox("procountor", { fault = "POST /api/invoices lost*1" })
  sandbox "slack"
  local run = deliver("click2contract", fixture "signed.json")
  run.runs[1].wait()
  expect(procountor.invoices).count(1)
end)

test("a notice that does not get through does not undo the invoice", function()
  local procountor = sandbox "procountor"
  sandbox("slack", { fault = "POST error=404" })
  local run = deliver("click2contract", fixture "signed.json")
  expect(run.state).is "done"
  expect(run.result).has { notified = { slack = false } }
  expect(procountor.invoices).count(1)
end)
