-- What of a record goes to the other side, and what stays as it was there.

local shared = require "tests.shared"

local look, start = shared.look, shared.start
local A, B, C = "1234567-1", "2012345-4", "0112038-9"

local function place(street, name)
  return { name = name, specifier = "c/o Isännöinti", street = street, zip = "96200", city = "Rovaniemi",
    country = "FINLAND" }
end

local function customer(id, name, business_id, fields)
  local record = { id = id, name = name, address = place("Rovakatu 1", name),
    billingAddress = place("Rovakatu 1", name),
    invoicingInfo = { identifier = business_id, identifierType = "FI" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER" }, registryInfo = { active = true, phone = "1" } }
  for field, value in pairs(fields or {}) do record[field] = value end
  return record
end

local function organization(id, name, business_id, fields)
  local record = { id = id, name = name, business_id = business_id, phone = "1",
    address = { co = "Isännöinti", street = "Rovakatu 1", postal_code = "96200", city = "Rovaniemi",
      country = "FI" } }
  for field, value in pairs(fields or {}) do record[field] = value end
  return record
end

local count = 0
local function told(id)
  count = count + 1
  return deliver("crm", { id = ("evt_%d"):format(count), type = "organization.updated",
    data = { organization = { id = id } } }).runs[1].wait()
end

test("to Procountor: one address is changed in both places, one that is apart stays, as all else",
  function()
    local procountor, crm = start(
      { organization("O-1", "Yksi Oy", A), organization("O-2", "Kaksi Oy", B),
        organization("O-3", "Kolme Oy", C) },
      { customer(501, "Yksi Oy", A),
        customer(502, "Kaksi Oy", B, { address = place("Käyntikatu 9", "Kaksi Oy"),
          billingAddress = place("Rovakatu 1", "Ostolaskut") }),
        customer(503, "Kolme Oy", C, { invoicingInfo = { identifier = C, identifierType = "FI",
          einvoiceAddress = "003701120389", einvoiceOperator = "DABAFIHH" } }) })
    expect(#look()).is(0)
    crm.act("organization", { organization = "O-1", name = "Ensimmäinen Oy", street = "Storgatan 2",
      postal_code = "11122", city = "Stockholm", country = "SE" })
    crm.act("organization", { organization = "O-2", name = "Toinen Oy", street = "Uusikatu 3",
      postal_code = "00100", city = "Helsinki" })
    crm.act("organization", { organization = "O-3", einvoice_operator = "BAWCFI22" })
    expect(#look()).is(0)
    local first, second, third = table.unpack(procountor.customers)
    for _, where in ipairs { "address", "billingAddress" } do
      expect(first[where]).is { name = "Ensimmäinen Oy", specifier = "c/o Isännöinti",
        street = "Storgatan 2", zip = "11122", city = "Stockholm", country = "SWEDEN" }
    end
    expect(second.billingAddress).is { name = "Ostolaskut", specifier = "c/o Isännöinti",
      street = "Uusikatu 3", zip = "00100", city = "Helsinki", country = "FINLAND" }
    expect(second.address).is { name = "Toinen Oy", specifier = "c/o Isännöinti",
      street = "Käyntikatu 9", zip = "96200", city = "Rovaniemi", country = "FINLAND" }
    expect(third.invoicingInfo).has { einvoiceAddress = "003701120389", einvoiceOperator = "BAWCFI22" }
  end)

test("to the CRM: what it alone has in an address stays; nothing goes along that nobody changed",
  function()
    local procountor, crm = start({ organization("O-1", "Yksi Oy", A) }, { customer(501, "Yksi Oy", A) })
    expect(#look()).is(0)
    procountor.act("customer", { customer = 501, street = "Uusikatu 3", email = "a@asiakas.example" })
    expect(#look()).is(0)
    expect(crm.organizations[1].address).is { co = "Isännöinti", street = "Uusikatu 3",
      postal_code = "96200", city = "Rovaniemi", country = "FI" }
    local sent
    for _, request in ipairs(crm.requests) do
      if request.method == "PATCH" then sent = json.decode(request.body) end
    end
    expect(sent.phone == nil).is(true)
    expect(sent.email).is "a@asiakas.example"
  end)

test("the same in another spelling stays as each side has it, whatever else is changed", function()
  local procountor, crm = start(
    { organization("O-1", "Yksi Oy", "FI12345671", { phone = "040 123 4567" }) },
    { customer(501, "YKSI OY", A, { registryInfo = { active = true, phone = "+358 40 1234567" } }) })
  expect(#look()).is(0)
  procountor.act("customer", { customer = 501, email = "a@asiakas.example" })
  expect(#look()).is(0)
  expect(crm.organizations[1]).has { name = "Yksi Oy", business_id = "FI12345671",
    phone = "040 123 4567", email = "a@asiakas.example" }
  expect(procountor.customers[1]).has { name = "YKSI OY" }
  expect(procountor.customers[1].registryInfo.phone).is "+358 40 1234567"
end)

test("two conflicts of one customer are one question, and each is chosen on its own", function()
  local procountor, crm = start({ organization("O-1", "Yksi Oy", A) }, { customer(501, "Yksi Oy", A) })
  look()
  crm.act("organization", { organization = "O-1", phone = "22", email = "crm@asiakas.example" })
  procountor.act("customer", { customer = 501, phone = "33", email = "kirjat@asiakas.example" })
  local open = look()
  expect(#open).is(1)
  for _, text in ipairs { '"22"', '"33"', '"crm@asiakas.example"', '"kirjat@asiakas.example"' } do
    expect(open[1].reason).contains(text)
  end
  local run = open[1].retry("decided", { choose = { phone = "crm", email = "procountor" } })
  expect(run.wait().state).is "done"
  expect(procountor.customers[1].registryInfo.phone).is "22"
  expect(crm.organizations[1].email).is "kirjat@asiakas.example"
  -- What was written is what both had last: the next change of it is no conflict.
  procountor.act("customer", { customer = 501, phone = "44" })
  crm.act("organization", { organization = "O-1", email = "uusi@asiakas.example" })
  expect(told("O-1").state).is "done"
  expect(crm.organizations[1].phone).is "44"
  expect(procountor.customers[1].invoicingInfo.email).is "uusi@asiakas.example"
end)

test("what was never compared is said not to be the same, and not to be changed", function()
  start({ organization("O-1", "Yksi Oy", A) },
    { customer(501, "Yksi Oy", A, { registryInfo = { active = true, phone = "22" } }) })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains "is not the same on both sides. phone: crm has "
end)

test("what was asked is asked anew when it comes again, and not when it was left", function()
  local procountor, crm = start({ organization("O-1", "Yksi Oy", A) }, { customer(501, "Yksi Oy", A) })
  look()
  local function differ(here, there)
    crm.act("organization", { organization = "O-1", phone = here })
    procountor.act("customer", { customer = 501, phone = there })
  end
  differ("22", "33")
  local first = told "O-1"
  expect(first.state).is "attention"
  first.skip "it does not matter"
  expect(#look()).is(0)
  -- Others than those that were left.
  differ("44", "55")
  local second = told "O-1"
  expect(second.reason).contains '"44"'
  -- Put right there by hand; then the very same once more.
  differ("66", "66")
  expect(second.retry().state).is "done"
  differ("77", "88")
  local third = told "O-1"
  expect(third.state).is "attention"
  differ("99", "99")
  expect(told("O-1").state).is "done"
  third.skip "put right by hand"
  differ("77", "88")
  expect(#look()).is(1)
end)
