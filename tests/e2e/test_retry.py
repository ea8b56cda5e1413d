"""Retrying: exactly the missing steps are done, whatever step it stopped at; from a step; with a
mended rule; and what may not be done is refused in words that say what to do."""
import collections
import os
import shutil

from harness import fixture, main, wait_until
from people import PeopleCase


def business_id(n):
    """A valid Finnish business ID (weights 7 9 10 5 8 4 2)."""
    while True:
        digits = [int(d) for d in str(n)]
        rest = sum(d * w for d, w in zip(digits, (7, 9, 10, 5, 8, 4, 2))) % 11
        if rest != 1:
            return f"{n}-{0 if rest == 0 else 11 - rest}"
        n += 1000


# Names that have nothing in common, so that no run finds another's records alike.
WORDS = ("Aurinko Kuusi Meri Tuuli Kivi Hopea Sininen Lumi Syksy Kesä Joki Pelto Saari Tammi Pilvi "
         "Karhu Hauki Ruusu Vesi Tähti Metsä Suola Niitty Koski Harju Pihlaja Orava Sampo"
         " Vaahtera Myrsky Kynttilä Ranta Perhonen Jalava").split()
WARES = ("Kartta Ovi Ikkuna Pöytä Jakkara Lamppu Kello Vene Silta Portti Katto Seinä Lattia Peili "
         "Vadelma Verho Hylly Laatikko Kirja Kynä Paperi Sakset Naula Vasara Saha Pora Ruuvi Köysi"
         " Tikapuut Vaaka Hansikas Ämpäri Soihtu Neula").split()


class EveryStep(PeopleCase):
    def proposal(self, n):
        event = fixture(id=f"evt_{n}", contract__id=str(40000 + n),
                        customer__name=f"{WORDS[n]} Oy",
                        customer__business_id=business_id(2100000 + 37 * n))
        for i, row in enumerate(event["pricing_table"]["rows"]):
            row["name"] = WARES[n] if i else WORDS[n]
            row["code"] = None
        return event

    def made(self, since):
        """What was made outside since that many entries of the ledger, by kind."""
        kinds = collections.Counter()
        for entry in self.ledger("procountor")[since:]:
            for done in entry["done"]:
                kinds.update(e["effect"] for e in done["effects"] if "token" not in e["effect"])
        return kinds

    def one_that_stops(self, n, whole):
        """A proposal whose n-th request is refused, and its retry. True if it stopped."""
        w = self.world
        before = len(self.ledger("procountor"))
        self.faults(f"/api after={n - 1} error=400*1")
        event = w.deliver(self.proposal(n))[1]["event"]
        run = wait_until(lambda: next((r for r in w.runs() if r["event"] == event and
                                       r["state"] in ("attention", "done")), None),
                         "the run to stop")
        self.faults("")
        stopped = run["state"] == "attention"
        if stopped:
            # What it says is done outside is what the outside did.
            done = {d["id"] for d in w.show(run["id"])["done"]}
            ids = {str(e["id"]) for entry in self.ledger("procountor")[before:]
                   for d in entry["done"] for e in d["effects"] if "token" not in e["effect"]}
            self.assertEqual(done, ids)
            self.act("retry", run["id"])
            self.ended(run["id"], "done")
            # No write that was done is asked once more.
            written = [(e["path"], e["hash"]) for e in self.ledger("procountor")[before:]
                       if e["method"] == "POST" and any(d["effects"] for d in e["done"])]
            self.assertEqual(len(written), len(set(written)))
        self.assertEqual(self.made(before), whole)
        return stopped

    def test_a_retry_does_exactly_the_missing_steps_whatever_step_it_stopped_at(self):
        w = self.world
        self.change_company("twins = false", "twins = false, rate = 1000")  # one run after the other
        w.start_host("--retry-base", "10ms")
        w.deliver(self.proposal(0))
        w.settled(1, states=("done",))
        whole = self.made(0)
        self.assertEqual(whole["invoice.created"], 1)
        steps = sum("/oauth/" not in e["path"] for e in self.ledger("procountor"))
        stopped = 0
        for n in range(1, min(steps + 1, len(WORDS))):
            with self.subTest(step=n):
                stopped += self.one_that_stops(n, whole)
        self.assertGreater(stopped, 10)


