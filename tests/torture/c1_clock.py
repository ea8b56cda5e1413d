"""C1: the clock on the wall is set, an hour or a day, to and fro, while events are worked on and the
host is killed: nothing is done twice, nothing waits for the clock to come back."""
import time

import faked
from ground import harness

NAME, DOES = "C1", "the wall clock jumps by seconds, hours, a day, years, under load and kills"
JUMPS = (-86400, -3600, -301, -2, 2, 301, 3600, 86400)
# A change to summer time, its end, a leap second's place, the end of 32 bits, a late year.
MOMENTS = ("2026-11-20T09:15:00Z", "2026-03-29T00:59:58Z", "2026-10-25T00:59:58Z",
           "2016-12-31T23:59:58Z", "2038-01-19T03:14:05Z", "9998-12-31T23:59:50Z")
FULL, PER_CASE, JOBS = 50, 1, 2
JUMPS_A_CASE = 5


def case(t):
    w = t.ground(settings=("--settle", "1s"), fault="delay=0ms..20ms")
    faked.SAUMA = harness.SAUMA
    clock = faked.Clock(w, MOMENTS[t.number % len(MOMENTS)])
    w.skew = clock.ahead
    w.start_host(env=clock.env)
    sent = 0
    w.faults(f"seed={t.random.getrandbits(30)}, POST /api/ p=0.15 lost, delay=0ms..20ms", "acme")
    for _ in range(JUMPS_A_CASE):
        bodies = [("acme", w.proposal(f"C1-{t.number}-{sent + i}")) for i in range(6)]
        sent += len(bodies)
        for company, body in bodies:
            w.send(company, body)
        time.sleep(t.random.uniform(0, 0.2))
        if not MOMENTS[t.number % len(MOMENTS)].startswith("9998"):  # there is little beyond
            clock.move(t.random.choice(JUMPS))
            w.skew = clock.ahead
        if t.random.random() < 0.4:
            w.restart(env=clock.env)
    began = time.monotonic()
    w.quiesce(events=sent)
    t.recoveries.append(time.monotonic() - began)
    cpu_before = sum(map(float, open(f"/proc/{w.host.p.pid}/stat").read().split()[13:15]))
    time.sleep(0.5)
    cpu = sum(map(float, open(f"/proc/{w.host.p.pid}/stat").read().split()[13:15])) - cpu_before
    if cpu > 25:  # ticks of 10 ms: at rest it must not turn in circles
        t.violate("C1", f"at rest the host computed for {cpu / 100:.2f} of 0.5 s")
    # The journal's times are of another clock than the ledger's; due dates are not judged here.
    t.judge(w, excused=lambda run: "not known whether" in run["reason"],
            besides=("I5", "I6", "I8", "I9"))
    t.n += 1
