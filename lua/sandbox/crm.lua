-- A CRM with the plain interface of outside-systems 3.4: deals, organizations, contacts, products,
-- notifications, payment status; events posted to whoever listens, signed.

local kit = require "sandbox.kit"
local front = require "sandbox.crm.front"
local world = require "sandbox.crm.world"

local PREFIX = { organizations = "O-", contacts = "C-", deals = "D-", products = "P-",
  notifications = "N-" }
local NOUN = { organizations = "organization", contacts = "contact", deals = "deal",
  products = "product" }

local function refuse(status, words, field)
  return kit.json(status, { error = words, field = field })
end

-- A list, at most `limit` (50) of it after the id `after`: { items, next }.
local function answer_list(request, list, fits)
  local limit = math.tointeger(tonumber(kit.query(request, "limit") or "50")) or 0
  if limit < 1 or limit > 200 then return refuse(400, "limit is 1 to 200", "limit") end
  local after, items = kit.query(request, "after"), kit.array()
  local started = after == nil
  local next_id
  for _, record in ipairs(list) do
    if started and fits(record) then
      if #items == limit then
        next_id = tostring(items[limit].id)
        break
      end
      items[#items + 1] = record
    end
    started = started or tostring(record.id) == after
  end
  return kit.json(200, { items = items, next = next_id })
end

local function by_query(request, names)
  return function(record)
    for _, name in ipairs(names) do
      local wanted = kit.query(request, name)
      if wanted and tostring(record[name]) ~= wanted then return false end
    end
    local since = kit.query(request, "updated_since")
    return not since or record.updated_at >= since
  end
end

local function lister(kind, names)
  return function(w, request) return answer_list(request, w[kind], by_query(request, names)) end
end

local function getter(kind)
  return function(w, _, _, id)
    local record = world.find(w[kind], id)
    if not record then return refuse(404, "Not found.") end
    return kit.json(200, record)
  end
end

local READ_ONLY = kit.set { "id", "version", "source", "created_at", "updated_at", "updated_by" }

-- PATCH: the fields that are given, null takes one away; a version that is not the newest is a 409.
local function patcher(kind)
  return function(w, _, body, id)
    local record = world.find(w[kind], id)
    if not record then return refuse(404, "Not found.") end
    if not kit.is_null(body.version) and body.version ~= record.version then
      return refuse(409, ("the version is %d by now"):format(record.version), "version")
    end
    local fields = {}
    for name, value in pairs(body) do
      if not READ_ONLY[name] then fields[name] = value end
    end
    world.change(w, kind, record, fields, not kit.is_null(body.source) and body.source or nil)
    return kit.json(200, record)
  end
end

local function creator(kind)
  return function(w, _, body)
    if kit.is_null(body.name) and kit.is_null(body.title) then
      return refuse(400, "a name is missing", "name")
    end
    local by = body.source
    for name in pairs(READ_ONLY) do body[name] = nil end
    return kit.json(201, world.create(w, kind, body, by))
  end
end

local function deleter(kind)
  return function(w, _, _, id)
    local record = world.find(w[kind], id)
    if not record then return refuse(404, "Not found.") end
    world.remove(w, kind, record)
    return kit.text(204, "")
  end
end

-- POST /v1/organizations/{id}/merge { into = id }: this one goes, what was its is the other's.
local function merge(w, _, body, id)
  local from, into = world.find(w.organizations, id), world.find(w.organizations, body.into or "")
  if not from or not into or from == into then return refuse(404, "Not found.") end
  world.merge(w, from, into)
  return kit.json(200, into)
end

local function get_status(w, _, _, id)
  if not world.find(w.organizations, id) then return refuse(404, "Not found.") end
  local status = w.statuses[id]
  if not status then return refuse(404, "nothing is known of its payments") end
  return kit.json(200, status)
end

-- PUT replaces the whole of it; nobody is told, since it is no change of the organization.
local function put_status(w, _, body, id)
  if not world.find(w.organizations, id) then return refuse(404, "Not found.") end
  w.statuses[id] = body
  return kit.json(200, body)
end

local function product_of(w, code)
  for _, product in ipairs(w.products) do
    if product.code == code then return product end
  end
  return nil
end

local function get_product(w, _, _, code)
  local product = product_of(w, code)
  if not product then return refuse(404, "Not found.") end
  return kit.json(200, product)
end

-- PUT replaces the whole product of that code, or makes it.
local function put_product(w, _, body, code)
  if kit.is_null(body.name) then return refuse(400, "a name is missing", "name") end
  local product = product_of(w, code)
  if not product then
    body.code = code
    return kit.json(201, world.create(w, "products", body, body.source))
  end
  local fields = {}
  for name in pairs(product) do
    if not READ_ONLY[name] and name ~= "code" then fields[name] = kit.null end
  end
  for name, value in pairs(body) do
    if not READ_ONLY[name] and name ~= "code" then fields[name] = value end
  end
  world.change(w, "products", product, fields, body.source)
  return kit.json(200, product)
end

-- One notification a key: posted again, it is the one that is there.
local function post_notification(w, _, body)
  if type(body.text) ~= "string" or body.text == "" then
    return refuse(400, "text is missing", "text")
  end
  for _, known in ipairs(w.notifications) do
    if not kit.is_null(body.key) and known.key == body.key then return kit.json(200, known) end
  end
  return kit.json(201, world.add(w, "notifications", { key = body.key, text = body.text,
    data = body.data }, "api"))
end

local function get_files(w, request, _, id)
  local deal = world.find(w.deals, id)
  if not deal then return refuse(404, "Not found.") end
  return answer_list(request, deal.files or {}, function() return true end)
end

local function post_file(w, request, body, id)
  local saved, problem = world.add_file(w, request, body, id)
  if not saved then return refuse(400, problem) end
  return kit.json(201, saved)
end

local ROUTES = {
  { "GET", "/v1/organizations", lister("organizations", { "business_id", "name" }) },
  { "POST", "/v1/organizations", creator "organizations" },
  { "GET", "/v1/organizations/{id}", getter "organizations" },
  { "PATCH", "/v1/organizations/{id}", patcher "organizations" },
  { "DELETE", "/v1/organizations/{id}", deleter "organizations" },
  { "POST", "/v1/organizations/{id}/merge", merge },
  { "GET", "/v1/organizations/{id}/payment-status", get_status },
  { "PUT", "/v1/organizations/{id}/payment-status", put_status },
  { "GET", "/v1/contacts", lister("contacts", { "organization_id", "email" }) },
  { "POST", "/v1/contacts", creator "contacts" },
  { "GET", "/v1/contacts/{id}", getter "contacts" },
  { "PATCH", "/v1/contacts/{id}", patcher "contacts" },
  { "GET", "/v1/deals", lister("deals", { "status", "organization_id" }) },
  { "POST", "/v1/deals", creator "deals" },
  { "GET", "/v1/deals/{id}", getter "deals" },
  { "PATCH", "/v1/deals/{id}", patcher "deals" },
  { "GET", "/v1/deals/{id}/files", get_files },
  { "POST", "/v1/deals/{id}/files", post_file, raw = true },
  { "GET", "/v1/products", lister("products", { "code" }) },
  { "GET", "/v1/products/{id}", get_product },
  { "PUT", "/v1/products/{id}", put_product },
  { "GET", "/v1/notifications", lister("notifications", { "key" }) },
  { "POST", "/v1/notifications", post_notification },
}

-- deal.won when a deal's status has come to that; all else by kind and what happened.
local function type_of(event)
  if event.kind ~= "deals" then return NOUN[event.kind] .. "." .. event.what end
  if event.what == "sent" then return "deal.won" end
  local before = event.previous and event.previous.status
  if event.record.status == "won" and (event.what == "created" or before ~= nil) then
    return "deal.won"
  end
  return "deal." .. event.what
end

local function data_of(w, event)
  local data = { [NOUN[event.kind]] = event.record }
  if event.kind == "deals" then
    data.organization = world.find(w.organizations, event.record.organization_id)
    data.person = world.find(w.contacts, event.record.person_id)
  end
  return data
end

local function request_of(w, event, hook)
  local id, type = ("evt_%d_%d"):format(event.at_ms, event.number), type_of(event)
  local body = world.encode { id = id, type = type, occurred_at = world.utc(event.at_ms), attempt = 1,
    tenant = "sandbox", source = event.by, data = data_of(w, event),
    trigger = event.what == "sent" and "manual" or "automatic",
    previous = event.previous and { [NOUN[event.kind]] = event.previous } or nil }
  local request = world.signed(w, hook, body, id)
  request.type = type
  return { request }
end

return front { title = "CRM", kind = "crm", path = "", routes = ROUTES, refuse = refuse,
  request_of = request_of,
  id_of = function(kind, number) return PREFIX[kind] .. number end }
