-- A company whose two registers hold what they should not: the same customer twice, or nearly so.
company "Kaksoset Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "crm"        { url = env "CRM_URL", token = secret "crm-token", secret = secret "crm",
                       rate = 1000 }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key", rate = 1000, twins = false,
                       settle = 0.3 }

use "customer_sync" { every = "5m", new_customers = "create", new_organizations = "create" }
