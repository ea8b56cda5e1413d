"""R6: trouble with tokens: refused though good, and an endpoint for them that is slow, busy or
broken, while many runs want one."""
NAME, DOES = "R6", "401 on a good token, a token endpoint in trouble"
TROUBLES = [
    "/api/i p=0.1 error=401*1", "GET /api/products p=0.2 error=401*1",
    "POST /api/invoices error=401*1", "POST /api/oauth error=500*2", "POST /api/oauth hang*1",
    "POST /api/oauth retry=1 error=429*1", "POST /api/oauth lost*1", "POST /api/oauth cut=body*2",
    "POST /api/oauth answer=html*1", "POST /api/oauth delay=500ms"]
FULL, PER_CASE, JOBS = 1_000, 10, 3


def case(t):
    trouble = TROUBLES[t.number % len(TROUBLES)]
    w = t.ground(settings=("--http-timeout", "1s"), fault="delay=0ms..5ms")
    w.faults(f"seed={t.random.getrandbits(30)}, {trouble}", "acme")
    w.start_host()
    for thread in w.send_all([("acme", w.proposal(f"R6-{t.number}-{i}")) for i in range(PER_CASE)]):
        thread.join()
    w.quiesce(events=PER_CASE)
    evidence = t.judge(w, excused=lambda run: trouble.endswith("html*1"))
    asked = [e for e in evidence["ledger"] if e["sandbox"] == "acme" and "/oauth/" in e["path"]]
    t.note("tokens asked for", len(asked))
    if len(asked) > 8:
        t.violate("R6", f"{len(asked)} tokens were asked for by {PER_CASE} runs under '{trouble}'")
    t.n += PER_CASE
