-- A product that is in Procountor in another spelling: a person decides.

test("a product that seems to be there in another spelling goes to a person", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  procountor.seed { products = {
    { name = "Konsultionti", code = "K-1", price = 140, unit = "HOUR", discount = 0, vat = 25.5,
      type = "SALES", active = true, currency = "EUR" },
  } }
  local run = deliver("click2contract", fixture "signed.json")
  expect(run.state).is "attention"
  expect(run.reason).contains "seems to be the same"
  expect(run.reason).contains "K-1"
  expect(procountor.products).count(1)
  expect(procountor.invoices).count(0)
end)
