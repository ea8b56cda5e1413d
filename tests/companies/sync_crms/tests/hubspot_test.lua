-- Customers in HubSpot, which tells of each property on its own, and searches in what is seconds old.

local ids = require "ids"
local shared = require "tests.shared"

local A, B, customer, meanwhile = shared.A, shared.B, shared.customer, shared.meanwhile

local function company(fields)
  return shared.organization("Suomi", fields)
end

local function start(companies, customers, settings)
  return sandbox("procountor", { connection = "hubspot_books",
      seed = { customers = customers or { customer() } } }),
    sandbox("hubspot", { settings = settings, seed = { organizations = companies or { company() } } })
end

local count = 0
local function deliver_it(event, options)
  count = count + 1
  event.eventId, event.portalId, event.occurredAt = 1000 + count, 62515, time.ms()
  event.objectId, event.attemptNumber = event.objectId or 31, 0
  event.subscriptionType = "company." .. (event.subscriptionType or "propertyChange")
  event.changeSource, event.sourceId = "CRM_UI", "userId:77"
  return deliver("hubspot", json.encode(json.array { event }), options)
end

-- The run of an event.
local function told(event)
  return deliver_it(event).runs[1].wait()
end

local function changed(name)
  return { propertyName = name, propertyValue = "x" }
end

local function look()
  return shared.look "hubspot sync"
end

local function writes(system)
  return shared.writes(system, { "/search", "/batch/read" })
end

