-- All that one Procountor sandbox holds, and the small things every resource does with it: ids,
-- versions, answers, paging, rights, how numbers are spelled.

local decimal = require "decimal"
local kit = require "sandbox.kit"

local world = {}

function world.new(settings)
  return {
    settings = settings,
    customers = kit.array(), products = kit.array(), product_groups = kit.array(),
    partner_groups = kit.array(), invoices = kit.array(), payments = kit.array(),
    files = {}, dimensions = kit.array(), receipts = {},
    effects = kit.array(), hidden = {}, ledger = kit.ledger(), window = {}, tokens = {}, codes = {},
    token_count = 0,
    now = "2026-01-01T00:00:00", at_ms = 0,
    -- Ranges apart, so that an id used in the wrong place is found nowhere.
    last_id = { partner = 51000, contact = 71000, product = 900, product_group = 40,
      partner_group = 60, invoice = 8464000, row = 20110000, receipt = 9911000, payment = 660000,
      attachment = 30000, dimension = 0, dimension_item = 800, transaction = 7700000 },
    last_invoice_number = settings.first_invoice_number - 1,
  }
end

function world.next_id(w, kind)
  w.last_id[kind] = w.last_id[kind] + 1
  return w.last_id[kind]
end

-- Something was really done; tests count these apart from requests. key is what the record is
-- recognised by: an invoice's original number, a partner's identifier, a product's code or name.
function world.effect(w, what, id, key)
  local effect = { effect = what, id = id, key = key, at = w.now,
    request = w.entry and w.entry.number or nil }
  w.effects[#w.effects + 1] = effect
  if w.done then w.done[#w.done + 1] = { effect = what, id = id, key = key } end
end

-- A record that the request under way creates is not found by searches for a while, if the server
-- says so: an index that lags behind. Its own address shows it all the same.
function world.hide(w, record)
  if (w.hide_ms or 0) > 0 then w.hidden[record] = w.at_ms + w.hide_ms end
end

local function is_hidden(w, record)
  local until_ms = w.hidden[record]
  if until_ms and until_ms <= w.at_ms then
    w.hidden[record], until_ms = nil, nil
  end
  return until_ms ~= nil
end

function world.find(list, id)
  id = math.tointeger(tonumber(id))
  if not id then return nil end
  for index, record in ipairs(list) do
    if record.id == id then return record, index end
  end
  return nil
end

-- The resolution of a version is a second, so two changes within one look alike.
function world.touch(w, record)
  record.version = w.now
end

function world.error(status, message, field)
  return kit.json(status, { errors = kit.array { { status = status, field = field,
    message = message } } })
end

function world.errors(list)
  return kit.json(400, { errors = kit.array(list) })
end

function world.not_found()
  return world.error(404, "NOT_FOUND")
end

-- nil when the user may, else the 403. need is "read" or "write".
function world.refuse(w, right, need)
  local has = w.settings.rights[right]
  if has == "ALL_RIGHTS" or (need == "read" and has == "VIEWING_RIGHTS") then return nil end
  return function()
    return world.error(403, ("Insufficient rights: %s is %s."):format(right, tostring(has)))
  end
end

-- Marks a number whose digits are to stand in an answer as they are; no text of a client can have
-- this character (it is not in Windows-1252), and JSON writes it as it is.
local MARK = "\u{E000}"

-- A number with `places` decimals, as the service prints it, while an answer is made (world.spelled
-- takes the marks off); else the decimal itself.
function world.spell(w, value, places)
  if value == nil then return nil end
  local number = decimal(value)
  if w.answering and w.settings.number_format == "fixed" then
    return MARK .. number:text(places) .. MARK
  end
  return number
end

function world.spelled(raw)
  return (raw:gsub('"' .. MARK .. "([%d.%-]+)" .. MARK .. '"', "%1"))
end

-- The sums of an invoice as an answer has them.
function world.spell_sums(w, sums)
  local result = kit.copy(sums)
  for _, entry in ipairs(result) do
    for _, name in ipairs { "excludingVatTotal", "vatSumTotal", "invoiceSumTotal" } do
      entry[name] = world.spell(w, entry[name], 2)
    end
  end
  return result
end

local function bad_paging(name)
  return nil, { { status = 400, field = name, message = "INVALID_VALUE" } }
end

-- What a search takes as a day and a time of day, a day alone being neither (OpenAPI 26.04).
local MOMENTS = { "versionStartDate", "versionEndDate", "createdStartDate", "createdEndDate" }

local function whole(request, name, low, high)
  local given = kit.query(request, name)
  if not given then return nil, true end
  local value = math.tointeger(tonumber(given))
  if not value or value < low or value > high then return nil, false end
  return value, true
end

-- What of `list` (in order of creation) a search asks for: filter, order by id, previousId, page.
-- Returns the envelope, or nil and a list of errors.
function world.search(w, request, list, options)
  local size, size_ok = whole(request, "size", 1, 200)
  if not size_ok then return bad_paging "size" end
  local page, page_ok = whole(request, "page", 0, math.maxinteger // 256)
  if not page_ok then return bad_paging "page" end
  local previous, previous_ok = whole(request, "previousId", 0, math.maxinteger)
  if not previous_ok then return bad_paging "previousId" end
  for _, name in ipairs(MOMENTS) do
    local given = kit.query(request, name)
    if given and not given:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d") then return bad_paging(name) end
  end
  local order = kit.query(request, "orderById") or options.order or "DESC"
  if order ~= "ASC" and order ~= "DESC" then return bad_paging "orderById" end
  size, page = size or 50, options.pages ~= false and page or 0

  local hits = {}
  for _, record in ipairs(list) do
    if not is_hidden(w, record) and options.filter(record) then hits[#hits + 1] = record end
  end
  table.sort(hits, function(a, b)
    if order == "ASC" then return a.id < b.id end
    return a.id > b.id
  end)
  local total, from = #hits, page * size
  local results = {}
  for _, record in ipairs(hits) do
    local after = not previous or (order == "ASC" and record.id > previous)
      or (order == "DESC" and record.id < previous)
    if after then
      if from > 0 then
        from = from - 1
      elseif #results < size then
        results[#results + 1] = options.show(record)
      end
    end
  end
  return {
    results = kit.array(results),
    meta = { pageNumber = page, pageSize = size, resultCount = #results,
      totalCount = w.settings.total_count and total or nil },
  }
end

-- Answers a search: the envelope or the 400.
function world.answer_search(w, request, list, options)
  local found, errors = world.search(w, request, list, options)
  if not found then return world.errors(errors) end
  return kit.json(200, found)
end

-- versionStartDate and versionEndDate, as a test for a record's version.
function world.version_filter(request)
  local first, last = kit.query(request, "versionStartDate"), kit.query(request, "versionEndDate")
  return function(version)
    return (not first or version >= first) and (not last or version <= last)
  end
end

-- GET /things/1,2,3: one object for one id, else an array ordered by id, unknown ones dropped.
function world.answer_by_ids(list, ids, show)
  local wanted, count = {}, 0
  for text in ids:gmatch("[^,]+") do
    local id = math.tointeger(tonumber(text))
    if not id then return world.error(400, "INVALID_VALUE", "id") end
    count = count + 1
    wanted[id] = true
  end
  if count > 200 then return world.error(400, "Too many ids, at most 200 are allowed.", "id") end
  local found = {}
  for _, record in ipairs(list) do
    if wanted[record.id] then found[#found + 1] = show(record) end
  end
  if #found == 0 then return world.not_found() end
  if count == 1 then return kit.json(200, found[1]) end
  table.sort(found, function(a, b) return a.id < b.id end)
  return kit.json(200, kit.array(found))
end

return world
