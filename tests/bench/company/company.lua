-- The flow that `make bench` measures: webhook, GET customer by business ID (there half of the
-- time), POST customer, POST invoice of five rows.
company "Bench Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "webhook" { as = "bench", secret = false, event = "event", id = "id" }
connect "http"    { as = "books", url = env "BENCH_URL" }

rule "Proposal to invoice" {
  on  = "bench.proposal.accepted",
  key = function(proposal) return proposal.customer.business_id end,
  run = function(proposal)
    local id = proposal.customer.business_id
    local function find_customer()
      return http.get("books", "/customers", { query = { business_id = id } }).body.results[1]
    end
    local customer = find_customer() or http.write("books", "POST", "/customers", {
      json = { name = proposal.customer.name, business_id = id }, find = find_customer }).body
    local rows, total = {}, decimal("0")
    for i, row in ipairs(proposal.pricing_table.rows) do
      rows[i] = { product = row.name, quantity = row.quantity, unit_price = row.unit_price,
                  vat_percent = row.vat_percent }
      total = total + row.quantity * row.unit_price
    end
    local invoice = http.write("books", "POST", "/invoices", {
      json = { reference = proposal.id, customer = customer.id, rows = rows, total = total:round(2) },
      find = function()
        return http.get("books", "/invoices", { query = { reference = proposal.id } }).body.results[1]
      end })
    return { invoice = invoice.body.id, total = total:round(2) }
  end,
}
