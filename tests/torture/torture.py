#!/usr/bin/env python3
"""Torture: each family of faults by the thousand, judged from outside (judge.py).

usage: [TORTURE_...=...] tests/torture/torture.py [--build DIR] [--faults-build DIR]

  TORTURE_ONLY=R2,F2     these families; all that there are, if not given
  TORTURE_SCALE=0.1      a tenth of the full numbers (1)
  TORTURE_SECONDS=60     no case of a family is begun after so long
  TORTURE_SEED=17        what chance begins with; drawn and printed, if not given
  TORTURE_CASE=3         only this case of each family: how a failing one is repeated
  TORTURE_CRM=KIND       of Y1: crm, pipedrive or hubspot alone; else each in turn
  TORTURE_HOME=DIR       scripts of another checkout, in which something is wrong on purpose
  TORTURE_JOBS=2         worlds side by side, at most (a family may want fewer)

A family is a module of this folder with NAME, DOES, FULL (how many of its things in full), PER_CASE
(how many one case does), JOBS, and case(t): a world of its own, tortured and judged. A case depends
on the seed and its number alone, as far as the system's scheduler allows.
"""
import argparse
import concurrent.futures
import importlib
import json
import os
import random
import shlex
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FAMILIES = ["f1_boundaries", "f2_kills", "f5_disk_full", "f7_memory", "r1_never_reached", "r2_cuts", "r3_late",
            "r4_busy", "r5_broken_answers", "r6_tokens", "r6_grants", "w1_duplicates",
            "w2_receipts", "c1_clock", "c1_schedules", "l2_script_errors", "l3_reload", "l4_companies",
            "h2_crowd", "s1_drain", "s3_restore", "q1_backlog", "v1_sums", "y1_sync"]


SHOWN = 6  # violations of one case that are printed; the file of its evidence has all


class Case:
    """One case of a family: chance, where its figures go, and how it is judged."""

    def __init__(self, family, seed, number, scale=1.0):
        self.family, self.seed, self.number, self.scale = family, seed, number, scale
        self.random = random.Random(f"{seed}/{family.NAME}/{number}")
        self.n, self.events, self.asked, self.violations = 0, 0, 0, []
        self.recoveries, self.notes = [], {}
        self.worlds = []

    def ground(self, *args, **more):
        from ground import Ground
        world = Ground(*args, seed=self.random.random(), **more)
        self.worlds.append(world)
        return world

    def note(self, what, count=1):
        self.notes[what] = self.notes.get(what, 0) + count

    def judge(self, world, excused=None, besides=()):
        import judge
        evidence = judge.gather(world)
        self.events += len(evidence["events"])
        self.asked += sum(r["state"] == "attention" for r in evidence["runs"])
        found = judge.judge(evidence, excused, besides)
        self.violations += found
        if found:
            self.keep(world, evidence, found)
        return evidence

    def violate(self, invariant, text):
        import judge
        self.violations.append(judge.Violation(invariant, "", text))

    def keep(self, world, evidence, found):
        """What is needed to understand a violation, beside the build."""
        folder = os.path.join(os.environ["SAUMA_BUILD"], "torture")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{self.family.NAME}-{self.seed}-{self.number}.txt")
        with open(path, "w") as f:
            for v in found:
                f.write(f"{v}\n")
            for name in ("events", "runs", "steps", "ledger", "sent"):
                f.write(f"\n== {name}\n")
                f.writelines(json.dumps(row, default=str) + "\n" for row in evidence[name])
            for p in world.processes:
                f.write(f"\n== {p.name}\n{p.errors()[-20000:]}\n")
        self.note(f"evidence in {os.path.relpath(path, ROOT)}")

    def run(self):
        try:
            self.family.case(self)
        except Exception:  # whatever it is: the case did not end as it must
            self.violate("ends", traceback.format_exc(limit=-4).strip())
            for world in self.worlds:
                if world.host and world.processes:
                    self.violate("ends", "the host's log: " + world.host.errors()[-1500:])
        for world in self.worlds:
            try:
                world.close()
            except AssertionError as e:
                self.violate("clean", str(e))
        return self


def settings():
    get = os.environ.get
    return {
        "only": [w for w in get("TORTURE_ONLY", "").split(",") if w],
        "scale": float(get("TORTURE_SCALE", "1")),
        "seconds": float(get("TORTURE_SECONDS", "0")),
        "seed": int(get("TORTURE_SEED", "0")) or random.SystemRandom().randrange(1, 10**9),
        "case": int(get("TORTURE_CASE", "-1")),
        "jobs": int(get("TORTURE_JOBS", "4")),
    }


