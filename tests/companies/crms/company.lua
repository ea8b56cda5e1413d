-- A company whose deals come from Pipedrive (both versions of its webhooks) and from HubSpot.
company "Kahden Järjestelmän Oy" { language = "fi", time_zone = "Europe/Helsinki" }

local FIELDS = { business_id = "b1d0000000000000000000000000000000000001",
  einvoice_address = "b1d0000000000000000000000000000000000002",
  einvoice_operator = "b1d0000000000000000000000000000000000003" }
local DEAL_FIELDS = { payment_term_days = "dea0000000000000000000000000000000000001",
  project_reference = "dea0000000000000000000000000000000000002" }

connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key", rate = 1000, twins = false }
connect "pipedrive"  { url = env "PIPEDRIVE_URL", token = secret "pipedrive-token",
                       secret = secret "pipedrive", organization_fields = FIELDS,
                       deal_fields = DEAL_FIELDS }
connect "pipedrive"  { as = "old", version = 1, url = env "PIPEDRIVE_URL", prefix = "PIPEDRIVE",
                       token = secret "pipedrive-token", secret = secret "pipedrive",
                       organization_fields = FIELDS, deal_fields = DEAL_FIELDS }
connect "hubspot"    { url = env "HUBSPOT_URL", token = secret "hubspot-token",
                       secret = secret "hubspot",
                       public_url = "https://sauma.example/hooks/crms/hubspot",
                       won = { "closedwon", "4711" }, vat_percent = "25,5",
                       organization_fields = { business_id = "y_tunnus",
                         einvoice_address = "verkkolaskuosoite", einvoice_operator = "valittaja" },
                       deal_fields = { payment_term_days = "maksuehto",
                         project_reference = "projekti" } }

use "deal_to_invoice" { name = "pipedrive", source = "pipedrive" }
use "deal_to_invoice" { name = "pipedrive v1", source = "old" }
use "deal_to_invoice" { name = "hubspot", source = "hubspot" }
