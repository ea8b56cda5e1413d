-- Customers in Pipedrive, whose webhooks say who and no more, and whose records have no version.

local shared = require "tests.shared"

local A, B, customer, writes = shared.A, shared.B, shared.customer, shared.writes

local function organization(fields)
  return shared.organization("FI", fields)
end

local function start(organizations, customers, name)
  name = name or "pipedrive"
  return sandbox("procountor", { connection = name .. "_books",
      seed = { customers = customers or { customer() } } }),
    sandbox("pipedrive", { connection = name, seed = { organizations = organizations
      or { organization() } } })
end

local count = 0
-- Pipedrive tells of an organization.
local function deliver_it(id, action, options)
  count = count + 1
  return deliver("pipedrive", { data = action ~= "delete" and { id = id, name = "x" } or nil,
    previous = { id = id }, meta = { action = action or "change", entity = "organization",
      version = "2.0", id = ("00000000-0000-4000-8000-%012d"):format(count), entity_id = tostring(id),
      attempt = 1, user_id = 77, change_source = "app" } }, options)
end

local function told(id, action)
  return deliver_it(id, action).runs[1].wait()
end

local function look(name)
  return shared.look((name or "pipedrive") .. " sync")
end

test("two registers are matched by business ID; nothing is written where both say the same", function()
  local procountor, pipedrive = start()
  expect(#look()).is(0)
  expect(writes(procountor)).is(0)
  expect(writes(pipedrive)).is(0)
end)

test("what a salesperson corrects comes to Procountor at once, and does not come back", function()
  local procountor, pipedrive = start()
  look()
  pipedrive.act("organization", { organization = 31, phone = "040 123 4567",
    email = "uusi@testi.example", einvoice_address = "003720123454", street = "Uusikatu 7 C 9" })
  local run = told(31)
  expect(run.state).is "done"
  expect(#run.result.to_books).is(4)
  local there = procountor.customers[1]
  expect(there.registryInfo).has { phone = "040 123 4567", active = true }
  expect(there.invoicingInfo).has { customerNumber = "1007", email = "uusi@testi.example",
    einvoiceAddress = "003720123454", einvoiceOperator = "003721291126" }
  expect(there.billingAddress.street).is "Uusikatu 7 C 9"
  expect(#look()).is(0)
  expect(writes(procountor)).is(1)
  expect(writes(pipedrive)).is(0)
end)

test("what an accountant corrects comes to Pipedrive by schedule, and is no change there", function()
  local procountor, pipedrive = start()
  look()
  procountor.act("customer", { customer = 51001, street = "Kirjanpitäjänkuja 2 A 3", zip = "00120",
    phone = "", email = "talous@testi.example", einvoiceAddress = "003720123454" })
  expect(#look()).is(0)
  local there = pipedrive.organizations[1]
  expect(there.address).has { street = "Kirjanpitäjänkuja 2 A 3", postal_code = "00120",
    city = "Helsinki" }
  expect(there).has { email = "talous@testi.example", updated_by = "api" }
  expect(there.phone == nil).is(true)
  expect(there.einvoice).has { address = "003720123454", operator = "003721291126" }
  -- Parts of the old address would stay if none came along.
  local sent
  for _, request in ipairs(pipedrive.requests) do
    if request.method == "PATCH" then sent = json.decode(request.body).address end
  end
  expect(sent).has { route = "Kirjanpitäjänkuja", street_number = "2 A 3", postal_code = "00120",
    locality = "Helsinki", country = "Finland" }
  -- Pipedrive makes parts of the address of its own, and tells of our own write.
  expect(told(31).result).has { customer = "51001" }
  expect(#look()).is(0)
  expect(writes(procountor)).is(0)
  expect(writes(pipedrive)).is(1)
end)

test("both changed the same: a person sees both values, or the owner's counts", function()
  local procountor, pipedrive = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1", street = "Kirjanpitäjänkuja 2" })
  pipedrive.act("organization", { organization = 31, phone = "0500 2", street = "Myyjänkatu 3" })
  -- What is written otherwise is written first, so that the question is a run of its own.
  expect(told(31).state).is "done"
  local open = look()
  expect(#open).is(1)
  for _, text in ipairs { "0500 2", "0400 1", "+358 9 1234567", "choose.phone=pipedrive" } do
    expect(open[1].reason).contains(text)
  end
  expect(pipedrive.organizations[1].address.street).is "Kirjanpitäjänkuja 2"
  open[1].retry("decided", { choose = { phone = "pipedrive" } })
  expect(open[1].wait().state).is "done"
  expect(procountor.customers[1].registryInfo.phone).is "0500 2"
end)

test("who is on one side only is made on the other, once, whichever answer is lost", function()
  local procountor, pipedrive = start({ organization { id = 32, business_id = B,
    name = "Revontuli Matkailu Oy" } })
  pipedrive.fault "POST /api/v2/organizations lost*1"
  look()
  look()
  expect(procountor.customers).count(2)
  expect(pipedrive.organizations).count(2)
  expect(procountor.customers[2]).has { name = "Revontuli Matkailu Oy" }
  expect(pipedrive.organizations[2]).has { name = "Testiasiakas Oy", business_id = A,
    phone = "+358 9 1234567" }
  expect(pipedrive.organizations[2].address).has { street = "Mannerheimintie 12 B 34", country = "FI" }
end)

-- Somebody saves just before our write arrives, which then takes the place of it.
local meanwhile = shared.meanwhile

test("an edit that came between the look and the write is put back, and a person is asked", function()
  local procountor, pipedrive = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  meanwhile(pipedrive, { phone = "0500 2" })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains "0500 2"
  expect(open[1].reason).contains "0400 1"
  expect(pipedrive.organizations[1].phone).is "0500 2"
  -- Another field of the same record is nobody's business.
  procountor.act("customer", { customer = 51001, email = "a@testi.example" })
  meanwhile(pipedrive, { street = "Uusikatu 1" })
  look()
  expect(pipedrive.organizations[1].email).is "a@testi.example"
  expect(procountor.customers[1].billingAddress.street).is "Uusikatu 1"
end)

test("one that came between the write and the putting back is put back too", function()
  local procountor, pipedrive = start()
  look()
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  meanwhile(pipedrive, { phone = "0500 2" }, { phone = "0500 3" })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains "0500 3"
  expect(pipedrive.organizations[1].phone).is "0500 3"
  -- Another time in the same second: what was written before is in the history too.
  meanwhile(pipedrive, { phone = "0500 4" })
  local again = open[1].retry("the books are right", { choose = { phone = "pipedrive_books" } })
  expect(again.state).is "attention"
  expect(again.reason).contains "0500 4"
  expect(pipedrive.organizations[1].phone).is "0500 4"
end)

test("nor where its owner decides", function()
  local procountor, pipedrive = start()
  look()
  procountor.act("customer", { customer = 51001, street = "Kirjanpitäjänkuja 2" })
  meanwhile(pipedrive, { street = "Myyjänkatu 3" })
  expect(#look()).is(0)
  expect(pipedrive.organizations[1].address.street).is "Kirjanpitäjänkuja 2"
  expect(procountor.customers[1].billingAddress.street).is "Kirjanpitäjänkuja 2"
end)

test("what is deleted rests in Procountor, and comes back with all that was changed", function()
  local procountor, pipedrive = start()
  look()
  pipedrive.act("remove", { organization = 31 })
  local run = told(31, "delete")
  expect(run.state).is "done"
  expect(run.result).has { deleted = "pipedrive", active = false }
  expect(procountor.customers[1].registryInfo.active).is(false)
  look()
  expect(pipedrive.organizations).count(0)
  expect(procountor.customers).count(1)
end)

-- Webhooks v2 have no word for it: one is deleted, one is changed, in whatever order.
for _, order in ipairs { { "delete", "change" }, { "change", "delete" } } do
  test("two that are merged keep the customer: first " .. order[1], function()
    local procountor, pipedrive = start({ organization(), organization { id = 32, business_id = false,
      name = "Testiasiakas" } })
    look()
    local customers = #procountor.customers
    pipedrive.act("merge", { organization = 31, into = 32 })
    pipedrive.act("organization", { organization = 32, business_id = A })
    for _, what in ipairs(order) do told(what == "delete" and 31 or 32, what) end
    look()
    expect(procountor.customers).count(customers)
    expect(procountor.customers[1].registryInfo).has { active = true }
    procountor.act("customer", { customer = 51001, phone = "0502" })
    look()
    expect(pipedrive.organizations[1].phone).is "0502"
  end)
end

test("a webhook of something else is no customer's; who is inactive rests until it is active", function()
  local procountor, pipedrive = start(nil, { customer { registryInfo = { active = false,
    phone = "+358 9 1234567" } } })
  look()
  local run = deliver("pipedrive", { data = { id = 9 }, meta = { action = "change", entity = "person",
    version = "2.0", id = "00000000-0000-4000-8000-000000000000", entity_id = "9", attempt = 1 } })
  expect(#run.runs).is(0)
  pipedrive.act("organization", { organization = 31, phone = "0501" })
  expect(told(31).state).is "skipped"
  procountor.act("customer", { customer = 51001, active = "yes" })
  look()
  expect(procountor.customers[1].registryInfo.phone).is "0501"
end)

test("too many requests are asked again later; nothing is lost", function()
  local procountor, pipedrive = start()
  look()
  pipedrive.fault "PATCH /api/v2/organizations retry=1 error=429*2"
  procountor.act("customer", { customer = 51001, phone = "0400 1" })
  expect(#look()).is(0)
  expect(pipedrive.organizations[1].phone).is "0400 1"
  expect(writes(pipedrive)).is(1)
end)

test("webhooks v1: updated, merged and deleted; only what has a field there is synced", function()
  local procountor, pipedrive = start({ organization(), organization { id = 32, business_id = B,
    name = "Revontuli Oy" } }, nil, "old")
  local function old(what, id, from)
    count = count + 1
    return deliver("old", { v = 1, event = what .. ".organization", current = what ~= "deleted"
      and { id = id, name = "x" } or nil, previous = { id = from or id },
      meta = { action = what, object = "organization", id = id, timestamp = count } }).runs[1].wait()
  end
  look "old"
  pipedrive.act("organization", { organization = 31, phone = "0501", email = "muu@testi.example" })
  expect(old("updated", 31).result.to_books[1]).is "phone"
  expect(procountor.customers[1].registryInfo.phone).is "0501"
  expect(procountor.customers[1].invoicingInfo.email).is "laskut@testiasiakas.example"
  pipedrive.act("merge", { organization = 31, into = 32 })
  old("merged", 32, 31)
  procountor.act("customer", { customer = 51001, phone = "0502" })
  look "old"
  expect(pipedrive.organizations[1]).has { id = 32, phone = "0502" }
end)

test("a key that is no field of its is named", function()
  start(nil, nil, "mistaken")
  local open = look "mistaken"
  expect(#open).is(1)
  expect(open[1].reason).contains "ffffffffffffffffffffffffffffffffffffffff"
end)

test("what belongs together is put back together", function()
  local procountor, pipedrive = start()
  look()
  procountor.act("customer", { customer = 51001, einvoiceAddress = "FI2112345600000785",
    einvoiceOperator = "DABAFIHH" })
  meanwhile(pipedrive, { einvoice_address = "003720123454" })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains '"003720123454, 003721291126"'
  expect(pipedrive.organizations[1].einvoice).has { address = "003720123454", operator = "003721291126" }
end)

test("a part that both changed to the same stays", function()
  local procountor, pipedrive = start()
  look()
  procountor.act("customer", { customer = 51001, einvoiceAddress = "FI2112345600000785",
    einvoiceOperator = "DABAFIHH" })
  meanwhile(pipedrive, { einvoice_address = "003720123454",
    einvoice_operator = "DABAFIHH" })
  local open = look()
  expect(#open).is(1)
  expect(open[1].reason).contains '"003720123454, DABAFIHH"'
end)

test("an edit that comes while there is nothing to write is still looked at", function()
  -- The text is the same on both sides, though of its parts Pipedrive knows less.
  local place = { name = "Testiasiakas Oy", street = "Keskuskatu 1 A 5", zip = "00100",
    country = "FINLAND" }
  local procountor, pipedrive = start({ organization { address = { street = "Keskuskatu 1 A 5",
    postal_code = "00100", country = "FI" } } },
    { customer { address = place, billingAddress = place } })
  -- Read when it is linked, when it is settled, and once more before it would be written.
  pipedrive.fault "GET /api/v2/organizations/31 after=2 delay=700ms*1"
  deliver_it(31, "change", { wait = false })
  shared.asked(procountor, "GET", "/businesspartners/51001", 1)
  pipedrive.act("organization", { organization = 31, street = "Uusikatu 2", city = "Helsinki" })
  runs "wait"
  expect(#look()).is(0)
  expect(writes(pipedrive)).is(0)
  expect(procountor.customers[1].billingAddress).has { street = "Uusikatu 2", city = "Helsinki" }
end)

test("who was deleted has no heir where the other one of its business ID is another one", function()
  local _, pipedrive = start({ organization(), organization { id = 32 } },
    { customer(), customer { id = 51002 } })
  local open = look()
  expect(#open).is(1)
  local run = open[1].reason:find("customer=ID", 1, true)
    and open[1].retry("decided", { customer = "51001" })
    or open[1].retry("decided", { organization = "31" })
  local linked = run.wait().result.organization
  pipedrive.act("remove", { organization = linked })
  expect(told(math.tointeger(tonumber(linked)), "delete").result).has { deleted = "pipedrive",
    active = false }
  expect(pipedrive.organizations).count(1)
end)

test("nor where several have its business ID", function()
  local procountor, pipedrive = start()
  look()
  pipedrive.seed { organizations = { organization { id = 42 }, organization { id = 43 } } }
  pipedrive.act("remove", { organization = 31 })
  expect(told(31, "delete").result).has { deleted = "pipedrive", active = false }
  expect(procountor.customers).count(1)
end)
