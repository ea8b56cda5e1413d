"""What the host is killed in for F1: each of its fault points has a scene that passes it as often as
is wanted, and says afterwards whether all is well."""
import json
import os
import signal
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta

import r6_grants
from ground import IDS, harness, wait_until
from provider import Provider

PATIENCE = 60
OPEN = """company "Open Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
rule "Read" { on = "open.read", run = function(e) return e.id end }
"""
LINK = """company "Open Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
local links = require "links"
rule "Link" { on = "open.read", run = function(e)
  links.save("orders", { a = e.id, b = "of " .. e.id })
  return links.get("orders", "b", "of " .. e.id).a
end }
"""
TICK = """company "Open Oy" {}
schedule "tick" { every = "1s", missed = "all", run = function(due) return { at = due.at } end }
"""


def starts(w, fault, *args):
    """Starts the host with its fault; False if it died before it listened."""
    try:
        w.start_host(*args, env={"SAUMA_FAULT": fault})
    except AssertionError:
        if w.host.p.poll() is None:
            raise
        return False
    return True


def end_of(w, more=lambda: False):
    """Waits for the host's end, or for more() to say that there is no more to wait for; did it die?"""
    wait_until(lambda: w.host.p.poll() is not None or more(), "the host to die", PATIENCE)
    if w.host.p.poll() is None:
        w.host.stop()  # the last chance: points that are passed at the end
    return w.host.p.returncode == -signal.SIGKILL


def plain(t, source):
    w = harness.World()
    t.worlds.append(w)
    w.add_company("plain", source)
    return w


def began_again(t, w, *args):
    began = time.monotonic()
    w.start_host(*args)
    t.recoveries.append(time.monotonic() - began)


def sound(t, w):
    """The store is whole and its books balance."""
    db = sqlite3.connect(f"file:{os.path.join(w.data, 'sauma.db')}?mode=ro", uri=True, timeout=60)
    if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        t.violate("I11", "the store is damaged")
    if db.execute("PRAGMA foreign_key_check").fetchall():
        t.violate("I11", "a reference of the store leads nowhere")
    db.close()
    books = json.loads(w.sauma("stats", "--json", "--data", w.data).stdout.splitlines()[0])
    if books["received"] != sum(books[k] for k in ("done", "skipped", "attention", "held",
                                                   "in_flight", "failed")):
        t.violate("books", f"{books}")


# ---- proposals that become invoices ----

