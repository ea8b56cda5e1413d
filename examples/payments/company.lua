-- A company whose salespeople see in the CRM how a customer pays, before they call: the last invoice
-- sent, its due date, what is unpaid, what is overdue and for how long.
company "Maksun Seuranta Oy" { language = "fi", time_zone = "Europe/Helsinki",
                               responsible = "talous@maksunseuranta.example" }

connect "crm"        { secret = secret "crm", url = env "CRM_URL", token = secret "crm-token" }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key" }
connect "slack"      { url = secret "slack-url" }

use "deal_to_invoice" {}

-- Each hour, and at once after an invoice that a deal became. Who is more than two weeks late is told
-- in Slack, until it is paid.
use "payment_status" { every = "1h", overdue_alert = 14 }
use "tell_alerts"    { notify = { "slack" }, kinds = { "overdue" } }

-- "How does this customer stand?", asked now, by the customer's id in Procountor.
rule "Before a call" {
  on = "crm.call.planned",
  run = function(event)
    local status = procountor.payment_status(event.data.customer)
    return { last_invoice_sent = status.last_invoice_sent, due = status.last_invoice_due,
      state = status.last_invoice_status, unpaid = status.unpaid_total }
  end,
}
