"""F1: the host is killed at each of its fault points, at the first and at later passes."""
import glob
import os
import re

from f1_scenes import scene_of
from ground import harness

NAME, DOES = "F1", "kill -9 at every fault point, first and later passes"
PER_CASE, JOBS, FAULTS = 1, 2, True
PASSES = (1, 2, 3, 5, 9, 14)


def points():
    """All that the host's sources have: a new one is tried without being told here."""
    found = set()
    for path in glob.glob(os.path.join(harness.ROOT, "host", "*", "*.c")):
        with open(path) as f:
            found.update(re.findall(r'FAULT_POINT\("(\w+)"\)', f.read()))
    return sorted(found)


FULL = len(points()) * len(PASSES)


def cases(scale):
    return len(points()) * (2 if scale < 0.5 else len(PASSES))


def case(t):
    names = points()
    point, nth = names[t.number % len(names)], PASSES[t.number // len(names) % len(PASSES)]
    if scene_of(point)(t, point, nth):
        t.n += 1
        t.note("died")
    else:
        t.violate("F1", f"{point} was not passed {nth} times: its scene (f1_scenes.py) is too short")
