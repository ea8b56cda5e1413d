"""The clock on the wall is set: some of the scenarios of tests/torture/c1_schedules.py, side by side."""
import concurrent.futures
import os
import sys
import unittest

from harness import ROOT, main

sys.path.insert(0, os.path.join(ROOT, "tests", "torture"))

import c1_schedules  # noqa: E402

HERE = ["set -86400 while it runs", "set +86400 while it is down", "set -86400 and put right",
        "spring, a local time that is left out", "autumn, a local time that comes twice",
        "a sleep, set -86400", "a sleep, set -86400, down", "a sleep, set +86400",
        "a token, set +86400", "tries after days down", "nothing to do, set -3600", "a leap second", "9999"]


class SetClock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # They wait more than they compute.
        cls.pool = concurrent.futures.ThreadPoolExecutor(4)
        cls.running = {name: cls.pool.submit(c1_schedules.run, name) for name in HERE}


for _name in HERE:
    setattr(SetClock, "test_" + _name, lambda self, name=_name: self.running[name].result())

if __name__ == "__main__":
    main()
