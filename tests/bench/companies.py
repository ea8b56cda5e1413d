#!/usr/bin/env python3
"""A thousand companies on one host: its start, its memory, and how soon a save is live.

usage: tests/bench/companies.py [--build DIR] [--companies 1000]
"""
import argparse
import os
import sqlite3
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAVES = 20
PLAIN = """company "Company" {} connect "webhook" { as = "shop", secret = false, event = "type" }
rule "any" { on = "shop", run = function(event) return { id = event.id } end }
"""


def save(world, name, number):
    """As an editor does; the wall clock at which the new text stood there."""
    path = f"{world.companies}/{name}/company.lua"
    with open(path + ".new", "w") as f:
        f.write(PLAIN + f"-- {number}\n")
    os.rename(path + ".new", path)
    return time.time() * 1000


def live_after(world, name, number):
    db = sqlite3.connect(f"file:{world.data}/sauma.db?mode=ro", uri=True)
    query = "SELECT count(*), max(at_ms) FROM switches WHERE company = ?"
    before = db.execute(query, (name,)).fetchone()[0]
    saved = save(world, name, number)
    while True:
        count, at = db.execute(query, (name,)).fetchone()
        if count > before:
            db.close()
            return at - saved
        assert time.time() * 1000 < saved + 60000, "the save is not live"
        time.sleep(0.005)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build")
    args.add_argument("--companies", type=int, default=1000)
    args = args.parse_args()
    os.environ["SAUMA_BUILD"] = os.path.abspath(args.build)
    sys.path.insert(0, f"{ROOT}/tests/e2e")
    import bench_host
    import harness
    world = harness.World()
    try:
        for n in range(args.companies):
            world.add_company(f"company-{n:04}", PLAIN)
        began = time.monotonic()
        world.start_host("--log", "error")
        first = time.monotonic() - began
        world.host.stop()
        began = time.monotonic()
        world.start_host("--log", "error")
        again = time.monotonic() - began
        time.sleep(2)
        memory = bench_host.memory_mb(world.host.p.pid)
        cpu = bench_host.cpu_seconds(world.host.p.pid)
        time.sleep(5)
        cpu = bench_host.cpu_seconds(world.host.p.pid) - cpu
        live = sorted(live_after(world, f"company-{n * 7:04}", n) for n in range(SAVES))
        print(f"\n{args.companies} companies: started in {first:.2f} s (again {again:.2f} s), "
              f"{memory:.0f} MB in all processes, idle {1000 * cpu / 5:.1f} ms of CPU a second, a "
              f"save is live after {live[SAVES // 2]:.0f} ms (median), {live[-1]:.0f} ms (most)")
    finally:
        world.close()


if __name__ == "__main__":
    main()
