#!/usr/bin/env python3
"""Runs the whole test suite and ends with one line: `N passed, N failed`.

usage: tests/run.py [--build DIR] [--only WORD] [--jobs N] [--valgrind]

Suites: the unit programs of DIR/unit (cmocka), the companies of examples/ and tests/companies/
through `sauma test`,
fuzz corpora replayed through DIR/fuzz/*_replay, the simulator (tests/sim), the end-to-end tests of
tests/e2e, which run the real program against sandbox servers, and some of the torture of
tests/torture. Each suite is one line when it ends; its output is shown
when something in it failed.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--fair-sched=yes",
            "--max-threads=1500"]


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


# Mostly waiting for what is to happen; they come first, so that nothing waits for them at the end.
LONG = ["torture torture", "e2e kill", "e2e retry", "e2e clock", "company accounting", "simulator",
        "e2e schedules", "torture store", "e2e diff"]


def long_first(suite):
    return LONG.index(suite[0]) if suite[0] in LONG else len(LONG)


def suites(build, valgrind):
    """(name, command) of each."""
    wrap = VALGRIND + ["--child-silent-after-fork=yes"] if valgrind else []
    if valgrind:
        yield "e2e main_job", [sys.executable, f"{ROOT}/tests/e2e/test_main_job.py"]
    else:
        for script in sorted(glob.glob(f"{ROOT}/tests/e2e/test_*.py")):
            yield "e2e " + os.path.basename(script)[5:-3], [sys.executable, script]
        for script in sorted(glob.glob(f"{ROOT}/tests/torture/test_*.py")):
            yield "torture " + os.path.basename(script)[5:-3], [sys.executable, script]
        for company in sorted(glob.glob(f"{ROOT}/examples/*/company.lua")):
            folder = os.path.dirname(company)
            yield "example " + os.path.basename(folder), [f"{build}/sauma", "test", folder]
        for company in sorted(glob.glob(f"{ROOT}/tests/companies/*/company.lua")):
            folder = os.path.dirname(company)
            yield "company " + os.path.basename(folder), [f"{build}/sauma", "test", folder]
    if not valgrind:
        # The same seeds everywhere: new ones are for `make sim`.
        yield "simulator", [f"{build}/sim/sim", "--from", "1", "--seeds", "4000"]
        yield "simulator's disk", [f"{build}/sim/conformance", "1", "40"]
        yield "simulator's rules", [f"{build}/sim/rules_conformance", "1", "2000"]
    if not valgrind and os.path.isdir(f"{build}/sim/mutants"):
        yield "simulator's mutants", [f"{ROOT}/tests/sim/mutants.sh", build]
    if not valgrind:
        yield "torture store", [f"{build}/torture/store_torture"]
    for program in sorted(glob.glob(f"{build}/unit/*/*_test")):
        if valgrind and program.endswith("/confine_test"):
            continue  # it is about the system call filter, which valgrind's own calls do not pass
        yield "unit " + program.split("/unit/")[1], wrap + [program]
    for program in sorted(glob.glob(f"{build}/fuzz/*_replay")):
        name = os.path.basename(program)[:-len("_fuzz_replay")]
        yield "corpus " + name, wrap + [program, f"{ROOT}/tests/fuzz/corpus/{name}"]


def run(command, env):
    """Output, exit status and seconds of a suite."""
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                          cwd=ROOT, errors="replace", stdin=subprocess.DEVNULL)
    return done.stdout, done.returncode, time.monotonic() - began


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build/asan")
    args.add_argument("--only", default="")
    args.add_argument("--jobs", type=int, default=2 + min(2, os.cpu_count() or 1))
    args.add_argument("--valgrind", action="store_true")
    args = args.parse_args()
    build = os.path.abspath(args.build)
    env = dict(os.environ, SAUMA_BUILD=build, SAUMA_HOME=ROOT,
               ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=98",
               UBSAN_OPTIONS="print_stacktrace=1")
    if args.valgrind:
        # SAUMA_UNDER is how tests/e2e/harness.py starts the program: script processes are followed.
        env.update(SAUMA_UNDER=" ".join(VALGRIND + ["--trace-children=yes"]),
                   LD_PRELOAD=f"{build}/valgrind_calls.so")
    total_passed = total_failed = 0
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        running = {pool.submit(run, command, env): name
                   for name, command in sorted(suites(build, args.valgrind), key=long_first)
                   if args.only in name}
        for suite in concurrent.futures.as_completed(running):
            output, code, seconds = suite.result()
            passed, failed = counts_of(output, code)
            total_passed += passed
            total_failed += failed
            print(f"{'ok  ' if not failed else 'FAIL'} {running[suite]:40} {passed:4} passed"
                  f"{f', {failed} failed' if failed else ''} ({seconds:.1f} s)", flush=True)
            for test, why in re.findall(r"^(.*) \.\.\. skipped [\"'](.*)[\"']$", output, re.M):
                print(f"     skipped {test.strip().split(' ')[0]}: {why}", flush=True)
            if failed:
                lines = output.splitlines()
                if len(lines) > 400:
                    lines[100:-300] = [f"... {len(lines) - 400} lines are left out ..."]
                print("\n".join(lines), f"\nexit status {code}", flush=True)
    if total_passed + total_failed == 0:
        print("no test was found: is it built? (make test)")
        total_failed = 1
    print(f"all in {time.monotonic() - began:.0f} s")
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


if __name__ == "__main__":
    sys.exit(main())
