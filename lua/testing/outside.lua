-- The world around a rule under test: sandboxes, deliveries, fixtures. Everything here is asked of
-- the host; the steps are described in testing.lua.

local host = require "host"
local json = require "json"
local given_options = require "options"
local failure = require "testing.failure"

local outside = {}

-- Stands for a field that a fixture shall not have.
outside.absent = setmetatable({}, { __tostring = function() return "absent" end })

local current  -- { name, sandboxes = {}, deliveries = {} } of the test that runs

local function ask(spec, body)
  local meta, answer = host.step(spec, body)
  if meta.failed then failure.raise(meta.problem or "the host could not do it") end
  return meta, answer
end

local function within_a_test(what)
  if not current then failure.raise(what .. " works inside of test(...) only") end
end

function outside.begin(name)
  current = { name = name, sandboxes = {}, deliveries = {} }
  ask { op = "test.begin", test = name }
end

-- What a person wants to know of a failed test: the runs that did not end as done, and why.
function outside.unfinished()
  local lines = {}
  for _, delivery in ipairs(current and current.deliveries or {}) do
    if #delivery.runs == 0 then
      lines[#lines + 1] = ("  note: %s was answered %s and started no run"):format(
        delivery.connection, tostring(delivery.status))
    end
    for _, run in ipairs(delivery.runs) do
      if run.state ~= "done" then
        lines[#lines + 1] = ("  note: the run of %q is %s%s"):format(run.rule or "?", run.state,
          run.reason and ": " .. tostring(run.reason) or "")
      end
    end
  end
  return table.concat(lines, "\n")
end

-- The host's time for the test in milliseconds.
function outside.finish(name)
  current = nil
  local meta = host.step { op = "test.end", test = name }
  return meta.ms or 0
end

-- Leaves a first argument away that is the object itself, so that x:f(a) is x.f(a).
local function plain(object, fn)
  return function(first, ...)
    if rawequal(first, object) then return fn(...) end
    return fn(first, ...)
  end
end

-- true: for the host; false: for the sandbox's load().
local SANDBOX_OPTIONS = { fault = true, name = true, connection = true, settings = false,
  seed = false, strict = false, routes = false, collections = false }

-- sandbox(kind[, options]): started at the first call in a test, the same one afterwards. Another one
-- for a connection of its own has that one's name.
function outside.sandbox(kind, options)
  within_a_test "sandbox"
  if type(kind) ~= "string" then failure.raise("sandbox wants the name of one, \"procountor\"") end
  options = options or {}
  local name = options.name or kind
  local known = current.sandboxes[name]
  if known and not options.name and options.connection then
    name = options.connection
    known = current.sandboxes[name]
  end
  if known then
    if next(options) then
      failure.raise(("the sandbox %q runs already; give another name = \"...\""):format(name))
    end
    return known
  end
  local own = {}
  for key, value in pairs(options) do
    if SANDBOX_OPTIONS[key] == nil then
      failure.raise(("sandbox has no option '%s'"):format(tostring(key)))
    end
    if not SANDBOX_OPTIONS[key] then own[key] = value end
  end
  local meta = ask { op = "test.sandbox", sandbox = kind, name = name, fault = options.fault,
    connection = options.connection, options = own }

  local proxy = {}
  local methods = {
    name = name, url = meta.url,
    fault = plain(proxy, function(spec)
      ask { op = "test.fault", sandbox = name, fault = spec or "" }
    end),
    seed = plain(proxy, function(seed)
      if type(seed) ~= "table" then failure.raise("seed wants a table") end
      ask { op = "test.seed", sandbox = name, seed = seed }
    end),
    act = plain(proxy, function(act, form)
      if type(act) ~= "string" then failure.raise('act wants the name of one, "customer"') end
      local fields = {}
      for field, value in pairs(form or {}) do fields[field] = tostring(value) end
      if next(fields) == nil then fields = nil end
      return ask({ op = "test.page", sandbox = name, act = act, form = fields }).said
    end),
    clear = plain(proxy, function() ask { op = "test.clear", sandbox = name } end),
  }
  setmetatable(proxy, {
    __metatable = false,
    __index = function(_, field)
      if methods[field] ~= nil then return methods[field] end
      local state = ask { op = "test.state", sandbox = name }
      if state[field] == nil then
        failure.raise(("the sandbox %q has no %s; it has: %s"):format(name, tostring(field),
          table.concat(given_options.names(state), ", ")))
      end
      return state[field]
    end,
    __newindex = function(_, field)
      failure.raise(("%s.%s cannot be set; use %s.seed { ... }"):format(name, tostring(field),
        name))
    end,
  })
  current.sandboxes[name] = proxy
  return proxy
end

-- What is not there is nil; a reason of no words is none.
local function without_null(record)
  for key, value in pairs(record) do
    if rawequal(value, json.null) then record[key] = nil end
  end
  if record.reason == "" then record.reason = nil end
  return record
end

