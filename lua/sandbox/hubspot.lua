-- HubSpot as outside-systems 3.3 describes it: webhooks v3 in arrays of property changes, signed, and
-- the CRM API v3 from which deals, line items, companies and contacts are read.

local crypto = require "crypto"
local decimal = require "decimal"
local kit = require "sandbox.kit"
local front = require "sandbox.crm.front"
local world = require "sandbox.crm.world"
local hubspot_companies = require "sandbox.hubspot_companies"
local hubspot_files = require "sandbox.hubspot_files"

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
    hs_lastmodifieddate = deal.updated_at, hubspot_owner_id = tostring(deal.owner_id or world.USER.id),
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

-- A company's own properties in which finance says how it stands.
local STATUS = { viimeinen_lasku = "last_invoice", lahetetty = "last_invoice_sent",
  erapaiva = "last_invoice_due", laskun_tila = "last_invoice_status", avoinna = "unpaid_total",
  avoimia = "unpaid_count", erapaivat_ylitetty = "overdue_total", ylittyneita = "overdue_count",
  myohassa_paivia = "overdue_days", valuutta = "currency", laskut = "invoices" }

local function with_status(organization, w)
  local properties = company_properties(organization)
  local status = w.statuses[tostring(organization.id)] or {}
  for property, name in pairs(STATUS) do properties[property] = text(status[name]) or kit.null end
  return properties
end

local function product_properties(product)
  return { name = text(product.name), hs_sku = text(product.code), price = text(product.unit_price),
    description = text(product.description), yksikko = text(product.unit),
    alv = text(product.vat_percent), procountor_id = text(product.finance_id),
    myynnissa = text(product.active) }
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
local function object(request, id, properties)
  local shown = { id = tostring(id), properties = {}, archived = false }
  for name in (kit.query(request, "properties") or ""):gmatch("[^,]+") do
    shown.properties[name] = properties[name] == nil and kit.null or properties[name]
  end
  shown.properties.hs_object_id = tostring(id)
  return shown
end

local function answer(request, id, properties, more)
  local shown = object(request, id, properties)
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
    return answer(request, record.id, properties(record, w))
  end
end

local FROM_PRODUCT = { name = "name", hs_sku = "code", price = "unit_price", yksikko = "unit",
  description = "description", alv = "vat_percent", procountor_id = "finance_id",
  myynnissa = "active" }

-- "" takes a property away. A property that is not there is refused.
local function fields_of(body, known)
  local fields = {}
  for name, value in pairs(body.properties or {}) do
    if not known[name] then
      return nil, ('Property values were not valid: Property "%s" does not exist'):format(name)
    end
    if type(value) ~= "string" then return nil, ("%s is no text"):format(name) end
    fields[known[name]] = value == "" and kit.null or value
  end
  return fields
end

-- What a product's properties are here: a number where it is one, so that the page shows it so.
local function product_fields(body)
  local fields, problem = fields_of(body, FROM_PRODUCT)
  if not fields then return nil, problem end
  for _, name in ipairs { "unit_price", "vat_percent" } do
    if type(fields[name]) == "string" then
      if not fields[name]:find("^%-?%d+%.?%d*$") then return nil, name .. " was not a valid number" end
      fields[name] = decimal(fields[name]:find(".", 1, true) and fields[name] .. "0" or fields[name])
    end
  end
  if type(fields.active) == "string" then fields.active = fields.active == "true" end
  return fields
end

local function post_product(w, request, body)
  local fields, problem = product_fields(body)
  if not fields then return refuse(400, problem) end
  local record = world.create(w, "products", fields, "api")
  request.query.properties = "name,hs_sku,price"
  local meta, raw = answer(request, record.id, product_properties(record))
  meta.status = 201
  return meta, raw
end

local function patch_product(w, request, body, id)
  local record = world.find(w.products, id)
  if not record then return refuse(404, "resource not found") end
  local fields, problem = product_fields(body)
  if not fields then return refuse(400, problem) end
  world.change(w, "products", record, fields, "api")
  request.query.properties = "name,hs_sku,price"
  return answer(request, record.id, product_properties(record))
end

