--[[
The context module of a company: the host calls these functions of it by name.

  load(options)          runs company.lua and returns the manifest (manifest.lua). Run again in each
                         fresh state, since a rule's functions live in the state.
  route(arguments, body) arguments = { event = { id, connection, type, received_at } }
      -> list of { rule, policy = "automatic" | "manual" | "off" | "skip" | "failed", reason, key,
         newest, unreadable, about }, one for each rule whose `on` matches. unreadable: why there is
         no key. about = { text, amount, currency }: what people see in lists;
         and record: the outside system's id of it, by which a button there sends it
  run(arguments, body)   arguments = { event, rule, run, seed, version } -> the rule's result
]]

local host = require "host"
local json = require "json"
local connections = require "connections"
local decimal = require "decimal"
local current = require "current"
local declare = require "declare"
local environment = require "environment"
local given = require "given"
local log = require "log"
local manifest = require "manifest"

local boot = {}
local rules = {}

local NEWEST_MAX = 100
local WITHOUT_NULLS = { nulls = false }
local POLICIES = { automatic = true, manual = true, off = true, skip = true }

function boot.load(options)
  local env, publish, taken = environment.make(declare.words)
  host.use_environment(env)
  declare.begin(publish, taken)
  if not host.source("company.lua") then
    error("company.lua:1: there is no such file, so this is not the folder of a company "
      .. "(`sauma new DIR` makes one; a folder of companies is named as DIR/*)", 0)
  end
  host.run_file("company.lua", env)
  local declared = declare.finish()
  if not options.recorded then
    for _, text in ipairs(environment.check(taken)) do
      declared.warnings[#declared.warnings + 1] = text
    end
  end
  rules = declared.rules
  current.company = { name = declared.company.name, language = declared.company.settings.language,
    time_zone = declared.company.settings.time_zone, trigger = declared.company.trigger,
    responsible = declared.company.settings.responsible }
  return manifest.of(declared)
end

-- "shop" matches every event of the connection, "shop.order.created" those of that type.
local function matches(rule, event)
  for _, text in ipairs(rule.on) do
    if text == event.connection or text == event.connection .. "." .. (event.type or "") then
      return true
    end
  end
  return false
end

-- What a rule's functions get: the payload without nulls, in the shape of its connector. Each rule
-- has its own, so that none sees what another did to it.
local function payload_of(event, body)
  local payload = json.decode(body, WITHOUT_NULLS)
  local entry = connections.get(event.connection)
  if entry and entry.connector.event then
    payload = entry.connector.event(entry, payload)
  end
  return payload
end

local function event_of(arguments)
  local event = arguments.event
  return host.freeze { id = event.id, type = given(event.type), connection = event.connection,
    received_at = given(event.received_at) }
end

local function key_of(rule, payload, event)
  local key = rule.key
  if type(key) == "function" then key = key(payload, event) end
  key = given(key)
  return key ~= nil and tostring(key) or nil
end

-- Who says "manual" waits for a person; whoever pressed "Send" in the outside system is one, if its
-- connector can tell (its function `sent`).
local function policy_of(rule, payload, event)
  local policy, reason = rule.trigger, nil
  if type(policy) == "function" then policy, reason = policy(payload, event) end
  if not POLICIES[policy] then
    error(('%s: the trigger of rule "%s" gave %s; "automatic", "manual" or "off" is wanted'):format(
      rule.trigger_where, rule.name, type(policy) == "string" and ("%q"):format(policy)
        or tostring(policy)), 0)
  end
  local entry = connections.get(event.connection)
  if policy == "manual" and entry and entry.connector.sent
    and entry.connector.sent(entry, payload) then
    return "automatic", nil
  end
  if reason == nil and policy == "off" then
    reason = ('the rule is off (trigger = "off", %s)'):format(rule.trigger_where)
  end
  return policy, reason ~= nil and log.mask(tostring(reason)) or nil
end

-- What the event is about, for lists that people read; nothing depends on it.
local function about_of(payload, event)
  local entry = connections.get(event.connection)
  if not (entry and entry.connector.about) then return nil end
  local ok, about = pcall(entry.connector.about, payload)
  return ok and about or nil
end

-- For host/base/newness.c: "n12.5", "t2026-11-25T10:00:00Z".
local function newest_of(rule, payload, event)
  local value = rule.newest and given(rule.newest(payload, event))
  if value == nil then return nil end
  local kind = type(value)
  if kind == "string" and value ~= "" and #value <= NEWEST_MAX then return "t" .. value end
  if (kind == "number" and value == value and value - value == 0) or kind == "userdata" then
    return "n" .. tostring(decimal(value))
  end
  error(('newest of rule "%s" gave %s; a number or a text of 1 to %d bytes is wanted'):format(
    rule.name, kind == "string" and "a text of " .. #value .. " bytes" or tostring(value),
    NEWEST_MAX), 0)
end

function boot.route(arguments, body)
  local list = json.array {}
  local event = event_of(arguments)
  for _, rule in ipairs(rules) do
    if matches(rule, event) then
      current.begin { event = event, rule = rule.name }
      -- What fails here must not let the run through unasked, nor lose the event: the run needs a
      -- person, who can retry it when the rule is mended.
      local entry = { rule = rule.name }
      local what = "the event cannot be read: "
      local ok, problem = pcall(function()
        local payload = payload_of(event, body)
        entry.about = about_of(payload, event)
        what = "the rule's key or newest failed: "
        entry.key = key_of(rule, payload, event)
        if entry.key then entry.newest = newest_of(rule, payload, event) end
        what = nil
        entry.policy, entry.reason = policy_of(rule, payload, event)
      end)
      if not ok then
        local words = log.mask((tostring(problem):gsub("^lua/[%w_/]+%.lua:%d+: ", "")))
        entry.policy = "failed"
        entry.reason = (what or "the rule's trigger failed: ") .. words .. (what
          and ". Mend the rule, then retry"
          or ". Nothing was done; mend the rule, and retry if this one shall go on")
        entry.unreadable = what and entry.reason
        log.error("%s", entry.reason)
      end
      list[#list + 1] = entry
    end
  end
  return list
end

-- Warnings go beside what the rule returned; the rule's own table stays as it is.
local function with_warnings(result)
  if #current.warnings == 0 then return result end
  if result ~= nil and type(result) ~= "table" then result = { result = result } end
  local copy = {}
  for key, value in pairs(result or {}) do copy[key] = value end
  copy.warnings = json.array(current.warnings)
  return copy
end

function boot.run(arguments, body)
  local event = event_of(arguments)
  current.begin { event = event, rule = arguments.rule, run = given.text(arguments.run) }
  for _, rule in ipairs(rules) do
    if rule.name == arguments.rule then
      local payload = payload_of(event, body)
      return with_warnings(host.calls(rule.run)(payload, event))
    end
  end
  error(('version %s of the company has no rule "%s"'):format(tostring(arguments.version),
    tostring(arguments.rule)), 0)
end

return boot
