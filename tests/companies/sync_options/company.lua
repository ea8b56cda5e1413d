-- Companies keep their customers the same in different ways; here each has its two connections.
company "Valinnat Oy" { language = "fi", time_zone = "Europe/Helsinki" }

local function connections(name)
  connect "crm"        { as = name, url = env "CRM_URL", token = secret "crm-token",
                         secret = secret "crm", rate = 1000 }
  connect "procountor" { as = name .. "_books", url = env "PROCOUNTOR_URL",
                         client_id = secret "procountor-client-id",
                         client_secret = secret "procountor-client-secret",
                         api_key = secret "procountor-api-key", rate = 1000, twins = false }
end

-- A person decides of each new one, and of each that was deleted; else the books are right.
connections "careful"
use "customer_sync" { name = "careful sync", crm = "careful", finance = "careful_books",
  new_customers = "ask", new_organizations = "ask", deleted = "ask", owner = "careful_books" }

-- Two fields alone; who is on one side only stays there; who is deleted rests.
connections "narrow"
use "customer_sync" { name = "narrow sync", crm = "narrow", finance = "narrow_books", at = "0 5 * * *",
  fields = { "phone", "email" }, owner = { phone = "narrow" }, deleted = "inactivate" }

-- By what the record says itself.
connections "choosy"
use "customer_sync" { name = "choosy sync", crm = "choosy", finance = "choosy_books",
  new_customers = function(organization) return organization.business_id and "create" or "leave" end,
  new_organizations = function(customer)
    return customer.name:find("Oy", 1, true) and "create" or "leave"
  end }
