"""R2: the line is cut at each phase of a request, carried out or not, on a new connection or on one
that is used again."""
NAME, DOES = "R2", "cut at 9 places x carried out or not x new or kept connection"
POINTS = ["accept", "head", "reset", "cut=status", "cut=header", "cut=body", "hang", "error=502",
          "error=503"]
# What comes before the request is in cannot have been carried out.
COMBINATIONS = [(p, done, conn) for p in POINTS
                for done in ((False,) if p in ("accept", "head") else (True, False))
                for conn in (("",) if p == "accept" else ("fresh", "reused"))]
PER_CASE, JOBS = 20, 4
FULL = len(COMBINATIONS) * 200
LIKELY = 0.35
TRIES = 3  # after so many lost ones a person is asked, which is then right


def cases(scale):
    return max(1, round(200 / PER_CASE * scale)) * len(COMBINATIONS)


def case(t):
    point, done, connection = COMBINATIONS[t.number % len(COMBINATIONS)]
    w = t.ground(settings=("--http-timeout", "400ms", "--retry-attempts", "20"))
    w.start_host()
    seed = t.random.getrandbits(31)
    if point == "accept":
        spec = f"seed={seed}, p={LIKELY} accept"
    else:
        does = "" if point == "head" else "done " if done else "undone "
        spec = f"seed={seed}, POST /api/ {connection} {does}p={LIKELY} {point}"
    w.faults(spec, "acme")
    bodies = [("acme", w.proposal(f"R2-{t.number}-{i}")) for i in range(PER_CASE)]
    for thread in w.send_all(bodies):
        thread.join()
    w.quiesce(events=PER_CASE)
    hits = int(w.control("/_control/faults?sandbox=acme").split()[0])
    w.faults("")
    evidence = t.judge(w, excused=lambda run: was_cut_often(w, run))
    t.n += PER_CASE
    t.note("cuts", hits)
    if not hits:
        t.note(f"never met: {point} {connection}".strip())
    for run in evidence["runs"]:
        if run["state"] == "attention":
            t.note("asked after " + run["reason"].split(":")[0][:60])


def was_cut_often(w, run):
    """One of its writes was lost each time it was sent: nobody could go on."""
    for step, title, tries, lost in w.query(
            "SELECT hex(body), title, count(*), sum(outcome = 'unknown') FROM steps"
            " WHERE kind = 'write' AND key >> 20 = ? GROUP BY body, title", run["n"]):
        if tries >= TRIES and lost == tries:
            return True
    return False
