"""The Business Information System when it is slow, busy or down, and how long its answers count."""
import json

from harness import Case, fixture, main, request

COMPANY = """company "Rekisteri Oy" { language = "en" }
connect "click2contract" { secret = false }
connect "procountor" { url = env "PROCOUNTOR_URL", client_id = "x", client_secret = "x", api_key = "x",
                       twins = false, rate = 1000 }
connect "ytj" { url = env "YTJ_URL", rate = 1000, deadline = 1, %s }
use "proposal_to_invoice" {}
"""


class Register(Case):
    def start(self, settings="", **sandbox):
        w = self.world
        w.start_sandbox("procountor", "ytj", **sandbox)
        w.env["YTJ_URL"] = w.urls["ytj"]
        w.add_company("acme", COMPANY % settings)
        w.start_host("--retry-base", "20ms", "--retry-cap", "100ms")

    def run_of(self, number=1, **changes):
        event = fixture(id=f"evt_{number}", contract__id=str(number), **changes)
        self.assertEqual(self.world.deliver(event, company="acme", sign=False)[0], 202)
        run = self.world.settled(number)[-1]
        return self.world.show(run["id"]) | run

    def asked(self):
        netloc = self.world.urls["ytj"].split("/")[2]
        raw = request(netloc, "GET", "/_ledger")[2]
        return sum(json.loads(line)["sandbox"] == "ytj" for line in raw.splitlines())

    def test_when_it_is_down_the_invoice_is_made_with_a_warning(self):
        self.start(options={"ytj": {"settings": {"down": True}}})
        run = self.run_of()
        self.assertEqual(run["state"], "done", run)
        self.assertIn("could not be asked about Testiasiakas Oy (1234567-1)", run["result"]["warnings"][0])
        self.assertEqual(self.world.customers()[0]["name"], "Testiasiakas Oy")
        self.assertGreater(self.asked(), 1)

    def test_when_it_is_down_a_person_is_asked_where_the_company_wants_it(self):
        self.start('unreachable = "ask"', options={"ytj": {"settings": {"down": True}}})
        run = self.run_of()
        self.assertEqual(run["state"], "attention", run)
        self.assertIn("could not be asked", run["reason"])
        self.assertEqual(self.world.customers(), [])

    def test_a_page_of_maintenance_is_no_answer(self):
        self.start(fault="GET /opendata-ytj-api answer=html")
        run = self.run_of()
        self.assertEqual(run["state"], "done", run)
        self.assertIn("could not be asked", run["result"]["warnings"][0])

    def test_who_is_not_there_is_a_warning_and_looked_up_anew_without_keep(self):
        self.start("keep = 0")
        run = self.run_of(customer__business_id="2646674-9")
        self.assertEqual(run["state"], "done", run)
        self.assertIn("2646674-9 of Testiasiakas Oy is not in", run["result"]["warnings"][0])
        self.run_of(2, customer__business_id="2646674-9")
        self.assertEqual(self.asked(), 1)  # it is a customer now
        self.run_of(3, customer__business_id="0737546-2")
        self.assertEqual(self.asked(), 2)

    def test_a_wrong_setting_is_named(self):
        self.world.add_company("acme", COMPANY % 'missing = "never"')
        done = self.world.sauma("check", "companies/acme", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'company.lua:5: connection "ytj": missing: it is "warn" or "ask"', done.stderr)


if __name__ == "__main__":
    main()
