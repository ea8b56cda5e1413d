-- The first look at two full registers, and a record that somebody else saves meanwhile.

local ids = require "ids"

local function place(name)
  return { name = name, street = "Rovakatu 1", zip = "96200", city = "Rovaniemi", country = "FINLAND" }
end

local function organization(id, name, business_id)
  return { id = id, name = name, business_id = business_id, phone = "1",
    address = { street = "Rovakatu 1", postal_code = "96200", city = "Rovaniemi", country = "FI" } }
end

local function customer(id, name, business_id)
  return { id = id, name = name, address = place(name), billingAddress = place(name),
    invoicingInfo = { identifier = business_id, identifierType = business_id and "FI" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER" }, registryInfo = { active = true, phone = "1" },
    additionalInfo = { comments1 = "tärkeä" } }
end

-- The first n business IDs.
local function numbers(n)
  local list, next_one = {}, 1500000
  while #list < n do
    next_one = next_one + 1
    for digit = 0, 9 do
      local text = ("%d-%d"):format(next_one, digit)
      if ids.business_id(text) then list[#list + 1] = text end
    end
  end
  return list
end

local function writes(system)
  local n = 0
  for _, request in ipairs(system.requests) do
    if request.method ~= "GET" and not request.path:find("/oauth/", 1, true) then n = n + 1 end
  end
  return n
end

local function look()
  fire "customer_sync"
  return runs "wait"
end

test("more than a hundred on each side: who is who is clear of all but those that a person is shown",
  function()
    local here, there = {}, {}
    for i, number in ipairs(numbers(101)) do
      here[i] = organization(("O-%d"):format(i), ("Asiakas %d Oy"):format(i), number)
      there[i] = customer(60000 + i, ("Asiakas %d Oy"):format(i), number)
    end
    here[#here + 1] = organization("O-901", "Lumikenkä Oy")
    there[#there + 1] = customer(60901, "Lumikenkä Oy")
    there[#there + 1] = customer(60902, "Asiakas 7 Oy", here[7].business_id)
    local procountor = sandbox("procountor", { seed = { customers = there } })
    local crm = sandbox("crm", { seed = { organizations = here } })
    local asked = {}
    for _, run in ipairs(look()) do
      if run.state == "attention" then asked[#asked + 1] = run.reason end
      expect(run.state == "failed" and run.reason or nil).is(nil)
    end
    -- The review list: the same name without an ID, and an ID that two customers have.
    expect(#asked).is(2)
    local all = table.concat(asked, "\n")
    for _, text in ipairs { "O-901", "60901", "O-7", "60007", "60902" } do expect(all).contains(text) end
    expect(crm.organizations).count(102)
    expect(procountor.customers).count(103)
    expect(writes(procountor)).is(0)
    expect(writes(crm)).is(0)
    -- Each of the others is linked: what is changed comes over.
    procountor.act("customer", { customer = 60101, phone = "5" })
    look()
    expect(crm.organizations[101].phone).is "5"
  end)

local function reads(procountor)
  local count = 0
  for _, request in ipairs(procountor.requests) do
    if request.method == "GET" and request.path:find("/businesspartners/501", 1, true) then
      count = count + 1
    end
  end
  return count
end

-- Waits until the customer was read n times, as it will be unless we come too late ourselves.
local function wait_for_reads(procountor, n)
  local last = time.ms() + 10000
  repeat time.sleep(0.02) until reads(procountor) >= n or time.ms() > last
end

test("a customer that somebody saves while we are at it: nothing of either is lost", function()
  local number = numbers(1)[1]
  local procountor = sandbox("procountor", { seed = {
    customers = { customer(501, "Sama Oy", number) } } })
  local crm = sandbox("crm", { seed = { organizations = { organization("O-1", "Sama Oy", number) } } })
  look()
  procountor.fault "PUT /api/businesspartners delay=700ms*1"
  crm.act("organization", { organization = "O-1", phone = "22" })
  -- A version counts seconds, and what is saved twice in one shows by a look after it alone.
  time.sleep(1.02 - time.ms() % 1000 / 1000)
  procountor.act("customer", { customer = 501, einvoiceAddress = "003712345671" })
  local before = reads(procountor)
  deliver("crm", { id = "evt_1", type = "organization.updated",
    data = { organization = { id = "O-1" } } }, { wait = false })
  wait_for_reads(procountor, before + 1)
  procountor.act("customer", { customer = 501, email = "kirjanpito@asiakas.example" })
  -- Once more when the write is on its way.
  wait_for_reads(procountor, before + 4)
  procountor.act("customer", { customer = 501, street = "Uusikatu 2" })
  runs "wait"
  look()
  local record = procountor.customers[1]
  expect(record.registryInfo).has { phone = "22" }
  expect(record.invoicingInfo).has { email = "kirjanpito@asiakas.example",
    einvoiceAddress = "003712345671" }
  expect(record.billingAddress.street).is "Uusikatu 2"
  expect(record.additionalInfo.comments1).is "tärkeä"
  expect(crm.organizations[1]).has { email = "kirjanpito@asiakas.example", phone = "22" }
  expect(crm.organizations[1].address.street).is "Uusikatu 2"
end)

test("a write that never arrived is no write", function()
  local number = numbers(1)[1]
  local procountor = sandbox("procountor", { seed = {
    customers = { customer(501, "Sama Oy", number) } } })
  local crm = sandbox("crm", { seed = { organizations = { organization("O-1", "Sama Oy", number) } } })
  look()
  procountor.fault "PUT /api/businesspartners reset*1"
  crm.act("organization", { organization = "O-1", phone = "22" })
  look()
  look()
  expect(procountor.customers[1].registryInfo.phone).is "22"
  expect(crm.organizations[1].phone).is "22"
end)

test("a business ID that is corrected during the first look makes nobody another one", function()
  local first, second = table.unpack(numbers(2))
  local procountor = sandbox("procountor", { seed = {
    customers = { customer(501, "Revontuli Oy", first) } } })
  local crm = sandbox("crm", { seed = {
    organizations = { organization("O-1", "Kaamos Oy", first) } } })
  procountor.fault "GET /api/businesspartners/501 delay=700ms*1"
  fire "customer_sync"
  procountor.act("customer", { customer = 501, identifier = second })
  runs "wait"
  look()
  expect(crm.organizations).count(2)
  expect(procountor.customers).count(2)
  expect(crm.organizations[1]).has { name = "Kaamos Oy", business_id = first }
  expect(procountor.customers[1]).has { name = "Revontuli Oy" }
end)

test("what a search shows some minutes late is still seen", function()
  local first, second = table.unpack(numbers(2))
  local procountor = sandbox("procountor", { seed = {
    customers = { customer(501, "Revontuli Oy", first) } } })
  local crm = sandbox("crm")
  procountor.act("customer", { customer = 501, phone = "22" })
  look()
  local late = customer(502, "Kaamos Oy", second)
  late.version = procountor.customers[1].version:gsub(":(%d%d):%d%d", function(minute)
    return (":%02d:00"):format(math.max(math.tointeger(tonumber(minute)) - 5, 0))
  end)
  procountor.seed { customers = { late } }
  look()
  expect(crm.organizations).count(2)
end)
