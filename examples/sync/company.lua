-- A company whose customers are kept the same in its CRM and in Procountor: salespeople look after
-- phone and e-mail, accountants after addresses. Who is new on one side is made on the other, once.
company "Kaksoisvirta Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "crm"        { url = env "CRM_URL", token = secret "crm-token", secret = secret "crm" }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key" }
connect "slack"      { url = secret "slack-url" }

use "customer_sync" {
  every = "5m", owner = { address = "procountor", einvoice = "procountor" },
  new_customers = function(organization) return organization.business_id and "create" or "leave" end,
  new_organizations = "create",
}

-- What a person has to decide is told where people see it.
use "tell_alerts" { notify = { "slack" } }
