"""What waits for people, and acting on many runs at once."""
from harness import fixture, main
from people import PeopleCase


class Many(PeopleCase):
    def parked(self, n=3):
        w = self.world
        w.start_host("--bulk-limit", "10")
        for i in range(n):
            w.deliver(fixture(id=f"a{i}", contract__id=str(i), pricing_table=[]))
        w.deliver(fixture(id="b", contract__id="b", customer__business_id="1234567-8"))
        return [r["id"] for r in w.settled(n + 1, states=("attention",))]

    def test_attention_says_why_what_is_done_and_what_may_be_done_next(self):
        w = self.world
        w.start_host("--retry-base", "10ms")
        self.faults("POST /api/invoices error=400*1")
        w.deliver(fixture())
        run = w.settled(1, states=("attention",))[0]["id"]
        row = self.rows("attention", "--company", "minimal", "--since", "1h")[0]
        self.assertIn("POST /invoices", row["reason"])
        self.assertEqual([d["what"] for d in row["done"]],
                         ['customer "Testiasiakas Oy" in procountor',
                          'product "Konsultointi" in procountor', 'product "Lisenssi" in procountor'])
        self.assertEqual(row["unknown"], [])
        self.assertEqual([n["action"] for n in row["next"]],
                         ["retry", "edit", "retry-from", "by-hand", "skip"])
        self.assertIn(f"sauma retry {run}", [n["command"] for n in row["next"]])
        self.assertEqual((row["about"]["amount"], row["about"]["currency"]), ("2356.89", "EUR"))
        text = self.act("attention")
        self.assertIn('customer "Testiasiakas Oy" in procountor (id ', text)
        self.assertIn("2356.89 EUR", text)
        self.assertEqual(self.api("GET", "attention?company=minimal")[1]["attention"][0]["done"],
                         row["done"])
        shown = self.api("GET", f"runs/{run}")[1]
        self.assertEqual((shown["id"], shown["done"], shown["next"]),
                         (run, row["done"], row["next"]))
        self.assertEqual(self.rows("attention", "--company", "other"), [])
        self.assertEqual(self.api("GET", "runs/run_x")[0], 404)
        self.assertEqual(self.api("GET", "runs?state=perhaps")[0], 400)

    def test_what_nobody_knows_is_named(self):
        w = self.world
        w.start_host("--settle", "50ms", "--retry-base", "10ms", "--looks", "")
        self.faults("POST /api/invoices undone reset")
        w.deliver(fixture())
        run = w.settled(1, states=("attention",))[0]["id"]
        row = self.rows("attention")[0]
        self.assertEqual([u["what"] for u in row["unknown"]], ["invoice C2C-10042 in procountor"])
        self.assertEqual(row["next"][0]["action"], "by-hand")
        self.faults("")
        self.act("retry", run)
        self.ended(run, "done")
        self.assertEqual(len(w.invoices()), 1)

    def test_a_filter_a_dry_run_and_a_line_for_each(self):
        runs = self.parked()
        chosen = ("--company", "minimal", "--reason-like", "PRICING", "--since", "1h")
        plan = self.act("skip", *chosen, "--reason", "tests", "--dry-run")
        self.assertIn(runs[0], plan)
        self.assertNotIn(runs[3], plan)
        self.assertEqual(len(self.rows("attention")), 4)
        done = self.act("skip", *chosen, "--reason", "tests", "--by", "anna").splitlines()
        self.assertEqual(done, [f"{r}: skipped" for r in runs[:3]])
        self.assertEqual([r["id"] for r in self.rows("attention")], [runs[3]])
        acts = self.rows("acts", "--company", "minimal")
        self.assertEqual([(a["run"], a["by"], a["reason"]) for a in reversed(acts)],
                         [(r, "anna", "tests") for r in runs[:3]])
        self.assertIn("none", self.sauma("skip", *chosen, "--reason", "x").stderr.decode())

    def test_too_many_at_once_and_some_that_are_refused(self):
        runs = self.parked()
        words = self.refused("retry", "--company", "minimal", "--bulk-limit", "2")
        self.assertIn("more than 2 runs match", words)
        self.assertEqual(self.rows("acts"), [])
        self.change_company('use "proposal_to_invoice" {', 'use "proposal_to_invoice" { name = "other",')
        self.reload()
        done = self.sauma("retry", "--company", "minimal", "--all", "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stdout.splitlines()), len(runs))
        self.assertIn(b"no rule", done.stdout)

    def test_many_through_the_api(self):
        runs = self.parked()
        self.assertEqual(self.api("POST", "runs/skip", {"reason": "x"})[0], 400)
        body = {"reason": "x", "by": "ben", "filter": {"reason_like": "pricing"}}
        status, answer = self.api("POST", "runs/skip", dict(body, limit=2))
        self.assertEqual(status, 409, answer)
        self.assertEqual(self.api("POST", "runs/skip", dict(body, dry_run=True))[1]["matched"], 3)
        status, answer = self.api("POST", "runs/skip", body)
        self.assertEqual((status, answer["acted"], answer["refused"]), (200, 3, 0))
        self.assertEqual([r["run"] for r in answer["runs"]], runs[:3])


if __name__ == "__main__":
    main()
