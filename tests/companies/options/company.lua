-- A company whose connections have names of their own, and whose rules have their rarer options set:
-- what rules/README.md says of each is what happens.
company "Omat Tavat Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "crm"        { as = "kauppa", secret = secret "crm", url = env "CRM_URL", prefix = "KAUPPA",
                       token = secret "crm-token", rate = 1000 }
connect "crm"        { as = "toinen", secret = secret "crm", url = env "CRM_URL",
                       token = secret "crm-token", rate = 1000 }
connect "procountor" { as = "kirjat", url = env "PROCOUNTOR_URL",
                       client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key", rate = 1000, twins = false }
connect "ytj"        { as = "rekisteri", url = env "YTJ_URL", rate = 1000 }
connect "ytj"        { url = env "YTJ_URL", rate = 1000 }
connect "http"       { as = "contracts", url = env "CONTRACTS_URL" }
connect "slack"      { url = secret "slack-url", rate = 1000 }

use "deal_to_invoice" { name = "all set", source = "kauppa", finance = "kirjat", register = "rekisteri",
  attach = "contracts", language = "sv", channel = "MAIL", totals = "attention", payment_terms = 7,
  notify = "slack" }

use "deal_to_invoice" { name = "all replaced", source = "toinen", finance = "kirjat", register = false,
  totals = "ignore", notify = { "slack" },
  key = function(deal) return "deal " .. deal.id end,
  row = function(line)
    if line.code == "LIS" then return nil end
    line.description = "oma rivi"
    return line
  end,
  product = function(line)
    return _ENV.kirjat.products.ensure { code = "OMA", name = "Oma tuote", unit_price = line.unit_price,
      vat = line.vat_percent }
  end,
  notice = function(invoice, deal)
    return deal.title ~= "Hiljaa" and "Tehty " .. invoice.original_number or nil
  end,
}

local MORNING, ABROAD = "0 6 * * *", "Europe/Stockholm"

local function organization(customer)
  return customer.name == "Testiasiakas Oy" and "O-77" or nil
end

use "payment_status" { name = "omat", every = "1d", crm = "kauppa", finance = "kirjat",
  own = { "b" }, after_invoice = false, organization = organization }
use "payment_status" { name = "tila", at = MORNING, time_zone = ABROAD, crm = "kauppa",
  finance = "kirjat", all = true, days = 30, overdue_alert = 3, after_invoice = false,
  organization = organization }
use "product_catalogue" { name = "hinnasto", at = MORNING, time_zone = ABROAD, crm = "kauppa",
  finance = "kirjat", units = { HOUR = "tunti" },
  only = function(product) return product.code ~= "SISA" end }
use "invoice_images" { name = "kuvat", at = MORNING, time_zone = ABROAD, crm = "kauppa",
  finance = "kirjat", pages = 1 }
use "customer_sync" { name = "pari", at = MORNING, time_zone = ABROAD, crm = "toinen",
  finance = "kirjat" }

use "tell_alerts" { name = "kertoja", notify = "slack", kinds = { "overdue" }, over = false,
  again = false, text = function(alert)
    return alert.about:find("O%-77") and "Myöhässä: " .. alert.about or nil
  end }
