-- Procountor's products in Pipedrive's and HubSpot's registers of products.

local function product(code, fields)
  local record = { code = code, name = "Konsultointi " .. (code or "?"), unit = "HOUR", price = 149,
    vat = decimal "25.5", vatStatus = 1, type = "SALES" }
  for name, value in pairs(fields or {}) do record[name] = value end
  return record
end

local function start(kind, products, there)
  return sandbox("procountor", { seed = { products = products } }),
    sandbox(kind, { seed = { products = there or {} } })
end

local function look(kind)
  local run = fire(kind .. " products")
  expect(run.state).is "done"
  return run.result
end

local function in_crm(crm, code)
  for _, one in ipairs(crm.products) do
    if one.code == code then return one end
  end
end

local function writes(crm)
  local n = 0
  for _, request in ipairs(crm.requests) do
    if request.method == "PUT" or request.method == "PATCH"
      or request.method == "POST" and not request.path:find("search", 1, true) then n = n + 1 end
  end
  return n
end

for _, kind in ipairs { "pipedrive", "hubspot" } do
  test(kind .. ": products come, and only what changed is written", function()
    local procountor, crm = start(kind, { product("KONS", { id = 901 }),
      product("LIS", { id = 902, unit = "PIECE", price = decimal "33.3350", vat = 14 }),
      product("VANHA", { active = false }) },
      { { code = "KONS", name = "Vanha nimi", unit_price = 1, unit = "h", active = true,
        description = "Its own" }, { name = "No code", unit_price = 7, active = true } })
    expect(look(kind)).has { written = 2, problems = 0 }
    expect(in_crm(crm, "KONS")).has { name = "Konsultointi KONS", unit = "h",
      unit_price = decimal "149", vat_percent = decimal "25.5", active = true,
      finance_id = "procountor:901", description = "Its own" }
    expect(in_crm(crm, "LIS")).has { unit = "kpl", unit_price = decimal "33.3350", active = true }
    expect(crm.products).count(3)
    expect(look(kind).written).is(0)
    expect(writes(crm)).is(2)
    procountor.act("product", { product = 901, price = "155,50" })
    expect(look(kind).written).is(1)
    expect(in_crm(crm, "KONS").unit_price).is(decimal "155.5")
    procountor.act("product", { product = 902, active = "no" })
    expect(look(kind).written).is(1)
    expect(in_crm(crm, "LIS")).has { active = false, unit_price = decimal "33.3350" }
    expect(crm.products).count(3)
  end)

  test(kind .. ": what is gone from Procountor is not sold; the CRM's own stays", function()
    local _, crm = start(kind, { product "KONS" },
      { { code = "OMA", name = "Only the CRM has it", unit_price = 5, active = true },
        { code = "POIS", name = "Was Procountor's", unit_price = 5, active = true,
          finance_id = "procountor:777" } })
    expect(look(kind).written).is(2)
    expect(in_crm(crm, "POIS")).has { active = false, name = "Was Procountor's" }
    expect(in_crm(crm, "OMA").active).is(true)
  end)

  test(kind .. ": a code that stands at two products is a warning, and both stay", function()
    local _, crm = start(kind, { product "TUPLA", product "KONS" },
      { { code = "TUPLA", name = "First", unit_price = 1, active = true },
        { code = "TUPLA", name = "Second", unit_price = 2, active = true } })
    expect(look(kind)).has { written = 1, problems = 1 }
    expect(in_crm(crm, "TUPLA").name).is "First"
  end)

  test(kind .. ": a product whose answer was lost is there once", function()
    local _, crm = start(kind, { product "A", product "B" })
    crm.fault(kind == "pipedrive" and "POST /api/v2/products lost*1"
      or "POST /crm/v3/objects/products lost*1")
    expect(look(kind)).has { written = 2, refused = 0 }
    expect(crm.products).count(2)
    expect(writes(crm)).is(2)
  end)
end

for _, kind in ipairs { "pipedrive", "hubspot" } do
  test(kind .. ": more products than a page holds are compared", function()
    local there = {}
    for i = 1, 230 do there[i] = { code = "X" .. i, name = "Oma " .. i, unit_price = 1,
      active = true } end
    there[231] = { code = "KONS", name = "Konsultointi KONS", unit_price = 1, active = true }
    local _, crm = start(kind, { product "KONS" }, there)
    expect(look(kind).written).is(1)
    expect(crm.products).count(231)
    expect(in_crm(crm, "KONS").unit_price).is(decimal "149")
  end)
end

test("Pipedrive: prices in other currencies stay", function()
  local _, crm = start("pipedrive", { product "KONS" }, { { code = "KONS", name = "x", active = true,
    unit_price = 1, prices = { EUR = 1, SEK = 1600 } } })
  expect(look("pipedrive").written).is(1)
  expect(in_crm(crm, "KONS").prices).has { EUR = decimal "149", SEK = 1600 }
end)

test("Pipedrive: what somebody deleted there is not there, and comes anew", function()
  local _, crm = start("pipedrive", { product "KONS" },
    { { code = "KONS", name = "x", active = true, deleted = true, unit_price = 1 } })
  expect(look("pipedrive").written).is(1)
  expect(crm.products).count(2)
  expect(crm.products[1].name).is "x"
  expect(look("pipedrive").written).is(0)
end)

test("Pipedrive: a code of one letter is found, and a product is there once", function()
  local _, crm = start("pipedrive", { product "A" })
  crm.fault "POST /api/v2/products lost*1"
  expect(look("pipedrive").written).is(1)
  expect(crm.products).count(1)
end)

test("HubSpot: a price in another currency than the account's is a warning", function()
  local _, crm = start("hubspot", { product("KONS", { currency = "SEK" }), product "LIS" })
  expect(look("hubspot")).has { written = 1, refused = 1, problems = 1 }
  expect(crm.products).count(1)
end)
