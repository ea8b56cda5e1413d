-- HubSpot as outside-systems 3.3 describes it: webhooks v3 in arrays of property changes, signed, and
-- the CRM API v3 from which deals, line items, companies and contacts are read.

local crypto = require "crypto"
local kit = require "sandbox.kit"
local front = require "sandbox.crm.front"
local world = require "sandbox.crm.world"

local function refuse(status, words)
  return kit.json(status, { status = "error", message = words, category = "SANDBOX" })
end

-- HubSpot's properties are texts.
local function text(value)
  if kit.is_null(value) then return nil end
  local number = kit.number(value)
  if number then return (number:text(6):gsub("0+$", ""):gsub("%.$", "")) end
  return tostring(value)
end

local STAGES = { open = "appointmentscheduled", won = "closedwon", lost = "closedlost" }

local function deal_properties(deal)
  return { dealname = text(deal.title), amount = text(deal.value),
    deal_currency_code = text(deal.currency), dealstage = STAGES[deal.status] or deal.status,
    hs_lastmodifieddate = deal.updated_at, hubspot_owner_id = "77",
    maksuehto = text(deal.payment_term_days), projekti = text(deal.project_reference) }
end

local function company_properties(organization)
  local address, einvoice = organization.address or {}, organization.einvoice or {}
  return { name = text(organization.name), address = text(address.street),
    zip = text(address.postal_code), city = text(address.city), country = text(address.country),
    phone = text(organization.phone), y_tunnus = text(organization.business_id),
    laskutussahkoposti = text(organization.email), verkkolaskuosoite = text(einvoice.address),
    valittaja = text(einvoice.operator), hs_lastmodifieddate = organization.updated_at }
end

local function contact_properties(contact)
  local first, last = (contact.name or ""):match("^(%S+)%s+(.*)$")
  return { firstname = first or contact.name, lastname = last, email = contact.email,
    phone = contact.phone }
end

local function line_properties(line)
  return { name = line.name, hs_sku = text(line.product_code), quantity = text(line.quantity),
    price = text(line.unit_price), hs_discount_percentage = text(line.discount_percent),
    discount = text(line.discount), hs_tax_rate = text(line.vat_percent), unit = text(line.unit) }
end

-- Only what was asked for, as the API does it.
local function answer(request, id, properties, more)
  local shown = { id = tostring(id), properties = {}, archived = false }
  for name in (kit.query(request, "properties") or ""):gmatch("[^,]+") do
    shown.properties[name] = properties[name] == nil and kit.null or properties[name]
  end
  shown.properties.hs_object_id = tostring(id)
  for name, value in pairs(more or {}) do shown[name] = value end
  return kit.json(200, shown)
end

local function line_id(deal, index)
  return ("%s%03d"):format(deal.id, index)
end

local function get_deal(w, request, _, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "resource not found") end
  local lines = kit.array()
  for i in ipairs(deal.lines or {}) do
    lines[i] = { id = line_id(deal, i), type = "deal_to_line_item" }
  end
  local wanted = kit.query(request, "associations") or ""
  local associations = {}
  local function add(name, list)
    if wanted:find((name:gsub(" ", "_")), 1, true) and #list > 0 then
      associations[name] = { results = list }
    end
  end
  add("line items", lines)
  add("companies", kit.array(deal.organization_id
    and { { id = tostring(deal.organization_id), type = "deal_to_company" } } or {}))
  add("contacts", kit.array(deal.person_id
    and { { id = tostring(deal.person_id), type = "deal_to_contact" } } or {}))
  return answer(request, deal.id, deal_properties(deal), { associations = associations })
end

local function get_line(w, request, _, id)
  for _, deal in ipairs(w.deals) do
    for i, line in ipairs(deal.lines or {}) do
      if line_id(deal, i) == id then return answer(request, id, line_properties(line)) end
    end
  end
  return refuse(404, "resource not found")
end

local function getter(kind, properties)
  return function(w, request, _, id)
    local record = world.find(w[kind], id)
    if not record then return refuse(404, "resource not found") end
    return answer(request, record.id, properties(record))
  end
end

local FROM_PROPERTY = { name = "name", phone = "phone", y_tunnus = "business_id",
  laskutussahkoposti = "email" }

local function patch_company(w, request, body, id)
  local record = world.find(w.organizations, id)
  if not record then return refuse(404, "resource not found") end
  local fields = {}
  for name, value in pairs(body.properties or {}) do
    if FROM_PROPERTY[name] then fields[FROM_PROPERTY[name]] = value end
  end
  world.change(w, "organizations", record, fields, "api")
  request.query.properties = "name,phone,y_tunnus"
  return answer(request, record.id, company_properties(record))
end

local ROUTES = {
  { "GET", "/crm/v3/objects/deals/{id}", get_deal },
  { "GET", "/crm/v3/objects/line_items/{id}", get_line },
  { "GET", "/crm/v3/objects/companies/{id}", getter("organizations", company_properties) },
  { "PATCH", "/crm/v3/objects/companies/{id}", patch_company },
  { "GET", "/crm/v3/objects/contacts/{id}", getter("contacts", contact_properties) },
}

local OBJECTS = { deals = { "deal", deal_properties }, organizations = { "company", company_properties },
  contacts = { "contact", contact_properties } }
local CHANGES = { created = "creation", deleted = "deletion", updated = "propertyChange",
  sent = "propertyChange" }

-- Each property that changed is an event of its own; all of one change go in one delivery.
local function events_of(event)
  local noun, properties = OBJECTS[event.kind][1], OBJECTS[event.kind][2]
  local list, now = kit.array(), properties(event.record)
  local function add(name)
    list[#list + 1] = { eventId = event.at_ms % 1000000000 * 1000 + event.number % 100 * 10 + #list,
      subscriptionId = 1, portalId = 62515, appId = 54321, occurredAt = event.at_ms,
      subscriptionType = noun .. "." .. CHANGES[event.what], attemptNumber = 0,
      objectId = math.tointeger(tonumber(event.id)), propertyName = name,
      propertyValue = name and now[name] or nil, changeSource = "CRM_UI", sourceId = "userId:77" }
  end
  if CHANGES[event.what] ~= "propertyChange" then
    add(nil)
    return list
  end
  local before = kit.copy(event.record)
  for name, value in pairs(event.previous or {}) do
    before[name] = value
    if kit.is_null(value) then before[name] = nil end
  end
  local was, names = properties(before), {}
  for name, value in pairs(now) do
    if was[name] ~= value and name ~= "hs_lastmodifieddate" then names[#names + 1] = name end
  end
  if event.what == "sent" then names = { "dealstage" } end
  table.sort(names)
  for _, name in ipairs(names) do add(name) end
  return list
end

-- The signature is of the address that the receiver sees.
local function request_of(w, event, hook)
  if not OBJECTS[event.kind] or not CHANGES[event.what] then return {} end
  local list = events_of(event)
  if #list == 0 then return {} end
  local body, at = world.encode(list), tostring(w.at_ms)
  local mac = crypto.hmac_sha256(w.settings.secret, "POST" .. (w.settings.public or hook) .. body .. at)
  local raw = mac:gsub("%x%x", function(hex) return string.char(tonumber(hex, 16)) end)
  return { { url = hook, body = body, type = list[1].subscriptionType, headers = {
    ["content-type"] = "application/json", ["x-hubspot-request-timestamp"] = at,
    ["x-hubspot-signature-v3"] = kit.base64(raw) } } }
end

return front { title = "HubSpot", kind = "hubspot", path = "", routes = ROUTES, refuse = refuse,
  request_of = request_of, id_of = function(_, number) return number end }
