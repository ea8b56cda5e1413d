-- A company whose salespeople quote what accountants keep in Procountor's product register: each
-- hour the CRM's quote templates get what is new there, with prices, units and VAT.
company "Tuoterekisteri Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "crm"        { url = env "CRM_URL", token = secret "crm-token", secret = secret "crm" }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key" }
connect "slack"      { url = secret "slack-url" }

-- Internal products (their code begins with an X) are nothing to quote.
use "product_catalogue" {
  every = "1h", units = { HOUR = "tunti" },
  only = function(product) return product.code:sub(1, 1) ~= "X" end,
}

-- What was quoted and won is invoiced: a deal's line has the code of the register.
use "deal_to_invoice" { notify = { "slack" } }

-- A product without a code, say, is told where people see it.
use "tell_alerts" { notify = { "slack" } }
