-- All that a CRM sandbox holds, whatever its interface: organizations, contacts, deals with lines,
-- products, notifications and payment statuses; each change told to who wants to hear of it.

local crypto = require "crypto"
local decimal = require "decimal"
local json = require "json"
local kit = require "sandbox.kit"
local mime = require "sandbox.mime"

local world = {}

local SWITCHES = {
  hook = false,         -- where events are posted, "http://.../hooks/acme/crm"; false: nowhere
  secret = "sandbox",   -- with which they are signed
  token = false,        -- bearer token that the API wants; false: any
  webhook_version = 2,  -- of Pipedrive's webhooks, 1 or 2
  user = "sandbox",     -- of Basic authentication, where the CRM has that
  button = false,       -- where its "Send" button calls, ".../api/v1/send/acme/crm"; false: an event
  button_token = false, -- the token of that call
  resolution = 1,       -- milliseconds that updated_at counts in: 1000 has no part of a second
  public = false,       -- the address in a signature, if the hook's is not what the receiver sees
  rate_limit = 0,       -- requests a second, then 429; 0: no limit
  search_lag = 0,       -- milliseconds that HubSpot's search is behind
  meanwhile = false,    -- what a person does right before the next writes arrive, one for each of
                        -- them: { { act =, form = }, ... }
}
local HISTORY = 50 -- changes of an organization that are kept

-- Kinds of records; each has ids of its own beginning.
local KINDS = { organizations = 31, contacts = 9, deals = 881, products = 1, notifications = 1 }

-- Who owns all deals of CRMs that know people by an id.
world.USER = { id = 77, name = "Mira Myyjä", email = "mira@yritys.example" }

function world.new()
  local w = { settings = kit.copy(SWITCHES), ledger = kit.ledger(), window = {}, events = kit.array(),
    statuses = {}, last = {}, history = {}, gone = {}, now = "2026-01-01T00:00:00", at_ms = 0,
    outgoing = kit.array(), change = 0 }
  for kind, first in pairs(KINDS) do w[kind], w.last[kind] = kit.array(), first - 1 end
  return w
end

function world.apply(w, given)
  for name, value in pairs(given or {}) do
    if SWITCHES[name] == nil then
      error(("the CRM sandbox has no setting '%s'"):format(tostring(name)), 0)
    elseif name == "meanwhile" and type(value) == "table" and not value[1] then
      error("meanwhile is a list: { { act = ..., form = ... }, ... }", 0)
    end
    w.settings[name] = kit.is_null(value) and false or value
  end
end

-- "2026-11-20T08:00:00.125Z"
function world.utc(at_ms)
  local days, rest = at_ms // 86400000, at_ms % 86400000
  -- Civil date of a day number (days since 1970-01-01), for the proleptic Gregorian calendar.
  local z = days + 719468
  local era = z // 146097
  local doe = z - era * 146097
  local yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
  local doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
  local mp = (5 * doy + 2) // 153
  local day, month = doy - (153 * mp + 2) // 5 + 1, mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return ("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"):format(year, month, day, rest // 3600000,
    rest // 60000 % 60, rest // 1000 % 60, rest % 1000)
end

function world.find(list, id)
  for index, record in ipairs(list) do
    if tostring(record.id) == tostring(id) then return record, index end
  end
  return nil
end

function world.next_id(w, kind)
  w.last[kind] = w.last[kind] + 1
  return w.last[kind]
end

