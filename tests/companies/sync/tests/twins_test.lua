-- Records that are there twice: nobody's link is taken over, and a person is asked once.

local shared = require "tests.shared"

local look, questions, start = shared.look, shared.questions, shared.start
local ADDRESS = { street = "Rovakatu 1", postal_code = "96200", city = "Rovaniemi", country = "FI" }

local function organization(id, name, business_id)
  return { id = id, name = name, business_id = business_id, phone = "1", address = ADDRESS }
end

local function customer(id, name, business_id, active)
  local place = { name = name, street = "Rovakatu 1", zip = "96200", city = "Rovaniemi",
    country = "FINLAND" }
  return { id = id, name = name, address = place, billingAddress = place,
    invoicingInfo = { identifier = business_id, identifierType = business_id and "FI" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER" },
    registryInfo = { active = active ~= false, phone = "1" } }
end

local count = 0
local function told(id, what, previous)
  count = count + 1
  return deliver("crm", { id = ("evt_%d"):format(count), type = "organization." .. (what or "updated"),
    data = { organization = { id = id } }, previous = previous }).runs[1].wait()
end


local ID = "1234567-1"

test("a second customer of a business ID does not take over the first one's organization", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
    { customer(51001, "Revontuli Oy", ID) })
  look()
  expect(#questions()).is(0)
  procountor.seed { customers = { customer(51002, "Revontuli Matkailu Oy", ID) } }
  look()
  local open = questions()
  expect(#open).is(1)
  for _, text in ipairs { "51001", "51002", "O-31" } do expect(open[1].reason).contains(text) end
  -- The link is the first one's still: what is changed there comes over, and nothing of the other one.
  procountor.act("customer", { customer = 51001, phone = "22" })
  procountor.act("customer", { customer = 51002, phone = "33" })
  look()
  expect(crm.organizations).count(1)
  expect(crm.organizations[1]).has { phone = "22", name = "Revontuli Oy" }
  -- Asked once, also of what was changed since; the one too many is put to rest, and that is all.
  expect(#questions()).is(1)
  procountor.act("customer", { customer = 51002, active = "no" })
  expect(open[1].retry().state).is "skipped"
  expect(#questions()).is(0)
end)

test("the linked one of two customers rests: the other one takes its place", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
    { customer(51001, "Revontuli Oy", ID) })
  look()
  procountor.act("customer", { customer = 51001, active = "no" })
  procountor.seed { customers = { customer(51002, "Revontuli Oy", ID) } }
  look()
  expect(#questions()).is(0)
  procountor.act("customer", { customer = 51002, phone = "44" })
  look()
  expect(crm.organizations).count(1)
  expect(crm.organizations[1].phone).is "44"
  expect(procountor.customers).count(2)
end)

test("a second organization of a business ID goes to a person with both named, once", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
    { customer(51001, "Revontuli Oy", ID) })
  look()
  crm.seed { organizations = { organization("O-32", "Revontuli", "FI12345671") } }
  local run = told "O-32"
  expect(run.state).is "attention"
  for _, text in ipairs { "O-31", "O-32", "51001" } do expect(run.reason).contains(text) end
  look()
  expect(told("O-32").state).is "skipped"
  expect(#questions()).is(1)
  expect(procountor.customers).count(1)
  -- It is merged there; the first one has its customer still.
  crm.act("merge", { organization = "O-32", into = "O-31" })
  expect(told("O-31", "merged", { organization = { id = "O-32" } }).state).is "done"
  expect(run.retry().state).is "skipped"
  crm.act("organization", { organization = "O-31", phone = "55" })
  expect(told("O-31").result.customer).is "51001"
  expect(procountor.customers[1].registryInfo.phone).is "55"
end)

test("an organization that takes another's place takes nothing away that it never had", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
    { customer(51001, "Revontuli Oy", ID) })
  look()
  crm.seed { organizations = { { id = "O-32", name = "Revontuli Matkailu Oy" } } }
  crm.act("merge", { organization = "O-31", into = "O-32" })
  local run = told("O-32", "merged", { organization = { id = "O-31" } })
  expect(run.state).is "done"
  expect(#questions()).is(0)
  expect(procountor.customers).count(1)
  expect(procountor.customers[1]).has { name = "Revontuli Matkailu Oy" }
  expect(procountor.customers[1].registryInfo.phone).is "1"
  expect(crm.organizations[1]).has { id = "O-32", phone = "1", business_id = ID, address = ADDRESS }
end)

test("two organizations and two customers of one business ID: one question, and its answer holds",
  function()
    local procountor, crm = start(
      { organization("O-31", "Revontuli Oy", ID), organization("O-32", "Revontuli Oy", ID) },
      { customer(51001, "Revontuli Oy", ID), customer(51002, "Revontuli Oy", ID) })
    look()
    local open = questions()
    expect(#open).is(1)
    for _, text in ipairs { "O-31", "O-32", "51001", "51002" } do
      expect(open[1].reason).contains(text)
    end
    expect(open[1].reason:find("For O%-3%d choose with `%-%-set customer=ID`")
      or open[1].reason:find("For 5100%d choose with `%-%-set organization=ID`")).is_not(nil)
    look()
    expect(#questions()).is(1)
    local field = open[1].reason:find("customer=ID", 1, true) and "customer" or "organization"
    local run = open[1].retry("decided", { [field] = field == "customer" and "51002" or "O-32" })
    expect(run.state).is "done"
    look()
    expect(#questions()).is(0)
    expect(crm.organizations).count(2)
    expect(procountor.customers).count(2)
  end)

test("two new organizations of one business ID do not become one customer unseen", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID),
    organization("O-32", "Revontuli", ID) }, {})
  look()
  expect(#questions()).is(1)
  expect(procountor.customers).count(0)
  crm.act("merge", { organization = "O-32", into = "O-31" })
  told("O-31", "merged", { organization = { id = "O-32" } })
  for _, run in ipairs(questions()) do run.retry() end
  expect(#questions()).is(0)
  expect(procountor.customers).count(1)
end)

test("the same name on both sides is asked from one side; new means another one on both", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy") },
    { customer(51001, "Revontuli Oy") })
  look()
  look()
  local open = questions()
  expect(#open).is(1)
  local field = open[1].reason:find("customer=ID", 1, true) and "customer" or "organization"
  expect(open[1].retry("decided", { [field] = "new" }).state).is "done"
  -- The other one goes its own way, by new_organizations or new_customers, and is not asked about.
  expect(#questions()).is(0)
  expect(crm.organizations).count(2)
  expect(procountor.customers).count(2)
  procountor.act("customer", { customer = 51001, phone = "66" })
  look()
  expect(#questions()).is(0)
  expect(procountor.customers).count(2)
end)

test("an organization that was deleted and made anew has its customer again", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
    { customer(51001, "Revontuli Oy", ID) })
  look()
  crm.act("remove", { organization = "O-31" })
  told("O-31", "deleted")
  crm.seed { organizations = { organization("O-40", "Revontuli Oy", ID) } }
  expect(told("O-40").result).has { organization = "O-40", customer = "51001" }
  expect(procountor.customers).count(1)
end)

test("an organization is deleted while its customer goes to the one made anew: no person is needed",
  function()
    local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
      { customer(51001, "Revontuli Oy", ID) })
    look()
    crm.act("remove", { organization = "O-31" })
    crm.seed { organizations = { organization("O-40", "Revontuli Oy", ID) } }
    -- The link is read, then O-40 once more, then 51001: only after that the link is saved.
    procountor.fault "GET /api/businesspartners/51001 delay=700ms*1"
    local made = { type = "organization.created", data = { organization = { id = "O-40" } } }
    deliver("crm", made, { id = "evt_made", wait = false })
    local reads
    repeat
      reads = 0
      for _, request in ipairs(crm.requests) do
        if request.path:find("/O-40", 1, true) then reads = reads + 1 end
      end
    until reads >= 2
    expect(told("O-31", "deleted").state).is_not "failed"
    expect(#questions()).is(0)
    local again = deliver("crm", made, { id = "evt_made" })
    expect(again.duplicate).is(true)
    expect(again.runs[1].result).has { organization = "O-40", customer = "51001" }
    expect(procountor.customers).count(1)
  end)

test("an organization that is said to be merged, and is still there, keeps its customer", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
    { customer(51001, "Revontuli Oy", ID) })
  look()
  crm.seed { organizations = { organization("O-32", "Kaamos Oy", "2012345-4") } }
  told("O-32", "merged", { organization = { id = "O-31" } })
  expect(told("O-31").result).has { organization = "O-31", customer = "51001" }
  expect(told("O-32").result.customer).is_not "51001"
  expect(procountor.customers).count(2)
end)

test("a customer that is inactive, or has its ID in another spelling, is not made anew", function()
  local procountor = start(
    { organization("O-31", "Revontuli Oy", ID), organization("O-32", "Kaamos Oy", "2012345-4") },
    { customer(51001, "Revontuli Oy", ID, false), customer(51002, "Kaamos Oy", "FI20123454") })
  expect(told("O-31").result.customer).is "51001"
  expect(told("O-32").result.customer).is "51002"
  expect(procountor.customers).count(2)
end)

test("one of two customers that were asked about is made inactive: the other one is it", function()
  local procountor, crm = start({ organization("O-31", "Revontuli Oy", ID) },
    { customer(51001, "Revontuli Oy", ID), customer(51002, "Revontuli Oy", ID) })
  look()
  expect(#questions()).is(1)
  procountor.act("customer", { customer = 51002, active = "no" })
  look()
  crm.act("organization", { organization = "O-31", phone = "22" })
  expect(told("O-31").result.customer).is "51001"
  expect(procountor.customers[1].registryInfo.phone).is "22"
  for _, run in ipairs(questions()) do run.retry() end
  expect(#questions()).is(0)
  expect(procountor.customers).count(2)
  expect(crm.organizations).count(1)
end)
