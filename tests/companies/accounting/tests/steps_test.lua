-- Options of the ready rule, and each of its steps replaced by the company's own.

local function start()
  return sandbox "procountor", sandbox "slack", sandbox "zapier"
end

test("with no options but notices: Slack in Finnish, Zapier flat with the same keys each time",
  function()
    local procountor, slack, zapier = start()
    local run = deliver("click2contract", fixture("signed.json",
      { ["customer.name"] = "A&B <Oy>", ["contract.name"] = "Sivut & <kauppa>" }))
    expect(run.state).is "done"
    local due = time.format(procountor.invoices[1].paymentInfo.dueDate, "fi")
    expect(slack.messages[1].text).is(("Uusi lasku 1: A&amp;B &lt;Oy&gt;, 2\u{A0}356,89 EUR, eräpäivä "
      .. "%s (keskeneräinen). Sopimus Sivut &amp; &lt;kauppa&gt;"):format(due))
    deliver("click2contract", fixture("signed.json", { id = "evt_2", ["contract.id"] = "2",
      ["customer.business_id"] = absent, ["contract.reference"] = absent }))
    local keys = {}
    for i, hook in ipairs(zapier.hooks) do
      local list = {}
      for key, value in pairs(hook.body) do
        expect(type(value) == "table").is(false)
        list[#list + 1] = key
      end
      table.sort(list)
      keys[i] = table.concat(list, " ")
    end
    expect(keys[1]).is("business_id contract_id currency customer due_date event id invoice_id "
      .. "invoice_number reference status text total")
    expect(keys[2]).is(keys[1])
    expect(zapier.hooks[1].body).has { event = "invoice.created", business_id = "1234567-1",
      total = "2356.89", currency = "EUR", status = "UNFINISHED", invoice_number = 1,
      customer = "A&B <Oy>", contract_id = "10042", reference = "Projekti 2026-07" }
  end)

test("payment_terms, notify, language, channel, totals and finance as options", function()
  local procountor, slack, zapier = start()
  local run = deliver("options", fixture("signed.json", { ["contract.payment_term_days"] = absent,
    ["contract.language"] = absent }))
  expect(run.state).is "done"
  expect(run.rule).is "with options"
  local invoice = procountor.invoices[1]
  expect(invoice).has { language = "SWEDISH", invoiceChannel = "NO_SENDING" }
  expect(invoice.paymentInfo.dueDate).is(invoice.date)
  expect(slack.messages).count(0)
  expect(zapier.hooks).count(1)
end)

test("customer, row, product, invoice, notice, key and trigger replaced", function()
  local procountor, slack, zapier = start()
  local event = fixture("signed.json", { ["pricing_table.rows.2.vat_percent"] = 0 })
  event.pricing_table.rows[3] = { code = "POIS", name = "Pois", quantity = 1, unit_price = 5,
    vat_percent = 10 }
  local run = deliver("custom", event)
  expect(run.state).is "done"
  expect(run.key).is "contract 10042"
  expect(procountor.customers[1]).has { name = "Testiasiakas Oy / 10042" }
  expect(procountor.products).count(1)
  expect(procountor.products[1]).has { code = "OMA", name = "Oma tuote" }
  local invoice = procountor.invoices[1]
  expect(invoice).has { notes = "Sopimus 10042" }
  expect(invoice.invoiceRows).count(2)
  expect(invoice.invoiceRows[1]).has { comment = "10042", productCode = "OMA",
    productId = procountor.products[1].id, product = "Konsultointi" }
  expect(invoice.invoiceRows[2]).has { vatStatus = 3, vatPercent = 0 }
  expect(slack.messages[1].text).is "Valmis &lt;C2C-10042&gt; &amp; laskutettu"
  expect(zapier.hooks[1].body).has { event = "own", number = 1,
    text = "Valmis <C2C-10042> & laskutettu" }
  run = deliver("custom", fixture("signed.json", { id = "evt_2", ["contract.id"] = "2",
    ["contract.name"] = "Odota" }))
  expect(run.state).is "held"
  run = deliver("custom", fixture("signed.json", { id = "evt_3", ["contract.id"] = "3",
    ["contract.name"] = "Hiljaa" }))
  expect(run.state).is "done"
  expect(slack.messages).count(1)
end)

test("a message that Slack refuses or that is too long: a warning, and the run is done", function()
  local procountor, slack = start()
  for i, status in ipairs { 403, 404, 409, 410 } do
    slack.fault("POST error=" .. status)
    local run = deliver("lab", { type = "notice", id = "n" .. i, text = "Hei" })
    expect(run.state).is "done"
    expect(run.result.told[1]).is(false)
    expect(run.result.warnings[1]).contains(tostring(status))
  end
  slack.fault ""
  slack.seed { settings = { error = "channel_is_archived" } }
  local run = deliver("lab", { type = "notice", id = "n5", text = "Hei" })
  expect(run.result.warnings[1]).contains "In Slack: the channel is archived."
  slack.seed { settings = { error = false } }
  run = deliver("lab", { type = "notice", id = "n6", text = ("ä&"):rep(2000) })
  expect(run.result.told[1]).is(true)
  local text = slack.messages[1].text:gsub("&amp;", "&")
  expect(text).count(3000)
  expect(text:sub(-3)).is "…"
  expect(procountor.requests).count(0)
end)
