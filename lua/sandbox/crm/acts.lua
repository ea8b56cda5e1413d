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
  for _, name in ipairs { "name", "phone", "email", "business_id" } do
    if form[name] then fields[name] = form[name] ~= "" and form[name] or kit.null end
  end
  local address = kit.copy(organization.address or {})
  for _, name in ipairs { "street", "postal_code", "city" } do
    if form[name] then address[name] = form[name] ~= "" and form[name] or nil end
  end
  fields.address = address
  if not world.change(w, "organizations", organization, fields) then return "Nothing was changed." end
  return organization.name .. " is changed."
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

return function(w, name, form)
  local act = acts[name]
  if not act then return kit.text(404, "there is no such act") end
  w.said = act(w, form)
  return kit.text(303, "", { location = "../" })
end
