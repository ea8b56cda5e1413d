-- Who a proposal's customer is in Procountor's register, and who is not.

local function start(customers, settings)
  local procountor = sandbox("procountor", { seed = { settings = settings, customers = customers } })
  sandbox "slack"
  sandbox "zapier"
  return procountor
end

local function signed(changes) return deliver("click2contract", fixture("signed.json", changes)) end

local function stored(identifier, more)
  local customer = { name = "Rekisterin Oy", type = "CUSTOMER",
    invoicingInfo = { identifier = identifier, identifierType = "FI" } }
  for key, value in pairs(more or {}) do customer[key] = value end
  return customer
end

test("the business ID is found in each spelling that a register may hold, in both search modes",
  function()
    for i, mode in ipairs { "exact", "plain" } do
      for j, spelling in ipairs { "1234567-1", "12345671", "FI12345671" } do
        local name = ("books%d%d"):format(i, j)
        local procountor = sandbox("procountor", { name = name, seed = {
          settings = { identifier_match = mode }, customers = { stored(spelling) } } })
        sandbox "slack"
        sandbox "zapier"
        local run = deliver("click2contract", fixture("signed.json",
          { id = "evt_" .. name, ["contract.id"] = name }))
        expect(run.state).is "done"
        expect(run.result.new_customer).is(nil)
        expect(procountor.customers).count(1)
      end
    end
  end)

test("the identifier travels as a header, hyphenated and plain, and never in the address", function()
  local procountor = start()
  expect(signed().state).is "done"
  local seen = {}
  for _, request in ipairs(procountor.requests) do
    if request.path == "/api/businesspartners" and request.method == "GET" then
      expect(request.query).has { type = { "CUSTOMER" } }
      expect(request.query.identifier).is(nil)
      local active = request.query.active and request.query.active[1] or "true"
      seen[request.headers.identifier .. " " .. active] = true
    end
  end
  expect(seen).is { ["1234567-1 true"] = true, ["FI12345671 true"] = true, ["12345671 true"] = true,
    ["1234567-1 false"] = true, ["FI12345671 false"] = true, ["12345671 false"] = true }
end)

test("a supplier and a person of the same identifier are no customers", function()
  local procountor = start { stored("1234567-1", { type = "SUPPLIER" }),
    stored("1234567-1", { type = "PERSON" }) }
  local run = signed()
  expect(run.state).is "done"
  expect(run.result).has { new_customer = true }
  expect(procountor.customers).count(3)
end)

test("two customers of one business ID go to a person, also under two spellings", function()
  local procountor = start { stored "1234567-1", stored("12345671", { name = "Toinen Oy" }) }
  local run = signed()
  expect(run.state).is "attention"
  expect(run.reason).contains "2 customers in Procountor have the business ID 1234567-1"
  expect(run.reason).contains "Toinen Oy"
  expect(run.reason).contains "inactivate all but one"
  expect(procountor.invoices).count(0)
end)

test("an active customer goes before an inactive one; an inactive one alone is used and said",
  function()
    local procountor = start()
    procountor.seed { customers = { stored("1234567-1", { active = false, name = "Vanha Oy" }),
      stored("1234567-1", { name = "Uusi Oy", id = 777 }) } }
    local run = signed()
    expect(run.state).is "done"
    expect(run.result.warnings).is(nil)
    expect(procountor.invoices[1]).has { partnerId = 777 }
    procountor.clear()
    procountor.seed { customers = { stored("1234567-1", { active = false, id = 888 }) } }
    run = signed { id = "evt_2", ["contract.id"] = "2" }
    expect(run.state).is "done"
    expect(procountor.invoices[1]).has { partnerId = 888 }
    expect(procountor.customers).count(1)
    expect(procountor.customers[1].registryInfo.active).is(false)
    expect(run.result.warnings[1]).contains "is inactive in Procountor"
    procountor.clear()
    procountor.seed { customers = { stored("1234567-1", { active = false }),
      stored("1234567-1", { active = false }) } }
    run = signed { id = "evt_3", ["contract.id"] = "3" }
    expect(run.state).is "attention"
    expect(run.reason).contains "activate the right one"
  end)

