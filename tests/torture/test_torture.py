"""The part of the torture that belongs to every test run: each family, some of its cases. TORTURE_SEED
repeats a run; `make torture` does all of it."""
import os
import unittest

import torture
from ground import harness

# The scale and the cases of each family that belong to every run: some three minutes of one core
# under the sanitizers. What the store does alone has a suite of its own (store_torture).
SHARE = {"F1": (0.1, 99), "F2": (1, 4), "F5": (1, 3), "R1": (1, 7), "R2": (0.1, 31), "R3": (1, 4),
         "R4": (1, 5), "R5": (0.1, 24), "R6": (1, 5), "R6G": (1, 2), "W1": (1, 2), "W2": (1, 2),
         "C1": (1, 3), "L2": (1, 10), "H2": (0.05, 1), "S1": (1, 2), "Y1": (0.01, 1)}
# Those whose share is the same each time, unless TORTURE_SEED says otherwise.
FIXED = {"Y1": 17}


class Torture(unittest.TestCase):
    def some_of(self, name):
        lines = []
        scale, cases = SHARE[name]
        s = torture.settings()
        if name in FIXED and not os.environ.get("TORTURE_SEED"):
            s["seed"] = FIXED[name]
        s = dict(s, only=[name], scale=scale, cases=cases, case=-1, jobs=2)
        rows = torture.torture(s, {"plain": harness.BUILD, "faults": harness.BUILD}, lines.append)
        print(torture.table(rows), flush=True)
        self.assertEqual(len(rows), 1)
        if "not tried" in rows[0]["notes"]:
            self.skipTest(rows[0]["notes"])
        self.assertGreater(rows[0]["n"], 0, "\n".join(lines))
        self.assertEqual(rows[0]["violations"], 0, "\n".join(lines))


for each in SHARE:
    setattr(Torture, f"test_{each.lower()}", lambda self, name=each: self.some_of(name))

if __name__ == "__main__":
    harness.main()
