--[[
Requests to Procountor: its answers checked, its error bodies read, its paging followed.

  local client = client_module.new(connection)
  client.get(path, query, headers, accept)   -> the decoded body (a table), status
  client.ask(path, anew)  -> the decoded body; nil where it cannot be had soon: what is good to know
                                                and can be done without. An answer counts for ten
                                                minutes; anew: this one does not, what comes now does
  client.forbidden(path, query)   -> true if it may not be read (403). That it may counts for ten minutes
  client.list(path, query, headers)          -> all results of all pages
  client.post(path, body, find, what, looked)  -> the saved object (a table), true if it was adopted:
                                                it is looked for with find before it is sent at all;
                                                looked: the first step of a look that was just made
                                                what: in words, for people; searches show it by then
  client.put(path, body, find, what)         -> the saved object; nil if body.version is old
  client.upload(path, meta, file, find, what)  -> the saved object, true if it was adopted: a form of
                                                the parts meta (a table) and file (a handle)

Sources: outside-systems 1.3 to 1.5.
]]

local http = require "http"
local http_error = require "http_error"
local given = require "given"
local log = require "log"
local time = require "time"

local client = {}

local PAGE = 200      -- the most that Procountor gives at once
local PAGES_MAX = 500 -- a search that is longer asks for a narrower one

local HINTS = {
  [400] = "Correct the value where it comes from, then retry.",
  [401] = "Check the client id, client secret and API key of the connection.",
  [403] = "Either the API user lacks a right (give it in Procountor's Management, Users and "
    .. "privileges: All rights for Edit personal info, New sales invoice/Group invoice, Customer "
    .. "register and Product register, and Sales invoice search; for a dimension those to dimensions "
    .. "and ledger receipts), or API clients are not allowed (Company info, Usage settings: Allow the "
    .. "usage of invoiceable API clients), or the period is closed. Then retry.",
  [404] = "It does not exist in this Procountor company, or the connection's address is wrong.",
}

-- What the documented codes of its messages mean for whoever reads them (outside-systems 1.5).
local CODES = {
  CLOSED_FISCAL_PERIOD = "The date is in a closed fiscal year or tracking period: open the period "
    .. "in Procountor, then retry.",
  DUE_DATE_BEFORE_BILL_DATE = "The due date is before the invoice's date: correct the payment term.",
  ERROR_BRN_CODE = "The business ID is missing or malformed: correct it where it comes from.",
  INVALID_OVT = "The e-invoice address (OVT) is not valid: correct it.",
  UNABLE_TO_GET_CONNECTION = "Procountor is under load: retry in a while.",
  OVT_NOT_ALLOWED = "E-invoice addresses (OVT) are for Finnish companies: leave it out.",
}

local function explain(status, body)
  local message, field = http_error.words(body)
  local hint = HINTS[status]
  for code, words in pairs(CODES) do
    if message and message:find(code, 1, true) then hint = words end
  end
  return message, field, hint
end

-- What Procountor answers now and then under load; the same request succeeds a moment later.
local BUSY = "UNABLE_TO_GET_CONNECTION"
local BUSY_TRIES, BUSY_WAIT = 4, 2
-- Seconds: an invoice does not wait longer for what it can do without; and how long an answer counts.
local ASK_DEADLINE, ASK_KEEP = 20, 600
-- Seconds: how long a search may lag behind what was saved, unless the connection's settle says so,
-- and the first pause between two looks.
local SETTLE, LAG_FIRST = 120, 0.25

local function is_object(response)
  if type(response.body) == "table" then return true end
  return nil, "Procountor's answer holds no JSON object"
end

local function is_saved(response)
  if type(response.body) == "table" and given(response.body.id) then return true end
  return nil, "Procountor's answer holds no saved record (no id)"
end

local methods = {}

function methods:get(path, query, headers, accept)
  for try = 1, BUSY_TRIES do
    local response, problem = http.try(http.get, self.name, path, { query = query,
      headers = headers, accept = accept, explain = explain, check = is_object })
    if response then return response.body, response.status end
    if try == BUSY_TRIES or not tostring(problem):find(BUSY, 1, true) then error(problem, 0) end
    time.sleep(BUSY_WAIT)
  end
end

function methods:ask(path, anew)
  local response = http.try(http.get, self.name, path, {
    keep = ASK_KEEP, anew = anew, lost = "drop", deadline = ASK_DEADLINE, explain = explain,
    check = is_object })
  return response and response.body or nil
end

function methods:forbidden(path, query)
  local response, problem = http.try(http.get, self.name, path, { query = query, keep = ASK_KEEP,
    lost = "drop", deadline = ASK_DEADLINE, explain = explain })
  return not response and problem.status == 403
end

-- Pages by previousId, which no record that is added meanwhile can shift (as `page` can).
function methods:list(path, query, headers)
  local all, seen = {}, {}
  query.size, query.orderById = PAGE, "ASC"
  for _ = 1, PAGES_MAX do
    local body = self:get(path, query, headers)
    local results = given(body.results) or given(body.products) or {}
    local fresh = 0
    for _, item in ipairs(results) do
      if item.id == nil or not seen[item.id] then
        if item.id ~= nil then seen[item.id] = true end
        all[#all + 1] = item
        fresh = fresh + 1
      end
    end
    -- The server may give smaller pages than were asked for, and says so.
    local size = type(body.meta) == "table" and math.type(body.meta.pageSize) == "integer"
      and body.meta.pageSize or PAGE
    local last = results[#results]
    if #results < size or #results == 0 or fresh == 0 or last.id == nil then return all end
    query.previousId = last.id
  end
  error(http_error.new { class = "permanent", connection = self.name, method = "GET", path = path,
    words = ("the search gives more than %d records"):format(#all),
    hint = "Make the search narrower." }, 0)
end

-- Waits until a search shows what was just made: before that another run that looks would make it
-- again. Callers hold their lock meanwhile. Gives up when an index cannot lag any further, and when
-- the search cannot be asked: what was made is known by its id all the same.
local function await_shown(self, path, find)
  local left, pause = self.settings.settle or SETTLE, LAG_FIRST
  while true do
    local ok, record = pcall(find)
    if ok and record or left <= 0 then return end
    if not ok and not http_error.is(record) then error(record, 0) end
    if not ok then
      log.warn("what was just saved at %s could not be searched for: %s", path, tostring(record))
      return
    end
    pause = math.min(pause, left)
    time.sleep(pause)
    left, pause = left - pause, pause * 2
  end
end

function methods:post(path, body, find, what, looked)
  local response = http.write(self.name, "POST", path, { json = body, find = find, what = what,
    look_first = true, looked = looked, explain = explain, check = is_saved })
  if not response.adopted and not response.dry then await_shown(self, path, find) end
  return response.body, response.adopted or false
end

-- The saved object; or nil if the version is not the newest any more, and nothing was done.
function methods:put(path, body, find, what)
  local response, problem = http.try(http.write, self.name, "PUT", path, { json = body, find = find,
    what = what, explain = explain, check = is_saved })
  if response then return response.body end
  if problem.status == 400 and problem.field == "version" then return nil end
  error(problem, 0)
end

function methods:upload(path, meta, file, find, what)
  local response = http.write(self.name, "POST", path, { find = find, what = what, look_first = true,
    explain = explain, check = is_saved, parts = { { name = "meta", json = meta },
      { name = "file", file = file, filename = meta.name } } })
  return response.body, response.adopted or false
end

function client.new(connection)
  return setmetatable({ name = connection.name, settings = connection.settings },
    { __index = methods })
end

return client
