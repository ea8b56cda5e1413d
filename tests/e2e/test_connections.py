"""A connection that does not work for long, or refuses the credentials, is told once, and closes by
itself."""
import http.server
import json
import os
import threading
import time

from harness import Case, fixture, main, request, wait_until

QUICK = ("--retry-base", "20ms", "--retry-cap", "100ms", "--settle", "100ms", "--looks", "100ms",
         "--breaker-pause", "50ms", "--connection-down", "300ms")


MOVED = """company "Acme Oy" {}
connect "webhook" { as = "in", secret = false, id = "id" }
connect "http" { as = "shop", url = env "SHOP_URL", auth = { oauth = "client_credentials",
  token_url = env "SHOP_URL", client_id = "us", client_secret = secret "shop" } }
rule "Read" { on = "in", run = function() return http.get("shop", "/").status end }
"""


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends who asks for a token to another place, which no credentials follow."""

    def do_POST(self):
        self.send_response(302)
        self.send_header("Location", "/moved")
        self.end_headers()

    def log_message(self, *_):
        pass


class Connections(Case):
    def start(self, fault, *host):
        w = self.world
        w.start_sandbox("procountor", "slack", fault=fault)
        w.minimal()
        w.start_host(*QUICK, *host)

    def fault(self, spec):
        netloc = self.world.urls["procountor"].split("/")[2]
        status, _, answer = request(netloc, "POST", "/_control/faults?sandbox=procountor",
                                    spec.encode())
        self.assertEqual(status, 200, answer)

    def alerts(self, *kinds):
        done = self.world.sauma("alerts", "--json", "--all", "--data", self.world.data)
        return [a for a in map(json.loads, done.stdout.splitlines()) if a["kind"] in kinds]

    def open_alert(self, kind):
        def look():
            found = [a for a in self.alerts(kind) if a["cleared_at"] is None]
            self.assertLessEqual(len(found), 1)
            return found
        return wait_until(look, f"the alert {kind}")[0]

    def closed(self, kind):
        wait_until(lambda: all(a["cleared_at"] for a in self.alerts(kind)), f"{kind} to be over")

    def send(self, number):
        self.assertEqual(self.world.deliver(fixture(id=number))[0], 202)

    def test_one_that_is_down_for_long(self):
        self.start("/api error=503")
        for number in (1, 2, 3):
            self.send(number)
        alert = self.open_alert("connection-down")
        self.assertEqual((alert["company"], alert["about"]), ("minimal", "procountor"))
        for words in ("connection procountor has not worked since 20", "tries failed",
                      "503", "3 events of the company are in flight", "tried again"):
            self.assertIn(words, alert["text"])
        self.fault("")
        self.assertEqual([r["state"] for r in self.world.settled(3)], ["done"] * 3)
        self.closed("connection-down")
        self.assertEqual(len(self.alerts("connection-down")), 1)

    def test_one_that_was_down_when_the_host_ended_is_told_over_by_the_next(self):
        w = self.world
        self.start("/api error=503")
        self.send(1)
        self.open_alert("connection-down")
        w.host.stop()
        self.fault("")
        w.start_host(*QUICK)
        self.assertEqual(w.settled(1)[0]["state"], "done")
        self.closed("connection-down")

    def test_a_failure_now_and_then_is_no_alert(self):
        self.start("GET /api error=503*3", "--connection-down", "10m")
        self.send(1)
        self.assertEqual(self.world.settled(1)[0]["state"], "done")
        self.assertEqual(self.alerts("connection-down", "connection-refused"), [])

    def refused(self, fault, *words):
        self.start(fault)
        for number in (1, 2):
            self.send(number)
        self.assertEqual([r["state"] for r in self.world.settled(2)], ["attention"] * 2)
        alert = self.open_alert("connection-refused")
        self.assertEqual(alert["about"], "procountor")
        for text in ("refuses the credentials", "sauma attention --company minimal",
                     "sauma secret set minimal", *words):
            self.assertIn(text, alert["text"])

    def corrected(self):
        w = self.world
        self.fault("")
        w.sauma("retry", "--company", "minimal", "--by", "maija", "--data", w.data)
        wait_until(lambda: all(r["state"] == "done" for r in w.runs()), "both runs to be done")
        self.closed("connection-refused")
        self.assertEqual(len(self.alerts("connection-refused")), 1)

    def test_the_grant_is_refused(self):
        self.refused("POST /api/oauth error=401", "status 401 of the token request")

    def test_nothing_is_at_the_address(self):
        w = self.world
        self.start("POST /api/oauth error=404")
        for number in (1, 2):
            self.send(number)
        self.assertEqual([r["state"] for r in w.settled(2)], ["attention"] * 2)
        alert = self.open_alert("connection-address")
        for words in ("gets no token at its address", "status 404 of the token request",
                      "No credentials were judged", "Correct the connection's url"):
            self.assertIn(words, alert["text"])
        self.assertIn("Correct its url", w.runs()[0]["reason"])
        self.assertIn("nothing gives tokens at this address", w.host.errors())
        self.assertNotIn("credentials refused", w.host.errors())
        self.assertEqual(self.alerts("connection-refused"), []) # nobody looked at them
        self.fault("")

        def retried(): # an answer like that is not asked for again within a few seconds
            w.sauma("retry", "--company", "minimal", "--by", "maija", "--data", w.data)
            time.sleep(1)
            return all(r["state"] == "done" for r in w.runs())
        wait_until(retried, "both runs to be done")
        self.closed("connection-address")

    def test_the_address_sends_elsewhere(self):
        w = self.world
        server = http.server.HTTPServer(("127.0.0.1", 0), Elsewhere)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        w.env["SHOP_URL"] = f"http://127.0.0.1:{server.server_port}"
        w.add_company("minimal", MOVED)
        w.secret("minimal", "shop", "right")
        w.start_host(*QUICK)
        w.deliver({"id": "1"}, connection="in", sign=False)
        reason = w.settled(1, states=("attention",))[0]["reason"]
        self.assertIn("status 302 of the token request: is the connection's url right?", reason)
        self.assertIn("Correct its url", reason)
        self.assertEqual(self.open_alert("connection-address")["about"], "shop")

    def test_a_fresh_token_is_refused(self):
        self.refused("GET /api error=401", "it answered 401 Unauthorized")
        self.corrected()

    def test_what_is_not_allowed_stays_told_while_other_requests_work(self):
        self.refused("POST /api/invoices error=403", "for POST /invoices", "403 Forbidden")
        self.corrected()

    def test_a_connection_that_the_company_no_longer_has(self):
        w = self.world
        w.start_sandbox("slack")
        w.env["SHOP_URL"] = "http://127.0.0.1:9/"
        with_shop = """company "Acme Oy" {}
connect "webhook" { as = "in", secret = false }
connect "http" { as = "shop", url = env "SHOP_URL" }
rule "Read" { on = "in", run = function() return http.get("shop", "/").status end }
"""
        w.add_company("acme", with_shop)
        w.start_host(*QUICK)
        w.deliver({}, company="acme", connection="in", sign=False)
        self.open_alert("connection-down")
        with open(os.path.join(w.companies, "acme", "company.lua"), "w") as f:
            f.write('company "Acme Oy" {}\nconnect "webhook" { as = "in", secret = false }\n')
        self.closed("connection-down")


if __name__ == "__main__":
    main()
