"""Many companies in one host: none sees another, and none keeps the others waiting."""
import json
import os
import signal
import subprocess
import sys
import time
import unittest

from harness import BUILD, Case, main, request, wait_until

GOOD = """company "Company {n} Oy" {{}}
connect "webhook" {{ as = "shop", secret = secret "shop", event = "type", id = "id" }}
rule "Same name" {{ on = "shop", key = function(e) return e.key end, run = function(e)
  log("this is company {n}")
  return {{ company = "{n}", canary = e.canary }}
end }}
"""
ODD = """company "Odd Oy" {}
connect "webhook" { as = "shop", secret = false, event = "type" }
connect "http" { as = "nowhere", url = "http://127.0.0.1:1" }
rule "nil" { on = "shop.nil", run = function() error(nil) end }
rule "table" { on = "shop.table", run = function() local t = {} t.t = t error(t) end }
rule "tostring" { on = "shop.tostring", run = function()
  error(setmetatable({}, { __tostring = function() while true do end end })) end }
rule "sort" { on = "shop.sort", run = function()
  table.sort({ 1, 2, 3 }, function() return http.get("nowhere", "/").status end) end }
rule "function" { on = "shop.function", run = function() return print end }
rule "cycle" { on = "shop.cycle", run = function() local t = {} t.t = t return t end }
rule "mixed" { on = "shop.mixed", run = function() return { 1, 2, a = 3 } end }
rule "bytes" { on = "shop.bytes", run = function() return "\\255" end }
rule "nan" { on = "shop.nan", run = function() return 0 / 0 end }
rule "global" { on = "shop.global", run = function() local name = "leak" _ENV[name] = 1 end }
rule "patch" { on = "shop.patch", run = function() string.format = nil end }
rule "patch http" { on = "shop.http", run = function() http.get = function() end end }
rule "stack" { on = "shop.stack", run = function() local function f() return 1 + f() end f() end }
rule "memory" { on = "shop.memory", run = function() local s = "x" while true do s = s .. s end end }
rule "skip" { on = "shop.skip", run = function() skip() end }
"""
HOG = """company "Hog Oy" {}
connect "webhook" { as = "shop", secret = false, event = "type" }
rule "loop" { on = "shop.loop", run = function() while true do end end }
rule "logs" { on = "shop.logs", run = function() while true do log(("x"):rep(1000)) end end }
rule "pattern" { on = "shop.pattern", run = function()
  return (("a"):rep(40000)):find(("a?"):rep(30) .. ("a"):rep(30) .. "b") end }
rule "fine" { on = "shop.fine", run = function() return "fine" end }
"""


