-- A company without a business ID whose name Procountor has: a person decides.

local function start()
  local procountor = sandbox("procountor", { seed = { customers = {
    { name = "Nordic Betoni Oy", business_id = "0112038-9" } } } })
  sandbox "slack"
  sandbox "zapier"
  return procountor
end

local function company(i, name)
  return deliver("click2contract", fixture("signed.json", { id = "evt_" .. i,
    ["contract.id"] = tostring(i), ["customer.business_id"] = absent, ["customer.name"] = name }))
end

test("a company without a business ID is never taken for one of the same name", function()
  local procountor = start()
  for i, name in ipairs { "Nordic Betoni Oy", "NORDIC BETONI", "Oy Nordic Betoni Ab",
    "Nordic Betooni Oy" } do
    local run = company(i, name)
    expect(run.state).is "attention"
    expect(run.reason).contains "has no business ID"
    expect(run.reason).contains "Nordic Betoni Oy (id "
    expect(procountor.customers).count(1)
    expect(procountor.invoices).count(0)
  end
end)

test("a company of another name is new", function()
  local procountor = start()
  for i, name in ipairs { "Nordic Betoni Holding Oy", "Nordic Betoni Ky", "Pohjan Betoni Oy" } do
    expect(company(i, name).state).is "done"
    expect(procountor.customers).count(1 + i)
  end
end)
