-- Numbers of a proposal in every spelling, and the sums that Procountor makes of them.

-- The proposal with these rows; each { unit_price, quantity, discount, vat, ... }.
local function proposal(rows, changes)
  local event = fixture("signed.json", changes)
  local list = json.array {}
  for i, row in ipairs(rows) do
    list[i] = { code = row.code, name = row.name or "Rivi " .. i, unit = row.unit,
      unit_price = row[1], quantity = row[2] or 1, discount_percent = row[3], vat_percent = row[4]
      or decimal "25.5", optional = row.optional, selected = row.selected, vat_status = row.vat_status }
  end
  event.pricing_table.rows, event.pricing_table.totals = list, nil
  return event
end

local function sent(rows, changes, options)
  local procountor = sandbox("procountor", options)
  sandbox "slack"
  sandbox "zapier"
  local run = deliver("click2contract", proposal(rows, changes))
  return run, procountor.invoices[1], procountor
end

local function sums(invoice)
  local info = invoice.invoiceSumInfo[1]
  return { decimal(info.excludingVatTotal):text(2), decimal(info.vatSumTotal):text(2),
    decimal(info.invoiceSumTotal):text(2) }
end

test("money, quantities and percentages are read in every spelling", function()
  local run, invoice = sent {
    { decimal "149.00", 12 }, { "1 234,50", "2,0" }, { "1234.50 €", "1" }, { "1\u{A0}234,50 €", 1 },
    { "33,335", 3, 10 }, { "EUR 33,335", "3", "10 %", "25,5 %" }, { "149 €/h", "12 h", "0 %", "25,5" },
    { "0,333", 1, nil, "13,5 %" }, { 20, 1, decimal "12.5", "25.5" },
  }
  expect(run.state).is "done"
  local rows = invoice.invoiceRows
  expect(rows[2]).has { unitPrice = decimal "1234.5", quantity = 2 }
  expect(rows[3]).has { unitPrice = decimal "1234.5" }
  expect(rows[4]).has { unitPrice = decimal "1234.5" }
  expect(rows[5]).has { unitPrice = decimal(33.335), discountPercent = 10 }
  expect(rows[6]).has { unitPrice = decimal(33.335), quantity = 3, discountPercent = 10,
    vatPercent = decimal "25.5" }
  expect(rows[7]).has { unitPrice = 149, quantity = 12, unit = "HOUR", vatPercent = decimal "25.5" }
  expect(rows[8]).has { unitPrice = decimal(0.333), vatPercent = decimal "13.5" }
  expect(rows[9]).has { discountPercent = decimal "12.5" }
end)

test("a comma with three decimals is a comma in Swedish, and thousands in English", function()
  local cases = { { "sv", decimal(33.335) }, { "sv-FI", decimal(33.335) }, { "en", 33335 } }
  for i, case in ipairs(cases) do
    local procountor = sandbox "procountor"
    sandbox "slack"
    sandbox "zapier"
    local run = deliver("click2contract", proposal({ { "33,335" } },
      { id = "evt_" .. i, ["contract.id"] = "L" .. i, ["contract.language"] = case[1] }))
    expect(run.state).is "done"
    expect(procountor.invoices[i].invoiceRows[1]).has { unitPrice = case[2] }
  end
end)

test("a point with three digits is asked about in Finnish: people and systems write it differently",
  function()
    local run = sent { { "33.335" } }
    expect(run.state).is "attention"
    expect(run.reason).contains "pricing_table.rows[0].unit_price"
    expect(run.reason).contains "33.335"
  end)

