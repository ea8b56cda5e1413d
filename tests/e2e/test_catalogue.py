"""The host's own catalogue of a product register: filled, kept fresh, kept on disk, distrusted."""
import json
import os
import signal

from harness import Case, fixture, main, request, wait_until
from urllib.parse import parse_qs, urlsplit

PRODUCTS = [{"name": f"Kiinnike malli {n} sinkitty", "code": f"KM-{n}", "price": 3 + n,
             "unit": "PIECE", "discount": 0, "vat": 25.5, "type": "SALES", "active": True,
             "currency": "EUR"} for n in range(450)]
ALIKE = dict(PRODUCTS[0], name="Konsultionti", code="K-1", unit="HOUR", price=140)
WHOLE = {"type", "active", "orderById", "size"}
CHANGES = WHOLE | {"versionStartDate"}


class Catalogue(Case):
    def begin(self, products, *args, settings=None):
        w = self.world
        w.start_sandbox("procountor", "slack", options={"procountor": {"seed": {"products": products},
                                                                       "settings": settings or {}}})
        w.minimal()
        w.start_host(*args)

    def run_one(self, n, **changes):
        w = self.world
        w.deliver(fixture(id=f"evt_{n}", contract__id=str(40000 + n), **changes))
        return w.settled(n)[n - 1]

    def asked(self, names):
        """How many requests for products had these parameters, and previousId for what follows."""
        ledger = request(urlsplit(self.world.urls["procountor"]).netloc, "GET", "/_ledger")[2]
        asked = [json.loads(line) for line in ledger.splitlines()]
        return sum(set(parse_qs(r["query"])) - {"previousId"} == names for r in asked
                   if r["path"].endswith("/products") and r["method"] == "GET")

    def answers(self, run):
        """What the catalogue said, step by step."""
        return [s["answer"] for s in self.world.show(run["id"])["steps"] if s["kind"] == "match"]

    def test_found_by_the_catalogue_which_is_read_page_by_page(self):
        self.begin(PRODUCTS + [ALIKE])
        run = self.run_one(1)
        self.assertEqual(run["state"], "attention")
        self.assertIn("Konsultionti", run["reason"])
        self.assertIn("K-1", run["reason"])
        self.assertEqual(self.asked(WHOLE), 3)
        shown = json.dumps(self.world.show(run["id"]))
        self.assertIn("match products", shown)
        # The next one asks nothing again that was asked a moment ago.
        self.run_one(2)
        self.assertEqual(self.asked(WHOLE), 3)
        self.assertEqual(len(self.world.invoices()), 0)

    def test_survives_a_kill_on_disk_and_asks_only_for_changes_then(self):
        self.begin(PRODUCTS)
        self.assertEqual(self.run_one(1)["state"], "done")
        files = os.listdir(os.path.join(self.world.data, "catalogues"))
        self.assertEqual(files, ["minimal.procountor.products"])
        self.world.host.stop(signal.SIGKILL)
        self.world.start_host()
        run = self.run_one(2, pricing_table__rows__0__name="Jotain aivan muuta", pricing_table__rows__0__code="XYZ-1")
        self.assertEqual(run["state"], "done", run)
        self.assertEqual(self.asked(WHOLE), 3)
        self.assertEqual(self.asked(CHANGES), 1)

    def test_a_damaged_file_costs_only_reading_again(self):
        self.begin(PRODUCTS + [ALIKE])
        self.run_one(1)
        self.world.host.stop()
        path = os.path.join(self.world.data, "catalogues", "minimal.procountor.products")
        with open(path, "r+b") as f:
            f.seek(2000)
            f.write(b"\0\xff" * 50)
        self.world.start_host()
        run = self.run_one(2)
        self.assertEqual(run["state"], "attention")
        self.assertIn("Konsultionti", run["reason"])
        self.assertIn("catalogue file", self.world.host.errors())

    def test_a_hit_that_is_gone_since_is_not_used(self):
        self.begin([ALIKE] + PRODUCTS[:5], "--match-fresh", "1h")
        self.assertIn("Konsultionti", self.run_one(1)["reason"])
        product = [p for p in self.world.products() if p["code"] == "K-1"][0]
        url = urlsplit(self.world.urls["procountor"])
        form = "grant_type=client_credentials&client_id=test&client_secret=test&api_key=test"
        token = json.loads(request(url.netloc, "POST", url.path + "/oauth/token", form,
                                   {"Content-Type": "application/x-www-form-urlencoded"})[2])
        status = request(url.netloc, "DELETE", f"{url.path}/products/{product['id']}",
                         headers={"Authorization": f"Bearer {token['access_token']}"})[0]
        self.assertEqual(status, 204)
        run = self.run_one(2)
        self.assertEqual((run["state"], run["reason"]), ("done", ""))
        self.assertIn("Konsultointi", [p["name"] for p in self.world.products()])

    def test_without_a_catalogue_the_register_is_searched(self):
        for name, args in (("no time", ("--match-wait", "0")), ("no room", ("--match-memory", "1k"))):
            with self.subTest(name):
                self.begin(PRODUCTS + [ALIKE], *args)
                run = self.run_one(1)
                self.assertEqual(run["state"], "attention")
                self.assertIn("Konsultionti", run["reason"])
                if name == "no room":
                    alerts = self.world.sauma("alerts", "--data", self.world.data, "--json").stdout
                    self.assertIn(b"catalogue-too-large", alerts)
                    self.assertIn(b"match-memory", alerts)
                self.world.close()
                super().setUp()

    def test_what_was_made_is_known_at_once(self):
        self.begin([], "--match-fresh", "1h")
        self.assertEqual(self.run_one(1)["state"], "done")
        self.assertEqual(len(self.world.products()), 2)
        run = self.run_one(2, pricing_table__rows__0__name="Konsultionti", pricing_table__rows__0__code="TOINEN-1")
        self.assertEqual(run["state"], "attention")
        self.assertIn("Konsultointi", run["reason"])
        self.assertEqual(len(self.world.products()), 2)

    def test_other_credentials_are_another_register(self):
        self.begin([ALIKE])
        self.run_one(1)
        self.assertEqual(self.asked(WHOLE), 1)
        self.world.secret("minimal", "procountor-api-key", "another")
        self.world.host.stop()
        self.world.start_host()
        self.run_one(2)
        self.assertEqual(self.asked(WHOLE), 2)

    def test_credentials_that_change_while_the_host_runs_have_their_register_read_at_once(self):
        w = self.world
        self.begin([ALIKE])
        self.run_one(1)
        w.secret("minimal", "procountor-api-key", "another")
        # Secrets are read again a few seconds later, and by a new version of the scripts at once.
        with open(os.path.join(w.companies, "minimal", "company.lua"), "a") as f:
            f.write("-- changed\n")
        w.sauma("reload", "minimal")
        answers = self.answers(self.run_one(2))
        self.assertTrue(answers and all(a["ready"] for a in answers), answers)
        self.assertEqual(self.asked(WHOLE), 2)


if __name__ == "__main__":
    main()
