"""What is wrong and is no single run's to say: stored, shown, counted, closed by a person."""
import json

from harness import Case, fixture, main, request


class Alerts(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()
        self.world.start_host()

    def alerts(self, *args):
        done = self.world.sauma("alerts", "--json", "--data", self.world.data, *args, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def conflict(self):
        self.world.deliver(fixture())
        status, _ = self.world.deliver(fixture(customer__name="Toinen Oy"))
        self.assertEqual(status, 409)

    def test_a_delivery_id_with_other_content_is_refused_and_told(self):
        self.conflict()
        self.world.deliver(fixture(customer__name="Kolmas Oy"))
        self.world.settled(1)
        alert, = self.alerts()
        self.assertEqual((alert["company"], alert["kind"], alert["times"]),
                         ("minimal", "delivery-conflict", 2))
        self.assertIn("409", alert["text"])
        self.assertIn(alert["about"], alert["text"])
        self.assertEqual(len(self.world.invoices()), 1)
        _, _, metrics = request(self.world.address, "GET", "/metrics")
        self.assertIn(b"\nsauma_alerts_open 1\n", metrics)

    def test_a_person_closes_it_once(self):
        self.conflict()
        alert, = self.alerts()
        act = lambda *args: self.world.sauma(
            "alerts", "--data", self.world.data, *args, check=False)
        closed = act("--close", str(alert["n"]), "--by", "maija")
        self.assertEqual((closed.returncode, closed.stdout), (0, b"alert 1: closed\n"))
        self.assertEqual(self.alerts(), [])
        self.assertEqual(self.alerts("--all")[0]["cleared_by"], "maija")
        again = act("--close", str(alert["n"]))
        self.assertEqual(again.returncode, 1)
        self.assertIn(b"no open alert 1", again.stderr)


if __name__ == "__main__":
    main()
