-- A company with everything around it: proposals that are signed, deals that are won in three CRMs,
-- the business register, notices. `make demo-web` runs it with all sandboxes on one machine.
company "Maailma Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "click2contract" { secret = secret "click2contract" }
connect "crm"            { url = env "CRM_URL", token = secret "crm-token", secret = secret "crm",
                           button = secret "crm-button" }
connect "pipedrive"      { url = env "PIPEDRIVE_URL", api_token = secret "pipedrive-token",
                           secret = secret "pipedrive",
                           organization_fields = {
                             business_id = "b1d0000000000000000000000000000000000001",
                             einvoice_address = "b1d0000000000000000000000000000000000002",
                             einvoice_operator = "b1d0000000000000000000000000000000000003" },
                           deal_fields = {
                             payment_term_days = "dea0000000000000000000000000000000000001",
                             project_reference = "dea0000000000000000000000000000000000002" },
                           payment_fields = {
                             last_invoice_sent = "57a0000000000000000000000000000000000002",
                             last_invoice_due = "57a0000000000000000000000000000000000003",
                             unpaid_total = "57a0000000000000000000000000000000000005",
                             overdue_days = "57a0000000000000000000000000000000000009",
                             invoices = "57a000000000000000000000000000000000000b" } }
connect "hubspot"        { url = env "HUBSPOT_URL", token = secret "hubspot-token",
                           secret = secret "hubspot",
                           public_url = "https://sauma.example/hooks/world/hubspot",
                           organization_fields = { business_id = "y_tunnus",
                             invoice_email = "laskutussahkoposti" },
                           deal_fields = { payment_term_days = "maksuehto",
                             project_reference = "projekti" },
                           payment_fields = { last_invoice_sent = "lahetetty",
                             last_invoice_due = "erapaiva", unpaid_total = "avoinna",
                             overdue_days = "myohassa_paivia", invoices = "laskut" } }
connect "procountor"     { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key" }
connect "ytj"            { url = env "YTJ_URL" }
connect "smtp"           { url = env "SMTP_URL", from = "Maailma Oy <noreply@maailma.example>",
                           to = "laskutus@maailma.example" }
connect "slack"          { url = secret "slack-url" }
connect "zapier"         { url = secret "zapier-url" }

-- Where the signed contracts' PDFs are, which go out with the invoices.
connect "http"           { as = "contracts", url = env "CONTRACTS_URL" }

use "proposal_to_invoice" { notify = { "slack", "zapier", "smtp" }, attach = "contracts" }

-- In the CRM somebody is asked first; a button there sends what waits.
use "deal_to_invoice" { trigger = "manual", ask = { "crm" }, notify = { "slack", "crm" } }
-- Of the others salespeople hear by mail what a deal of theirs lacks. What Pipedrive calls the project
-- is a dimension of the books.
use "deal_to_invoice" { name = "pipedrive deals", source = "pipedrive", notify = { "slack" },
                        tell_owner = "smtp", dimension = { name = "Projekti", create = true } }
use "deal_to_invoice" { name = "hubspot deals", source = "hubspot", notify = { "slack" },
                        tell_owner = "smtp" }

-- How the customer pays stands in all three; soon, since somebody watches.
local SOON = "10s"
use "payment_status" { every = SOON, after_invoice = false }
use "payment_status" { name = "status in pipedrive", crm = "pipedrive", every = SOON,
                       after_invoice = false }
use "invoice_images" { crm = "pipedrive", every = SOON }
use "invoice_images" { name = "hubspot images", crm = "hubspot", every = SOON }
use "payment_status" { name = "status in hubspot", crm = "hubspot", every = SOON,
                       after_invoice = false }
