-- What Pipedrive's API v1 and v2 have in common in the sandbox, as Pipedrive's documents describe it:
-- answers, pages, searches, the company's own fields, and what v1 does not serve any more.

local kit = require "sandbox.kit"
local world = require "sandbox.crm.world"

local api = {}

local PAGE, PAGE_MAX, SEARCH_MAX, IDS_MAX = 100, 500, 100, 100

-- Keys of the company's own fields, as Pipedrive makes them: 40 hex digits.
api.KEYS = {
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
api.STATUS = {
  ["57a0000000000000000000000000000000000001"] = { "last_invoice", "varchar" },
  ["57a0000000000000000000000000000000000002"] = { "last_invoice_sent", "date" },
  ["57a0000000000000000000000000000000000003"] = { "last_invoice_due", "date" },
  ["57a0000000000000000000000000000000000004"] = { "last_invoice_status", "varchar" },
  ["57a0000000000000000000000000000000000005"] = { "unpaid_total", "double" },
  ["57a0000000000000000000000000000000000006"] = { "unpaid_count", "double" },
  ["57a0000000000000000000000000000000000007"] = { "overdue_total", "monetary" },
  ["57a0000000000000000000000000000000000008"] = { "overdue_count", "double" },
  ["57a0000000000000000000000000000000000009"] = { "overdue_days", "double" },
  ["57a000000000000000000000000000000000000a"] = { "currency", "varchar" },
  ["57a000000000000000000000000000000000000b"] = { "invoices", "text" },
}

function api.refuse(status, words)
  return kit.json(status, { success = false, error = words, errorCode = status,
    error_info = "Please check developers.pipedrive.com for more information about Pipedrive API.",
    data = kit.null, additional_data = kit.null })
end

function api.success(data, more)
  local answer = { success = true, data = data == nil and kit.null or data }
  for name, value in pairs(more or {}) do answer[name] = value end
  return kit.json(200, answer)
end

function api.null(value)
  if value == nil then return kit.null end
  return value
end

-- "2026-11-20T10:02:11Z", as v2 has moments.
function api.moment(text)
  return text and text:sub(1, 19) .. "Z" or kit.null
end

-- Version 2 has the company's own fields in custom_fields.
function api.with_custom_fields(object)
  local shown, custom = {}, {}
  for name, value in pairs(object) do
    if #name == 40 then custom[name] = value else shown[name] = value end
  end
  shown.custom_fields = custom
  return shown
end

-- A row of a deal knows its product by the id alone; what the row of a fixture says of it is a product
-- there.
function api.product_of_row(deal, index)
  return deal.id * 100 + index
end

function api.text_or_null(value)
  return kit.is_null(value) or type(value) == "string"
end

-- ---- lists ----

-- A page of a list of v1.
function api.page_of_v1(request, list)
  local start = math.tointeger(tonumber(kit.query(request, "start") or "0")) or 0
  local limit = math.tointeger(tonumber(kit.query(request, "limit") or PAGE)) or PAGE
  local page = kit.array()
  for i = start + 1, math.min(start + limit, #list) do page[#page + 1] = list[i] end
  local more = start + limit < #list
  return api.success(#page > 0 and page or nil, { additional_data = { pagination = { start = start,
    limit = limit, more_items_in_collection = more, next_start = more and start + limit or nil } } })
end

-- A page of a list of v2, which goes on from a cursor. wrap(page) -> the data.
local function page_of(request, list, most, wrap)
  local first = math.tointeger(tonumber(kit.query(request, "cursor") or "0"))
  local limit = math.tointeger(tonumber(kit.query(request, "limit") or PAGE)) or 0
  if limit < 1 or limit > most then
    return api.refuse(400, ("Parameter 'limit' should be 1 to %d"):format(most))
  end
  if not first then return api.refuse(400, "Parameter 'cursor' is invalid") end
  local page = kit.array()
  for i = first + 1, math.min(first + limit, #list) do page[#page + 1] = list[i] end
  return api.success(wrap and wrap(page) or page, { additional_data = {
    next_cursor = first + limit < #list and tostring(first + limit) or kit.null } })
end

function api.page(request, list)
  return page_of(request, list, PAGE_MAX)
end

-- The ids that a list is narrowed to, as a set of texts, or false: all; nil: too many of them.
function api.ids(request)
  local ids = kit.query(request, "ids")
  if not ids then return false end
  local wanted, count = {}, 0
  for id in ids:gmatch("[^,]+") do wanted[id], count = true, count + 1 end
  return count <= IDS_MAX and wanted or nil
end

function api.too_many_ids()
  return api.refuse(400, ("Parameter 'ids' takes at most %d ids"):format(IDS_MAX))
end

-- What is searched by a term. texts_of(record, fields) -> the texts in the fields that are named.
function api.search(request, list, kind, texts_of)
  local term, exact = (kit.query(request, "term") or ""):lower(),
    kit.query(request, "exact_match") == "true"
  if #term < (exact and 1 or 2) then
    return api.refuse(400, "Parameter 'term' is at least two characters long, one with exact_match")
  end
  local found = {}
  for _, record in ipairs(list) do
    local fits = false
    for _, value in ipairs(texts_of(record, kit.query(request, "fields"))) do
      local text = tostring(value):lower()
      fits = fits or text == term or not exact and text:find(term, 1, true) ~= nil
    end
    if fits then
      found[#found + 1] = { result_score = 1, item = { id = record.id, type = kind,
        name = api.null(record.name) } }
    end
  end
  return page_of(request, found, SEARCH_MAX, function(page) return { items = page } end)
end

-- ---- writing ----

-- Routes that make one of these records, and that change one. fields_of(body, record) -> what is set, or
-- nil and why not; shown(record, w) -> as an answer has it; noun: what an error calls it; told(w, body,
-- id): what else comes of it.
function api.writers(list, noun, fields_of, shown, told)
  local function post(w, _, body)
    if type(body.name) ~= "string" then return api.refuse(400, "Parameter 'name' is required") end
    local fields, problem = fields_of(body, {})
    if not fields then return api.refuse(400, problem) end
    local record = world.create(w, list, fields, "api")
    if told then told(w, body, tostring(record.id)) end
    return api.success(shown(record, w))
  end
  local function change(w, _, body, id)
    local record = world.find(w[list], id)
    if not record then return api.refuse(404, noun .. " not found") end
    local fields, problem = fields_of(body, record)
    if not fields then return api.refuse(400, problem) end
    world.change(w, list, record, fields, "api")
    if told then told(w, body, id) end
    return api.success(shown(record, w))
  end
  return post, change
end

-- nil, or what a body of v2 has that is not taken; it is strict.
function api.not_allowed(body, known)
  for name in pairs(body) do
    if not known[name] then return ("Parameter '%s' is not allowed"):format(name) end
  end
  if body.custom_fields ~= nil and not kit.is_object(body.custom_fields) then
    return "Parameter 'custom_fields' is an object"
  end
  return nil
end

-- ---- what v1 had ----

-- Of what has a twin in v2 the twin alone is served: v1 of it is out of support, and may be gone soon.
local GONE = kit.set { "deals", "organizations", "persons", "products", "activities", "pipelines",
  "stages", "itemSearch" }
-- What v1 alone has, below these.
local STAYS = kit.set { "files", "changelog" }

function api.gone(path)
  local kind, rest = path:match("^/api/v1/(%a+)(.*)$")
  if kind and GONE[kind] and not STAYS[rest:match("([^/]*)$")] then
    return "This endpoint is not available any more, use /api/v2/" .. kind
  end
  return nil
end

return api
