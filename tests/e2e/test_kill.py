"""kill -9 between any two steps of the main job, of the host and of the script process: after a
new start there are one customer, two products and one invoice, and the run is done."""
import concurrent.futures
import contextlib
import os
import signal
import time

from harness import Case, World, fixture, main

QUICK = ("--retry-base", "20ms", "--retry-cap", "200ms", "--settle", "300ms",
         "--looks", "300ms,600ms")
# Boundaries of the engine (host/engine) and of the store (host/store) at which the host may die.
POINTS = ["after_event_commit", "after_route", "before_intent", "after_intent", "before_send",
          "after_send", "after_answer", "before_end", "after_end"]
PASSES = 12  # a point is passed up to so often in one run of the main job
AT_ONCE = 3  # a world mostly waits: for a restart, and until a lost write can no longer land


@contextlib.contextmanager
def world():
    """One with the company of the main job, ended (and looked at for sanitizer reports) at the end."""
    w = World()
    try:
        w.start_sandbox("procountor", "slack")
        w.minimal()
        yield w
    finally:
        w.close()


class KilledHost(Case):
    def assert_once(self, w, where):
        run = w.settled(1)[0]
        self.assertEqual((run["state"], run["reason"]), ("done", ""), where)
        self.assertEqual(len(w.runs()), 1, where)
        self.assertEqual(len(w.invoices()), 1, where)
        self.assertEqual(len(w.customers()), 1, where)
        self.assertEqual(len(w.products()), 2, where)

    def die_at(self, w, point, nth):
        """The host dies at the n-th pass of a point. False if it was never passed."""
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
        self.assert_once(w, f"{point}:{nth}")
        return True

    def die_at_each_pass(self, point):
        """How often the host died at the point, once in each world; it is called by a thread."""
        for nth in range(1, PASSES + 1):
            with world() as w:
                try:
                    died = self.die_at(w, point, nth)
                except Exception as e:
                    raise AssertionError(f"{point}:{nth}: {e}\n{w.host.errors()[-3000:]}") from e
            if not died:
                return nth - 1
        return PASSES

    def test_every_boundary(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            died = sum(pool.map(self.die_at_each_pass, POINTS))
        print(f"died at {died} places", flush=True)
        self.assertGreaterEqual(died, 30)


class KilledScript(Case):
    """The script process dies in the main job; nobody notices from outside."""

    def die_at_step(self, nth):
        """False if there is no such step."""
        with world() as w:
            # Only the first pass of a step: what comes after it is the replay.
            w.start_host(*QUICK, env={"SAUMA_FAIL": f"script_dies:{nth}"})
            w.deliver(fixture())
            run = w.settled(1)[0]
            self.assertEqual((run["state"], run["reason"]), ("done", ""), f"step {nth}")
            self.assertEqual((len(w.invoices()), len(w.customers()), len(w.products())), (1, 1, 2),
                             f"step {nth}")
            return "script process died" in w.host.errors()

    def test_script_process_dies_at_each_step(self):
        steps = 0
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for first in range(1, 60, AT_ONCE):
                died = list(pool.map(self.die_at_step, range(first, first + AT_ONCE)))
                steps += sum(died)
                if not all(died):
                    break
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
