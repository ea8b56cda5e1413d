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

-- What `retry --set customer.partner=...` makes of the data.
local function chosen(i, partner, changes)
  local change = { id = "evt_" .. i, ["contract.id"] = tostring(i), ["customer.business_id"] = absent,
    ["customer.name"] = "Nordic Betoni", ["customer.partner"] = partner }
  for key, value in pairs(changes or {}) do change[key] = value end
  return deliver("click2contract", fixture("signed.json", change))
end

test("the question says what a person needs to choose, and how", function()
  start()
  local run = company(1, "Nordic Betooni")
  expect(run.reason).contains "0112038-9"
  expect(run.reason).contains "but for a slip of the pen"
  expect(run.reason).contains "--set customer.partner="
  expect(run.reason).contains "--set customer.partner=new"
end)

test("a person chooses the customer, or a new one", function()
  local procountor = start()
  local id = company(1, "Nordic Betoni").reason:match "%(id (%d+)"
  local run = chosen(2, id)
  expect(run.state).is "done"
  expect(procountor.customers).count(1)
  expect(procountor.invoices).count(1)
  expect(chosen(3, "new").state).is "done"
  expect(procountor.customers).count(2)
end)

test("what was chosen must be there, and be of the business ID that is given", function()
  local procountor = start()
  local id = company(1, "Nordic Betoni").reason:match "%(id (%d+)"
  for _, wrong in ipairs { "99999999", "Nordic" } do
    local run = chosen("wrong" .. wrong, wrong)
    expect(run.state).is "attention"
    expect(run.reason).contains("no customer with the id " .. wrong)
  end
  local run = chosen(4, id, { ["customer.business_id"] = "1234567-1" })
  expect(run.state).is "attention"
  expect(run.reason).contains "has the business ID 0112038-9"
  expect(chosen(5, id, { ["customer.business_id"] = "0112038-9" }).state).is "done"
  expect(procountor.customers).count(1)
  expect(procountor.invoices).count(1)
end)

test("words in another order are a question too", function()
  local procountor = sandbox("procountor", { seed = { customers = {
    { name = "Tmi Matti Virtanen", business_id = "0112038-9" } } } })
  sandbox "slack"
  sandbox "zapier"
  local run = company(1, "Tmi Virtanen Matti")
  expect(run.state).is "attention"
  expect(run.reason).contains "another order"
  expect(procountor.customers).count(1)
end)
