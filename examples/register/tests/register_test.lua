-- Who is new in Procountor is looked up in the Business Information System first.

local SINCE = { ["contract.id"] = "10043", id = "evt_02" }

test("a contract with nothing but the business ID gives a whole customer", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  local run = deliver("click2contract", fixture("signed.json", { ["customer.name"] = absent,
    ["customer.address"] = absent, ["customer.postal_code"] = absent, ["customer.city"] = absent,
    ["customer.country"] = absent }))
  expect(run.state).is "done"
  expect(procountor.customers[1]).has { name = "Testiasiakas Oy",
    invoicingInfo = { identifier = "1234567-1" },
    address = { street = "PL 123", zip = "00101", city = "Helsinki", country = "FINLAND" } }
  expect(run.result.customer).is "Testiasiakas Oy"
  expect(run.result.warnings).is(nil)
end)

test("the register is asked once a day for a business ID, and not at all for who is known", function()
  local procountor, ytj = sandbox "procountor", sandbox "ytj"
  deliver("click2contract", fixture "signed.json")
  expect(ytj.requests).count(1)
  expect(ytj.requests[1]).has { path = "/opendata-ytj-api/v3/companies",
    query = { businessId = { "1234567-1" } } }
  expect(deliver("click2contract", fixture("signed.json", SINCE)).state).is "done"
  expect(procountor.customers).count(1)
  procountor.clear()
  expect(deliver("click2contract", fixture("signed.json", { ["contract.id"] = "10044",
    id = "evt_03" })).state).is "done"
  expect(procountor.customers).count(1)
  expect(ytj.requests).count(1)
end)

test("the register's spelling of the name is used, and a name of former times is today's", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  local run = deliver("click2contract", fixture("signed.json", { ["customer.name"] = "TESTIASIAKAS" }))
  expect(run.state).is "done"
  expect(procountor.customers[1].name).is "Testiasiakas Oy"
  procountor.clear()
  run = deliver("click2contract", fixture("signed.json",
    { ["customer.name"] = "Testi ja Kumppanit Oy", ["contract.id"] = "10043", id = "evt_02" }))
  expect(run.state).is "done"
  expect(procountor.customers[1].name).is "Testiasiakas Oy"
  expect(run.result.warnings[1]).contains "is called Testiasiakas Oy today"
end)

test("the business ID of another company is a question, and nothing is written", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  local run = deliver("click2contract", fixture("signed.json", { ["customer.name"] = "Aivan Muu Oy" }))
  expect(run.state).is "attention"
  expect(run.reason).contains "1234567-1 belongs to Testiasiakas Oy"
  expect(procountor.customers).count(0)
end)

test("who has ceased or is bankrupt is a question", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  for name, case in pairs { ["Lakannut Esimerkki Oy"] = { "1234562-0", "has ceased (30.11.2024)" },
    ["Konkurssi Esimerkki Oy"] = { "0100002-9", "is bankrupt since 4.5.2026" } } do
    local run = deliver("click2contract", fixture("signed.json", { id = name,
      ["customer.name"] = name, ["customer.business_id"] = case[1] }))
    expect(run.state).is "attention"
    expect(run.reason).contains(case[2])
  end
  expect(procountor.customers).count(0)
end)

test("who is not in the register is a question, as this company has it", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  local run = deliver("click2contract", fixture("signed.json",
    { ["customer.business_id"] = "2646674-9" }))
  expect(run.state).is "attention"
  expect(run.reason).contains "2646674-9 of Testiasiakas Oy is not in"
  expect(procountor.customers).count(0)
end)

test("who is not VAT registered is invoiced, with a word about it", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  local run = deliver("click2contract", fixture("signed.json", { ["customer.address"] = "?",
    ["customer.name"] = "Exempelgården", ["customer.business_id"] = "1234570-0",
    ["customer.postal_code"] = absent, ["customer.city"] = absent }))
  expect(run.state).is "done"
  expect(procountor.customers[1]).has { name = "Bostads Ab Exempelgården",
    address = { street = "Norra Esplanaden 21", specifier = "c/o Disponent Ab", zip = "00100" } }
  expect(run.result.warnings[1]).contains "not in the VAT register"
  expect(run.result.warnings[2]).contains "could not be read"
end)

