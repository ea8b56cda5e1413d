--[[
What a test file sees, and what it asks of the host.

  test("a signed proposal becomes one unfinished invoice", function()
    local procountor = sandbox "procountor"
    local run = deliver("click2contract", fixture "signed.json")
    expect(run.state).is "done"
    expect(procountor.invoices).count(1)
  end)

A context of mode "single": module "testing", one Lua state for one company's test files.
Globals of a test file:
  test(name, fn)                        one test
  sandbox(kind[, options])              an outside system (sandbox("http", { connection = "stock",
                                        routes = {...} }): `sauma help sandbox/http`);
                                        .invoices and the like are looked up now,
                                        .fault(spec) .seed{...} .clear() .url; .act(name, form) is
                                        what a person does on its page: .act("customer", {...})
  deliver(connection, event[, options]) the event arrives; gives its run, and .duplicate .status
                                        .event .runs; a run has .send() .retry() .skip(reason) .wait();
                                        .retry(reason, { path = value }) sets its data, as --set does
  fire(schedule[, { at = time }])       a schedule or poll comes, as if it were its next time or that
                                        one ("2026-11-25T03:00"); gives what deliver gives. In tests
                                        none comes by itself
  runs() / runs "wait"                  all runs so far
  fixture(name[, changes])              fixtures/<name>, fields changed by dotted path; `absent` as
                                        a value takes the field away
  fixture_text(name)                    the same file as it is
  expect(value)                         see `sauma help testing/expect`
and the modules that need no host: json cjson decimal ids address names text time crypto.
]]

