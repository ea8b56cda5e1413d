"""The main job through the real program: a signed proposal becomes one UNFINISHED invoice."""
import os
import signal

from harness import Case, fixture, main, request, wait_until


class MainJob(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()

    def test_signed_proposal_becomes_one_invoice(self):
        w = self.world
        w.start_host()
        status, answer = w.deliver(fixture())
        self.assertEqual(status, 202)
        self.assertRegex(answer["event"], r"^evt_[0-9A-Z]{26}$")
        run = w.settled(1)[0]
        self.assertEqual((run["state"], run["reason"]), ("done", ""))
        invoices = w.invoices()
        self.assertEqual(len(invoices), 1)
        self.assertEqual(invoices[0]["status"], "UNFINISHED")
        self.assertEqual(invoices[0]["originalInvoiceNumber"], "C2C-10042")
        self.assertEqual(len(w.customers()), 1)
        self.assertEqual(len(w.products()), 2)
        page = request(w.urls["slack"].split("/")[2], "GET", "/slack/")[2].decode()
        self.assertIn("Testiasiakas", page)

    def test_second_delivery_changes_nothing(self):
        w = self.world
        w.start_host()
        first = w.deliver(fixture())
        w.settled(1)
        again = w.deliver(fixture())
        self.assertEqual(again[0], 200)
        self.assertEqual(again[1], {"event": first[1]["event"], "duplicate": True})
        self.assertEqual(len(w.runs()), 1)
        self.assertEqual(len(w.invoices()), 1)

    def test_contract_sent_again_by_hand_adopts_the_invoice(self):
        w = self.world
        w.start_host()
        w.deliver(fixture())
        w.settled(1)
        status, _ = w.deliver(fixture(id="evt_by_hand", trigger="manual"))
        self.assertEqual(status, 202)
        self.assertEqual([r["state"] for r in w.settled(2)], ["done", "done"])
        self.assertEqual(len(w.invoices()), 1)

    def test_other_bytes_under_the_same_id_are_a_conflict(self):
        w = self.world
        w.start_host()
        w.deliver(fixture())
        status, answer = w.deliver(fixture(contract__name="Toinen"))
        self.assertEqual(status, 409)
        self.assertIn("error", answer)

    def test_two_proposals_of_one_new_customer_give_one_customer(self):
        w = self.world
        w.start_host()
        for n in range(6):
            w.deliver(fixture(id=f"evt_{n}", contract__id=str(20000 + n)))
        self.assertEqual({r["state"] for r in w.settled(6)}, {"done"})
        self.assertEqual(len(w.customers()), 1)
        self.assertEqual(len(w.invoices()), 6)

    def test_proposals_of_several_customers_give_each_product_once(self):
        w = self.world
        w.start_host()
        for n, business_id in enumerate(["0112038-9", "2646674-9", "0737546-2", "2331972-7"]):
            w.deliver(fixture(id=f"evt_{n}", contract__id=str(30000 + n),
                              customer__business_id=business_id, customer__name=f"Asiakas {n} Oy"))
        self.assertEqual({(r["state"], r["reason"]) for r in w.settled(4)}, {("done", "")})
        self.assertEqual(len(w.customers()), 4)
        self.assertEqual(len(w.products()), 2)

    def test_drain_and_start_again(self):
        w = self.world
        host = w.start_host()
        w.deliver(fixture())
        w.settled(1)
        self.assertEqual(host.stop(signal.SIGTERM), 0)
        w.start_host()
        self.assertEqual(w.deliver(fixture())[0], 200)
        self.assertEqual(w.deliver(fixture(id="evt_2", contract__id="2"))[0], 202)
        w.settled(2)
        self.assertEqual(len(w.invoices()), 2)

    def test_second_host_on_the_same_data_is_refused(self):
        w = self.world
        host = w.start_host()
        done = w.sauma("serve", "--companies", w.companies, "--data", w.data, "--listen",
                       "127.0.0.1:0", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(str(host.p.pid), done.stderr.decode())

    def test_health_and_metrics(self):
        w = self.world
        w.start_host()
        self.assertEqual(request(w.address, "GET", "/healthz")[0], 200)
        self.assertEqual(request(w.address, "GET", "/readyz")[0], 200)
        w.deliver(fixture())
        w.settled(1)
        metrics = wait_until(
            lambda: (lambda t: t if "sauma_runs_done_total 1" in t else None)(
                request(w.address, "GET", "/metrics")[2].decode()), "the metric of one done run")
        self.assertIn("sauma_events_received_total 1", metrics)
        self.assertIn('sauma_books_difference{company="minimal"} 0\n', metrics)

    def test_no_secret_is_on_disk_in_the_open(self):
        w = self.world
        w.secret("minimal", "click2contract", "canary-4711-secret")
        w.start_host()
        w.deliver(fixture(), secret="canary-4711-secret")
        w.settled(1)
        w.host.stop()
        for folder, _, files in os.walk(w.dir):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotIn(b"canary-4711", f.read(), name)


if __name__ == "__main__":
    main()