test("a register that is busy is asked again", function()
  local procountor, ytj = sandbox "procountor", sandbox "ytj"
  ytj.fault "GET /companies retry=1 error=429*1"
  local run = deliver("click2contract", fixture "signed.json")
  if run.state ~= "done" then run = runs("wait")[1] end
  expect(run.state).is "done"
  expect(procountor.customers).count(1)
  expect(ytj.requests).count(1)
end)

test("customers abroad and private persons are not looked up", function()
  local ytj = sandbox "ytj"
  sandbox "procountor"
  local run = deliver("click2contract", fixture("signed.json", { ["customer.country"] = "SE",
    ["customer.business_id"] = "SE556703748501", ["customer.postal_code"] = "111 22" }))
  expect(run.state).is "done"
  expect(ytj.requests).count(0)
end)

test("an address that its form does not tell is read with the register's list of towns", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  local function signed(i, address)
    return deliver("click2contract", fixture("signed.json", { ["customer.address"] = address,
      ["customer.postal_code"] = absent, ["customer.city"] = absent, ["customer.country"] = absent,
      ["customer.business_id"] = absent, ["customer.name"] = "Eri Asiakas " .. i .. " Oy",
      ["contract.id"] = "2000" .. i, id = "evt_" .. i }))
  end
  expect(signed(1, "Kauppakatu 1, 33100").state).is "done"
  expect(procountor.customers[1].address).has { street = "Kauppakatu 1", zip = "33100",
    city = "Tampere" }
  local run = signed(2, "Kauppakatu 1, 33999")
  expect(run.state).is "attention"
  expect(run.reason).contains "could not be split"
end)

test("a company without a business ID is looked for by its name; a person says if it is that one",
  function()
    local procountor, ytj = sandbox "procountor", sandbox "ytj"
    local run = deliver("click2contract", fixture("signed.json", { ["customer.business_id"] = absent,
      ["customer.name"] = "TESTIASIAKAS" }))
    expect(run.state).is "attention"
    expect(run.reason).contains "Testiasiakas Oy (1234567-1, Helsinki)"
    expect(run.reason).contains "customer.business_id"
    expect(procountor.customers).count(0)
    expect(ytj.requests[1].query).is { name = { "TESTIASIAKAS" } }
    run = run.retry("it is that one", { ["customer.business_id"] = "1234567-1" })
    expect(run.state).is "done"
    expect(procountor.customers[1]).has { name = "Testiasiakas Oy",
      invoicingInfo = { identifier = "1234567-1" } }
  end)

test("or that it is another one; and who is not there by name is made without a question", function()
  local procountor = sandbox "procountor"
  sandbox "ytj"
  local run = deliver("click2contract", fixture("signed.json", { ["customer.business_id"] = absent }))
  expect(run.state).is "attention"
  expect(run.retry("another one", { ["customer.partner"] = "new" }).state).is "done"
  run = deliver("click2contract", fixture("signed.json", { ["contract.id"] = "10043", id = "evt_02",
    ["customer.business_id"] = absent, ["customer.name"] = "Tmi Aivan Muu" }))
  expect(run.state).is "done"
  -- A person or a company abroad is none of the register's.
  run = deliver("click2contract", fixture("signed.json", { ["contract.id"] = "10044", id = "evt_03",
    ["customer.business_id"] = absent, ["customer.country"] = "SE", ["customer.city"] = "Stockholm",
    ["customer.postal_code"] = "11122", ["customer.name"] = "Testiasiakas Ab" }))
  expect(run.state).is "done"
  expect(procountor.customers).count(3)
  expect(procountor.customers[1].invoicingInfo.identifier).is(nil)
end)
