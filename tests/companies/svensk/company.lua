-- A company that works in Swedish: notices, numbers and invoices follow it where nothing else says.
company "Svenska Byrån Ab" { language = "sv", time_zone = "Europe/Helsinki" }

connect "click2contract" { secret = secret "click2contract" }
connect "procountor"     { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key", rate = 1000, transliterate = true }
connect "slack"          { url = secret "slack-url", rate = 1000 }

use "proposal_to_invoice" { notify = "slack" }