def state_of(pid):
    """What /proc says a process does: R, S, Z ...; X if there is none."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        return sum(map(int, f.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


class Companies(Case):
    def post(self, company, event, secret=None):
        headers = {"X-Webhook-Secret": secret} if secret else {}
        return self.world.deliver(event, company=company, connection="shop", sign=False,
                                  headers=headers)

    def settled_of(self, company, count):
        def look():
            runs = self.world.runs(company=company)
            return len(runs) == count and all(
                r["state"] in ("done", "failed", "attention") for r in runs) and runs
        return wait_until(look, f"{count} runs of {company} to end")

    def check_bounds(self, pid):
        """What the system says that a script process may do."""
        def status():
            with open(f"/proc/{pid}/status") as f:
                said = dict(line.split(":\t", 1) for line in f)
            return said["NoNewPrivs"], said["Seccomp"]
        # One that was just started does it before it serves.
        wait_until(lambda: status() == ("1\n", "2\n"), "its filter of system calls")
        with open(f"/proc/{pid}/limits") as f:
            limits = {line[:26].strip(): line[26:].split()[0] for line in f}
        self.assertEqual((limits["Max core file size"], limits["Max open files"]), ("0", "8"))
        if "asan" not in BUILD and "tsan" not in BUILD:  # their runtimes want more
            self.assertEqual((limits["Max file size"], limits["Max processes"]), ("0", "0"))
            self.assertNotEqual(limits["Max address space"], "unlimited")
        kinds = sorted(os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0]
                       for fd in os.listdir(f"/proc/{pid}/fd") if int(fd) > 2)
        self.assertEqual(kinds, ["socket"])

    def test_isolated_companies_have_processes_of_their_own(self):
        w = self.world
        for n in range(3):
            w.add_company(f"c{n}", GOOD.format(n=n))
            w.secret(f"c{n}", "shop", "s3cret")
        w.add_company("hog", HOG)
        w.start_host("--isolation", "company", "--burst", "500ms")
        self.post("hog", {"type": "loop"})
        self.post("hog", {"type": "pattern"})
        for n in range(3):
            self.assertEqual(self.post(f"c{n}", {"type": "x", "id": "1", "key": "k", "canary": n},
                                       secret="s3cret")[0], 202)
        for n in range(3):
            self.assertEqual(self.settled_of(f"c{n}", 1)[0]["state"], "done")
        self.assertEqual({r["state"] for r in self.settled_of("hog", 2)}, {"failed"})
        # The one that was ended is started again.
        wait_until(lambda: b"\nsauma_script_processes 4\n" in request(w.address, "GET", "/metrics")[2],
                   "four script processes")
        self.assertIn(b"\nsauma_scripts_apart 1\n", request(w.address, "GET", "/metrics")[2])
        # It gets what the others leave of the processors.
        nice = [os.getpriority(os.PRIO_PROCESS, pid) for pid in [w.host.p.pid, *w.host.children()]]
        apart = min(10, 19 - nice[0])  # as far as it goes, for a host that is nice itself
        self.assertEqual(sorted(n - nice[0] for n in nice), [0, 0, 0, 0, apart])
        for pid in w.host.children():
            self.check_bounds(pid)

    def test_a_script_process_ends_even_while_the_host_stands_still(self):
        w = self.world
        w.add_company("hog", HOG)
        w.start_host("--workers", "1", "--burst", "500ms")
        child, = w.host.children()
        before = cpu_seconds(child)
        self.post("hog", {"type": "pattern"})

        def limited():
            with open(f"/proc/{child}/limits") as f:
                return "unlimited" not in next(line for line in f if line.startswith("Max cpu time"))[26:52]
        # It is limited while it loads the company, too.
        wait_until(lambda: cpu_seconds(child) > before + 0.1 and limited(), "it computes, and has a limit")
        os.kill(w.host.p.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: state_of(child) in "ZX", "the end of the process")
        finally:
            os.kill(w.host.p.pid, signal.SIGCONT)
        self.post("hog", {"type": "fine"})
        self.assertEqual(sorted(r["state"] for r in self.settled_of("hog", 2)), ["done", "failed"])

    def apart(self):
        """The process of whom computes without end, or None while it is not there."""
        own = os.getpriority(os.PRIO_PROCESS, self.world.host.p.pid)
        return next((pid for pid in self.world.host.children()
                     if os.getpriority(os.PRIO_PROCESS, pid) > own), None)

    def apart_group_nice(self):
        """How nice its scheduling group is; None while it is not there."""
        pid = self.apart()
        try:
            with open(f"/proc/{pid}/autogroup") as f:
                return int(f.read().split()[-1])
        except OSError:
            return None

    @unittest.skipUnless(os.path.exists("/proc/self/autogroup"), "this kernel makes no groups of sessions")
    def test_who_is_apart_gets_the_least_but_is_not_starved(self):
        w = self.world
        w.add_company("hog", HOG)
        w.start_host("--workers", "1", "--burst", "500ms")
        self.post("hog", {"type": "loop"})
        wait_until(lambda: self.apart_group_nice() == 19, "a process that gets the least")
        # Nothing is idle now; it gets its share nevertheless.
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
                for _ in range(2 * os.cpu_count())]
        try:
            self.post("hog", {"type": "loop"})
            wait_until(lambda: self.apart_group_nice() == 10, "it has a share")
        finally:
            for p in busy:
                p.kill()
                p.wait()
        wait_until(lambda: self.apart_group_nice() == 19, "it gets the least again")
        self.assertEqual({r["state"] for r in self.settled_of("hog", 2)}, {"failed"})

    @unittest.skipIf("tsan" in os.path.basename(BUILD), "its runtime puts signals off while a script computes")
    def test_who_is_apart_is_held_to_a_part_of_a_processor_while_others_are_at_work(self):
        w = self.world
        w.add_company("hog", HOG)
        w.add_company("c0", GOOD.format(n=0))
        w.secret("c0", "shop", "s3cret")
        w.start_host("--workers", "1", "--burst", "2s", "--cpu", "10s")
        self.post("hog", {"type": "loop"})

        def work(n):
            self.post("c0", {"type": "x", "id": str(n), "key": "k", "canary": n}, secret="s3cret")
            time.sleep(0.02)
        for n in range(2000):
            work(n)
            if self.apart():
                break
        pid = self.apart()
        for n in range(10):
            work(f"first {n}")
        cpu, began = cpu_seconds(pid), time.monotonic()
        for n in range(40):
            work(f"then {n}")
        self.assertLess(cpu_seconds(pid) - cpu, 0.6 * (time.monotonic() - began))
        self.assertEqual([r["state"] for r in self.settled_of("hog", 1)], ["failed"])

    def test_fifty_companies_and_a_broken_one(self):
        w, count = self.world, 50
        for n in range(count):
            w.add_company(f"c{n}", GOOD.format(n=n))
            w.secret(f"c{n}", "shop", f"secret-of-{n}")
        w.add_company("broken", 'company "x" {')
        w.add_company("odd", ODD)
        w.start_host()
        kinds = [line.split("shop.")[1].split('"')[0] for line in ODD.splitlines()
                 if line.startswith("rule")]
        for kind in kinds:
            self.assertEqual(self.post("odd", {"type": kind})[0], 202)
        self.assertEqual(self.post("broken", {})[0], 503)
        for n in range(count):
            event = {"type": "t", "id": "the same", "key": "the same", "canary": f"canary-{n}"}
            self.assertEqual(self.post(f"c{n}", event, f"secret-of-{n}")[0], 202)
            self.assertEqual(self.post(f"c{n}", event, f"secret-of-{(n + 1) % count}")[0], 401)
            self.assertEqual(self.post(f"c{n}", event, f"secret-of-{n}")[0], 200)
        for run in self.settled_of("odd", len(kinds)):
            self.assertEqual(run["state"], "failed", run)
            self.assertNotEqual(run["reason"], "", run)
        for n in range(count):
            run = self.settled_of(f"c{n}", 1)[0]
            shown = json.dumps(w.show(run["id"]))
            self.assertEqual(w.show(run["id"])["result"],
                             {"company": str(n), "canary": f"canary-{n}"})
            self.assertIn(f"this is company {n}\"", shown)
            events = w.sauma("events", "--data", w.data, "--json", "--company", f"c{n}").stdout
            self.assertEqual([json.loads(e)["id"] for e in events.splitlines()], [run["event"]])
        w.host.stop()
        self.assertNotIn("secret-of-", w.host.errors())

    def test_a_company_that_computes_without_end_delays_the_others_once(self):
        w = self.world
        w.add_company("hog", HOG)
        w.add_company("good", GOOD.format(n=1))
        w.secret("good", "shop", "s")
        w.start_host("--workers", "1", "--burst", "1s")
        kinds = ["fine"] + ["loop", "logs"] * 3 + ["pattern", "fine", "loop"]
        for kind in kinds:
            self.assertEqual(self.post("hog", {"type": kind})[0], 202)
        for n in range(20):
            self.assertEqual(self.post("good", {"type": "t", "id": str(n)}, "s")[0], 202)
        good = self.settled_of("good", 20)
        self.assertEqual({r["state"] for r in good}, {"done"})
        under_way = [r for r in w.runs(company="hog") if r["state"] in ("queued", "running")]
        self.assertTrue(under_way, "the good one had to wait for all that the other computed")
        for run in self.settled_of("hog", len(kinds)):
            if run["rule"] == "fine":
                self.assertEqual(run["state"], "done", run)
            else:
                self.assertEqual(run["state"], "failed", run)
                self.assertIn("without", run["reason"])
        # Corrected, it is among the others again.
        with open(os.path.join(w.companies, "hog", "company.lua"), "a") as f:
            f.write("-- corrected\n")
        w.host.stop()
        w.start_host("--workers", "1")
        self.assertEqual(self.post("hog", {"type": "fine"})[0], 202)
        self.assertEqual(self.settled_of("hog", len(kinds) + 1)[0]["state"], "done")
        self.assertEqual(len(w.host.children()), 1)


if __name__ == "__main__":
    main()
