-- A company without a ready connector: a shop that posts its orders, and a stock system with a
-- plain HTTP interface. The two plain connectors serve both.
company "Saimaan Varaosat Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "webhook" { as = "shop", secret = secret "shop", event = "type", id = "id" }
connect "http"    { as = "stock", url = env "STOCK_URL", auth = { bearer = secret "stock-token" } }

rule "Reserve stock" {
  on  = "shop.order.created",
  key = function(order) return order.sku end,
  run = function(order)
    local found = http.get("stock", "/items", { query = { sku = order.sku } })
    local item = found.body[1]
    if not item then
      attention(("order %s: the stock system knows no item %s. Add it there, then retry.")
        :format(order.order, order.sku), { sku = order.sku })
    end
    if item.free < order.quantity then
      attention(("order %s: %s of %s are wanted and %s are free. Order more, then retry.")
        :format(order.order, order.quantity, order.sku, item.free))
    end
    -- `find` is what makes it safe to send again when an answer is lost.
    local made = http.write("stock", "POST", "/reservations", {
      json = { order = order.order, sku = order.sku, quantity = order.quantity },
      find = function()
        return http.get("stock", "/reservations", { query = { order = order.order } }).body[1]
      end })
    return { reservation = made.body.id, sku = order.sku }
  end,
}

rule "Cancelled orders" {
  on  = "shop.order.cancelled",
  run = function(order) skip("order " .. order.order .. " was cancelled; nothing to reserve") end,
}