-- GET of a list: `limit` after `after`.
local function lister(kind, properties)
  return function(w, request)
    local limit = math.tointeger(tonumber(kit.query(request, "limit") or "10")) or 10
    local after = math.tointeger(tonumber(kit.query(request, "after") or "0")) or 0
    local results, list = kit.array(), w[kind]
    for i = after + 1, math.min(after + limit, #list) do
      results[#results + 1] = object(request, list[i].id, properties(list[i], w))
    end
    local more = after + limit < #list
    return kit.json(200, { results = results, paging = more
      and { next = { after = tostring(after + limit) } } or nil })
  end
end

-- POST .../search: records that fit all filters of one group; operators EQ and IN.
local function fits(properties, group)
  for _, filter in ipairs(group.filters or {}) do
    local value, found = properties[filter.propertyName], false
    for _, wanted in ipairs(filter.operator == "IN" and filter.values or { filter.value }) do
      found = found or (not kit.is_null(value) and tostring(value):lower() == tostring(wanted):lower())
    end
    if not found then return false end
  end
  return true
end

local function searcher(kind, properties)
  return function(w, request, body)
    local results = kit.array()
    request.query.properties = table.concat(body.properties or {}, ",")
    for _, record in ipairs(w[kind]) do
      local all, found = properties(record, w), false
      for _, group in ipairs(body.filterGroups or {}) do found = found or fits(all, group) end
      if found then results[#results + 1] = object(request, record.id, all) end
    end
    return kit.json(200, { total = #results, results = results })
  end
end

local function get_owner(_, _, _, id)
  if tonumber(id) ~= world.USER.id then return refuse(404, "resource not found") end
  local first, last = world.USER.name:match("^(%S+) (.*)$")
  return kit.json(200, { id = tostring(id), email = world.USER.email, type = "PERSON",
    firstName = first, lastName = last, userId = 9586504, archived = false })
end

local ROUTES = {
  { "GET", "/crm/v3/objects/deals/{id}", get_deal },
  { "GET", "/crm/v3/objects/line_items/{id}", get_line },
  { "GET", "/crm/v3/objects/contacts/{id}", getter("contacts", contact_properties) },
  { "GET", "/crm/v3/owners/{id}", get_owner },
  { "GET", "/crm/v3/objects/products", lister("products", product_properties) },
  { "POST", "/crm/v3/objects/products", post_product },
  { "POST", "/crm/v3/objects/products/search", searcher("products", product_properties) },
  { "GET", "/crm/v3/objects/products/{id}", getter("products", product_properties) },
  { "PATCH", "/crm/v3/objects/products/{id}", patch_product },
}
for _, more in ipairs { hubspot_files(refuse),
  hubspot_companies(refuse, object, with_status, STATUS) } do
  table.move(more, 1, #more, #ROUTES + 1, ROUTES)
end

local OBJECTS = { deals = { "deal", deal_properties }, organizations = { "company", company_properties },
  contacts = { "contact", contact_properties } }
local CHANGES = { created = "creation", deleted = "deletion", updated = "propertyChange",
  sent = "propertyChange", merged = "merge" }

-- Each property that changed is an event of its own; all of one change go in one delivery.
local function events_of(event)
  local noun, properties = OBJECTS[event.kind][1], OBJECTS[event.kind][2]
  local list, now = kit.array(), properties(event.record)
  local function add(name)
    list[#list + 1] = { eventId = event.at_ms % 1000000000 * 1000 + event.number % 100 * 10 + #list,
      subscriptionId = 1, portalId = 62515, appId = 54321, occurredAt = event.at_ms,
      subscriptionType = noun .. "." .. CHANGES[event.what], attemptNumber = 0,
      objectId = math.tointeger(tonumber(event.id)), propertyName = name,
      propertyValue = name and now[name] or nil,
      changeSource = event.by == "api" and "INTEGRATION" or "CRM_UI",
      sourceId = event.by == "api" and "54321" or "userId:77" }
  end
  if CHANGES[event.what] ~= "propertyChange" then
    add(nil)
    if event.what == "merged" then
      list[1].primaryObjectId, list[1].newObjectId = list[1].objectId, list[1].objectId
      list[1].mergedObjectIds = kit.array { math.tointeger(tonumber(event.previous.id)) }
    end
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
