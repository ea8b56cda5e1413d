-- A company whose CRM shows how its customers pay.
company "Maksun Seuranta Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "crm"        { secret = secret "crm", url = env "CRM_URL", token = secret "crm-token",
                       rate = 1000 }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key", rate = 1000, twins = false }

use "deal_to_invoice" {}
use "invoice_images"  {}
use "payment_status"  { every = "1h", overdue_alert = 14 }
use "payment_status"  { name = "all invoices", all = true, at = "0 6 * * *", after_invoice = false }

-- What a person does in Procountor, and what a salesperson asks.
rule "at the books" {
  on = "crm.books",
  run = function(event)
    return http.put("procountor", event.path, { json = event.body,
      find = function() return nil end }).body
  end,
}
rule "before a call" {
  on = "crm.call",
  run = function(event) return procountor.payment_status(event.customer) end,
}
rule "overdue is told" { on = "alert.overdue", run = function(alert) return alert end }
-- The first run of another day, and one later on the same day: nothing in Procountor has changed.
rule "another day" {
  on = "crm.morning",
  run = function(event)
    local standing = require "standing"
    return select(2, standing.run({ crm = "crm", finance = "procountor", days = 730 },
      { day = event.day, version = event.version }))
  end,
}
