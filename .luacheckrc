-- Lua 5.4 as companies get it: what lua/environment.lua adds, and the words of each kind of file.
std = "lua54"
max_line_length = 105
local script = { "http", "json", "cjson", "decimal", "ids", "address", "names", "text", "time",
  "crypto", "log", "notify", "attention", "skip", "secret", "env", "lock", "match" }
files["rules"] = { read_globals = script }
files["examples"] = { read_globals = script }
files["examples/**/company.lua"] = { read_globals = { "company", "connect", "use", "rule", "schedule", "poll",
  "procountor", "click2contract", "slack", "zapier", "crm" } }
files["tests"] = { read_globals = script }
files["tests/**/company.lua"] = { read_globals = { "company", "connect", "use", "rule", "schedule", "poll",
  "procountor", "click2contract", "slack", "zapier", "crm" } }
files["tests/companies/**/rules"] = { read_globals = { "procountor", "click2contract", "slack",
  "zapier" } }
files["tests/companies/**/tests"] = { read_globals = { "test", "sandbox", "deliver", "fire", "fixture",
  "fixture_text", "expect", "runs", "absent" } }
files["examples/**/rules"] = { read_globals = { "procountor", "click2contract", "slack", "zapier" } }
files["examples/**/tests"] = { read_globals = { "test", "sandbox", "deliver", "fire", "fixture",
  "fixture_text", "expect", "runs", "absent" } }
