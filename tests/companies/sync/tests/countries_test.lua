-- The same digits in another country are another company's: nobody is linked, named or paid for by them.

local ids = require "ids"
local shared = require "tests.shared"

local look, start = shared.look, shared.start

-- Eight digits of the Estonian register that would do as a Finnish business ID.
local DIGITS, FINNISH = "12345671", "1234567-1"

local PLACES = {
  FI = { "Rovakatu 1", "96200", "Rovaniemi", "FINLAND" },
  EE = { "Pärnu mnt 1", "10145", "Tallinn", "ESTONIA" },
}

local function organization(id, name, business_id, country, phone)
  local place = PLACES[country]
  return { id = id, name = name, business_id = business_id, phone = phone or "1",
    address = { street = place[1], postal_code = place[2], city = place[3], country = country } }
end

local function customer(id, name, business_id, country, kind, phone)
  local from = PLACES[country]
  local place = { name = name, street = from[1], zip = from[2], city = from[3], country = from[4] }
  return { id = id, name = name, type = "CUSTOMER", address = place, billingAddress = place,
    invoicingInfo = { identifier = business_id, identifierType = kind },
    paymentInfo = { paymentMethod = "BANK_TRANSFER" },
    registryInfo = { active = true, phone = phone or "1" } }
end

local function named(list, name)
  for _, one in ipairs(list) do if one.name == name then return one end end
end

-- The number says whose it is, or the address alone.
for _, kind in ipairs { "EE", "by its address" } do
  test("the first look links nobody across a border: " .. kind, function()
    expect(ids.business_id(DIGITS)).is(FINNISH)
    local procountor, crm = start({ organization("O-1", "Revontuli Oy", FINNISH, "FI", "11") },
      { customer(501, "Virmalised OÜ", DIGITS, "EE", kind == "EE" and kind or nil, "22") })
    expect(look()).count(0)
    expect(procountor.customers).count(2)
    expect(crm.organizations).count(2)
    expect(named(crm.organizations, "Revontuli Oy").phone).is "11"
    expect(named(procountor.customers, "Virmalised OÜ").registryInfo.phone).is "22"
    -- Each has its own one now, and the number in the CRM is not printed as a Finnish one.
    local theirs = named(crm.organizations, "Virmalised OÜ")
    expect(theirs.business_id).is(DIGITS)
    expect(theirs.address.country).is "EE"
    expect(named(procountor.customers, "Revontuli Oy").invoicingInfo).has { identifier = FINNISH,
      identifierType = "FI" }
    procountor.act("customer", { customer = 501, phone = "33" })
    expect(look()).count(0)
    expect(named(crm.organizations, "Virmalised OÜ").phone).is "33"
    expect(named(crm.organizations, "Revontuli Oy").phone).is "11"
  end)
end

test("later too, from either side", function()
  local procountor, crm = start({ organization("O-1", "Revontuli Oy", FINNISH, "FI") },
    { customer(501, "Revontuli Oy", FINNISH, "FI", "FI") })
  expect(look()).count(0)
  procountor.seed { customers = { customer(502, "Virmalised OÜ", DIGITS, "EE", "EE", "22") } }
  crm.seed { organizations = { organization("O-3", "Põhjavalgus OÜ", "12345688", "EE", "44") } }
  expect(look()).count(0)
  expect(crm.organizations).count(3)
  expect(procountor.customers).count(3)
  expect(named(procountor.customers, "Põhjavalgus OÜ").invoicingInfo).has {
    identifier = "12345688", identifierType = "EE" }
  expect(named(crm.organizations, "Virmalised OÜ").business_id).is(DIGITS)
  procountor.act("customer", { customer = 501, phone = "55" })
  look()
  expect(named(crm.organizations, "Revontuli Oy").phone).is "55"
  expect(named(crm.organizations, "Virmalised OÜ").phone).is "22"
end)

for _, number in ipairs { DIGITS, "10093155", "EE100931558" } do
  test("customers of one country with one number are one: " .. number, function()
    local procountor, crm = start({ organization("O-1", "Virmalised OÜ", number, "EE") },
      { customer(501, "Virmalised OÜ (Tallinn)", number, "EE", "EE") })
    look()
    expect(procountor.customers).count(1)
    expect(crm.organizations).count(1)
    procountor.act("customer", { customer = 501, phone = "33" })
    look()
    expect(crm.organizations[1].phone).is "33"
  end)
end

test("a country that is all there is of an address counts", function()
  local abroad = organization("O-1", "Virmalised OÜ", DIGITS, "EE", "22")
  abroad.address = { country = "EE" }
  local procountor, crm = start({ abroad }, { customer(501, "Revontuli Oy", FINNISH, "FI", "FI", "11") })
  local open = look()
  -- It cannot be made in Procountor without an address: a person, and nobody else's customer.
  expect(open).count(1)
  expect(open[1].reason).contains "Virmalised OÜ"
  expect(procountor.customers[1].registryInfo.phone).is "11"
  expect(named(crm.organizations, "Virmalised OÜ").phone).is "22"
end)

test("the same digits and the same name across a border: a person says whether it is one", function()
  local procountor, crm = start({ organization("O-1", "Revontuli", FINNISH, "FI") },
    { customer(501, "Revontuli", DIGITS, "EE", "EE") })
  local open = look()
  expect(#open > 0).is(true)
  expect(procountor.customers).count(1)
  expect(crm.organizations).count(1)
end)