test("HubSpot: a correction comes to Procountor at once, and does not come back", function()
  local procountor, hubspot = start()
  expect(#look()).is(0)
  expect(writes(procountor) + writes(hubspot)).is(0)
  hubspot.act("organization", { organization = 31, phone = "040 123 4567", street = "Uusikatu 7 C 9",
    einvoice_address = "003720123454" })
  -- Each property is an event of its own; one that is not synced is nothing to look for.
  expect(told(changed "phone").state).is "done"
  expect(told(changed "address").state).is "done"
  expect(told(changed "lifecyclestage")).has { state = "skipped",
    reason = "the property lifecyclestage is not synced" }
  local there = procountor.customers[1]
  expect(there.registryInfo).has { phone = "040 123 4567", active = true }
  expect(there.invoicingInfo).has { customerNumber = "1007", einvoiceAddress = "003720123454" }
  expect(there.billingAddress).has { street = "Uusikatu 7 C 9", country = "FINLAND" }
  expect(#look()).is(0)
  expect(writes(procountor)).is(1)
  expect(writes(hubspot)).is(0)
end)

test("HubSpot: what an accountant corrects comes there by schedule, and is no change", function()
  local procountor, hubspot = start()
  look()
  procountor.act("customer", { customer = 51001, street = "Kirjanpitäjänkuja 2 A 3", zip = "00120",
    phone = "", email = "talous@testi.example", einvoiceAddress = "003720123454" })
  expect(#look()).is(0)
  local there = hubspot.organizations[1]
  expect(there.address).has { street = "Kirjanpitäjänkuja 2 A 3", postal_code = "00120",
    country = "Suomi" }
  expect(there).has { email = "talous@testi.example", updated_by = "api" }
  expect(there.phone == nil).is(true)
  expect(there.einvoice).has { address = "003720123454", operator = "003721291126" }
  told(changed "phone")
  expect(#look()).is(0)
  expect(writes(procountor)).is(0)
  expect(writes(hubspot)).is(1)
end)

test("HubSpot: both changed the same: a person sees both values, or the owner's counts", function()
  local procountor, hubspot = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1", street = "Kirjanpitäjänkuja 2" })
  hubspot.act("organization", { organization = 31, phone = "0500 2", street = "Myyjänkatu 3" })
  told(changed "phone")
  local open = look()
  expect(#open).is(1)
  for _, text in ipairs { "0500 2", "0400 1", "+358 9 1234567", "choose.phone=hubspot" } do
    expect(open[1].reason).contains(text)
  end
  expect(hubspot.organizations[1].address.street).is "Kirjanpitäjänkuja 2"
  open[1].retry("decided", { choose = { phone = "hubspot" } })
  expect(open[1].wait().state).is "done"
  expect(procountor.customers[1].registryInfo.phone).is "0500 2"
end)

test("HubSpot: who is on one side only is made on the other once, behind as the search is", function()
  local procountor, hubspot = start({ company { id = 32, business_id = B,
    name = "Revontuli Matkailu Oy" } }, nil, { search_lag = 60000 })
  look()
  look()
  expect(procountor.customers).count(2)
  expect(hubspot.organizations).count(2)
  expect(procountor.customers[2]).has { name = "Revontuli Matkailu Oy" }
  expect(hubspot.organizations[2]).has { name = "Testiasiakas Oy", business_id = A,
    phone = "+358 9 1234567" }
  expect(hubspot.organizations[2].address).has { street = "Mannerheimintie 12 B 34",
    country = "Finland" }
end)

test("HubSpot: an edit between the look and the write is put back, and a person is asked", function()
  local procountor, hubspot = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  meanwhile(hubspot, { phone = "0500 2" })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains "0500 2"
  expect(open[1].reason).contains "0400 1"
  expect(hubspot.organizations[1].phone).is "0500 2"
end)

test("HubSpot: what a person chose is written, though the same was written before and undone", function()
  local procountor, hubspot = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  meanwhile(hubspot, { phone = "0500 2" }, { phone = "0500 3" })
  local open = look()
  expect(#open).is(1)
  expect(hubspot.organizations[1].phone).is "0500 3"
  expect(open[1].retry("decided", { choose = { phone = "hubspot_books" } }).state).is "done"
  expect(hubspot.organizations[1].phone).is "0400 1"
  expect(procountor.customers[1].registryInfo.phone).is "0400 1"
end)

test("HubSpot: companies that are merged keep one customer, told or not; two are a person's", function()
  local procountor, hubspot = start { company(), company { id = 32, business_id = B,
    name = "Revontuli Oy" } }
  look()
  -- Nobody told: who asks for the old one gets the one that it became.
  hubspot.seed { organizations = { company { id = 33, business_id = false, name = "Testi" } } }
  hubspot.act("merge", { organization = 31, into = 33 })
  procountor.act("customer", { customer = 51001, phone = "0502" })
  expect(told(changed "name").result.organization).is "33"
  local there = {}
  for _, one in ipairs(hubspot.organizations) do there[one.id] = one end
  expect(there[33].phone).is "0502"
  hubspot.act("merge", { organization = 33, into = 32 })
  local run = told({ subscriptionType = "merge", objectId = 32, primaryObjectId = 32, newObjectId = 32,
    mergedObjectIds = { 33 } })
  expect(run.state).is "attention"
  expect(run.reason).contains "51001"
end)

test("HubSpot: what is deleted rests in Procountor", function()
  local procountor, hubspot = start()
  look()
  hubspot.act("remove", { organization = 31 })
  local run = told { subscriptionType = "deletion" }
  expect(run.result).has { deleted = "hubspot", active = false }
  expect(procountor.customers[1].registryInfo.active).is(false)
  look()
  expect(hubspot.organizations).count(0)
end)

test("HubSpot: too many requests are asked again later; nothing is lost", function()
  local procountor, hubspot = start()
  look()
  hubspot.fault "PATCH /crm/v3/objects/companies retry=1 error=429*1, POST /crm/v3 retry=1 error=429*1"
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  expect(#look()).is(0)
  expect(hubspot.organizations[1].phone).is "0400 1"
  expect(writes(hubspot)).is(1)
end)

test("HubSpot: what belongs together is put back together", function()
  local procountor, hubspot = start()
  look()
  procountor.act("customer", { customer = 51001, einvoiceAddress = "FI2112345600000785",
    einvoiceOperator = "DABAFIHH" })
  meanwhile(hubspot, { einvoice_address = "003720123454" })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains '"003720123454, 003721291126"'
  expect(hubspot.organizations[1].einvoice).has { address = "003720123454", operator = "003721291126" }
end)

test("HubSpot: two customers of one business ID are asked of, though the search is behind", function()
  local _, hubspot = start({}, { customer(), customer { id = 51002, name = "Testiasiakas Turku Oy" } },
    { search_lag = 60000 })
  local open = look()
  expect(#open).is(1)
  for _, text in ipairs { "51001", "51002" } do expect(open[1].reason).contains(text) end
  expect(hubspot.organizations).count(1)
end)

test("HubSpot: a part that both changed to the same stays", function()
  local procountor, hubspot = start()
  look()
  procountor.act("customer", { customer = 51001, einvoiceAddress = "FI2112345600000785",
    einvoiceOperator = "DABAFIHH" })
  meanwhile(hubspot, { einvoice_address = "003720123454", einvoice_operator = "DABAFIHH" })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains '"003720123454, DABAFIHH"'
end)

test("HubSpot: an edit right after a write is seen, and a person is asked", function()
  local procountor, hubspot = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  -- Read to settle it, before it is written, and after that: with its history.
  hubspot.fault "GET /crm/v3/objects/companies/31 after=2 delay=700ms*1"
  deliver_it(changed "phone", { wait = false })
  shared.asked(hubspot, "PATCH", "/companies/31", 1)
  hubspot.act("organization", { organization = 31, phone = "0500 2" })
  runs "wait"
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains "0500 2"
  expect(open[1].reason).contains "0400 1"
  expect(hubspot.organizations[1].phone).is "0500 2"
end)

test("HubSpot: a search that knows an old business ID makes nobody its company", function()
  local procountor, hubspot = start({ company { name = "Kaamos Oy",
    created_at = "2026-01-01T08:00:00.000Z" } }, nil, { search_lag = 60000 })
  hubspot.act("organization", { organization = 31, business_id = B })
  look()
  look()
  expect(hubspot.organizations).count(2)
  expect(procountor.customers).count(2)
  expect(hubspot.organizations[1]).has { name = "Kaamos Oy", business_id = B }
  expect(procountor.customers[1]).has { name = "Testiasiakas Oy" }
end)

test("HubSpot: of what was changed each page is looked at", function()
  local companies, customers, n = {}, {}, 1500000
  while #companies < 101 do
    n = n + 1
    for digit = 0, 9 do
      local id = ids.business_id(("%d-%d"):format(n, digit))
      if id then
        local i, name = #companies + 1, "Asiakas " .. n
        companies[i] = company { id = 1000 + i, name = name, business_id = id }
        customers[i] = customer { id = 60000 + i, name = name }
        customers[i].invoicingInfo.identifier = id
      end
    end
  end
  local procountor, hubspot = start(companies, customers)
  procountor.act("customer", { customer = 60001, phone = "1" }) -- it is the newest there
  procountor.act("customer", { customer = 60001, phone = "+358 9 1234567" })
  expect(#look()).is(0)
  hubspot.act("organization", { organization = 1101, phone = "040 1" })
  expect(#look()).is(0)
  expect(procountor.customers[101].registryInfo.phone).is "040 1"
end)
