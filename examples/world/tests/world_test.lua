-- The company as a whole: each way in ends in one unfinished invoice of the same customer.

local LINES = { { name = "Konsultointi", product_code = "KONS", quantity = 2, unit = "h",
  unit_price = 100, vat_percent = decimal "25.5" } }

local function crm(kind)
  return sandbox(kind, { seed = {
    organizations = { { id = 31, name = "Testiasiakas Oy", business_id = "1234567-1",
      email = "laskut@testiasiakas.example", address = { street = "Mannerheimintie 12 B 34",
      postal_code = "00100", city = "Helsinki" } } },
    deals = { { id = 881, title = "Verkkosivusto", status = "won", value = 200, currency = "EUR",
      organization_id = 31, lines = LINES } } } })
end

test("the same customer signs a proposal and buys in two CRMs: one customer, three invoices", function()
  local procountor = sandbox "procountor"
  for _, name in ipairs { "slack", "zapier", "smtp" } do sandbox(name) end
  sandbox "ytj"
  crm "pipedrive"
  crm "hubspot"
  local run = deliver("pipedrive", { data = { id = 881, status = "won", org_id = 31 },
    previous = { status = "open" }, meta = { action = "change", entity = "deal", id = "a-1" } })
  expect(run.state).is "done"
  run = deliver("hubspot", { { eventId = 1, subscriptionType = "deal.propertyChange",
    objectId = 881, propertyName = "dealstage", propertyValue = "closedwon" } })
  expect(run.state).is "done"
  run = deliver("click2contract", fixture("signed.json", { ["customer.business_id"] = "FI12345671",
    ["contract.pdf_url"] = absent }))
  expect(run.state).is "done"
  expect(procountor.customers).count(1)
  expect(procountor.invoices).count(3)
  for _, invoice in ipairs(procountor.invoices) do
    expect(invoice.partnerId).is(procountor.customers[1].id)
  end
end)

test("in the CRM a person is asked, and sends it", function()
  local procountor, world = sandbox "procountor", crm "crm"
  sandbox "slack"
  sandbox "ytj"
  local delivery = deliver("crm", { id = "evt_1", type = "deal.won", data = { deal = {
    id = 881, status = "won", title = "Verkkosivusto", organization_id = 31 } } })
  expect(delivery.state).is "held"
  expect(world.notifications[1].data.action).is "send"
  expect(delivery.runs[1].send().state).is "done"
  expect(procountor.invoices).count(1)
end)
