-- A company whose tests are about accounting: what a proposal may hold, what Procountor makes of it,
-- and what a person is told when it will not do.
company "Tilitoimisto Testi Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "click2contract" { secret = secret "click2contract" }
connect "procountor"     { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key", rate = 1000,
                           units = { ["käyttäjä"] = "PERSON", tiimi = "SET" } }
connect "slack"          { url = secret "slack-url", rate = 1000 }
connect "zapier"         { url = secret "zapier-url" }

use "proposal_to_invoice" { notify = { "slack", "zapier" } }

-- The same rule with every option set, and then with every step replaced.
connect "click2contract" { as = "options", secret = secret "options" }
use "proposal_to_invoice" { name = "with options", source = "options", finance = "procountor",
  trigger = "automatic", payment_terms = 0, notify = "zapier", language = "sv",
  channel = "NO_SENDING", totals = "attention" }

connect "click2contract" { as = "mail", secret = secret "mail" }
use "proposal_to_invoice" { name = "by e-mail only", source = "mail", channel = "EMAIL",
  totals = "ignore" }

connect "click2contract" { as = "custom", secret = secret "custom" }
use "proposal_to_invoice" { name = "replaced", source = "custom", notify = { "slack", "zapier" },
  trigger = function(proposal) return proposal.name == "Odota" and "manual" or "automatic" end,
  key = function(proposal) return "contract " .. proposal.id end,
  customer = function(proposal)
    local customer = procountor.customers.ensure { business_id = proposal.customer.business_id,
      name = proposal.customer.name .. " / " .. proposal.id, address = proposal.customer.address }
    return customer
  end,
  row = function(line, proposal)
    if line.code == "POIS" then return nil end
    line.description = proposal.id
    if line.vat_percent == decimal(0) then line.vat_status = 3 end
    return line
  end,
  product = function(line)
    return procountor.products.ensure { code = "OMA", name = "Oma tuote", unit_price = line.unit_price,
      vat = line.vat_percent }
  end,
  invoice = function(wanted, proposal)
    wanted.notes = "Sopimus " .. proposal.id
    wanted.bank_reference = "RF34 1234561"
    return procountor.invoices.create(wanted)
  end,
  notice = function(invoice, proposal)
    if proposal.name == "Hiljaa" then return nil end
    return "Valmis <" .. invoice.original_number .. "> & laskutettu",
      { event = "own", number = invoice.number }
  end,
}

-- Connectors by themselves: an event says which function is called with what.
connect "webhook" { as = "lab", secret = secret "lab", event = "type", id = "id" }
rule "Ensure a customer" { on = "lab.customer",
  run = function(event) return procountor.customers.ensure(event.customer) end }
rule "Make an invoice" { on = "lab.invoice",
  run = function(event) return procountor.invoices.create(event.invoice) end }
rule "Send a notice" { on = "lab.notice",
  run = function(event) return { told = { notify("slack", event.text) } } end }

-- A Procountor of which all is known: statuses of sales abroad, and how it rounds.
connect "procountor"     { as = "exact", url = env "PROCOUNTOR_URL",
                           client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key", rate = 1000,
                           vat_statuses = { eu = 5, export = 3 }, rounding = "rate", twins = false }
rule "Make an exact invoice" { on = "lab.exact",
  run = function(event) return _ENV.exact.invoices.create(event.invoice) end }

-- One that rounds in a way that nobody here knows.
connect "procountor"     { as = "near", url = env "PROCOUNTOR_URL",
                           client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key", rate = 1000,
                           rounding = "near", twins = false }
rule "Make a near invoice" { on = "lab.near",
  run = function(event) return _ENV.near.invoices.create(event.invoice) end }
