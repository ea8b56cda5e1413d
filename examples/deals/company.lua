-- A company that sells in a CRM: a deal that is won becomes an unfinished invoice in Procountor, with
-- the deal's products, payment term and project. Large ones wait for somebody to send them, and the
-- CRM asks its people about those.
company "Kaarna Digital Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "crm"        { secret = secret "crm", url = env "CRM_URL", token = secret "crm-token",
                       vat_percent = "25,5" }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key" }
connect "slack"      { url = secret "slack-url" }

use "deal_to_invoice" {
  payment_terms = 14, notify = { "slack", "crm" }, ask = { "crm" },
  trigger = function(deal)
    return deal.value and deal.value >= decimal "10000" and "manual" or "automatic",
      "deals of 10 000 EUR and more are looked at first"
  end,
}