class FromAStep(PeopleCase):
    def stopped_at_the_invoice(self):
        w = self.world
        w.start_host("--retry-base", "10ms")
        self.faults("POST /api/invoices error=400*1")
        w.deliver(fixture())
        run = w.settled(1, states=("attention",))[0]["id"]
        return run, w.show(run)

    def test_it_refuses_what_would_be_done_twice_and_names_it(self):
        run, shown = self.stopped_at_the_invoice()
        customer, product = shown["done"][0], shown["done"][-1]
        words = self.refused("retry", run, "--from", "0")
        self.assertIn(f"step {customer['step']}", words)
        self.assertIn("Testiasiakas Oy", words)
        self.assertIn(customer["id"], words)
        self.assertIn(f"--again {customer['step']}", words)
        self.assertIn(f"--from {product['step']}", words)
        after = self.world.show(run)
        self.assertEqual((after["state"], after["steps"]), ("attention", shown["steps"]))
        self.assertEqual(after["acts"], [])

    def test_from_the_last_effect_asks_only_what_follows(self):
        run, shown = self.stopped_at_the_invoice()
        last = shown["done"][-1]["step"]
        before = len(self.ledger("procountor"))
        self.act("retry", run, "--from", str(last), "--by", "anna", "--reason", "opened the period")
        after = self.ended(run, "done")
        asked = [(e["method"], e["path"]) for e in self.ledger("procountor")[before:]]
        self.assertEqual([a for a in asked if a[0] == "POST"], [("POST", "/api/invoices")])
        self.assertEqual((self.count("partner.created"), self.count("invoice.created")), (1, 1))
        # What left the journal stays readable, with who and why.
        act = after["acts"][0]
        self.assertEqual((act["by"], act["reason"], act["after"]["from"]),
                         ("anna", "opened the period", last))
        self.assertEqual([s["seq"] for s in after["dropped"]],
                         [s["seq"] for s in shown["steps"] if s["seq"] > last])
        refused = [s for s in after["dropped"] if s["title"] == "POST /invoices"]
        self.assertEqual(refused[0]["answer"]["status"], 400)

    def test_what_is_named_may_happen_again(self):
        w = self.world
        run, shown = self.stopped_at_the_invoice()
        self.assertIn("had no effect", self.refused("retry", run, "--again", "1"))
        steps = [str(d["step"]) for d in shown["done"]]
        self.act("retry", run, "--from", "0", *[x for s in steps for x in ("--again", s)])
        self.ended(run, "done")
        # It was allowed, and was not needed: what was there was found.
        self.assertEqual((len(w.customers()), len(w.products()), len(w.invoices())), (1, 2, 1))


BROKEN = """
company "Shop" {}
connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }
connect "http" { as = "stock", url = env "HTTP_URL" }
rule "Reserve" {
  on = "shop.order",
  run = function(order)
    http.write("stock", "POST", "/reservations", { json = { order = order.id } })
    %s
    http.write("stock", "POST", "/orders", { json = { order = order.id } })
    return { order = order.id }
  end,
}
"""


