-- Prices with VAT, few writes a run, and the alert of what is not in order.

local function product(code, fields)
  local record = { code = code, name = "Tuote " .. (code or "?"), unit = "PIECE", price = 149,
    vat = decimal "25.5", vatStatus = 1, type = "SALES" }
  for name, value in pairs(fields or {}) do record[name] = value end
  return record
end

local function start(products)
  return sandbox("procountor", { seed = { products = products } }), sandbox "crm"
end

local function look()
  local run = fire "two at a time"
  expect(run.state).is "done"
  return run.result
end

test("of more changes than one run may write, the rest follows in the next", function()
  local _, crm = start { product "T-1", product "T-2", product "T-3" }
  expect(look()).has { written = 2, left = 1 }
  expect(look()).has { written = 1, left = 0 }
  expect(look()).has { written = 0, left = 0 }
  expect(crm.products).count(3)
  expect(crm.products[3]).has { code = "T-3", unit_price = decimal "186.9950", group = "muut",
    prices_include_vat = true, unit = "kpl" }
end)

test("what is not in order is an alert, until it is", function()
  local function told(state)
    for _, run in ipairs(runs "wait") do
      if run.rule == "told" and run.result and run.result.state == state then return run.result end
    end
  end
  local procountor = start { product("T-1", { id = 901 }), product("T-1", { id = 902 }) }
  expect(look().problems).is(1)
  expect(told("open").text).contains "stands in Procountor twice, also as id 902"
  procountor.act("product", { product = 902, active = "no" })
  expect(look()).has { problems = 0, written = 1 }
  expect(told("over").kind).is "catalogue"
end)
