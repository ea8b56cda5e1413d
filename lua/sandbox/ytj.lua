-- The Finnish Business Information System's open data v3 (outside-systems 4.1): companies by business
-- ID, name or postal code, a hundred a page; postal codes; code lists. Its limit is shared by all users.

local ids = require "ids"
local kit = require "sandbox.kit"
local names = require "names"
local page = require "sandbox.page"
local samples = require "sandbox.ytj.samples"

local sandbox = {}

local w

local PAGE = 100
local MINUTE_MS = 60000

local SWITCHES = {
  rate_limit = 300,   -- requests a minute of all users, then 429; 0: no limit
  retry_after = false, -- seconds for Retry-After of a 429; the real one sends none
  others = 0,         -- requests that other users made in each minute
  strict_ids = false, -- 400 for a business ID that is not well formed, and not an empty list
  down = false,       -- 503 to everything
}

local function apply(settings)
  for name, value in pairs(settings or {}) do
    if SWITCHES[name] == nil then
      error(("the ytj sandbox has no setting '%s'"):format(tostring(name)), 0)
    end
    w.settings[name] = kit.is_null(value) and false or value
  end
end

local function problem(request, status, words)
  return kit.json(status, { timestamp = request.now, message = words, errorcode = status })
end

local function too_many(request)
  local limit = w.settings.rate_limit
  if not limit or limit <= 0 then return false end
  local kept = {}
  for _, at in ipairs(w.window) do
    if request.at_ms - at < MINUTE_MS then kept[#kept + 1] = at end
  end
  w.window = kept
  if #kept + (w.settings.others or 0) >= limit then return true end
  kept[#kept + 1] = request.at_ms
  return false
end

local function name_matches(company, text)
  local wanted = names.fold(text)
  for _, entry in ipairs(company.names) do
    if names.fold(entry.name):find(wanted, 1, true) then return true end
  end
  return false
end

local function post_code_matches(company, code)
  for _, entry in ipairs(company.addresses or {}) do
    if entry.postCode == code then return true end
  end
  return false
end

local function town_matches(company, town)
  town = names.fold(town)
  for _, entry in ipairs(company.addresses or {}) do
    for _, office in ipairs(entry.postOffices or {}) do
      if names.fold(office.city) == town then return true end
    end
  end
  return false
end

local FILTERS = {
  businessId = function(company, value) return company.businessId.value == value end,
  name = name_matches, postCode = post_code_matches, location = town_matches,
}

local function companies(request)
  local id = kit.query(request, "businessId")
  if id and w.settings.strict_ids and not id:find("^%d%d%d%d%d%d%d%-%d$") then
    return problem(request, 400, "Invalid business id")
  end
  local number = math.tointeger(tonumber(kit.query(request, "page") or 1))
  if not number or number < 1 then return problem(request, 400, "Invalid page") end
  -- Unknown parameters are ignored, those that are not built here too.
  local found = {}
  for _, company in ipairs(w.companies) do
    local fits = true
    for name, matches in pairs(FILTERS) do
      local value = kit.query(request, name)
      fits = fits and (not value or matches(company, value))
    end
    if fits then found[#found + 1] = company end
  end
  local list = kit.array()
  for i = (number - 1) * PAGE + 1, math.min(number * PAGE, #found) do list[#list + 1] = found[i] end
  return kit.json(200, { totalResults = #found, companies = list })
end

local function post_codes(request)
  local language = kit.query(request, "lang") == "sv" and "2" or "1"
  local list = kit.array()
  for _, entry in ipairs(samples.POST_CODES) do
    list[#list + 1] = { postCode = entry[1], city = language == "2" and entry[3] or entry[2],
      active = true, languageCode = language, municipalityCode = entry[4] }
  end
  return kit.json(200, list)
end

local function description(request)
  local code = kit.query(request, "code")
  local list = samples.DESCRIPTIONS[code or ""]
  if not list then return problem(request, 400, "Unknown code") end
  local language = kit.query(request, "lang") or "fi"
  local lines = {}
  for i, entry in ipairs(list) do
    lines[i] = entry.type .. "\t" .. (entry[language] or entry.fi) .. "\n"
  end
  return kit.text(200, table.concat(lines))
end

local PATHS = { ["/companies"] = companies, ["/post_codes"] = post_codes,
  ["/description"] = description }

local function answer(request)
  local path = request.path:gsub("^/opendata%-ytj%-api/v3", ""):gsub("/$", "")
  local serve = PATHS[path]
  if not serve then return problem(request, 404, "Not found") end
  if request.method ~= "GET" then return problem(request, 405, "Method not allowed") end
  if w.settings.down then return problem(request, 503, "Service unavailable") end
  if too_many(request) then
    local after = w.settings.retry_after
    return kit.text(429, "Too many requests", after and { ["retry-after"] = tostring(after) } or nil)
  end
  return serve(request)
end

local STATES = { { "active", "active" }, { "ceased", "ceased today" }, { "KONK", "bankrupt" },
  { "SELTILA", "in liquidation" }, { "SANE", "in restructuring" } }

local function state_of(company)
  if company.endDate then return page.badge("ceased " .. company.endDate, "bad") end
  local situation = company.companySituations[1]
  for _, state in ipairs(STATES) do
    if situation and state[1] == situation.type then
      return page.badge(("%s (%s)"):format(state[2], state[1]), "warn")
    end
  end
  return page.badge "active"
end

-- The town in Finnish, in whatever order the names came.
local function town_of(place)
  local offices = place.postOffices or {}
  for _, office in ipairs(offices) do
    if office.languageCode == "1" then return office.city end
  end
  return (offices[1] or {}).city or ""
end

local function draw()
  local rows = {}
  for i = 1, math.min(#w.companies, 200) do
    local company = w.companies[i]
    local place = (company.addresses or {})[1]
    local address = place and page.escape(("%s %s, %s %s"):format(place.street or "",
      place.buildingNumber or "", place.postCode or "", town_of(place))) or ""
    rows[i] = { ('<a class="one" href="opendata-ytj-api/v3/companies?businessId=%s">%s</a>'):format(
      page.escape(company.businessId.value), page.escape(company.businessId.value)),
      ('%s<span class="phone soft">%s</span>'):format(page.escape(company.names[1].name), address),
      address, state_of(company) }
  end
  local said = w.said
  w.said = nil
  return page.whole("YTJ sandbox", "companies by business ID, open data v3", page.nav {
    { "companies", "Companies", #w.companies }, { "requests", "Requests", w.ledger.total },
  } .. page.said(said) .. page.section("companies", "Companies", #w.companies,
      page.table({ { "Business ID" }, { "Name" }, { "Address", "wide" }, { "State" } }, rows))
    .. '<article><div class="head"><strong>Register a company, or change one</strong></div><div>'
    .. page.form("do/register", {}, { { "business_id", "Business ID", "" }, { "name", "Name", "" },
      { "state", "State", "active", STATES } }, "Register") .. "</div></article>\n"
    .. page.last_requests(w.ledger))
end

-- One company from a few plain fields, or an entry in the register's own shape (businessId a table).
local function add(given)
  local company = type(given.businessId) == "table" and kit.copy(given) or samples.company(given)
  if not ids.business_id(company.businessId.value) then
    error(("the ytj sandbox: %q is no business ID"):format(tostring(company.businessId.value)), 0)
  end
  for i, known in ipairs(w.companies) do
    if known.businessId.value == company.businessId.value then
      w.companies[i] = company
      return
    end
  end
  w.companies[#w.companies + 1] = company
end

-- What a person does on the page. A company of the same business ID is replaced.
local function register(form, today)
  local name = form.name or ""
  if not ids.business_id(form.business_id or "") then
    return ("%q is no business ID"):format(form.business_id or "")
  elseif name == "" then
    return "the name is missing"
  end
  add { business_id = form.business_id, name = name, ended = form.state == "ceased" and today or nil,
    situation = form.state:find("^%u+$") and form.state or nil, since_situation = today }
  return ("%s (%s) is in the register"):format(name, form.business_id)
end

function sandbox.load(options)
  w = { companies = kit.array(), ledger = kit.ledger(), window = {}, settings = kit.copy(SWITCHES) }
  for _, given in ipairs(samples.COMPANIES) do add(given) end
  kit.begin(sandbox, options, "ytj", apply)
  return { title = "YTJ", kind = "ytj", path = "/opendata-ytj-api/v3" }
end

function sandbox.handle(request, body)
  if request.method == "POST" and request.path == "/do/register" then
    w.said = register(kit.form(body), request.now:sub(1, 10))
    return kit.text(303, "", { location = "../" })
  end
  return kit.handle(w.ledger, request, body, draw, answer)
end

function sandbox.state()
  return { companies = w.companies, requests = w.ledger.list, request_count = w.ledger.total }
end

-- Fixtures: { settings = {...}, companies = {...}, empty = true: none but these }.
function sandbox.seed(given)
  kit.seeds(given, "ytj", "settings", "companies", "empty")
  apply(given.settings)
  if given.empty == true then w.companies = kit.array() end
  for _, company in ipairs(given.companies or {}) do add(company) end
  return {}
end

return sandbox
