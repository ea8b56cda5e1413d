#!/usr/bin/env python3
"""Syncs that are wrong on purpose (mutants/*.sed: which file, and with which CRM; what is wrong; how),
each of which the companies' tests must find, or Y1 within some hundred cases. One that passes means that
nothing looks at what that mutant breaks.

usage: y1_mutants.py [--build DIR] [--y1] [--worlds 2] [--jobs 2] [NAME...]

--y1: Y1 alone is to find them; what it does not know of it passes (two of one business ID, a company that
was merged, HubSpot's pages)."""
import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SEED = os.environ.get("TORTURE_SEED", "11")
SCRIPTS = ("lua", "rules")
COMPANIES = ("examples/sync", "tests/companies/sync", "tests/companies/sync_options",
             "tests/companies/sync_crms")


def home_of(name, folder):
    """A checkout in which the mutant's file is changed; what is wrong there, and with which CRM it shows."""
    path = f"{HERE}/mutants/{name}.sed"
    with open(path) as f:
        where, what = (f.readline().removeprefix("# ").strip() for _ in range(2))
    file, crm = (where + " crm").split()[:2]
    for entry in os.listdir(ROOT):
        if entry not in SCRIPTS:
            os.symlink(f"{ROOT}/{entry}", f"{folder}/{entry}")
    for entry in SCRIPTS:
        shutil.copytree(f"{ROOT}/{entry}", f"{folder}/{entry}")
    subprocess.run(["sed", "-i", "-f", path, f"{folder}/{file}"], check=True)
    with open(f"{ROOT}/{file}") as a, open(f"{folder}/{file}") as b:
        if a.read() == b.read():
            sys.exit(f"{path} changes nothing in {file}")
    return what, crm


def by_companies(folder, build):
    """The first test of a company that fails, or None."""
    for company in COMPANIES:
        done = subprocess.run([f"{build}/sauma", "test", f"{ROOT}/{company}"],
                              env=dict(os.environ, SAUMA_HOME=folder), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            failed = re.search(r"^FAIL +(.*)", done.stdout, re.M)
            return f"{company}: {failed.group(1) if failed else done.stdout[-300:]}"
    return None


def try_one(name, build, worlds, y1_alone):
    """True if it was noticed, and the line that says so."""
    folder = tempfile.mkdtemp(prefix=f"sauma-{name}-")
    try:
        what, crm = home_of(name, folder)
        failed = not y1_alone and by_companies(folder, build)
        if failed:
            return True, f"noticed: {what}: {failed}"
        for case in range(worlds):
            env = dict(os.environ, TORTURE_HOME=folder, TORTURE_ONLY="Y1", TORTURE_SEED=SEED,
                       TORTURE_CASE=str(case), TORTURE_CRM=crm, TORTURE_JOBS="1", TORTURE_SCALE="1")
            done = subprocess.run([f"{HERE}/torture.py", "--build", build, "--faults-build", build], env=env,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            why = re.search(r"Y1 case \d+: (.*)", done.stdout)
            if done.returncode:
                return True, f"noticed: {what}: {why.group(1)[:160] if why else done.stdout[-300:]}"
        return False, f"NOT NOTICED in {500 * worlds} cases: {what} ({name})"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build")
    args.add_argument("--y1", action="store_true")
    args.add_argument("--worlds", type=int, default=2)
    args.add_argument("--jobs", type=int, default=2)
    args.add_argument("names", nargs="*")
    args = args.parse_args()
    names = args.names or sorted(os.path.basename(p)[:-4] for p in glob.glob(f"{HERE}/mutants/*.sed"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for noticed, line in pool.map(
                lambda n: try_one(n, os.path.abspath(args.build), args.worlds, args.y1), names):
            failed += not noticed
            print(line, flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
