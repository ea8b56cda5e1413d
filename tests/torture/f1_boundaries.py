"""F1: the host is killed at each of its fault points, at the first and at later passes."""
import glob
import os
import re
import signal
import time

from ground import harness

NAME, DOES = "F1", "kill -9 at every fault point, first and later passes"
FULL, PER_CASE, JOBS, FAULTS = 96, 1, 2, True
PASSES = (1, 2, 3, 5, 9, 14)


def points():
    """All that the host's sources have: a new one is tried without being told here."""
    found = set()
    for path in glob.glob(os.path.join(harness.ROOT, "host", "*", "*.c")):
        with open(path) as f:
            found.update(re.findall(r'FAULT_POINT\("(\w+)"\)', f.read()))
    return sorted(found)


def cases(scale):
    passes = 2 if scale < 0.5 else len(PASSES)
    return len(points()) * passes


def case(t):
    names = points()
    point, nth = names[t.number % len(names)], PASSES[t.number // len(names) % len(PASSES)]
    w = t.ground()
    bodies = [("acme", w.proposal(f"F1-{t.number}-{i}", customer=i // 2)) for i in range(3)]
    died = True
    try:
        w.start_host(env={"SAUMA_FAULT": f"{point}:{nth}"})
    except AssertionError:
        pass  # it died before it listened
    else:
        died = meets_its_end(w, bodies)
    if not died:
        w.host.stop()  # the last chance: points that are passed at the end
        died = w.host.p.returncode == -signal.SIGKILL
    t.note("died" if died else f"never passed {point}:{nth}")
    began = time.monotonic()
    w.start_host()
    t.recoveries.append(time.monotonic() - began)
    for company, body in bodies:
        w.send(company, body)
    w.quiesce(events=len(bodies))
    t.judge(w)
    t.n += died


def meets_its_end(w, bodies):
    """Posts until the host dies or has done everything; did it die?"""
    for company, body in bodies:
        w.post(company, body)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if w.host.p.poll() is not None:
            return True
        if w.query("SELECT count(*) FROM events WHERE state <> 'in_flight'")[0][0] == len(bodies):
            time.sleep(0.05)
            return w.host.p.poll() is not None
        time.sleep(0.005)
    raise AssertionError("the host neither died nor ended its work")
