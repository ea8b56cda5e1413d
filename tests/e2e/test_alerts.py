"""What is wrong and is no single run's to say: stored, shown, counted, closed by a person."""
import http.client
import json
import os
import sqlite3

from harness import PATIENCE, Case, fixture, main, request, wait_until


TELLING = """company "Acme Oy" { language = "en" }
connect "webhook" { as = "shop", secret = false, event = "type" }
connect "slack" { url = env "SLACK_TO_URL" }
use "tell_alerts" { notify = { "slack" } }
rule "Ask" { on = "shop.ask", run = function(e) attention("the address is missing") end }
rule "Break" { on = "shop.break", run = function(e) return e.nothing.at_all end }
rule "Mine" { on = "alert.failed", run = function(a) return { about = a.about, state = a.state } end }
"""


class Told(Case):
    """What is wrong reaches people: as an event of the company, once, and again when it is over."""

    def setUp(self):
        super().setUp()
        w = self.world
        w.start_sandbox("slack")
        w.env["SLACK_TO_URL"] = w.urls["slack"]
        w.add_company("acme", TELLING.replace("url = env", "rate = 1000, url = env"))
        self.start()

    def start(self, *more):
        self.world.start_host("--alert-gather", "100ms", *more)

    def start_over(self, *more):
        self.world.host.stop()
        self.start(*more)

    def post(self, kind):
        self.assertEqual(self.world.deliver({"type": kind}, company="acme", connection="shop",
                                            sign=False)[0], 202)

    def runs(self, rule, state="done"):
        return [r for r in self.world.runs(rule=rule) if r["state"] == state]

    def told(self, count):
        def look():
            runs = self.runs("tell_alerts")
            return list(reversed(runs)) if len(runs) >= count else None
        return [(r["result"]["kind"], r["result"]["about"], r["result"]["state"])
                for r in wait_until(look, f"{count} alerts to be told")]

    def act(self, *args):
        return self.world.sauma(*args, "--data", self.world.data, check=False)

    def slack_messages(self):
        state = request(self.world.urls["slack"].split("/")[2], "GET",
                        "/_control/state?sandbox=slack")[2]
        return [m["text"] for m in json.loads(state)["messages"]]

    def test_parked_runs_of_a_rule_are_one_alert_until_all_are_dealt_with(self):
        w = self.world
        for _ in range(3):
            self.post("ask")
        wait_until(lambda: len(self.runs("Ask", "attention")) == 3, "three runs to be parked")
        self.assertEqual(self.told(1), [("attention", "Ask", "open")])
        parked = [r["id"] for r in self.runs("Ask", "attention")]
        for run in parked[:2]:
            self.assertEqual(self.act("skip", run, "--reason", "no").returncode, 0)
        open_alerts = json.loads(self.act("alerts", "--json").stdout)
        self.assertEqual((open_alerts["kind"], open_alerts["times"]), ("attention", 3))
        self.assertIn("the address is missing", open_alerts["text"])
        self.assertIn("sauma show run_", open_alerts["text"])
        self.act("skip", parked[2], "--reason", "no")
        self.assertEqual(self.told(2)[1], ("attention", "Ask", "over"))
        self.assertEqual(self.act("alerts", "--json").stdout, b"")
        messages = self.slack_messages()
        self.assertEqual(len(messages), 2)
        self.assertTrue(messages[0].startswith('Attention: the rule "Ask" needs a person.\nAsk needs a person: '),
                        messages[0])
        self.assertEqual(messages[1], 'Over: Ask. It was told: the rule "Ask" needs a person.')

    def test_a_failed_run_is_told_to_the_companys_own_rule(self):
        self.post("break")
        self.assertEqual(self.told(1), [("failed", "Break", "open")])
        mine = wait_until(lambda: self.runs("Mine"), "the company's rule to run")
        self.assertEqual(mine[0]["result"], {"about": "Break", "state": "open"})

    def test_alerts_about_alerts_make_no_circle(self):
        w = self.world
        path = os.path.join(w.companies, "acme", "company.lua")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace('return { about = a.about, state = a.state }', "error 'broken'"))
        wait_until(lambda: len(self.act("versions", "acme", "--json").stdout.splitlines()) == 2,
                   "the save to be live")
        self.post("break")
        wait_until(lambda: self.runs("Mine", "failed"), "the company's rule to fail")
        self.told(1)
        self.assertEqual(len(self.act("alerts", "--json").stdout.splitlines()), 1)
        self.assertEqual(len(self.world.runs()), 3)

    def test_what_was_not_told_before_the_host_died_is_told_at_its_start(self):
        w = self.world
        w.host.stop()
        with sqlite3.connect(os.path.join(w.data, "sauma.db")) as db:
            db.execute("INSERT INTO alerts (company, kind, about, text, times, first_ms, last_ms)"
                       " VALUES ('acme', 'silence', 'shop', 'nothing came', 1, 1000, 1000)")
        self.start()
        self.assertEqual(self.told(1), [("silence", "shop", "open")])
        self.start_over()
        self.post("break")
        self.assertEqual(self.told(2)[1], ("failed", "Break", "open"))

    def test_a_burst_is_one_message_with_its_number(self):
        self.start_over("--alert-gather", "1h")
        host, port = self.world.address.split(":")
        c = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        for _ in range(500):
            c.request("POST", "/hooks/acme/shop", '{"type": "break"}')
            answer = c.getresponse()
            self.assertEqual((answer.status, bool(answer.read())), (202, True))
        c.close()
        wait_until(lambda: len(self.runs("Break", "failed")) == 500, "all to fail")
        self.start_over()  # what a host gathered when it ended is told by the next one
        self.told(1)
        message, = self.slack_messages()
        first, what, rest = message.split("\n", 2)
        self.assertEqual(first, 'Attention: the rule "Break" stopped at an error.')
        self.assertIn("is not done twice: `sauma show run_", what)
        self.assertTrue(rest.startswith("So far 500 times; this is the latest."), rest)

    def test_what_goes_on_is_told_again(self):
        self.start_over("--alert-again", "1s")
        self.post("ask")
        self.told(1)
        self.post("ask")
        self.assertEqual(self.told(2)[1], ("attention", "Ask", "again"))
        self.assertIn("So far 2 times", self.slack_messages()[1])

    def test_what_is_over_before_it_was_told_is_not_told(self):
        self.start_over("--alert-gather", "1h")
        self.post("ask")
        run, = wait_until(lambda: self.runs("Ask", "attention"), "a run to be parked")
        self.act("skip", run["id"], "--reason", "no")
        self.post("break")
        wait_until(lambda: self.runs("Break", "failed"), "another to fail")
        self.start_over()
        self.assertEqual(self.told(1), [("failed", "Break", "open")])

    def many(self, *events, per_hour):
        """A company with six rules that fail, R0 to R5, for one of these events or for one each."""
        source = TELLING.replace("url = env", "rate = 1000, url = env")
        for n in range(6):
            source += (f'rule "R{n}" {{ on = "shop.{events[n % len(events)]}", run = function() '
                       'error "no" end }\n')
        self.world.add_company("many", source)
        self.start_over("--alerts-per-hour", str(per_hour))
        return self.world

    def test_beyond_so_many_an_hour_they_are_told_by_their_number(self):
        w = self.many("all", per_hour=2)
        self.assertEqual(w.deliver({"type": "all"}, "many", "shop", sign=False)[0], 202)
        self.assertEqual([kind for kind, _, _ in self.told(3)], ["failed", "failed", "many-alerts"])
        self.assertIn("So far 4 times", self.slack_messages()[2])
        rows = [json.loads(a) for a in self.act("alerts", "--json").stdout.splitlines()]
        self.assertEqual(sorted(a["kind"] for a in rows), ["failed"] * 6 + ["many-alerts"])
        # The next host goes on with the hour: it ends for those that this one counted, too.
        self.act("skip", "--company", "many", "--reason-like", "no", "--reason", "test")
        wait_until(lambda: len(self.act("alerts", "--json").stdout.splitlines()) == 1, "the six to be over")
        self.start_over()
        wait_until(lambda: not self.act("alerts", "--json").stdout, "the number to be over")

    def test_what_was_told_before_a_start_does_not_count_after_it(self):
        w = self.many("r0", "r1", "r2", "r3", "r4", "r5", per_hour=4)
        for n in range(6):
            self.assertEqual(w.deliver({"type": f"r{n}"}, "many", "shop", sign=False)[0], 202)
            self.assertEqual(self.told(n + 1)[n], ("failed", f"R{n}", "open"))
            if n == 2:
                self.start_over("--alerts-per-hour", "4")

    def test_names_of_the_hosts_own_events_are_taken(self):
        w = self.world
        w.add_company("other", 'company "X" {}\nconnect "webhook" { as = "alert", secret = false }\n')
        done = w.sauma("check", os.path.join(w.companies, "other"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"company.lua:2", done.stderr)
        self.assertIn(b"the host's own events", done.stderr)


class Alerts(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()
        self.world.start_host()

    def alerts(self, *args):
        done = self.world.sauma("alerts", "--json", "--data", self.world.data, *args, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def conflict(self):
        self.world.deliver(fixture())
        status, _ = self.world.deliver(fixture(customer__name="Toinen Oy"))
        self.assertEqual(status, 409)
        wait_until(self.alerts, "the alert")

    def test_a_delivery_id_with_other_content_is_refused_and_told(self):
        self.conflict()
        self.world.deliver(fixture(customer__name="Kolmas Oy"))
        self.world.settled(1)
        alert, = self.alerts()
        self.assertEqual((alert["company"], alert["kind"], alert["times"]),
                         ("minimal", "delivery-conflict", 2))
        self.assertIn("409", alert["text"])
        self.assertIn(alert["about"], alert["text"])
        self.assertEqual(len(self.world.invoices()), 1)
        _, _, metrics = request(self.world.address, "GET", "/metrics")
        self.assertIn(b"\nsauma_alerts_open 1\n", metrics)

    def test_a_person_closes_it_once(self):
        self.conflict()
        alert, = self.alerts()
        act = lambda *args: self.world.sauma(
            "alerts", "--data", self.world.data, *args, check=False)
        closed = act("--close", str(alert["n"]), "--by", "maija")
        self.assertEqual((closed.returncode, closed.stdout), (0, b"alert 1: closed\n"))
        self.assertEqual(self.alerts(), [])
        self.assertEqual(self.alerts("--all")[0]["cleared_by"], "maija")
        again = act("--close", str(alert["n"]))
        self.assertEqual(again.returncode, 1)
        self.assertIn(b"no open alert 1", again.stderr)


if __name__ == "__main__":
    main()
