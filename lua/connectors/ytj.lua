--[[
The Finnish Business Information System, open data of the Finnish Patent and Registration Office
(outside-systems 4.1): companies by business ID. In a script, by the connection's name:

  ytj.company(business_id)  -> what the register knows (ytj/record.lua); nil if it is not there; nil
                               and the problem if the register cannot be asked in time
  ytj.companies(name)       -> those whose name has that in it, past names too: at most a hundred, as
                               company gives them; nil and the problem if it cannot be asked in time
  ytj.complete(wanted)      -> a new customer as the register has it: what was missing filled in, what
                               differs told (ytj/complete.lua)
  ytj.suggest(wanted)       asks a person about a new customer without a business ID whose name is
                               there (ytj/nameless.lua)
  ytj.post_codes(language)  -> { { code =, city =, municipality = }, ... }: the postal codes in use, with
                               their towns in "fi" or "sv"

  connect "ytj" { missing = "ask" }

Its settings are all optional. `missing`, `differs` and `ceased` say what comes of a business ID that
is not in the register, is another company's by name, or belongs to a company that has ceased or is
bankrupt: "warn" goes on with a warning, "ask" gives the run to a person; so does `nameless` for a
company without a business ID whose name the register has. Sole traders and some
associations are not in the open data, so a business ID that is missing there may be a good one.

The register is brought up to date once a day; an answer counts for as long (setting `keep`, hours). Its
300 requests a minute are shared by everybody who uses it, so 429 may come without own fault: it is asked
again until the step's deadline (setting deadline, two minutes), then the run goes on with a warning
(unreachable = "ask": then it needs a person).
]]

local http = require "http"
local ids = require "ids"
local given = require "given"
local record = require "connectors.ytj.record"
local complete = require "connectors.ytj.complete"
local nameless = require "connectors.ytj.nameless"

local ADDRESS = "https://avoindata.prh.fi/opendata-ytj-api/v3"
-- Seconds: an invoice does not wait for what it can do without.
local DEADLINE = 120
local KEEP_HOURS = 24
local CHOICES = { missing = "warn", differs = "ask", ceased = "ask", unreachable = "warn",
  nameless = "ask" }
local ADDRESSES = { event = true, register = true }
local LANGUAGES = { fi = true, sv = true }

local function check(settings)
  for name in pairs(CHOICES) do
    local value = settings[name]
    if value and value ~= "warn" and value ~= "ask" then
      return ('%s: it is "warn" or "ask", not "%s"'):format(name, value)
    end
  end
  if settings.address and not ADDRESSES[settings.address] then
    return ('address: it is "event" or "register", not "%s"'):format(settings.address)
  end
  if settings.keep and (settings.keep < 0 or settings.keep > 168) then
    return "keep is 0 to 168 hours"
  end
  return nil
end

-- An answer of another shape is no register's: a proxy's or a page of maintenance.
local function has_list(name)
  return function(response)
    local body = response.body
    if type(body) == "table" and (not name or type(body[name]) == "table") then return true end
    return nil, "the answer is not the register's"
  end
end

local function new(connection)
  local settings = { keep = (connection.settings.keep or KEEP_HOURS) * 3600,
    address = connection.settings.address or "event" }
  for name, default in pairs(CHOICES) do settings[name] = connection.settings[name] or default end
  local ytj = {}

  local function read(path, query, name)
    return http.get(connection.name, path, { query = query, check = has_list(name),
      keep = settings.keep, lost = "drop" }).body
  end

  function ytj.company(business_id)
    local id, reason = ids.business_id(given.text(business_id) or "")
    if not id then
      error(('"%s" is not a business ID: %s'):format(tostring(business_id),
        reason or "it is not valid"), 2)
    end
    -- There is no path for one company.
    local body, problem = http.try(read, "/companies", { businessId = id }, "companies")
    if not body then return nil, tostring(problem) end
    for _, entry in ipairs(body.companies) do
      local found = record.of(entry)
      if found and found.business_id == id then return found end
    end
    return nil
  end

  function ytj.companies(name)
    local body, problem = http.try(read, "/companies", { name = name }, "companies")
    if not body then return nil, tostring(problem) end
    local list = {}
    for _, entry in ipairs(body.companies) do list[#list + 1] = record.of(entry) end
    return list
  end

  function ytj.complete(wanted)
    return complete(ytj, settings, wanted)
  end

  function ytj.suggest(wanted)
    nameless(ytj, settings, wanted)
  end

  function ytj.post_codes(language)
    language = language or "fi"
    if not LANGUAGES[language] then error('post_codes has "fi" and "sv"', 2) end
    local list = {}
    for _, entry in ipairs(read("/post_codes", { lang = language })) do
      local code = given.text(entry.postCode)
      if code and entry.active ~= false then
        list[#list + 1] = { code = code, city = record.town(given.text(entry.city)),
          municipality = given.text(entry.municipalityCode) }
      end
    end
    return list
  end

  return ytj
end

return {
  kind = "ytj",
  settings = {
    url = { type = "address", help = "the API's address, if not PRH's own" },
    missing = { type = "string", help = 'a business ID that is not in the register: "warn" or "ask"' },
    differs = { type = "string", help = 'it is there under another name: "ask" or "warn"' },
    ceased = { type = "string", help = 'the company has ceased or is bankrupt: "ask" or "warn"' },
    unreachable = { type = "string", help = 'the register does not answer: "warn" or "ask"' },
    nameless = { type = "string", help = 'a new company without a business ID whose name is there: '
      .. '"ask" or "warn"' },
    address = { type = "string", help = 'a new customer\'s address: "event" (the register\'s where '
      .. 'the event has none) or "register"' },
    keep = { type = "number", help = "hours for which an answer counts (24)" },
  },
  url = ADDRESS,
  -- 300 a minute for all who use it; a part of that is ours.
  rate = 2, deadline = DEADLINE, check = check, new = new,
}
