-- A company whose CRM has prices with VAT, and which takes few changes at a time.
company "Bruttohinta Oy" { language = "fi", time_zone = "Europe/Helsinki" }

connect "crm"        { url = env "CRM_URL", token = secret "crm-token", secret = false }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key", twins = false }

use "product_catalogue" {
  name = "two at a time", writes = 2, prices = "gross",
  fields = function(product, wanted)
    wanted.group = product.record.productGroupId and "ryhmä" or "muut"
    return wanted
  end,
}
rule "told" { on = "alert.catalogue", run = function(alert) return alert end }
rule "deals are nothing here" { on = "crm.deal.won", run = function(deal) return deal.id end }
