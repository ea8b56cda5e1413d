-- Organizations in Pipedrive's API v2, as its own client describes it: the company's own fields apart,
-- an address with parts that Pipedrive makes of the text by itself, lists of what was changed, strict
-- about what it takes; the list of their fields; and the changelog, which v1 alone has. Routes for
-- sandbox/pipedrive.lua.

local kit = require "sandbox.kit"
local api = require "sandbox.pipedrive_api"
local world = require "sandbox.crm.world"

local COUNTRIES = { FI = "Finland", SE = "Sweden", NO = "Norway", EE = "Estonia", AX = "Åland Islands" }
local CODES = {}
for code, name in pairs(COUNTRIES) do CODES[name] = code end

local PARTS = kit.set { "value", "country", "admin_area_level_1", "admin_area_level_2", "locality",
  "sublocality", "route", "street_number", "postal_code" }
local KNOWN = kit.set { "name", "owner_id", "add_time", "update_time", "visible_to", "label_ids",
  "address", "custom_fields" }
local CHANGES = 100
local keys, null = api.KEYS, api.null

-- The company's own fields that are part of a record, as the record has them.
local OWN = { [keys.business_id] = { "business_id" }, [keys.phone] = { "phone" },
  [keys.invoice_email] = { "email" }, [keys.einvoice_address] = { "einvoice", "address" },
  [keys.einvoice_operator] = { "einvoice", "operator" } }

local MONEY = kit.set { "value", "currency" }
local FITS = {
  varchar = function(value) return type(value) == "string" and #value <= 255 end,
  text = function(value) return type(value) == "string" end,
  double = function(value) return kit.number(value) ~= nil end,
  date = function(value) return type(value) == "string" and value:find("^%d%d%d%d%-%d%d%-%d%d$") end,
  monetary = function(value)
    if not kit.is_object(value) or not kit.number(value.value) then return false end
    for name in pairs(value) do
      if not MONEY[name] then return false end
    end
    return type(value.currency) == "string"
  end,
}

-- ---- an address ----

