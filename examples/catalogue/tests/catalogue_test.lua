-- What is sold: kept in Procountor, quoted in the CRM.

local function product(code, fields)
  local record = { code = code, name = "Konsultointi " .. (code or "?"), unit = "HOUR", price = 149,
    vat = decimal "25.5", vatStatus = 1, type = "SALES" }
  for name, value in pairs(fields or {}) do record[name] = value end
  return record
end

local function start(products, there)
  sandbox "slack"
  return sandbox("procountor", { seed = { products = products } }),
    sandbox("crm", { seed = { products = there or {} } })
end

local function look()
  local run = fire "product_catalogue"
  expect(run.state).is "done"
  return run.result
end

local function in_crm(crm, code)
  for _, one in ipairs(crm.products) do
    if one.code == code then return one end
  end
end

local function puts(crm)
  local n = 0
  for _, request in ipairs(crm.requests) do
    if request.method == "PUT" then n = n + 1 end
  end
  return n
end

test("price, unit, VAT and whether it is sold come to the CRM", function()
  local _, crm = start { product "KONS",
    product("LIS", { unit = "PIECE", price = decimal "33.3350", vat = 14 }),
    product("VANHA", { active = false }), product("X-SIS") }
  expect(look()).has { written = 2, problems = 0 }
  expect(in_crm(crm, "KONS")).has { name = "Konsultointi KONS", unit = "tunti",
    unit_price = decimal "149", vat_percent = decimal "25.5", active = true, currency = "EUR" }
  expect(in_crm(crm, "LIS")).has { unit = "kpl", unit_price = decimal "33.3350", active = true }
  -- What is not sold was never there, so it does not come.
  expect(crm.products).count(2)
end)

test("only what changed is written, and the CRM's own fields stay", function()
  local procountor, crm = start({ product("KONS", { id = 901 }), product("LIS", { id = 902 }) },
    { { code = "KONS", name = "Vanha nimi", unit_price = 1, picture = "kons.png" } })
  expect(look().written).is(2)
  expect(in_crm(crm, "KONS")).has { name = "Konsultointi KONS", picture = "kons.png" }
  expect(look().written).is(0)
  expect(puts(crm)).is(2)
  procountor.act("product", { product = 901, price = "155,50" })
  expect(look().written).is(1)
  expect(in_crm(crm, "KONS")).has { unit_price = decimal "155.5", picture = "kons.png" }
  expect(crm.products).count(2)
end)

test("what is no longer sold becomes inactive, and nothing is deleted", function()
  local procountor, crm = start({ product("KONS", { id = 901 }), product("LIS", { id = 902 }) },
    { { code = "OMA", name = "Only the CRM has it", unit_price = 5, active = true },
      { code = "POIS", name = "Was Procountor's", unit_price = 5, active = true,
        finance_id = "procountor:777" } })
  look()
  expect(in_crm(crm, "POIS")).has { active = false, name = "Was Procountor's" }
  expect(in_crm(crm, "OMA").active).is(true)
  procountor.act("product", { product = 902, active = "no" })
  expect(look().written).is(1)
  expect(in_crm(crm, "LIS")).has { active = false, unit_price = decimal "149" }
  procountor.act("product", { product = 902, active = "yes" })
  look()
  expect(in_crm(crm, "LIS").active).is(true)
  expect(crm.products).count(4)
end)

test("what cannot be told is a warning, and the others come all the same", function()
  local _, crm = start({ product("KONS"), product("TUPLA", { id = 910 }),
    product("TUPLA", { id = 911, price = 1 }), product(nil, { name = "Nimetön" }) },
    { { code = "TUPLA", name = "As it was", unit_price = 7, active = true,
      finance_id = "procountor:910" } })
  local run = fire "product_catalogue"
  expect(run.state).is "done"
  expect(run.result).has { written = 1, problems = 2 }
  expect(in_crm(crm, "TUPLA")).has { unit_price = 7, active = true }
  expect(in_crm(crm, "KONS").active).is(true)
end)

test("a product that the CRM refuses does not stop the others", function()
  local _, crm = start { product "A", product "B", product "C" }
  crm.fault "PUT /v1/products/B error=400*1"
  expect(look()).has { written = 2, refused = 1, problems = 1 }
  expect(look()).has { written = 1, refused = 0, problems = 0 }
  expect(crm.products).count(3)
end)

test("a product whose answer was lost is there once, with its price", function()
  local _, crm = start { product "KONS" }
  crm.fault "PUT /v1/products/KONS lost*1"
  look()
  expect(crm.products).count(1)
  expect(in_crm(crm, "KONS").unit_price).is(decimal "149")
end)

test("an empty register takes nothing out of sale", function()
  local _, crm = start({}, { { code = "KONS", name = "Konsultointi", unit_price = 5, active = true,
    finance_id = "procountor:901" } })
  expect(look()).has { written = 0, problems = 1 }
  expect(in_crm(crm, "KONS").active).is(true)
end)
