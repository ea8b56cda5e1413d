"""R6G: kill -9 around the renewal of what a person allowed, against a real authorization server.
One that gives a new refresh token each time withdraws all if an old one is used: then the
connection says what happened and by which command it goes on. One that keeps its refresh tokens
never needs a person."""
import json
import os
import re
import time

from ground import harness, wait_until
from provider import Provider, browse

NAME, DOES = "R6G", "kill -9 while a grant is renewed: it recovers, or says what a person must do"
FULL, PER_CASE, JOBS = 1_000, 8, 2

COMPANY = """company "Plain Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
connect "http" { as = "crm", url = env "CRM_URL", auth = { oauth = "authorization_code",
  issuer = env "ISSUER_URL", client_id = "post", client_secret = secret "crm",
  scope = "openid offline_access read", try = "/who", params = { prompt = "consent" } } }
rule "Read" { on = "open.read", run = function() return crm.get("/who").body.who end }
"""
NAMED = re.compile("the answer to a renewal at 20.* was lost, which is probably why")


def connect(w):
    p = w.start("connect", ["connect", "plain", "crm", "--data", w.data, "--loopback", "127.0.0.1:0"])
    status, text, _ = browse(p.line(r"(?m)^  (http\S+)$").group(1))
    if status != 200 or p.p.wait(harness.PATIENCE) != 0:
        raise AssertionError(f"not connected: {status} {text} {p.errors()}")


def lines(w, *command):
    return [json.loads(row) for row in w.sauma(*command, "--json", "--data", w.data).stdout.splitlines()]


def kill_while_renewing(t, w, provider, said):
    """At any time; or when the provider said that it renewed: before its answer comes, as it comes,
    or while it is stored."""
    if t.random.random() < 0.25:
        time.sleep(t.random.uniform(0, 0.04))
    else:
        end, late = time.monotonic() + harness.PATIENCE, t.random.uniform(0, 0.04)
        while os.path.getsize(provider.out) <= said and time.monotonic() < end:
            time.sleep(0.0001)
        time.sleep(late)
    w.host.p.kill()
    w.host.p.wait()


def case(t):
    rotates = t.number % 2 == 0
    w = harness.World()
    t.worlds.append(w)
    provider = Provider(**({} if rotates else {"ROTATE": "0"}))
    try:
        w.env.update(ISSUER_URL=provider.issuer, CRM_URL=provider.api)
        w.add_company("plain", COMPANY)
        w.secret("plain", "crm", "secret-of-post")
        w.start_host("--retry-base", "20ms")
        connect(w)
        sent = 0
        for _ in range(PER_CASE):
            provider.ask("/_fault", grant="refresh_token", how="late")
            said = os.path.getsize(provider.out)
            provider.ask("/_refuse")
            for _ in range(3):
                sent += 1
                w.deliver({"type": "read", "id": f"r{sent}"}, "plain", "open", sign=False)
            kill_while_renewing(t, w, provider, said)
            w.start_host("--retry-base", "20ms")
            settle(t, w, sent, rotates)
            t.n += 1
            t.events += 3
    finally:
        provider.close()


def settle(t, w, sent, rotates):
    """All runs are done, or all that are not wait for a person who is told."""
    def look():
        rows = lines(w, "runs", "--limit", "100000")
        open_ones = [r for r in rows if r["state"] != "done"]
        named = [r for r in open_ones if NAMED.search(r.get("reason", "") or "")]
        return len(rows) == sent and len(open_ones) == len(named) and [open_ones]
    open_ones, = wait_until(look, "runs to be done, or to say what a person must do")
    state = next(c["state"] for c in lines(w, "connections", "plain") if c["connection"] == "crm")
    if not open_ones and state == "ok":
        t.note("recovered by itself")
        return
    t.note("said what a person must do")
    if not rotates:
        t.violate("R6G", f"a refresh token that stays was lost: {open_ones}")
    alerts = [a for a in lines(w, "alerts") if a["kind"] == "reconnect"]
    if state != "reconnect" or len(alerts) != 1 or "sauma connect plain crm" not in alerts[0]["text"]:
        t.violate("R6G", f"nobody is told: {state}, {alerts}, {open_ones}")
    connect(w)
    wait_until(lambda: all(r["state"] == "done" for r in lines(w, "runs", "--limit", "100000")),
               "all to go on")
    wait_until(lambda: not lines(w, "alerts"), "the alert to be over")
