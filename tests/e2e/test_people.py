"""What a person does with runs: send what was held, retry what failed, skip with a reason."""
import json
import os
import stat

from harness import Case, fixture, main, request


class People(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()

    def change_policy(self, policy):
        path = os.path.join(self.world.companies, "minimal", "company.lua")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace('trigger = "automatic"', f'trigger = "{policy}"'))

    def act(self, *args):
        return self.world.sauma(*args, "--data", self.world.data, check=False)

    def test_a_held_run_is_sent_once(self):
        w = self.world
        self.change_policy("manual")
        w.start_host()
        w.deliver(fixture())
        run = w.settled(1)[0]
        self.assertEqual(run["state"], "held")
        self.assertEqual(w.invoices(), [])
        self.assertEqual(self.act("send", run["id"]).returncode, 0)
        self.assertEqual(w.settled(1, states=("done",))[0]["id"], run["id"])
        again = self.act("send", run["id"])
        self.assertEqual(again.returncode, 1)
        self.assertIn(b"is done", again.stderr)
        self.assertEqual(len(w.invoices()), 1)

    def test_a_held_run_is_still_there_after_a_restart(self):
        w = self.world
        self.change_policy("manual")
        w.start_host()
        w.deliver(fixture())
        run = w.settled(1)[0]
        w.host.stop()
        w.start_host()
        self.assertEqual(self.act("send", run["id"]).returncode, 0)
        w.settled(1, states=("done",))
        self.assertEqual(len(w.invoices()), 1)

    def test_retry_does_the_missing_steps_only(self):
        w = self.world
        w.sandbox.stop()
        w.start_sandbox("procountor", "slack", fault="POST /api/invoices error=400*1")
        w.secret("minimal", "slack-url", w.urls["slack"])
        w.start_host()
        w.deliver(fixture())
        run = w.settled(1)[0]
        self.assertEqual(run["state"], "attention")
        before = w.customers() + w.products()
        self.assertEqual(self.act("retry", run["id"]).returncode, 0)
        w.settled(1, states=("done",))
        self.assertEqual(w.customers() + w.products(), before)
        self.assertEqual(len(w.invoices()), 1)

    def test_skip_wants_a_reason_and_shows_it(self):
        w = self.world
        w.start_host()
        w.deliver(fixture(pricing_table=[]))
        run = w.settled(1)[0]
        self.assertEqual(run["state"], "attention")
        self.assertEqual(self.act("skip", run["id"]).returncode, 2)
        self.assertEqual(self.act("skip", run["id"], "--reason", "a test proposal").returncode, 0)
        self.assertEqual([(r["state"], r["reason"]) for r in w.settled(1, states=("skipped",))],
                         [("skipped", "a test proposal")])

    def test_attention_lists_what_needs_a_person_and_the_books_balance(self):
        w = self.world
        w.start_host()
        w.deliver(fixture(id="a", pricing_table=[]))
        w.deliver(fixture(id="b", contract__id="2"))
        w.deliver(fixture(id="c", event="proposal.opened"))
        w.settled(2)
        listed = self.act("attention", "--json").stdout.splitlines()
        self.assertEqual(len(listed), 1)
        self.assertIn("ricing", json.loads(listed[0])["reason"])
        books = json.loads(self.act("stats", "--json").stdout)
        self.assertGreater(books.pop("stored_bytes"), 0)
        self.assertEqual(books, {"company": "minimal", "received": 3, "done": 1, "skipped": 1,
                                 "attention": 1, "held": 0, "failed": 0, "in_flight": 0,
                                 "difference": 0, "oldest_open_at": None})

    def test_unknown_run_and_no_host(self):
        w = self.world
        self.assertEqual(self.act("send", "run_x").returncode, 3)
        w.start_host()
        self.assertEqual(self.act("send", "run_x").returncode, 1)

    def test_the_api_wants_the_token_of_the_data_folder(self):
        w = self.world
        w.start_host()
        path = os.path.join(w.data, "api-token")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            self.assertEqual(request(w.address, "POST", "/api/v1/runs/run_x/send",
                                     headers=headers)[0], 401)


if __name__ == "__main__":
    main()
