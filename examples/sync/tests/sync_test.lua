-- Customers in two places: what is changed on one side comes to the other, and nothing is lost.

local ADDRESS = { street = "Mannerheimintie 12 B 34", postal_code = "00100", city = "Helsinki",
  country = "FI" }
local PLACE = { name = "Testiasiakas Oy", street = "Mannerheimintie 12 B 34", zip = "00100",
  city = "Helsinki", country = "FINLAND" }

local function organization(fields)
  local record = { id = "O-31", name = "Testiasiakas Oy", business_id = "1234567-1",
    email = "laskut@testiasiakas.example", phone = "+358 9 1234567", address = ADDRESS }
  for name, value in pairs(fields or {}) do record[name] = value end
  return record
end

local function customer(fields)
  local record = { id = 51001, name = "Testiasiakas Oy", address = PLACE, billingAddress = PLACE,
    invoicingInfo = { identifier = "1234567-1", identifierType = "FI", invoiceChannel = "EMAIL",
      email = "laskut@testiasiakas.example", customerNumber = "1007" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", paymentTermDays = "21" },
    registryInfo = { active = true, phone = "+358 9 1234567" },
    additionalInfo = { comments1 = "tärkeä" } }
  for name, value in pairs(fields or {}) do record[name] = value end
  return record
end

local function start(organizations, customers)
  local procountor = sandbox("procountor", { seed = { customers = customers or { customer() } } })
  sandbox "slack"
  return procountor, sandbox("crm", { seed = { organizations = organizations or { organization() } } })
end

local count = 0
local function told(id, what, previous)
  count = count + 1
  local delivery = deliver("crm", { id = ("evt_%d"):format(count),
    type = "organization." .. (what or "updated"), data = { organization = { id = id } },
    previous = previous })
  return delivery.runs[1].wait()
end

-- A look at Procountor (and the CRM), and all that comes of it.
local function look()
  fire "customer_sync"
  return runs "wait"
end

local function writes(system)
  local n = 0
  for _, request in ipairs(system.requests) do
    if request.method ~= "GET" and not request.path:find("/oauth/", 1, true) then n = n + 1 end
  end
  return n
end

test("two registers are matched by business ID; nothing is written where both say the same", function()
  local procountor, crm = start()
  look()
  expect(procountor.customers).count(1)
  expect(crm.organizations).count(1)
  expect(writes(procountor)).is(0)
  expect(writes(crm)).is(0)
end)

test("what a salesperson corrects comes to Procountor, and all else there stays", function()
  local procountor, crm = start()
  look()
  crm.act("organization", { organization = "O-31", phone = "040 123 4567" })
  local run = told "O-31"
  expect(run.state).is "done"
  expect(run.result.to_books[1]).is "phone"
  local there = procountor.customers[1]
  expect(there.registryInfo).has { phone = "040 123 4567", active = true }
  expect(there.invoicingInfo).has { customerNumber = "1007", identifier = "1234567-1" }
  expect(there.paymentInfo.paymentTermDays).is "21"
  expect(there.additionalInfo.comments1).is "tärkeä"
  -- Our own write is seen when Procountor is asked for changes, and is no change.
  look()
  expect(writes(procountor)).is(1)
  expect(writes(crm)).is(0)
end)

test("what an accountant corrects comes to the CRM", function()
  local procountor, crm = start()
  look()
  procountor.act("customer", { customer = 51001, street = "Uusikatu 1", zip = "00120" })
  look()
  expect(crm.organizations[1].address).has { street = "Uusikatu 1", postal_code = "00120",
    city = "Helsinki" }
  expect(crm.organizations[1]).has { updated_by = "sauma" }
  expect(told("O-31").result).has { customer = "51001" }
  expect(writes(procountor)).is(0)
  expect(writes(crm)).is(1)
end)

test("each side changed something else: both come over; the owner's value counts", function()
  local procountor, crm = start()
  look()
  procountor.act("customer", { customer = 51001, email = "talous@testiasiakas.example",
    street = "Kirjanpitäjänkuja 2" })
  crm.act("organization", { organization = "O-31", phone = "0501", street = "Myyjänkatu 3" })
  local run = told "O-31"
  expect(run.state).is "done"
  expect(crm.organizations[1]).has { email = "talous@testiasiakas.example", phone = "0501" }
  expect(procountor.customers[1].registryInfo.phone).is "0501"
  expect(crm.organizations[1].address.street).is "Kirjanpitäjänkuja 2"
  expect(procountor.customers[1].billingAddress.street).is "Kirjanpitäjänkuja 2"
end)

test("both changed the same: a person sees both values, once, and chooses", function()
  local procountor, crm = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  crm.act("organization", { organization = "O-31", phone = "0500 2" })
  local run = told "O-31"
  expect(run.state).is "attention"
  expect(run.reason).contains "0500 2"
  expect(run.reason).contains "0400 1"
  expect(run.reason).contains "+358 9 1234567"
  expect(run.reason).contains "choose.phone=crm"
  -- Nothing else asks the same.
  look()
  expect(told("O-31").state).is "done"
  expect(crm.organizations[1].phone).is "0500 2"
  -- Put right by hand, and retried.
  procountor.act("customer", { customer = 51001, phone = "0500 2" })
  expect(run.retry().state).is "done"
  expect(writes(procountor)).is(0)
end)

test("a phone that is taken away goes; a name that is taken away comes back", function()
  local procountor, crm = start()
  look()
  crm.act("organization", { organization = "O-31", phone = "", name = "" })
  expect(told("O-31").state).is "done"
  expect(procountor.customers[1].registryInfo.phone == nil).is(true)
  expect(crm.organizations[1].name).is "Testiasiakas Oy"
end)

test("who is on one side only is made on the other, once", function()
  local procountor, crm = start({ organization { id = "O-32", business_id = "2012345-4",
    name = "Revontuli Matkailu Oy" } }, { customer() })
  look()
  look()
  expect(procountor.customers).count(2)
  expect(crm.organizations).count(2)
  expect(procountor.customers[2]).has { name = "Revontuli Matkailu Oy" }
  expect(crm.organizations[2]).has { name = "Testiasiakas Oy", business_id = "1234567-1",
    phone = "+358 9 1234567" }
  expect(crm.organizations[2].address).has { street = "Mannerheimintie 12 B 34", country = "FI" }
end)

test("the same name and no business ID: a person says who it is", function()
  local procountor = start({ organization { business_id = false } },
    { customer { invoicingInfo = {} } })
  local run = told "O-31"
  expect(run.state).is "attention"
  expect(run.reason).contains "51001"
  expect(run.reason).contains "customer=ID"
  expect(procountor.customers).count(1)
  -- Asked once, from either side.
  expect(told("O-31").state).is "skipped"
end)

test("an inactive customer is linked and rests; it wakes with all that was changed", function()
  local procountor, crm = start(nil, { customer { active = false } })
  look()
  crm.act("organization", { organization = "O-31", phone = "0501" })
  local run = told "O-31"
  expect(run.state).is "skipped"
  expect(run.reason).contains "inactive"
  expect(procountor.customers).count(1)
  procountor.act("customer", { customer = 51001, active = "yes" })
  look()
  expect(procountor.customers[1].registryInfo.phone).is "0501"
end)

test("organizations that are merged keep one customer; two customers are a person's", function()
  local procountor, crm = start({ organization(), organization { id = "O-32",
    business_id = "2012345-4", name = "Revontuli Matkailu Oy" } }, { customer() })
  look()
  expect(procountor.customers).count(2)
  local twin = procountor.customers[2].id
  crm.act("merge", { organization = "O-32", into = "O-31" })
  local run = told("O-31", "merged", { organization = { id = "O-32" } })
  expect(run.state).is "attention"
  expect(run.reason).contains(tostring(twin))
  procountor.act("customer", { customer = twin, active = "no" })
  expect(run.retry().state).is "done"
end)

test("what is deleted in the CRM stays in Procountor and is not made anew", function()
  local procountor, crm = start()
  look()
  crm.act("remove", { organization = "O-31" })
  local run = told("O-31", "deleted")
  expect(run.state).is "done"
  expect(run.result.deleted).is "crm"
  procountor.act("customer", { customer = 51001, phone = "1" })
  look()
  expect(crm.organizations).count(0)
  expect(procountor.customers).count(1)
end)

test("what Procountor would refuse goes to a person before anything is written", function()
  local procountor, crm = start()
  look()
  crm.act("organization", { organization = "O-31", email = "ei osoite" })
  local run = told "O-31"
  expect(run.state).is "attention"
  expect(run.reason).contains "ei osoite"
  expect(run.reason).contains "email"
  expect(writes(procountor)).is(0)
end)
