-- Companies in HubSpot's CRM API v3: lists, a search that is behind, batches, the history of
-- properties, and one that was merged under its old id. Routes for sandbox/hubspot.lua.

local kit = require "sandbox.kit"
local world = require "sandbox.crm.world"

local BATCH, SEARCH_MOST = 100, 10000

-- Where a record has what is a property here.
local FROM_PROPERTY = { name = { "name" }, phone = { "phone" }, y_tunnus = { "business_id" },
  laskutussahkoposti = { "email" }, verkkolaskuosoite = { "einvoice", "address" },
  valittaja = { "einvoice", "operator" }, address = { "address", "street" },
  zip = { "address", "postal_code" }, city = { "address", "city" }, country = { "address", "country" } }

-- refuse(status, words); shown(request, id, properties) -> an object with those that were asked for;
-- properties_of(record, w); status = { property = name of a payment status }.
return function(refuse, shown, properties_of, status)
  -- ---- reading ----

  -- Each value that a property had, the newest first.
  local function history_of(w, record, name)
    local list, versions = w.history[tostring(record.id)] or {}, kit.array()
    local function add(value, at, by)
      versions[#versions + 1] = { value = value or "", timestamp = at,
        sourceType = by == "api" and "INTEGRATION" or "CRM_UI",
        sourceId = by == "api" and "54321" or "userId:77" }
    end
    for i = #list, 1, -1 do
      local was, is = properties_of(list[i].before, w)[name], properties_of(list[i].after, w)[name]
      if was ~= is then add(is, world.utc(list[i].at_ms), list[i].by) end
    end
    local first = list[1] and list[1].before or record
    if properties_of(first, w)[name] then add(properties_of(first, w)[name], record.created_at) end
    return versions
  end

  local function get_one(w, request, _, id)
    local record = world.find(w.organizations, id)
    local gone = w.gone[id]
    while not record and gone and gone.merged_into do
      id = tostring(gone.merged_into)
      record, gone = world.find(w.organizations, id), w.gone[id]
    end
    if not record then return refuse(404, "resource not found") end
    local answer = shown(request, record.id, properties_of(record, w))
    local names = kit.query(request, "propertiesWithHistory")
    if names then
      answer.propertiesWithHistory = {}
      for name in names:gmatch("[^,]+") do
        answer.propertiesWithHistory[name] = history_of(w, record, name)
      end
    end
    return kit.json(200, answer)
  end

  local function page_of(list, after, limit, draw)
    local results = kit.array()
    for i = after + 1, math.min(after + limit, #list) do results[#results + 1] = draw(list[i]) end
    local more = after + limit < #list
    return results, more and { next = { after = tostring(after + limit) } } or nil
  end

  local function get_list(w, request)
    local limit = math.tointeger(tonumber(kit.query(request, "limit") or "10")) or 10
    local after = math.tointeger(tonumber(kit.query(request, "after") or "0")) or 0
    if limit > 100 then return refuse(400, "limit is 100 at most") end
    local results, paging = page_of(w.organizations, after, limit, function(record)
      return shown(request, record.id, properties_of(record, w))
    end)
    return kit.json(200, { results = results, paging = paging })
  end

  local function read_batch(w, request, body)
    local results = kit.array()
    if #(body.inputs or {}) > BATCH then return refuse(400, "at most 100 inputs") end
    request.query.properties = table.concat(body.properties or {}, ",")
    for _, input in ipairs(body.inputs or {}) do
      local record = world.find(w.organizations, tostring(input.id))
      if record then results[#results + 1] = shown(request, record.id, properties_of(record, w)) end
    end
    return kit.json(200, { status = "COMPLETE", results = results })
  end

  -- ---- search ----

  -- A record as the search knows it, which is behind by search_lag; nil if it knows of none.
  local function indexed(w, record)
    local lag = w.settings.search_lag
    if lag == 0 then return record end
    local cutoff = w.at_ms - lag
    if record.created_at > world.utc(cutoff) then return nil end
    for _, change in ipairs(w.history[tostring(record.id)] or {}) do
      if change.at_ms > cutoff then return change.before end
    end
    return record
  end

  -- As a number, if both are numbers or times.
  local function at_least(value, wanted)
    local at = math.tointeger(tonumber(wanted))
    if at and value:find("^%d%d%d%d%-%d%d%-%d%dT") then return value >= world.utc(at) end
    return false
  end

  local function fits(properties, group)
    for _, filter in ipairs(group.filters or {}) do
      local value, found = properties[filter.propertyName], false
      if filter.operator == "GTE" then
        found = not kit.is_null(value) and at_least(tostring(value), filter.value)
      else
        for _, wanted in ipairs(filter.operator == "IN" and filter.values or { filter.value }) do
          found = found or not kit.is_null(value)
            and tostring(value):lower() == tostring(wanted):lower()
        end
      end
      if not found then return false end
    end
    return true
  end

  local function search(w, request, body)
    local limit = math.tointeger(tonumber(body.limit or 10)) or 10
    local after = math.tointeger(tonumber(not kit.is_null(body.after) and body.after or 0)) or 0
    if limit > 200 or after + limit > SEARCH_MOST then
      return refuse(400, "There was a problem with the request: paging is limited to 10000 results")
    end
    request.query.properties = table.concat(body.properties or {}, ",")
    local all = {}
    for _, record in ipairs(w.organizations) do
      local known, found = indexed(w, record), false
      local properties = known and properties_of(known, w)
      for _, group in ipairs(known and body.filterGroups or {}) do
        found = found or fits(properties, group)
      end
      if found then all[#all + 1] = { id = record.id, properties = properties } end
    end
    local sort = (body.sorts or {})[1]
    if sort then
      table.sort(all, function(a, b)
        local x, y = a.properties[sort.propertyName] or "", b.properties[sort.propertyName] or ""
        if x ~= y then return x < y end
        return tostring(a.id) < tostring(b.id)
      end)
    end
    local results, paging = page_of(all, after, limit, function(one)
      return shown(request, one.id, one.properties)
    end)
    return kit.json(200, { total = #all, results = results, paging = paging })
  end

  -- ---- writing ----

  -- Fields of a record out of properties, and of its payment status; "" takes one away.
  local function fields_of(body, record)
    local fields, told = {}, {}
    for name, value in pairs(kit.is_object(body.properties) and body.properties or {}) do
      local path = FROM_PROPERTY[name]
      if not path and not status[name] then
        return nil, ('Property values were not valid: Property "%s" does not exist'):format(name)
      end
      if type(value) ~= "string" then return nil, ("%s is no text"):format(name) end
      value = value ~= "" and value or kit.null
      if not path then
        told[status[name]] = value
      elseif path[2] then
        local inner = fields[path[1]]
          or kit.is_object(record[path[1]]) and kit.copy(record[path[1]]) or {}
        inner[path[2]] = not kit.is_null(value) and value or nil
        fields[path[1]] = inner
      else
        fields[path[1]] = value
      end
    end
    return fields, told
  end

  local function patch(w, request, body, id)
    local record = world.find(w.organizations, id)
    if not record then return refuse(404, "resource not found") end
    local fields, told = fields_of(body, record)
    if not fields then return refuse(400, told) end
    local known = w.statuses[tostring(id)] or {}
    for name, value in pairs(told) do known[name] = not kit.is_null(value) and value or nil end
    w.statuses[tostring(id)] = next(known) and known or nil
    world.change(w, "organizations", record, fields, "api")
    request.query.properties = "name,phone,y_tunnus"
    return kit.json(200, shown(request, record.id, properties_of(record, w)))
  end

  local function post(w, request, body)
    local fields, problem = fields_of(body, {})
    if not fields then return refuse(400, problem) end
    local record = world.create(w, "organizations", fields, "api")
    request.query.properties = "name"
    return kit.json(201, shown(request, record.id, properties_of(record, w)))
  end

  return {
    { "GET", "/crm/v3/objects/companies", get_list },
    { "POST", "/crm/v3/objects/companies", post },
    { "POST", "/crm/v3/objects/companies/search", search },
    { "POST", "/crm/v3/objects/companies/batch/read", read_batch },
    { "GET", "/crm/v3/objects/companies/{id}", get_one },
    { "PATCH", "/crm/v3/objects/companies/{id}", patch },
  }
end
