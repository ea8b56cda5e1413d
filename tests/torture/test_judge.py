"""The judge is judged: from an innocent world's evidence nothing is found, and from the same with
one thing bent the right invariant says so."""
import copy
import unittest

import judge
from ground import Ground, harness


class Judge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = w = Ground(("acme", "beta"), seed=1)
        w.start_host()
        for company in w.names:
            for i in range(4):
                w.send(company, w.proposal(f"{company}-{i}", company, customer=i % 2, rows=2))
        w.quiesce(events=8)
        cls.evidence = judge.gather(w)
        cls.base = judge.resources(w.host.p.pid)

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def setUp(self):
        self.e = copy.deepcopy(self.evidence)

    def found(self, **more):
        return {v.invariant for v in judge.judge(self.e, **more)}

    def entry(self, effect):
        return next(entry for entry in self.e["ledger"] for d in entry["done"]
                    for x in d["effects"] if x["effect"] == effect and entry["sandbox"] == "acme")

    def test_innocent(self):
        self.assertEqual(judge.judge(self.e), [])
        self.assertEqual(len(self.e["runs"]), 8)
        self.assertIn("sauma_books_difference", self.e["metrics"])

    def twice(self, effect, invariant):
        again = copy.deepcopy(self.entry(effect))
        again["n"] = 10**6
        self.e["ledger"].append(again)
        self.assertEqual(self.found(), {invariant})

    def test_i1_a_second_invoice(self):
        self.twice("invoice.created", "I1")

    def test_i1_done_without_an_invoice(self):
        del self.e["state"]["acme"]["invoices"][0]
        self.assertIn("I1", self.found())

    def test_i2_a_second_customer(self):
        self.twice("partner.created", "I2")

    def test_i3_a_second_product(self):
        self.twice("product.created", "I3")

    def test_i4_a_lost_event(self):
        last = self.e["events"].pop()
        self.e["runs"] = [r for r in self.e["runs"] if r["event"] != last["seq"]]
        self.assertIn("I4", self.found())

    def test_i4_an_event_that_was_not_sent(self):
        self.e["events"][0]["delivery"] = "evt-nobody"
        self.assertIn("I4", self.found())

    def test_i4_one_delivery_as_two_events(self):
        self.e["sent"].append(dict(self.e["sent"][0], event=self.e["sent"][1]["event"]))
        self.assertIn("I4", self.found())

    def test_i5_out_of_order(self):
        run = [r for r in self.e["runs"] if r["company"] == "acme"]
        key = run[0]["key"]
        later = [r for r in run if r["key"] == key][-1]
        event = next(e for e in self.e["events"] if e["seq"] == later["event"])
        name = next(s["name"] for s in self.e["sent"] if s["event"] == event["id"])
        for entry in self.e["ledger"]:
            for d in entry["done"]:
                if any(x.get("key") == "C2C-" + name for x in d["effects"]):
                    entry["at_ms"] -= 60_000
        self.assertIn("I5", self.found())

    def test_i6_limbo(self):
        self.e["runs"][0]["state"] = "queued"
        self.assertIn("I6", self.found())

    def test_i6_a_wait_without_end(self):
        self.e["runs"][0].update(state="waiting", until_ms=self.e["now_ms"] + 10**9)
        self.assertIn("I6", self.found())

    def test_i7_a_secret_on_the_wire(self):
        entry = next(x for x in self.e["ledger"] if not x["sandbox"].startswith("beta"))
        entry["canaries"].append("beta.procountor-api-key")
        self.assertEqual(self.found(), {"I7"})

    def test_i7_a_secret_in_a_log(self):
        secret = next(iter(self.e["secrets"].values()))
        self.e["texts"]["log"] = (None, f"token {secret} refused")
        self.assertEqual(self.found(), {"I7"})

    def test_i7_a_customer_in_the_wrong_listing(self):
        self.e["texts"]["page"] = ("acme", "Asiakas 0 " + self.e["canaries"]["beta"])
        self.assertEqual(self.found(), {"I7"})

    def test_i7_a_secret_in_the_store(self):
        secret = next(iter(self.e["secrets"].values()))
        self.e["files"]["sauma.db-wal"] = b"\0\0" + secret.encode()
        self.assertEqual(self.found(), {"I7"})

    def test_i8_an_effect_without_intent(self):
        self.entry("invoice.created")["hash"] = "0" * 32
        self.assertEqual(self.found(), {"I8"})

    def test_i8_an_intent_that_came_after(self):
        entry = self.entry("invoice.created")
        for s in self.e["steps"]:
            if s["body"] == entry["hash"]:
                s["at_ms"] = entry["at_ms"] + 1000
        self.assertIn("I8", self.found())

    def test_i9_sent_after_it_was_known(self):
        again = copy.deepcopy(self.entry("invoice.created"))
        again.update(n=10**6, at_ms=again["at_ms"] + 5000, done=[])
        self.e["ledger"].append(again)
        self.assertEqual(self.found(), {"I9"})

    def test_i10_a_cent_too_much(self):
        info = self.e["state"]["acme"]["invoices"][0]["invoiceSumInfo"][0]
        info["invoiceSumTotal"] = str(float(info["invoiceSumTotal"]) + 0.01)
        self.assertEqual(self.found(), {"I10"})

    def test_i10_another_name(self):
        party = self.e["state"]["acme"]["invoices"][0]["counterParty"]["counterPartyAddress"]
        party["name"] = party["name"].upper()
        self.assertEqual(self.found(), {"I10"})

    def test_i11_a_damaged_store(self):
        self.e["integrity"] = ["row 3 missing from index"]
        self.assertEqual(self.found(), {"I11"})

    def test_i12_what_does_not_come_back(self):
        self.assertEqual(list(judge.check_i12(self.base, self.base)), [])
        for change in ({"resident": self.base["resident"] * 2},
                       {"descriptors": self.base["descriptors"] + 1},
                       {"children": self.base["children"] + 1}):
            self.assertEqual([v.invariant for v in judge.check_i12(
                self.base, {**self.base, **change})], ["I12"])

    def test_i13_asking_without_need(self):
        self.e["runs"][0].update(state="attention", reason="It is not known whether ...")
        self.assertIn("I13", self.found())
        self.assertNotIn("I13", self.found(excused=lambda run: True))

    def test_i13_another_proposals_invoice(self):
        run = next(r for r in self.e["runs"] if r["company"] == "acme")
        own = judge.result_of(run)["invoice_id"]
        other = next(i["id"] for i in self.e["state"]["acme"]["invoices"] if i["id"] != own)
        run["result"] = run["result"].replace(str(own), str(other))
        self.assertEqual(self.found(), {"I13"})

    def test_books_that_do_not_balance(self):
        self.e["metrics"] = 'sauma_books_difference{company="acme"} 1\n'
        self.assertEqual(self.found(), {"books"})

    def test_books_are_compared_with_the_events(self):
        w = Ground(seed=2)
        self.addCleanup(w.close)
        w.start_host()
        w.send("acme", w.proposal("B-1"))
        w.quiesce(events=1)
        w.host.stop()
        w.look_at_books()
        self.assertEqual(w.books_wrong, [])
        import os
        import sqlite3
        with sqlite3.connect(os.path.join(w.data, "sauma.db")) as db:
            db.execute("UPDATE books SET n = n + 1 WHERE state = 'done'")
        w.look_at_books()
        self.assertEqual(len(w.books_wrong), 1)


if __name__ == "__main__":
    harness.main()
