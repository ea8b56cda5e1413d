-- VAT of customers abroad, the whole invoice's discount, and sums that must be the same to the cent.

local RATE = decimal "25.5"

local function customer(country, vat_number, postal_code)
  return { name = "Asiakas", vat_number = vat_number, address = { street = "Testgatan 1",
    postal_code = postal_code or "11122", city = "Stad", country = country } }
end

local function row(price, vat, more)
  local r = { name = "Työ", quantity = 1, unit_price = price, vat = vat }
  for key, value in pairs(more or {}) do r[key] = value end
  return r
end

local count = 0
local function invoice(procountor, wanted)
  count = count + 1
  wanted.original_number = "X-" .. count
  local run = deliver("lab", { type = "exact", id = "x" .. count, invoice = wanted })
  return run, procountor.invoices[#procountor.invoices]
end

test("rows without VAT carry the company's status of where the customer is", function()
  local procountor = sandbox "procountor"
  local cases = {
    { customer("DE", "DE136695976"), 5 },
    { customer("US"), 3 },
    { customer("SE"), 1, "eu_consumer" },
    { customer("AX", nil, "22100"), 1, "aland" },
    { customer("XI", nil, "BT1 1AA"), 1, nil },
  }
  for _, case in ipairs(cases) do
    local run, made = invoice(procountor, { customer = case[1], rows = { row(100, 0), row(50, 0) } })
    expect(run.state).is "done"
    expect(made.vatStatus).is(case[2])
    if case[2] ~= 1 then
      expect(made.invoiceRows[2]).has { vatStatus = case[2] }
      expect(run.result.warnings).is(nil)
    else
      expect(run.result.warnings[1]).contains "check the VAT of the invoice"
      if case[3] then
        expect(run.result.warnings[1]).contains("vat_statuses = { " .. case[3] .. " = ... }")
        expect(run.result.warnings[1]).contains "5 (EU community sales (product))"
      end
    end
  end
end)

test("places of the EU outside its VAT area, Monaco in it, and VAT numbers that are none", function()
  local procountor = sandbox "procountor"
  local cases = {
    { customer("ES", "ESB12345674", "35001"), 3 }, { customer("ES", "ESB12345674", "28001"), 5 },
    { customer("FR", nil, "97110"), 3 }, { customer("DE", "DE136695976", "27498"), 3 },
    { customer("IT", nil, "23041"), 3 }, { customer("GR", nil, "630 86"), 3 },
    { customer("MC", "FR83404833048", "98000"), 5 }, { customer("MC", nil, "98000"), 1 },
    { customer("GR", "EL094259216", "10431"), 5 }, { customer("GB", nil, "SW1A 1AA"), 3 },
    { customer("DE", "FI12345671"), 1 }, { customer("DE", "DE123456789"), 1, '"DE123456789" is no' },
  }
  for i, case in ipairs(cases) do
    local run, made = invoice(procountor, { customer = case[1], rows = { row(100, 0) } })
    expect(run.state).is "done"
    expect(("%d: %d"):format(i, made.vatStatus)).is(("%d: %d"):format(i, case[2]))
    if case[3] then expect(run.result.warnings[1]).contains(case[3]) end
  end
end)

test("credits, halves of a cent and discounts of all: the sums are Procountor's", function()
  local procountor = sandbox "procountor"
  local low = decimal "13.5"
  local function gross(sign)
    return { row(sign * decimal "9.99", low), row(sign * decimal "0.05", low), row(sign * 100, RATE) }
  end
  local cases = {
    { { row(-100, RATE), row(-50, low) }, "-150.00", "-182.25" },
    { { row(100, RATE, { quantity = -2 }) }, "-200.00", "-251.00" },
    { { row(100, RATE), row(-30, RATE) }, "70.00", "87.85" },
    { { row(decimal "0.005", RATE) }, "0.01", "0.01" },
    { { row(decimal "-0.005", RATE) }, "-0.01", "-0.01" },
    { { row(100, RATE, { discount = 100 }) }, "0.00", "0.00" },
    { { row(100, RATE) }, "0.00", "0.00", { discount = 100 } },
    { { row(0, RATE), row(100, RATE, { quantity = 0 }) }, "0.00", "0.00" },
    { gross(1), "88.53", "110.04", { prices_include_vat = true } },
    { gross(-1), "-88.53", "-110.04", { prices_include_vat = true } },
    { gross(1), "59.01", "73.36", { prices_include_vat = true, discount = decimal "33.3333" } },
  }
  for i, case in ipairs(cases) do
    local wanted = { customer = customer("FI", nil, "00100"), rows = case[1] }
    for name, value in pairs(case[4] or {}) do wanted[name] = value end
    local run, made = invoice(procountor, wanted)
    expect(("%d %s"):format(i, run.state)).is(i .. " done")
    local there = made.invoiceSumInfo[1]
    for _, sum in ipairs { run.result.net, there.excludingVatTotal } do
      expect(("%d: %s"):format(i, decimal(sum):text(2))).is(("%d: %s"):format(i, case[2]))
    end
    for _, sum in ipairs { run.result.total, there.invoiceSumTotal } do
      expect(("%d: %s"):format(i, decimal(sum):text(2))).is(("%d: %s"):format(i, case[3]))
    end
  end
end)

test("an invoice of nothing is said: a price may be missing where it comes from", function()
  local procountor = sandbox "procountor"
  local wanted = { customer = customer("FI", nil, "00100"), rows = { row(0, RATE) } }
  local run = invoice(procountor, wanted)
  expect(run.state).is "done"
  expect(run.result.warnings).is { "the invoice's total is 0.00: see whether all prices are there" }
  wanted.rows = { row(100, RATE), row(0, RATE) }
  expect(invoice(procountor, wanted).result.warnings).is(nil)
end)

test("a row's own status stays, and VAT that is charged abroad is worth a look", function()
  local procountor = sandbox "procountor"
  local run, made = invoice(procountor, { customer = customer("DE", "DE136695976"),
    rows = { row(100, 0, { vat_status = 12 }), row(50, RATE) } })
  expect(run.state).is "done"
  expect(made).has { vatStatus = 1 }
  expect(made.invoiceRows[1]).has { vatStatus = 12 }
  expect(run.result.warnings[1]).contains "the customer's country is GERMANY"
  run, made = invoice(procountor, { customer = customer("FI", nil, "00100"), rows = { row(100, RATE) } })
  expect(run.result.warnings).is(nil)
  expect(made).has { vatStatus = 1 }
end)

test("the whole invoice's discount comes after the rows' own", function()
  local procountor = sandbox "procountor"
  local rows = { row(decimal(33.335), RATE, { quantity = 3, discount = 10 }), row(1, RATE),
    row(decimal "0.33", decimal "13.5"), row(decimal "0.33", decimal "13.5") }
  local run, made = invoice(procountor, { customer = customer("FI", nil, "00100"), rows = rows,
    discount = 15 })
  expect(run.state).is "done"
  expect(made).has { discountPercent = 15 }
  -- 91.00 less 15 % is 77.35, with 19.72 of VAT; 0.66 is 0.56, with 0.08.
  expect(run.result).has { net = decimal "77.91", total = decimal "97.71" }
  run = invoice(procountor, { customer = customer("FI", nil, "00100"), rows = rows, discount = 101 })
  expect(run.state).is "attention"
  expect(run.reason).contains "a discount of 101 % is not possible"
end)

test("where the way of rounding is known, a cent of difference stops the run with both sums",
  function()
    local procountor = sandbox "procountor"
    local rows = { row(decimal "0.33", RATE), row(decimal "0.33", RATE), row(decimal "0.33", RATE) }
    local wanted = { customer = customer("FI", nil, "00100"), rows = rows }
    local run = invoice(procountor, wanted)
    expect(run.state).is "done"
    expect(run.result).has { total = decimal "1.24" }
    procountor.seed { settings = { vat_rounding = "per_row" } }
    run = invoice(procountor, wanted)
    expect(run.state).is "attention"
    expect(run.reason).contains "VAT 0.24 there, 0.25 here; total 1.23 there, 1.24 here"
  end)

test("sums that neither way of rounding gives stop the run with both, unless near is near enough",
  function()
    local procountor = sandbox("procountor", { seed = { settings = { vat_rounding = "down" } } })
    local wanted = { original_number = "N-1", customer = customer("FI", nil, "00100"),
      rows = { row(1, RATE) } }
    local run = deliver("lab", { type = "invoice", id = "n1", invoice = wanted })
    expect(run.state).is "attention"
    expect(run.reason).contains "VAT 0.25 there, 0.26 here; total 1.25 there, 1.26 here"
    wanted.original_number = "N-2"
    run = deliver("lab", { type = "near", id = "n2", invoice = wanted })
    expect(run.state).is "done"
    expect(run.result).has { total = decimal "1.25" }
    expect(procountor.invoices).count(2)
  end)

test("each rate is right for what was delivered while it applied, else a warning says when", function()
  local procountor = sandbox("procountor", { seed = { settings = { vat_percents = {
    decimal "25.5", decimal "24", decimal "23", decimal "14", decimal "13.5", decimal "10",
    decimal "0" } } } })
  local cases = {
    { "2024-08-31", 24 }, { "2024-09-01", 24, "applied until 2024-08-31" },
    { "2024-08-31", RATE, "applies from 2024-09-01 on" }, { "2024-09-01", RATE },
    { "2025-12-31", 14 }, { "2026-01-01", 14, "applied until 2025-12-31" },
    { "2025-12-31", decimal "13.5", "applies from 2026-01-01 on" }, { "2026-01-01", decimal "13.5" },
    { "2012-12-31", 23 }, { "2013-01-01", 23, "applied until 2012-12-31" },
    { "2013-01-01", 10 }, { "2026-01-01", 10 },
  }
  for _, case in ipairs(cases) do
    local run, made = invoice(procountor, { customer = customer("FI", nil, "00100"),
      rows = { row(100, case[2]) }, delivery_end = case[1] })
    expect(run.state).is "done"
    expect(made.invoiceRows[1].vatPercent).is(case[2])
    local warnings = run.result.warnings or {}
    expect(warnings).count(case[3] and 1 or 0)
    if case[3] then expect(warnings[1]).contains(case[3]) end
  end
end)

test("a discount on the whole proposal is the invoice's, and in what the proposal states", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  sandbox "zapier"
  local changes = { ["pricing_table.discount_percent"] = "10 %",
    ["pricing_table.totals"] = { net = decimal "1690.20", gross = decimal "2121.20" } }
  local run = deliver("click2contract", fixture("signed.json", changes))
  expect(run.state).is "done"
  expect(run.result.warnings).is(nil)
  expect(procountor.invoices[1]).has { discountPercent = 10 }
  expect(run.result).has { total = decimal "2121.20" }
  changes["pricing_table.discount_percent"], changes.id, changes["contract.id"] = 110, "evt_2", "2"
  run = deliver("click2contract", fixture("signed.json", changes))
  expect(run.state).is "attention"
  expect(run.reason).contains "pricing_table.discount_percent"
end)
