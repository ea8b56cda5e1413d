-- Companies whose CRM is Pipedrive or HubSpot keep their customers the same there and in Procountor.
company "Kolmen Rekisterin Oy" { language = "fi", time_zone = "Europe/Helsinki" }

local function books(name)
  connect "procountor" { as = name, url = env "PROCOUNTOR_URL",
                         client_id = secret "procountor-client-id",
                         client_secret = secret "procountor-client-secret",
                         api_key = secret "procountor-api-key", rate = 1000, twins = false }
end

-- Of these organizations' fields the sandbox knows the keys; so would an account.
local FIELDS = { business_id = "b1d0000000000000000000000000000000000001",
  einvoice_address = "b1d0000000000000000000000000000000000002",
  einvoice_operator = "b1d0000000000000000000000000000000000003",
  phone = "b1d0000000000000000000000000000000000004",
  invoice_email = "b1d0000000000000000000000000000000000005" }

books "pipedrive_books"
connect "pipedrive" { url = env "PIPEDRIVE_URL", token = secret "pipedrive-token",
                      secret = secret "pipedrive", organization_fields = FIELDS, rate = 1000 }
use "customer_sync" { name = "pipedrive sync", crm = "pipedrive", finance = "pipedrive_books",
  owner = { address = "pipedrive_books" }, new_customers = "create", new_organizations = "create",
  deleted = "inactivate" }

-- Webhooks v1, and no more than the business ID and the phone.
books "old_books"
connect "pipedrive" { as = "old", version = 1, url = env "PIPEDRIVE_URL", prefix = "OLD",
                      token = secret "pipedrive-token", secret = secret "pipedrive", rate = 1000,
                      organization_fields = { business_id = FIELDS.business_id, phone = FIELDS.phone } }
use "customer_sync" { name = "old sync", crm = "old", finance = "old_books" }

-- Whoever set this one up took the key of nothing.
books "mistaken_books"
connect "pipedrive" { as = "mistaken", url = env "PIPEDRIVE_URL", prefix = "MISTAKEN",
                      token = secret "pipedrive-token", secret = secret "pipedrive", rate = 1000,
                      organization_fields = { business_id = FIELDS.business_id,
                        phone = "ffffffffffffffffffffffffffffffffffffffff" } }
use "customer_sync" { name = "mistaken sync", crm = "mistaken", finance = "mistaken_books" }

-- HubSpot has a phone of its own; all else that is not the address is the company's.
books "hubspot_books"
connect "hubspot" { url = env "HUBSPOT_URL", token = secret "hubspot-token", secret = secret "hubspot",
                    public_url = "https://sauma.example/hooks/crms/hubspot", rate = 1000,
                    organization_fields = { business_id = "y_tunnus",
                      invoice_email = "laskutussahkoposti", einvoice_address = "verkkolaskuosoite",
                      einvoice_operator = "valittaja" } }
use "customer_sync" { name = "hubspot sync", crm = "hubspot", finance = "hubspot_books",
  owner = { address = "hubspot_books" }, new_customers = "create", new_organizations = "create",
  deleted = "inactivate" }