class MendedRule(PeopleCase):
    sandboxes = ("http",)

    def setUp(self):
        super(PeopleCase, self).setUp()
        w = self.world
        w.start_sandbox("http", options={"collections": ["/reservations", "/orders"]})
        w.env["HTTP_URL"] = w.urls["http"]
        w.add_company("shop", BROKEN % 'error("not yet")')
        w.start_host()

    def posts(self, path):
        return sum(e["method"] == "POST" and e["path"].endswith(path) for e in self.ledger())

    def failed(self):
        status, _ = self.world.deliver({"type": "order", "id": "1"}, "shop", "shop", sign=False)
        self.assertEqual(status, 202)
        return self.world.settled(1, states=("failed",))[0]["id"]

    def write_something_else(self):
        """The rule is mended and sends more, some of which people are not to see."""
        self.change_company('{ order = order.id } })\n    error("not yet")',
                            '{ order = order.id, count = 2, phone = "040 123", of = "131052-308T" } })', "shop")
        self.change_company('company "Shop" {}', 'company "Shop" { redact = { "phone" } }', "shop")
        self.reload("shop")

    def test_a_failed_run_goes_on_with_the_mended_rule_and_does_nothing_twice(self):
        run = self.failed()
        # A plain write without a look-up: only the journal can know that it was done.
        self.change_company('error("not yet")', "local extra = 1", "shop")
        self.reload("shop")
        self.act("retry", run)
        shown = self.ended(run, "done")
        self.assertEqual(shown["acts"][0]["before"]["state"], "failed")
        self.assertTrue(shown["acts"][0]["after"]["afresh"])
        self.assertEqual((self.posts("/reservations"), self.posts("/orders")), (1, 1))

    def test_a_rule_that_now_writes_something_else_there_stops(self):
        run = self.failed()
        self.write_something_else()
        self.act("retry", run)
        shown = self.ended(run, "attention")
        self.assertIn('count null -> 2, of null -> "******-****", phone null -> "***"', shown["reason"])
        self.assertIn("--again", shown["reason"])
        self.assertEqual((self.posts("/reservations"), self.posts("/orders")), (1, 0))
        self.act("retry", run, "--again", str(shown["done"][0]["step"]))
        self.ended(run, "done")
        self.assertEqual((self.posts("/reservations"), self.posts("/orders")), (2, 1))

    def test_what_is_kept_of_the_journal_must_be_what_the_rule_asks(self):
        run = self.failed()
        self.write_something_else()
        self.act("retry", run, "--from", "1")
        reason = self.ended(run, "attention")["reason"]
        self.assertIn("recorded POST /reservations on stock, now the same with another content: "
                      '{"count":2,"of":"******-****","order":"1","phone":"***"}; step 1 of', reason)
        self.assertEqual((self.posts("/reservations"), self.posts("/orders")), (1, 0))
        self.assertIn("--afresh", reason)
        self.act("retry", run, "--afresh")
        wait_until(lambda: "count null -> 2" in (self.world.show(run)["reason"] or ""),
                   "the field that differs")
        self.assertEqual((self.posts("/reservations"), self.posts("/orders")), (1, 0))

    def test_what_is_left_behind_raises_an_alert(self):
        run = self.failed()
        self.change_company('http.write("stock", "POST", "/reservations", '
                            '{ json = { order = order.id } })\n    error("not yet")', "", "shop")
        self.reload("shop")
        self.act("retry", run)
        self.ended(run, "done")
        alert = wait_until(lambda: [a for a in self.rows("alerts") if a["kind"] == "left-behind"],
                           "the alert")[0]
        self.assertEqual(alert["about"], run)
        self.assertIn("POST /reservations", alert["text"])

    def test_all_that_is_left_behind_is_told(self):
        """One alert of a run names each thing that it did and no longer does."""
        again = 'http.write("stock", "POST", "/reservations", { json = { again = order.id } })\n'
        self.change_company('error("not yet")', again + 'error("not yet")', "shop")
        self.reload("shop")
        run = self.failed()
        self.change_company(again + 'error("not yet")', "", "shop")
        self.change_company('http.write("stock", "POST", "/reservations", '
                            '{ json = { order = order.id } })', "", "shop")
        self.reload("shop")
        self.act("retry", run)
        self.ended(run, "done")
        alert, = wait_until(lambda: [a for a in self.rows("alerts") if a["kind"] == "left-behind"],
                            "the alert")
        self.assertIn("POST /reservations (id 1) in stock (step 1)", alert["text"])
        self.assertIn("POST /reservations (id 2) in stock (step 2)", alert["text"])

    def test_the_same_version_fails_the_same_way(self):
        run = self.failed()
        self.change_company('error("not yet")', "", "shop")
        self.reload("shop")
        self.act("retry", run, "--same-version")
        wait_until(lambda: len(self.world.show(run)["acts"]) == 1 and
                   self.world.show(run)["state"] == "failed", "it to fail again")

    def test_what_a_newer_version_could_not_do_the_one_it_began_with_can(self):
        """The version is the operator's choice, back as well: it is the one before any retry."""
        run = self.failed()
        began = self.world.show(run)["version"]
        self.change_company('{ order = order.id } })\n    error("not yet")',
                            "{ order = order.id, count = 2 } })", "shop")
        self.reload("shop")
        self.act("retry", run, "--version", "current")
        self.assertIn("count null -> 2", self.ended(run, "attention")["reason"])
        self.assertIn("current or began", self.refused("retry", run, "--version", "newest",
                                                       status=2))
        self.act("retry", run, "--version", "began")
        shown = self.ended(run, "failed")
        self.assertEqual(shown["version"], began)
        self.assertIn("not yet", shown["reason"])
        self.assertEqual(self.posts("/reservations"), 1)
        current = shown["acts"][0]["after"]["version"]
        self.assertIn(f"version {began} -> {current}",
                      self.world.sauma("show", run, "--data", self.world.data).stdout.decode())

    def test_a_rule_that_is_gone(self):
        run = self.failed()
        self.change_company('rule "Reserve"', 'rule "Other"', "shop")
        self.reload("shop")
        words = self.refused("retry", run)
        self.assertIn('no rule "Reserve"', words)
        self.assertIn("--version began", words)
        self.act("skip", run, "--reason", "the rule is gone")
        self.assertEqual(self.ended(run, "skipped")["reason"], "the rule is gone")

    def test_a_company_that_is_gone(self):
        run = self.failed()
        self.world.host.stop()
        shutil.rmtree(os.path.dirname(self.company_file("shop")))
        self.world.start_host()
        self.assertIn("company shop is not loaded", self.refused("retry", run))
        self.act("skip", run, "--reason", "no longer ours")
        self.ended(run, "skipped")