test("a number in the wrong kind of unit goes to a person, with its field", function()
  local procountor = sandbox "procountor"
  local cases = {
    { { "50 USD" }, "rows[0].unit_price", "another currency" },
    { { "10 %" }, "rows[0].unit_price", "is a percentage" },
    { { 10, 1, "10 €" }, "rows[0].discount_percent", "is no percentage" },
    { { 10, 1, 0, "25,5 €" }, "rows[0].vat_percent", "is no percentage" },
    { { 10, "50 %" }, "rows[0].quantity", "is no quantity" },
    { { 10, "12 h", unit = "kpl" }, "rows[0].unit", 'in "h"' },
    { { 10, 1, 101 }, "rows[0].discount_percent", "101 % is not possible" },
    { { "viisi" }, "rows[0].unit_price", '"viisi" is not a number' },
    { { json.null }, "rows[0].unit_price", "is missing" },
  }
  for i, case in ipairs(cases) do
    local run = deliver("click2contract", proposal({ case[1] }, { id = "evt_" .. i }))
    expect(run.state).is "attention"
    expect(run.reason).contains(case[2])
    expect(run.reason).contains(case[3])
  end
  expect(procountor.customers).count(0)
end)

test("a row is rounded once: 33.335 x 3 less 10 % is 90.00", function()
  local run, invoice = sent { { decimal(33.335), 3, 10 } }
  expect(run.state).is "done"
  expect(sums(invoice)).is { "90.00", "22.95", "112.95" }
  expect(run.result).has { total = decimal "112.95" }
end)

test("three rows of 0.33: VAT by rate or by row, both are right", function()
  local rows = { { decimal "0.33" }, { decimal "0.33" }, { decimal "0.33" } }
  local run, invoice, procountor = sent(rows)
  expect(run.state).is "done"
  expect(sums(invoice)).is { "0.99", "0.25", "1.24" }
  procountor.seed { settings = { vat_rounding = "per_row" } }
  run = deliver("click2contract", proposal(rows, { id = "evt_2", ["contract.id"] = "2" }))
  expect(run.state).is "done"
  expect(sums(procountor.invoices[2])).is { "0.99", "0.24", "1.23" }
end)

test("thirty rows rounded one by one are no difference to ask about; other sums are", function()
  local rows = {}
  for i = 1, 30 do rows[i] = { decimal "0.33", code = "SAMA", name = "Sama" } end
  local run, invoice = sent(rows, nil, { settings = { vat_rounding = "per_row" } })
  expect(run.state).is "done"
  expect(sums(invoice)).is { "9.90", "2.40", "12.30" }
end)

test("prices that include VAT, in both ways of rounding", function()
  local rows = { { decimal "100", 1, nil, decimal "25.5" }, { decimal "9.99", 3, 5, decimal "13.5" } }
  local run, invoice, procountor = sent(rows, { ["pricing_table.prices_include_vat"] = true })
  expect(run.state).is "done"
  expect(invoice.extraInfo).has { unitPricesIncludeVat = true }
  expect(sums(invoice)).is { "104.76", "23.71", "128.47" }
  -- The register holds net prices.
  expect(procountor.products[1]).has { price = decimal "79.6813" }
  procountor.seed { settings = { vat_rounding = "per_row", unit_prices_include_vat_sales = true } }
  run = deliver("click2contract", proposal({ { decimal "62", code = "UUSI", name = "Uusi" } },
    { id = "evt_2", ["contract.id"] = "2" }))
  expect(run.state).is "done"
  expect(procountor.products[3]).has { code = "UUSI", price = decimal "77.81" }
end)

test("negative rows, a price of zero and a whole credit", function()
  local run, invoice, procountor = sent { { 100 }, { decimal "-10.50" }, { 0 }, { 5, -2 } }
  expect(run.state).is "done"
  expect(sums(invoice)).is { "79.50", "20.27", "99.77" }
  expect(run.result.warnings).is(nil)
  run = deliver("click2contract", proposal({ { -100 } }, { id = "evt_2", ["contract.id"] = "2" }))
  expect(run.state).is "done"
  expect(run.result).has { total = decimal "-125.5" }
  expect(run.result.warnings[1]).contains "negative (-125.50)"
  expect(procountor.invoices).count(2)
end)

