"""F4, F6, F7, F8: the store alone under power cuts, broken disks, no memory and damaged files. The
work is done by the program store_torture (store_main.c); here it is a family like the others."""
import os
import re
import subprocess

from ground import harness


class Family:
    PER_CASE, JOBS, FAULTS, FULL = 1, 1, False, 1

    def __init__(self, name, word, does):
        self.NAME, self.word, self.DOES = name, word, does

    def cases(self, scale):
        return 1

    def case(self, t):
        program = os.path.join(harness.BUILD, "torture", "store_torture")
        full = ["--full"] if t.scale >= 1 else []
        done = subprocess.run([program, self.word, *full, "--seed", str(t.seed)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
        found = re.findall(r"(?m)^(\d+) passed, (\d+) failed", done.stdout)
        passed, failed = map(int, found[-1]) if found else (0, 1)
        t.n += passed
        if failed or done.returncode:
            t.violate(self.NAME, f"{failed} failed, exit status {done.returncode}:\n"
                      + done.stdout[-3000:])
        for line in done.stdout.splitlines()[1:-1]:
            t.note(line.strip()[:100])


FAMILIES = [Family("F4", "power", "power cuts: images of a disk that lost what was not synchronised"),
            Family("F6", "io", "reads, writes and fsyncs that fail, once and for ever"),
            Family("F7", "memory", "the n-th allocation fails, for each n"),
            Family("F8", "corrupt", "damaged, truncated, foreign and future files")]
