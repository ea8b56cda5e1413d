-- Pipedrive as outside-systems 3.2 describes it: webhooks v1 and v2 without products, Basic
-- authentication, and the API from which the rest is read: v2, and v1 where v2 has nothing (files,
-- notes, users, changelog). What has a twin in v2 v1 answers with 410.

local kit = require "sandbox.kit"
local api = require "sandbox.pipedrive_api"
local front = require "sandbox.crm.front"
local world = require "sandbox.crm.world"
local pipedrive_organizations = require "sandbox.pipedrive_organizations"
local pipedrive_products = require "sandbox.pipedrive_products"

local FIELDS, STATUS = api.KEYS, api.STATUS
local refuse, success, null = api.refuse, api.success, api.null

-- "2026-11-20 10:02:11", in UTC: v1 and webhooks.
local function time_of(text)
  return text and (text:sub(1, 19):gsub("T", " ")) or kit.null
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

local function person_shown(person)
  local function list(value)
    return kit.array(value and { { label = "work", value = value, primary = true } } or {})
  end
  return { id = person.id, name = person.name, emails = list(person.email),
    phones = list(person.phone), org_id = null(person.organization_id), is_deleted = false }
end

local function line_shown(deal, index, line)
  return { id = deal.id * 1000 + index, deal_id = deal.id, product_id = api.product_of_row(deal, index),
    product_variation_id = kit.null, name = line.name, item_price = line.unit_price,
    quantity = line.quantity, discount = line.discount or line.discount_percent or 0,
    discount_type = line.discount and "amount" or "percentage", tax = line.vat_percent or 0,
    billing_frequency = line.billing_frequency or "one-time",
    tax_method = line.tax_method or "exclusive", currency = deal.currency, is_enabled = true,
    comments = line.comment or "" }
end

-- Moments of v2 have a zone.
local function deal_of_v2(deal)
  local shown = api.with_custom_fields(deal_shown(deal))
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

local function deal_products(w, request, _, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "Deal not found") end
  local list = {}
  for i, line in ipairs(deal.lines or {}) do list[i] = line_shown(deal, i, line) end
  return api.page(request, list)
end

local function deal_discounts(w, _, _, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "Deal not found") end
  local list = kit.array()
  for i, one in ipairs(deal.discounts or {}) do
    list[i] = { id = ("d15c%04x-0000-4000-8000-%012x"):format(i, deal.id), type = one.type,
      amount = one.amount, description = one.description or "", deal_id = deal.id }
  end
  return success(list)
end

local function get_installments(w, request)
  local list = {}
  for id in (kit.query(request, "deal_ids") or ""):gmatch("%d+") do
    for i, one in ipairs((world.find(w.deals, id) or {}).installments or {}) do
      list[#list + 1] = { id = tonumber(id) * 10 + i, deal_id = tonumber(id), amount = one.amount,
        billing_date = one.billing_date, description = one.description }
    end
  end
  return api.page(request, list)
end

local DEAL = kit.set { "title", "status", "value", "currency", "owner_id", "person_id", "org_id",
  "pipeline_id", "stage_id", "won_time", "custom_fields" }

local function patch_deal(w, _, body, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "Deal not found") end
  local problem = api.not_allowed(body, DEAL)
  if problem then return refuse(400, problem) end
  local fields = { title = body.title, status = body.status }
  if body.status == "won" then fields.won_at = world.utc(w.at_ms) end
  world.change(w, "deals", deal, fields, "api")
  return success(deal_of_v2(deal))
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
  return api.page_of_v1(request, deal.files or {})
end

local function post_file(w, request, body)
  local saved, problem = world.add_file(w, request, body)
  if not saved then return refuse(400, problem) end
  return success(saved)
end

local ROUTES = {
  { "GET", "/api/v2/deals/installments", get_installments },
  { "GET", "/api/v2/deals/{id}", getter("deals", deal_of_v2) },
  { "PATCH", "/api/v2/deals/{id}", patch_deal },
  { "GET", "/api/v2/deals/{id}/products", deal_products },
  { "GET", "/api/v2/deals/{id}/discounts", deal_discounts },
  { "GET", "/api/v1/deals/{id}/files", get_files },
  { "POST", "/api/v1/files", post_file, raw = true },
  { "GET", "/api/v2/persons/{id}", getter("contacts", person_shown) },
  { "GET", "/api/v1/users/{id}", get_user },
  { "GET", "/api/v1/notes", get_notes },
  { "POST", "/api/v1/notes", post_note },
}

for _, routes in ipairs { pipedrive_organizations, pipedrive_products } do
  for _, route in ipairs(routes) do ROUTES[#ROUTES + 1] = route end
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
  return { data = event.what == "deleted" and kit.null or api.with_custom_fields(object),
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
  refuse = refuse, gone = api.gone, request_of = request_of,
  id_of = function(_, number) return number end }
