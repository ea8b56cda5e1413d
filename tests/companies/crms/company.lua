-- A company whose deals come from Pipedrive (both versions of its webhooks) and from HubSpot.
company "Kahden Järjestelmän Oy" { language = "fi", time_zone = "Europe/Helsinki",
                                   responsible = "vastaava@yritys.example" }

local FIELDS = { business_id = "b1d0000000000000000000000000000000000001",
  einvoice_address = "b1d0000000000000000000000000000000000002",
  einvoice_operator = "b1d0000000000000000000000000000000000003" }
local DEAL_FIELDS = { payment_term_days = "dea0000000000000000000000000000000000001",
  project_reference = "dea0000000000000000000000000000000000002" }

-- Of these organizations' fields the sandbox knows the keys; so would an account.
local STATUS = { last_invoice = "57a0000000000000000000000000000000000001",
  last_invoice_sent = "57a0000000000000000000000000000000000002",
  last_invoice_due = "57a0000000000000000000000000000000000003",
  last_invoice_status = "57a0000000000000000000000000000000000004",
  unpaid_total = "57a0000000000000000000000000000000000005",
  overdue_total = "57a0000000000000000000000000000000000007",
  overdue_days = "57a0000000000000000000000000000000000009",
  invoices = "57a000000000000000000000000000000000000b" }

connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key", rate = 1000, twins = false }
connect "pipedrive"  { url = env "PIPEDRIVE_URL", api_token = secret "pipedrive-token",
                       secret = secret "pipedrive", organization_fields = FIELDS,
                       deal_fields = DEAL_FIELDS, payment_fields = STATUS, rate = 1000,
                       payment_words = { overdue = "erääntynyt", open = 41 }, product_fields = {
                         finance_id = "a0d0000000000000000000000000000000000001" } }
connect "pipedrive"  { as = "old", version = 1, url = env "PIPEDRIVE_URL", prefix = "PIPEDRIVE",
                       token = secret "pipedrive-token", secret = secret "pipedrive",
                       organization_fields = FIELDS, deal_fields = DEAL_FIELDS }
-- Whoever set this one up took the key of nothing.
connect "pipedrive"  { as = "mistaken", url = env "PIPEDRIVE_URL", token = secret "pipedrive-token",
                       secret = secret "pipedrive", organization_fields = FIELDS, payment_fields = {
                         unpaid_total = "ffffffffffffffffffffffffffffffffffffffff",
                         last_invoice_status = "57a0000000000000000000000000000000000002" } }
connect "hubspot"    { url = env "HUBSPOT_URL", token = secret "hubspot-token",
                       secret = secret "hubspot",
                       public_url = "https://sauma.example/hooks/crms/hubspot",
                       won = { "closedwon", "4711" }, vat_percent = "25,5",
                       organization_fields = { business_id = "y_tunnus",
                         einvoice_address = "verkkolaskuosoite", einvoice_operator = "valittaja" },
                       deal_fields = { payment_term_days = "maksuehto",
                         project_reference = "projekti" }, rate = 1000,
                       payment_fields = { last_invoice = "viimeinen_lasku",
                         last_invoice_due = "erapaiva", last_invoice_status = "laskun_tila",
                         unpaid_total = "avoinna", overdue_days = "myohassa_paivia",
                         invoices = "laskut" },
                       product_fields = { active = "myynnissa", unit = "yksikko",
                         vat_percent = "alv", finance_id = "procountor_id" } }

connect "smtp"       { url = env "SMTP_URL", from = "noreply@yritys.example", rate = 1000 }
connect "slack"      { url = secret "slack-url", rate = 1000 }

use "deal_to_invoice" { name = "pipedrive", source = "pipedrive", tell_owner = { "smtp", "slack" } }
use "deal_to_invoice" { name = "pipedrive v1", source = "old" }
use "deal_to_invoice" { name = "hubspot", source = "hubspot", tell_owner = "smtp" }

-- What finance knows, in both.
use "payment_status"    { name = "pipedrive status", crm = "pipedrive" }
use "payment_status"    { name = "all pipedrive", crm = "pipedrive", all = true, at = "0 6 * * *",
                          after_invoice = false }
use "payment_status"    { name = "mistaken status", crm = "mistaken", all = true,
                          after_invoice = false }
use "invoice_images"    { name = "pipedrive images", crm = "pipedrive" }
use "invoice_images"    { name = "hubspot images", crm = "hubspot" }
use "payment_status"    { name = "hubspot status", crm = "hubspot" }
use "product_catalogue" { name = "pipedrive products", crm = "pipedrive" }
use "product_catalogue" { name = "hubspot products", crm = "hubspot" }
