--[[
What the host needs to know of a company, as plain data: manifest.of(declared) turns what
declare.finish returned into the table that include/engine/manifest.h reads. Values are
{ literal = }, { secret = } or { env = }: only the host resolves them.
]]

local json = require "json"
local handle = require "handle"

local manifest = {}

local function milliseconds(seconds)
  return seconds and math.tointeger(math.ceil(seconds * 1000)) or nil
end

local function milliseconds_each(list)
  if not list then return nil end
  local out = json.array {}
  for i, seconds in ipairs(list) do
    out[i] = type(seconds) == "number" and milliseconds(seconds) or -1
  end
  return out
end

-- Settings of any depth with handles as values and functions left out.
local function plain(value)
  if handle.kind(value) then return handle.value(value) end
  if type(value) == "function" then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

-- Whatever a connector declares of authentication: its texts are fixed words, its settings values.
local FIXED = { type = true, token_path = true, renew_before_ms = true, grant = true,
  client_auth = true, key_id = true, scope = true, try_path = true, key_login = true,
  key_path = true, key_secret = true, header = true }
local function auth_of(entry)
  local auth = entry.connector.auth
  if type(auth) == "function" then auth = auth(entry.settings) end
  local out = {}
  for name, value in pairs(auth or { type = "none" }) do
    if FIXED[name] then
      out[name] = value
    elseif name == "params" then
      out.params = {}
      for key, item in pairs(value) do out.params[key] = handle.value(item) end
    else
      out[name] = handle.value(value)
    end
  end
  return out
end

local function webhook_of(entry)
  local make = entry.connector.webhook
  if not make then return json.null end
  local webhook = make(entry.settings)
  local secret = entry.settings.secret
  if type(secret) == "table" and not handle.kind(secret) then
    webhook.secret = json.array {}
    for i, each in ipairs(secret) do webhook.secret[i] = handle.value(each) end
  elseif secret then
    webhook.secret = handle.value(secret)
  end
  return webhook
end

-- Lists that the host keeps a copy of, to find what is alike; see manifest.h for their members.
local function catalogues_of(entry)
  local list = entry.connector.catalogues
  return list and json.array(list) or nil
end

local function connection_of(entry)
  local settings, secrets = {}, {}
  for name, value in pairs(entry.settings) do
    if handle.kind(value) then
      secrets[name] = handle.value(value)
    elseif name ~= "secret" then
      settings[name] = plain(value)
    end
  end
  local common = entry.common
  local url = entry.settings.url or entry.connector.url
  local function value_of(value) return value ~= nil and handle.value(value) or nil end
  return { name = entry.name, kind = entry.kind, where = entry.where,
    url = url ~= nil and handle.value(url) or nil,
    proxy = value_of(common.proxy), certificate = value_of(common.certificate),
    certificate_key = value_of(common.certificate_key),
    redirects = common.redirects and table.concat(common.redirects, ", ") or nil,
    settings = settings, secrets = secrets, auth = auth_of(entry), webhook = webhook_of(entry),
    settle_ms = milliseconds(common.settle), looks_ms = milliseconds_each(common.looks),
    attempts = common.attempts, deadline_ms = milliseconds(common.deadline or entry.connector.deadline),
    timeout_ms = milliseconds(common.timeout),
    catalogues = catalogues_of(entry),
    expected_every = common.expected_every,
    rate = common.rate or entry.connector.rate, concurrency = common.concurrency }
end

local function rule_of(rule)
  return { name = rule.name, where = rule.where, on = json.array(rule.on),
    trigger = type(rule.trigger) == "function" and "function" or rule.trigger,
    key = rule.key ~= nil, newest = rule.newest ~= nil,
    expected_every = rule.expected_every }
end

local function schedule_of(schedule)
  return { name = schedule.name, where = schedule.where, at = schedule.at, every = schedule.every,
    time_zone = schedule.time_zone, missed = schedule.missed,
    missed_limit = schedule.missed_limit, poll = schedule.poll or false }
end

-- Names of secrets ("secret") or variables ("env") among all settings, each once.
local function names_of(declared, kind)
  local seen, names = {}, json.array {}
  local function visit(value)
    if handle.kind(value) == kind then
      seen[handle.name(value)] = true
    elseif type(value) == "table" and not handle.kind(value) then
      for _, item in pairs(value) do visit(item) end
    end
  end
  for _, entry in ipairs(declared.connections) do
    visit(entry.settings)
    visit(entry.common)
  end
  for name in pairs(seen) do names[#names + 1] = name end
  table.sort(names)
  return names
end

function manifest.of(declared)
  local list = { company = declared.company.name, settings = declared.company.settings,
    limits = declared.company.limits,
    redact = declared.company.redact and json.array(declared.company.redact) or nil,
    connections = json.array {}, rules = json.array {}, schedules = json.array {},
    secrets = names_of(declared, "secret"),
    envs = names_of(declared, "env"), warnings = json.array(declared.warnings) }
  for i, entry in ipairs(declared.connections) do list.connections[i] = connection_of(entry) end
  for i, rule in ipairs(declared.rules) do list.rules[i] = rule_of(rule) end
  for i, schedule in ipairs(declared.schedules) do list.schedules[i] = schedule_of(schedule) end
  return list
end

return manifest
