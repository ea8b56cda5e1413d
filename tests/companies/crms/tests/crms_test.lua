-- Won deals of Pipedrive and HubSpot: what the webhook leaves out is fetched, and becomes one invoice.

local function line(name, more)
  local record = { name = name, product_code = name:upper(), quantity = 2, unit = "h",
    unit_price = 100, vat_percent = decimal "25.5" }
  for key, value in pairs(more or {}) do record[key] = value end
  return record
end

local function crm(kind, lines, status)
  return sandbox(kind, { seed = {
    organizations = { { id = 31, name = "Testiasiakas Oy", business_id = "1234567-1",
      phone = "+358 9 1234567", einvoice = { address = "003712345671", operator = "003721291126" },
      address = { street = "Mannerheimintie 12 B 34", postal_code = "00100", city = "Helsinki" } } },
    contacts = { { id = 9, name = "Aino Esimerkki", email = "aino@testiasiakas.example" } },
    deals = { { id = 881, title = "Verkkosivusto", status = status or "won", value = 200,
      currency = "EUR", organization_id = 31, person_id = 9, payment_term_days = 30,
      project_reference = "P-7", lines = lines or { line "Konsultointi" } } } } })
end

local function check_invoice(invoice, number)
  expect(invoice).has { status = "UNFINISHED", originalInvoiceNumber = number,
    orderReference = "P-7", invoiceChannel = "ELECTRONIC_INVOICE" }
  expect(invoice.counterParty).has { identifier = "1234567-1", contactPersonName = "Aino Esimerkki" }
  expect(invoice.counterParty.counterPartyAddress).has { street = "Mannerheimintie 12 B 34",
    zip = "00100", city = "Helsinki" }
  expect(invoice.paymentInfo.dueDate).is(time.add_days(invoice.date, 30))
end

test("Pipedrive, webhooks v2: products, organization and person are fetched", function()
  local procountor = sandbox "procountor"
  crm("pipedrive", { line "Konsultointi",
    line("Lisenssi", { quantity = 3, unit_price = decimal "33.3350", discount_percent = 10 }),
    line("Alennettu", { quantity = 4, discount = 20 }) })
  local run = deliver("pipedrive", fixture "pipedrive_v2.json")
  expect(run.state).is "done"
  local invoice = procountor.invoices[1]
  check_invoice(invoice, "PIPEDRIVE-881")
  expect(invoice.invoiceRows).count(3)
  expect(invoice.invoiceRows[1]).has { product = "Konsultointi", productCode = "KONSULTOINTI",
    unit = "HOUR", vatPercent = decimal "25.5" }
  expect(invoice.invoiceRows[2].discountPercent).is(decimal "10")
  -- Twenty euros off four hours of a hundred: each costs 95.
  expect(invoice.invoiceRows[3].unitPrice).is(decimal "95")
  expect(deliver("pipedrive", fixture "pipedrive_v2.json")).is_duplicate()
  expect(deliver("pipedrive", fixture("pipedrive_v2.json", { ["meta.attempt"] = 2 }))).is_duplicate()
  expect(procountor.invoices).count(1)
end)

test("Pipedrive: a discount of the whole deal is the invoice's; what is none in percent is asked about",
  function()
    local procountor, pipedrive = sandbox "procountor", crm "pipedrive"
    crm "hubspot"
    pipedrive.seed { deals = {
      { id = 882, status = "won", value = 180, currency = "EUR", organization_id = 31,
        lines = { line "Konsultointi" }, discounts = { { type = "percentage", amount = 10 } } },
      { id = 883, status = "won", value = 150, currency = "EUR", organization_id = 31,
        lines = { line "Konsultointi" }, discounts = { { type = "amount", amount = 50 } } },
      { id = 884, status = "won", value = 162, currency = "EUR", organization_id = 31,
        lines = { line "Konsultointi" }, discounts = { { type = "percentage", amount = 10 },
          { type = "percentage", amount = 10 } } } } }
    local function won(id)
      return deliver("pipedrive", fixture("pipedrive_v2.json", { ["data.id"] = id,
        ["meta.id"] = "d-" .. id, ["meta.entity_id"] = tostring(id) }))
    end
    local run = won(882)
    expect(run.state).is "done"
    expect(run.result.warnings).is(nil)
    expect(procountor.invoices[1]).has { discountPercent = 10 }
    expect(run.result.total).is(decimal "225.90")
    for id, words in pairs { [883] = "50 in money", [884] = "10 %, 10 %" } do
      run = won(id)
      expect(run.state).is "attention"
      expect(run.reason).contains(words)
      expect(run.reason).contains "the deal in Pipedrive.discount_percent"
    end
    expect(procountor.invoices).count(1)
    -- Accounts that have none of them.
    for i, status in ipairs { 403, 404 } do
      pipedrive.seed { deals = { { id = 890 + i, status = "won", value = 200, currency = "EUR",
        organization_id = 31, lines = { line "Konsultointi" } } } }
      pipedrive.fault(("GET /api/v2/deals/%d/discounts error=%d*1, GET /api/v2/deals/installments "
        .. "error=%d*1"):format(890 + i, status, status))
      expect(won(890 + i).state).is "done"
    end
  end)

