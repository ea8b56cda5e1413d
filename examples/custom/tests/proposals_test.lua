-- The ready rule with a step of this company's own.

test("kilometres stand in the proposal and not on the invoice", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  local run = deliver("click2contract", fixture "proposal.json")
  expect(run.state).is "done"
  expect(procountor.invoices[1].invoiceRows).count(1)
  expect(procountor.invoices[1].invoiceRows[1]).has { product = "Työpaja", unit = "DAY" }
end)

test("a large contract is held until somebody sends it", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  local run = deliver("click2contract",
    fixture("proposal.json", { ["pricing_table.totals.gross"] = "20 000,00 €" }))
  expect(run.state).is "held"
  expect(procountor.invoices).count(0)
  run = run.send() -- what `sauma send RUN` does
  expect(run.state).is "done"
  expect(procountor.invoices).count(1)
end)
