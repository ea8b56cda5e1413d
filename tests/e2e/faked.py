"""A host whose clock on the wall is played by libfaketime, and can be set while it runs; the
monotonic clock stays the real one, as when an operator or NTP sets a clock."""
import glob
import os
import subprocess
import time
from datetime import datetime, timezone

from harness import SAUMA, UNDER


def _preload():
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        raise AssertionError("libfaketime is not installed (make test does)")
    linked = subprocess.run(["ldd", SAUMA], stdout=subprocess.PIPE, check=True).stdout.decode()
    # A sanitizer's runtime wants to come first.
    first = [line.split("=>")[1].split()[0] for line in linked.splitlines()
             if "libasan" in line or "libtsan" in line]
    return ":".join(first + found)


class Clock:
    """clock.env is for the host; clock.set("2026-03-29T02:59:50Z") sets its clock."""

    def __init__(self, world, at):
        self.path = os.path.join(world.dir, "clock")
        self.env = {"LD_PRELOAD": _preload(), "FAKETIME_TIMESTAMP_FILE": self.path,
                    "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.set(at)

    def set(self, at):
        """The clock shows this now, and goes on from there."""
        wanted = datetime.fromisoformat(at.replace("Z", "+00:00"))
        self.write((wanted - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() -
                   time.time())

    def move(self, seconds):
        self.write(self.ahead + seconds)

    def write(self, ahead):
        self.ahead = ahead
        with open(self.path + ".new", "w") as f:
            f.write(f"{ahead:+.3f}\n")
        os.rename(self.path + ".new", self.path)  # never half a file


__all__ = ["Clock", "UNDER"]
