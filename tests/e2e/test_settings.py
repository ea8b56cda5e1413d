"""Each setting that a connector or a ready rule declares is tried with a value of a wrong type, one
that is out of its range, nonsense, and under a misspelled name: an error with its place that says what
is wanted. They are read where they are declared, so that a new one is tried as well."""
import glob
import os
import re

from harness import ROOT, Case, main

# For each type a value that is none of it; a type that is not here is to be added.
WRONG = {
    "string": "12", "text": '" "', "texts": "{ 1 }", "list": "{ a = 1 }", "path": '"a..b"',
    "iban": '"FI00"', "every": '"15"', "percent": '"abc"', "number": '"x"', "integer": "1.5",
    "boolean": '"yes"', "table": "12", "function": '"f"', "address": "12", "credential": "{}",
    "secret_or_false": "true", "data": "print", "string|function": "{}", "function|text": "{}",
    "text|texts": "{ 1 }", "text|boolean": "12", "every|boolean": "12", "text|table": "12",
    "table|string": "12", "string|table": "12", "path|table": '"a..b"',
}

TRIES = """local WRONG, RULES, COMMON = { %s }, { %s }, { %s }
local n, bad = 0, {}

local function try(what, words, declare)
  n = n + 1
  local ok, problem = pcall(declare)
  problem = ok and "it is taken" or tostring(problem)
  if not problem:find("^company%%.lua:%%d+: ") or not problem:find(words, 1, true) then
    bad[#bad + 1] = what .. ": " .. problem:sub(1, 110)
  end
end

local VALID = { credential = secret "a", secret_or_false = false, string = "a@b.example",
  ["text|texts"] = "a", address = "https://x.example" }

local function try_all(what, known, declare, base)
  for name, entry in pairs(known) do
    if entry.required and base[name] == nil then base[name] = VALID[entry.type] end
  end
  local function with(name, value)
    local settings = {}
    for key, own in pairs(base) do settings[key] = own end
    settings[name] = value
    return function() declare(settings) end
  end
  if next(known) == nil then error(what .. " declares nothing") end
  for name, entry in pairs(known) do
    local label = what .. ", " .. name
    if WRONG[entry.type] == nil then error("no value is known to be no " .. entry.type) end
    try(label .. " of a wrong type", name, with(name, WRONG[entry.type]))
    try(label .. " misspelled", ('did you mean "%%s"'):format(name), with(name .. name:sub(-1), 1))
    if entry.type == "number" or entry.type == "integer" then
      local least = entry.above or entry.min and entry.min - 1
      try(label .. " too small", name, with(name, least or -1 << 40))
      try(label .. " too large", name, with(name, entry.max and entry.max + 1 or 1 << 40))
    end
    -- What a time means the host reads (test_company_check).
    if entry.type:find "string" or entry.type == "address" and not entry.free then
      try(label .. " that is nonsense", name, with(name, "?! zz"))
    end
    if entry.type:find "table" or entry.type:find "list" then
      try(label .. " with nonsense", name, with(name, { false }))
      try(label .. " with a name that is nonsense", name, with(name, { ["?! zz"] = false }))
    end
  end
end

for _, kind in ipairs { %s } do
  local connector = require("connectors." .. kind)
  try_all("connect " .. kind, connector.settings, function(settings)
    settings.as = "c" .. n
    connect (kind) (settings)
  end, { url = connector.settings.url and connector.settings.url.type == "address"
    and (connector.schemes or { "https://" })[1] .. "x.example" or nil,
    token = (kind == "pipedrive" or kind == "hubspot") and secret "a" or nil })
end
try_all("connect", COMMON, function(settings)
  settings.as = settings.as or "c" .. n
  connect "http" (settings)
end, { url = "https://x.example" })
for name, known in pairs(RULES) do
  try_all("use " .. name, known, function(settings) use (name) (settings) end, {})
end
table.sort(bad)
error(("%%d tries, %%d bad: %%s"):format(n, #bad, table.concat(bad, "; ", 1, math.min(#bad, 6))))
"""

ENTRY = re.compile(r'(\w+) = (\{ type = "[^"]+"(?:[^{}"]|"[^"]*"|\{[^{}]*\})*\})')


def read(*path):
    with open(os.path.join(ROOT, *path)) as f:
        return f.read()


def part(text, begin, end):
    """The settings of a table in Lua's own words."""
    at = text.index(begin)
    return dict(ENTRY.findall(text[at:text.index(end, at)]))


def settings_of_rules():
    common = part(read("lua/invoicing.lua"), "invoicing.OPTIONS = {", "\n}")
    rules = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "rules", "*.lua"))):
        text = read(path)
        own = part(text, "local KNOWN = {", "\n\n") if "local KNOWN = {" in text else {}
        rules[os.path.basename(path)[:-4]] = {**(common if "invoicing.OPTIONS" in text else {}), **own}
    return rules


class Settings(Case):
    def check(self, *sources):
        folders = [os.path.join(self.world.companies, f"c{n}") for n in range(len(sources))]
        for folder, source in zip(folders, sources):
            os.makedirs(folder)
            with open(os.path.join(folder, "company.lua"), "w") as f:
                f.write(source)
        done = self.world.sauma("check", *folders, "--data", "none", "--burst", "60s", check=False)
        return done.returncode, done.stderr.decode()

    def test_each_setting_is_looked_at(self):
        rules = settings_of_rules()
        self.assertEqual(len(rules), len(glob.glob(os.path.join(ROOT, "rules", "*.lua"))))
        kinds = [os.path.basename(path)[:-4]
                 for path in glob.glob(os.path.join(ROOT, "lua", "connectors", "*.lua"))
                 if "\n  kind = " in read(path)]
        self.assertGreater(len(kinds), 11)
        common = part(read("lua/allowed.lua"), "allowed.connection = {", "\n}")

        def table(entries):
            return ", ".join(f'["{name}"] = {entry}' for name, entry in entries.items())
        source = 'company "X" {}\n' + TRIES % (
            table(WRONG), table({name: "{ %s }" % table(known) for name, known in rules.items()}),
            table(common), ", ".join(f'"{kind}"' for kind in sorted(kinds)))
        code, errors = self.check(source)
        self.assertEqual(code, 1)
        found = re.search(r"(\d+) tries, 0 bad", errors)
        self.assertTrue(found, errors)
        self.assertGreater(int(found[1]), 400)

    def test_each_setting_of_a_company_is_looked_at(self):
        known = part(read("lua/allowed.lua"), "allowed.company = {", "\n}")
        sources, wanted = [], []
        for name, entry in known.items():
            kind = re.match(r'\{ type = "([^"]+)"', entry)[1]
            for key, value, words in ((name, WRONG[kind], name), (name + name[-1], "1", f'did you mean "{name}"')):
                sources.append('company "X" { %s = %s }\n' % (key, value))
                wanted.append(words)
        code, errors = self.check(*sources)
        self.assertEqual((code, errors.count("\n")), (1, len(sources)), errors)
        for n, (line, words) in enumerate(zip(errors.splitlines(), wanted)):
            self.assertIn(f"c{n}/company.lua:1: ", line)
            self.assertIn(words, line)


if __name__ == "__main__":
    main()
