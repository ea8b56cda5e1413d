"""`sauma check` on broken companies: exit status 1 and `file:line: what is wrong`, with a way on."""
import os

from harness import Case, main

HEAD = """company "X Oy" { language = "fi" }
connect "webhook" { as = "shop", secret = secret "shop", event = "type", id = "id" }
"""
BOOKS = """connect "click2contract" { secret = secret "c" }
connect "procountor" { url = "https://x.example/api", client_id = secret "a",
                       client_secret = secret "b", api_key = secret "c" }
"""
PIPEDRIVE = """connect "pipedrive" { url = "https://p.example", token = secret "t", secret = false, %s }
"""
WEB = HEAD + 'connect "webhook" { as = "w", secret = secret "w", %s }\n'
HTTP = HEAD + 'connect "http" { as = "h", url = "https://h.example", %s }\n'
RULE = 'rule "R" { on = "shop.x", run = function(e) return 1 end }\n'

# name: (company.lua, what the error begins with, what it says)
BROKEN = {
    "no company": ("", "company.lua:1", "declares no company"),
    "syntax": (HEAD + 'rule "R" {\n on = "shop.x"\n run = 1 }\n', "company.lua:5", "expected"),
    "line that is wrong": (HEAD + "  local x == 3 -- so\n" + RULE, "company.lua:3",
                           "near '=='  | local x == 3 -- so"),
    "string without end": (HEAD + 'rule "R {\n', "company.lua:3", "unfinished string"),
    "comma": (HEAD + BOOKS + 'use "proposal_to_invoice" { trigger = "off" notify = { "shop" } }\n',
              "company.lua:6", "near 'notify' (is a comma missing before it?)"),
    "comma at the end of a line": (HEAD + 'rule "R" {\n on = "shop.x"\n run = 1 }\n', "company.lua:5",
                                   "near 'run' (is a comma missing before it?)"),
    "half a quotation": ('company "X Oy { language = "fi", time_zone = "Europe/Helsinki" }\n',
                         "company.lua:1", "(a quotation mark is missing in this line)"),
    "marks of a word processor": (HEAD + "connect “slack” {}\n", "company.lua:3",
                                  'quotation marks are written " here'),
    "hyphen in a name": (HEAD + 'connect "slack" { my-url = 1 }\n', "company.lua:3",
                         "near '=' (names have the letters a to z, digits and _ alone"),
    "another language's operators": (HEAD + "if a != b then end\n", "company.lua:3",
                                     "(unequal is written ~=)"),
    "another language's and": (HEAD + "local x = a && b\n", "company.lua:3",
                               "(these are written and, or, not)"),
    "no sleep": (HEAD + "sleep(1)\n", "company.lua:3", "time.sleep(seconds)"),
    "colon": (HEAD + 'connect "slack" { url : "x" }\n', "company.lua:3",
              "(a setting is written name = value)"),
    "brace without an end": (HEAD + 'connect "slack" { url = secret "x"\n', "company.lua:4",
                             "'}' expected (to close '{' at line 3) near <eof>"),
    "unknown word": (HEAD + 'conect "http" {}\n', "company.lua:3", 'did you mean "connect"?'),
    "no coroutines": (HEAD + "local co = coroutine.create(print)\n", "company.lua:3",
                      "a rule is run as a coroutine by the host"),
    "no os": (HEAD + "local now = os.time()\n", "company.lua:3", "the clock are in time"),
    "no load": (HEAD + 'local f = load "return 1"\n', "company.lua:3", 'require "rules.name"'),
    "unknown connector": (HEAD + 'connect "procountr" {}\n', "company.lua:3",
                          'did you mean "procountor"?'),
    "unknown setting": (HEAD + 'connect "slack" { ur = secret "x" }\n', "company.lua:3",
                        'did you mean "url"?'),
    "setting is missing": (HEAD + 'connect "slack" {}\n', "company.lua:3",
                           'a setting is missing: url = secret "..."'),
    "settings are missing": (HEAD + 'connect "procountor" {}\n', "company.lua:3",
                             'api_key = secret "...", client_id = secret "..."'),
    "a setting with another word": (HEAD + 'schedule "a" { cron = "0 3 * * *", run = print }\n',
                                    "company.lua:3", "there is no setting \"cron\"; there are at, "),
    "auth that says nothing": (HTTP % "auth = {}", "company.lua:3", "auth says nothing: it is {"),
    "time without a unit": (HEAD + 'schedule "a" { every = "15", run = print }\n', "company.lua:3",
                            '"15m" is minutes'),
    "setting of a wrong type": (HEAD + 'connect "slack" { url = 12 }\n', "company.lua:3",
                                "url is a number"),
    "connection twice": (HEAD + 'connect "webhook" { as = "shop", secret = false }\n',
                         "company.lua:3", "company.lua:2 already"),
    "rule twice": (HEAD + RULE + RULE, "company.lua:4", "company.lua:3 already"),
    "event of no connection": (HEAD + 'rule "R" { on = "shp.x", run = function() end }\n',
                               "company.lua:3", 'did you mean "shop"?'),
    "pattern of events": (HEAD + 'rule "R" { on = "shop.*", run = function() end }\n',
                          "company.lua:3", '"shop" is all of them'),
    "type where there is none": (
        'company "X" {}\nconnect "webhook" { as = "shop", secret = false }\n'
        'rule "R" { on = "shop.x", run = function() end }\n', "company.lua:3", 'event = "type"'),
    "rule that does nothing": (HEAD + 'rule "R" { on = "shop.x" }\n', "company.lua:3",
                               "run = function(...) ... end"),
    "misspelled run": (HEAD + 'rule "R" { on = "shop.x", runn = 1 }\n', "company.lua:3",
                       'did you mean "run"?'),
    "unknown policy": (HEAD + 'rule "R" { on = "shop", trigger = "manuel", run = function() end }\n',
                       "company.lua:3", 'did you mean "manual"?'),
    "unknown ready rule": (HEAD + 'use "proposal_to_invoce" {}\n', "company.lua:3",
                           'did you mean "proposal_to_invoice"?'),
    "unknown option": (HEAD + BOOKS + 'use "proposal_to_invoice" { payment_term = 14 }\n',
                       "company.lua:6", 'did you mean "payment_terms"?'),
    "unknown connection in an option": (
        HEAD + BOOKS + 'use "proposal_to_invoice" { notify = { "slak" } }\n', "company.lua:6",
        '"slak"'),
    "time zone": ('company "X" { time_zone = "Europe/Helsinky" }\n', "company.lua:1",
                  "Europe/Helsinki"),
    "responsible without an address": (
        'company "X" { responsible = "not a mail" }\n', "company.lua:1", '"anna@acme.fi"'),
    "responsible with a name": (
        'company "X" { responsible = "Anna <anna@acme.fi>" }\n', "company.lua:1", "one plain mail"),
    "company twice": (HEAD + 'company "Y" {}\n', "company.lua:3", "company.lua:1 already"),
    "effect": (HEAD + 'local t = time.now()\n', "company.lua:3", "nothing outside may be touched"),
    "endless loop": (HEAD + '\nwhile true do end\n', "company.lua:4", "endless loop"),
    "memory": (HEAD + 'local s = "x"\nwhile true do s = s .. s end\n',
               "company.lua", "more than 16 MiB"),
    "error object": (HEAD + 'error({})\n', "company.lua:3", "error object"),
    "missing module": (HEAD + 'local x = require "rules.nothing"\n', "company.lua:3",
                       "rules/nothing.lua"),
    "module outside": (HEAD + 'local x = require "../../etc/passwd"\n', "company.lua:3",
                       "not the name of a module"),
    "compiled": ("\x1bLua" + "x" * 30, "company.lua:1", "compiled Lua"),
    "NUL": (HEAD + 'local x = "a\0b"\n', "company.lua:3", "NUL"),
    "address": (HEAD + 'connect "http" { as = "s", url = "htps://x" }\n', "company.lua:3",
                "https://"),
    "auth": (HEAD + 'connect "http" { as = "s", url = "https://x.example", '
             'auth = { baerer = secret "x" } }\n', "company.lua:3", "bearer"),
    "name with a space": (HEAD + 'connect "http" { as = "my shop", url = "https://x.example" }\n',
                          "company.lua:3", "letters, digits"),
    "name that is taken": (HEAD + 'connect "http" { as = "json", url = "https://x.example" }\n',
                           "company.lua:3", "as ="),
    "secret in a text": (HEAD + 'local x = "a" .. secret "b"\n', "company.lua:3", "not for scripts"),
    "no place for a payment status": (
        HEAD + 'use "payment_status" { crm = "shop" }\n', "company.lua:3",
        'one of kind "crm", "pipedrive" or "hubspot" has'),
    "no place for images": (
        HEAD + 'use "invoice_images" { crm = "shop" }\n', "company.lua:3",
        'takes no files; one of kind "crm", "pipedrive" or "hubspot" does'),
    "option of a dimension": (
        HEAD + BOOKS + 'use "proposal_to_invoice" { dimension = { nme = "Projekti" } }\n',
        "company.lua:6", 'dimension: there is no setting "nme"'),
    "fields of a payment status are not named": (
        HEAD + PIPEDRIVE % "" + 'use "payment_status" { crm = "pipedrive" }\n', "company.lua:4",
        'name the fields of organizations in which it is to stand'),
    "a field of a payment status is misspelled": (
        HEAD + PIPEDRIVE % 'payment_fields = { unpaid_totl = "ab" }', "company.lua:3",
        'did you mean "unpaid_total"?'),
    "two tokens": (
        HEAD + PIPEDRIVE % 'api_token = secret "u"', "company.lua:3", "give one of them"),
    "a state that there is not": (
        HEAD + PIPEDRIVE % 'payment_words = { late = "x" }', "company.lua:3",
        'payment_words has no state "late"'),
    "no property says whether a product is sold": (
        HEAD + 'connect "hubspot" { url = "https://h.example", token = secret "t", secret = false }\n'
        'use "product_catalogue" { crm = "hubspot" }\n', "company.lua:4",
        'product_fields = { active = "myynnissa" }'),
    "payment status how often": (
        HEAD + 'use "payment_status" { every = "1h", at = "0 3 * * *" }\n', "company.lua:3",
        "wants one of at"),
    "global": (HEAD + "foo = 1\n", "company.lua:3", "local foo"),
    "value without a name": (WEB % '"a"', "company.lua:3", "a value without a name"),
    "scheme of signatures": (WEB % 'signature = "hmca"', "company.lua:3", 'did you mean "hmac"?'),
    "part of a signature's form": (WEB % 'signature = { heder = "X" }', "company.lua:3",
                                   'did you mean "header"?'),
    "scheme of a CRM's signatures": (HEAD + 'connect "crm" { secret = secret "s", signature = "hmca" }',
                                     "company.lua:3", 'did you mean "hmac"?'),
    "path of a field": (WEB % 'event = "a..b"', "company.lua:3", '"data.id"'),
    "secrets that are no list": (WEB % 'secret = { secret "a", old = secret "b" }', "company.lua:3",
                                 "a list of up to 4"),
    "token of a wrong type": (HTTP % "auth = { bearer = 12 }", "company.lua:3",
                              'bearer is a number; secret "name" is wanted'),
    "user of a wrong type": (HTTP % 'auth = { user = {}, password = secret "p" }', "company.lua:3",
                             "user is a table"),
    "password that is missing": (HTTP % 'auth = { user = "a" }', "company.lua:3", "password = ..."),
    "auth that there is not": (HTTP % 'auth = { beerer = secret "a" }', "company.lua:3",
                               'did you mean "bearer"?'),
    "parameters of OAuth": (
        HTTP % ('auth = { oauth = "client_credentials", token_url = "https://a.example", '
                'client_id = "1", client_secret = secret "a", params = { 1 } }'), "company.lua:3",
        "auth.params: a table of texts"),
    "no time at all": (HTTP % "timeout = 0", "company.lua:3", "timeout is 0; it is more than 0"),
    "a time of no clock": (HTTP % "timeout = 1e300", "company.lua:3", "it is at most 3600"),
    "an account with a slip": (BOOKS.replace("url", 'bank_account = "FI00", url') + HEAD,
                               "company.lua:2", "whose check digits fit is wanted"),
    "a time that is none": (HTTP % "timeout = 0/0", "company.lua:3", "more than 0"),
    "no attempt": (HTTP % "attempts = 0", "company.lua:3", "1 or more"),
    "hosts that are no list": (HTTP % 'redirects = { a = "b.example" }', "company.lua:3",
                               "a list, {"),
    "silence without a unit": (HTTP % 'expected_every = "24"', "company.lua:3", "with its unit"),
    "empty key": (HEAD + 'rule "R" { on = "shop.x", key = "", run = print }\n', "company.lua:3",
                  'key is ""'),
    "name among the settings": (HEAD + 'rule "R" { on = "shop.x", name = "Q", run = print }\n',
                                "company.lua:3", "stands in front"),
    "type that is empty": (HEAD + 'rule "R" { on = "shop.", run = print }\n', "company.lua:3",
                           '"shop" is all events of it'),
    "connections that are no list": (
        HEAD + 'rule "R" { on = "shop.x", needs = { a = "shop" }, run = print }\n', "company.lua:3",
        "needs is a table; a list"),
    "first of a poll": (HEAD + 'poll "P" { every = "1h", first = print, run = print }\n',
                        "company.lua:3", "first is a function"),
    "percent": (HEAD + 'connect "crm" { secret = secret "s", vat_percent = "abc" }\n', "company.lua:3",
                "a number of percent"),
    "whom a rule tells": (HEAD + BOOKS + 'use "proposal_to_invoice" { notify = { a = "shop" } }\n',
                          "company.lua:6", "notify is a table"),
    "kinds of alerts": (HEAD + 'use "tell_alerts" { notify = "shop", kinds = { 1 } }\n',
                        "company.lua:3", "a list of texts"),
    "responsible for alerts": (
        HEAD + 'use "tell_alerts" { notify = "shop", responsible = "Anna" }\n', "company.lua:3",
        "one plain mail address"),
    "own invoices": (HEAD + 'use "payment_status" { own = { a = "b" } }\n', "company.lua:3",
                     "own is a table; a list"),
    "register of a sync": (HEAD + 'use "customer_sync" { register = 1 }\n', "company.lua:3",
                           "register is a number"),
    "sync with no CRM": (HEAD + BOOKS + 'use "customer_sync" { crm = "shop" }\n', "company.lua:6",
                         'is of kind webhook; customers are kept the same with one of kind "crm"'),
    "sync without a business ID": (
        HEAD + BOOKS + PIPEDRIVE % "" + 'use "customer_sync" { crm = "pipedrive" }\n',
        "company.lua:7", "where the business ID is, by which customers are found: "
        "organization_fields.business_id"),
    "sync of a field that is nowhere": (
        HEAD + BOOKS + 'use "customer_sync" { crm = "pipedrive", fields = { "phone" } }\n'
        + PIPEDRIVE % 'organization_fields = { business_id = "8f" }', "company.lua:6",
        'does not say where "phone" is: organization_fields.phone'),
    "e-invoices need both parts": (
        HEAD + BOOKS + 'use "customer_sync" { crm = "pipedrive", fields = { "einvoice" } }\n'
        + PIPEDRIVE % 'organization_fields = { business_id = "8f", einvoice_address = "a1" }',
        "company.lua:6", "organization_fields.einvoice_operator"),
    "unknown name in a function": (
        HEAD + BOOKS + 'rule "R" { on = "shop.x", run = function(e)\n'
        '  return procountr.invoices.create(e) end }\n', "company.lua:7", 'did you mean "procountor"?'),
    "unknown name, functions deep": (
        HEAD + 'local function f() return function()\n local a = 1\n\n'
        ' return function() return a, jso.encode {} end end end\n' + RULE,
        "company.lua:6", 'did you mean "json"?'),
    "unknown name behind a line far away": (
        HEAD + 'local function f() local a = 1\n' + "\n" * 500 + ' return lgo(a) end\n' + RULE,
        "company.lua:504", '"lgo"'),
    "global set in a function": (
        HEAD + 'rule "R" { on = "shop", run = function(e)\n  total = 1 end }\n',
        "company.lua:4", 'write "local total"'),
    "word of Lua in a function": (
        HEAD + 'rule "R" { on = "shop", run = function(e)\n  return os.time() end }\n',
        "company.lua:4", "the clock are in time"),
    "address of a redirect": (
        BOOKS.replace("url", 'redirect_uri = "x", url') + HEAD, "company.lua:2",
        'redirect_uri is "x"; an address begins with https://'),
    "all that there is is not shown": ('company "X" { redact = { "*" } }\n', "company.lua:1", 'not "*"'),
    "owner of nothing": (HEAD + 'use "customer_sync" { owner = {} }\n', "company.lua:3",
                         "owner names no field"),
    "a kind of alert that there is not": (
        HEAD + 'use "tell_alerts" { notify = "shop", kinds = { "failed", "atention" } }\n',
        "company.lua:3", 'there is no kind "atention" (did you mean "attention"?)'),
    "no kind of alert": (HEAD + 'use "tell_alerts" { notify = "shop", kinds = {} }\n',
                         "company.lua:3", "kinds names no kind"),
    "a receiver that takes no notices": (
        HEAD + 'use "tell_alerts" { notify = "shop" }\n', "company.lua:3",
        'notify: connection "shop" of kind webhook takes no notices; one of kind "slack"'),
    "whom a rule tells takes no notices": (
        HEAD + BOOKS + 'use "proposal_to_invoice" { notify = { "procountor" } }\n', "company.lua:6",
        'notify: connection "procountor" of kind procountor takes no notices'),
    "an owner is told by what takes no notices": (
        HEAD + BOOKS + 'use "proposal_to_invoice" { tell_owner = "shop" }\n', "company.lua:6",
        'tell_owner: connection "shop"'),
    "a register that is none": (
        HEAD + BOOKS + 'use "proposal_to_invoice" { register = "shop" }\n', "company.lua:6",
        'register: connection "shop" of kind webhook is no register'),
    "files from what has none": (
        HEAD + BOOKS + 'use "proposal_to_invoice" { attach = "shop" }\n', "company.lua:6",
        'attach: connection "shop" of kind webhook fetches no files'),
    "books that are none": (
        HEAD + BOOKS + 'use "proposal_to_invoice" { finance = "shop" }\n', "company.lua:6",
        'finance: connection "shop" of kind webhook makes no invoices'),
    "deals of what has none": (
        HEAD + BOOKS + 'use "deal_to_invoice" { source = "shop" }\n'
        'connect "slack" { url = secret "s" }\n', "company.lua:6",
        'source: connection "shop" of kind webhook has no deals'),
    "when a lost request is looked for": (HTTP % 'looks = { "5m" }', "company.lua:3",
                                          "looks is a list of seconds"),
    "when a product is the same": (
        BOOKS.replace("url", 'matching = { covr = 1 }, url') + HEAD, "company.lua:2",
        'did you mean "cover"?'),
    "io": (HEAD + 'io.open("/etc/passwd")\n', "company.lua:3", '"io"'),
}


