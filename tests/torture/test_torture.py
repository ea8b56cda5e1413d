"""The part of the torture that belongs to every test run: each family, some of its cases. TORTURE_SEED
repeats a run; `make torture` does all of it."""
import unittest

import torture
from ground import harness

# How much of the full numbers, by family, in some three minutes of one core under the sanitizers.
SHARE = {"F1": 0.1, "F2": 0.01, "R2": 0.1, "W2": 0.02}


class Torture(unittest.TestCase):
    def some_of(self, name):
        lines = []
        s = dict(torture.settings(), only=[name], scale=SHARE[name], case=-1, jobs=2)
        rows = torture.torture(s, {"plain": harness.BUILD, "faults": harness.BUILD}, lines.append)
        print(torture.table(rows), flush=True)
        self.assertEqual(len(rows), 1)
        self.assertGreater(rows[0]["n"], 0)
        self.assertEqual(rows[0]["violations"], 0, "\n".join(lines))


for each in SHARE:
    setattr(Torture, f"test_{each.lower()}", lambda self, name=each: self.some_of(name))

if __name__ == "__main__":
    harness.main()