-- Gives a run the things that can be done with it.
local function as_run(run)
  local id = without_null(run).run
  local function act(action)
    return plain(run, function(reason, set)
      if set ~= nil and type(set) ~= "table" then
        failure.raise('what is set is a table, as in run.retry("decided", { customer = "51001" })')
      end
      return as_run(ask { op = "test.act", run = id, action = action, reason = reason, set = set })
    end)
  end
  run.send, run.retry, run.skip = act "send", act "retry", act "skip"
  run.wait = plain(run, function(ms)
    local meta = ask { op = "test.wait", runs = json.array { id }, ms = ms or 60000 }
    -- The answer has all runs of the test.
    for _, other in ipairs(meta.runs) do
      if other.run == id then return as_run(other) end
    end
    failure.raise(("run %s is gone"):format(id))
  end)
  return run
end

-- What a delivery gave: the fields of its first run, and of the delivery itself.
local function as_delivery(meta)
  local runs = meta.runs or {}
  for _, run in ipairs(runs) do as_run(run) end
  local delivery = {}
  for key, value in pairs(runs[1] or {}) do delivery[key] = value end
  delivery.runs = runs
  delivery.status, delivery.duplicate = meta.status, meta.duplicate == true
  delivery.event, delivery.answer = meta.event, meta.answer
  return without_null(delivery)
end

local DELIVER_OPTIONS = { id = true, signature = true, headers = true, query = true, wait = true }

-- deliver(connection, event[, options]): event is a table (sent as JSON) or the raw body.
function outside.deliver(connection, event, options)
  within_a_test "deliver"
  if type(connection) ~= "string" then
    failure.raise("deliver wants the connection's name first, as in deliver(\"crm\", event)")
  end
  if type(event) ~= "table" and type(event) ~= "string" then
    failure.raise("deliver wants the event as a table or as a text")
  end
  for name in pairs(options or {}) do
    if not DELIVER_OPTIONS[name] then
      failure.raise(("deliver has no option %q"):format(tostring(name)))
    end
  end
  local body = type(event) == "string" and event or json.encode(event)
  local meta = ask({ op = "test.deliver", connection = connection, options = options or {} }, body)
  local delivery = as_delivery(meta)
  table.insert(current.deliveries,
    { connection = connection, status = delivery.status, runs = delivery.runs })
  return delivery
end

-- fire(schedule[, options]): the event of its next time, or of options.at.
function outside.fire(schedule, options)
  within_a_test "fire"
  if type(schedule) ~= "string" then
    failure.raise("fire wants the name of a schedule or poll, as in fire \"nightly sync\"")
  end
  for name, value in pairs(options or {}) do
    if name ~= "at" then failure.raise(("fire has no option %q"):format(tostring(name))) end
    if type(value) ~= "string" then
      failure.raise("fire wants at as a text, \"2026-11-25T03:00\"")
    end
  end
  local delivery = as_delivery(ask { op = "test.fire", schedule = schedule,
    at = options and options.at })
  table.insert(current.deliveries,
    { connection = schedule, status = delivery.status, runs = delivery.runs })
  return delivery
end

-- runs(): all runs of this test, oldest first; runs "wait" waits until none is under way.
function outside.runs(how)
  within_a_test "runs"
  local meta = how == "wait" and ask { op = "test.wait", ms = 60000 } or ask { op = "test.runs" }
  for _, run in ipairs(meta.runs) do as_run(run) end
  return meta.runs
end

-- The bytes of a file of the company: from the bundle, else from the folder.
function outside.file(path)
  local text = host.source(path)
  if text then return text end
  local meta, body = ask { op = "test.file", path = path }
  if not meta.found then failure.raise(("there is no file %s"):format(path)) end
  return body
end

function outside.fixture_text(name)
  if type(name) ~= "string" then failure.raise("fixture wants the name of a file in fixtures/") end
  return outside.file("fixtures/" .. name)
end

-- Sets one field by its dotted path; numbers are places in lists: "rows.2.quantity".
local function override(value, path, new)
  local parts = {}
  for part in path:gmatch("[^.]+") do parts[#parts + 1] = math.tointeger(tonumber(part)) or part end
  for i = 1, #parts - 1 do
    local inner = value[parts[i]]
    if type(inner) ~= "table" then
      failure.raise(("the fixture has no %s to set %s in"):format(
        table.concat(parts, ".", 1, i), path))
    end
    value = inner
  end
  local last = parts[#parts]
  if not rawequal(new, outside.absent) then
    value[last] = new
  elseif math.type(last) == "integer" and json.is_array(value) then
    table.remove(value, last)
  else
    value[last] = nil
  end
end

-- fixture(name[, changes]): fixtures/<name> as a fresh table, with fields set by dotted path.
function outside.fixture(name, changes)
  local ok, value = pcall(json.decode, outside.fixture_text(name))
  if not ok then failure.raise(("fixtures/%s: %s"):format(name, failure.words(value))) end
  local paths = {}
  for path in pairs(changes or {}) do paths[#paths + 1] = path end
  table.sort(paths)
  for _, path in ipairs(paths) do override(value, path, changes[path]) end
  return value
end

return outside
