-- Pipedrive as outside-systems 3.2 describes it: webhooks v1 and v2 without products, Basic
-- authentication, and the API from which the rest is read: v2 for what a deal is made of, v1 for files,
-- notes, users and products (organizations: both).

local kit = require "sandbox.kit"
local front = require "sandbox.crm.front"
local world = require "sandbox.crm.world"
local pipedrive_organizations = require "sandbox.pipedrive_organizations"

-- Keys of the company's own fields, as Pipedrive makes them: 40 hex digits.
local FIELDS = {
  business_id = "b1d0000000000000000000000000000000000001",
  einvoice_address = "b1d0000000000000000000000000000000000002",
  einvoice_operator = "b1d0000000000000000000000000000000000003",
  phone = "b1d0000000000000000000000000000000000004",
  invoice_email = "b1d0000000000000000000000000000000000005",
  payment_term_days = "dea0000000000000000000000000000000000001",
  project_reference = "dea0000000000000000000000000000000000002",
  finance_id = "a0d0000000000000000000000000000000000001",
}

-- Those of an organization in which finance says how it stands, and of which kind they are.
local STATUS = {
  ["57a0000000000000000000000000000000000001"] = { "last_invoice", "text" },
  ["57a0000000000000000000000000000000000002"] = { "last_invoice_sent", "date" },
  ["57a0000000000000000000000000000000000003"] = { "last_invoice_due", "date" },
  ["57a0000000000000000000000000000000000004"] = { "last_invoice_status", "text" },
  ["57a0000000000000000000000000000000000005"] = { "unpaid_total", "number" },
  ["57a0000000000000000000000000000000000006"] = { "unpaid_count", "number" },
  ["57a0000000000000000000000000000000000007"] = { "overdue_total", "number" },
  ["57a0000000000000000000000000000000000008"] = { "overdue_count", "number" },
  ["57a0000000000000000000000000000000000009"] = { "overdue_days", "number" },
  ["57a000000000000000000000000000000000000a"] = { "currency", "text" },
  ["57a000000000000000000000000000000000000b"] = { "invoices", "text" },
}

local function refuse(status, words)
  return kit.json(status, { success = false, error = words, errorCode = status })
end

local function success(data, more)
  local answer = { success = true, data = data == nil and kit.null or data }
  for name, value in pairs(more or {}) do answer[name] = value end
  return kit.json(200, answer)
end

-- "2026-11-20 10:02:11", in UTC.
local function time_of(text)
  return text and (text:sub(1, 19):gsub("T", " ")) or kit.null
end

local function null(value)
  if value == nil then return kit.null end
  return value
end

local function deal_shown(deal)
  return { id = deal.id, title = deal.title, value = deal.value, currency = deal.currency,
    status = deal.status, stage_id = 1, pipeline_id = 1, owner_id = deal.owner_id or world.USER.id,
    person_id = null(deal.person_id), org_id = null(deal.organization_id),
    add_time = time_of(deal.created_at), update_time = time_of(deal.updated_at),
    won_time = time_of(deal.won_at), products_count = #(deal.lines or {}),
    [FIELDS.payment_term_days] = null(deal.payment_term_days),
    [FIELDS.project_reference] = null(deal.project_reference) }
end

local function organization_shown(organization, w)
  local address = organization.address or {}
  local line = ("%s, %s %s"):format(address.street or "", address.postal_code or "",
    address.city or "")
  local einvoice = organization.einvoice or {}
  local street, number = (address.street or ""):match("^(.-)%s+(%d.*)$")
  local shown = { id = organization.id, name = organization.name, address = line, owner_id = 77,
    address_route = null(street or address.street), address_street_number = null(number),
    address_postal_code = null(address.postal_code), address_locality = null(address.city),
    address_country = null(address.country), update_time = time_of(organization.updated_at),
    [FIELDS.business_id] = null(organization.business_id),
    [FIELDS.phone] = null(organization.phone), [FIELDS.invoice_email] = null(organization.email),
    [FIELDS.einvoice_address] = null(einvoice.address),
    [FIELDS.einvoice_operator] = null(einvoice.operator), active_flag = true }
  local status = w.statuses[tostring(organization.id)] or {}
  for key, field in pairs(STATUS) do shown[key] = null(status[field[1]]) end
  return shown
end

local function product_shown(product)
  local prices = kit.array()
  for currency, price in pairs(product.prices or { [product.currency or "EUR"] = product.unit_price }) do
    prices[#prices + 1] = { product_id = product.id, price = price, currency = currency, cost = 0,
      overhead_cost = 0 }
  end
  return { id = product.id, name = product.name, code = null(product.code), unit = null(product.unit),
    tax = product.vat_percent or 0, active_flag = product.active ~= false, selectable = true,
    prices = prices, [FIELDS.finance_id] = null(product.finance_id) }