test("a name search goes through all pages, and å ä ö survive the header", function()
  local customers = {}
  for i = 1, 205 do customers[i] = { name = "Öljy & Åke " .. i, type = "CUSTOMER" } end
  customers[206] = { name = "Öljy & Åke Ab", type = "CUSTOMER" }
  local procountor = start(customers)
  local run = signed { ["customer.name"] = "Öljy & Åke Ab", ["customer.business_id"] = absent }
  expect(run.state).is "attention"
  -- It says who has that name, which it only knows if it found the last of them.
  expect(run.reason).contains "Öljy & Åke Ab (id "
  local encoded, pages = false, 0
  for _, request in ipairs(procountor.requests) do
    if request.headers.name then
      encoded = encoded or request.headers.name == "%C3%96ljy%20%26%20%C3%85ke%20Ab"
      expect(request.headers.name:find("[\x80-\xff]")).is(nil)
      if request.query.previousId then pages = pages + 1 end
    end
  end
  expect(encoded).is(true)
  expect(pages).is_not(0)
  expect(procountor.customers).count(206)
end)

test("a customer without a business ID is new each time, but once for one contract", function()
  local procountor = start()
  procountor.fault "POST /api/businesspartners lost*1"
  local run = signed { ["customer.business_id"] = absent, ["customer.consumer"] = true,
    ["customer.name"] = "Åsa Öhman" }
  run = run.runs[1].wait()
  expect(run.state).is "done"
  expect(procountor.customers).count(1)
  expect(procountor.customers[1].invoicingInfo.identifier).is(nil)
  expect(procountor.invoices[1].counterParty.taxCode).is(nil)
  run = signed { id = "evt_2", ["contract.id"] = "2", ["customer.business_id"] = absent,
    ["customer.consumer"] = true, ["customer.name"] = "Åsa Öhman" }
  expect(run.state).is "done"
  expect(procountor.customers).count(2)
end)

test("a personal identity code makes a consumer and goes nowhere", function()
  local procountor = start()
  local code = "131052-308T"
  local run = signed { ["customer.business_id"] = code, ["customer.name"] = "Matti Malli",
    ["contract.reference"] = "Asiakas " .. code, ["customer.contact_name"] = "Matti (" .. code .. ")",
    ["pricing_table.rows.1.description"] = "tilaaja 131052–308t, kotona",
    ["contract.name"] = "Remontti " .. code, ["pricing_table.rows.2.code"] = "010726-0012" }
  expect(run.state).is "done"
  local slack, zapier = sandbox "slack", sandbox "zapier"
  for _, text in ipairs { json.encode { run.result, run.key, run.steps },
      json.encode(procountor.customers),
    json.encode(procountor.invoices), json.encode(procountor.requests),
    json.encode(slack.messages), json.encode(zapier.hooks) } do
    expect(text:find("131052", 1, true)).is(nil)
  end
  expect(slack.messages[1].text).contains "Remontti ******-****"
  expect(procountor.customers[1].invoicingInfo.identifier).is(nil)
  -- A project's number of the same form is a project's number.
  expect(procountor.invoices[1].invoiceRows[2]).has { productCode = "010726-0012" }
  -- Mistyped ones are as private, and their place says what they are.
  run = signed { id = "evt_2", ["contract.id"] = "2", ["customer.business_id"] = "131052-308A" }
  expect(run.state).is "done"
  expect(json.encode(procountor.requests):find("131052", 1, true)).is(nil)
end)

