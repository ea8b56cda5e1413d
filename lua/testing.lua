--[[
What a test file sees, and what it asks of the host.

A context of mode "single": module "testing", one Lua state for one company's test files.
Globals of a test file: test, sandbox, deliver, fixture, fixture_text, expect, and every pure
module that rules have (json, decimal, ids, address, names, text, time.add_days, crypto).

Functions of this module (WIRE_CALL [context, function, arguments, body]):

  load(options)    options = { company = "minimal" }          (anything else is ignored)
  list(arguments)  -> { tests = [ { name, where = "tests/x_test.lua:3" } ],
                        errors = [ { where, message } ] }      a file that does not load is an error
  run(arguments)   arguments = { name = "..." }: that test; without a name: all, in file order
                   -> { results = [ { name, where, ok, message, ms } ], passed = N, failed = N }
                   `message` of a failure begins with file:line. A file that does not load is a
                   failed result whose name is the file's. ms is host time (answers of test.end).

The steps below are answered by the host (meta table, body string). They are not journaled. Every
one of them may be answered with { failed = true, problem = "words" }: that fails the test at the
line of the test file that asked.

  { op = "test.files" }
      -> { files = [ "tests/a_test.lua", ... ] }               sorted by name
  { op = "test.file", path = "fixtures/signed.json" }
      -> { found = true|false }, body = the file's bytes. `path` is relative to the company's
         folder, which the host lets nobody leave. Test files are fetched this way too, when they
         are not in the bundle.

  { op = "test.begin", test = "its name" }
      Before each test: stop all sandboxes of the test before, start from an empty store (no
      events, runs, journal, tokens) and the company as its folder says.  -> {}
  { op = "test.end", test = "its name" }
      After each test, also after a failed one: stop its sandboxes.       -> { ms = run time }

  { op = "test.sandbox", sandbox = "procountor", name = "procountor", connection = "books"|nil,
    fault = "POST /api/invoices lost*1"|nil, options = {...} }
      Starts lua/sandbox/<sandbox>.lua on a free port of 127.0.0.1 with load(options); from now on
      the connections of that kind (or just `connection`, when given) have its address. `name` is
      how the later steps call it (two sandboxes of one kind have two names). A `seed` in options
      is passed to the sandbox's seed() by its load().                     -> { url = "http://..." }
  { op = "test.state", sandbox = name }   -> what the sandbox's state() returned
  { op = "test.seed",  sandbox = name, seed = {...} }   calls its seed(seed)       -> {}
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
  { op = "test.event", event = "evt_.." }                  -> as test.deliver, looked up now
  { op = "test.act", run = "run_..", action = "send"|"retry"|"skip", reason = words|nil }
      What `sauma send|retry|skip` does; waits like test.deliver.          -> RUN
  { op = "test.runs" }                                     -> { runs = [ RUN, ... ] } oldest first
  { op = "test.wait", runs = [ids]|nil, ms = 60000 }       waits until these (all) are final
                                                           -> { runs = [ RUN, ... ] }

Secrets: in a test every secret("x") is "test-x" for the host, env("X") is the address of the
sandbox where a url stands, else "test-X". Sandboxes accept all credentials unless seeded with some.
]]
