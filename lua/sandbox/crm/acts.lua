-- What a person does on a CRM sandbox's page: each act is a form that was posted, and ends with the
-- page again.

local decimal = require "decimal"
local kit = require "sandbox.kit"
local world = require "sandbox.crm.world"

local acts = {}

local function deal_of(w, form)
  local deal = world.find(w.deals, form.deal or "")
  if not deal then return nil, "There is no such deal." end
  return deal
end

-- The salesperson marks the deal as won, lost, or opens it again.
function acts.stage(w, form)
  local deal, problem = deal_of(w, form)
  if not deal then return problem end
  local status = form.status
  if status ~= "won" and status ~= "lost" and status ~= "open" then return "What is it to be?" end
  local fields = w.kind.stage and w.kind.stage(status) or {}
  fields.status = status
  fields.won_at = status == "won" and world.utc(w.at_ms) or kit.null
  if not world.change(w, "deals", deal, fields) then
    return ('"%s" is %s already.'):format(deal.title, status)
  end
  return ('"%s" is marked as %s.'):format(deal.title, status)
end

-- "Send to Procountor": the button calls the host, if it was told where; else it sends the event
-- again and says that a person did it.
function acts.send(w, form)
  local deal, problem = deal_of(w, form)
  if not deal then return problem end
  if deal.status ~= "won" then return "Only a deal that was won is sent." end
  local settings = w.settings
  if settings.button then
    local entry = { number = #w.events + 1, type = "button: send", about = tostring(deal.id),
      at = w.now, state = "under way", tries = 0 }
    w.events[#w.events + 1] = entry
    w.outgoing[#w.outgoing + 1] = { number = entry.number, url = settings.button,
      headers = { ["content-type"] = "application/json",
        authorization = "Bearer " .. tostring(settings.button_token) },
      body = world.encode { id = tostring(deal.id), by = deal.owner and deal.owner.email } }
  else
    world.tell(w, "deals", "sent", deal, { status = "won" })
  end
  return ('"%s" is sent to Procountor.'):format(deal.title)
end

-- The salesperson corrects an organization's phone, e-mail or address.
function acts.organization(w, form)
  local organization = world.find(w.organizations, form.organization or "")
  if not organization then return "There is no such organization." end
  local fields = {}
  for _, name in ipairs { "name", "phone", "email", "invoice_email", "business_id" } do
    if form[name] then fields[name] = form[name] ~= "" and form[name] or kit.null end
  end
  local function changed(field, names)
    local there = organization[field]
    local object, touched = kit.is_object(there) and kit.copy(there) or {}, false
    for name, from in pairs(names) do
      if form[from] then
        object[name], touched = form[from] ~= "" and form[from] or nil, true
      end
    end
    if touched then fields[field] = next(object) and object or kit.null end
  end
  changed("address", { street = "street", postal_code = "postal_code", city = "city",
    country = "country" })
  changed("billing_address", { street = "billing_street", postal_code = "billing_postal_code",
    city = "billing_city", country = "billing_country" })
  changed("einvoice", { address = "einvoice_address", operator = "einvoice_operator" })
  if not world.change(w, "organizations", organization, fields) then return "Nothing was changed." end
  return (organization.name or organization.id) .. " is changed."
end

-- A salesperson adds an organization.
function acts.add(w, form)
  if not (form.name or ""):find("%S") then return "An organization wants a name." end
  local function given(name) return form[name] and form[name] ~= "" and form[name] or nil end
  local organization = world.create(w, "organizations", { name = form.name,
    business_id = given "business_id", email = given "email", phone = given "phone",
    address = { street = given "street", postal_code = given "postal_code", city = given "city",
      country = "FI" } })
  return organization.name .. " is a new organization."
end

function acts.remove(w, form)
  local organization = world.find(w.organizations, form.organization or "")
  if not organization then return "There is no such organization." end
  world.remove(w, "organizations", organization)
  return organization.name .. " is deleted."
end

-- Two organizations are one: what was the first one's is the other's.
function acts.merge(w, form)
  local from, into = world.find(w.organizations, form.organization or ""),
    world.find(w.organizations, form.into or "")
  if not from or not into or from == into then return "There are no two such organizations." end
  world.merge(w, from, into)
  return ("%s is part of %s now."):format(from.name, into.name)
end

-- A new deal of one product, as a salesperson begins one.
function acts.deal(w, form)
  local organization = world.find(w.organizations, form.organization or "")
  local product
  for _, item in ipairs(w.products) do
    if item.code == form.product then product = item end
  end
  local quantity = (form.quantity or ""):match("^%s*(%d+%.?%d*)%s*$")
  if not organization or not product then return "A deal wants an organization and a product." end
  if not quantity then return "The quantity is not a number." end
  local lines = kit.array { { product_code = product.code, name = product.name, unit = product.unit,
    unit_price = product.unit_price, vat_percent = product.vat_percent,
    quantity = decimal(quantity), discount_percent = 0 } }
  local title = (form.title or ""):match("%S") and form.title or product.name
  world.create(w, "deals", { title = title, status = "open", currency = "EUR",
    organization_id = organization.id, lines = lines, value = world.value_of(lines),
    payment_term_days = 14, owner = { name = "Mira Myyjä", email = "mira@yritys.example" } })
  return ('"%s" is a new deal.'):format(title)
end

return kit.acting(acts)
