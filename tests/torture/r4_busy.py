"""R4: 429 with each form of Retry-After is obeyed; a storm of 5xx at one company is nobody else's."""
import time

from ground import percentile, wait_until

NAME, DOES = "R4", "Retry-After in each form; 5xx storms of one company beside another"
# (form, at least so many ms until the same request comes again); a date has whole seconds.
FORMS = [("1", 1000), ("2", 2000), ("date+3", 2000), ("", 0), ("0", 0), ("soon", 0), ("-5", 0),
         ("date-60", 0), ("1.5", 0), ("1000000000", None)]
TARGETS = ["POST /api/invoices", "POST /api/products", "GET /api/businesspartners", "POST /api/oauth"]
FULL, PER_CASE, JOBS = 500, 5, 4
CAP_MS = 3600_000
# The request of another run had left already when the refusal was read.
ON_ITS_WAY_MS = 250


def case(t):
    if t.number % 5 == 4:
        storm(t)
    else:
        busy(t)
    t.n += PER_CASE


def busy(t):
    number = t.number - t.number // 5
    form, least = FORMS[number % len(FORMS)]
    target = TARGETS[number // len(FORMS) % len(TARGETS)]
    status = t.random.choice((429, 503))
    w = t.ground()
    w.start_host()
    w.faults(f"{target} {'retry=' + form if form else ''} error={status}*1", "acme")
    for i in range(PER_CASE):
        w.send("acme", w.proposal(f"R4-{t.number}-{i}"))
    t.note(f"retry after '{form}'")
    if least is None:
        far_away(t, w)
        return
    w.quiesce(events=PER_CASE)
    evidence = t.judge(w)
    refused = next((e for e in evidence["ledger"] if e["fault"]), None)
    if not refused:
        t.violate("R4", f"{target} was never asked")
        return
    same = [e for e in evidence["ledger"] if e["n"] > refused["n"] and all(
        e[k] == refused[k] for k in ("sandbox", "method", "path", "query", "hash"))]
    if not same:
        t.violate("R4", f"{target} was not asked again after '{form}'")
    for e in same:
        ms = (e["mono_us"] - refused["mono_us"]) / 1000
        if ON_ITS_WAY_MS < ms < least - 3:
            t.violate("R4", f"{target} answered {status} with Retry-After '{form}' and was asked "
                      f"again after {ms:.0f} ms")


def far_away(t, w):
    """Thirty years: it is not waited for, but an hour at most; nothing hammers meanwhile."""
    import judge
    wait_until(lambda: any(e["fault"] for e in w.ledger()), "the refusal")
    time.sleep(1.5)
    ledger, now = w.ledger(), time.time() * 1000
    refused = next(e for e in ledger if e["fault"])
    again = [e for e in ledger if e["n"] > refused["n"] and all(
        e[k] == refused[k] for k in ("sandbox", "method", "path", "query", "hash"))]
    if again and "oauth" not in refused["path"]:
        t.violate("R4", f"asked again after {again[0]['at_ms'] - refused['at_ms']} ms, not in an hour")
    for run, state, until in w.query("SELECT id, state, until_ms FROM runs"):
        if state == "waiting" and until > now + CAP_MS * 1.5:
            t.violate("R4", f"{run} waits {(until - now) / 3600e3:.1f} h")
    t.violations += [v for check in (judge.check_i1, judge.check_i2, judge.check_i3)
                     for v in check(judge.gather(w))]


def storm(t):
    w = t.ground(("acme", "beta"))
    w.start_host()

    def beta(what):
        began = len(w.query("SELECT 1 FROM runs WHERE company = 'beta'"))
        for i in range(30):
            w.send("beta", w.proposal(f"R4-{t.number}-{what}-{i}", "beta"))
            time.sleep(0.01)
        wait_until(lambda: len(w.query("SELECT 1 FROM runs WHERE company = 'beta' AND"
                                       " state = 'done'")) == began + 30, "beta's runs")
        return percentile([ms for ms, in w.query(
            "SELECT updated_ms - created_ms FROM runs WHERE company = 'beta'"
            " ORDER BY n DESC LIMIT 30")], 0.99)
    calm = beta("calm")
    w.faults(f"seed={t.random.getrandbits(30)}, /api p=0.8 error={t.random.choice((500, 502, 503))}",
             "acme")
    for i in range(20):
        w.send("acme", w.proposal(f"R4-{t.number}-{i}"))
    stormy = beta("storm")
    w.faults("", "acme")
    w.quiesce(events=80)
    if stormy > calm * 5 + 500:  # the machine is shared: only what is plain
        t.violate("R4", f"beta's p99 went from {calm} to {stormy} ms in acme's storm")
    t.judge(w, excused=lambda run: run["company"] == "acme")
    t.note("p99 of the other company, ms in all: calm", round(calm))
    t.note("p99 of the other company, ms in all: storm", round(stormy))