-- Each change of a record has a number of its own, so two within a moment are told apart.
local function stamp(w, record, by)
  record.version = (record.version or 0) + 1
  local at = world.utc(w.at_ms // w.settings.resolution * w.settings.resolution)
  if w.settings.resolution >= 1000 then at = at:gsub("%.%d+Z$", "Z") end
  record.updated_at, record.updated_by = at, by or "person"
end

-- A change that somebody may want to hear of: event = { type, record kind, record, previous, by }.
local function tell(w, kind, what, record, previous, by)
  w.change = w.change + 1
  local event = { number = w.change, kind = kind, what = what, id = record.id, by = by or "person",
    at = w.now, at_ms = w.at_ms, record = record, previous = previous }
  local hook = w.settings.hook
  for _, request in ipairs(hook and w.request_of and w.request_of(w, event, hook) or {}) do
    local entry = { number = #w.events + 1, type = request.type, about = tostring(record.id),
      at = w.now, state = "under way", tries = 0 }
    w.events[#w.events + 1] = entry
    request.number = entry.number
    w.outgoing[#w.outgoing + 1] = request
  end
end

function world.add(w, kind, given, by)
  local record = kit.copy(given)
  for name, value in pairs(record) do
    if kit.is_null(value) then record[name] = nil end
  end
  while record.id == nil do
    local number = world.next_id(w, kind)
    local id = w.id_of and w.id_of(kind, number) or number
    if not world.find(w[kind], id) then record.id = id end
  end
  record.created_at = record.created_at or world.utc(w.at_ms)
  stamp(w, record, by)
  local list = w[kind]
  list[#list + 1] = record
  return record
end

function world.create(w, kind, given, by)
  local record = world.add(w, kind, given, by)
  tell(w, kind, "created", record, nil, by)
  return record
end

local function same(a, b)
  if type(a) == "table" and type(b) == "table" then
    for key, value in pairs(a) do if not same(value, b[key]) then return false end end
    for key in pairs(b) do if a[key] == nil then return false end end
    return true
  end
  if kit.is_null(a) and kit.is_null(b) then return true end
  return rawequal(a, b) or (type(a) == type(b) and a == b)
end

-- What an organization was before a change and after it, for CRMs that show a history of fields:
-- { at_ms, by, before, after }, the newest last.
local function remember(w, kind, record, before, by)
  if kind ~= "organizations" then return end
  local id = tostring(record.id)
  local list = w.history[id] or {}
  w.history[id] = list
  list[#list + 1] = { at_ms = w.at_ms, by = by or "person", before = before, after = kit.copy(record) }
  if #list > HISTORY then table.remove(list, 1) end
end

-- Changes fields; what is the same already is no change, and nobody is told. Returns what was before.
function world.change(w, kind, record, fields, by)
  local previous, changed, before = {}, false, kit.copy(record)
  for name, value in pairs(fields) do
    if not same(record[name], value) then
      previous[name] = record[name] == nil and kit.null or record[name]
      record[name] = kit.copy(value)
      if kit.is_null(value) then record[name] = nil end
      changed = true
    end
  end
  if not changed then return nil end
  stamp(w, record, by)
  remember(w, kind, record, before, by)
  tell(w, kind, "updated", record, previous, by)
  return previous
end

function world.remove(w, kind, record, by)
  local _, index = world.find(w[kind], record.id)
  table.remove(w[kind], index)
  if kind == "organizations" then w.gone[tostring(record.id)] = record end
  tell(w, kind, "deleted", record, nil, by)
end

-- One organization becomes part of another: what was its is the other's.
function world.merge(w, from, into)
  for _, kind in ipairs { "deals", "contacts" } do
    for _, record in ipairs(w[kind]) do
      if record.organization_id == from.id then record.organization_id = into.id end
    end
  end
  local _, index = world.find(w.organizations, from.id)
  table.remove(w.organizations, index)
  w.gone[tostring(from.id)] = from
  from.merged_into = into.id
  tell(w, "organizations", "merged", into, { id = from.id })
end

function world.tell(w, kind, what, record, previous, by)
  tell(w, kind, what, record, previous, by)
end

-- The sum of a deal's lines, discounts taken off; what the deal's value is made of.
function world.value_of(lines)
  local total = decimal(0)
  for _, line in ipairs(lines or {}) do
    local left = decimal(100) - decimal(line.discount_percent or 0)
    total = total + (decimal(line.quantity) * decimal(line.unit_price) * left / decimal(100)):round(2)
  end
  return total
end

-- A file that came as a form, at a deal; nil and what is wrong.
function world.add_file(w, request, body, id)
  local parts = mime.form(request, body)
  local file = parts and parts.file
  if not file then return nil, "the form has no part file" end
  local deal = world.find(w.deals, id or (parts.deal_id and parts.deal_id.body) or "")
  if not deal then return nil, "there is no such deal" end
  deal.files = deal.files or kit.array()
  local saved = { id = deal.id .. "-" .. #deal.files + 1, size = #file.body,
    name = file.headers:match('filename="([^"]*)"') }
  deal.files[#deal.files + 1] = saved
  return saved
end

-- What an event that went out came to: { number, status, problem, tries, final }.
function world.delivered(w, answer)
  local entry = w.events[answer.number]
  if not entry then return end
  entry.status, entry.problem, entry.tries = answer.status, answer.problem, answer.tries
  local taken = answer.status and answer.status >= 200 and answer.status < 300
  entry.state = taken and "taken" or answer.final and "given up" or "under way"
end

-- Signs as outside-systems 3.4 says; the time is that of the change.
function world.signed(w, hook, body, id)
  local at = tostring(w.at_ms // 1000)
  return { url = hook, body = body, headers = { ["content-type"] = "application/json",
    ["x-event-id"] = id, ["x-timestamp"] = at, ["x-signature-256"] = "sha256="
      .. crypto.hmac_sha256(w.settings.secret, at .. "." .. body) } }
end

function world.encode(value)
  return json.encode(value)
end

function world.state(w)
  return { organizations = kit.copy(w.organizations), contacts = kit.copy(w.contacts),
    deals = kit.copy(w.deals), products = kit.copy(w.products),
    notifications = kit.copy(w.notifications), payment_statuses = kit.copy(w.statuses),
    events = kit.copy(w.events), requests = w.ledger.list, request_count = w.ledger.total }
end

local SEEDS = { "organizations", "contacts", "products", "deals", "notifications" }

-- Fixtures: { settings, organizations, contacts, products, deals, notifications }; nobody is told.
function world.seed(w, given)
  local known = kit.set(SEEDS)
  for name in pairs(given) do
    if name ~= "settings" and not known[name] then
      error(("the CRM sandbox cannot be seeded with '%s'"):format(tostring(name)), 0)
    end
  end
  if not kit.is_null(given.settings) then world.apply(w, given.settings) end
  for _, kind in ipairs(SEEDS) do
    for _, record in ipairs(given[kind] or {}) do world.add(w, kind, record) end
  end
end

-- What a person finds there at first: two customers, what is sold, two deals under way.
function world.sample(w)
  local function organization(name, business_id, street, code, city, email, phone, more)
    local record = { name = name, business_id = business_id, email = email, phone = phone,
      address = { street = street, postal_code = code, city = city, country = "FI" } }
    for key, value in pairs(more or {}) do record[key] = value end
    return world.add(w, "organizations", record)
  end
  local first = organization("Testiasiakas Oy", "1234567-1", "Mannerheimintie 12 B 34", "00100",
    "Helsinki", "laskut@testiasiakas.example", "+358 9 1234567",
    { einvoice = { address = "003712345671", operator = "003721291126" } })
  local second = organization("Revontuli Matkailu Oy", "2012345-4", "Rovakatu 4", "96200",
    "Rovaniemi", "talous@revontuli.example", "+358 16 555 010")
  local aino = world.add(w, "contacts", { name = "Aino Esimerkki", organization_id = first.id,
    email = "aino@testiasiakas.example", phone = "+358401234567" })
  local olli = world.add(w, "contacts", { name = "Olli Oletettu", organization_id = second.id,
    email = "olli@revontuli.example", phone = "+358409876543" })
  local consulting = { product_code = "KONS", name = "Konsultointi", unit = "h",
    unit_price = decimal "149.00", vat_percent = decimal "25.5" }
  local license = { product_code = "LIS", name = "Lisenssi", unit = "kpl",
    unit_price = decimal "33.3350", vat_percent = decimal "25.5" }
  for _, product in ipairs { consulting, license } do
    world.add(w, "products", { code = product.product_code, name = product.name, unit = product.unit,
      unit_price = product.unit_price, vat_percent = product.vat_percent, active = true })
  end
  local function line(product, quantity, discount)
    local copy = kit.copy(product)
    copy.quantity, copy.discount_percent = quantity, discount or 0
    return copy
  end
  local function open_deal(title, customer, person, lines, more)
    local record = { title = title, status = "open", currency = "EUR", lines = kit.array(lines),
      organization_id = customer.id, person_id = person.id, payment_term_days = 14,
      owner = { name = "Mira Myyjä", email = "mira@yritys.example" } }
    for key, value in pairs(more or {}) do record[key] = value end
    record.value = world.value_of(lines)
    return world.add(w, "deals", record)
  end
  open_deal("Verkkosivusto", first, aino, { line(consulting, 12), line(license, 3, 10) },
    { project_reference = "P-2026-07" })
  open_deal("Varausjärjestelmä", second, olli, { line(consulting, 40) },
    { payment_term_days = 30, project_reference = "P-2026-08" })
end

return world
