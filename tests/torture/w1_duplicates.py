"""W1: the same delivery a hundred times at once, out of order, again after a restart, with another
body, with a wrong signature, at a wrong time."""
import collections
import json
import threading
import time

import judge
from ground import signed_headers, wait_until
from w2_receipts import RULE

NAME, DOES = "W1", "deliveries x100 at once, replayed, changed, forged, too old"
FULL, PER_CASE, JOBS = 100_000, 2_000, 1
IDS, THREADS = 20, 12


def signed(w, body, skew=0, secret=None):
    raw, headers = signed_headers(w, "acme", body, skew, secret)
    return w.deliver(raw, company="acme", sign=False, headers=headers)


def post_all(w, copies):
    threads = [threading.Thread(target=lambda own: [w.post("acme", b) for b in own],
                                args=(copies[i::THREADS],)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def at_rest(w):
    """What the host has taken, when that is no longer less from look to look."""
    found = []

    def look():
        found.append(judge.resources(w.host.p.pid))
        time.sleep(0.2)
        return len(found) > 2 and all(found[-1][k] >= found[-3][k] for k in found[-1])
    wait_until(look, "the host to come to rest")
    return found[-1]


def case(t):
    # One case in ten does the whole job, so that an execution is an effect that can be counted.
    w = t.ground(**({} if t.number % 10 == 0 else {"rule": RULE}))
    w.start_host()
    bodies = [w.proposal(f"W1-{t.number}-{i}") for i in range(IDS)]
    copies = [b for b in bodies for _ in range(PER_CASE // IDS)]
    t.random.shuffle(copies)
    # Caches are filled by the first half; the second leaves nothing behind.
    post_all(w, copies[:len(copies) // 2])
    base = at_rest(w)
    post_all(w, copies[len(copies) // 2:])
    growth = 10 if "asan" in w.host.p.args[0] else 0.05  # a sanitizer keeps what is freed
    t.violations += judge.check_i12(base, at_rest(w), growth)
    first = collections.Counter()
    for s in w.sent:
        if s["status"] not in (200, 202):
            t.violate("W1", f"{s['name']} was answered {s['status']}: {s['answer']}")
        first[s["name"]] += s["status"] == 202
    if set(first.values()) != {1}:
        t.violate("W1", f"202 is for the first alone: {first}")
    if t.number % 2:
        w.restart()
    replays(t, w, bodies)
    refusals(t, w, bodies)
    w.quiesce(events=IDS + 1)
    stored = w.query("SELECT count(*) FROM events")[0][0]
    if stored != IDS + 1:
        t.violate("W1", f"{IDS + 1} deliveries are {stored} events")
    t.judge(w)
    t.n += len(copies)


def replays(t, w, bodies):
    for body in bodies:
        status, answer = w.post("acme", body)
        if status != 200 or not answer.get("duplicate"):
            t.violate("W1", f"a replay was answered {status} {answer}")
        changed = dict(body, account_id="acc_other")
        status, answer = signed(w, changed)
        if status != 409:
            t.violate("W1", f"the same id with other bytes was answered {status} {answer}")
    def told():
        alerts = [json.loads(line) for line in w.sauma(
            "alerts", "--data", w.data, "--json").stdout.splitlines()]
        about = {a["about"] for a in alerts if a["kind"] == "delivery-conflict"}
        return all(any(b["id"] in each for each in about) for b in bodies)
    wait_until(told, "an alert of each conflict")  # it is stored beside the answer


def refusals(t, w, bodies):
    fresh = w.proposal(f"W1-{t.number}-fresh")
    answers = [signed(w, fresh, secret="wrong"), signed(w, fresh, skew=-310),
               signed(w, fresh, skew=310), w.deliver(fresh, company="acme", sign=False),
               signed(w, fresh, secret="wrong", skew=-3600)]
    if {status for status, _ in answers} != {401}:
        t.violate("W1", f"forged or old deliveries were answered {answers}")
    for skew in (-200, 200):  # within the window: the same delivery both times
        status, answer = signed(w, fresh, skew=skew)
        with w.lock:
            w.sent.append({"company": "acme", "name": fresh["contract"]["id"], "body": fresh,
                           "delivery": fresh["id"], "status": status, "event": answer.get("event"),
                           "answer": answer, "at": time.time()})
        if status not in (200, 202):
            t.violate("W1", f"a delivery {skew} s off was answered {status} {answer}")
