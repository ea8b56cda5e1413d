-- A company whose books are kept by project and cost centre.
company "Projektitalo Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "click2contract" { secret = secret "click2contract" }
connect "crm"        { secret = secret "crm", url = env "CRM_URL", token = secret "crm-token" }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key", rate = 1000, twins = false }
connect "slack"      { url = secret "slack-url" }

-- Deals: a project that is not in the books is for a person. Contracts: it is made.
use "deal_to_invoice"     { dimension = "Projekti", notify = "slack" }
use "proposal_to_invoice" { dimension = { name = "Projekti", create = true }, tell_owner = "slack" }

-- The same deal's invoice belongs to a cost centre too.
rule "cost centre" {
  on = "crm.cost",
  run = function(event)
    local place = procountor.dimensions.find("Kustannuspaikka", event.code)
    return { first = procountor.dimensions.put(event.invoice, place),
      again = procountor.dimensions.put(event.invoice, place) }
  end,
}
