-- The simulated companies' rules, as a company would write them: tests/sim/rules.c takes the same
-- steps in C, and rules_conformance.c holds the two against each other.

company "Simulated" {}

connect "webhook" { as = "in", secret = secret "in", event = "type", id = "id" }
connect "http" { as = "books", url = "http://books.example" }
connect "http" { as = "shop", url = "http://shop.example" }
connect "http" { as = "chat", url = "http://chat.example" }

local function count(connection, path, key)
  return http.get(connection, path .. "?key=" .. key).body.count
end

local function create(connection, path, key, event, findable, look_first)
  return http.write(connection, "POST", path, { json = { by = event.id, key = key },
    look_first = look_first, find = findable and function()
      local n = count(connection, path, key)
      return n > 0 and n or nil, n
    end or nil })
end

local function look_or_create(connection, path, key, event)
  create(connection, path, key, event, true, true)
end

rule "invoice" {
  on = "in.sale",
  key = function(sale) return sale.key end,
  run = function(sale, event)
    lock("customer " .. sale.customer, function()
      look_or_create("books", "/customers", sale.customer, event)
    end)
    look_or_create("books", "/invoices", sale.ref, event)
    http.try(http.write, "chat", "POST", "", { json = { by = event.id, key = sale.ref },
      lost = "drop", attempts = 2 })
  end,
}

rule "order" {
  on = "in.order",
  key = function(order) return order.key end,
  run = function(order, event) create("books", "/orders", order.ref, event, true) end,
}

rule "blind" {
  on = "in.blind",
  run = function(item, event)
    http.get("shop", "/items")
    create("shop", "/blind", item.ref, event, false)
  end,
}

rule "later" {
  on = "in.later",
  key = function(item) return item.key end,
  run = function(item, event)
    time.sleep(item.wait / 1000)
    create("shop", "/laters", item.ref, event, true)
  end,
}

-- An update that is older than one that was begun before it is skipped.
rule "state" {
  on = "in.state",
  key = function(item) return item.key end,
  newest = function(item) return item.wait end,
  run = function(item, event) create("books", "/states", item.ref, event, true) end,
}
