"""What a run was told about products and customers that are alike: it stands whatever comes after, the
copy of the register is read anew in time, and a person chooses where nobody else can."""
import signal

from harness import Case, fixture, main, wait_until
from people import PeopleCase

PRODUCTS = [{"name": f"Kiinnike malli {n} sinkitty", "code": f"KM-{n}", "price": 3 + n,
             "unit": "PIECE", "discount": 0, "vat": 25.5, "type": "SALES", "active": True,
             "currency": "EUR"} for n in range(5)]
ALIKE = dict(PRODUCTS[0], name="Konsultionti", code="K-1", unit="HOUR", price=140)
QUICK = ("--retry-base", "20ms", "--retry-cap", "200ms", "--settle", "300ms", "--looks", "300ms,600ms")


class MatchRuns(PeopleCase):
    def setUp(self):
        Case.setUp(self)  # each test seeds the sandboxes in its own way

    def begin(self, seed, *args, matching=None):
        self.world.start_sandbox(*self.sandboxes, options={"procountor": {"seed": seed}})
        self.world.minimal()
        if matching:
            self.change_company('connect "procountor" {', 'connect "procountor" { matching = ' + matching + ",")
        self.world.start_host(*QUICK, *args)

    def run_one(self, n, **changes):
        self.world.deliver(fixture(id=f"evt_{n}", contract__id=str(40000 + n), **changes))
        return self.world.settled(n)[n - 1]

    def matches(self, run):
        """What the catalogue answered when it was asked for something, step by step."""
        return [s["answer"] for s in self.world.show(run)["steps"]
                if s["kind"] == "match" and "decision" in (s.get("answer") or ())]

    def posts(self):
        return [e for e in self.ledger("procountor")
                if e["method"] == "POST" and e["path"].endswith("/products")]

    def test_the_answer_of_a_run_that_died_stands(self):
        self.begin({"products": PRODUCTS})
        self.faults("POST /api/products hang*1")
        w = self.world
        w.deliver(fixture())
        wait_until(self.posts, "the first product to be sent")
        w.host.stop(signal.SIGKILL)
        run = w.runs()[0]["id"]
        told = self.matches(run)
        self.assertEqual(told[0]["decision"], "new")
        # Now the register has one that is as good as the same.
        w.procountor_send("POST", "/products", ALIKE)
        w.start_host(*QUICK)
        self.assertEqual(w.settled(1)[0]["state"], "done")
        self.assertEqual(self.matches(run)[:len(told)], told)
        names = sorted(p["name"] for p in w.products())
        self.assertEqual((names.count("Konsultointi"), names.count("Konsultionti")), (1, 1))
        # Who asks only now is told of it.
        other = self.run_one(2, pricing_table__rows__0__name="Konsultionti tunti",
                             pricing_table__rows__0__code="UUSI-1")
        self.assertEqual(other["state"], "attention")
        self.assertIn("Konsultionti", other["reason"])

    def test_a_company_says_what_is_the_same(self):
        self.begin({"products": PRODUCTS + [ALIKE]}, matching="{ cover = 1000, margin = 10000 }")
        self.assertEqual(self.run_one(1)["state"], "done")
        for wrong, words in (('{ no_veto = { "colour" } }', "is no conflict"),
                             ("{ cover = 2000 }", "from 0 to 1000"), ("{ covers = 1 }", "covers")):
            self.change_company("{ cover = 1000, margin = 10000 }", wrong)
            told = self.world.sauma("check", self.company_file().rsplit("/", 1)[0], check=False)
            self.assertEqual(told.returncode, 1)
            self.assertIn(words, (told.stdout + told.stderr).decode())
            self.change_company(wrong, "{ cover = 1000, margin = 10000 }")

    def test_what_was_deleted_leaves_the_copy_when_all_is_read_again(self):
        self.begin({"products": PRODUCTS + [ALIKE]}, "--match-whole", "1s", "--match-fresh", "1h")
        first = self.run_one(1)
        self.assertIn("Konsultionti", first["reason"])
        gone = [p for p in self.world.products() if p["code"] == "K-1"][0]
        self.world.procountor_send("DELETE", f"/products/{gone['id']}")
        asked = 1

        def forgotten():
            nonlocal asked
            asked += 1
            there = len(self.world.products())
            run = self.run_one(asked, pricing_table__rows__0__name=f"Aivan muuta {asked}",
                               pricing_table__rows__0__code=f"X-{asked}")
            return self.matches(run["id"])[0]["count"] == there
        wait_until(forgotten, "the copy to forget what is gone")
        self.assertGreater(asked, 2)  # it was there at first: the second run's answer came before

    def test_a_person_chooses_the_customer(self):
        self.begin({"customers": [{"name": "Nordic Betoni Oy", "business_id": "0112038-9"}]})
        w = self.world
        ask = dict(customer__business_id=None, customer__name="Nordic Betoni")
        for n, (answer, customers) in enumerate((("id", 1), ("new", 2)), 1):
            run = self.run_one(n, **ask)
            self.assertEqual(run["state"], "attention")
            shown = w.show(run["id"])
            there = shown["result"]["details"]["candidates"][0]
            self.assertEqual((there["name"], there["business_id"]), ("Nordic Betoni Oy", "0112038-9"))
            self.assertIn(f"--set customer.partner={there['id']}", run["reason"])
            self.act("retry", run["id"], "--reason", "asked them by phone", "--set",
                     f"customer.partner={there['id'] if answer == 'id' else 'new'}")
            self.ended(run["id"], "done")
            self.assertEqual(len(w.customers()), customers)
            self.assertEqual(len(w.invoices()), n)
        self.assertEqual(len({i["partnerId"] for i in w.invoices()} - {there["id"]}), 1)


if __name__ == "__main__":
    main()
