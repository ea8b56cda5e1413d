"""Companies that change while the host runs: a save is live, a broken one changes nothing, a folder
that comes or goes is a company that does, and an earlier version can be live again."""
import json
import os
import shutil
import sqlite3
import threading
import time

from harness import Case, main, request, wait_until

RULE = """company "Acme Oy" {{}}
connect "webhook" {{ as = "shop", secret = false, event = "type", id = "id" }}
rule "Say which" {{ on = "shop", run = function(e) {wait} return {{ version = "{name}" }} end }}
"""


class Reload(Case):
    def save(self, name, company="acme", wait="", text=None):
        """As many editors do: a new file, renamed over the old one."""
        folder = os.path.join(self.world.companies, company)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, ".new"), "w") as f:
            f.write(text if text is not None else RULE.format(name=name, wait=wait))
        os.rename(os.path.join(folder, ".new"), os.path.join(folder, "company.lua"))

    def post(self, number, company="acme"):
        return self.world.deliver({"id": str(number), "type": "x"}, company=company,
                                  connection="shop", sign=False)[0]

    def result(self, number, company="acme"):
        """What the rule returned for the event of this number, once it ended."""
        def look():
            for run in self.world.runs(company=company, state="done"):
                if run["event"] == events.get(number):
                    return json.loads(run["result"]) if isinstance(run["result"], str) \
                        else run["result"]
        events = {e["delivery"]: e["id"] for e in self.events(company)}
        return wait_until(look, f"event {number} to be done")["version"]

    def events(self, company):
        out = self.world.sauma("events", "--data", self.world.data, "--json", "--company", company)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def act(self, *args):
        return self.world.sauma(*args, "--data", self.world.data, check=False)

    def versions(self, company="acme"):
        return [json.loads(line) for line in self.act("versions", company, "--json").stdout
                .splitlines()]

    def alerts(self):
        return [json.loads(line) for line in self.act("alerts", "--json").stdout.splitlines()]

    def live(self, count, company="acme"):
        wait_until(lambda: len(self.versions(company)) >= count, f"{count} versions to be known")

    def test_the_host_stops_while_a_company_loads(self):
        self.save("one")
        self.world.start_host("--burst", "60s")
        self.live(1)
        self.save("slow", text=RULE.format(name="slow", wait="") + "while true do end\n")
        time.sleep(0.5)  # the folder is quiet, the load under way
        self.assertEqual(self.world.host.stop(), 0)

    def test_a_save_is_live(self):
        self.save("one")
        self.world.start_host()
        self.assertEqual(self.post(1), 202)
        self.assertEqual(self.result("1"), "one")
        self.save("two")
        self.live(2)
        self.post(2)
        self.assertEqual(self.result("2"), "two")

    def test_a_broken_save_changes_nothing_and_says_where(self):
        self.save("one")
        self.world.start_host()
        self.save("", text='company "Acme Oy" {}\nconnect "webhook" { as = "shop" \nrule')
        alert = wait_until(lambda: self.alerts(), "an alert")[0]
        self.assertEqual((alert["company"], alert["kind"]), ("acme", "company-broken"))
        self.assertIn("company.lua:3", alert["text"])
        self.assertEqual(self.post(1), 202)
        self.assertEqual(self.result("1"), "one")
        self.save("two")
        wait_until(lambda: not self.alerts(), "the alert to be over")
        self.post(2)
        self.assertEqual(self.result("2"), "two")

    def test_a_link_shows_no_file_of_others(self):
        """Who may write a company's folder reads with it what is the company's own, nothing of the host."""
        w = self.world
        self.save("one")
        self.save("two", company="other")
        w.start_host()
        own = os.path.join(w.companies, "acme")
        for n, (name, target) in enumerate((("rules/key.lua", "../../../data/key"),
                                            ("rules/theirs.lua", w.companies + "/other/company.lua"))):
            os.makedirs(own + "/rules", exist_ok=True)
            os.symlink(target, os.path.join(own, name))
            self.act("secret", "set", "acme", "any")  # now there is a key
            told = w.sauma("reload", "acme", "--data", w.data, check=False).stderr.decode()
            self.assertIn(f"{name}: a link that leads out of the company's folder", told)
            self.assertIn(f"{name}: a link", self.alerts()[0]["text"])
            self.assertIn(f"{name}: a link", w.sauma("check", own, check=False).stderr.decode())
            self.assertEqual(self.post(n), 202)
            self.assertEqual(self.result(str(n)), "one")
            os.remove(os.path.join(own, name))
        # Within the folder, as deployments do that exchange one link, and of the folder itself.
        for version in ("three", "four"):
            os.makedirs(f"{own}/..{version}/rules")
            with open(f"{own}/..{version}/company.lua", "w") as f:
                f.write(RULE.format(name=version, wait=""))
            os.symlink(f"..{version}", own + "/..new")
            os.rename(own + "/..new", own + "/..data")
            if version == "three":
                os.symlink("..data/company.lua", own + "/.new")
                os.rename(own + "/.new", own + "/company.lua")
            self.live(2 if version == "three" else 3)
        os.rename(own, w.dir + "/moved")
        os.symlink(w.dir + "/moved", own)
        self.assertEqual(self.post(9), 202)
        self.assertEqual(self.result("9"), "four")

    def test_a_run_keeps_the_version_it_began_with(self):
        self.save("one", wait="time.sleep(3)")
        self.world.start_host()
        self.post(1)
        wait_until(lambda: self.world.runs(company="acme", state="waiting"), "the run to sleep")
        self.save("two")
        self.live(2)
        self.post(2)
        self.assertEqual(self.result("2"), "two")
        self.assertEqual(self.result("1"), "one")

    def test_companies_come_and_go_with_their_folders(self):
        self.save("one")
        self.world.start_host("--gone-after", "300ms")
        self.assertEqual(self.post(1, "later"), 404)
        self.save("new", "later")
        wait_until(lambda: self.post(2, "later") in (202, 200), "the new company to take events")
        self.assertEqual(self.result("2", "later"), "new")
        away = os.path.join(self.world.dir, "away")
        os.rename(os.path.join(self.world.companies, "later"), away)
        wait_until(lambda: self.post(3, "later") == 404, "the company to be gone")
        os.rename(away, os.path.join(self.world.companies, "later"))
        wait_until(lambda: self.post(4, "later") in (202, 200), "the company to be back")
        self.assertEqual(self.post(5), 202)

    def test_who_is_away_for_a_moment_refuses_nothing(self):
        """Editors and deployments move the old away before the new is there."""
        self.save("one")
        self.world.start_host("--gone-after", "60s")
        folder = os.path.join(self.world.companies, "acme")
        for number, path in enumerate((os.path.join(folder, "company.lua"), folder)):
            os.rename(path, path + "~")
            for n in range(10):
                self.assertEqual(self.post(number * 20 + n), 202)
                time.sleep(0.02)
            if number == 0:
                self.save("two")
            else:
                self.save("three")
                shutil.rmtree(path + "~")
            self.live(2 + number)
            self.assertEqual(self.post(number * 20 + 19), 202)
            self.assertEqual(self.result(str(number * 20 + 19)), ("two", "three")[number])

    def test_rollback_holds_over_a_restart_until_the_folder_changes(self):
        self.save("one")
        self.world.start_host()
        self.save("two")
        self.live(2)
        two, one = [v["version"] for v in self.versions()]
        self.assertEqual(self.act("rollback", "acme").returncode, 2)
        done = self.act("rollback", "acme", "--note", "wrong rows", "--by", "maija")
        self.assertEqual((done.returncode, done.stdout.decode()),
                         (0, f"acme: version {one} is live\n"))
        self.assertEqual({k: self.versions()[0][k] for k in ("how", "by", "note", "version")},
                         {"how": "rollback", "by": "maija", "note": "wrong rows", "version": one})
        self.post(1)
        self.assertEqual(self.result("1"), "one")
        self.world.host.stop()
        self.world.start_host()
        self.post(2)
        self.assertEqual(self.result("2"), "one")
        self.save("three")
        wait_until(lambda: self.versions()[0]["how"] == "save", "the save to be live")
        self.post(3)
        self.assertEqual(self.result("3"), "three")
        three = self.versions()[0]["version"]
        runs = [json.loads(line) for line in self.act("runs", "--json").stdout.splitlines()]
        self.assertEqual([(r["version"], r["live_version"]) for r in runs],
                         [(three, three), (one, three), (one, three)])
        lines = self.act("runs").stdout.decode().splitlines()
        self.assertIn(f"version {three} ", lines[0])
        self.assertNotIn("live is", lines[0])
        self.assertIn(f"version {one} (live is {three})", lines[1])
        self.assertIn(f"version {one} (live is {three})",
                      self.act("show", runs[1]["id"]).stdout.decode())
        back = self.act("rollback", "acme", two[:6], "--note", "try")
        self.assertEqual(back.returncode, 0, back.stderr)
        self.post(4)
        self.assertEqual(self.result("4"), "two")

    def test_a_broken_save_changes_nothing_at_the_next_start_either(self):
        """What was live goes on, though the folder does not load; nor does what is checked more
        strictly today than when it was recorded take it down."""
        self.save("one")
        self.world.start_host()
        self.post(1)
        self.assertEqual(self.result("1"), "one")
        live, since = self.versions()[0]["version"], self.versions()[0]["at"][:10]
        self.save("", text='company "Acme Oy" {}\nconnect "webhook" { as = "shop" \nrule')
        wait_until(lambda: self.alerts(), "an alert")
        self.world.host.stop()
        with sqlite3.connect(os.path.join(self.world.data, "sauma.db")) as db:
            (text,) = db.execute("SELECT bundle FROM bundles WHERE bundle LIKE '%Say which%'").fetchone()
            files = json.loads(text)
            files["company.lua"] += "local function unused() return nothing_of_that_name end\n"
            db.execute("UPDATE bundles SET bundle = ? WHERE bundle = ?", (json.dumps(files), text))
        db.close()
        self.world.start_host()
        alert = self.alerts()[0]
        self.assertEqual((alert["company"], alert["kind"]), ("acme", "company-broken"))
        self.assertIn("company.lua:3", alert["text"])
        self.assertIn(f"version {live} of {since} goes on", alert["text"])
        self.assertEqual(self.post(2), 202)
        self.assertEqual(self.result("2"), "one")
        self.save("three")
        wait_until(lambda: not self.alerts(), "the alert to be over")
        self.post(3)
        self.assertEqual(self.result("3"), "three")

    def test_what_would_steer_a_terminal_is_not_shown(self):
        self.save("", text='company "Acme Oy" {}\nconnect "webhook" { as = "shop", secret = false }\n'
                  'rule "R" { on = "shop", run = function() print "red \\27[31m \\u{9b}2J"\n'
                  'return "\\27]0;title\\7" end }\n')
        self.world.start_host()
        self.post(1)
        (run,) = self.world.settled(1)
        shown = self.act("show", run["id"]).stdout
        self.assertIn(b"red ?[31m ??2J", shown)
        for bad in (b"\x1b", b"\x07", b"\xc2\x9b"):
            self.assertNotIn(bad, shown)

    def test_the_live_version_stands_beside_that_of_a_run_that_needs_a_person(self):
        self.save("one", wait='attention "look"')
        self.world.start_host()
        self.post(1)
        (run,) = self.world.settled(1)
        self.assertEqual(run["state"], "attention")
        own = run["version"]
        self.assertNotIn("live is", self.act("attention").stdout.decode())
        self.save("two")
        self.live(2)
        live = self.versions()[0]["version"]
        self.assertIn(f"version   {own} (live is {live})\n", self.act("attention").stdout.decode())
        with open(os.path.join(self.world.data, "api-token")) as f:
            headers = {"Authorization": "Bearer " + f.read().strip()}
        for path in ("attention", "runs", "runs/" + run["id"]):
            status, _, body = request(self.world.address, "GET", "/api/v1/" + path, headers=headers)
            self.assertEqual(status, 200, body)
            row = json.loads(body)
            row = row if "id" in row else next(iter(v for v in row.values() if isinstance(v, list)))[0]
            self.assertEqual((row["id"], row["version"], row["live_version"]), (run["id"], own, live))

    def test_a_text_of_several_lines_cannot_look_like_other_lines(self):
        self.save("", text='company "Acme Oy" {}\nconnect "webhook" { as = "shop", secret = false }\n'
                  'rule "R" { on = "shop", key = function() return "k\\n  info  all is well" end,\n'
                  'run = function() print "first\\n  info  paid\\n\\nresult\\n"; log.warn "last"\n'
                  'attention "look\\n2026-01-01 00:00:00  run_X  acme" end }\n')
        self.world.start_host()
        self.post(1)
        (run,) = self.world.settled(1)
        shown = self.act("show", run["id"]).stdout.decode()
        self.assertIn("\n  info  first\n        |   info  paid\n        | \n        | result\n  warn  last\n",
                      shown)
        self.assertIn("key k   info  all is well\n", shown)
        rows = [self.act(*c).stdout.decode() for c in (("runs",), ("attention",), ("alerts",))]
        for text in (shown, *rows):
            for line in text.splitlines():
                self.assertNotRegex(line, "^(  info  (paid|all)|2026-01-01)")
        self.assertTrue(all("| 2026-01-01" in r for r in rows), rows)
        event = os.path.join(self.world.dir, "event.json")
        with open(event, "w") as f:
            f.write('{"id": 2}')
        done = self.world.sauma("run", os.path.join(self.world.companies, "acme"), event, check=False)
        self.assertIn(b"first\n              |   info  paid\n", done.stdout)

    def test_what_cannot_be_rolled_back_is_said(self):
        self.save("one")
        self.world.start_host()
        for args, words in ((("acme",), b"an earlier version of acme was never live here"),
                            (("acme", "ffff"), b"ffff of acme was never live here"),
                            (("nobody",), b"never live")):
            done = self.act("rollback", *args, "--note", "x")
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_reload_answers_with_what_became_of_it(self):
        self.save("one")
        self.world.start_host("--watch", "0")
        self.save("two")
        done = self.act("reload", "acme")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"is live", done.stdout)
        self.post(1)
        self.assertEqual(self.result("1"), "two")
        self.save("", text="nonsense")
        broken = self.act("reload", "acme")
        self.assertEqual(broken.returncode, 1)
        self.assertIn(b"company.lua:1", broken.stderr)
        gone = self.act("reload", "nobody")
        self.assertEqual(gone.returncode, 1)
        self.assertIn(b"there is no company nobody", gone.stderr)

    def write_test(self, wanted):
        folder = os.path.join(self.world.companies, "acme", "tests")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "which_test.lua"), "w") as f:
            f.write(f"""test("says {wanted}", function()
              local run = deliver("shop", {{ id = "1", type = "x" }})
              expect(run.state).is "done"
              expect(run.result.version).is "{wanted}"
            end)
            """)

    def test_a_save_whose_tests_fail_is_not_live(self):
        self.save("one")
        self.write_test("one")
        self.world.start_host("--test-saves")
        self.save("two")
        alert = wait_until(lambda: self.alerts(), "an alert")[0]
        self.assertEqual((alert["company"], alert["kind"]), ("acme", "company-broken"))
        self.assertIn("the company's tests fail", alert["text"])
        self.assertIn("says one", alert["text"])
        self.assertIn("0 passed, 1 failed", alert["text"])
        self.post(1)
        self.assertEqual(self.result("1"), "one")
        told = self.act("reload", "acme")
        self.assertEqual(told.returncode, 1)
        self.assertIn(b"the company's tests fail", told.stderr)
        self.write_test("two")
        wait_until(lambda: not self.alerts(), "the alert to be over")
        self.post(2)
        self.assertEqual(self.result("2"), "two")

    def test_saves_under_load_lose_and_refuse_nothing(self):
        self.save("v0")
        self.world.start_host()
        stop, statuses = threading.Event(), []

        def sender(k):
            n = 0
            while not stop.is_set():
                statuses.append(self.post(f"{k}-{n}"))
                n += 1

        senders = [threading.Thread(target=sender, args=(k,)) for k in range(3)]
        for s in senders:
            s.start()
        for i in range(1, 21):
            if i % 5 == 0:
                self.save("", text=f"this is no Lua {i}")
            else:
                self.save(f"v{i}")
            time.sleep(0.1)
        self.save("last")
        stop.set()
        for s in senders:
            s.join()
        self.assertEqual(set(statuses), {202})
        runs = self.world.settled(len(statuses))
        self.assertEqual({r["state"] for r in runs}, {"done"})
        self.assertEqual(len(runs), len(statuses))


if __name__ == "__main__":
    main()
