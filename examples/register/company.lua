-- New customers are filled in and verified by the Finnish Business Information System: the contract
-- needs the business ID only. What the register does not know is a question and no guess.
company "Rekisteri Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "click2contract" { secret = secret "click2contract" }
connect "procountor"     { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                           client_secret = secret "procountor-client-secret",
                           api_key = secret "procountor-api-key", rate = 1000 }
connect "ytj"            { missing = "ask", rate = 1000 }

use "proposal_to_invoice" { payment_terms = 14 }
