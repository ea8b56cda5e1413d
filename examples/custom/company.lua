-- A company with ways of its own: deals won in a CRM are invoiced by a rule of this company, and
-- the ready rule for signed proposals has one of its steps replaced.
company "Pohjola Konsultit Oy" { language = "fi", time_zone = "Europe/Helsinki" }

-- Somebody is told when no proposal comes for a week.
connect "click2contract" { secret = secret "click2contract", expected_every = "7d" }
connect "webhook"        { as = "crm", secret = secret "crm", event = "type", id = "id" }
connect "procountor"     { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key", penalty_percent = "10,5" }
connect "slack"          { url = secret "slack-url" }

local travel = require "rules.travel"

use "proposal_to_invoice" {
  payment_terms = 14,
  notify = { "slack" },
  row = travel.without_kilometres,
  -- Large contracts wait for somebody to look at them: `sauma send` lets them go.
  trigger = function(proposal)
    local gross = proposal.totals and proposal.totals.gross
    return gross and gross >= decimal "20000" and "manual" or "automatic"
  end,
}

rule "Invoice a won deal" {
  on      = "crm.deal.won",
  trigger = function(event)
    return event.data.deal.value >= decimal "5000" and "manual" or "automatic"
  end,
  key     = function(event) return ids.business_id(event.data.organization.business_id) end,
  run     = function(event)
    local deal, org = event.data.deal, event.data.organization
    if deal.auto_invoice == false then skip("deal " .. deal.id .. " is not to be invoiced") end
    local customer = procountor.customers.ensure {
      business_id = org.business_id, name = org.name, address = address.split(org.address),
      email = org.email }
    local rows = {}
    for i, line in ipairs(deal.lines) do
      local product = procountor.products.ensure {
        code = line.product_code, name = line.name, unit = line.unit,
        unit_price = line.unit_price, vat = line.vat_percent }
      rows[i] = { product = product, quantity = line.quantity, unit_price = line.unit_price,
        discount = line.discount_percent, vat = line.vat_percent }
    end
    local invoice = procountor.invoices.create {
      original_number = "deal " .. deal.id, reference = deal.project_reference,
      customer = customer, rows = rows, payment_terms = deal.payment_term_days or 14 }
    notify("slack", ("Invoice %s for %s, %s"):format(invoice.number, org.name, invoice.total))
    return invoice
  end,
}

-- Each working day at eight, on the clocks of the company; what is missed over a weekend's
-- maintenance is done once.
schedule "Deals to be sent" {
  at = "0 8 * * mon-fri", missed = "once",
  run = function(due)
    notify("slack", ("Held deals of %s are sent with `sauma send RUN`; `sauma runs --state held` "
      .. "lists them"):format(due.date))
    return { date = due.date, missed = due.missed }
  end,
}
