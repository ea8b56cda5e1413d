"""Order of arrival: an older update that comes later never overwrites newer data."""
import signal
import threading

from harness import Case, main, wait_until

COMPANY = '''company "Acme" { language = "fi" }
connect "webhook" { as = "crm", secret = false, event = "type", id = "id" }
connect "http"    { as = "out", url = env "OUT_URL" }
rule "Copy" {
  on     = "crm.partner.changed",
  key    = function(p) return p.partner end,
  newest = function(p) return p.updated_at end,
  run    = function(p)
    if p.fails then attention("this one fails") end
    http.write("out", "POST", "/partners", { json = { name = p.name },
      find = function() return http.get("out", "/partners", { query = { name = p.name } }).body[1] end })
    return p.name
  end,
}
'''


class Order(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("http", options={"collections": ["/partners"]})
        self.world.env["OUT_URL"] = self.world.urls["http"]
        self.world.add_company("acme", source=COMPANY)
        self.count = 0

    def send(self, updated_at, name, partner="7", **more):
        self.count += 1
        status, answer = self.world.deliver(
            {"type": "partner.changed", "id": f"d{self.count}", "partner": partner,
             "updated_at": updated_at, "name": name, **more},
            company="acme", connection="crm", sign=False)
        self.assertEqual(status, 202, answer)
        return answer["event"]

    def ended(self):
        return [(r["state"], r["result"] if r["state"] == "done" else r["reason"])
                for r in self.world.settled(self.count)]

    def test_older_data_is_skipped_and_says_what_was_newer(self):
        self.world.start_host()
        self.send("2026-11-25T08:00:00Z", "first")
        newer = self.send("2026-11-25T10:00:02+02:00", "second")
        self.send("2026-11-25T08:00:01Z", "late")
        self.send("2026-11-25T08:00:02.000Z", "the same")
        self.send("2026-11-25T08:00:00Z", "another partner", partner="8")
        self.send(None, "says nothing")
        self.assertEqual(self.ended(), [
            ("done", "first"), ("done", "second"),
            ("skipped", f"older than 2026-11-25T10:00:02+02:00 (event {newer}), which was begun "
                        "before it"),
            ("done", "the same"), ("done", "another partner"), ("done", "says nothing")])

    def test_numbers_are_numbers(self):
        self.world.start_host()
        self.send(9, "nine")
        self.send(10, "ten")
        self.send(9.5, "late")
        self.assertEqual([state for state, _ in self.ended()], ["done", "done", "skipped"])

    def test_it_is_known_after_a_kill(self):
        host = self.world.start_host()
        self.send(5, "five")
        self.ended()
        host.stop(signal.SIGKILL)
        self.world.start_host()
        self.send(4, "four")
        self.send(6, "six")
        self.assertEqual([state for state, _ in self.ended()], ["done", "skipped", "done"])

    def test_killed_at_each_boundary_the_newest_is_what_stays(self):
        for point in ("after_route", "before_intent", "after_intent", "after_send", "before_end"):
            with self.subTest(point):
                self.setUp()
                host = self.world.start_host("--settle", "100ms", env={"SAUMA_FAULT": f"{point}:1"})
                self.send(2, "newer")
                try:
                    self.send(1, "older")
                except OSError:
                    pass  # it died before the answer; the event may be on disk
                wait_until(lambda: host.p.poll() is not None, f"death at {point}")
                self.world.start_host("--settle", "100ms")
                self.send(1, "older still")
                runs = self.world.settled(2)
                self.assertEqual([r["state"] for r in runs], ["done"] + ["skipped"] * (len(runs) - 1))
                self.assertEqual(runs[0]["result"], "newer")
                self.world.close()

    def test_a_run_that_is_retried_later_is_judged_again(self):
        self.world.start_host()
        self.send(1, "old", fails=True)
        self.send(2, "new")
        old, new = self.world.settled(2)
        self.assertEqual((old["state"], new["state"]), ("attention", "done"))
        self.world.sauma("retry", old["id"], "--data", self.world.data)
        old = wait_until(lambda: (lambda r: r if r["state"] == "skipped" else None)(
            self.world.show(old["id"])), "the retried run to be skipped")
        self.assertIn("older than 2 (event " + new["event"], old["reason"])

    def test_a_hundred_at_once_end_with_the_newest(self):
        self.world.start_host()
        numbers = [(i * 37) % 100 for i in range(100)]
        threads = [threading.Thread(target=self.send, args=(n, str(n))) for n in numbers]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        done = [int(r["result"]) for r in self.world.settled(100) if r["state"] == "done"]
        self.assertEqual(done, sorted(done))
        self.assertEqual(done[-1], 99)

    def test_what_newest_may_give(self):
        self.world.start_host()
        self.send({"a": 1}, "a table")
        (state, reason), = self.ended()
        self.assertEqual(state, "attention")
        self.assertIn('newest of rule "Copy" gave', reason)


if __name__ == "__main__":
    main()