end

local function person_shown(person)
  local function list(value)
    return kit.array(value and { { label = "work", value = value, primary = true } } or {})
  end
  return { id = person.id, name = person.name, emails = list(person.email),
    phones = list(person.phone), org_id = null(person.organization_id), is_deleted = false }
end

-- A row knows its product by the id alone; what the row of a fixture says of it is a product there.
local function product_id(deal, index)
  return deal.id * 100 + index
end

local function line_shown(deal, index, line)
  return { id = deal.id * 1000 + index, deal_id = deal.id, product_id = product_id(deal, index),
    product_variation_id = kit.null, name = line.name, item_price = line.unit_price,
    quantity = line.quantity, discount = line.discount or line.discount_percent or 0,
    discount_type = line.discount and "amount" or "percentage", tax = line.vat_percent or 0,
    tax_method = line.tax_method or "exclusive", currency = deal.currency, is_enabled = true,
    comments = null(line.comment) }
end

local function line_product(deal, index, line)
  return { id = product_id(deal, index), name = line.name, code = null(line.product_code),
    unit = null(line.unit), tax = line.vat_percent or 0, is_deleted = false }
end

-- Version 2 has the company's own fields in custom_fields.
local function with_custom_fields(object)
  local shown, custom = {}, {}
  for name, value in pairs(object) do
    if #name == 40 then custom[name] = value else shown[name] = value end
  end
  shown.custom_fields = custom
  return shown
end

-- Moments of v2 have a zone.
local function deal_of_v2(deal)
  local shown = with_custom_fields(deal_shown(deal))
  for _, name in ipairs { "add_time", "update_time", "won_time" } do
    if not kit.is_null(shown[name]) then shown[name] = shown[name]:gsub(" ", "T") .. "Z" end
  end
  shown.products_count, shown.is_deleted = nil, false
  return shown
end

local function getter(kind, shown)
  return function(w, _, _, id)
    local record = world.find(w[kind], id)
    if not record then return refuse(404, "Not found") end
    return success(shown(record, w))
  end
end

-- A page of a list.
local function paged(request, list, shown)
  local start = math.tointeger(tonumber(kit.query(request, "start") or "0")) or 0
  local limit = math.tointeger(tonumber(kit.query(request, "limit") or "100")) or 100
  local page = kit.array()
  for i = start + 1, math.min(start + limit, #list) do page[#page + 1] = shown(list[i], i) end
  local more = start + limit < #list
  return success(#page > 0 and page or nil, { additional_data = { pagination = { start = start,
    limit = limit, more_items_in_collection = more, next_start = more and start + limit or nil } } })
end