def proposals(t, point, nth):
    w = t.ground()
    calm = "checkpoint" in point  # what was written is tidied up when there is nothing to do
    bodies = [("acme", w.proposal(f"F1-{t.number}-{i}", customer=i // 2 % len(IDS)))
              for i in range(max(3, nth + 1))]

    def work():
        for company, body in bodies:
            w.post(company, body)
            if calm:
                wait_until(lambda: w.host.p.poll() is not None or w.open_runs() == 0, "its end")
                time.sleep(0.3)  # IDLE_MS of store.c, and a little

    def all_done():
        return w.query("SELECT count(*) FROM events WHERE state <> 'in_flight'")[0][0] == len(bodies)
    died = True
    if starts(w, f"{point}:{nth}"):
        work()
        died = end_of(w, all_done)
    began_again(t, w)
    for company, body in bodies:
        w.send(company, body)
    w.quiesce(events=len(bodies))
    t.judge(w)
    return died


# ---- a schedule ----

def schedule(t, point, nth):
    w = plain(t, TICK)
    died = end_of(w) if starts(w, f"{point}:{nth}") else True
    began_again(t, w)
    count = len(w.runs(rule="tick"))
    wait_until(lambda: len([r for r in w.runs(rule="tick") if r["state"] == "done"]) >= count + 2,
               "the schedule to go on")
    runs = [r for r in w.runs(rule="tick") if r["state"] == "done"]
    times = sorted(datetime.fromisoformat(r["result"]["at"].replace("Z", "+00:00")) for r in runs)
    if times != [times[0] + timedelta(seconds=i) for i in range(len(times))]:
        t.violate("I4", f"a time came twice or not at all: {times}")
    t.events += len(times)
    sound(t, w)
    return died


# ---- a grant that is renewed ----

def grant(t, point, nth):
    """Its provider withdraws all if a refresh token is used twice: then a person is told."""
    w, provider = plain(t, r6_grants.COMPANY), Provider()
    try:
        w.env.update(ISSUER_URL=provider.issuer, CRM_URL=provider.api)
        w.secret("plain", "crm", "secret-of-post")
        w.start_host("--retry-base", "20ms")
        r6_grants.connect(w)
        w.host.stop(signal.SIGKILL)
        died, sent = not starts(w, f"{point}:{nth}", "--retry-base", "20ms"), 0
        for _ in range(nth):
            if died:
                break
            provider.ask("/_refuse")
            sent += 1
            w.deliver({"type": "read", "id": f"r{sent}"}, "plain", "open", sign=False)
            wait_until(lambda: w.host.p.poll() is not None or
                       [r["state"] for r in r6_grants.lines(w, "runs")] == ["done"] * sent, "the run")
            died = w.host.p.poll() is not None
        if not died:
            died = end_of(w, lambda: True)
        began_again(t, w, "--retry-base", "20ms")
        r6_grants.settle(t, w, sent, True)
        t.events += sent
        sound(t, w)
    finally:
        provider.close()
    return died


# ---- a link that is saved ----

def link(t, point, nth):
    """A link whose answer was lost was saved once, and the run that saves it reads that."""
    w = plain(t, LINK)
    died, n = not starts(w, f"{point}:{nth}"), nth + 1
    for i in range(n):
        try:
            w.deliver({"type": "read", "id": f"O-{i}"}, "plain", "open", sign=False)
        except OSError:
            pass  # it died
    died = end_of(w, lambda: [r["state"] for r in w.runs(rule="Link")] == ["done"] * n) or died
    began_again(t, w)
    for i in range(n):
        w.deliver({"type": "read", "id": f"O-{i}"}, "plain", "open", sign=False)
    wait_until(lambda: [r["state"] for r in w.runs(rule="Link")] == ["done"] * n, "the links")
    ids = sorted(r["result"] for r in w.runs(rule="Link"))
    if ids != sorted(f"O-{i}" for i in range(n)):
        t.violate("F1", f"links are not what was saved: {ids}")
    t.events += n
    sound(t, w)
    return died


# ---- another key for the secrets ----

def key(t, point, nth):
    """The command dies in the n-th change of the key; the next one ends what it began."""
    w = t.ground()
    w.start_host()
    rotate = [harness.SAUMA, "secret", "rotate-key", "--data", w.data]
    for i in range(nth):
        fault = f"{point}:1" if i == nth - 1 else ""
        done = subprocess.run(rotate, env=dict(w.env, SAUMA_FAULT=fault), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if done.returncode != (-signal.SIGKILL if fault else 0):
            t.violate("F1", f"the key was not changed: {done.returncode} {done.stderr[-300:]}")
    began_again_after(t, w)
    subprocess.run(rotate, env=w.env, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(w.data, "key")) as f:
        if len(f.read().split()) != 1:
            t.violate("F1", "an old key was left")
    began_again_after(t, w)
    w.post("acme", w.proposal(f"F1-{t.number}"))
    w.quiesce(events=1)
    t.judge(w)
    return True


def began_again_after(t, w):
    w.kill_host()
    began_again(t, w)


# ---- a store of an older sauma ----

def migration(t, point, nth):
    """The host dies before its n-th step from the first schema of all to its own."""
    w = plain(t, OPEN)
    os.makedirs(w.data, mode=0o700, exist_ok=True)
    db = sqlite3.connect(os.path.join(w.data, "sauma.db"))
    with open(os.path.join(harness.ROOT, "tests", "unit", "store", "schemas", "1.sql")) as f:
        db.executescript(f.read())
    events = db.execute("SELECT count(*) FROM events").fetchone()[0]
    db.close()
    died = end_of(w, lambda: True) if starts(w, f"{point}:{nth}") else True
    began_again(t, w)
    w.deliver({"type": "read", "id": "new"}, "plain", "open", sign=False)
    wait_until(lambda: [r for r in w.runs(rule="Read") if r["state"] == "done"], "the new event")
    db = sqlite3.connect(f"file:{os.path.join(w.data, 'sauma.db')}?mode=ro", uri=True, timeout=60)
    if db.execute("SELECT count(*) FROM events").fetchone()[0] != events + 1:
        t.violate("I4", "events were lost on the way to this schema")
    db.close()
    t.events += 1
    sound(t, w)
    return died


SCENES = {
    "after_scheduled_event": schedule, "before_scheduled_event": schedule,
    "after_grant_saved": grant, "before_grant_saved": grant,
    "after_link_saved": link, "key_added": key, "key_used": key, "store_before_migrate": migration,
}


def scene_of(point):
    return SCENES.get(point, proposals)