test("Pipedrive: a deal that is to be billed in parts, or again and again, is invoiced once, and said",
  function()
    local procountor, pipedrive = sandbox "procountor", crm("pipedrive",
      { line("Ylläpito", { billing_frequency = "monthly" }), line "Konsultointi" })
    crm "hubspot"
    pipedrive.seed { deals = { { id = 882, status = "won", value = 200, currency = "EUR",
      organization_id = 31, lines = { line "Konsultointi" },
      installments = { { amount = 100, billing_date = "2026-12-01", description = "Ennakko" },
        { amount = 100, billing_date = "2027-02-01", description = "Loppuerä" } } } } }
    local run = deliver("pipedrive", fixture "pipedrive_v2.json")
    expect(run.state).is "done"
    expect(table.concat(run.result.warnings, "\n")).contains 'Ylläpito" is billed monthly in Pipedrive'
    run = deliver("pipedrive", fixture("pipedrive_v2.json", { ["data.id"] = 882, ["meta.id"] = "i-1" }))
    expect(run.state).is "done"
    expect(table.concat(run.result.warnings, "\n")).contains("2 installments in Pipedrive (100 on "
      .. "2026-12-01, 100 on 2027-02-01)")
    expect(procountor.invoices).count(2)
  end)

test("Pipedrive: a user's own token goes in the header that it takes, an app's as a bearer", function()
  sandbox "procountor"
  local pipedrive = crm "pipedrive"
  expect(deliver("pipedrive", fixture "pipedrive_v2.json").state).is "done"
  local own = pipedrive.requests[1].headers
  expect({ own["x-api-token"] ~= nil, own.authorization ~= nil }).is { true, false }
  expect(deliver("old", fixture "pipedrive_v1.json").state).is "done"
  local requests = pipedrive.requests
  local apps = requests[#requests].headers
  expect({ apps["x-api-token"] ~= nil, apps.authorization ~= nil }).is { false, true }
end)

test("Pipedrive, webhooks v1: the same deal is the same invoice", function()
  local procountor = sandbox "procountor"
  crm "pipedrive"
  expect(deliver("old", fixture "pipedrive_v1.json").state).is "done"
  check_invoice(procountor.invoices[1], "PIPEDRIVE-881")
  local again = deliver("pipedrive", fixture "pipedrive_v2.json")
  expect(again.state).is "done"
  expect(again.result.adopted).is(true)
  expect(procountor.invoices).count(1)
  expect(procountor.customers).count(1)
end)

test("Pipedrive: what is no deal won is skipped, with the reason", function()
  local procountor = sandbox "procountor"
  crm "pipedrive"
  local run = deliver("pipedrive", fixture("pipedrive_v2.json", { ["data.status"] = "lost" }))
  expect(run.state).is "skipped"
  expect(run.reason).contains "was not won (lost)"
  -- A won deal whose title is changed was won before.
  run = deliver("pipedrive", fixture("pipedrive_v2.json", { ["meta.id"] = "other",
    ["previous.status"] = absent, ["previous.title"] = "Sivusto" }))
  expect(run.state).is "skipped"
  expect(procountor.invoices).count(0)
end)

test("Pipedrive: a deal that was opened again meanwhile is not invoiced", function()
  local procountor = sandbox "procountor"
  crm("pipedrive", nil, "open")
  local run = deliver("pipedrive", fixture "pipedrive_v2.json")
  expect(run.state).is "skipped"
  expect(run.reason).contains "(open)"
  expect(procountor.invoices).count(0)
end)

test("Pipedrive: a wrong password is refused", function()
  expect(deliver("pipedrive", fixture "pipedrive_v2.json", { signature = "wrong" }).status).is(401)
end)

test("HubSpot: the deal, its line items, company and contact are fetched", function()
  local procountor = sandbox "procountor"
  -- HubSpot writes 43.335 as a text, in which the dot can mean one thing only.
  local license = line("Lisenssi", { discount = 10, unit_price = decimal "43.3350" })
  license.vat_percent = nil
  crm("hubspot", { line "Konsultointi", license })
  local run = deliver("hubspot", fixture "hubspot.json")
  expect(run.state).is "done"
  local invoice = procountor.invoices[1]
  check_invoice(invoice, "HUBSPOT-881")
  expect(invoice.invoiceRows).count(2)
  expect(invoice.invoiceRows[2]).has { product = "Lisenssi", unitPrice = decimal "33.3350" }
  expect(deliver("hubspot", fixture "hubspot.json")).is_duplicate()
  expect(deliver("hubspot", fixture("hubspot.json", { ["1.attemptNumber"] = 3 }))).is_duplicate()
  expect(procountor.invoices).count(1)
end)

test("HubSpot: a delivery of several events is as many events", function()
  local procountor = sandbox "procountor"
  crm "hubspot"
  local events = fixture "hubspot.json"
  for i, change in ipairs { { propertyName = "amount", propertyValue = "5" },
    { propertyValue = "appointmentscheduled" } } do
    local event = fixture("hubspot.json")[1]
    event.eventId = event.eventId + i
    for name, value in pairs(change) do event[name] = value end
    events[i + 1] = event
  end
  local delivery = deliver("hubspot", events)
  expect(delivery.status).is(202)
  expect(delivery.answer.events).count(3)
  local states = {}
  for _, run in ipairs(runs "wait") do states[run.state] = (states[run.state] or 0) + 1 end
  expect(states).has { done = 1, skipped = 2 }
  expect(procountor.invoices).count(1)
  -- Some are known, one is not.
  events[3].eventId = events[3].eventId + 10
  expect(deliver("hubspot", events).status).is(202)
  expect(deliver("hubspot", events).status).is(200)
  expect(runs "wait").count(4)
end)

test("HubSpot: what is not signed as it should be is refused", function()
  expect(deliver("hubspot", fixture "hubspot.json", { signature = "wrong" }).status).is(401)
  expect(deliver("hubspot", fixture "hubspot.json", { signature = "none" }).status).is(401)
  expect(deliver("hubspot", "[1]").status).is(400)
  expect(deliver("hubspot", "[]").status).is(400)
end)
