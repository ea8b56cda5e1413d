#!/usr/bin/env python3
"""How long `sauma diff` takes for so many recorded events, and whether it finds what was planted.

usage: tests/bench/diff.py [--build DIR] [--events 10000]

A few proposals go through a host and the sandboxes; their journals are then copied within the store
until there are enough events. The other scripts do something else for three of twenty proposals: a
price, a hold, a question that no journal answers. Each of those is to be found, and no other. That
no connection is opened is asked of the kernel (strace): no socket but those to its own processes.
"""
import argparse
import json
import os
import re
import resource
import shutil
import sqlite3
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECORDED = 20
PRICE, HELD, ASKS = "K7", "K3", "K5"  # contracts that the other scripts treat otherwise
OTHER = f"""use "proposal_to_invoice" {{
  trigger = function(proposal) return proposal.id == "{HELD}" and "manual" or "automatic" end,
  row = function(line, proposal)
    if proposal.id == "{PRICE}" then line.unit_price = line.unit_price + 10 end
    if proposal.id == "{ASKS}" then http.get("procountor", "/never/asked") end
    return line
  end,"""


def record(world, harness):
    world.start_sandbox("procountor", "slack")
    world.minimal()
    world.start_host()
    for n in range(RECORDED):
        event = harness.fixture(id=f"event-{n}", contract__id=f"K{n}")
        status, answer = world.deliver(event)
        assert status == 202, answer
    assert {r["state"] for r in world.settled(RECORDED)} == {"done"}
    world.host.stop()
    world.sandbox.stop()


def copy_rows(db, table, changes, where, values):
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    fields = ", ".join(changes.get(name, name) for name in names)
    db.execute(f"INSERT INTO {table} SELECT {fields} FROM {table} WHERE {where}", values)


def multiply(world, events):
    """Copies of the recorded events with all that belongs to them."""
    db = sqlite3.connect(f"{world.data}/sauma.db", isolation_level=None)
    db.execute("BEGIN")
    for table, number in (("events", "seq"), ("runs", "n")):
        assert db.execute(f"SELECT max({number}) FROM {table}").fetchone() == (RECORDED,)
    for copy in range(1, events // RECORDED):
        v = {"by": copy * RECORDED, "tail": f"-{copy}", "first": RECORDED}
        copy_rows(db, "events", {"seq": "seq + :by", "id": "id || :tail",
                                 "delivery": "delivery || :tail"}, "seq <= :first", v)
        copy_rows(db, "bodies", {"event": "event + :by"}, "event <= :first", v)
        copy_rows(db, "runs", {"n": "n + :by", "event": "event + :by", "id": "id || :tail"},
                  "n <= :first", v)
        copy_rows(db, "steps", {"key": "key + (:by << 20)"}, "key >> 20 <= :first", v)
    db.execute("COMMIT")
    db.close()


def other_scripts(world):
    folder = f"{world.dir}/other"
    shutil.copytree(f"{world.companies}/minimal", folder)
    with open(f"{folder}/company.lua") as f:
        text = f.read()
    with open(f"{folder}/company.lua", "w") as f:
        f.write(text.replace('use "proposal_to_invoice" { trigger = "automatic",', OTHER))
    return folder


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def judge(output, events):
    lines = [json.loads(line) for line in output.splitlines()]
    each, summary = events // RECORDED, lines[-1]["summary"]
    assert summary["events"] == events, summary
    assert (summary["changed"], summary["not_covered"]) == (3 * each, each), summary
    assert summary["effects"] == {"added": 0, "missing": 0, "changed": 2 * each}, summary  # the notice tells the sum
    found = {}
    for event in lines[:-1]:
        assert len(event.get("runs", ())) == 1, event
        run, = event["runs"]
        kind = (run["now"]["policy"], run["now"]["end"], len(run["effects"]))
        found[kind] = found.get(kind, 0) + 1
    assert found == {("automatic", "done", 2): each, ("manual", "done", 0): each,
                     ("automatic", "not covered", 0): each}, found


def measure(world, folder, events, *more):
    cpu, began = children_cpu(), time.monotonic()
    done = world.sauma("diff", "minimal", "--with", folder, "--data", world.data, "--json", *more)
    took, cpu = time.monotonic() - began, children_cpu() - cpu
    judge(done.stdout, events)
    return took, cpu, done.stdout


def no_connection(world, folder, harness):
    """The same once more under strace: what sockets it makes."""
    log = f"{world.dir}/strace"
    p = world.start("diff", ["diff", "minimal", "--with", folder, "--data", world.data, "--json"],
                    under=("strace", "-f", "--seccomp-bpf", "-o", log, "-e",
                           "trace=socket,connect,bind,socketpair"),
                    env={"SAUMA_NO_SECCOMP": "1"})
    assert p.p.wait() == 0, p.errors()
    with open(log) as f:
        calls = re.findall(r"\b(?:socket|connect|bind|socketpair)\(.*", f.read())
    other = [c for c in calls if not c.startswith("socketpair(AF_UNIX")]
    assert calls and not other, other
    return len(calls)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build")
    args.add_argument("--events", type=int, default=10000)
    args = args.parse_args()
    os.environ["SAUMA_BUILD"] = os.path.abspath(args.build)
    sys.path.insert(0, f"{ROOT}/tests/e2e")
    import harness
    world = harness.World()
    try:
        record(world, harness)
        multiply(world, args.events)
        folder = other_scripts(world)
        took, cpu, said = measure(world, folder, args.events)
        print(f"diff of {args.events} recorded events: {took:.1f} s, {cpu:.1f} s of CPU; "
              f"{3 * args.events // RECORDED} planted changes found, and no other", flush=True)
        took, cpu, again = measure(world, folder, args.events, "--replay-all")
        print(f"both sides played again: {took:.1f} s, {cpu:.1f} s of CPU, "
              f"{'the same' if said == again else 'ANOTHER'} answer", flush=True)
        print(f"sockets: {no_connection(world, folder, harness)}, all to its own processes")
    finally:
        world.close()


if __name__ == "__main__":
    main()
