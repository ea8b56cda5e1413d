#!/usr/bin/env python3
"""What companies notice of one whose scripts do all that a script can do wrong.

usage: tests/bench/attacks.py [--build DIR] [--seconds N] [--pairs N]
                              [--isolation shared|company]

Whole flows of four companies come in at a steady rate (`flow`: webhook to invoice); windows in which
a fifth attacks (endless loops, patterns without end, memory, recursion, logs; several at once) take
turns with quiet ones, in one run of one host. Printed are p50 and p99 from the webhook's first byte
to the invoice, of all flows of each kind of window together, and their ratio. The first attack is
shown by itself: until a company is known to compute without end it shares its process, and holds
those up that are in it.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOOD, RATE, AT_ONCE = 4, 200, 8
ATTACKS = {
    "loop": "while true do end",
    "caught": "while true do pcall(function() while true do end end) end",
    "close": "local x <close> = setmetatable({}, { __close = function() while true do end end }) error {}",
    "pattern": "return (('a'):rep(30000) .. 'b'):find('.-.-.-.-c')",
    "memory": "local t = {} for i = 1, 1e9 do t[i] = { i } end",
    "text": "local s = 'x' while true do s = s .. s end",
    "recursion": "local function f() return pcall(f) end f() while true do pcall(f) end",
    "logs": "while true do log(('x'):rep(1000)) end",
    "error": "error(setmetatable({}, { __tostring = function() while true do end end }))",
}
HOG = """company "Hog" {} connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }
""" + "\n".join(f'rule "{name}" {{ on = "shop.{name}", run = function() {code} end }}'
                for name, code in ATTACKS.items())


def poster(address):
    host, port = address.rsplit(":", 1)
    c = http.client.HTTPConnection(host, int(port), timeout=60)

    def post(company, event):
        c.request("POST", f"/hooks/{company}/shop", json.dumps(event))
        r = c.getresponse()
        r.read()
        assert r.status == 202, r.status
    return post


def attack(address, data, at_once, number, ended):
    """So many attacks at once until it has ended; returns when the last of them has. With none at
    all it does nothing but look, as it does beside attacks."""
    post, kinds = poster(address), list(ATTACKS)
    db = sqlite3.connect(f"file:{data}/sauma.db?mode=ro", uri=True)
    while True:
        open_now, = db.execute("SELECT coalesce(sum(n), 0) FROM books WHERE company = 'hog' AND"
                               " state = 'in_flight'").fetchone()
        if ended.is_set():
            if open_now == 0:
                break
        elif open_now < at_once:
            number += 1
            post("hog", {"type": kinds[number % len(kinds)], "id": str(number)})
            continue
        time.sleep(0.05)
    db.close()
    return number


def flows(world, build, backend, seconds, first):
    """A steady load of whole flows of the others for so long: what `flow` found."""
    host, port = world.address.rsplit(":", 1)
    out = subprocess.run([f"{build}/bench/flow", host, port,
                          ",".join(f"/hooks/good{n}/bench" for n in range(GOOD)),
                          f"{world.dir}/flow.json", "64", str(seconds), str(backend), str(RATE), str(first)],
                         stdout=subprocess.PIPE, check=True)
    found = json.loads(out.stdout)
    assert not found["lost"] and not found["twice"] and not found["refused"], found
    return found


def check_attacks(data):
    db = sqlite3.connect(f"file:{data}/sauma.db?mode=ro", uri=True)
    bad, = db.execute("SELECT count(*) FROM runs WHERE company = 'hog' AND state <> 'failed'"
                      " AND rule <> 'logs'").fetchone()
    assert bad == 0, "an attack was not ended"


def measure(world, build, backend, seconds, pairs):
    """({kind: what flow found in each window}, number of attacks); the first is a kind of its own."""
    windows, number, first = {"quiet": [], "first": [], "attack": []}, 0, 1
    flows(world, build, backend, 1, first)
    for window in range(1, 2 * pairs + 3):
        kind = "quiet" if window % 2 else "attack" if windows["first"] else "first"
        ended = threading.Event()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            attacks = pool.submit(attack, world.address, world.data, 0 if kind == "quiet" else AT_ONCE,
                                  number, ended)
            windows[kind].append(flows(world, build, backend, seconds, window * 10000))
            ended.set()
            number = attacks.result()
    return windows, number


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build")
    args.add_argument("--seconds", type=float, default=2)
    args.add_argument("--pairs", type=int, default=10)
    args.add_argument("--isolation", default="shared")
    args = args.parse_args()
    build = os.environ["SAUMA_BUILD"] = os.path.abspath(args.build)
    sys.path.insert(0, f"{ROOT}/tests/e2e")
    import harness
    world = harness.World()
    try:
        backend = harness.free_ports()
        world.env["BENCH_URL"] = f"http://127.0.0.1:{backend}"
        with open(f"{ROOT}/tests/bench/company/company.lua") as f:
            good = f.read()
        with open(f"{ROOT}/tests/bench/proposal.json") as f, open(f"{world.dir}/flow.json", "w") as to:
            to.write(f.read().strip().replace("EVENT", "proposal.accepted"))
        for n in range(GOOD):
            world.add_company(f"good{n}", good)
        world.add_company("hog", HOG)
        world.start_host("--log", "error", "--isolation", args.isolation, "--burst", "500ms", "--cpu",
                         "1s")
        windows, number = measure(world, build, backend, args.seconds, args.pairs)
        check_attacks(world.data)
        took = {k: sorted(us / 1000 for w in all for us in w["us"]) for k, all in windows.items()}
        p50, p99 = ({k: all[int(len(all) * q)] for k, all in took.items()} for q in (0.5, 0.99))
        print(f"\nothers while a company attacks ({number} attacks, {AT_ONCE} at once, isolation "
              f"{args.isolation}, {RATE} flows/s, {len(took['quiet'])} and {len(took['attack'])} of them): "
              "p50/p99 ms: " +
              ", ".join(f"{kind} {p50[kind]:.2f}/{p99[kind]:.2f}" for kind in windows) +
              f"; p99 attack to quiet {p99['attack'] / p99['quiet']:.2f}")
        if os.environ.get("V"):
            print({k: [(w["p50_ms"], w["p99_ms"]) for w in all] for k, all in windows.items()})
    finally:
        world.close()


if __name__ == "__main__":
    main()
