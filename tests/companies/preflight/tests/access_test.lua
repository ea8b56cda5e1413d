-- What nobody sees in the data: rights of the API user, books that are closed; and steps of a rule that
-- are the company's own.

local words = require "words"

local function start(settings)
  sandbox "crm"
  return sandbox("procountor", { seed = { settings = settings or {} } })
end

local made = 0
local function won(way, changes)
  made = made + 1
  local all = { id = "evt_a" .. made, ["data.deal.id"] = "A-" .. made }
  for field, value in pairs(changes or {}) do
    if type(field) == "string" then all[field] = value end
  end
  return deliver(way, fixture("won.json", all))
end

local function nothing_written(procountor)
  expect(procountor.customers).count(0)
  expect(procountor.products).count(0)
  expect(procountor.invoices).count(0)
end

local function known_in_all_languages(reason)
  for _, language in ipairs { "fi", "sv" } do
    expect(words.translate(language, reason) ~= nil).is(true)
  end
end

test("without a right that is needed nothing is written; given, the run goes on", function()
  local procountor = start { rights = { customerRegister = "NO_ACCESS" } }
  local rights = { customerRegister = "Customer register", productRegister = "Product register",
    salesOrGroupInvoices = "New sales invoice/Group invoice" }
  for right, name in pairs(rights) do
    local now = { customerRegister = "ALL_RIGHTS", productRegister = "ALL_RIGHTS",
      salesOrGroupInvoices = "ALL_RIGHTS", [right] = "NO_ACCESS" }
    procountor.seed { settings = { rights = now } }
    local run = won "crm"
    expect(run.state).is "attention"
    expect(run.reason).contains(("%s (%s is NO_ACCESS)"):format(name, right))
    expect(run.reason).contains "Users and privileges"
    known_in_all_languages(run.reason)
    nothing_written(procountor)
  end
  procountor.seed { settings = { rights = { customerRegister = "ALL_RIGHTS",
    productRegister = "ALL_RIGHTS", salesOrGroupInvoices = "ALL_RIGHTS" } } }
  for _, run in ipairs(runs()) do expect(run.retry().state).is "done" end
  expect(procountor.invoices).count(3)
end)

test("all rights that are missing are named at once", function()
  local procountor = start { rights = { customerRegister = "NO_ACCESS",
    productRegister = "NOT_ENABLED" } }
  local run = won "crm"
  expect(run.reason).contains "Customer register (customerRegister is NO_ACCESS); Product register "
  nothing_written(procountor)
end)

test("who may only look at a register invoices what is there, and nothing is half made", function()
  local procountor = start { rights = { customerRegister = "VIEWING_RIGHTS",
    productRegister = "VIEWING_RIGHTS" } }
  local deal = fixture("won.json").data
  local products = {}
  for i, line in ipairs(deal.deal.lines) do
    products[i] = { type = "SALES", code = line.product_code, name = line.name, unit = "HOUR",
      discount = 0, price = 1, vat = decimal "25.5", active = true, currency = "EUR" }
  end
  procountor.seed { products = products, customers = { { name = deal.organization.name,
    business_id = deal.organization.business_id } } }
  expect(won("crm").state).is "done"
  local run = won("crm", { ["data.deal.lines.1.product_code"] = "UUSI",
    ["data.deal.lines.1.name"] = "Jotakin aivan muuta" })
  expect(run.state).is "attention"
  expect(run.reason).contains "Product register (productRegister is VIEWING_RIGHTS"
  expect(run.reason).contains "Jotakin aivan muuta"
  run = won("crm", { ["data.organization.business_id"] = "2646674-9",
    ["data.organization.name"] = "Toinen Oy" })
  expect(run.reason).contains "the customer Toinen Oy is to be made"
  expect(procountor.customers).count(1)
  expect(procountor.products).count(2)
  expect(procountor.invoices).count(1)
end)

test("a server that does not tell rights and years is left to judge by itself", function()
  local procountor = start()
  procountor.fault "GET /api/users/rights error=403*9"
  procountor.fault "GET /api/fiscalyears error=404*9"
  expect(won("crm").state).is "done"
  expect(procountor.invoices).count(1)
end)

test("a day on which the books are closed is found before anything is written", function()
  local today = require("time").today "Europe/Helsinki"
  local procountor = start { closed_until = today }
  local run = won "crm"
  expect(run.state).is "attention"
  expect(run.reason).contains("would be dated " .. today)
  expect(run.reason).contains("to " .. today .. " is closed in Procountor")
  known_in_all_languages(run.reason)
  nothing_written(procountor)
  procountor.seed { settings = { closed_until = (today:gsub("^%d+", function(year)
    return tostring(tonumber(year) - 1)
  end)) } }
  expect(run.retry().state).is "done"
end)

test("a closed fiscal year too, for the day that the company gives the invoice", function()
  local procountor = start { closed_until = "2026-01-31" }
  local run = won("own_wanted", { ["data.deal.title"] = "Päivätty" })
  expect(run.reason).contains "would be dated 2026-01-31, and the tracking period from 2026-01-01"
  procountor.seed { settings = { closed_until = "2026-12-31" } }
  run = won("own_wanted", { ["data.deal.title"] = "Päivätty" })
  expect(run.reason).contains "the fiscal year from 2026-01-01 to 2026-12-31 is closed"
  nothing_written(procountor)
end)

test("books that were closed a moment ago: told, and safe to go on with", function()
  local procountor = start()
  expect(won("crm").state).is "done"
  -- What was asked just now still says that they are open.
  procountor.seed { settings = { closed_until = require("time").today "Europe/Helsinki" } }
  local run = won("crm", { ["data.organization.business_id"] = "2646674-9",
    ["data.organization.name"] = "Toinen Oy" })
  expect(run.state).is "attention"
  expect(run.reason).contains "closed"
  procountor.seed { settings = { closed_until = false } }
  expect(run.retry().state).is "done"
  expect(procountor.customers).count(2)
  expect(procountor.invoices).count(2)
end)

