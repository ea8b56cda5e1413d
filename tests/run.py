#!/usr/bin/env python3
"""Runs the whole test suite and ends with one line: `N passed, N failed`.

usage: tests/run.py [--build DIR] [--only WORD] [--valgrind]

Suites: the unit programs of DIR/unit (cmocka), the companies of examples/ through `sauma test`,
fuzz corpora replayed through DIR/fuzz/*_replay, and the end-to-end tests of tests/e2e, which run
the real program against sandbox servers. A suite's output is shown when something in it failed.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def counts_of(output, code):
    """Passed and failed in a suite's output; a suite that dies without saying so has failed."""
    passed = failed = 0
    plain = re.findall(r"^(\d+) passed, (\d+) failed", output, re.M)
    if plain:
        passed, failed = map(int, plain[-1])
    else:
        passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", output))
        failed = sum(int(n) for n in re.findall(r"\[  FAILED  \] .*?(\d+) test\(s\), listed", output))
    if code != 0 and failed == 0:
        failed = 1
    if code == 0 and passed + failed == 0:
        failed = 1
    return passed, failed


def suites(build, valgrind):
    wrap = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--child-silent-after-fork=yes"] if valgrind else []
    for program in sorted(glob.glob(f"{build}/unit/*/*_test")):
        yield "unit " + program.split("/unit/")[1], wrap + [program]
    for program in sorted(glob.glob(f"{build}/fuzz/*_replay")):
        name = os.path.basename(program)[:-len("_fuzz_replay")]
        yield "corpus " + name, [program, f"{ROOT}/tests/fuzz/corpus/{name}"]
    if valgrind:
        return
    for company in sorted(glob.glob(f"{ROOT}/examples/*/company.lua")):
        folder = os.path.dirname(company)
        yield "example " + os.path.basename(folder), [f"{build}/sauma", "test", folder]
    for script in sorted(glob.glob(f"{ROOT}/tests/e2e/test_*.py")):
        yield "e2e " + os.path.basename(script)[5:-3], [sys.executable, script]


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build/asan")
    args.add_argument("--only", default="")
    args.add_argument("--valgrind", action="store_true")
    args = args.parse_args()
    env = dict(os.environ, SAUMA_BUILD=os.path.abspath(args.build),
               ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=98",
               UBSAN_OPTIONS="print_stacktrace=1")
    total_passed = total_failed = 0
    for name, command in suites(os.path.abspath(args.build), args.valgrind):
        if args.only not in name:
            continue
        began = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                              cwd=ROOT, errors="replace", stdin=subprocess.DEVNULL)
        passed, failed = counts_of(done.stdout, done.returncode)
        total_passed += passed
        total_failed += failed
        print(f"{'ok  ' if not failed else 'FAIL'} {name:40} {passed:4} passed"
              f"{f', {failed} failed' if failed else ''} ({time.monotonic() - began:.1f} s)",
              flush=True)
        if failed:
            print(done.stdout, f"exit status {done.returncode}", flush=True)
    if total_passed + total_failed == 0:
        print("no test was found: is it built? (make test)")
        total_failed = 1
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


if __name__ == "__main__":
    sys.exit(main())