class Check(Case):
    def check(self, name, source, data=b"", *args):
        folder = os.path.join(self.world.companies, name)
        os.makedirs(folder)
        with open(os.path.join(folder, "company.lua"), "wb") as f:
            f.write(data or source.encode())
        done = self.world.sauma("check", folder, "--data", "none", *args, check=False)
        return folder, done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_what_is_broken_is_named_with_its_place(self):
        folders = [os.path.join(self.world.companies, f"c{i}") for i in range(len(BROKEN))]
        for folder, (source, _, _) in zip(folders, BROKEN.values()):
            os.makedirs(folder)
            with open(os.path.join(folder, "company.lua"), "wb") as f:
                f.write(source.encode())
        done = self.world.sauma("check", *folders, "--data", "none", "--burst", "300ms", "--memory", "16m",
                                check=False)
        out, lines = done.stdout.decode(), done.stderr.decode().splitlines()
        self.assertEqual(done.returncode, 1)
        self.assertNotIn(" ok", out)
        for folder, (name, (_, place, words)) in zip(folders, BROKEN.items()):
            with self.subTest(name):
                (line,) = [line for line in lines if line.startswith(folder + "/")]
                self.assertTrue(line.startswith(f"{folder}/{place}: "), line)
                self.assertIn(words, line)
        self.assertEqual(len(lines), len(BROKEN))

    def test_a_file_that_is_not_utf8_is_named_with_its_line(self):
        folder, code, _, errors = self.check("latin", "", (HEAD + RULE).encode() + b"-- \xe4\n")
        self.assertEqual(code, 1)
        self.assertTrue(errors.startswith(f"{folder}/company.lua:4: not UTF-8"), errors)

    def test_a_byte_order_mark_is_no_mistake(self):
        _, code, out, errors = self.check("mark", "", b"\xef\xbb\xbf" + (HEAD + RULE).encode())
        self.assertEqual((code, errors), (0, ""), out)

    def test_names_that_are_there_are_no_mistake(self):
        """Names of connections that stand below, locals, fields, and an environment of one's own."""
        many = "".join(f'  t["k{i}"] = e.k{i}\n' for i in range(300))
        source = HEAD + (
            'local helper = require "rules.helper"\n'
            'local function f(e) local t = {}\n' + many + '  return helper.go(books, t, _ENV.json) end\n'
            'local function own(print) local _ENV = { print = print } return print(whatever, a.b) end\n'
            'connect "http" { as = "books", url = "https://x.example" }\n'
            'rule "R" { on = "shop.x", run = function(e) return f(e), own end }\n')
        folder = os.path.join(self.world.companies, "names")
        os.makedirs(os.path.join(folder, "rules"))
        with open(os.path.join(folder, "rules", "helper.lua"), "w") as f:
            f.write("return { go = function(...) return select('#', ...), books.get end }\n")
        with open(os.path.join(folder, "rules", "unused.lua"), "w") as f:
            f.write("return { go = function() return nothing_that_is_there end }\n")
        with open(os.path.join(folder, "company.lua"), "w") as f:
            f.write(source)
        done = self.world.sauma("check", folder, "--data", "none", check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        with open(os.path.join(folder, "rules", "helper.lua"), "w") as f:
            f.write("return {\n  go = function(...) return boks.get end }\n")
        done = self.world.sauma("check", folder, "--data", "none", check=False)
        self.assertEqual(done.stderr.decode(), f'{folder}/rules/helper.lua:2: there is nothing called '
                         '"boks" here (did you mean "books"?)  | go = function(...) return boks.get end }\n')

    def test_what_a_connection_or_a_module_does_not_have_is_told(self):
        """By its name, where it is used as it is; what is tested first may well be missing."""
        source = HEAD + '''connect "slack" { url = secret "slack-url" }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = secret "a", client_secret = secret "b",
  api_key = secret "c" }
rule "R" { on = "shop.x", run = function(e)
  if slack.later then slack.later() end
  local f = slack.later or slack.send
  local t = { slack.later == nil, not http.later, json.null, math.pi, e.slack.psot, f }
  procountor.invoices.creat(t)
  local slack = t
  return slack.psot
end }
rule "S" { on = "shop.y", run = function(e)
  http.gett("shop", "/x")
  slack.psot("x")
end }
'''
        at = source.count("\n", 0, source.index("rule ")) + 1
        folder = os.path.join(self.world.companies, "members")
        os.makedirs(folder)
        with open(os.path.join(folder, "company.lua"), "w") as f:
            f.write(source)
        done = self.world.sauma("check", folder, "--data", "none", check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        told = [line for line in done.stdout.decode().splitlines() if "has no" in line]
        self.assertEqual(told, [
            f'{folder}/company.lua:{at + 4}: "procountor.invoices" has no "creat" (did you mean "create"?)',
            f'{folder}/company.lua:{at + 9}: "http" has no "gett" (did you mean "get"?)',
            f'{folder}/company.lua:{at + 10}: "slack" has no "psot"; it has escape, kind, name, notify, send'])

    def test_a_decimal_is_never_equal_to_a_float(self):
        _, code, out, _ = self.check("floats", HEAD + """rule "R" { on = "shop.x", run = function(e)
  local rate = 25.5
  if e.vat == 25.5 then return e.vat ~= 14.0 end
  return { e.vat == 24, e.vat == decimal "25.5", e.vat < 3, e.vat == "25.5", rate }
end }
""")
        told = [line.split(":")[1] for line in out.splitlines() if "== and ~= with a float" in line]
        self.assertEqual((code, told), (0, ["5", "5"]))

    def test_a_credential_in_the_file_is_told(self):
        for auth, part in (('{ bearer = "t" }', "bearer"), ('{ user = "u", password = "p" }', "password"),
                           ('{ header = "X-Key", value = "v" }', "value"),
                           ('{ oauth = "client_credentials", token_url = "https://a.example", '
                            'client_id = "c", client_secret = "s" }', "client_secret")):
            with self.subTest(auth):
                _, code, out, _ = self.check(part, HTTP % f"auth = {auth}")
                self.assertEqual(code, 0)
                self.assertIn(f'company.lua:3: auth.{part} of connection "h" stands in the file as plain', out)
        _, _, out, _ = self.check("kept", HTTP % 'auth = { bearer = secret "t" }')
        self.assertNotIn("plain text", out)
        self.assertNotIn("http://", out)
        _, code, out, _ = self.check("clear", (HTTP % "").replace("https", "http"))
        self.assertEqual(code, 0)
        self.assertIn('company.lua:3: url of connection "h" begins with http://: it is read on the way', out)

    def test_many_at_once_are_each_told_as_alone(self):
        """Folders of one name are different companies, and one that dies at loading is alone with it."""
        sources = {"a/acme": HEAD + RULE, "b/acme": HEAD + "local x == 3\n", "c/acme": HEAD,
                   "d/loop": HEAD + "while true do end\n", "e/acme": HEAD + RULE, "f/acme": HEAD + RULE}
        folders, alone = [os.path.join(self.world.companies, name) for name in sources], []
        options = ["--data", "none", "--burst", "300ms"]
        for folder, source in zip(folders, sources.values()):
            os.makedirs(folder)
            with open(os.path.join(folder, "company.lua"), "w") as f:
                f.write(source)
            alone.append(self.world.sauma("check", folder, *options, check=False))
        self.assertEqual([done.returncode for done in alone], [0, 1, 0, 1, 0, 0])
        for done, rules in ((alone[0], b"1 rule\n"), (alone[2], b"0 rules\n")):
            self.assertTrue(done.stdout.endswith(rules), done.stdout)
        many = self.world.sauma("check", *folders, *options, check=False)
        self.assertEqual(many.returncode, 1)
        self.assertEqual(many.stdout, b"".join(done.stdout for done in alone))
        self.assertEqual(many.stderr, b"".join(done.stderr for done in alone))

    def test_no_folder_and_no_company_in_it(self):
        done = self.world.sauma("check", "nowhere", check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (1, b"nowhere: No such file or directory\n"))
        os.mkdir(os.path.join(self.world.companies, "empty"))
        done = self.world.sauma("check", "companies/empty", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"companies/empty/company.lua", done.stderr)


if __name__ == "__main__":
    main()
