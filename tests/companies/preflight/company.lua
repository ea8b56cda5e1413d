-- A company whose tests are about what Procountor refuses: each refusal that its documents and the
-- sandbox know is found before anything is written, by the CRM's name for the field.
company "Ennakko Testi Oy" { language = "fi", time_zone = "Europe/Helsinki" }

local function books(settings)
  settings.url, settings.client_id = env "PROCOUNTOR_URL", secret "procountor-client-id"
  settings.client_secret = secret "procountor-client-secret"
  settings.api_key, settings.rate, settings.twins = secret "procountor-api-key", 1000, false
  connect "procountor" (settings)
end

local function way(name, rule)
  connect "crm" { as = name, secret = secret(name), url = env "CRM_URL", token = secret "crm-token",
                  prefix = "CRM", rate = 1000 }
  rule.name, rule.source = "by " .. name, name
  use "deal_to_invoice" (rule)
end

books {}
way("crm", {})
way("by_mail", { channel = "EMAIL" })
way("by_net", { channel = "ELECTRONIC_INVOICE" })

-- What is wrong with these is a setting of the connection.
books { as = "other_account", bank_account = "FI55 4234 5670 0000 81" }
way("account", { finance = "other_account" })
books { as = "other_status", vat_statuses = { eu = 77 } }
way("abroad", { finance = "other_status" })
books { as = "other_default", vat_status = 91 }
way("default", { finance = "other_default" })

connect "webhook" { as = "lab", secret = secret "lab", event = "type", id = "id" }
rule "Make an invoice" { on = "lab.invoice",
  run = function(event) return procountor.invoices.create(event.invoice) end }
