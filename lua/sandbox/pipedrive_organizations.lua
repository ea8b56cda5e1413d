-- Organizations in Pipedrive's API v2, as its own client describes it: the company's own fields apart,
-- an address with parts that Pipedrive makes of the text by itself, lists of what was changed, strict
-- about what it takes; and the changelog, which v1 alone has. Routes for sandbox/pipedrive.lua.

local kit = require "sandbox.kit"
local world = require "sandbox.crm.world"

local COUNTRIES = { FI = "Finland", SE = "Sweden", NO = "Norway", EE = "Estonia", AX = "Åland Islands" }
local CODES = {}
for code, name in pairs(COUNTRIES) do CODES[name] = code end

local PARTS = kit.set { "value", "country", "admin_area_level_1", "admin_area_level_2", "locality",
  "sublocality", "route", "street_number", "postal_code" }
local KNOWN = kit.set { "name", "owner_id", "add_time", "update_time", "visible_to", "label_ids",
  "address", "custom_fields" }
local PAGE, PAGE_MAX, TERM_MIN = 100, 500, 2

local function null(value)
  if value == nil then return kit.null end
  return value
end

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

return function(keys, refuse, success, writers)
  -- The company's own fields that are part of a record, as the record has them.
  local own = { [keys.business_id] = { "business_id" }, [keys.phone] = { "phone" },
    [keys.invoice_email] = { "email" }, [keys.einvoice_address] = { "einvoice", "address" },
    [keys.einvoice_operator] = { "einvoice", "operator" } }

  local function value_of(record, path)
    local value = record
    for _, name in ipairs(path) do
      value = kit.is_object(value) and value[name] or nil
    end
    return value
  end

  local function time_of(text)
    return text and text:sub(1, 19) .. "Z" or kit.null
  end

  local function shown(record, is_deleted)
    local custom = {}
    for key, path in pairs(own) do custom[key] = null(value_of(record, path)) end
    return { id = record.id, name = null(record.name), owner_id = world.USER.id,
      address = address_shown(record.address), add_time = time_of(record.created_at),
      update_time = time_of(record.updated_at), is_deleted = is_deleted or false, visible_to = 3,
      label_ids = kit.array(), custom_fields = custom }
  end

  -- ---- reading ----

  local function get_one(w, _, _, id)
    local record = world.find(w.organizations, id)
    if record then return success(shown(record)) end
    if w.gone[id] then return success(shown(w.gone[id], true)) end
    return refuse(404, "Organization not found")
  end

  local function wanted(request)
    local since, ids = kit.query(request, "updated_since"), kit.query(request, "ids")
    local among = ids and {}
    for id in (ids or ""):gmatch("[^,]+") do among[id] = true end
    return function(record)
      if among and not among[tostring(record.id)] then return false end
      return not since or record.updated_at:sub(1, 19) >= since:sub(1, 19)
    end
  end

  local function get_list(w, request)
    local limit = math.tointeger(tonumber(kit.query(request, "limit") or PAGE)) or 0
    if limit < 1 or limit > PAGE_MAX then return refuse(400, "limit is 1 to 500") end
    local first = math.tointeger(tonumber(kit.query(request, "cursor") or "0")) or 0
    local fits, all, page = wanted(request), {}, kit.array()
    for _, record in ipairs(w.organizations) do
      if fits(record) then all[#all + 1] = record end
    end
    if kit.query(request, "sort_by") == "update_time" then
      table.sort(all, function(a, b)
        if a.updated_at ~= b.updated_at then return a.updated_at < b.updated_at end
        return tostring(a.id) < tostring(b.id)
      end)
    end
    for i = first + 1, math.min(first + limit, #all) do page[#page + 1] = shown(all[i]) end
    return success(page, { additional_data = { next_cursor = first + limit < #all
      and tostring(first + limit) or kit.null } })
  end

  local function get_search(w, request)
    local term = (kit.query(request, "term") or ""):lower()
    if #term < TERM_MIN then return refuse(400, "term has at least two characters") end
    local exact, items = kit.query(request, "exact_match") == "true", kit.array()
    local in_custom = kit.query(request, "fields") == "custom_fields"
    for _, record in ipairs(w.organizations) do
      local texts = in_custom and {} or { record.name }
      for _, path in pairs(in_custom and own or {}) do texts[#texts + 1] = value_of(record, path) end
      for _, text in ipairs(texts) do
        text = tostring(text):lower()
        if text == term or not exact and text:find(term, 1, true) then
          items[#items + 1] = { result_score = 1, item = { id = record.id, type = "organization",
            name = record.name } }
          break
        end
      end
    end
    return success({ items = items }, { additional_data = { next_cursor = kit.null } })
  end

  -- ---- writing ----

  local function text_or_null(value)
    return kit.is_null(value) or type(value) == "string"
  end

  -- Fields of a body; nil and what is wrong with it.
  local function fields_of(body, record)
    local fields = {}
    for name in pairs(body) do
      if not KNOWN[name] then return nil, "Parameter '" .. name .. "' is not allowed" end
    end
    if body.name ~= nil then
      if type(body.name) ~= "string" or body.name == "" then return nil, "name is a text" end
      fields.name = body.name
    end
    if kit.is_object(body.address) then
      for name, value in pairs(body.address) do
        if not PARTS[name] or not text_or_null(value) then return nil, "address." .. name end
      end
      if type(body.address.value) ~= "string" then return nil, "address.value is a text" end
      fields.address = address_of(body.address.value)
    elseif body.address ~= nil and not kit.is_null(body.address) then
      return nil, "address is an object"
    end
    local einvoice = kit.is_object(record.einvoice) and kit.copy(record.einvoice) or {}
    for key, value in pairs(kit.is_object(body.custom_fields) and body.custom_fields or {}) do
      local path = own[key]
      if not path then return nil, "custom_fields: there is no field " .. key end
      if not text_or_null(value) then return nil, "custom_fields." .. key .. " is a text" end
      if path[2] then
        einvoice[path[2]] = not kit.is_null(value) and value or nil
        fields.einvoice = einvoice
      else
        fields[path[1]] = value
      end
    end
    return fields
  end

  local post, patch = writers("organizations", "Organization", fields_of, shown)

  -- ---- history ----

  local function texts_of(record)
    local texts = { name = record.name, address = address_text(record.address or {}) }
    for key, path in pairs(own) do texts[key] = value_of(record, path) end
    return texts
  end

  local function changelog(w, request, _, id)
    local limit = math.tointeger(tonumber(kit.query(request, "limit") or PAGE)) or PAGE
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
    return success(entries, { additional_data = { next_cursor = kit.null } })
  end

  return {
    { "GET", "/api/v2/organizations", get_list },
    { "POST", "/api/v2/organizations", post },
    { "GET", "/api/v2/organizations/search", get_search },
    { "GET", "/api/v2/organizations/{id}", get_one },
    { "PATCH", "/api/v2/organizations/{id}", patch },
    { "GET", "/api/v1/organizations/{id}/changelog", changelog },
  }
end
