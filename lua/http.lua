--[[
HTTP for rules and connectors. Each request is a step: recorded, and answered from the record when
the run is replayed. The host adds address, credentials and limits of the connection.

  http.get(connection, path, options)            reads
  http.each(connection, path, options)           reads a list page by page (paging.lua):
      for item in http.each("crm", "/deals", { paging = { by = "page", items = "data" } }) do
  http.search(connection, path, options)         reads by POST: json or form is the question, which
                                                 changes nothing there, so it is asked again after
                                                 every failure, and answered in a dry run
  http.write(connection, method, path, options)  writes; http.post, put, patch and delete are
                                                 http.write with their method
  http.try(fn, ...)       -> what fn returns, or nil and the error table, when the outside refused;
                             other errors go on upwards

connection is a name or a connection object. path is below the connection's address, or a whole
address of the same origin. Options (an unknown one is an error):

  query    { name = value }    added to the path; a list repeats the parameter
  headers  { name = value }
  json, form, body or parts    what is sent (writes; json and form also by a search): a value,
                               { name = value }, a text or a file, or a list of parts
                               (multipart/form-data), each
                               { name = "meta", json = {...} }, { name = "note", text = "..." } or
                               { name = "file", file = handle, filename = "a.pdf", type = "..." };
                               a text with a filename is a file too
  file     true, or the media type that is wanted ("application/pdf") (http.get only): a good answer
           is kept by the host, and answer.file is a handle, { id, size, type, name }, to be given
           to a later request of the same run. Its bytes never come to the script. Of an answer of
           several parts it is the first that is not JSON; what is JSON is answer.body
  accept   { 404, ... }        statuses from 300 up that are answers here, not errors
  timeout  seconds
  nulls    true                keep json.null in the answer's objects
  explain  function(status, body) -> message, field, hint: reads the system's own error bodies
  check    function(response) -> true, or nil and a problem: does this 2xx prove that it was done?
  keep     seconds (reads only): an answer to the very same request of this company that is not older
           counts, and nothing is asked. Answers of 200 in JSON are kept, in the host's memory
  anew     true (with keep): it is asked, whatever is kept, and what comes counts from then on
  deadline seconds within which it is tried again after failures that changed nothing
           (else the connection's, else what `sauma help serve` says of step-deadline)

  lost     "drop": this request does not matter enough to park the run: when the system cannot be
           reached until the deadline, an error is raised (http.try gives it). Of a write see below

and of a write also

  what     in words for people, what it makes: 'customer "Acme Oy"'
  find     function() -> record [, count]: looks for the effect of this write by its natural key; nil
           is "not there", an error or a web page that nobody knows
  settle   seconds that a lost request may still be under way (else the connection's, else 120)
  looks    { 300, 900, 3600 }: when it is looked for again after that, if it was not found (else the
           connection's, else these in proportion to settle = 120); {}: one look is enough
  attempts how often it is sent in all (else the connection's, else 3 with a find and 1 without)
  basis    a text, of an update: what stood there when it was decided on. In a run that begins anew
           with other data the same update counts as done only if its basis is the same as well, and
           another one is no reason to ask a person
  look_first  true: looks with find before it is sent at all, and adopts what is there already
  lost     "drop": this write does not matter enough to park the run, nor to wait long for. When its
           outcome stays unknown, answer.unknown is true; when the system cannot be reached, an
           error is raised

The answer: { status, headers (lower case), body, adopted = true if found instead of answered }.
body is decoded if it is JSON, else the text as it came.

A GET that is sent on follows within the connection's own scheme, host and port, and to the hosts of
its `redirects`, there without credentials; at most 5 times. Any other status of 300 and more raises an
error table (http_error.lua): a write is never sent on. A write has one of three outcomes:

  done       an answer below 300 that `check` does not doubt and that can be read
  not done   no byte of it left, 429 and 401 (it is tried again), or another answer of 300 to 499
  unknown    all else: a timeout, a broken connection, half an answer, 5xx, JSON that is none, a web
             page, the host's death before the answer was recorded

An unknown one waits until it cannot be under way any longer, then asks `find`: found once is as good
as answered; found more than once needs a person; not found is looked for again, and only when none
of the looks found it is it sent again, at most `attempts` times in all. A write without `find` needs
a person: nothing is ever sent twice on a guess. Waits survive a restart of the host.
]]

local host = require "host"
local json = require "json"
local url = require "url"
local file = require "file"
local given = require "given"
local http_error = require "http_error"
local http_body = require "http_body"
local http_options = require "http_options"
local http_plain = require "http_plain"
local connections = require "connections"
local current = require "current"
local ending = require "ending"
local time = require "time"
local paging = require "paging"

local http = {}

-- Each request looks these up some twenty times, and a look-up of a local costs nothing.
local type, pcall, error = type, pcall, error
local check_options, milliseconds = http_options.check, http_options.milliseconds
local NO_OPTIONS = http_options.NONE

local WITHOUT_NULLS = { nulls = false }
local METHODS = { GET = true, POST = true, PUT = true, PATCH = true, DELETE = true }

local function spec_of(connection, method, path, options, level)
  local name = connections.name(connection, level + 1)
  if not METHODS[method] and (type(method) ~= "string" or not method:find("^%u+$")) then
    error('a method is a word in capitals, such as "POST"', level + 1)
  end
  local problem = type(path) == "string" and http_options.path_problem(path)
  if problem then error(problem, level + 1) end
  if type(path) ~= "string" or not host.plain(path) then
    error("a request needs a path without spaces, such as \"/items\"", level + 1)
  end
  if options.query then
    local ok, full = pcall(url.query, path, options.query)
    if not ok then error(full, level + 1) end
    path = full
  end
  local spec = { op = "http", connection = name, method = method, path = path,
    headers = http_options.headers(options.headers, name, level + 1) }
  if options.accept then spec.accept = http_options.accept(options.accept, level + 1) end
  if options.timeout then spec.timeout_ms = milliseconds(options.timeout) end
  if options.deadline then spec.deadline_ms = milliseconds(options.deadline) end
  return spec
end

local function accepted(status, options)
  if status < 300 then return true end
  for _, item in ipairs(options.accept or {}) do
    if item == status then return true end
  end
  return false
end

local function refuse(spec, response, options)
  local message, field, hint
  if response.status < 400 then
    message, hint = http_error.redirect(spec, response)
  elseif options.explain then
    message, field, hint = options.explain(response.status, response.body)
    -- What it took from an answer may be a table where a text was expected.
    message, field, hint = given.text(message), given.text(field), given.text(hint)
  end
  if not message then message, field = http_error.words(response.body) end
  local e = { class = "permanent", status = response.status, connection = spec.connection,
    method = spec.method, path = spec.path, words = message, field = field,
    hint = hint, body = response.body }
  if field and type(options.json) == "table" then
    e.value = http_error.value_at(options.json, field)
  end
  error(http_error.new(e), 0)
end

local function fail(spec, meta)
  error(http_error.new { class = meta.class or "permanent", connection = spec.connection,
    method = spec.method, path = spec.path, words = meta.problem or "the request failed" }, 0)
end

local function gives_accept(options)
  for name in pairs(options.headers or {}) do
    if name:lower() == "accept" then return true end
  end
  return false
end

-- A page of markup where data was asked for: a proxy's, a login's, a notice of maintenance.
local function is_page(response, options)
  local kind = (response.headers["content-type"] or ""):lower()
  return kind:find("html", 1, true) and not gives_accept(options)
    and type(response.body) == "string" and response.body:find("^%s*<") ~= nil
end

-- The answer of a step as a response, or nil and why it proves nothing.
local function read_answer(meta, raw, options, write)
  local headers = meta.headers or {}
  local body, problem = host.read_body(raw, headers["content-type"], options.nulls)
  local response = { status = meta.status, headers = headers, body = body, dry = meta.dry }
  local ok = not problem
  if ok and response.status < 300 and not meta.dry then
    if options.check then
      ok, problem = options.check(response)
      problem = given.text(problem) or "the answer is not what was to be expected"
    elseif write and is_page(response, options) then
      ok, problem = false, "the answer is a web page"
    end
  end
  if ok then return response end
  return nil, problem, response
end

-- The answer that is kept as a file, as a response; or nil, and why it is not what was asked for.
local function read_file(meta, wanted, options)
  local kept = file.new(meta.file)
  local response = { status = meta.status, headers = meta.headers or {}, file = kept, body = "" }
  local problem
  if meta.text then
    local ok, value = pcall(json.decode, meta.text, not options.nulls and WITHOUT_NULLS or nil)
    if ok then response.body = value else problem = "what it says of the file is not JSON" end
  end
  local kind = kept.type:lower()
  if kept.size == 0 then
    problem = "the file is empty"
  elseif wanted ~= true and kind ~= wanted:lower() and kind ~= "application/octet-stream"
    and kind ~= "" then
    problem = ("the answer is %s, not %s"):format(kind, wanted)
  elseif wanted == true and kind:find("html", 1, true) and not gives_accept(options) then
    problem = "the answer is a web page"
  elseif options.check and not problem then
    local ok, why = options.check(response)
    if not ok then problem = given.text(why) or "the answer is not what was to be expected" end
  end
  if problem then return nil, problem, response end
  return response
end

-- The answer of a read as a response; raises what was refused or proves nothing.
local function answer_from(spec, options, wanted, meta, raw)
  if meta.failed then fail(spec, meta) end
  local response, problem, partial
  if meta.file then
    response, problem, partial = read_file(meta, wanted, options)
  else
    response, problem, partial = read_answer(meta, raw, options)
  end
  if not response then
    if partial.status >= 400 then refuse(spec, partial, options) end
    error(http_error.new { class = "permanent", status = partial.status, words = problem,
      connection = spec.connection, method = spec.method, path = spec.path }, 0)
  end
  if not accepted(response.status, options) then refuse(spec, response, options) end
  return response
end

local function answer_to(spec, options, wanted, body)
  return answer_from(spec, options, wanted, current.step(spec, body))
end

function http.get(connection, path, options)
  local plain, meta, raw, whole = http_plain.get(connection, path, options)
  if plain then return plain end
  if plain == false then
    return answer_from(spec_of(connection, "GET", whole, NO_OPTIONS, 2), NO_OPTIONS, nil, meta, raw)
  end
  options = check_options(options, http_options.READ, 2)
  local wanted = options.file or nil
  if wanted and options.keep then error("a file is not kept for other runs", 2) end
  local spec = spec_of(connection, "GET", path, options, 2)
  http_plain.know(connection, spec_of)
  spec.optional = options.lost == "drop" or nil
  if options.anew and not options.keep then error("anew is of a read with keep", 2) end
  if options.keep and options.keep > 0 then
    spec.keep_ms, spec.anew = milliseconds(options.keep), options.anew or nil
  end
  if wanted then
    spec.file = wanted
    if not gives_accept(options) then
      spec.headers.accept = wanted == true and "*/*" or wanted
    end
  end
  return answer_to(spec, options, wanted)
end

function http.search(connection, path, options)
  options = check_options(options, http_options.SEARCH, 2)
  local spec = spec_of(connection, "POST", path, options, 2)
  spec.optional = options.lost == "drop" or nil
  return answer_to(spec, options, nil, http_body.of(options, spec, 2))
end

function http.each(connection, path, options)
  if type(options) ~= "table" then error("http.each wants { paging = { by = ... } }", 2) end
  return paging.each(http.get, connection, path, options)
end

-- "2026-11-25 19:01:02" in the company's own zone, or only the time of day if the day is known; and
-- the day.
local function moment(ms, day)
  local date, hour = time.date(ms, current.company.time_zone or time.DEFAULT_ZONE)
  return date == day and hour or date .. " " .. hour, date
end

-- What was sent and what each look said, in words for a person. tries: see http.write.
local function story(tries)
  local texts, day = {}, nil
  for i, try in ipairs(tries) do
    local looks, text = {}, i == 1 and "It was sent" or "It was sent again"
    if try.sent_ms then
      local at
      at, day = moment(try.sent_ms, day)
      text = text .. " at " .. at
    end
    text = text .. ": " .. try.problem
    for k, ms in ipairs(try.looks) do looks[k], day = moment(ms, day) end
    if #looks > 0 then
      text = ("%s; looked for at %s, and not found"):format(text, table.concat(looks, ", "))
    end
    texts[i] = text
  end
  return table.concat(texts, ". ") .. "."
end

local function in_doubt(spec, tries, rest)
  ending.attention(("It is not known whether %s carried out %s %s. %s %s"):format(spec.connection,
    spec.method, spec.path:match("^[^?]*"), story(tries), rest), { connection = spec.connection,
    method = spec.method, path = spec.path, tries = tries })
end

-- The record that proves the effect, or nil if it is not there. tries is empty before it is sent.
local function look(spec, options, tries)
  local ok, record, count = pcall(options.find)
  if ok and type(record) == "string" and (not record:find("%S") or record:find("^%s*<")) then
    ok, record = false, "find gave an answer that is not JSON, and so no record"
  end
  if ok and count ~= nil then
    local given_count = count
    count = tonumber(tostring(count))
    if not count then
      ok, record = false, ("find gives a record and how many there are, and the second is a %s")
        :format(type(given_count))
    end
  end
  if not ok and #tries == 0 then error(record, 0) end
  if not ok then
    in_doubt(spec, tries, ("Looking for it failed: %s. Look there yourself, or put right what was in "
      .. "the way and retry: it is then looked for again."):format(tostring(record)))
  end
  if record == nil or record == false or record == json.null then return nil end
  if count and count > 1 and #tries > 0 then
    in_doubt(spec, tries, ("%d records there fit, which is more than one: remove the twins there, "
      .. "then retry."):format(count))
  elseif count and count > 1 then
    ending.attention(("%s has %d records that fit what %s %s is to make: remove the twins there, "
      .. "then retry."):format(spec.connection, count, spec.method, spec.path:match("^[^?]*")),
      { connection = spec.connection, method = spec.method, path = spec.path })
  end
  return record
end

-- After a lost answer: waits, and looks by the schedule. Returns the record; or nil, how often it
-- may be sent in all, and whether a person asked for it again since.
local function resolve(spec, options, tries, seq)
  local try, drop = tries[#tries], options.lost == "drop"
  if drop and not options.find then return nil, options.attempts or 1 end
  local settled = current.step { op = "settle", of = seq }
  try.sent_ms = settled.sent_ms
  local sends = options.attempts or (options.find and settled.attempts or 1)
  if not options.find then return nil, sends, false end
  spec.looked = current.seq() + 1
  local record = look(spec, options, tries)
  if record ~= nil then return record end
  try.looks[1] = settled.at_ms
  for _, after in ipairs(drop and {} or settled.looks_ms or {}) do
    local again = current.step { op = "settle", of = seq, after_ms = after }
    spec.looked = current.seq() + 1
    record = look(spec, options, tries)
    if record ~= nil then return record end
    try.looks[#try.looks + 1] = again.at_ms
  end
  return nil, sends, settled.granted
end

local function give_up(spec, options, tries, seq)
  local problem = tries[#tries].problem
  if options.lost == "drop" then
    return { status = 0, headers = {}, body = "", unknown = true, problem = problem }
  end
  in_doubt(spec, tries, options.find
    and ("It was sent %d time%s and could not be found there: look there yourself. If it is there, "
    .. "skip this run; if it is not, retry: it is looked for once more and then sent again.")
      :format(#tries, #tries == 1 and "" or "s")
    or ("There is no way to look it up from here: look there yourself. If it is there, skip this run; "
    .. "if it is not, `sauma retry RUN --again %d` sends it again."):format(seq))
end

local function write_spec(connection, method, path, options, level)
  local spec = spec_of(connection, method, path, options, level + 1)
  if options.look_first and not options.find then
    error("look_first wants a find to look with", level + 1)
  end
  spec.write, spec.find = true, options.find and true or nil
  spec.optional = options.lost == "drop" or nil
  spec.settle_ms = milliseconds(options.settle)
  spec.looks_ms = http_options.looks(options.looks, level + 1)
  spec.looked, spec.what, spec.basis = options.looked, options.what, options.basis
  -- Who sends it again without looking says that twice does no harm.
  spec.repeatable = not options.find and (options.attempts or 1) > 1 or nil
  return spec
end

local function adopted(record)
  return { status = 200, headers = {}, body = record, adopted = true }
end

-- The answer of a try that counts as one; else nil and why nobody knows. Raises what was refused.
local function answer_of(spec, options, meta, raw)
  if meta.failed then fail(spec, meta) end
  if meta.unknown then return nil, meta.problem or "no answer came" end
  local response, why, partial = read_answer(meta, raw, options, true)
  response = response or partial
  if not accepted(response.status, options) then refuse(spec, response, options) end
  return not why and response or nil, why
end

function http.write(connection, method, path, options)
  options = check_options(options, http_options.WRITE, 2)
  local spec = write_spec(connection, method, path, options, 2)
  local raw_body = http_body.of(options, spec, 2)
  local tries = {} -- of each time it was sent: { sent_ms, problem, looks = { ms, ... } }
  local look_now = options.look_first and not options.looked
  while true do
    if look_now then
      spec.looked = current.seq() + 1
      local record = look(spec, options, tries)
      if record ~= nil then return adopted(record) end
    end
    if #tries > 0 then spec.attempt = #tries + 1 end
    local meta, raw, seq = current.step(spec, raw_body)
    look_now = meta.look -- it was not sent: the host wants to know first what is there now
    if not look_now then
      local answer, why = answer_of(spec, options, meta, raw)
      if answer then return answer end
      tries[#tries + 1] = { sent_ms = meta.sent_ms, problem = why, looks = json.array {} }
      local record, sends, granted = resolve(spec, options, tries, seq)
      if record ~= nil then return adopted(record) end
      if #tries >= sends and not granted then return give_up(spec, options, tries, seq) end
    end
  end
end

for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE" } do
  http[method:lower()] = function(connection, path, options)
    return http.write(connection, method, path, options)
  end
end

function http.try(fn, ...)
  local results = table.pack(pcall(fn, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  if http_error.is(results[2]) then return nil, results[2] end
  error(results[2], 0)
end

return http