def run_family(family, s, out):
    """All cases of a family, several side by side; those that were not begun in time are left."""
    wanted = family.cases(s["scale"]) if hasattr(family, "cases") else max(
        1, round(family.FULL * s["scale"] / family.PER_CASE))
    wanted = min(wanted, s.get("cases", wanted))
    numbers = [s["case"]] if s["case"] >= 0 else list(range(wanted))
    began, done, lock = time.monotonic(), [], threading.Lock()

    def one(number):
        if s["seconds"] and time.monotonic() - began > s["seconds"]:
            return
        case = Case(family, s["seed"], number, s["scale"]).run()
        with lock:
            done.append(case)
            for v in case.violations[:SHOWN]:
                out(f"  {family.NAME} case {number}: {v.invariant} {v.company}: {v.text}")
            if len(case.violations) > SHOWN:
                out(f"  ... and {len(case.violations) - SHOWN} more of this case")
            if case.violations:
                out(f"  again: TORTURE_SEED={s['seed']} TORTURE_ONLY={family.NAME} "
                    f"TORTURE_CASE={number} make torture")
    with concurrent.futures.ThreadPoolExecutor(min(s["jobs"], family.JOBS)) as pool:
        list(pool.map(one, numbers))
    return done, len(numbers), time.monotonic() - began


def row_of(family, done, wanted, seconds):
    from ground import percentile
    recoveries = [r for c in done for r in c.recoveries]
    events, asked = sum(c.events for c in done), sum(c.asked for c in done)
    notes = {}
    for case in done:
        for what, count in case.notes.items():
            notes[what] = notes.get(what, 0) + count
    return {
        "family": family.NAME, "n": sum(c.n for c in done), "full": family.FULL,
        "cases": f"{len(done)}/{wanted}", "events": events,
        "violations": sum(len(c.violations) for c in done),
        "asked": f"{asked / events:.2%}" if events else "-",
        "p50": f"{percentile(recoveries, 0.5):.2f}" if recoveries else "-",
        "p99": f"{percentile(recoveries, 0.99):.2f}" if recoveries else "-",
        "seconds": f"{seconds:.0f}",
        "notes": ", ".join(f"{k}: {v}" for k, v in sorted(notes.items())),
    }


COLUMNS = [("family", "family"), ("n", "N"), ("full", "in full"), ("cases", "cases"),
           ("events", "events"), ("violations", "violations"), ("asked", "to a person"),
           ("p50", "recovery p50 s"), ("p99", "p99 s"), ("seconds", "took s")]


def table(rows):
    cells = [[title for _, title in COLUMNS]] + [[str(r[k]) for k, _ in COLUMNS] for r in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(COLUMNS))]
    lines = ["  ".join(c.rjust(w) for c, w in zip(line, widths)) for line in cells]
    return "\n".join(lines + [f"{r['family']}: {r['notes']}" for r in rows if r["notes"]])


def families():
    from store_families import FAMILIES as of_the_store
    return [importlib.import_module(module) for module in FAMILIES] + of_the_store


def torture(s, builds, out=lambda line: print(line, flush=True)):
    """Runs what the settings ask for; the rows of the table."""
    import harness
    rows = []
    out(f"seed {s['seed']}, scale {s['scale']:g}")
    for family in families():
        if s["only"] and family.NAME not in s["only"]:
            continue
        build = builds["faults" if getattr(family, "FAULTS", False) else "plain"]
        os.environ["SAUMA_BUILD"] = harness.BUILD = build
        harness.SAUMA = os.path.join(build, "sauma")
        out(f"{family.NAME}: {family.DOES}")
        done, wanted, seconds = run_family(family, s, out)
        rows.append(row_of(family, done, wanted, seconds))
    return rows


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=os.path.join(ROOT, "build"))
    args.add_argument("--faults-build", default=os.path.join(ROOT, "build", "debug"))
    args = args.parse_args()
    sys.path.insert(0, HERE)
    import ground  # noqa: F401  finds the end-to-end harness
    s = settings()
    rows = torture(s, {"plain": os.path.abspath(args.build),
                       "faults": os.path.abspath(args.faults_build)})
    print(table(rows))
    violations = sum(r["violations"] for r in rows)
    if violations:
        print("repeat all of it: " + shlex.join([f"TORTURE_SEED={s['seed']}",
                                                 f"TORTURE_SCALE={s['scale']:g}"]) + " make torture")
    print(f"{len(rows)} families, {violations} violations")
    return 1 if violations or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
