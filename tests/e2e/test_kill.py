"""kill -9 between any two steps of the main job, of the host and of the script process: after a
new start there are one customer, two products and one invoice, and the run is done."""
import os
import signal
import time

from harness import Case, Process, fixture, main, wait_until

QUICK = ("--retry-base", "20ms", "--retry-cap", "200ms", "--settle", "300ms",
         "--looks", "300ms,600ms")
# Boundaries of the engine (host/engine) and of the store (host/store) at which the host may die.
POINTS = ["after_event_commit", "after_route", "before_intent", "after_intent", "before_send",
          "after_send", "after_answer", "before_end", "after_end"]
PASSES = 12  # a point is passed up to so often in one run of the main job


class KilledHost(Case):
    def start(self):
        w = self.world
        w.start_sandbox("procountor", "slack")
        w.minimal()

    def assert_once(self, where):
        w = self.world
        run = w.settled(1)[0]
        self.assertEqual((run["state"], run["reason"]), ("done", ""), where)
        self.assertEqual(len(w.runs()), 1, where)
        self.assertEqual(len(w.invoices()), 1, where)
        self.assertEqual(len(w.customers()), 1, where)
        self.assertEqual(len(w.products()), 2, where)

    def die_at(self, point, nth):
        """One world: the host dies at the n-th pass of a point. False if it was never passed."""
        w = self.world
        self.start()
        w.start_host(*QUICK, env={"SAUMA_FAULT": f"{point}:{nth}"})
        try:
            w.deliver(fixture())
        except OSError:
            pass  # it died before the answer: the sender tries again
        end = time.monotonic() + 60
        while w.host.p.poll() is None and time.monotonic() < end:
            runs = w.runs()
            if runs and runs[0]["state"] == "done" and point != "after_end":
                return False
            if runs and runs[0]["state"] == "done" and time.monotonic() > end - 58:
                return False
            time.sleep(0.02)
        self.assertEqual(w.host.p.returncode, -signal.SIGKILL)
        w.start_host(*QUICK)
        self.assertIn(w.deliver(fixture())[0], (200, 202))
        self.assert_once(f"{point}:{nth}")
        return True

    def test_every_boundary(self):
        died = 0
        for point in POINTS:
            for nth in range(1, PASSES + 1):
                with self.subTest(point=point, nth=nth):
                    self.setUp()
                    if not self.die_at(point, nth):
                        break
                    died += 1
                    self.world.close()
        print(f"died at {died} places", flush=True)
        self.assertGreaterEqual(died, 30)


class KilledScript(Case):
    """The script process dies in the main job; nobody notices from outside."""

    def test_script_process_dies_at_each_step(self):
        steps = 0
        for nth in range(1, 60):
            with self.subTest(step=nth):
                self.setUp()
                w = self.world
                w.start_sandbox("procountor", "slack")
                w.minimal()
                # Only the first pass of a step: what comes after it is the replay.
                w.start_host(*QUICK, env={"SAUMA_FAIL": f"script_dies:{nth}"})
                w.deliver(fixture())
                run = w.settled(1)[0]
                self.assertEqual((run["state"], run["reason"]), ("done", ""))
                self.assertEqual((len(w.invoices()), len(w.customers()), len(w.products())),
                                 (1, 1, 2))
                died = "script process died" in w.host.errors()
                w.close()
                if not died:
                    break
                steps = nth
        print(f"the script process died at {steps} steps", flush=True)
        self.assertGreaterEqual(steps, 20)

    def test_script_process_dies_between_steps(self):
        w = self.world
        w.start_sandbox("procountor", "slack", fault="delay=30ms")
        w.minimal()
        host = w.start_host(*QUICK)
        w.deliver(fixture())
        killed = 0
        end = time.monotonic() + 120
        while time.monotonic() < end:
            runs = w.runs()
            if runs and runs[0]["state"] == "done":
                break
            if killed < 8:
                for pid in host.children():
                    try:
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
                    except ProcessLookupError:
                        pass
            time.sleep(0.1)
        self.assertGreaterEqual(killed, 3)
        run = w.settled(1)[0]
        self.assertEqual((run["state"], run["reason"]), ("done", ""))
        self.assertEqual((len(w.invoices()), len(w.customers()), len(w.products())), (1, 1, 2))


if __name__ == "__main__":
    main()
