"""L3: companies' scripts are saved once a second under load, every tenth save broken, while another
company attacks and script processes are killed at random: nothing is lost or refused, each run is
wholly of one version, and what is broken is told with its line and the line's text.

Two companies are saved. One invoices proposals, no faster than the machine does it; the other gets
so many plain events a second, whatever the machine does. The third computes without end now and then.
"""
import http.client
import json
import os
import re
import signal
import threading
import time

from ground import COMPANY, percentile

NAME, DOES = "L3", "saves under load, every tenth broken; attacks, and kills of script processes"
FULL, PER_CASE, JOBS = 600, 20, 1
PAUSE_S, IN_FLIGHT = 1.0, 20
RATE, STEADY_SENDERS = 500, 2  # plain events a second
INVOICE_EVERY_S, ATTACK_EVERY_S, KILL_EVERY_S = 0.1, 15, 2

# The rule says in its notice which version its two files are of, before and after it has waited.
RULE = COMPANY.replace("notify = {{", """
  customer = function(proposal)
    local begun = VERSION
    local customer = require("rules.part").customer(proposal)
    if begun ~= VERSION then error("the version changed under way") end
    return customer
  end,
  notice = function(invoice) return "versions " .. VERSION .. " " .. require("rules.part").version end,
  notify = {{""")
PART = """return {{ version = "{version}", customer = function(proposal)
  return procountor.customers.ensure(proposal.customer) end }}
"""
SHOP = '''connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }
'''
STEADY = """company "Steady" {} """ + SHOP + """
rule "steady" { on = "shop", run = function(event)
  return { begun = VERSION, ended = require("rules.part").version } end }
"""
HOG = """company "Hog" {} """ + SHOP + """
rule "loop" { on = "shop.loop", run = function() while true do pcall(function() end) end end }
rule "pattern" { on = "shop.pattern", run = function()
  return (("a"):rep(30000) .. "b"):find(".-.-.-.-c") end }
"""


def save(w, version, broken=False):
    """All files as an editor writes them: beside, then renamed over the old ones."""
    head = f'local VERSION = "{version}"\n' if not broken else f"local VERSION == {version}\n"
    for company, text in (("acme", RULE.format(name="acme", variable="ACME")), ("steady", STEADY)):
        folder = os.path.join(w.companies, company)
        os.makedirs(os.path.join(folder, "rules"), exist_ok=True)
        texts = {"rules/part.lua": PART.format(version=version), "company.lua": head + text}
        for name, text in texts.items():
            new = os.path.join(folder, os.path.dirname(name), ".new")
            with open(new, "w") as f:
                f.write(text)
            os.rename(new, os.path.join(folder, name))


# ---- who sends ----

def invoices(w, t, stop, failures):
    n = 0
    while not stop.is_set():
        if n % 5 == 0:  # as fast as the machine does the work, not faster
            while w.open_runs() > IN_FLIGHT and not stop.is_set():
                time.sleep(0.05)
        time.sleep(INVOICE_EVERY_S)
        status, answer = w.post("acme", w.proposal(f"L3-{t.number}-{n}"))
        if status != 202:
            failures.append(f"a delivery was answered {status}: {answer}")
        n += 1


def send_plain(w, to, company, event, failures, took=None):
    began = time.time()
    to.request("POST", f"/hooks/{company}/shop", json.dumps(event).encode())
    response = to.getresponse()
    status, answer = response.status, response.read()
    if took is not None:
        took.append(time.time() - began)
    if status != 202:
        failures.append(f"a delivery of {company} was answered {status}: {answer!r}")
    w.log_sent(company, {"id": event["id"], "contract": {"id": event["id"]}}, status, answer, began)


def connection(w):
    host, port = w.address.rsplit(":", 1)
    return http.client.HTTPConnection(host, int(port), timeout=60)


def steadily(w, number, stop, failures, took):
    n, due, to = 0, time.monotonic(), connection(w)
    while not stop.is_set():
        send_plain(w, to, "steady", {"type": "t", "id": f"s-{number}-{n}"}, failures, took)
        n, due = n + 1, due + STEADY_SENDERS / RATE
        time.sleep(max(0, due - time.monotonic()))


