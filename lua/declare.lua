--[[
The words of company.lua: company, connect, use, rule, schedule and poll. They say what there is;
nothing is done.

  declare.words       { company =, connect =, use =, rule =, ... }: the functions for company.lua
  declare.begin(publish)   loading begins; publish(name, object) makes a connection a global
  declare.finish()    loading is over: checks the whole, returns what was declared:
      { company = { name, settings, where }, connections = { entry, ... }, rules = { rule, ... },
        schedules = { schedule, ... }, warnings = { text, ... } }

Every mistake raises "company.lua:3: what is wrong (did you mean ...?)".

A connection's entry = { name, kind, where, connector, settings, common, object }; a rule =
{ name, where, on = { ... }, trigger, key, run }; a schedule as timed.lua makes it, with where.
]]

local host = require "host"
local allowed = require "allowed"
local connections = require "connections"
local given = require "given"
local handle = require "handle"
local limits = require "limits"
local options = require "options"
local suggest = require "suggest"
local time = require "time"
local timed = require "timed"
local way = require "way"

local declare = { words = {} }

local KINDS = { "click2contract", "crm", "http", "hubspot", "pipedrive", "procountor", "slack",
  "smtp", "webhook", "webhook_out", "ytj", "zapier" }
local READY_RULES = { "customer_sync", "deal_to_invoice", "invoice_images", "payment_status",
  "product_catalogue", "proposal_to_invoice", "tell_alerts" }
-- Where the host's own events come from: what is wrong, or needs a person (engine/alert.h).
local ALERT = "alert"
-- Where those come from that its own rules leave to others (task.lua).
local TASK = "task"

local state -- of the load under way; nil outside of it

local function here()
  return host.where() or "company.lua"
end

local function fail(where, text, ...)
  if select("#", ...) > 0 then text = text:format(...) end
  error(where .. ": " .. text, 0)
end

local function loading(word)
  if not state then
    error(word .. " is for company.lua alone, while it is loaded", 3)
  end
  return here()
end

-- options.check with the place in front of its message.
local function check(where, settings, known, what)
  local ok, problem = pcall(options.check, settings, known, what)
  if not ok then fail(where, "%s", problem) end
end

local function named(where, word, name)
  if type(name) ~= "string" or not name:find("%S") then
    fail(where, '%s wants a name first: %s "name" { ... }', word, word)
  end
end

local function accept_company(where, settings)
  check(where, settings, allowed.company, "company")
  local zone = settings.time_zone
  if zone and not time.known_zone(zone) then
    fail(where, 'company: time zone "%s" is not known; Europe/Helsinki is one that is', zone)
  end
  local who = settings.responsible
  if who and given.mail(who) ~= who then
    fail(where, 'company: responsible is one plain mail address, like "anna@acme.fi", not %q', who)
  end
  local ok, own = pcall(limits.of, settings.limits)
  if not ok then fail(where, "company: %s", own) end
  state.company.settings = { language = settings.language or "fi",
    time_zone = zone or time.DEFAULT_ZONE, responsible = settings.responsible }
  for key, field in pairs(settings.redact or {}) do
    if math.type(key) ~= "integer" or type(field) ~= "string"
      or ("." .. field):gsub("%.[^%.%*]+", ""):gsub("%.%*", "") ~= "" or field:find("^[%.%*]*$") then
      fail(where, 'company: redact is a list of fields like "buyer.person_id" or "*.phone", not %s',
        type(field) == "string" and ("%q"):format(field) or tostring(field))
    end
  end
  state.company.redact = settings.redact
  state.company.limits, state.company.trigger = own, settings.trigger
end

function declare.words.company(name)
  local where = loading("company")
  named(where, "company", name)
  if state.company then
    fail(where, "company was declared at %s already", state.company.where)
  end
  state.company = { name = name, where = where }
  accept_company(where, {})
  return function(settings) accept_company(where, settings) end
end

local function load_connector(where, kind)
  for _, known in ipairs(KINDS) do
    if known == kind then return require("connectors." .. kind) end
  end
  fail(where, 'there is no connector "%s"%s; there are %s', kind, suggest(kind, KINDS),
    table.concat(KINDS, ", "))
end

local WEB = { "https://", "http://" }

