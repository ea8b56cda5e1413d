-- What the options of customer_sync do.

local ADDRESS = { street = "Rovakatu 1", postal_code = "96200", city = "Rovaniemi", country = "FI" }

local function organization(id, name, business_id, phone)
  return { id = id, name = name, business_id = business_id, phone = phone or "1",
    email = "laskut@asiakas.example", address = ADDRESS }
end

local function customer(id, name, business_id, phone)
  local place = { name = name, street = "Rovakatu 1", zip = "96200", city = "Rovaniemi",
    country = "FINLAND" }
  return { id = id, name = name, address = place, billingAddress = place,
    invoicingInfo = { identifier = business_id, identifierType = business_id and "FI",
      email = "laskut@asiakas.example" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER" },
    registryInfo = { active = true, phone = phone or "1" } }
end

local function start(name, organizations, customers)
  return sandbox("procountor", { name = "books", connection = name .. "_books",
      seed = { customers = customers } }),
    sandbox("crm", { name = "crm", connection = name, seed = { organizations = organizations } })
end

local function look(name)
  fire(name .. " sync")
  runs "wait"
end

local count = 0
local function told(name, id, what)
  count = count + 1
  return deliver(name, { id = ("evt_%d"):format(count), type = "organization." .. (what or "updated"),
    data = { organization = { id = id } } }).runs[1].wait()
end

local function questions()
  local open = {}
  for _, run in ipairs(runs "wait") do
    if run.state == "attention" then open[#open + 1] = run end
    expect(run.state == "failed" and run.reason or nil).is(nil)
  end
  return open
end

local A, B = "1234567-1", "2012345-4"

-- One that is the same on both sides, and goes with its other.
local function one_pair(company)
  local books, crm = start(company, { organization("O-1", "Sama Oy", A) },
    { customer(501, "Sama Oy", A) })
  look(company)
  return books, crm
end

-- Its phone is 22 in the CRM and 33 in the books now: the run that asks which.
local function asked_of_phones(books, crm)
  crm.act("organization", { organization = "O-1", phone = "22" })
  books.act("customer", { customer = 501, phone = "33" })
  return told("choosy", "O-1")
end

test("ask: each new one is asked once; new makes it there, none leaves it where it is", function()
  local books, crm = start("careful", { organization("O-1", "Uusi Oy", A) },
    { customer(501, "Toinen Oy", B) })
  books.seed { customers = { { id = 502, name = "Toimittaja Oy", type = "SUPPLIER",
    invoicingInfo = {}, paymentInfo = { paymentMethod = "BANK_TRANSFER" } } } }
  look "careful"
  look "careful"
  local open = questions()
  expect(#open).is(2)
  expect(books.customers).count(2)
  expect(crm.organizations).count(1)
  for _, run in ipairs(open) do
    if run.reason:find("customer=ID", 1, true) then
      expect(run.reason).contains "Uusi Oy"
      -- A supplier is no customer.
      expect(run.retry("decided", { customer = "502" }).reason).contains "no customer with the id 502"
      expect(run.retry("decided", { customer = "new" }).wait().state).is "done"
    else
      expect(run.reason).contains "Toinen Oy"
      expect(run.retry("decided", { organization = "none" }).state).is "done"
    end
  end
  books.act("customer", { customer = 501, phone = "7" })
  look "careful"
  expect(#questions()).is(0)
  expect(books.customers).count(3)
  expect(crm.organizations).count(1)
end)

test("one owner for all: its value counts where both were changed, and nobody is asked", function()
  local books, crm = one_pair "careful"
  crm.act("organization", { organization = "O-1", phone = "22", email = "crm@asiakas.example" })
  books.act("customer", { customer = 501, phone = "33", name = "Sama Nimi Oy" })
  look "careful"
  expect(#questions()).is(0)
  expect(crm.organizations[1]).has { phone = "33", name = "Sama Nimi Oy" }
  expect(books.customers[1].invoicingInfo.email).is "crm@asiakas.example"
end)

test("a deleted organization is asked about once; the answer rests its customer", function()
  local books, crm = one_pair "careful"
  crm.act("remove", { organization = "O-1" })
  local run = told("careful", "O-1", "deleted")
  expect(run.state).is "attention"
  expect(run.reason).contains "deleted=leave"
  books.act("customer", { customer = 501, phone = "8" })
  look "careful"
  expect(#questions()).is(1)
  expect(run.retry("decided", { deleted = "inactivate" }).wait().state).is "done"
  expect(books.customers[1].registryInfo).has { active = false, phone = "8" }
  books.act("customer", { customer = 501, phone = "9" })
  look "careful"
  expect(#questions()).is(0)
end)

test("a deleted organization whose customer was to be left is not asked about again", function()
  local books, crm = one_pair "careful"
  crm.act("remove", { organization = "O-1" })
  local run = told("careful", "O-1", "deleted")
  expect(run.retry("decided", { deleted = "leave" }).wait().state).is "done"
  books.act("customer", { customer = 501, phone = "8" })
  look "careful"
  expect(#questions()).is(0)
  expect(books.customers[1].registryInfo).has { active = true, phone = "8" }
end)

test("a customer that is gone in Procountor is asked about once", function()
  local books = start("careful", { organization("O-1", "Sama Oy", A) }, {})
  books.seed { customers = { customer(501, "Sama Oy", A) } }
  look "careful"
  books.clear()
  expect(told("careful", "O-1").state).is "attention"
  expect(told("careful", "O-1").state).is "skipped"
  local open = questions()
  expect(#open).is(1)
  expect(open[1].reason).contains "501"
  expect(open[1].retry("decided", { customer = "new" }).wait().state).is "done"
  expect(books.customers).count(1)
  expect(#questions()).is(0)
end)

test("fields: what is not among them is neither written nor asked; leave makes nobody anew", function()
  local books, crm = start("narrow", { organization("O-1", "Sama Oy", A),
    organization("O-2", "Yksin Oy", B) },
    { customer(501, "Sama Oy", A), customer(502, "Itse Oy") })
  look "narrow"
  crm.act("organization", { organization = "O-1", phone = "22", name = "Myyjän nimi Oy",
    street = "Myyjänkatu 1" })
  books.act("customer", { customer = 501, phone = "33", name = "Kirjanpitäjän nimi Oy" })
  look "narrow"
  expect(#questions()).is(0)
  expect(books.customers).count(2)
  expect(crm.organizations).count(2)
  expect(books.customers[1]).has { name = "Kirjanpitäjän nimi Oy" }
  expect(books.customers[1].registryInfo.phone).is "22"
  expect(books.customers[1].billingAddress.street).is "Rovakatu 1"
  expect(crm.organizations[1]).has { name = "Myyjän nimi Oy", phone = "22" }
  -- Of two owners one: of the other field a person is asked.
  crm.act("organization", { organization = "O-1", email = "a@asiakas.example" })
  books.act("customer", { customer = 501, email = "b@asiakas.example" })
  look "narrow"
  local open = questions()
  expect(#open).is(1)
  expect(open[1].reason).contains "choose.email=narrow"
  expect(open[1].retry("decided", { choose = "narrow_books" }).wait().state).is "done"
  expect(crm.organizations[1].email).is "b@asiakas.example"
end)

test("inactivate: who is deleted in the CRM rests in Procountor, with all it has", function()
  local books, crm = one_pair "narrow"
  crm.act("remove", { organization = "O-1" })
  expect(told("narrow", "O-1", "deleted").state).is "done"
  expect(books.customers[1].registryInfo).has { active = false, phone = "1" }
  expect(books.customers[1].invoicingInfo.identifier).is(A)
end)

test("who is put to rest while somebody saves it keeps what was saved", function()
  local books, crm = one_pair "narrow"
  local function reads()
    local n = 0
    for _, request in ipairs(books.requests) do
      n = n + (request.path:find("/businesspartners/501", 1, true) and 1 or 0)
    end
    return n
  end
  crm.act("remove", { organization = "O-1" })
  books.fault "PUT /api/businesspartners delay=500ms*1"
  -- Both within a second, which is all that a version counts.
  time.sleep(1.02 - time.ms() % 1000 / 1000)
  books.act("customer", { customer = 501, phone = "22" })
  local before, last = reads(), time.ms() + 10000
  deliver("narrow", { id = "evt_gone", type = "organization.deleted",
    data = { organization = { id = "O-1" } } }, { wait = false })
  repeat time.sleep(0.02) until reads() > before or time.ms() > last
  books.act("customer", { customer = 501, email = "uusi@asiakas.example" })
  runs "wait"
  expect(books.customers[1].registryInfo).has { active = false, phone = "22" }
  expect(books.customers[1].invoicingInfo.email).is "uusi@asiakas.example"
end)

test("a function of the record says who is made anew", function()
  local books, crm = start("choosy", { organization("O-1", "Uusi Oy", A),
    organization("O-2", "Tunnukseton Oy") }, { customer(501, "Toinen Oy", B), customer(502, "Aino A") })
  look "choosy"
  expect(#questions()).is(0)
  expect(books.customers).count(3)
  expect(crm.organizations).count(3)
end)

test("a choice counts for what was asked; what was changed since is asked anew", function()
  local books, crm = one_pair "choosy"
  local run = asked_of_phones(books, crm)
  expect(run.reason).contains "33"
  crm.act("organization", { organization = "O-1", phone = "44", email = "uusi@asiakas.example" })
  look "choosy"
  -- The e-mail has come over; what is open is asked by the one run.
  expect(books.customers[1].invoicingInfo.email).is "uusi@asiakas.example"
  expect(#questions()).is(1)
  local again = run.retry("decided", { choose = { phone = "choosy" } })
  expect(again.state).is "attention"
  expect(again.reason).contains "44"
  expect(books.customers[1].registryInfo.phone).is "33"
  expect(again.retry().wait().state).is "done"
  expect(books.customers[1].registryInfo.phone).is "44"
end)

test("what Procountor would refuse is asked once, and all else goes over", function()
  local books, crm = one_pair "choosy"
  crm.act("organization", { organization = "O-1", email = "ei osoite" })
  local run = told("choosy", "O-1")
  expect(run.state).is "attention"
  crm.act("organization", { organization = "O-1", phone = "22" })
  expect(told("choosy", "O-1").state).is "done"
  expect(books.customers[1].registryInfo.phone).is "22"
  expect(#questions()).is(1)
  crm.act("organization", { organization = "O-1", email = "oikea@asiakas.example" })
  expect(run.retry().wait().state).is "done"
  expect(books.customers[1].invoicingInfo.email).is "oikea@asiakas.example"
end)

test("what is too long, or has letters that Procountor cannot store, is asked once as well", function()
  local books, crm = one_pair "choosy"
  local long = ("Pitkä"):rep(20)
  crm.act("organization", { organization = "O-1", name = long, street = "Ulica Łódź 1", phone = "22" })
  books.act("customer", { customer = 501, email = "uusi@asiakas.example" })
  look "choosy"
  expect(books.customers[1]).has { name = "Sama Oy" }
  expect(books.customers[1].registryInfo.phone).is "22"
  expect(crm.organizations[1]).has { name = long, email = "uusi@asiakas.example" }
  local open = questions()
  expect(#open).is(1)
  for _, text in ipairs { "O-1", "100 characters", "takes 80", "Ulica Łódź 1", '"Ł"' } do
    expect(open[1].reason).contains(text)
  end
  books.act("customer", { customer = 501, phone = "33" })
  look "choosy"
  expect(#questions()).is(1)
  expect(crm.organizations[1].phone).is "33"
  crm.act("organization", { organization = "O-1", name = "Lyhyt Oy", street = "Lodzinkatu 1" })
  expect(open[1].retry().wait().state).is "done"
  expect(books.customers[1]).has { name = "Lyhyt Oy" }
  expect(books.customers[1].billingAddress.street).is "Lodzinkatu 1"
end)

test("a choice counts for what its own run asked", function()
  local books, crm = one_pair "choosy"
  local run = asked_of_phones(books, crm)
  -- It is put right there, and then another one comes, of which that run's question says nothing.
  books.act("customer", { customer = 501, phone = "22" })
  expect(told("choosy", "O-1").state).is "done"
  crm.act("organization", { organization = "O-1", phone = "44" })
  books.act("customer", { customer = 501, phone = "55" })
  local again = run.retry("decided", { choose = { phone = "choosy" } })
  expect(again.state).is "attention"
  expect(again.reason).contains "44"
  expect(again.reason).contains "55"
  expect(books.customers[1].registryInfo.phone).is "55"
end)

test("of two that were chosen one is written, then somebody is first: the other choice still counts",
  function()
    local books, crm = one_pair "choosy"
    crm.act("organization", { organization = "O-1", phone = "22", email = "crm@asiakas.example" })
    books.act("customer", { customer = 501, phone = "33", email = "kirjat@asiakas.example" })
    local run = told("choosy", "O-1")
    expect(run.state).is "attention"
    crm.seed { settings = { meanwhile = { { act = "organization", form = { organization = "O-1",
      einvoice_address = "003712345671" } } } } }
    expect(run.retry("decided", { choose = { phone = "choosy", email = "choosy_books" } })
      .wait().state).is "done"
    look "choosy"
    expect(#questions()).is(0)
    expect(books.customers[1].registryInfo.phone).is "22"
    expect(books.customers[1].invoicingInfo.einvoiceAddress).is "003712345671"
    expect(crm.organizations[1].email).is "kirjat@asiakas.example"
  end)

test("a business ID that is none is asked once, until it is another one", function()
  local books, crm = start("choosy", { organization("O-1", "Uusi Oy", "1234567-9") }, {})
  local run = told("choosy", "O-1")
  expect(run.state).is "attention"
  expect(run.reason).contains '"1234567-9" is not a business ID'
  crm.act("organization", { organization = "O-1", phone = "22" })
  expect(told("choosy", "O-1").state).is "skipped"
  look "choosy"
  expect(#questions()).is(1)
  -- Left as it is, it is not asked again; another wrong one is.
  run.skip "not now"
  crm.act("organization", { organization = "O-1", phone = "33" })
  expect(told("choosy", "O-1").state).is "skipped"
  crm.act("organization", { organization = "O-1", business_id = "1234567-8" })
  local other = told("choosy", "O-1")
  expect(other.reason).contains '"1234567-8" is not a business ID'
  crm.act("organization", { organization = "O-1", business_id = A })
  expect(other.retry().wait().state).is "done"
  expect(books.customers).count(1)
  expect(#questions()).is(0)
end)

test("a write that is refused since somebody was first is looked at anew", function()
  local books, crm = one_pair "choosy"
  books.act("customer", { customer = 501, phone = "33" })
  crm.seed { settings = { meanwhile = { { act = "organization", form = { organization = "O-1",
    email = "uusi@asiakas.example" } } } } }
  look "choosy"
  local refused = 0
  for _, request in ipairs(crm.requests) do refused = refused + (request.status == 409 and 1 or 0) end
  expect(refused).is(1)
  expect(crm.organizations[1]).has { phone = "33", email = "uusi@asiakas.example" }
  expect(books.customers[1].invoicingInfo.email).is "uusi@asiakas.example"
  expect(#questions()).is(0)
end)
