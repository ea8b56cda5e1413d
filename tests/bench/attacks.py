#!/usr/bin/env python3
"""What companies notice of one whose scripts do all that a script can do wrong.

usage: tests/bench/attacks.py [--build DIR] [--seconds N] [--isolation shared|company]

Four companies get a steady load; windows in which a fifth attacks (endless loops, patterns without
end, memory, recursion, logs; several at once) take turns with quiet ones, in the same run of the
same host. Printed are p50 and p99 from receipt to the end of the others' runs, and their ratio. The
first attack is shown by itself: until a company is known to compute without end it shares its
process, and holds those up that are in it.
"""
import argparse
import http.client
import json
import os
import sqlite3
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOOD, RATE, AT_ONCE = 4, 100, 8
PLAIN = """company "Good" {} connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }
rule "good" { on = "shop", run = function(event) return { id = event.id } end }
"""
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


def load(address, stop):
    post, n, due = poster(address), 0, time.monotonic()
    while not stop.is_set():
        post(f"good{n % GOOD}", {"type": "t", "id": str(n)})
        n, due = n + 1, due + 1 / RATE
        time.sleep(max(0, due - time.monotonic()))


def attack(address, data, seconds, number):
    """So many attacks at once, for so long; returns when the last has ended."""
    post, kinds, end = poster(address), list(ATTACKS), time.monotonic() + seconds
    db = sqlite3.connect(f"file:{data}/sauma.db?mode=ro", uri=True)
    while True:
        open_now, = db.execute("SELECT coalesce(sum(n), 0) FROM books WHERE company = 'hog' AND"
                               " state = 'in_flight'").fetchone()
        if time.monotonic() >= end:
            if open_now == 0:
                break
        elif open_now < AT_ONCE:
            number += 1
            post("hog", {"type": kinds[number % len(kinds)], "id": str(number)})
            continue
        time.sleep(0.05)
    db.close()
    return number


def times(data, windows):
    db = sqlite3.connect(f"file:{data}/sauma.db?mode=ro", uri=True)
    out = []
    for begun, ended in windows:
        rows = db.execute("SELECT r.updated_ms - e.received_ms, r.state FROM events e JOIN runs r ON"
                          " r.event = e.seq WHERE e.company LIKE 'good%' AND e.received_ms"
                          " BETWEEN ? AND ?", (begun, ended)).fetchall()
        assert rows and all(state == "done" for _, state in rows)
        out += [ms for ms, _ in rows]
    bad, = db.execute("SELECT count(*) FROM runs WHERE company = 'hog' AND state <> 'failed'"
                      " AND rule <> 'logs'").fetchone()
    assert bad == 0, "an attack was not ended"
    out.sort()
    return out[len(out) // 2], out[len(out) * 99 // 100], len(out)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build")
    args.add_argument("--seconds", type=float, default=10)
    args.add_argument("--isolation", default="shared")
    args = args.parse_args()
    os.environ["SAUMA_BUILD"] = os.path.abspath(args.build)
    sys.path.insert(0, f"{ROOT}/tests/e2e")
    import harness
    world = harness.World()
    try:
        for n in range(GOOD):
            world.add_company(f"good{n}", PLAIN)
        world.add_company("hog", HOG)
        world.start_host("--log", "error", "--isolation", args.isolation, "--burst", "500ms", "--cpu",
                         "1s")
        stop = threading.Event()
        thread = threading.Thread(target=load, args=(world.address, stop))
        thread.start()
        windows, number = {"quiet": [], "first": [], "attack": []}, 0
        time.sleep(1)
        for kind in ("quiet", "first", "quiet", "attack", "quiet", "attack"):
            begun = time.time()
            if kind == "quiet":
                time.sleep(args.seconds)
            else:
                number = attack(world.address, world.data, args.seconds, number)
            windows[kind].append((int(begun * 1000), int(time.time() * 1000)))
        stop.set()
        thread.join()
        harness.wait_until(lambda: all(r["state"] in ("done", "failed") for r in world.runs()), "all")
        found = {kind: times(world.data, w) for kind, w in windows.items()}
        print(f"\nothers while a company attacks ({number} attacks, {AT_ONCE} at once, isolation "
              f"{args.isolation}): p50/p99 ms " + ", ".join(
                  f"{kind} {a}/{b}" for kind, (a, b, _) in found.items()) +
              f"; p99 attack to quiet {found['attack'][1] / max(1, found['quiet'][1]):.2f}")
    finally:
        world.close()


if __name__ == "__main__":
    main()
