-- The smallest company that does something useful: settings only. A proposal signed in
-- Click2Contract becomes an unfinished invoice in Procountor, and Slack hears of it.
company "Nordic Design Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "click2contract" { secret = secret "click2contract" }
connect "procountor"     { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key" }
connect "slack"          { url = secret "slack-url" }

use "proposal_to_invoice" { trigger = "automatic", payment_terms = 14, notify = { "slack" } }
