-- A won deal, from the CRM's event to the invoice.

local function start(options)
  local procountor = sandbox "procountor"
  sandbox "slack"
  return procountor, sandbox("crm", options)
end

test("a won deal becomes one unfinished invoice", function()
  local procountor, crm = start()
  local run = deliver("crm", fixture "won.json")
  expect(run.state).is "done"
  expect(procountor.invoices).count(1)
  local invoice = procountor.invoices[1]
  expect(invoice).has { status = "UNFINISHED", originalInvoiceNumber = "CRM-D-881",
    orderReference = "P-2026-07", invoiceChannel = "ELECTRONIC_INVOICE" }
  expect(invoice.counterParty).has { identifier = "1234567-1", contactPersonName = "Aino Esimerkki" }
  expect(invoice.counterParty.einvoiceAddress).has { address = "003712345671",
    operator = "003721291126" }
  expect(invoice.invoiceRows).count(2)
  expect(invoice.invoiceRows[1]).has { product = "Konsultointi", productCode = "KONS",
    unit = "HOUR", unitPrice = decimal "149" }
  expect(invoice.invoiceRows[2].discountPercent).is(decimal "10")
  expect(invoice.paymentInfo.dueDate).is(time.add_days(invoice.date, 30))
  expect(#invoice.paymentInfo.bankReferenceCode > 3).is(true)
  expect(run.result).has { total = decimal "2356.89", deal = "D-881" }
  expect(crm.notifications[1].text).contains "Verkkosivusto"
end)

test("a deal that is won twice is invoiced once", function()
  local procountor = start()
  expect(deliver("crm", fixture "won.json").state).is "done"
  expect(deliver("crm", fixture "won.json")).is_duplicate()
  -- The CRM tries again and counts: the same delivery.
  expect(deliver("crm", fixture("won.json", { attempt = 2 }))).is_duplicate()
  -- Opened and won again: another event, the same deal.
  local run = deliver("crm", fixture("won.json", { id = "evt_5530" }))
  expect(run.state).is "done"
  expect(run.result.adopted).is(true)
  expect(procountor.invoices).count(1)
  expect(procountor.customers).count(1)
end)

test("what the event leaves out is read from the CRM", function()
  local procountor, crm = start { seed = {
    organizations = { { id = "O-31", name = "Testiasiakas Oy", business_id = "1234567-1",
      address = { street = "Rovakatu 4", postal_code = "96200", city = "Rovaniemi" } } },
    contacts = { { id = "C-9", name = "Aino Esimerkki" } },
    deals = { { id = "D-881", title = "Verkkosivusto", status = "won", value = 149,
      organization_id = "O-31", person_id = "C-9",
      lines = { { product_code = "KONS", name = "Konsultointi", quantity = 1,
        unit_price = 149 } } } } } }
  local run = deliver("crm", fixture("won.json", { ["data.deal.lines"] = absent,
    ["data.organization"] = absent, ["data.person"] = absent }))
  expect(run.state).is "done"
  expect(#crm.requests > 2).is(true)
  expect(procountor.invoices[1].counterParty.counterPartyAddress).has { city = "Rovaniemi" }
  -- The VAT percentage is the connection's, since the line says none.
  expect(procountor.invoices[1].invoiceRows[1].vatPercent).is(decimal "25.5")
end)

test("a large deal waits, the CRM asks, and a person sends it", function()
  local procountor, crm = start()
  local delivery = deliver("crm", fixture("won.json", { ["data.deal.value"] = 12000 }))
  expect(delivery.state).is "held"
  expect(delivery.reason).contains "10 000 EUR"
  expect(crm.notifications).count(1)
  expect(crm.notifications[1].data).has { action = "send", deal_id = "D-881" }
  expect(procountor.invoices).count(0)
  expect(delivery.runs[1].send().state).is "done"
  expect(procountor.invoices).count(1)
end)

test("a deal that says no to invoicing by itself waits; one sent by hand does not", function()
  local procountor = start()
  local run = deliver("crm", fixture("won.json", { ["data.deal.auto_invoice"] = false }))
  expect(run.state).is "held"
  local by_hand = fixture("won.json", { id = "evt_9", trigger = "manual",
    ["data.deal.auto_invoice"] = false })
  expect(deliver("crm", by_hand).state).is "done"
  expect(procountor.invoices).count(1)
end)

test("a deal without products, and one with a wrong business ID, go to a person", function()
  local procountor = start()
  local run = deliver("crm", fixture("won.json", { ["data.deal.lines"] = {} }))
  expect(run.state).is "attention"
  expect(run.reason).contains "it has no products"
  run = deliver("crm", fixture("won.json", { id = "evt_2",
    ["data.organization.business_id"] = "1234567-2" }))
  expect(run.state).is "attention"
  expect(run.reason).contains "data.organization.business_id"
  run = deliver("crm", fixture("won.json", { id = "evt_3",
    ["data.deal.lines.1.quantity"] = "kaksi" }))
  expect(run.state).is "attention"
  expect(run.reason).contains "data.deal.lines[0].quantity"
  expect(procountor.invoices).count(0)
  expect(procountor.customers).count(0)
end)
