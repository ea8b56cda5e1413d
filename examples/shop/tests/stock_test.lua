-- A rule over the two plain connectors.

local function stock(fault)
  return sandbox("http", { connection = "stock", fault = fault, collections = { "/reservations" },
    routes = { ["GET /items"] = { json = { { sku = "SUODATIN-12", free = 10 } } } } })
end

test("an order reserves its parts once", function()
  local system = stock()
  local run = deliver("shop", fixture "order.json")
  expect(run.state).is "done"
  expect(system.collections["/reservations"]).count(1)
  expect(deliver("shop", fixture "order.json")).is_duplicate()
end)

test("a reservation whose answer is lost is found and not made twice", function()
  local system = stock "POST /reservations lost*1"
  deliver("shop", fixture "order.json").runs[1].wait()
  expect(system.collections["/reservations"]).count(1)
end)

-- The one of a login, say: what is not JSON is not "no such reservation".
test("a look-up that a web page answers sends nothing again", function()
  local system = stock "POST /reservations lost*1, GET /reservations answer=html"
  local run = deliver("shop", fixture "order.json").runs[1].wait()
  expect(run.state).is "attention"
  expect(run.reason).contains "Looking for it failed"
  system.fault()
  expect(system.collections["/reservations"]).count(1)
end)

test("too few parts go to a person, in words", function()
  stock()
  local run = deliver("shop", fixture("order.json", { quantity = 40 }))
  expect(run.state).is "attention"
  expect(run.reason).contains "10 are free"
end)

test("what the stock system refuses is said in its words", function()
  sandbox("http", { connection = "stock", routes = {
    ["GET /items"] = { json = { { sku = "SUODATIN-12", free = 10 } } },
    ["POST /reservations"] = { status = 422,
      json = { detail = { { loc = { "body", "quantity" }, msg = "at most 3 an order" } } } } } })
  local run = deliver("shop", fixture "order.json")
  expect(run.state).is "attention"
  expect(run.reason).contains 'at most 3 an order (field quantity, sent "4")'
end)

test("a cancelled order is skipped with the reason", function()
  stock()
  local run = deliver("shop", fixture("order.json", { type = "order.cancelled" }))
  expect(run.state).is "skipped"
  expect(run.reason).contains "A-77"
end)

test("an event that no rule is for is counted and starts nothing", function()
  stock()
  local run = deliver("shop", fixture("order.json", { type = "order.shipped" }))
  expect(run.runs).count(0)
end)