test("a customer function of the company's: the rest is judged before it is called", function()
  local procountor = start()
  local cases = {
    { ["data.deal.project_reference"] = ("R"):rep(71), "data.deal.project_reference", "takes 70" },
    { ["data.deal.lines.1.vat_percent"] = 24, "data.deal.lines[0].vat_percent", "VAT 24 %" },
    { ["data.deal.payment_term_days"] = 1000, "data.deal.payment_term_days", "0 to 999" },
    { ["data.deal.bank_reference"] = "1234562", "data.deal.bank_reference", "check digit" },
    { ["data.deal.currency"] = "SEK", "data.deal.currency", "exchange rate" },
    { ["data.person.name"] = ("P"):rep(71), "data.person.name", "takes 70" },
  }
  for i, case in ipairs(cases) do
    local run = won("own_customer", case)
    expect(("%d %s %s"):format(i, run.state, run.reason or "")).contains "attention"
    expect(run.reason).contains(case[1])
    expect(run.reason).contains(case[2])
  end
  nothing_written(procountor)
  expect(won("own_customer").state).is "done"
end)

test("and the invoice with the customer it gave, before any product is made", function()
  local procountor = start()
  local run = won("own_customer", { ["data.organization.name"] = "Uusi Oy",
    ["data.organization.einvoice.address"] = "0037 123" })
  expect(run.state).is "attention"
  expect(run.reason).contains "data.organization.einvoice"
  expect(procountor.customers).count(1)
  expect(procountor.products).count(0)
  run = run.retry("corrected", { ["data.organization.einvoice.address"] = "003712345671" })
  expect(run.state).is "done"
  expect(procountor.customers).count(1)
  expect(procountor.invoices).count(1)
end)

test("an invoice function of the company's: what it gives is judged before it is sent", function()
  local procountor = start()
  local run = won("own_invoice", { ["data.deal.project_reference"] = "raha" })
  expect(run.state).is "attention"
  expect(run.reason).contains "exchange rate"
  expect(procountor.invoices).count(0)
  -- It may put right what could not go out as it was.
  run = won("own_invoice", { ["data.deal.project_reference"] = "kurssi",
    ["data.deal.currency"] = "SEK" })
  expect(run.state).is "done"
  expect(procountor.invoices[1].paymentInfo).has { currency = "SEK", currencyRate = decimal "11.2" }
  expect(procountor.customers).count(1)
end)

-- An invoice as a rule of the company's own would post it, without the connector.
local function own_body(number, percent)
  return { type = "SALES_INVOICE", status = "UNFINISHED", date = "2026-11-26",
    originalInvoiceNumber = number, discountPercent = 0, vatStatus = 1, invoiceChannel = "NO_SENDING",
    language = "FINNISH", counterParty = { counterPartyAddress = { name = "Oma Oy", street = "Katu 1",
      zip = "00100", city = "Helsinki", country = "FINLAND" } },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = "EUR", currencyRate = 1,
      dueDate = "2026-12-10", bankAccount = { accountNumber = "FI2112345600000785" },
      bankReferenceCode = "", bankReferenceCodeType = "FI" },
    extraInfo = { accountingByRow = true, unitPricesIncludeVat = false },
    invoiceRows = { { product = "Työ", quantity = 1, unit = "HOUR", unitPrice = 80,
      discountPercent = 0, vatPercent = percent or decimal "25.5", vatStatus = 1 } } }
end

test("an invoice that a rule posts by itself is Procountor's to judge, and sent once a run", function()
  local procountor = start()
  local function post(id, body, kind)
    return deliver("lab", { type = kind or "post", id = id, body = body })
  end
  local run = post("p1", own_body("OWN-1", 24))
  expect(run.state).is_not "done"
  expect(run.reason).contains "400"
  expect(procountor.invoices).count(0)
  -- Its answer is lost: nobody knows, and nobody sends it again on a guess.
  procountor.fault "POST /api/invoices lost*1"
  run = post("p2", own_body "OWN-2")
  expect(run.state).is "attention"
  expect(procountor.invoices).count(1)
  expect(run.retry().state).is "attention"
  expect(procountor.invoices).count(1)
  -- Another event of the same sale is another invoice: nothing was looked for.
  expect(post("p3", own_body "OWN-2").state).is "done"
  expect(procountor.invoices).count(2)
  -- With find and look_first it is looked for, and once.
  procountor.fault "POST /api/invoices lost*1"
  expect(post("p4", own_body "OWN-4", "found").state).is "done"
  expect(post("p5", own_body "OWN-4", "found").state).is "done"
  expect(procountor.invoices).count(3)
end)

test("a wanted function changes the head of the invoice, and is judged before anything is written",
  function()
    local procountor = start()
    local run = won("own_wanted", { ["data.deal.title"] = "Pitkä" })
    expect(run.state).is "attention"
    expect(run.reason).contains "takes 70"
    nothing_written(procountor)
    run = won("own_wanted", { ["data.deal.title"] = "Rivit" })
    expect(run.state).is "failed"
    expect(run.reason).contains "without customer and rows"
    run = won("own_wanted", { ["data.deal.payment_term_days"] = absent })
    expect(run.state).is "done"
    -- The number by which a deal is known stays.
    expect(procountor.invoices[1]).has { notes = "Kauppa A-" .. made,
      originalInvoiceNumber = "CRM-A-" .. made }
    expect(run.result.due_date).is(require("time").add_days(procountor.invoices[1].date, 21))
  end)
