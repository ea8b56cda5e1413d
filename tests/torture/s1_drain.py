"""S1: SIGTERM under load drains and ends well; a second one ends at once; SIGKILL loses nothing."""
import signal
import socket
import time

NAME, DOES = "S1", "SIGTERM under load, a second SIGTERM, SIGKILL"
FULL, PER_CASE, JOBS = 500, 3, 2
WAYS = ("drain", "twice", "kill")


def accepts(w):
    try:
        with socket.create_connection(w.address.rsplit(":", 1), timeout=2) as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return s.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def case(t):
    w = t.ground(("acme", "beta"), settings=("--settle", "1s"), fault="delay=0ms..40ms")
    w.start_host()
    sent = 0
    for way in t.random.sample(WAYS, PER_CASE):
        bodies = []
        for _ in range(20):
            company = t.random.choice(w.names)
            bodies.append((company, w.proposal(f"S1-{t.number}-{sent}", company)))
            sent += 1
        threads = w.send_all(bodies)
        time.sleep(t.random.uniform(0, 0.3))
        end_one(t, w, way)
        w.start_host()
        for thread in threads:
            thread.join()
        if w.failures:
            t.violate("I4", w.failures[0])
        t.n += 1
        t.note(way)
    w.quiesce(events=sent)
    t.judge(w)


def end_one(t, w, way):
    began = time.monotonic()
    w.host.p.send_signal(signal.SIGKILL if way == "kill" else signal.SIGTERM)
    if way == "twice":
        time.sleep(t.random.uniform(0, 0.02))
        w.host.p.send_signal(signal.SIGTERM)
    if way == "drain":
        while accepts(w):
            if time.monotonic() - began > 5:  # it is one second; the machine is shared
                t.violate("S1", "accepted requests 5 s after SIGTERM")
                break
            time.sleep(0.01)
    try:
        code = w.host.p.wait(timeout=60)
    except Exception:
        w.host.p.kill()
        code = w.host.p.wait()
        t.violate("S1", f"{way}: it did not end in a minute")
    # A second one that comes when the drain is over already ends it where it stands.
    fine = {"kill": (-signal.SIGKILL,), "drain": (0,), "twice": (0, -signal.SIGTERM)}[way]
    if code not in fine:
        t.violate("S1", f"{way}: exit status {code}")
    if way == "drain" and time.monotonic() - began > 25:
        t.violate("S1", f"a drain took {time.monotonic() - began:.1f} s")