-- A page of a list of v2, which goes on from a cursor.
local function paged_by_cursor(request, list)
  local first = math.tointeger(tonumber(kit.query(request, "cursor") or "0")) or 0
  local limit = math.tointeger(tonumber(kit.query(request, "limit") or "100")) or 0
  if limit < 1 or limit > 500 then return refuse(400, "limit is 1 to 500") end
  local page = kit.array()
  for i = first + 1, math.min(first + limit, #list) do page[#page + 1] = list[i] end
  return success(page, { additional_data = { next_cursor = first + limit < #list
    and tostring(first + limit) or kit.null } })
end

local function deal_products(w, request, _, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "Deal not found") end
  local list = {}
  for i, line in ipairs(deal.lines or {}) do list[i] = line_shown(deal, i, line) end
  return paged_by_cursor(request, list)
end

local function products_of_rows(w, request)
  local wanted, list = {}, {}
  for id in (kit.query(request, "ids") or ""):gmatch("%d+") do wanted[tonumber(id)] = true end
  for _, deal in ipairs(w.deals) do
    for i, line in ipairs(deal.lines or {}) do
      if wanted[product_id(deal, i)] then list[#list + 1] = line_product(deal, i, line) end
    end
  end
  return paged_by_cursor(request, list)
end

local function get_products(w, request)
  return paged(request, w.products, product_shown)
end

-- What is searched by a term: all of it, in the fields that are named.
local function searcher(kind, fields_of)
  return function(w, request)
    local term = (kit.query(request, "term") or ""):lower()
    if #term < 1 then return refuse(400, "term is missing") end
    local exact, items = kit.query(request, "exact_match") == "true", kit.array()
    for _, record in ipairs(w[kind]) do
      local found = false
      for _, value in ipairs(fields_of(record, kit.query(request, "fields"))) do
        local text = tostring(value):lower()
        found = found or text == term or not exact and text:find(term, 1, true) ~= nil
      end
      if found then
        items[#items + 1] = { result_score = 1, item = { id = record.id, name = record.name } }
      end
    end
    return success { items = items }
  end
end

local search_organizations = searcher("organizations", function(record, fields)
  if fields == "custom_fields" then return { record.business_id } end
  return { record.name }
end)

local search_products = searcher("products", function(record, fields)
  return { fields == "code" and record.code or record.name }
end)

-- Fields of a product out of a body; nil and what is wrong.
local function product_fields(body, product)
  local fields = { name = body.name, code = body.code, unit = body.unit, vat_percent = body.tax,
    active = body.active_flag, finance_id = body[FIELDS.finance_id] }
  if not kit.is_null(body.tax) and not kit.number(body.tax) then return nil, "tax is no number" end
  if kit.is_array(body.prices) then
    fields.prices = {}
    for _, price in ipairs(body.prices) do
      if not kit.number(price.price) or type(price.currency) ~= "string" then
        return nil, "prices want a price and a currency"
      end
      fields.prices[price.currency] = price.price
      fields.unit_price = price.currency == (product.currency or "EUR") and price.price or nil
    end
  end
  return fields
end

-- Routes that make one of these records, and that change one. fields_of(body, record) -> what is set, or
-- nil and why not; shown(record) -> as an answer has it; noun: what an error calls it.
local function writers(list, noun, fields_of, shown)
  local function post(w, _, body)
    if type(body.name) ~= "string" then return refuse(400, "name is missing") end
    local fields, problem = fields_of(body, {})
    if not fields then return refuse(400, problem) end
    return success(shown(world.create(w, list, fields, "api")))
  end
  local function change(w, _, body, id)
    local record = world.find(w[list], id)
    if not record then return refuse(404, noun .. " not found") end
    local fields, problem = fields_of(body, record)
    if not fields then return refuse(400, problem) end
    world.change(w, list, record, fields, "api")
    return success(shown(record))
  end
  return post, change
end

local post_product, put_product = writers("products", "Product", product_fields, product_shown)

local FITS = {
  text = function(value) return type(value) == "string" or kit.number(value) ~= nil end,
  number = function(value) return kit.number(value) ~= nil end,
  date = function(value) return type(value) == "string" and value:find("^%d%d%d%d%-%d%d%-%d%d$") end,
}

-- What does not fit a field is not taken, and nobody says so; nor is a field that is not there.
local function put_status(w, body, id)
  local status = w.statuses[id] or {}
  for key, field in pairs(STATUS) do
    local value = body[key]
    if value ~= nil and kit.is_null(value) then
      status[field[1]] = nil
    elseif value ~= nil and FITS[field[2]](value) then
      status[field[1]] = value
    end
  end
  w.statuses[id] = next(status) and status or nil
end

-- PUT changes what is given.
local function put_organization(w, _, body, id)
  local organization = world.find(w.organizations, id)
  if not organization then return refuse(404, "Not found") end
  local fields = {}
  if not kit.is_null(body.name) then fields.name = body.name end
  if body[FIELDS.business_id] ~= nil then fields.business_id = body[FIELDS.business_id] end
  if body[FIELDS.phone] ~= nil then fields.phone = body[FIELDS.phone] end
  if body[FIELDS.invoice_email] ~= nil then fields.email = body[FIELDS.invoice_email] end
  world.change(w, "organizations", organization, fields, "api")
  put_status(w, body, tostring(id))
  return success(organization_shown(organization, w))
end

local function put_deal(w, _, body, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "Deal not found") end
  local fields = { title = body.title, status = body.status }
  if body.status == "won" then fields.won_at = world.utc(w.at_ms) end
  world.change(w, "deals", deal, fields, "api")
  return success(deal_shown(deal))
end

local function get_notes(w, request)
  local list = kit.array()
  for _, note in ipairs(w.notifications) do
    if tostring(note.deal_id) == kit.query(request, "deal_id") then
      list[#list + 1] = { id = note.id, deal_id = note.deal_id, content = note.text }
    end
  end
  return success(list)
end

local function post_note(w, _, body)
  if type(body.content) ~= "string" then return refuse(400, "content is missing") end
  local note = world.add(w, "notifications", { text = body.content, deal_id = body.deal_id }, "api")
  return success { id = note.id, deal_id = note.deal_id, content = note.text }
end

local function get_user(_, _, _, id)
  if tonumber(id) ~= world.USER.id then return refuse(404, "User not found") end
  return success(kit.copy(world.USER))
end

local function get_files(w, request, _, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "Deal not found") end
  return paged(request, deal.files or {}, function(file) return file end)
end

local function post_file(w, request, body)
  local saved, problem = world.add_file(w, request, body)
  if not saved then return refuse(400, problem) end
  return success(saved)
end

local ROUTES = {
  { "GET", "/api/v2/deals/{id}", getter("deals", deal_of_v2) },
  { "PUT", "/api/v1/deals/{id}", put_deal },
  { "GET", "/api/v2/deals/{id}/products", deal_products },
  { "GET", "/api/v2/products", products_of_rows },
  { "GET", "/api/v1/deals/{id}/files", get_files },
  { "POST", "/api/v1/files", post_file, raw = true },
  { "GET", "/api/v1/organizations/search", search_organizations },
  { "GET", "/api/v1/organizations/{id}", getter("organizations", organization_shown) },
  { "PUT", "/api/v1/organizations/{id}", put_organization },
  { "GET", "/api/v2/persons/{id}", getter("contacts", person_shown) },
  { "GET", "/api/v1/products", get_products },
  { "POST", "/api/v1/products", post_product },
  { "GET", "/api/v1/products/search", search_products },
  { "GET", "/api/v1/products/{id}", getter("products", product_shown) },
  { "PUT", "/api/v1/products/{id}", put_product },
  { "GET", "/api/v1/users/{id}", get_user },
  { "GET", "/api/v1/notes", get_notes },
  { "POST", "/api/v1/notes", post_note },
}

for _, route in ipairs(pipedrive_organizations(FIELDS, refuse, success, writers)) do
  ROUTES[#ROUTES + 1] = route
end

local OBJECTS = { deals = { "deal", deal_shown }, contacts = { "person", person_shown },
  organizations = { "organization", organization_shown } }
local V1 = { created = "added", updated = "updated", deleted = "deleted", sent = "updated",
  merged = "merged" }
local V2 = { created = "create", updated = "change", deleted = "delete", sent = "change" }

local function changed(object, event)
  if not event.previous then return kit.null end
  local before = {}
  for name, value in pairs(event.previous) do
    if object[name] ~= nil then before[name] = value end
  end
  return before
end

local function version_1(event, name, object)
  local before = kit.null
  if event.previous then
    before = kit.copy(object)
    for key, value in pairs(changed(object, event)) do before[key] = value end
  end
  local action = V1[event.what]
  return { v = 1, event = action .. "." .. name, retry = 0, matches_filters = { current = {} },
    current = event.what == "deleted" and kit.null or object, previous = before,
    meta = { v = 1, action = action, object = name, id = event.id, company_id = 1, user_id = 77,
      change_source = event.by == "api" and "api" or "app",
      host = "sandbox.pipedrive.com", timestamp = event.at_ms // 1000,
      timestamp_micro = event.at_ms * 1000, webhook_id = "1" } }
end

local function version_2(event, name, object)
  return { data = event.what == "deleted" and kit.null or with_custom_fields(object),
    previous = changed(object, event),
    meta = { action = V2[event.what], entity = name, version = "2.0", company_id = 1, user_id = 77,
      id = ("5a5a%04x-0000-4000-8000-%012x"):format(event.number & 0xffff, event.at_ms),
      entity_id = tostring(event.id), webhook_id = "1", attempt = 1, host = "sandbox.pipedrive.com",
      timestamp = world.utc(event.at_ms), change_source = event.by == "api" and "api" or "app" } }
end

-- Webhooks v2 know no merging: one that is deleted, and one that is changed.
local function parts_of(w, event)
  if event.what ~= "merged" or w.settings.webhook_version == 1 then return { event } end
  local from = w.gone[tostring(event.previous.id)]
  local function part(what, record, number)
    return { number = number, kind = event.kind, what = what, id = record.id, by = event.by,
      at_ms = event.at_ms, record = record }
  end
  return { part("deleted", from, event.number), part("updated", event.record, event.number | 0x8000) }
end

local function request_of(w, event, hook)
  local known, requests = OBJECTS[event.kind], {}
  for i, part in ipairs(known and V1[event.what] and parts_of(w, event) or {}) do
    local object = known[2](part.record, w)
    local body = (w.settings.webhook_version == 1 and version_1 or version_2)(part, known[1], object)
    requests[i] = { url = hook, body = world.encode(body), type = body.event or body.meta.action .. "."
      .. body.meta.entity, headers = { ["content-type"] = "application/json",
      ["user-agent"] = "Pipedrive-Webhook", authorization = "Basic "
        .. kit.base64(("%s:%s"):format(w.settings.user, w.settings.secret)) } }
  end
  return requests
end

return front { title = "Pipedrive", kind = "pipedrive", path = "/api", routes = ROUTES,
  refuse = refuse, request_of = request_of, id_of = function(_, number) return number end }
