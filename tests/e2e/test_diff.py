"""What other scripts would have done to recorded events: offline, field by field, in euros."""
import hashlib
import http.server
import json
import os
import random
import shutil
import signal
import socket
import time

from harness import Case, fixture, main, wait_until

NOTICE = """ row = function(line) line.unit_price = line.unit_price and line.unit_price + 10 return line end,
  notify = {"""

SEARCHES = """company "Searching Oy" {}
connect "webhook" { as = "shop", secret = false }
connect "http" { as = "peer", url = env "PEER_URL" }
rule "Search" { on = "shop", run = function()
  local function ask(what)
    return http.search("peer", "/find", { json = { what = what } }).body.what
  end
  local a, b = ask "a", ask "b"
  return peer.post("/made", { json = { a = a, b = b } }).status
end }
"""


LEAVING = """company "Leaving Oy" {}
connect "webhook" { as = "shop", secret = false, id = "id" }
rule "Leave" { on = "shop", key = function(sale) return sale.customer end, run = function(sale)
  task("mail", { to = sale.customer, sum = sale.total })
  links.save("orders", { a = sale.id, b = sale.customer, base = {} })
  return { total = sale.total, currency = sale.currency }
end }
"""


class Diff(Case):
    EVENTS = 3

    def setUp(self):
        super().setUp()
        w = self.world
        w.start_sandbox("procountor", "slack")
        w.minimal()
        self.folder = os.path.join(w.companies, "minimal")
        self.other = os.path.join(w.dir, "other")

    def record(self, count=EVENTS):
        w = self.world
        w.start_host()
        for i in range(count):
            status, _ = w.deliver(fixture(id=f"event-{i}", contract__id=f"K{i}"))
            self.assertEqual(status, 202)
        self.assertEqual({r["state"] for r in w.settled(count)}, {"done"})

    def change(self, old, new):
        """The company's folder with other scripts, beside it."""
        shutil.copytree(self.folder, self.other)
        path = os.path.join(self.other, "company.lua")
        with open(path) as f:
            text = f.read()
        self.assertIn(old, text)
        with open(path, "w") as f:
            f.write(text.replace(old, new))

    def diff(self, *args, folder=None):
        return self.world.sauma("diff", "minimal", "--with", folder or self.other, "--data",
                                self.world.data, *args, check=False)

    def rows(self, *args):
        done = self.diff("--json", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        # What is read from the journal of the live version is what playing it again gives.
        again = self.diff("--json", "--replay-all", *args)
        self.assertEqual(again.stdout.decode(), done.stdout.decode())
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(["summary" in line for line in lines], [False] * (len(lines) - 1) + [True])
        return lines[:-1], lines[-1]["summary"]

    def test_the_same_scripts_differ_in_nothing(self):
        self.record()
        done = self.diff(folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"events     3 gone through, 3 the same, 0 changed", done.stdout)

    def test_a_price_is_shown_by_field_and_in_euros(self):
        self.record()
        self.change("notify = {", NOTICE)
        changed, summary = self.rows()
        self.assertEqual((summary["events"], summary["changed"]), (3, 3))
        self.assertEqual(summary["customers"], 1)
        self.assertEqual(summary["not_covered"], 0)
        # The customer is there on both sides; what the product costs is the catalogue's.
        effects = changed[0]["runs"][0]["effects"]
        invoice, = [e for e in effects if e["path"] == "/invoices"]
        self.assertEqual(invoice["change"], "changed")
        fields = {f["path"]: (f["before"], f["now"]) for f in invoice["fields"]}
        before, now = fields["invoiceRows[1].unitPrice"]
        self.assertEqual(round(now - before, 2), 10)
        self.assertNotIn("partnerId", fields)
        # The changed invoice keeps the number that it has got, so the notice tells another sum alone.
        notice, = [e for e in effects if e["connection"] == "slack"]
        for field in notice["fields"]:
            self.assertEqual(field["before"].split(":")[0], "Uusi lasku 1")
            self.assertEqual(field["now"].split(":")[0], "Uusi lasku 1")
        total, = summary["sums"]
        self.assertEqual(total["currency"], "EUR")
        self.assertGreater(total["difference"], 0)
        self.assertAlmostEqual(total["difference"], total["now"] - total["before"], 2)
        text = self.diff().stdout.decode()
        self.assertIn("changed  procountor POST /invoices", text)
        self.assertRegex(text, r"invoiceRows\[1\]\.unitPrice: [0-9.]+ -> [0-9.]+\n")

    def test_a_notice_more_and_a_notice_less(self):
        self.record(1)
        self.change('notify = { "slack" }', "notify = {}")
        changed, summary = self.rows()
        self.assertEqual(summary["effects"], {"added": 0, "missing": 1, "changed": 0})
        effect, = changed[0]["runs"][0]["effects"]
        self.assertEqual((effect["change"], effect["connection"]), ("missing", "slack"))

    def leave(self, *sales):
        """A company whose rule leaves what it does to others, and these sales of it."""
        w = self.world
        with open(os.path.join(self.folder, "company.lua"), "w") as f:
            f.write(LEAVING)
        w.start_host()
        for i, (customer, total, currency) in enumerate(sales):
            sale = {"id": str(i), "customer": customer, "total": total, "currency": currency}
            self.assertEqual(w.deliver(sale, company="minimal", connection="shop", sign=False)[0], 202)
        w.settled(len(sales))

    def test_what_is_left_to_other_runs_is_an_effect(self):
        self.leave(("A", 5, "EUR"))
        self.change(', sum = sale.total }', ', sum = 0 }')
        changed, summary = self.rows()
        effect, = changed[0]["runs"][0]["effects"]
        self.assertEqual(effect, {"change": "changed", "connection": None, "method": "task",
                                  "path": "mail",
                                  "fields": [{"path": "sum", "before": 5, "now": 0}]})
        self.assertIn(b"changed  task mail", self.diff().stdout)
        shutil.rmtree(self.other)
        self.change('  task("mail", { to = sale.customer, sum = sale.total })\n', "")
        self.assertEqual(self.rows()[1]["effects"], {"added": 0, "missing": 1, "changed": 0})
        shutil.rmtree(self.other)
        self.change("b = sale.customer", 'b = "X"')
        effect, = self.rows()[0][0]["runs"][0]["effects"]
        self.assertEqual((effect["method"], effect["path"]), ("link", "orders"))

    def test_what_is_not_known_is_in_no_sum_and_sums_are_by_currency(self):
        """A currency is that however it is written, and no text of a result breaks the output."""
        self.leave(("A", 5, "EUR"), ("A", "2.50", "eur"), ("B", 100, "EUR"), ("A", 1, 'S"K'),
                   ("A", 7, "SEK"), ("A", 3, "kronor of Sweden"))
        self.change("run = function(sale)", """run = function(sale)
  if sale.customer == "B" then http.get("peer", "/never/asked") end""")
        with open(os.path.join(self.other, "company.lua"), "a") as f:
            f.write('connect "http" { as = "peer", url = env "PEER_URL" }\n')
        self.world.env["PEER_URL"] = "http://127.0.0.1:1"
        changed, summary = self.rows()
        self.assertEqual((summary["not_covered"], summary["customers"]), (1, 0))
        self.assertEqual({s["currency"]: (s["before"], s["now"]) for s in summary["sums"]},
                         {"EUR": (7.5, 7.5), "SEK": (7, 7), "?": (4, 4)})

    def test_what_people_are_not_shown_is_not_shown(self):
        self.leave(("010170-123A", 5, "EUR"))
        self.change("sum = sale.total", "sum = { cents = 12345 }")
        with open(os.path.join(self.folder, "company.lua")) as f:
            text = f.read()
        with open(os.path.join(self.folder, "company.lua"), "w") as f:
            f.write(text.replace('company "Leaving Oy" {', 'company "Leaving Oy" { redact = { "sum" } ,'))
        self.world.sauma("reload", "minimal", "--data", self.world.data)
        for args in (), ("--json",):
            text = self.diff(*args).stdout.decode()
            self.assertIn("***", text)
            self.assertNotIn("12345", text)
            self.assertNotIn("010170-123A", text)
            whole = self.diff("--all-fields", *args).stdout.decode()
            self.assertIn("12345", whole)
            self.assertIn("010170-123A", whole)

    def test_what_was_erased_is_left_out(self):
        """What stands in its place is no event, and would seem to be a change."""
        self.leave(("Aino Virtanen", 5, "EUR"), ("B", 7, "EUR"))
        self.world.sauma("erase", "minimal", "Aino Virtanen", "--by", "mira", "--why",
                         "asked for it", "--data", self.world.data)
        self.change("sum = sale.total", "sum = 0")
        changed, summary = self.rows()
        self.assertEqual((len(changed), summary["not_kept"], summary["changed"]), (1, 2, 1))

    def test_a_trigger_that_holds_is_a_change(self):
        self.record(1)
        self.change('trigger = "automatic"', 'trigger = "manual"')
        changed, summary = self.rows()
        run, = changed[0]["runs"]
        self.assertEqual((run["before"]["policy"], run["now"]["policy"]), ("automatic", "manual"))
        self.assertEqual(run["effects"], []) # once sent, it does the same
        self.assertEqual(summary["effects"], {"added": 0, "missing": 0, "changed": 0})

    def test_what_no_journal_answers_is_not_guessed(self):
        self.record(1)
        self.change("notify = {", """ row = function(line)
          http.get("procountor", "/never/asked") return line end, notify = {""")
        changed, summary = self.rows()
        self.assertEqual(summary["not_covered"], 1)
        self.assertEqual(changed[0]["runs"][0]["now"],
                         {"policy": "automatic", "end": "not covered",
                          "reason": "procountor: GET /never/asked"})
        self.assertEqual(summary["effects"], {"added": 0, "missing": 0, "changed": 0})

    def test_reads_by_post_are_told_apart_by_their_bodies(self):
        """What was asked in another order gets its own answers; what was never asked, none."""
        class Peer(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        peer = self.serve(Peer)
        w = self.world
        w.env["PEER_URL"] = f"http://127.0.0.1:{peer.server_port}"
        with open(os.path.join(self.folder, "company.lua"), "w") as f:
            f.write(SEARCHES)
        w.start_host()
        self.assertEqual(w.deliver({"id": "1"}, company="minimal", connection="shop", sign=False)[0],
                         202)
        self.assertEqual([r["state"] for r in w.settled(1)], ["done"])
        self.change('local a, b = ask "a", ask "b"', 'local b, a = ask "b", ask "a"')
        self.assertEqual(self.rows()[1]["changed"], 0)
        shutil.rmtree(self.other)
        self.change('ask "b"', 'ask "c"')
        self.assertEqual(self.rows()[1]["not_covered"], 1)

    def contents(self):
        """Hashes of what the data folder holds; SQLite's own index of its log is no content."""
        found = {}
        for folder, _, names in os.walk(self.world.data):
            for name in names:
                if not name.endswith(("-shm", "-wal")):
                    with open(os.path.join(folder, name), "rb") as f:
                        found[name] = hashlib.sha256(f.read()).hexdigest()
        return found

    def test_killed_it_leaves_the_data_as_it_was(self):
        """A script process that dies is told and replaced; one of diff itself changes nothing."""
        w = self.world
        self.record(2)
        self.change("notify = {", NOTICE)
        w.host.stop()
        before, whole = self.contents(), self.diff("--json", "--replay-all").stdout
        self.assertTrue(whole)

        def start():
            p = w.start("diff", ["diff", "minimal", "--with", self.other, "--data", w.data, "--json",
                                 "--replay-all", "--workers", "1"])
            wait_until(lambda: p.p.poll() is not None or p.children(), "its script processes")
            return p

        p = start()
        os.kill(p.children()[0], signal.SIGKILL)
        self.assertEqual(p.p.wait(timeout=60), 0, p.errors())
        self.assertIn("script process died", p.errors())
        self.assertEqual(p.text().encode(), whole)
        for _ in range(3):
            start().stop(signal.SIGKILL)
        self.assertEqual(self.contents(), before)
        self.assertEqual(self.diff("--json", "--replay-all").stdout, whole)

    def test_script_processes_that_die_all_along_change_nothing_of_the_result(self):
        w = self.world
        self.record()
        self.change("notify = {", NOTICE)
        args = ("--json", "--replay-all", "--workers", "2")
        whole, killed, rounds = self.diff(*args).stdout, 0, 0
        while killed < 3 or rounds < 2:
            self.assertLess(rounds, 12, "script processes that could be ended")
            p = w.start(f"diff{rounds}", ["diff", "minimal", "--with", self.other, "--data", w.data, *args])
            rounds, mine = rounds + 1, 0
            while p.p.poll() is None:
                time.sleep(random.uniform(0, 0.15))
                # Twice at most: a run that takes three processes along is not begun again.
                for child in p.children()[:1] if mine < 2 else ():
                    try:
                        os.kill(child, signal.SIGKILL)
                        mine += 1
                    except ProcessLookupError:
                        pass
            killed += mine
            self.assertEqual(p.p.wait(timeout=60), 0, p.errors())
            self.assertEqual(p.text().encode(), whole, p.errors())

    def test_a_bug_shows_with_its_line(self):
        self.record(1)
        self.change("notify = {", "row = function(line) return line.nothing.at_all end,\n notify = {")
        changed, _ = self.rows()
        end = changed[0]["runs"][0]["now"]
        self.assertEqual(end["end"], "failed")
        self.assertIn("company.lua:11", end["reason"])

    def test_more_changes_than_wanted_fail(self):
        self.record(2)
        self.change('notify = { "slack" }', "notify = {}")
        self.assertEqual(self.diff("--max-changes", "1").returncode, 1)
        self.assertEqual(self.diff("--max-changes", "2").returncode, 0)
        self.assertEqual(self.diff("--max-changes", "-1").returncode, 2)

    def test_no_connection_is_opened(self):
        w = self.world
        self.record(2)
        self.change("notify = {", NOTICE)
        w.host.stop()
        with socket.socket() as ear:
            ear.bind(("127.0.0.1", 0))
            ear.listen()
            ear.settimeout(0)
            w.env["PROCOUNTOR_URL"] = "http://127.0.0.1:%d/procountor/api" % ear.getsockname()[1]
            invoices = len(w.invoices())
            w.sandbox.stop()
            changed, summary = self.rows()
            self.assertEqual((summary["changed"], summary["not_covered"]), (2, 0))
            with self.assertRaises(BlockingIOError):
                ear.accept()
        self.assertEqual(invoices, 2)

    def test_what_cannot_be_compared_is_said(self):
        self.record(1)
        self.change("connect \"slack\"", "conect \"slack\"")
        broken = self.diff()
        self.assertEqual(broken.returncode, 1)
        self.assertIn(b"company.lua:9", broken.stderr)
        self.assertNotIn(b"script-process", broken.stderr)
        nobody = self.world.sauma("diff", "nobody", "--with", self.folder, "--data",
                                  self.world.data, check=False)
        self.assertEqual(nobody.returncode, 1)
        self.assertIn(b"knows no live scripts of nobody", nobody.stderr)
        nowhere = self.diff(folder="/nowhere")
        self.assertEqual(nowhere.returncode, 1)


if __name__ == "__main__":
    main()
