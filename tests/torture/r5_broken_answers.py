"""R5: answers that are none: each has a definite meaning, takes bounded memory and time, and a write
that was carried out is found in spite of it."""
import time

from ground import wait_until

NAME, DOES = "R5", "malformed answers of every kind, to reads and to writes"
KINDS = ("html", "empty", "noid", "invalid", "truncated", "type", "endless", "bytes", "slow", "gzip",
         "header", "twice")
TARGETS = ("POST /api/invoices", "POST /api/businesspartners", "GET /api/products",
           "POST /api/oauth")
COMBINATIONS = [(k, t) for t in TARGETS for k in KINDS]
FULL, PER_CASE, JOBS = len(COMBINATIONS) * 3, 1, 3
TIMEOUT_S, GROWTH = 2, 32 << 20


def cases(scale):
    return len(COMBINATIONS) * max(1, round(3 * scale))


def case(t):
    import judge
    kind, target = COMBINATIONS[t.number % len(COMBINATIONS)]
    w = t.ground(settings=("--http-timeout", f"{TIMEOUT_S}s"))
    w.start_host()
    # The first proposal brings the host to its size.
    w.send("acme", w.proposal(f"R5-{t.number}-0", customer=0, rows=1))
    w.quiesce(events=1)
    base = judge.resources(w.host.p.pid)
    if target.endswith("oauth"):  # the token there is good for an hour: a new host asks for one
        w.host.stop()
        w.faults(f"{target} answer={kind}*1", "acme")
        w.start_host()
    else:
        w.faults(f"{target} answer={kind}*1", "acme")
    began = time.monotonic()
    w.send("acme", w.proposal(f"R5-{t.number}-1", customer=1))
    peak = 0

    def over():
        nonlocal peak
        peak = max(peak, judge.resources(w.host.p.pid)["resident"])
        return w.query("SELECT count(*) FROM events WHERE state <> 'in_flight'")[0][0] == 2
    wait_until(over, f"the run that got {kind}")
    took = time.monotonic() - began
    if peak > base["resident"] + GROWTH and "asan" not in w.host.p.args[0]:
        t.violate("R5", f"{kind}: memory went from {base['resident']} to {peak}")
    if not int(w.control("/_control/faults?sandbox=acme").split()[0]):
        t.violate("R5", f"{target} was never asked")
    # Some answers to a read cannot be got over: then a person is told what was wrong, and that is
    # all; but nobody need be asked about a write that was carried out and can be found.
    write = target.startswith("POST") and not target.endswith("oauth")
    t.judge(w, excused=lambda run: not write and bool(run["reason"]))
    states = [s for s, in w.query("SELECT state FROM runs ORDER BY n")]
    t.note(f"{states[-1]} after {'a write' if write else 'a read or a token'}")
    t.note("s in all", round(took))
    t.n += 1
