"""R3: a request lands after its line was cut, and searches are stale: 0..60 s and 0..30 s, in
hundredths. As long as the settle time exceeds both nothing happens twice. Every fourth case has a
settle time that does not, which is the risk that is told openly: then twins may come, and what is
judged is that each of them landed or was hidden for longer than the settle time."""
NAME, DOES = "R3", "executed late and found late; settle longer than both, and once in four shorter"
FULL, PER_CASE, JOBS = 5_000, 25, 4
LATE_MS, HIDE_MS, SETTLE_MS, SHORT_MS = 600, 300, 1500, 200
TWICE = 3  # contracts of a case that come under two delivery ids


def case(t):
    import judge
    short = t.number % 4 == 3
    settle = SHORT_MS if short else SETTLE_MS
    w = t.ground(settings=("--settle", f"{settle}ms", "--http-timeout", "2s"))
    w.start_host()
    w.faults(f"seed={t.random.getrandbits(31)}, POST /api/ p=0.4 late=0ms..{LATE_MS}ms reset,"
             f" POST /api/ p=0.5 hide=0ms..{HIDE_MS}ms", "acme")
    # Customers and products are hidden too: runs of different customers share products.
    bodies = [("acme", w.proposal(f"R3-{t.number}-{i}")) for i in range(PER_CASE - TWICE)]
    bodies += [("acme", w.again(body)) for _, body in t.random.sample(bodies, TWICE)]
    for thread in w.send_all(bodies):
        thread.join()
    w.quiesce(events=PER_CASE)
    t.n += PER_CASE
    if not short:
        asked = sum(run["state"] == "attention" for run in t.judge(w)["runs"])
        t.note("settle long enough: proposals", PER_CASE)
        t.note("settle long enough: to a person", asked)
        return
    evidence = t.judge(w, excused=lambda run: True, besides=("I1", "I2", "I3", "I9"))
    twins = [v for check in (judge.check_i1, judge.check_i2, judge.check_i3) for v in check(evidence)]
    for company, key, entries in twin_entries(evidence):
        gap = max(late_by(e) for e in entries)
        if gap < settle:
            t.violate("I1", f"{key} came twice though all of it was to be seen within {gap} ms: "
                      + "; ".join(judge.describe(e) for e in entries))
    t.note("short settle: proposals", PER_CASE)
    t.note("short settle: twins", len(twins))


def twin_entries(evidence):
    import collections
    import judge
    for company in evidence["companies"]:
        for effect in ("invoice.created", "partner.created", "product.created"):
            entries = collections.defaultdict(list)
            for key, _, entry in judge.made(evidence, company, effect):
                entries[key].append(entry)
            for key, list_ in entries.items():
                if len(list_) > 1:
                    yield company, key, list_


def late_by(entry):
    """How long after the request was in its effect could not be seen, at most, in ms."""
    landed = (entry["done"][0]["mono_us"] - entry["mono_us"]) / 1000
    return landed + (HIDE_MS if "hide=" in entry["fault"] else 0)
