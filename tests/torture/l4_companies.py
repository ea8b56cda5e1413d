"""L4: a host of a thousand companies starts, and takes events while its companies are saved one after
the other, one company attacks in every way that a script can, and script processes are killed at
random (kill -9), from the host's first moment on: nothing is lost, refused or mixed, no other company's
run ends badly, and what was saved last is live.
"""
import json
import os
import signal
import sys
import threading
import time

from ground import percentile, wait_until
from l3_reload import connection, invoices, send_plain

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench"))
from attacks import ATTACKS, HOG  # noqa: E402

NAME, DOES = "L4", "a thousand companies start and are saved; attacks; kills of script processes"
FULL, PER_CASE, JOBS = 3000, 1000, 1
FEWEST = 30  # companies of a small share
SENDERS, RATE = 2, 200  # events a second
SAVE_EVERY_S, AT_ONCE = 0.05, 4
KILL_EVERY_S, KILL_EARLY_S = 0.5, 0.1  # the latter until the host has started
LOAD_S = 30  # seconds of all of it, in full

COMPANY = """company "{name}" {{}}
local version = {version}
connect "webhook" {{ as = "shop", secret = false, event = "type", id = "id" }}
rule "any" {{ on = "shop", run = function(event)
  time.now()
  return {{ company = "{name}", id = event.id, begun = version, ended = require("rules.part") }}
end }}
"""


def save(w, name, version):
    """Both files as an editor writes them: beside, then renamed over the old ones."""
    folder = os.path.join(w.companies, name)
    os.makedirs(os.path.join(folder, "rules"), exist_ok=True)
    texts = {"rules/part.lua": f"return {version}\n",
             "company.lua": COMPANY.format(name=name, version=version)}
    for path, text in texts.items():
        new = os.path.join(folder, os.path.dirname(path), ".new")
        with open(new, "w") as f:
            f.write(text)
        os.rename(new, os.path.join(folder, path))


def kills(w, t, stop):
    while not stop.wait(t.random.uniform(0, 2 * (KILL_EVERY_S if w.address else KILL_EARLY_S))):
        if not w.host:
            continue
        try:
            with open(f"/proc/{w.host.p.pid}/task/{w.host.p.pid}/children") as f:
                children = f.read().split()
            if children:
                os.kill(int(t.random.choice(children)), signal.SIGKILL)
                t.note("script processes killed")
        except (FileNotFoundError, ProcessLookupError):
            pass


def steadily(w, number, names, chance, stop, failures, took):
    n, due, to = 0, time.monotonic(), connection(w)
    while not stop.is_set():
        event = {"type": "t", "id": f"e-{number}-{n}"}
        send_plain(w, to, chance.choice(names), event, failures, took)
        n, due = n + 1, due + SENDERS / RATE
        time.sleep(max(0, due - time.monotonic()))


def attack(w, t, stop, failures):
    to, kinds, n = connection(w), list(ATTACKS), 0
    while not stop.wait(0.05):
        if w.query("SELECT count(*) FROM events WHERE company = 'hog'"
                   " AND state = 'in_flight'")[0][0] < AT_ONCE:
            send_plain(w, to, "hog", {"type": kinds[n % len(kinds)], "id": f"h-{n}"}, failures)
            n += 1
    t.note("attacks", n)


def saves(w, names, chance, live, stop):
    version = 0
    while not stop.wait(SAVE_EVERY_S):
        name, version = chance.choice(names), version + 1
        save(w, name, version)
        live[name] = version


def check_runs(w, t):
    """Each run says its own company, its own event, and one version from end to end."""
    for company, delivery, state, reason, result in w.query(
            "SELECT r.company, e.delivery, r.state, r.reason, r.result FROM runs r JOIN events e"
            " ON e.seq = r.event WHERE r.company LIKE 'company-%'"):
        said = json.loads(result) if state == "done" else {}
        if (said.get("company"), said.get("id")) != (company, delivery):
            t.violate("L4", f"a run of {company} and {delivery} is {state} ({reason}) and said {said}")
        elif said["begun"] != said["ended"]:
            t.violate("L4", f"a run of {company} was of two versions: {said}")
    for state, count in w.query("SELECT state, count(*) FROM runs WHERE company = 'hog'"
                                " AND rule <> 'logs' GROUP BY 1"):
        if state != "failed":
            t.violate("L4", f"{count} attacks are {state}")


def check_live(w, t, live, failures):
    """Each company that was saved answers as it was saved last."""
    to = connection(w)

    def version_of(name):
        event = {"type": "t", "id": f"last-{name}-{time.monotonic_ns()}"}
        send_plain(w, to, name, event, failures)
        result = wait_until(lambda: w.query(
            "SELECT r.result FROM runs r JOIN events e ON e.seq = r.event WHERE e.company = ?"
            " AND e.delivery = ? AND r.state = 'done'", name, event["id"]), f"{event['id']} to end")
        return json.loads(result[0][0])["ended"]
    for name, version in sorted(live.items()):
        wait_until(lambda: version_of(name) == version, f"version {version} of {name} to be live")


def case(t):
    count = max(FEWEST, round(PER_CASE * t.scale))
    seconds = max(3, LOAD_S * t.scale)
    w = t.ground(("acme",), settings=("--burst", "500ms", "--cpu", "1s"))
    names = [f"company-{n:04}" for n in range(count)]
    for name in names:
        save(w, name, 0)
    w.add_company("hog", HOG)
    stop, stop_kills, failures, took, live = threading.Event(), threading.Event(), [], [], {}
    killer = threading.Thread(target=kills, args=(w, t, stop_kills), daemon=True)
    killer.start()
    began = time.monotonic()
    w.start_host()
    t.note("started in ms", round(1000 * (time.monotonic() - began)))
    work = [(invoices, (w, t, stop, failures)), (attack, (w, t, stop, failures)),
            (saves, (w, names, t.random, live, stop))]
    work += [(steadily, (w, n, names, t.random, stop, failures, took)) for n in range(SENDERS)]
    threads = [threading.Thread(target=f, args=args, daemon=True) for f, args in work]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    stop_kills.set()
    killer.join()
    w.quiesce(events=len(w.sent))
    check_live(w, t, live, failures)
    w.quiesce(events=len(w.sent))
    for text in failures:
        t.violate("L4", text)
    check_runs(w, t)
    t.n += count
    t.note("events", len(took))
    t.note("receipt p99 ms", round(1000 * percentile(took, 0.99)))
    t.note("companies saved", len(live))
    t.judge(w, excused=lambda run: run["company"] == "hog")