class Twice(PeopleCase):
    def parked(self):
        w = self.world
        w.start_host()
        w.deliver(fixture(pricing_table=[]))
        return w.settled(1, states=("attention",))[0]["id"]

    def test_pressing_twice_says_what_is(self):
        run = self.parked()
        self.act("skip", run, "--reason", "a test proposal", "--by", "anna")
        words = self.refused("skip", run, "--reason", "mine too", "--by", "ben")
        self.assertIn("is skipped by anna", words)
        self.assertIn("a test proposal", words)
        self.assertIn("--skipped", words)
        self.assertIn("is skipped", self.refused("retry", run))
        self.act("retry", run, "--skipped", "--by", "ben")
        self.ended(run, "attention")
        self.assertEqual([(a["action"], a["by"]) for a in self.world.show(run)["acts"]],
                         [("skip", "anna"), ("retry", "ben")])

    def test_two_at_once_are_one(self):
        run = self.parked()
        answers = [self.api("POST", f"runs/{run}/skip", {"reason": "x", "by": b}) for b in "ab"]
        self.assertEqual(sorted(s for s, _ in answers), [200, 409])
        self.assertEqual(len(self.world.show(run)["acts"]), 1)

    def test_without_a_host_it_says_how(self):
        run = self.parked()
        self.world.host.stop()
        self.assertIn("sauma serve", self.refused("retry", run, status=3))
        self.assertEqual(self.world.show(run)["state"], "attention")

    def test_a_beginning_of_the_id_is_enough_and_nonsense_is_refused(self):
        run = self.parked()
        self.assertIn("there is no run run_x", self.refused("retry", "run_x"))
        self.assertIn("say which", self.refused("retry", status=2))
        self.assertIn("not held", self.refused("send", run))
        self.act("skip", run[:-3], "--reason", "x")
        self.ended(run, "skipped")


if __name__ == "__main__":
    main()
