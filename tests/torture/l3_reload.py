"""L3: a company's scripts are saved once a second under load, every tenth save broken: nothing is
lost or refused, each run is wholly of one version, and what is broken is told with its line."""
import json
import os
import re
import threading
import time

from ground import COMPANY

NAME, DOES = "L3", "saves of a company's scripts under load, every tenth broken"
FULL, PER_CASE, JOBS = 600, 20, 1
PAUSE_S, SENDERS, IN_FLIGHT = 1.0, 3, 200

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


def save(w, version, broken=False):
    """Both files as an editor writes them: beside, then renamed over the old ones."""
    folder = os.path.join(w.companies, "acme")
    os.makedirs(os.path.join(folder, "rules"), exist_ok=True)
    head = f'local VERSION = "{version}"\n' if not broken else f"local VERSION == {version}\n"
    texts = {"rules/part.lua": PART.format(version=version),
             "company.lua": head + RULE.format(name="acme", variable="ACME")}
    for name, text in texts.items():
        new = os.path.join(folder, os.path.dirname(name), ".new")
        with open(new, "w") as f:
            f.write(text)
        os.rename(new, os.path.join(folder, name))


def sender(w, t, number, stop, failures):
    n = 0
    while not stop.is_set():
        if n % 20 == 0:  # as fast as the machine does the work, not faster
            while w.open_runs() > IN_FLIGHT and not stop.is_set():
                time.sleep(0.05)
        status, answer = w.post("acme", w.proposal(f"L3-{t.number}-{number}-{n}"))
        if status != 202:
            failures.append(f"a delivery was answered {status}: {answer}")
        n += 1


def alerts(w):
    out = w.sauma("alerts", "--data", w.data, "--json").stdout
    return [json.loads(line) for line in out.splitlines()]


def told(w, version):
    """The open alert about a broken save names its file and line."""
    for _ in range(200):
        for alert in alerts(w):
            if alert["kind"] == "company-broken" and "company.lua:1" in alert["text"]:
                return True
        time.sleep(0.05)
    return False


def case(t):
    w = t.ground(("acme",), settings=("--settle", "1s"))
    save(w, "v0")
    w.start_host()
    stop, failures = threading.Event(), []
    threads = [threading.Thread(target=sender, args=(w, t, k, stop, failures), daemon=True)
               for k in range(SENDERS)]
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
    save(w, "last")
    stop.set()
    for thread in threads:
        thread.join()
    for text in failures:
        t.violate("L3", text)
    w.quiesce(events=len(w.sent))
    versions = set()
    for message in w.state("acme-slack")["messages"]:
        found = re.fullmatch(r"versions (\S+) (\S+)", message["text"])
        if not found or found[1] != found[2]:
            t.violate("L3", f"a run was of two versions: {message['text']}")
        else:
            versions.add(found[1])
    t.note("versions that ran", len(versions))
    t.note("events", len(w.sent))
    t.judge(w)
