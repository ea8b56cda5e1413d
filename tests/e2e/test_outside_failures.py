"""The outside failing in each way: a named state, nothing lost, nothing doubled."""
from harness import Case, fixture, main, request, wait_until

QUICK = ("--retry-base", "20ms", "--retry-cap", "100ms", "--settle", "300ms", "--looks", "300ms,600ms", "--http-timeout", "2s")


class Outside(Case):
    def world_with(self, fault, options=None, host=()):
        w = self.world
        w.start_sandbox("procountor", "slack", fault=fault, options=options)
        w.minimal()
        w.start_host(*QUICK, *host)
        self.assertEqual(w.deliver(fixture())[0], 202)
        return w.settled(1)[0]

    def assert_done_once(self, run):
        self.assertEqual((run["state"], run["reason"]), ("done", ""))
        self.assertEqual(len(self.world.invoices()), 1)
        self.assertEqual(len(self.world.customers()), 1)
        self.assertEqual(len(self.world.products()), 2)

    def assert_parked(self, run, words):
        self.assertEqual(run["state"], "attention", run)
        for word in words.split("|"):
            self.assertIn(word, run["reason"])
        self.assertLessEqual(len(self.world.customers()), 1)

    def test_reads_that_fail_for_a_while(self):
        self.assert_done_once(self.world_with("GET /api error=503*3"))

    def test_busy_for_a_while(self):
        self.assert_done_once(self.world_with("/api error=429*3"))

    def test_connection_reset_on_reads(self):
        self.assert_done_once(self.world_with("GET /api reset*2"))

    def test_invoice_executed_but_answer_lost(self):
        self.assert_done_once(self.world_with("POST /api/invoices lost*1"))

    def test_customer_executed_but_answer_lost(self):
        self.assert_done_once(self.world_with("POST /api/businesspartners lost*1"))

    def test_products_executed_but_answers_lost(self):
        self.assert_done_once(self.world_with("POST /api/products lost*2"))

    def test_half_an_answer_to_every_first_write(self):
        self.assert_done_once(self.world_with(
            "POST /api/invoices cut=60*1, POST /api/products cut=20*1, "
            "POST /api/businesspartners cut=120*1"))

    def test_invoice_refused_with_500_then_accepted(self):
        self.assert_done_once(self.world_with("POST /api/invoices error=500*1"))

    def test_invoice_that_hangs_then_is_accepted(self):
        self.assert_done_once(self.world_with("POST /api/invoices hang*1"))

    def test_write_refused_for_good(self):
        for status in (400, 403, 404, 409):
            with self.subTest(status=status):
                self.setUp()
                run = self.world_with(f"POST /api/invoices error={status}")
                self.assert_parked(run, f"procountor|{status}")
                self.assertEqual(self.world.invoices(), [])

    def test_outside_down_for_longer_than_all_retries(self):
        run = self.world_with("GET /api error=500")
        self.assertEqual(run["state"], "attention")
        self.assertIn("procountor", run["reason"])

    def test_token_refused(self):
        run = self.world_with("POST /api/oauth error=401*1")
        self.assert_parked(run, "procountor|credentials")

    def test_token_that_ends_early_is_renewed(self):
        self.assert_done_once(self.world_with("GET /api/products error=401*1"))

    def test_token_busy_then_given(self):
        self.assert_done_once(self.world_with("POST /api/oauth error=503*2"))

    def test_slow_answers(self):
        self.assert_done_once(self.world_with("delay=50ms"))

    def test_notice_that_is_lost_does_not_park_the_invoice(self):
        w = self.world
        run = self.world_with("/services lost*1")
        self.assertEqual(run["state"], "done")
        self.assertEqual(len(w.invoices()), 1)

    def test_nobody_listens(self):
        w = self.world
        w.start_sandbox("procountor", "slack")
        w.minimal()
        w.sandbox.stop()
        w.start_host(*QUICK, "--retry-attempts", "3")
        w.deliver(fixture())
        run = w.settled(1)[0]
        self.assert_parked_without_outside(run)

    def assert_parked_without_outside(self, run):
        self.assertEqual(run["state"], "attention")
        self.assertIn("procountor", run["reason"])


if __name__ == "__main__":
    main()