test("VAT 0 % is done and said; a VAT status of its own is kept and checked", function()
  local run, invoice, procountor = sent { { 100, 1, nil, 0 }, { 50 } }
  expect(run.state).is "done"
  expect(sums(invoice)).is { "150.00", "12.75", "162.75" }
  expect(run.result.warnings[1]).contains "VAT 0 % with the VAT status of sales at home (Rivi 1)"
  run = deliver("click2contract", proposal({ { 100, 1, nil, 0, vat_status = 5 } },
    { id = "evt_2", ["contract.id"] = "2" }))
  expect(run.state).is "done"
  expect(run.result.warnings).is(nil)
  expect(procountor.invoices[2].invoiceRows[1]).has { vatStatus = 5 }
  run = deliver("click2contract", proposal({ { 100, 1, nil, 0, vat_status = 91 } },
    { id = "evt_3", ["contract.id"] = "3" }))
  expect(run.state).is "attention"
  expect(run.reason).contains "VAT status 91"
  expect(run.reason).contains "5 (EU community sales (product))"
  expect(procountor.invoices).count(2)
end)

test("14 % after 2025 is a warning; what nobody uses goes to a person", function()
  local run, invoice, procountor = sent { { 100, 1, nil, 14 } }
  expect(run.state).is "done"
  expect(invoice.invoiceRows[1]).has { vatPercent = 14 }
  expect(run.result.warnings[1]).contains "VAT 14 % applied until 2025-12-31"
  run = deliver("click2contract", proposal({ { 100, 1, nil, decimal "13.5" } },
    { id = "evt_2", ["contract.id"] = "2" }))
  expect(run.result.warnings).is(nil)
  for i, percent in ipairs { 24, decimal "22.5", -1, 255 } do
    run = deliver("click2contract", proposal({ { 100, 1, nil, percent } },
      { id = "evt_u" .. i, ["contract.id"] = "u" .. i }))
    expect(run.state).is "attention"
    expect(run.reason).contains "is not in use for sales in Procountor. In use there: 25.5, 14, 13.5"
  end
  expect(procountor.invoices).count(2)
end)

test("more decimals than Procountor keeps: nothing said where no cent changes, asked where one does",
  function()
    local run, invoice, procountor = sent { { decimal "0.083333", 12, name = "Sähkö" } }
    expect(run.state).is "done"
    expect(invoice.invoiceRows[1]).has { unitPrice = decimal "0.0833" }
    run = deliver("click2contract", proposal({ { decimal "0.083333", 120000 } },
      { id = "evt_2", ["contract.id"] = "2" }))
    expect(run.state).is "attention"
    expect(run.reason).contains "9996.00 instead of 9999.96"
    expect(procountor.invoices).count(1)
  end)

test("sums that the proposal states and its rows do not give are said", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  sandbox "zapier"
  local changes = { ["pricing_table.totals.net"] = "1 800,00 €" }
  local run = deliver("click2contract", fixture("signed.json", changes))
  expect(run.state).is "done"
  expect(run.result.warnings[1]).contains "net 1800.00 in the proposal, 1878.00 from its rows"
  changes.id, changes["contract.id"] = "evt_2", "2"
  run = deliver("options", fixture("signed.json", changes))
  expect(run.state).is "attention"
  expect(run.reason).contains "1800.00"
  changes.id, changes["contract.id"] = "evt_3", "3"
  run = deliver("mail", fixture("signed.json", changes))
  expect(run.result.warnings).is(nil)
  -- Rounding is no difference.
  changes.id, changes["contract.id"] = "evt_4", "4"
  changes["pricing_table.totals.net"] = "1 878,04"
  run = deliver("click2contract", fixture("signed.json", changes))
  expect(run.result.warnings).is(nil)
  expect(procountor.invoices).count(3)
end)

test("another currency than EUR needs a rate that nobody here knows", function()
  local run, _, procountor = sent({ { 100 } }, { ["contract.currency"] = "SEK" })
  expect(run.state).is "attention"
  expect(run.reason).contains "SEK"
  expect(run.reason).contains "exchange rate"
  expect(procountor.customers).count(0)
  run = deliver("click2contract", proposal({ { "100 €" } },
    { id = "evt_2", ["contract.currency"] = "€" }))
  expect(run.state).is "done"
  run = deliver("click2contract", proposal({ { 100 } },
    { id = "evt_3", ["contract.id"] = "3", ["contract.currency"] = "kolikko" }))
  expect(run.state).is "attention"
  expect(run.reason).contains "contract.currency"
end)
