"""F2: kill -9 at random instants with 20 events in flight, in several worlds side by side."""
import time

NAME, DOES = "F2", "kill -9 at a random instant of 0..300 ms under 20 events in flight"
FULL, PER_CASE, JOBS = 10_000, 25, 4
IN_FLIGHT, REST_EVERY = 20, 5


def case(t):
    # What a killed host had sent may wait in the sandbox's queue while the machine is busy.
    w = t.ground(("acme", "beta"), settings=("--settle", "1s"), fault="delay=0ms..6ms")
    w.start_host()
    sent, killed_at = 0, []
    for kill in range(PER_CASE):
        missing = IN_FLIGHT - w.query(
            "SELECT count(*) FROM events WHERE state = 'in_flight'")[0][0]
        bodies = []
        for _ in range(max(missing, 0)):
            company = t.random.choice(w.names)
            bodies.append((company, w.proposal(f"F2-{t.number}-{sent}", company)))
            sent += 1
        if bodies and t.random.random() < 0.4:
            company, body = t.random.choice(bodies)
            bodies.append((company, w.again(body)))
            sent += 1
        threads = w.send_all(bodies)
        time.sleep(t.random.uniform(0, 0.3))
        killed_at.append((time.monotonic_ns() // 1000, bool(w.open_runs())))
        w.kill_host()
        w.start_host()
        for thread in threads:
            thread.join()
        if w.failures:
            t.violate("I4", w.failures[0])
        t.n += 1
        if kill % REST_EVERY == REST_EVERY - 1:
            w.quiesce(events=sent)
    evidence = t.judge(w)
    effects = sorted(d["mono_us"] for e in evidence["ledger"] for d in e["done"] if d["effects"])
    for i, (at, working) in enumerate(killed_at):
        end = killed_at[i + 1][0] if i + 1 < len(killed_at) else 1 << 62
        after = next((x for x in effects if at < x < end), None)
        if working and after:
            t.recoveries.append((after - at) / 1e6)
    t.note("looks at the books", w.books_seen)
