"""What the commands answer when they are used wrongly or asked for what is not there."""
import datetime
import json
import os

from harness import ROOT, Case, main, request, wait_until

PLAIN = """company "A" {}
connect "webhook" { as = "shop", secret = false }
rule "R" { on = "shop", run = function() return 1 end }
"""


class Commands(Case):
    def answer(self, *args):
        done = self.world.sauma(*args, check=False)
        return done.returncode, done.stderr.decode().strip()

    def test_wrong_usage_ends_with_2_and_a_way_on(self):
        w = self.world
        w.start_host()
        data = ("--data", w.data)
        for args, words in (
                (("nothing",), "sauma help"), (("serve",), "--companies"),
                (("serve", "extra", "--companies", w.companies), "'extra'"),
                (("serve", "--workers", "many"), "whole number"),
                (("serve", "--bla",), "--bla"), (("check",), "usage"), (("test",), "usage"),
                (("run", w.companies), "usage"), (("show", *data), "usage"),
                (("runs", "acme", *data), "--company"), (("runs", "--state", "foo", *data), "queued"),
                (("events", "--since", "soon", *data), "30d"), (("secret", "set", "acme"), "usage"),
                (("secret", "set", "acme", "x", *data), "standard input"),
                (("sandbox",), "usage"), (("sandbox", "nothing", "--listen", "127.0.0.1:0"), "there is no sandbox"),
                (("sandbox", "slack", "--listen", "here"), "127.0.0.1"),
                (("sandbox", "slack", "--listen", "127.0.0.1:0", "--fault", "GET explode"),
                 "lost")):
            with self.subTest(args):
                code, errors = self.answer(*args)
                self.assertEqual(code, 2, errors)
                self.assertIn(words, errors)

    def test_what_is_not_there(self):
        w = self.world
        nowhere = os.path.join(w.dir, "nowhere")
        for args in (("events",), ("runs",), ("show", "run_x"), ("secret", "list"),
                     ("secret", "remove", "acme", "x")):
            with self.subTest(args):
                code, errors = self.answer(*args, "--data", nowhere)
                self.assertEqual(code, 3, errors)
                self.assertIn(nowhere, errors)
                self.assertFalse(os.path.exists(nowhere))
        w.start_host()
        self.assertEqual(self.answer("show", "run_x", "--data", w.data)[0], 1)
        self.assertEqual(self.answer("secret", "remove", "acme", "x", "--data", w.data)[0], 1)
        code, errors = self.answer("serve", "--companies", w.companies, "--data", w.data)
        self.assertEqual(code, 3)
        self.assertIn(f"pid {w.host.p.pid}", errors)

    def test_settings_from_file_environment_and_command_line(self):
        w = self.world
        w.add_company("a", 'company "A" {}\nconnect "webhook" { as = "shop", secret = false }\n')
        path = os.path.join(w.dir, "sauma.conf")
        with open(path, "w") as f:
            f.write(f"# ours\ncompanies = {w.companies}\ndata = {w.data}\nlisten = 127.0.0.1:0\n"
                    "max-body = 100\n")
        body = b'{"x":"' + b"x" * 300 + b'"}'
        for args, env, status in (((), {}, 413), ((), {"SAUMA_MAX_BODY": "1k"}, 202),
                                  (("--max-body", "200"), {"SAUMA_MAX_BODY": "1k"}, 413)):
            with self.subTest(args=args, env=env):
                host = w.start("host", ["serve", *args], dict(env, SAUMA_CONFIG=path))
                address = host.line(r"listening on http://(\S+?),").group(1)
                self.assertEqual(request(address, "POST", "/hooks/a/shop", body)[0], status)
                self.assertEqual(host.stop(), 0)
        for line, words in (("nonsense", ":1: a line must be"), ("max-bdy = 3", "'max-body'"),
                            ("max-body = lots", "64k")):
            with self.subTest(line), open(path, "w") as f:
                f.write(line + "\n")
                f.flush()
                code, errors = self.answer("serve", "--config", path)
                self.assertEqual(code, 2)
                self.assertIn(words, errors)

    def test_one_file_of_settings_for_all_commands(self):
        w = self.world
        path = os.path.join(w.dir, "sauma.conf")
        with open(path, "w") as f:
            f.write(f"companies = {w.companies}\ndata = {w.data}\nlisten = 127.0.0.1:0\n")
        w.start_host()
        for command in ("runs", "stats", "attention", "doctor"):
            self.assertEqual(self.answer(command, "--config", path)[0], 0, command)
        with open(path, "a") as f:
            f.write("listn = 127.0.0.1:0\n")
        code, errors = self.answer("runs", "--config", path)
        self.assertEqual(code, 2)
        self.assertIn(":4: there is no setting 'listn'", errors)

    def test_a_list_that_was_cut_says_so(self):
        w = self.world
        w.add_company("a", 'company "A" {}\nconnect "webhook" { as = "shop", secret = false }\n'
                           'rule "R" { on = "shop", run = function() end }\n')
        w.start_host()
        for n in range(3):
            self.assertEqual(w.deliver({"n": n}, "a", "shop", sign=False)[0], 202)
        wait_until(lambda: w.sauma("runs", "--data", w.data).stdout.count(b" done") == 3, "three runs")
        for command in (("runs",), ("events",), ("runs", "--json")):
            self.assertEqual(self.answer(*command, "--data", w.data), (0, ""))
            self.assertEqual(self.answer(*command, "--data", w.data, "--limit", "2"),
                             (0, "these are the newest 2; there may be more: --limit"))

    def test_connections_of_no_company(self):
        w = self.world
        w.add_company("acme", 'company "A" {}\nconnect "webhook" { as = "shop", secret = false }\n'
                              'rule "R" { on = "shop", run = function() end }\n')
        w.start_host()
        self.assertEqual(self.answer("connections", "acme", "--data", w.data)[0], 0)
        for name, meant in (("amce", " (did you mean 'acme'?)"), ("other", "")):
            code, errors = self.answer("connections", name, "--data", w.data)
            self.assertEqual(code, 3)
            self.assertIn(f"no company '{name}' is loaded{meant}", errors)

    def test_check_tells_what_a_missing_value_may_be(self):
        w = self.world
        folder = os.path.join(w.dir, "firms", "acme")
        os.makedirs(folder)
        with open(os.path.join(folder, "company.lua"), "w") as f:
            f.write('''company "Acme" { language = "fi", time_zone = "Europe/Helsinki" }
connect "http" { as = "a", url = env "ACME_URL" }
connect "http" { as = "b", url = env "ACME_TOKEN" }
connect "webhook" { as = "shop", secret = secret "shop-secret", event = "e", id = "id" }
''')
        w.sauma("secret", "set", "acme", "shop-secrte", "--data", w.data, stdin=b"x")
        set_ = {"ACMES_URL": "https://a.example", "ACME_TOKEN": "t"}
        told = w.sauma("check", folder, "--data", w.data, env=set_, check=False)
        self.assertEqual(told.returncode, 1)
        at = f"{folder}/company.lua"
        self.assertEqual(told.stderr.decode().splitlines(), [
            f"{at}:2: the environment variable 'ACME_URL' is not set (did you mean 'ACMES_URL', which is set?)",
            f"{at}:3: the environment variable 'ACME_TOKEN' is not allowed (--env allows only '*_URL')",
            f"{at}:4: the secret 'shop-secret' is not set (did you mean 'shop-secrte', which is set?)"])
        set_ = {"ACME_URL": "https://a.example", "ACME_TOKEN": "t", "SHOP_URL": "far from it"}
        w.sauma("secret", "remove", "acme", "shop-secrte", "--data", w.data)
        told = w.sauma("check", folder, "--data", w.data, "--env", "ACME_*", env=set_, check=False)
        self.assertEqual(told.stderr.decode().splitlines(), [
            f"{at}:4: the secret 'shop-secret' is not set: sauma secret set acme shop-secret"])

    def test_a_company_from_an_example(self):
        w = self.world
        folder = os.path.join(w.dir, "firms", "acme")
        done = w.sauma("new", folder + "/")
        self.assertIn(f"sauma check {folder}", done.stdout.decode())
        examples = os.path.join(ROOT, "examples")
        for at, _, files in os.walk(os.path.join(examples, "minimal")):
            for name in files:
                path = os.path.join(at, name)
                copy = os.path.join(folder, os.path.relpath(path, os.path.join(examples, "minimal")))
                with open(path, "rb") as a, open(copy, "rb") as b:
                    self.assertEqual(a.read(), b.read(), copy)
        # Before there is any data, what has to be set is listed, with the command that sets it.
        needs = w.sauma("check", folder, "--data", os.path.join(w.dir, "none")).stdout.decode()
        for name in ("click2contract", "procountor-client-id", "procountor-client-secret",
                     "procountor-api-key", "slack-url"):
            self.assertIn(f"sauma secret set acme {name}\n", needs)
        self.assertIn("needs the environment variable 'PROCOUNTOR_URL'\n", needs)
        # Nothing is written over, and nothing of a copy is left under another name.
        with open(os.path.join(folder, "company.lua"), "a") as f:
            f.write("-- ours\n")
        code, errors = self.answer("new", folder, "--from", "shop")
        self.assertEqual(code, 1)
        self.assertIn("stays as it is", errors)
        with open(os.path.join(folder, "company.lua")) as f:
            self.assertTrue(f.read().endswith("-- ours\n"))
        self.assertEqual(os.listdir(os.path.join(w.dir, "firms")), ["acme"])
        for args in (("new",), ("new", folder + "2", "--from", "nothing"),
                     ("new", folder + "2", "--from", "../examples/shop")):
            done = w.sauma(*args, check=False)
            self.assertEqual(done.returncode, 2, args)
            for name in ("custom", "deals", "minimal", "register", "shop", "world"):
                self.assertIn(f"  {name} ", done.stdout.decode())
        self.assertFalse(os.path.exists(folder + "2"))
        # A folder that no host would take as a company's is not made.
        for name in ("Acme", "nordic oy", "a.b", "x" * 64):
            code, errors = self.answer("new", os.path.join(w.dir, name))
            self.assertEqual(code, 2, name)
            self.assertIn("lower-case letters", errors)
            self.assertFalse(os.path.exists(os.path.join(w.dir, name)))

    def test_times_are_those_of_who_reads(self):
        w = self.world
        w.add_company("a", PLAIN)
        w.start_host()
        self.assertEqual(request(w.address, "POST", "/hooks/a/shop", b'{"x":1}')[0], 202)
        at = json.loads(w.sauma("events", "--json", "--data", w.data).stdout)["received_at"]
        for zone, hours in (("UTC", 0), ("EET-2", 2), ("EST5", -5)):
            local = datetime.datetime.fromisoformat(at[:19]) + datetime.timedelta(hours=hours)
            for command in ("events", "runs", "versions"):
                shown = w.sauma(command, "--data", w.data, env={"TZ": zone}).stdout.decode()
                self.assertIn(f"{local:%Y-%m-%d %H:}", shown, (zone, command))
            # A date is one of the same clocks: all of that day, and nothing of it the day after.
            for days, lines in ((0, 1), (1, 0)):
                day = f"{local + datetime.timedelta(days=days):%Y-%m-%d}"
                shown = w.sauma("events", "--since", day, "--data", w.data, env={"TZ": zone}).stdout
                self.assertEqual(shown.count(b"evt_"), lines, (zone, day))

    def test_one_event_in_the_foreground_says_what_is_wrong(self):
        w = self.world
        event = os.path.join(w.dir, "event.json")
        with open(event, "w") as f:
            f.write('{"type":"made","id":1}')
        web = 'company "A" {}\nconnect "webhook" { as = "shop", secret = false%s }\n'
        rule = 'rule "R" { on = "shop.paid", run = function(e)\n%s\nend }\n'
        typed = web % ', event = "type"'
        # `return f()` leaves no frame of its own behind: the line that says it is found all the same.
        any_event = web % "" + rule.replace(".paid", "")
        cases = (
            (typed + rule % "return 1", "", 'no rule is for shop.made\nrule "R" is for shop.paid'),
            (any_event % 'return http.get("shp", "/")',
             'failed: company.lua:4: this company has no connection "shp"', ""),
            (any_event % 'if e.no then\nreturn 2\nend\nreturn http.get("shp", "/")',
             'failed: company.lua:3: this company has no connection "shp"', ""),
            (any_event % "local function f() return e.a.b end\nreturn f()",
             "failed: company.lua:4: attempt to index a nil value (field 'a')\n", ""),
            (any_event % 'attention("look at it", { id = 5 })',
             "attention: look at it\n  {\n    details: {\n      id: 5\n    }\n  }\n", ""))
        for i, (text, out, err) in enumerate(cases):
            with self.subTest(text):
                w.add_company(f"one{i}", text)
                done = w.sauma("run", os.path.join(w.companies, f"one{i}"), event, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(out, done.stdout.decode())
                self.assertIn(err, done.stderr.decode())
                self.assertEqual(done.stderr.decode().count("no run"), 1 if err else 0)

    def test_a_poll_that_ends_with_return_f_is_told_by_its_line(self):
        w = self.world
        w.add_company("polls", 'company "A" {}\npoll "looks" { every = "1s", run = function(since)\n'
                      'if since then return {} end\nreturn http.get("shp", "/")\nend }\n')
        w.start_host()
        run = wait_until(lambda: [r for r in w.runs() if r["state"] == "failed"], "a failed run")[0]
        shown = w.sauma("show", run["id"], "--data", w.data).stdout.decode()
        self.assertIn('company.lua:4: this company has no connection "shp"', shown)

    def test_a_host_runs_a_new_company_at_once(self):
        w = self.world
        w.start_host()
        w.sauma("new", os.path.join(w.companies, "fresh"), "--from", "shop")
        wait_until(lambda: "fresh" in w.sauma("versions", "--data", w.data).stdout.decode(), "a version")
        self.assertNotIn("fresh", w.sauma("alerts", "--data", w.data).stdout.decode())

    def test_topics(self):
        w = self.world
        listed = w.sauma("help").stdout.decode().split("topics:")[1].split("`sauma help")[0]
        listed, others = listed.split("connections:")
        names = [line.split()[0] for line in listed.strip().splitlines()]
        self.assertEqual([n + ".md" for n in names], sorted(os.listdir(os.path.join(ROOT, "host", "help"))))
        with open(os.path.join(ROOT, "README.md")) as f:
            readme = f.read()
        for name in names:
            with open(os.path.join(ROOT, "host", "help", name + ".md"), "rb") as f:
                self.assertTrue(w.sauma("help", name).stdout.startswith(f.read()))
            self.assertIn(f"| `{name}` |", readme)
        kinds, modules = others.split("in scripts:")
        for name in kinds.split() + modules.replace("; in tests:", "").split():
            out = w.sauma("help", name).stdout.decode()
            self.assertIn(f"/{name}.lua\n\n", out)
            self.assertGreater(len(out.splitlines()), 3, name)
        self.assertIn('connect "http"', w.sauma("help", "http").stdout.decode())
        self.assertIn("http.each(", w.sauma("help", "http").stdout.decode())
        self.assertIn("lua/testing/expect.lua", w.sauma("help", "testing/expect").stdout.decode())
        for wrong in ("peopel", "../README", ".", "", "sync/../http", "/etc/passwd", "sync"[:2]):
            code, errors = self.answer("help", wrong)
            self.assertEqual(code, 2)
            self.assertIn("sauma help", errors)

    def test_sandboxes_say_where_their_pages_are(self):
        w = self.world
        w.start_sandbox("procountor", "slack")
        pages = w.sandbox.line(r"(?m)^pages +http://(\S+)/$").group(1)
        status, _, page = request(pages, "GET", "/")
        self.assertEqual(status, 200)
        self.assertIn(b"/procountor/", page)
        self.assertIn(b"/slack/", page)


if __name__ == "__main__":
    main()