test("customers of other countries keep their country, number and VAT number", function()
  local procountor = start()
  local cases = {
    { "EE", "EE100931558", "10145", "Tallinn", "ESTONIA", "EE", "EE100931558" },
    { "Viro", "10093155", "10145", "Tallinn", "ESTONIA", "EE", nil },
    { "SWE", "SE556703748501", "111 22", "Stockholm", "SWEDEN", "SE", "SE556703748501" },
    { "Saksa", "DE 136 695 976", "10115", "Berlin", "GERMANY", "DE", "DE136695976" },
    { "Åland", "1234567-1", "22100", "Mariehamn", "ALAND_ISLANDS", "FI", "FI12345671" },
    { "FI", "0112038-9", "22150", "Jomala", "ALAND_ISLANDS", "FI", "FI01120389" },
  }
  for i, case in ipairs(cases) do
    local run = signed { id = "evt_" .. i, ["contract.id"] = "F" .. i, ["customer.country"] = case[1],
      ["customer.business_id"] = case[2], ["customer.postal_code"] = case[3],
      ["customer.city"] = case[4] }
    expect(run.state).is "done"
    expect(run.result.warnings[1]).contains(case[5])
    local customer, invoice = procountor.customers[i], procountor.invoices[2 * i - 1]
    expect(customer.address).has { country = case[5], zip = case[3] }
    expect(customer.invoicingInfo).has { identifierType = case[6] }
    expect(invoice.counterParty.taxCode).is(case[7])
    -- The same again is the same customer.
    run = signed { id = "evt_again" .. i, ["contract.id"] = "G" .. i, ["customer.country"] = case[1],
      ["customer.business_id"] = case[2]:gsub(" ", ""), ["customer.postal_code"] = case[3],
      ["customer.city"] = case[4] }
    expect(run.state).is "done"
    expect(run.result.new_customer).is(nil)
  end
  expect(procountor.customers).count(#cases)
end)

test("the same digits in another country are another company", function()
  local procountor = start { stored "1009315-9",
    { name = "Leedu UAB", type = "CUSTOMER", invoicingInfo = { identifier = "LT136695976",
      identifierType = "LT" } } }
  -- 10093159 would do as a Finnish business ID.
  expect(ids.business_id "10093159").is "1009315-9"
  local run = signed { ["customer.country"] = "EE", ["customer.business_id"] = "10093159",
    ["customer.postal_code"] = "10145", ["customer.city"] = "Tallinn" }
  expect(run.state).is "done"
  expect(run.result).has { new_customer = true }
  expect(procountor.customers[3].invoicingInfo).has { identifier = "10093159", identifierType = "EE" }
  expect(procountor.invoices[1].counterParty.taxCode).is(nil)
  run = signed { id = "evt_2", ["contract.id"] = "2", ["customer.country"] = "DE",
    ["customer.business_id"] = "DE136695976", ["customer.postal_code"] = "10115" }
  expect(run.result).has { new_customer = true }
  -- Whose numbers have no type in Procountor is known by the address.
  for i, country in ipairs { "CH", "CH", "US" } do
    run = signed { id = "evt_3" .. i, ["contract.id"] = "3" .. i, ["customer.country"] = country,
      ["customer.business_id"] = "10093159", ["customer.postal_code"] = "8001" }
    expect(run.result).has { new_customer = i ~= 2 and true or nil }
  end
  expect(#procountor.customers).is(6)
end)

test("a foreign number in a Finnish address, a mistyped one, an unknown country: a person, in words",
  function()
    local procountor = start()
    local cases = {
      { { ["customer.business_id"] = "EE100931558" },
        "VAT number of EE; fill in the customer's country" },
      { { ["customer.business_id"] = "DE123456789", ["customer.country"] = "DE",
        ["customer.postal_code"] = "10115" }, '"DE123456789" is not a VAT number' },
      { { ["customer.country"] = "Muumilaakso" }, 'Procountor knows no country "Muumilaakso"' },
      { { ["customer.postal_code"] = "1000" }, '"1000" is not a Finnish postal code' },
      { { ["customer.business_id"] = "1234568-3" }, "1234568-3" },
    }
    for i, case in ipairs(cases) do
      case[1].id = "evt_" .. i
      local run = signed(case[1])
      expect(run.state).is "attention"
      expect(run.reason).contains(case[2])
    end
    expect(procountor.customers).count(0)
    expect(procountor.products).count(0)
  end)

test("addresses in one line, in three fields, boxes and c/o", function()
  local procountor = start()
  local cases = {
    { { address = "c/o Virtanen, Kotikatu 3, 00100 Helsinki" }, { street = "Kotikatu 3",
      specifier = "c/o Virtanen", zip = "00100", city = "Helsinki" } },
    { { address = "PL 123, 00101 Helsinki" }, { street = "PL 123", zip = "00101" } },
    { { address = "Mannerheimintie 12, PL 5, 00101 Helsinki" }, { street = "Mannerheimintie 12",
      specifier = "PL 5", zip = "00101" } },
    { { address = "Norra Esplanaden 21, FI-00100 Helsingfors" }, { street = "Norra Esplanaden 21",
      zip = "00100", city = "Helsingfors" } },
    { { address = "Testikatu 1", postal_code = 100, city = "Helsinki" }, { zip = "00100" } },
    { { address = "Testikatu 1", postal_code = "FI-00100", city = "Helsinki", co = "Tilit Oy" },
      { zip = "00100", specifier = "c/o Tilit Oy" } },
    { { address = { street = "Testikatu 2", zip = "00100", city = "Helsinki", country = "FI" } },
      { street = "Testikatu 2", zip = "00100", country = "FINLAND" } },
    { { po_box = "77", postal_code = "00101", city = "Helsinki" }, { street = "PL 77" } },
  }
  for i, case in ipairs(cases) do
    local event = fixture("signed.json", { id = "evt_" .. i, ["contract.id"] = "A" .. i })
    local customer = event.customer
    customer.address, customer.postal_code, customer.city, customer.country = nil, nil, nil, nil
    for name, value in pairs(case[1]) do customer[name] = value end
    expect(deliver("click2contract", event).state).is "done"
    expect(procountor.invoices[i].billingAddress).has(case[2])
  end
end)

test("what an address in one line leaves open is asked", function()
  local procountor = start()
  for i, text in ipairs { "Mannerheimintie 12 Helsinki", "Helsinki",
    "Mannerheimintie 12, 00100 Helsinki, ovi 3 sisäpihalla" } do
    local run = signed { id = "evt_" .. i, ["customer.address"] = text,
      ["customer.postal_code"] = absent, ["customer.city"] = absent, ["customer.country"] = absent }
    expect(run.state).is "attention"
    expect(run.reason).contains "could not be split"
    expect(run.reason).contains "fill in the fields Address, Postal code and City"
  end
  expect(procountor.customers).count(0)
end)

test("an e-mail address that is none is left out of customer and invoice, and said once", function()
  local procountor = start()
  local run = signed { ["customer.email"] = "laskut(at)testi" }
  expect(run.state).is "done"
  expect(procountor.invoices[1]).has { invoiceChannel = "NO_SENDING" }
  expect(procountor.customers[1].invoicingInfo).has { invoiceChannel = "NO_SENDING" }
  expect(run.result.warnings).count(1)
  expect(run.result.warnings[1]).contains "is no e-mail address"
  run = signed { id = "evt_2", ["contract.id"] = "2", ["customer.email"] = absent }
  expect(run.state).is "done"
  expect(procountor.invoices[2]).has { invoiceChannel = "NO_SENDING" }
  run = deliver("mail", fixture("signed.json", { id = "evt_3", ["contract.id"] = "3",
    ["customer.email"] = absent }))
  expect(run.state).is "attention"
  expect(run.reason).contains "has no e-mail address"
  expect(procountor.invoices).count(2)
end)

test("a customer by itself: contact, terms, phone, what the register keeps", function()
  local procountor = start()
  local run = deliver("lab", { type = "customer", id = "1", customer = { name = "Testi Oy",
    business_id = "FI01120389", address = "Testikatu 1, 00100 Helsinki", phone = "+358 40 1234567",
    contact = { name = "Aino Esimerkki", email = "aino@testi.example" }, payment_terms = 21,
    language = "sv" } })
  expect(run.state).is "done"
  expect(procountor.customers[1]).has { name = "Testi Oy",
    contactPersons = { { name = "Aino Esimerkki", email = "aino@testi.example" } },
    invoicingInfo = { identifier = "0112038-9", contactPerson = "Aino Esimerkki",
      language = "SWEDISH" },
    paymentInfo = { paymentTermDays = "21", currency = "EUR" },
    registryInfo = { phone = "+358 40 1234567", active = true } }
end)
