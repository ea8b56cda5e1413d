"""F7M: an allocation of the whole host fails, whoever asks for it: SQLite, libcurl, libevent, the
host itself; that one alone, or all from there on. The host goes on or ends in good order, and
nothing is lost or done twice. (F7 alone is the store with SQLite's, each of them in turn.)"""
import os
import struct
import time

from ground import harness

NAME, DOES = "F7M", "the n-th allocation of the host fails, once or from there on"
FULL, PER_CASE, JOBS = 4_000, 20, 3
PATIENCE = 30


def library():
    return os.path.join(harness.BUILD, "torture", "fail_malloc.so")


def counted(w):
    with open(w.counter, "rb") as f:
        return struct.unpack("q", f.read(8))[0]


def start(w, n, for_ever):
    """Starts the host that is to fail; False if it has ended before it listened."""
    if os.path.exists(w.counter):
        os.unlink(w.counter)
    env = {"LD_PRELOAD": library(), "FAIL_MALLOC_COUNT": w.counter,
           "FAIL_MALLOC": f"serve {n}{'+' if for_ever else ''}"}
    try:
        w.start_host(env=env)
        return True
    except AssertionError:
        if w.host.p.poll() is None:
            raise
        return False


def finished(w):
    """Waits until the host has ended or has nothing to do."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if w.host.p.poll() is not None or w.open_runs() == 0:
            return True
        time.sleep(0.01)
    return False


def case(t):
    w = t.ground()
    w.counter = os.path.join(w.dir, "allocations")
    start(w, 0, False)
    began = counted(w)
    w.post("acme", w.proposal(f"F7-{t.number}"))
    w.quiesce(events=1)
    w.host.stop()
    after = counted(w)
    t.note("allocations of a start", began)
    t.note("allocations of a proposal and the end", after - began)
    for i in range(PER_CASE):
        n = t.random.randint(1, began) if t.random.random() < 0.3 else t.random.randint(began, after)
        trial(t, w, n, t.random.random() < 0.3, w.proposal(f"F7-{t.number}-{i}"))
        t.n += 1
    w.start_host()
    w.quiesce(events=PER_CASE + 1)
    t.judge(w)


def trial(t, w, n, for_ever, body):
    what = f"allocation {n}{' and all after it' if for_ever else ''}"
    if start(w, n, for_ever):
        w.post("acme", body)
        if not finished(w):
            t.violate("F7", f"{what}: it neither ended nor came to an end of its work:\n"
                      + w.host.errors()[-1500:])
            w.kill_host()
        elif w.host.p.poll() is None:
            t.note("went on")
            w.host.stop()
    status = w.host.p.returncode
    if status < 0:
        t.violate("F7", f"{what}: it ended with {status}:\n{w.host.errors()[-1500:]}")
    elif status > 0 and "memory" not in w.host.errors():
        t.violate("F7", f"{what}: it ended with {status} and does not say why:\n"
                  + w.host.errors()[-1500:])
    t.note(f"exit status {status}")
    w.start_host()
    w.send("acme", body)
    w.quiesce()
    w.host.stop()
