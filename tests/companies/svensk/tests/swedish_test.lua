test("the notice, the invoice and the numbers are Swedish where the proposal does not say", function()
  local procountor, slack = sandbox "procountor", sandbox "slack"
  local run = deliver("click2contract", fixture("signed.json", { ["contract.language"] = absent,
    ["pricing_table.rows.2.unit_price"] = "33,335" }))
  expect(run.state).is "done"
  expect(procountor.invoices[1]).has { language = "SWEDISH" }
  expect(procountor.customers[1].invoicingInfo).has { language = "SWEDISH" }
  expect(slack.messages[1].text).is(("Ny faktura 1: Testiasiakas Oy, 2\u{A0}356,89 EUR, förfaller %s "
    .. "(oavslutad). Avtal Verkkosivusto"):format(procountor.invoices[1].paymentInfo.dueDate))
end)

test("letters that Procountor lacks become their nearest, when the connection says so", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  local run = deliver("click2contract", fixture("signed.json", { ["customer.name"] = "Łódź Oy" }))
  expect(run.state).is "done"
  expect(procountor.customers[1].name).is "Lódz Oy"
  expect(procountor.invoices[1].counterParty.counterPartyAddress.name).is "Lódz Oy"
  run = deliver("click2contract", fixture("signed.json", { id = "evt_2", ["contract.id"] = "2",
    ["customer.business_id"] = "0112038-9", ["customer.name"] = "中国 Oy" }))
  expect(run.state).is "attention"
  expect(run.reason).contains "Windows-1252"
end)