--[[
Functions of this module (WIRE_CALL [context, function, arguments, body]):

  load(options)    options = { company = "minimal" }          (anything else is ignored)
  list(arguments)  -> { tests = [ { name, where = "tests/x_test.lua:3" } ],
                        errors = [ { where, message } ] }      a file that does not load is an error
  run(arguments)   arguments = { name = "..." }: that test; without a name: all, in file order.
                   One call per test keeps a test that is stopped (limits) from stopping the rest.
                   -> { results = [ { name, where, ok, message, ms } ], passed = N, failed = N }
                   `message` of a failure begins with file:line. A file that does not load is a
                   failed result whose name is the file's. ms is host time (answers of test.end).

The steps below are answered by the host (meta table, body string). They are not journaled. Every
one of them may be answered with { failed = true, problem = "words" }: that fails the test at the
line of the test file that asked.

  { op = "test.files" }
      -> { files = [ "tests/a_test.lua", ... ] }, sorted. Asked only if the bundle has no
         tests/*_test.lua.
  { op = "test.file", path = "fixtures/signed.json" }
      -> { found = true|false }, body = the file's bytes. `path` is relative to the company's
         folder, which the host lets nobody leave. Asked for what is not in the bundle.
  { op = "time" }, { op = "sleep", ms = N }: as for rules.

  { op = "test.begin", test = "its name" }
      Before each test: stop all sandboxes of the test before, start from an empty store (no
      events, runs, journal, tokens) and the company as its folder says.  -> {}
  { op = "test.end", test = "its name" }
      After each test, also after a failed one: stop its sandboxes.       -> { ms = run time }

  { op = "test.sandbox", sandbox = "procountor", name = "procountor", connection = "books"|nil,
    fault = "POST /api/invoices lost*1"|nil, options = {...} }
      Starts lua/sandbox/<sandbox>.lua on a free port of 127.0.0.1 with load(options), which gives
      { title, kind, path }. From now on the connections of that kind (or just `connection`, when
      given) have the address http://127.0.0.1:PORT<path>: "/api" for procountor, a whole webhook's
      path for slack and zapier. `name` is how the later steps call it (two sandboxes of one kind
      have two names). load() takes settings, seed and the like from options itself.
                                                                           -> { url = that address }
  { op = "test.state", sandbox = name }   -> what the sandbox's state() returned
  { op = "test.seed",  sandbox = name, seed = {...} }   calls its seed(seed)       -> {}
  { op = "test.page",  sandbox = name, act = "customer", form = {...} }   calls its act   -> { said }
  { op = "test.clear", sandbox = name }   the sandbox starts again, empty, same address, without
                                          faults and with the options it began with  -> {}
  { op = "test.fault", sandbox = name, fault = "GET error=503*2" }
      Replaces the sandbox's list of faults ("" = none); failed if not understood.   -> {}

  { op = "test.deliver", connection = "click2contract",
    options = { id = "evt_1"|nil, signature = "valid"|"wrong"|"none"|nil, headers = {name = value}|nil,
                query = {name = value}|nil, wait = true|false|nil } }, body = the raw event
      Signs as the connection says ("valid" unless told otherwise), posts to the host's own HTTP
      port over a real socket, and (unless wait = false) waits until every run of the event is
      done, skipped, failed, attention, held, or waiting for longer than a second.
      -> { status = 202, event = "evt_..", duplicate = true|false, answer = {the answer's JSON},
           runs = [ RUN, ... ] }                     in the order of the company's rules
      RUN = { run = "run_..", rule, state, reason = words|null, result = JSON|null, key = text|null,
              attempts = N, where = "rules/x.lua:3"|null,
              steps = [ { seq, op, connection, method, path, write = true|false, status = N|null,
                          outcome = "answered"|"unknown"|"adopted"|"failed"|"pending" } ] }
      A second delivery of the same event: the runs of the first, duplicate = true.
  { op = "test.fire", schedule = name, at = "2026-11-25T03:00"|nil }      -> as test.deliver
  { op = "test.event", event = "evt_.." }                  -> as test.deliver, looked up now
  { op = "test.act", run = "run_..", action = "send"|"retry"|"skip", reason = words|nil,
    set = { [path] = value }|nil }
      What `sauma send|retry|skip` does; waits like test.deliver.          -> RUN
  { op = "test.runs" }                                     -> { runs = [ RUN, ... ] } oldest first
  { op = "test.wait", runs = [ids]|nil, ms = 60000 }       waits until these (all) are final
                                                           -> { runs = [ RUN, ... ] }

Secrets: in a test every secret("x") is "test-x" for the host, env("X") is the address of the
sandbox where a url stands, else "test-X". Sandboxes accept all credentials unless seeded with some.
Rates: what a connection may ask a second (`rate`) is not kept; who wants 429 sets the sandbox's
rate_limit.
]]

local host = require "host"
local json = require "json"
local expect = require "testing.expect"
local failure = require "testing.failure"
local outside = require "testing.outside"
local suggest = require "suggest"

local testing = {}

local registry  -- { tests = { { name, where, fn } }, errors = { { where, message } } }, once loaded

-- They get a read-only view, as rules do.
local FROZEN = { "json", "cjson", "decimal", "ids", "address", "names", "match", "text", "time",
  "crypto" }

local function register(name, fn)
  if type(name) ~= "string" or name == "" or type(fn) ~= "function" then
    failure.raise("a test is test(\"what it shows\", function() ... end)")
  end
  for _, known in ipairs(registry.tests) do
    if known.name == name then
      failure.raise(("there is a test %q already, at %s"):format(name, known.where))
    end
  end
  registry.tests[#registry.tests + 1] = { name = name, where = host.where() or "tests", fn = fn }
end

-- What test files see. Company files that a test requires see the same.
local function environment()
  local globals = host.basics()
  for _, name in ipairs(FROZEN) do globals[name] = host.freeze(require(name)) end
  globals.test, globals.expect = register, expect
  globals.sandbox, globals.deliver, globals.runs = outside.sandbox, outside.deliver, outside.runs
  globals.fire = outside.fire
  globals.fixture, globals.fixture_text = outside.fixture, outside.fixture_text
  globals.absent = outside.absent
  setmetatable(globals, { __index = function(_, name)
    failure.raise(('there is nothing called "%s" here%s'):format(tostring(name),
      suggest(name, globals)))
  end })
  local env = host.environment(globals)
  host.use_environment(env)
  return env
end

local function test_files()
  local files = {}
  for _, path in ipairs(host.files()) do
    if path:find("^tests/.*_test%.lua$") then files[#files + 1] = path end
  end
  if #files == 0 then
    local meta = host.step { op = "test.files" }
    files = meta.files or files
  end
  return files
end

local function load_file(path, env)
  local fn, problem = host.compile(outside.file(path), path, env)
  if not fn then error(problem, 0) end
  fn()
end

-- Test files run once; what they declare is kept, in the order of files and lines.
local function ensure_loaded()
  if registry then return end
  registry = { tests = {}, errors = {} }
  local env = environment()
  for _, path in ipairs(test_files()) do
    local ok, problem = pcall(load_file, path, env)
    if not ok then
      registry.errors[#registry.errors + 1] = { where = path, message = failure.words(problem) }
    end
  end
end

function testing.load()
  return { title = "tests" }
end

function testing.list()
  ensure_loaded()
  local tests = {}
  for i, one in ipairs(registry.tests) do tests[i] = { name = one.name, where = one.where } end
  return { tests = json.array(tests), errors = json.array(registry.errors) }
end

local function run_one(one)
  local ok, problem = pcall(outside.begin, one.name)
  if ok then ok, problem = pcall(one.fn) end
  local notes = outside.unfinished()
  local ended, ms = pcall(outside.finish, one.name)
  if not ended and ok then ok, problem = false, ms end
  local message
  if not ok then
    message = failure.words(problem) .. (notes ~= "" and "\n" .. notes or "")
  end
  return { name = one.name, where = one.where, ok = ok, ms = ended and ms or 0,
    message = message }
end

function testing.run(arguments)
  ensure_loaded()
  local wanted = arguments and arguments.name
  local results, failed = {}, 0
  local function add(result)
    results[#results + 1] = result
    if not result.ok then failed = failed + 1 end
  end
  for _, problem in ipairs(registry.errors) do
    if not wanted or wanted == problem.where then
      add { name = problem.where, where = problem.where, ok = false, ms = 0,
        message = problem.message }
    end
  end
  for _, one in ipairs(registry.tests) do
    if not wanted or wanted == one.name then add(run_one(one)) end
  end
  if wanted and #results == 0 then
    add { name = wanted, where = "tests", ok = false, ms = 0, message = "there is no such test" }
  end
  return { results = json.array(results), passed = #results - failed, failed = failed }
end

return testing