def attacks(w, t, stop, failures):
    to = connection(w)
    while not stop.wait(ATTACK_EVERY_S):
        t.note("attacks")
        kind = t.random.choice(("loop", "pattern"))
        send_plain(w, to, "hog", {"type": kind, "id": f"h-{t.notes['attacks']}"}, failures)


def kills(w, t, stop):
    chance = t.random
    while not stop.wait(chance.uniform(0, 2 * KILL_EVERY_S)):
        with open(f"/proc/{w.host.p.pid}/task/{w.host.p.pid}/children") as f:
            children = f.read().split()
        if children:
            os.kill(int(chance.choice(children)), signal.SIGKILL)
            t.note("script processes killed")


# ---- what is judged ----

def alerts(w):
    out = w.sauma("alerts", "--data", w.data, "--json").stdout
    return [json.loads(line) for line in out.splitlines()]


def told(w, version):
    """The open alerts about a broken save name its file and line, and show the line."""
    wanted = {"acme", "steady"}
    for _ in range(600):
        for alert in alerts(w):
            if (alert["kind"] == "company-broken" and "company.lua:1" in alert["text"]
                    and f"local VERSION == {version}" in alert["text"]):
                wanted.discard(alert["company"])
        if not wanted:
            return True
        time.sleep(0.05)
    return False


def check_versions(w, t):
    versions, names = set(), {}
    for message in w.state("acme-slack")["messages"]:
        found = re.fullmatch(r"versions (\S+) (\S+)", message["text"])
        if not found or found[1] != found[2]:
            t.violate("L3", f"a run was of two versions: {message['text']}")
        else:
            versions.add(found[1])
    for version, result, state in w.query(
            "SELECT version, result, state FROM runs WHERE company = 'steady'"):
        said = json.loads(result) if state == "done" else {"begun": "?", "ended": state}
        begun = said["begun"]
        if begun != said["ended"] or names.setdefault(version, begun) != begun:
            t.violate("L3", f"a run of {version} was of {said} and of {names.get(version)}")
    t.note("versions that ran", len(versions | set(names.values())))
    for state, count in w.query("SELECT state, count(*) FROM runs WHERE company = 'hog' GROUP BY 1"):
        if state != "failed":
            t.violate("L3", f"{count} attacks are {state}")


def case(t):
    w = t.ground(("acme",), settings=("--settle", "1s", "--burst", "1s"))
    w.add_company("hog", HOG)
    save(w, "v0")
    w.start_host()
    stop, failures, took = threading.Event(), [], []
    work = [(invoices, (w, t, stop, failures)), (attacks, (w, t, stop, failures)),
            (kills, (w, t, stop))]
    work += [(steadily, (w, n, stop, failures, took)) for n in range(STEADY_SENDERS)]
    threads = [threading.Thread(target=f, args=args, daemon=True) for f, args in work]
    began_all = time.monotonic()
    for thread in threads:
        thread.start()
    for i in range(1, PER_CASE + 1):
        began = time.monotonic()
        broken = i % 10 == 0
        save(w, f"v{i}", broken)
        if broken and not told(w, f"v{i}"):
            t.violate("L3", f"nobody was told that save {i} is broken: {alerts(w)}")
        t.n += 1
        time.sleep(max(0, PAUSE_S - (time.monotonic() - began)))
    stop.set()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began_all
    save(w, "last")
    for text in failures:
        t.violate("L3", text)
    w.quiesce(events=len(w.sent))
    check_versions(w, t)
    t.note("plain events", len(took))
    t.note("plain events a second", round(len(took) / seconds))
    t.note("receipt p99 ms", round(1000 * percentile(took, 0.99)))
    t.note("switches", w.query("SELECT count(*) FROM switches WHERE company = 'steady'")[0][0])
    t.note("invoices", len(w.state("acme")["invoices"]))
    t.judge(w, excused=lambda run: run["company"] == "hog")
