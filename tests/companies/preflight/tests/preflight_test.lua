local invoice_body = require "connectors.procountor.invoice_body"
local partners = require "connectors.procountor.partners"
local products = require "connectors.procountor.products"
local words = require "words"
local fields = require "sandbox.procountor.fields"

local ORGANIZATION, LINE = "data.organization.", "data.deal.lines.1."

-- { the CRM's field that is changed and what becomes of it ..., what a person is told }
local CASES = {
  -- Lengths.
  { [ORGANIZATION .. "name"] = ("N"):rep(81), "data.organization.name", "81 characters" },
  { [ORGANIZATION .. "address.street"] = ("S"):rep(81), "data.organization.address (street)",
    "takes 80" },
  { [ORGANIZATION .. "address.city"] = ("C"):rep(41), "data.organization.address (city)", "takes 40" },
  { [ORGANIZATION .. "address.co"] = ("C"):rep(80), "data.organization.address (c/o)", "takes 80" },
  { [ORGANIZATION .. "address.country"] = "SE", [ORGANIZATION .. "address.postal_code"] = ("1"):rep(21),
    [ORGANIZATION .. "business_id"] = absent, "data.organization.address (postal code)", "takes 20" },
  { [ORGANIZATION .. "phone"] = ("0"):rep(41), "data.organization.phone", "takes 40" },
  { [ORGANIZATION .. "email"] = ("e"):rep(250) .. "@a.example", "data.organization.email", "takes 256" },
  { [ORGANIZATION .. "einvoice.operator"] = ("O"):rep(81), "data.organization.einvoice", "takes 80" },
  { [ORGANIZATION .. "einvoice.address"] = ("A"):rep(81), "data.organization.einvoice", "takes 80" },
  { ["data.person.name"] = ("P"):rep(71), "data.person.name", "takes 70" },
  { ["data.deal.project_reference"] = ("R"):rep(71), "data.deal.project_reference", "takes 70" },
  { [LINE .. "name"] = ("T"):rep(101), "data.deal.lines[0].name", "takes 100" },
  { [LINE .. "product_code"] = ("K"):rep(41), "data.deal.lines[0].code", "takes 40" },
  -- Letters outside Windows-1252.
  { [ORGANIZATION .. "name"] = "Łódź Oy", "data.organization.name", "only Windows-1252" },
  { ["data.deal.project_reference"] = "Проект", "data.deal.project_reference", "only Windows-1252" },
  { [LINE .. "description"] = "→ katso", "data.deal.lines[0].description", "only Windows-1252" },
  -- What must be there.
  { [ORGANIZATION .. "name"] = absent, ["data.person.name"] = absent, "data.organization.name",
    "no name" },
  { [ORGANIZATION .. "address.city"] = absent, "data.organization.address", "no City" },
  { [ORGANIZATION .. "address"] = absent, "data.organization.address", "no address" },
  { ["data.deal.lines"] = {}, "(lines)", "no products" },
  { ["data.deal.id"] = absent, "data.deal.id", "no id" },
  { [LINE .. "name"] = absent, [LINE .. "product_code"] = absent, "data.deal.lines[0].name",
    "neither a name nor a code" },
  { [LINE .. "quantity"] = absent, "data.deal.lines[0].quantity", "is missing" },
  { [LINE .. "unit_price"] = absent, "data.deal.lines[0].unit_price", "is missing" },
  { [LINE .. "vat_percent"] = absent, "data.deal.lines[0].vat_percent", "is missing" },
  -- Numbers.
  { [LINE .. "quantity"] = "kaksi", "data.deal.lines[0].quantity", "is not a number" },
  { [LINE .. "unit_price"] = decimal "0.00049", [LINE .. "quantity"] = 1000, "data.deal.lines[0]",
    "keeps 4 decimals" },
  { [LINE .. "discount_percent"] = 101, "data.deal.lines[0].discount_percent", "not possible" },
  { [LINE .. "discount_percent"] = -1, "data.deal.lines[0].discount_percent", "not possible" },
  { ["data.deal.discount_percent"] = 110, "data.deal.discount_percent", "not possible" },
  -- VAT.
  { [LINE .. "vat_percent"] = 24, "data.deal.lines[0].vat_percent", "VAT 24 % is not in use" },
  { [LINE .. "vat_percent"] = "25,4", "data.deal.lines[0].vat_percent", "25.4 % is not in use" },
  { [LINE .. "vat_status"] = 91, "data.deal.lines[0].vat_status", "status 91 is not in use" },
  { way = "abroad", [LINE .. "vat_percent"] = 0, [ORGANIZATION .. "address.country"] = "DE",
    [ORGANIZATION .. "address.postal_code"] = "10115", [ORGANIZATION .. "business_id"] = "DE136695976",
    [ORGANIZATION .. "einvoice"] = absent, "vat_statuses.eu", "status 77 is not in use" },
  { way = "default", "the invoice CRM-D-881", "status 91 is not in use" },
  -- Identifiers.
  { [ORGANIZATION .. "business_id"] = "1234567-2", "data.organization.business_id", "not valid" },
  { [ORGANIZATION .. "business_id"] = "DE136695976", "data.organization.business_id",
    "VAT number of DE" },
  { [ORGANIZATION .. "business_id"] = "DE136695977", [ORGANIZATION .. "address.country"] = "DE",
    [ORGANIZATION .. "address.postal_code"] = "10115", "data.organization.business_id",
    "not a VAT number" },
  { ["data.deal.bank_reference"] = "1234562", "data.deal.bank_reference", "check digit" },
  { ["data.deal.bank_reference"] = "RF35 1234561", "data.deal.bank_reference", "check digit" },
  -- Addresses.
  { [ORGANIZATION .. "address.postal_code"] = "0010", "data.organization.address", "five digits" },
  { [ORGANIZATION .. "address.country"] = "Atlantis", "data.organization.address", "no country" },
  -- Where an e-invoice goes.
  { [ORGANIZATION .. "einvoice.address"] = "0037 123", "data.organization.einvoice", "OVT code" },
  { [ORGANIZATION .. "einvoice.address"] = "003712345672", "data.organization.einvoice",
    "business ID in the OVT code" },
  { [ORGANIZATION .. "einvoice.address"] = "003712345671ABCDEF", "data.organization.einvoice",
    "at most five" },
  { [ORGANIZATION .. "einvoice.address"] = "FI2112345600000786", "data.organization.einvoice",
    "check digits" },
  { [ORGANIZATION .. "einvoice.address"] = "laskut@asiakas.example", "data.organization.einvoice",
    "e-mail address" },
  { [ORGANIZATION .. "einvoice.address"] = "0037/12345671", "data.organization.einvoice",
    "letters and digits" },
  { way = "by_net", [ORGANIZATION .. "einvoice"] = absent, "data.organization.einvoice", "is missing" },
  { way = "by_mail", [ORGANIZATION .. "email"] = absent, ["data.person.email"] = absent,
    "data.organization.email", "no e-mail address" },
  { way = "by_mail", [ORGANIZATION .. "email"] = "laskut asiakas", "data.organization.email",
    "no e-mail address" },
  -- Money and days.
  { ["data.deal.currency"] = "SEK", "data.deal.currency", "exchange rate" },
  { ["data.deal.currency"] = "markka", "data.deal.currency", "no currency" },
  { ["data.deal.payment_term_days"] = 1000, "data.deal.payment_term_days", "0 to 999" },
  { ["data.deal.payment_term_days"] = -1, "data.deal.payment_term_days", "0 to 999" },
  { way = "account", "bank_account", "not an active one" },
}

test("each refusal is found before anything is written, by the CRM's name of the field", function()
  local procountor = sandbox("procountor", { seed = { settings = { strict = true } } })
  sandbox "crm"
  for i, case in ipairs(CASES) do
    local changes = { id = "evt_" .. i }
    for field, value in pairs(case) do
      if type(field) == "string" and field ~= "way" then changes[field] = value end
    end
    local run = deliver(case.way or "crm", fixture("won.json", changes))
    expect(("%d %s %s"):format(i, run.state, run.reason or "")).contains("attention")
    expect(i .. " " .. run.reason).contains(case[1])
    expect(i .. " " .. run.reason).contains(case[2])
    for _, language in ipairs { "fi", "sv" } do
      if not words.translate(language, run.reason) then
        expect(run.reason).is("something that is known in " .. language)
      end
    end
    -- None of it is Procountor's own answer.
    expect((run.reason:find("answered", 1, true))).is(nil)
  end
  expect(procountor.customers).count(0)
  expect(procountor.products).count(0)
  expect(procountor.invoices).count(0)
end)

test("what only looks wrong is put right, and goes through the strictest Procountor", function()
  local procountor = sandbox("procountor", { seed = { settings = { strict = true } } })
  sandbox "crm"
  local cases = {
    { ["data.organization.einvoice.address"] = "0037 1234-5671 ab",
      expected = { address = "003712345671AB", operator = "003721291126" } },
    { ["data.organization.einvoice.address"] = "0216:003712345671",
      expected = { address = "003712345671", operator = "003721291126" } },
    { ["data.organization.einvoice"] = { address = "te003712345671@bawcfi22" },
      expected = { address = "TE003712345671", operator = "BAWCFI22" } },
    { ["data.organization.einvoice.address"] = "FI21 1234 5600 0007 85",
      expected = { address = "FI2112345600000785", operator = "003721291126" } },
  }
  for i, case in ipairs(cases) do
    local expected = case.expected
    case.expected, case.id, case["data.deal.id"] = nil, "evt_" .. i, "E-" .. i
    expect(deliver("crm", fixture("won.json", case)).state).is "done"
    expect(procountor.invoices[i]).has { invoiceChannel = "ELECTRONIC_INVOICE",
      counterParty = { einvoiceAddress = expected } }
  end
end)

test("days that a rule's own function gave are looked at too", function()
  local procountor = sandbox "procountor"
  local customer = { name = "Testi Oy", address = "Testikatu 1, 00100 Helsinki" }
  local cases = {
    { { date = "2026-02-30" }, 'date "2026-02-30" is no day' },
    { { due_date = "31.12.2026" }, 'due_date "31.12.2026" is no day' },
    { { date = "2026-03-01", due_date = "2026-02-28" }, "before the invoice's date" },
    { { date = "2026-01-01", due_date = "2028-09-27" }, "more than 999 days" },
    { { delivery_start = "2026-03-02", delivery_end = "2026-03-01" }, "before it begins" },
  }
  for i, case in ipairs(cases) do
    local wanted = case[1]
    wanted.original_number, wanted.customer = "D-" .. i, customer
    wanted.rows = { { name = "Työ", quantity = 1, unit_price = 10, vat = decimal "25.5" } }
    local run = deliver("lab", { type = "invoice", id = "d" .. i, invoice = wanted })
    expect(run.state).is "attention"
    expect(run.reason).contains(case[2])
  end
  expect(procountor.invoices).count(0)
end)

-- The most characters of a text, or nil, by its path in the sandbox's description.
local function most(description, path)
  local name, rest = path:match("^([^.%[]+)[%[%]]*%.?(.*)$")
  for _, field in ipairs(description) do
    if field[1] == name then
      if rest ~= "" then return most(field.of, rest) end
      return field.max
    end
  end
end

local function every(description, record, path, found)
  for _, field in ipairs(description) do
    local value = record[field[1]]
    local here = path == "" and field[1] or path .. "." .. field[1]
    if field[2] == "text" and field.max and type(value) == "string" then
      found[#found + 1] = here
    elseif field[2] == "object" and type(value) == "table" then
      every(field.of, value, here, found)
    elseif field[2] == "list" and type(value) == "table" and field.of then
      for _, item in ipairs(value) do every(field.of, item, here .. "[]", found) end
    end
  end
  return found
end

test("the lengths that are looked at are those of Procountor's description", function()
  local procountor = sandbox "procountor"
  sandbox "crm"
  for _, kind in ipairs { { invoice_body.LIMITS, fields.invoice }, { partners.LIMITS, fields.partner },
    { products.LIMITS, fields.product } } do
    local n = 0
    for path, limit in pairs(kind[1]) do
      expect(path .. " " .. tostring(most(kind[2], path))).is(path .. " " .. limit[1])
      n = n + 1
    end
    expect(n > 1).is(true)
  end
  -- And each text that is written has one, but for what is made here and cannot be too long.
  local made_here = { ["originalInvoiceNumber"] = true, ["paymentInfo.bankReferenceCode"] = true,
    ["paymentInfo.bankAccount.accountNumber"] = true, ["paymentInfo.paymentTermDays"] = true,
    ["deliveryAddress.name"] = true }
  expect(deliver("crm", fixture("won.json", { ["data.deal.lines.1.description"] = "x",
    ["data.organization.address.co"] = "y" })).state).is "done"
  for _, kind in ipairs { { invoice_body.LIMITS, fields.invoice, procountor.invoices[1] },
    { partners.LIMITS, fields.partner, procountor.customers[1] },
    { products.LIMITS, fields.product, procountor.products[1] } } do
    for _, path in ipairs(every(kind[2], kind[3], "", {})) do
      if not made_here[path] and not path:find("^deliveryAddress") then
        expect(path .. (kind[1][path] and "" or " has no limit")).is(path)
      end
    end
  end
end)

test("the texts of people are there in all three languages, with the same places for values", function()
  local tables = { en = require "words.en", fi = require "words.fi", sv = require "words.sv" }
  for key, english in pairs(tables.en) do
    for language, texts in pairs(tables) do
      expect(("%s %s %s"):format(language, key, texts[key] and "is there" or "is missing"))
        .is(("%s %s is there"):format(language, key))
      -- A text may leave a value out; one that it has must be known.
      for place in texts[key]:gmatch("{([%w_]+)}") do
        expect(key:find("^kind%.") ~= nil or key:find("^alert%.") ~= nil
          or english:find("{" .. place .. "}", 1, true) ~= nil).is(true)
      end
    end
  end
  for _, language in ipairs { "fi", "sv" } do
    for key in pairs(tables[language]) do expect(tables.en[key] ~= nil).is(true) end
  end
end)