local function is_address(value, connector)
  for _, scheme in ipairs(connector.schemes or WEB) do
    if value:sub(1, #scheme) == scheme and value:find("^[^%s/]", #scheme + 1) then return true end
  end
  return false
end

-- The parts of auth that are nobody's to read.
local CREDENTIALS = { "bearer", "password", "value", "client_secret", "private_key" }

local function warn_plain(entry, name)
  state.warnings[#state.warnings + 1] = ('%s: %s of connection "%s" stands in the file as plain text; '
    .. 'secret "name" keeps it out of it'):format(entry.where, name, entry.name)
end

local function check_literal(entry, name, value)
  local wanted = entry.connector.settings[name]
  if wanted and wanted.type == "secret_or_false" and type(value) == "table"
    and not handle.kind(value) then
    for _, each in ipairs(value) do check_literal(entry, name, each) end
  elseif type(value) == "string" and wanted
    and (wanted.type == "credential" or wanted.type == "secret_or_false") then
    warn_plain(entry, name)
  elseif name == "auth" and type(value) == "table" and not handle.kind(value) then
    for _, part in ipairs(CREDENTIALS) do
      if type(value[part]) == "string" then warn_plain(entry, "auth." .. part) end
    end
  elseif type(value) == "string" and wanted and wanted.type == "address" and not wanted.free
    and not is_address(value, entry.connector) then
    fail(entry.where, 'connection "%s": %s is "%s"; an address begins with %s', entry.name, name, value,
      table.concat(entry.connector.schemes or WEB, " or "))
  elseif type(value) == "string" and wanted and wanted.type == "address"
    and value:find("^http://") then
    state.warnings[#state.warnings + 1] = ('%s: %s of connection "%s" begins with http://: it is read '
      .. "on the way, and refused unless the operator allows its port (--allow-port); is it https://?")
      :format(entry.where, name, entry.name)
  end
end

local function check_name(entry)
  local name, where = entry.name, entry.where
  if not name:find("^%a[%w_]*$") then
    fail(where, 'as: a connection\'s name is made of letters, digits and "_", not "%s"', name)
  end
  if name == ALERT or name == TASK or name == timed.CONNECTION then
    fail(where, '"%s" is where the host\'s own events come from; name the connection with as = "..."',
      name)
  end
  local twin = connections.get(name)
  if twin then
    fail(where, 'connection "%s" was declared at %s already; name this one with as = "..."', name,
      twin.where)
  end
  if state.taken(name) then
    fail(where, '"%s" has a meaning in scripts already; name it otherwise: as = "..."', name)
  end
end

local function accept_connection(pending, settings)
  local connector, where = pending.connector, pending.where
  local known = {}
  for name, entry in pairs(allowed.connection) do known[name] = entry end
  for name, entry in pairs(connector.settings) do known[name] = entry end
  check(where, settings, known, ('connection "%s"'):format(settings.as or pending.kind))
  if connector.needs_as and not settings.as then
    fail(where, 'connect "%s" needs a name of its own: as = "..."', pending.kind)
  end
  local entry = { name = settings.as or pending.kind, kind = pending.kind, where = where,
    connector = connector, settings = {}, common = {} }
  check_name(entry)
  for name, value in pairs(settings) do
    local group = allowed.connection[name] and entry.common or entry.settings
    group[name] = value
    check_literal(entry, name, value)
  end
  local problem = way.check(entry.common) or connector.check and connector.check(entry.settings)
  if problem then fail(where, 'connection "%s": %s', entry.name, problem) end
  if entry.settings.secret == false then
    state.warnings[#state.warnings + 1] = ('%s: events of "%s" are not signed: anyone who knows '
      .. "the address can send them"):format(where, entry.name)
  end
  local object = connector.new { name = entry.name, kind = entry.kind,
    settings = entry.settings }
  object.name, object.kind = entry.name, entry.kind
  for name, value in pairs(object) do
    if type(value) == "table" then object[name] = host.freeze(value) end
  end
  entry.object = host.freeze(object)
  connections.add(entry)
  state.connections[#state.connections + 1] = entry
  state.publish(entry.name, entry.object)
  return entry.object
end

-- connect "slack" without settings is one with none; noticed when the next word is read.
local function settle_pending()
  local pending = state.pending
  state.pending = nil
  if pending then pending.accept({}) end
end

local function with_settings(accept)
  settle_pending()
  local pending = { accept = accept }
  state.pending = pending
  return function(settings)
    if not state or state.pending ~= pending then
      error("the settings of a declaration follow it at once", 2)
    end
    state.pending = nil
    return accept(settings)
  end
end

function declare.words.connect(kind)
  local where = loading("connect")
  named(where, "connect", kind)
  local pending = { kind = kind, where = where, connector = load_connector(where, kind) }
  return with_settings(function(settings)
    if type(settings) ~= "table" or handle.kind(settings) then
      fail(where, 'connect "%s" wants its settings in a table: { ... }', kind)
    end
    return accept_connection(pending, settings)
  end)
end

local function add_rule(where, rule)
  check(where, rule, allowed.rule, ('rule "%s"'):format(tostring(rule.name or "?")))
  local twin = state.rule_names[rule.name]
  if twin then
    fail(where, 'rule "%s" was declared at %s already; give one of them another name', rule.name,
      twin)
  end
  state.rule_names[rule.name] = where
  local on = type(rule.on) == "table" and rule.on or { rule.on }
  if #on == 0 then fail(where, 'rule "%s": on is empty', rule.name) end
  for _, text in ipairs(on) do
    if type(text) ~= "string" then
      fail(where, 'rule "%s": on is a text or a list of texts', rule.name)
    elseif text:find("%.$") then
      fail(where, 'rule "%s": on = "%s" ends with a dot; "%s" is all events of it', rule.name, text,
        text:sub(1, -2))
    end
  end
  if rule.newest and rule.key == nil then
    fail(where, 'rule "%s": newest goes with key, which says of what the data is the newest',
      rule.name)
  end
  state.rules[#state.rules + 1] = { name = rule.name, where = where, on = on,
    trigger = rule.trigger, key = rule.key, newest = rule.newest,
    expected_every = rule.expected_every, run = rule.run,
    needs = rule.needs or {}, check = rule.check }
end

function declare.words.rule(name)
  local where = loading("rule")
  named(where, "rule", name)
  return with_settings(function(body)
    if type(body) ~= "table" then
      fail(where, 'rule "%s" wants a table: { on = ..., run = function(event) ... end }', name)
    end
    if body.name ~= nil then
      fail(where, 'rule "%s": its name stands in front, so there is no setting "name"', name)
    end
    local rule = {}
    for key, value in pairs(body) do rule[key] = value end
    rule.name = name
    add_rule(where, rule)
  end)
end

-- A schedule or poll: make is timed.schedule or timed.poll.
local function add_timed(word, name, make, settings, where)
  if type(settings) ~= "table" or handle.kind(settings) then
    fail(where, '%s "%s" wants a table: { at = "0 3 * * *", run = function(due) ... end }', word,
      name)
  end
  local ok, schedule, rule = pcall(make, name, settings)
  if not ok then fail(where, "%s", schedule) end
  local twin = state.schedule_names[name]
  if twin then
    fail(where, '%s "%s" was declared at %s already; give one of them another name', word, name,
      twin)
  end
  state.schedule_names[name] = where
  schedule.where = where
  state.schedules[#state.schedules + 1] = schedule
  if rule then add_rule(where, rule) end
end

for _, word in ipairs { "schedule", "poll" } do
  declare.words[word] = function(name)
    local where = loading(word)
    named(where, word, name)
    return with_settings(function(settings) add_timed(word, name, timed[word], settings, where) end)
  end
end

-- The function of a rule script: the company's rules/<name>.lua before the installation's.
local function load_rule(where, name)
  if not name:find("^[%w_]+$") then fail(where, '"%s" is not the name of a rule', name) end
  local path, known = "rules/" .. name .. ".lua", { table.unpack(READY_RULES) }
  local exists = false
  for _, file in ipairs(host.files()) do
    local own = file:match("^rules/([%w_]+)%.lua$")
    if own then known[#known + 1] = own end
    exists = exists or file == path
  end
  for _, ready in ipairs(READY_RULES) do exists = exists or ready == name end
  if not exists then
    fail(where, 'there is no rule "%s"%s; known: %s', name, suggest(name, known),
      table.concat(known, ", "))
  end
  local make = require("rules." .. name)
  if type(make) ~= "function" then
    fail(where, "%s returns no function(options), so it cannot be used with use", path)
  end
  return make
end

function declare.words.use(name)
  local where = loading("use")
  named(where, "use", name)
  return with_settings(function(settings)
    if type(settings) ~= "table" then
      fail(where, 'use "%s" wants its options in a table: { ... }', name)
    end
    local ok, rule = pcall(load_rule(where, name), settings)
    if not ok then
      fail(where, 'use "%s": %s', name, (tostring(rule):gsub("^[%w_/%.]+%.lua:%d+: ", "")))
    end
    if type(rule) ~= "table" then fail(where, 'use "%s": it returned no rule', name) end
    rule.name = rule.name or name
    local also = rule.also or {}
    rule.also = nil
    if rule.poll then
      add_timed("poll", rule.name, timed.poll, rule.poll, where)
    else
      add_rule(where, rule)
    end
    for _, other in ipairs(also) do add_rule(where, other) end
  end)
end

function declare.begin(publish, taken)
  state = { connections = {}, rules = {}, rule_names = {}, schedules = {}, schedule_names = {},
    warnings = {}, publish = publish, taken = taken }
end

-- on = "schedule.NAME" is for that schedule, "schedule" for all there are.
local function check_scheduled(rule, text)
  local name = text:match("^" .. timed.CONNECTION .. "%.(.*)")
  if name and not state.schedule_names[name] then
    fail(rule.where, 'rule "%s": on = "%s" names a schedule that does not exist%s', rule.name, text,
      suggest(name, state.schedule_names))
  end
end

local function check_schedules(listened)
  for _, schedule in ipairs(state.schedules) do
    if schedule.at and not schedule.time_zone then
      schedule.time_zone = state.company.settings.time_zone
    end
    if not listened[timed.CONNECTION] and not listened[timed.CONNECTION .. "." .. schedule.name] then
      state.warnings[#state.warnings + 1] = ('%s: schedule "%s" has no run, and no rule is for it'
        ):format(schedule.where, schedule.name)
    end
  end
end

-- What could never come would be skipped in silence: a pattern, and a type where events have none.
local function check_type(rule, text, name, entry)
  if text:find("*", 1, true) then
    fail(rule.where, 'rule "%s": on = "%s" is a pattern, and there are none; "%s" is all of them',
      rule.name, text, name)
  end
  local made = entry.connector.webhook and entry.connector.webhook(entry.settings)
  if made and made.event == "" and not made.event_header and text ~= name then
    fail(rule.where, 'rule "%s": events of "%s" have no type, so on = "%s" never comes; say where '
      .. 'it stands, connect "%s" { event = "type" }, or listen to all of them, on = "%s"', rule.name,
      name, text, entry.connector.kind, name)
  end
end

-- Rules may name connections that stand below them, so this is checked when all is read.
local function check_rules()
  local listened = {}
  for _, rule in ipairs(state.rules) do
    for _, text in ipairs(rule.on) do
      local name = text:match("^([^%.]+)")
      if name == timed.CONNECTION then
        check_scheduled(rule, text)
        listened[text] = true
        goto next_text
      end
      if name == ALERT or name == TASK then goto next_text end
      local entry = name and connections.get(name)
      if not entry then
        fail(rule.where, 'rule "%s": on = "%s" names a connection that does not exist%s', rule.name,
          text, suggest(name or text, connections.names()))
      end
      check_type(rule, text, name, entry)
      listened[name] = true
      ::next_text::
    end
    for _, name in ipairs(rule.needs) do
      if not connections.get(name) then
        fail(rule.where, 'rule "%s" uses connection "%s", which does not exist%s', rule.name,
          tostring(name), suggest(name, connections.names()))
      end
    end
    local problem = rule.check and rule.check()
    if problem then fail(rule.where, 'rule "%s": %s', rule.name, problem) end
  end
  check_schedules(listened)
  for _, entry in ipairs(state.connections) do
    if entry.connector.webhook and not listened[entry.name] then
      state.warnings[#state.warnings + 1] = ('%s: no rule is for the events of "%s"'):format(
        entry.where, entry.name)
    end
  end
end

-- The company's policy is for what comes from outside: nobody waits to send what a clock began.
local function is_from_outside(rule)
  for _, text in ipairs(rule.on) do
    if connections.get(text:match("^([^%.]+)") or text) then return true end
  end
  return false
end

local function settle_triggers()
  local company = state.company
  for _, rule in ipairs(state.rules) do
    rule.trigger_where = rule.trigger and rule.where or company.where
    rule.trigger = rule.trigger or (is_from_outside(rule) and company.trigger) or "automatic"
  end
end

-- What a connector looks after by itself: a schedule that reads, unless its setting says false.
local function add_upkeep(entry)
  local upkeep = entry.connector.upkeep
  local every = upkeep and entry.settings[upkeep.setting]
  if not upkeep or every == false then return end
  if every == true then every = nil end
  add_timed("schedule", upkeep.name:format(entry.name), timed.schedule, { every = every or upkeep.every,
    needs = { entry.name }, trigger = "automatic",
    run = function() return upkeep.run(entry.object) end }, entry.where)
end

function declare.finish()
  settle_pending()
  if not state.company then
    fail("company.lua:1", 'the file declares no company: company "Name" { ... }')
  end
  for _, entry in ipairs(state.connections) do add_upkeep(entry) end
  check_rules()
  settle_triggers()
  if #state.rules == 0 then
    state.warnings[#state.warnings + 1] = "company.lua: there are no rules, so nothing will happen"
  end
  local declared = state
  state = nil
  return { company = declared.company, connections = declared.connections,
    rules = declared.rules, schedules = declared.schedules, warnings = declared.warnings }
end

return declare