local function address_text(address)
  local parts = {}
  local code = ((address.postal_code or "") .. " " .. (address.city or "")):match("^%s*(.-)%s*$")
  local country = address.country and (COUNTRIES[address.country] or address.country)
  if not address.street and code == "" then country = nil end
  for _, part in ipairs { address.street or "", code, country or "" } do
    if part ~= "" then parts[#parts + 1] = part end
  end
  return #parts > 0 and table.concat(parts, ", ") or nil
end

local function address_shown(address)
  local text = address_text(address or {})
  if not text then return kit.null end
  -- As a map would have it: of "12 B 34" the house is known alone.
  local route, number = (address.street or ""):match("^(.-)%s+(%d+)")
  return { value = text, route = null(route or address.street), street_number = null(number),
    postal_code = null(address.postal_code), locality = null(address.city),
    country = null(COUNTRIES[address.country] or address.country), sublocality = kit.null,
    admin_area_level_1 = kit.null, admin_area_level_2 = kit.null }
end

-- What is not understood stays as it was written.
local function address_of(text)
  local street, code, city, country = text:match("^(.-), (%d[%d ]*%d) ([^,]+),? ?(.*)$")
  if not street then return { street = text } end
  return { street = street, postal_code = code, city = city, country = CODES[country]
    or country ~= "" and country or nil }
end

local function value_of(record, path)
  local value = record
  for _, name in ipairs(path) do
    value = kit.is_object(value) and value[name] or nil
  end
  return value
end

local function status_into(custom, status)
  for key, field in pairs(api.STATUS) do
    local value = status[field[1]]
    if value ~= nil and field[2] == "monetary" then
      value = { value = value, currency = status.currency or "EUR" }
    end
    custom[key] = null(value)
  end
end

local function shown(record, w, is_deleted)
  local custom = {}
  for key, path in pairs(OWN) do custom[key] = null(value_of(record, path)) end
  status_into(custom, w.statuses[tostring(record.id)] or {})
  return { id = record.id, name = null(record.name), owner_id = world.USER.id,
    address = address_shown(record.address), add_time = api.moment(record.created_at),
    update_time = api.moment(record.updated_at), is_deleted = is_deleted or false, visible_to = 3,
    label_ids = kit.array(), custom_fields = custom }
end

-- ---- reading ----

local function get_one(w, _, _, id)
  local record = world.find(w.organizations, id)
  if record then return api.success(shown(record, w)) end
  if w.gone[id] then return api.success(shown(w.gone[id], w, true)) end
  return api.refuse(404, "Organization not found")
end

local function get_list(w, request)
  local since, among, all = kit.query(request, "updated_since"), api.ids(request), {}
  if among == nil then return api.too_many_ids() end
  for _, record in ipairs(w.organizations) do
    if (not among or among[tostring(record.id)])
      and (not since or record.updated_at:sub(1, 19) >= since:sub(1, 19)) then
      all[#all + 1] = record
    end
  end
  if kit.query(request, "sort_by") == "update_time" then
    table.sort(all, function(a, b)
      if a.updated_at ~= b.updated_at then return a.updated_at < b.updated_at end
      return tostring(a.id) < tostring(b.id)
    end)
  end
  for i, record in ipairs(all) do all[i] = shown(record, w) end
  return api.page(request, all)
end

local function get_search(w, request)
  return api.search(request, w.organizations, "organization", function(record, fields)
    if fields ~= "custom_fields" then return { record.name } end
    local texts = {}
    for _, path in pairs(OWN) do texts[#texts + 1] = value_of(record, path) end
    return texts
  end)
end

local function get_fields(_, request)
  local list = { { field_code = "name", field_name = "Name", field_type = "varchar",
    is_custom_field = false }, { field_code = "address", field_name = "Address",
    field_type = "address", is_custom_field = false } }
  local own = {}
  for key, path in pairs(OWN) do own[key] = { path[#path], "varchar" } end
  for key, field in pairs(api.STATUS) do own[key] = field end
  for key, field in pairs(own) do
    list[#list + 1] = { field_code = key, field_name = field[1], field_type = field[2],
      is_custom_field = true, options = kit.null }
  end
  table.sort(list, function(a, b) return a.field_code < b.field_code end)
  return api.page(request, list)
end

-- ---- writing ----

local function address_in(body, fields)
  if kit.is_null(body.address) then return nil end
  if not kit.is_object(body.address) then return "Parameter 'address' is an object" end
  for name, value in pairs(body.address) do
    if not PARTS[name] or not api.text_or_null(value) then
      return ("Parameter 'address.%s' is not allowed"):format(name)
    end
  end
  if type(body.address.value) ~= "string" then return "Parameter 'address.value' is a string" end
  fields.address = address_of(body.address.value)
  return nil
end

local function custom_in(body, fields, record)
  local einvoice = kit.is_object(record.einvoice) and kit.copy(record.einvoice) or {}
  for key, value in pairs(body.custom_fields or {}) do
    local path, status = OWN[key], api.STATUS[key]
    local fits = FITS[status and status[2] or "varchar"]
    if not path and not status then return "custom_fields: there is no field " .. key end
    if not kit.is_null(value) and not fits(value) then
      return ("custom_fields.%s is no %s"):format(key, status and status[2] or "varchar")
    end
    if path and path[2] then
      einvoice[path[2]] = not kit.is_null(value) and value or nil
      fields.einvoice = einvoice
    elseif path then
      fields[path[1]] = value
    end
  end
  return nil
end

-- Fields of a body; nil and what is wrong with it.
local function fields_of(body, record)
  local fields = {}
  if body.name ~= nil then
    if type(body.name) ~= "string" or body.name == "" then return nil, "Parameter 'name' is a string" end
    fields.name = body.name
  end
  local problem = api.not_allowed(body, KNOWN) or address_in(body, fields)
    or custom_in(body, fields, record)
  if problem then return nil, problem end
  return fields
end

-- How a customer stands is kept beside the record.
local function tell_status(w, body, id)
  local status = w.statuses[id] or {}
  for key, field in pairs(api.STATUS) do
    local value = (body.custom_fields or {})[key]
    if value ~= nil and kit.is_null(value) then
      status[field[1]] = nil
    elseif value ~= nil and field[2] == "monetary" then
      status[field[1]] = value.value
    elseif value ~= nil then
      status[field[1]] = value
    end
  end
  w.statuses[id] = next(status) and status or nil
end

local post, patch = api.writers("organizations", "Organization", fields_of, shown, tell_status)

-- ---- history ----

local function texts_of(record)
  local texts = { name = record.name, address = address_text(record.address or {}) }
  for key, path in pairs(OWN) do texts[key] = value_of(record, path) end
  return texts
end

local function changelog(w, request, _, id)
  local limit = math.tointeger(tonumber(kit.query(request, "limit") or CHANGES)) or CHANGES
  local entries, history = kit.array(), w.history[id] or {}
  for i = #history, 1, -1 do
    local old, new = texts_of(history[i].before), texts_of(history[i].after)
    local seen = {}
    for _, texts in ipairs { old, new } do
      for key in pairs(texts) do
        if not seen[key] and old[key] ~= new[key] and #entries < limit then
          entries[#entries + 1] = { field_key = key, old_value = null(old[key]),
            new_value = null(new[key]), actor_user_id = world.USER.id,
            time = (world.utc(history[i].at_ms):sub(1, 19):gsub("T", " ")),
            change_source = history[i].by == "api" and "api" or "app", is_bulk_update_flag = false }
        end
        seen[key] = true
      end
    end
  end
  return api.success(entries, { additional_data = { next_cursor = kit.null } })
end

return {
  { "GET", "/api/v2/organizations", get_list },
  { "POST", "/api/v2/organizations", post },
  { "GET", "/api/v2/organizations/search", get_search },
  { "GET", "/api/v2/organizations/{id}", get_one },
  { "PATCH", "/api/v2/organizations/{id}", patch },
  { "GET", "/api/v2/organizationFields", get_fields },
  { "GET", "/api/v1/organizations/{id}/changelog", changelog },
}
