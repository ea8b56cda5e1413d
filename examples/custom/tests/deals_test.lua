-- The company's own rule: a won deal becomes an invoice.

test("a won deal becomes an unfinished invoice", function()
  local procountor, slack = sandbox "procountor", sandbox "slack"
  local run = deliver("crm", fixture "deal_won.json")
  expect(run.state).is "done"
  expect(procountor.invoices).count(1)
  expect(procountor.invoices[1]).has { status = "UNFINISHED",
    originalInvoiceNumber = "deal D-881", orderReference = "P-2026-07",
    penaltyPercent = decimal "10.5" }
  expect(slack.messages).count(1)
  expect(run.result).has { total = decimal "2243.94" }
end)

test("a large deal is held", function()
  local procountor = sandbox "procountor"
  local run = deliver("crm", fixture("deal_won.json", { ["data.deal.value"] = 5000 }))
  expect(run.state).is "held"
  expect(procountor.invoices).count(0)
end)

test("a deal that is not to be invoiced is skipped, with the reason", function()
  local procountor = sandbox "procountor"
  local run = deliver("crm", fixture("deal_won.json", { ["data.deal.auto_invoice"] = false }))
  expect(run.state).is "skipped"
  expect(run.reason).contains "D-881"
  expect(procountor.invoices).count(0)
end)
