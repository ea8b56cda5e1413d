test("the notice, the invoice and the numbers are English where the proposal does not say", function()
  local procountor, slack = sandbox "procountor", sandbox "slack"
  local run = deliver("click2contract", fixture("signed.json", { ["contract.language"] = absent,
    ["pricing_table.rows.1.unit_price"] = "1,234.50", ["pricing_table.rows.2.unit_price"] = "33.335" }))
  expect(run.state).is "done"
  expect(procountor.invoices[1]).has { language = "ENGLISH" }
  expect(procountor.invoices[1].invoiceRows).has { { unitPrice = decimal(1234.5) },
    { unitPrice = decimal(33.335) } }
  expect(slack.messages[1].text).is(("New invoice 1: Testiasiakas Oy, 18,704.52 EUR, due %s "
    .. "(unfinished). Contract Verkkosivusto"):format(
    time.format(procountor.invoices[1].paymentInfo.dueDate, "en")))
end)
