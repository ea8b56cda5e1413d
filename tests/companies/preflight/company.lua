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

-- Steps of the rule's that are the company's own.
way("own_customer", { customer = function(deal)
  local given = deal.customer
  return procountor.customers.ensure { business_id = given.business_id, name = given.name,
    address = given.name ~= "Uusi Oy" and given.address or "Testikatu 1, 00100 Helsinki" }
end })
way("own_invoice", { invoice = function(wanted)
  if wanted.reference == "raha" then wanted.currency = "SEK" end
  if wanted.reference == "kurssi" then
    wanted.currency_rate, wanted.bank_account = decimal "11.2", "FI21 1234 5600 0007 85"
  end
  return procountor.invoices.create(wanted)
end })
way("own_wanted", { payment_terms = 21, wanted = function(wanted, deal)
  wanted.notes = "Kauppa " .. deal.id
  wanted.original_number = "toinen"
  if deal.title == "Pitkä" then wanted.reference = ("R"):rep(71) end
  if deal.title == "Päivätty" then wanted.date = "2026-01-31" end
  if deal.title == "Rivit" then wanted.rows = {} end
  return wanted
end })

connect "webhook" { as = "lab", secret = secret "lab", event = "type", id = "id" }
rule "Make an invoice" { on = "lab.invoice",
  run = function(event) return procountor.invoices.create(event.invoice) end }

-- What no preflight sees: a request of the rule's own.
rule "Post an invoice by itself" { on = "lab.post",
  run = function(event) return http.post("procountor", "/invoices", { json = event.body }).body end }
rule "Post an invoice that can be found" { on = "lab.found",
  run = function(event)
    local number = event.body.originalInvoiceNumber
    return http.post("procountor", "/invoices", { json = event.body, look_first = true,
      what = "invoice " .. number,
      find = function() return procountor.invoices.find(number) end }).body
  end }
