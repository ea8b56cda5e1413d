"""F5: the disk is full, at any write: deliveries are answered 503 with Retry-After and never 2xx,
nothing ends, and within five seconds of there being space again it goes on by itself."""
import http.client
import os
import subprocess
import time

from ground import request, signed_headers

NAME, DOES = "F5", "a small disk fills up at any write, and is freed again"
FULL, PER_CASE, JOBS = 120, 1, 2
DISK_KB, RESUME_S = 6 << 10, 5
BUSY = 12  # seconds more than RESUME_S are the machine's, when it is shared


def fill(w, leave):
    """Writes ballast until so many bytes are free."""
    with open(os.path.join(w.data, "ballast"), "ab") as f:
        while True:
            s = os.statvfs(w.data)
            more = s.f_bavail * s.f_frsize - leave
            if more <= 0:
                return
            try:
                f.write(b"x" * min(more, 65536))
                f.flush()
            except OSError:
                return


def deliver(t, w, body):
    """One delivery: its status; a 503 says when to come again."""
    raw, headers = signed_headers(w, "acme", body)
    began = time.time()
    try:
        status, got, answer = request(w.address, "POST", "/hooks/acme/click2contract", raw, headers)
    except (OSError, http.client.HTTPException) as e:
        t.violate("F5", f"no answer while the disk was full: {e}")
        return 0
    if status == 503 and "retry-after" not in got:
        t.violate("F5", f"503 without Retry-After: {answer!r}")
    if status not in (200, 202, 503):
        t.violate("F5", f"answered {status} while the disk was full: {answer!r}")
    w.log_sent("acme", body, status, answer, began)
    return status


def case(t):
    try:
        w = t.ground(disk_kb=DISK_KB, fault="delay=0ms..5ms")
    except (OSError, subprocess.CalledProcessError):
        t.note("not tried: no right to mount a small disk")
        return
    w.start_host()
    number = refused = 0
    for i in range(5):
        w.post("acme", w.proposal(f"F5-{t.number}-{number}"))
        number += 1
    fill(w, t.random.choice((0, 4096, 20_000, 60_000, 150_000)) + t.random.randrange(4096))
    end = time.monotonic() + 4
    while time.monotonic() < end and refused < 8:
        refused += deliver(t, w, w.proposal(f"F5-{t.number}-{number}")) == 503
        number += 1
    t.note("refused with 503", refused)
    if w.host.p.poll() is not None:
        t.violate("F5", f"the host ended with {w.host.p.returncode} on a full disk")
        w.start_host()
    if t.random.random() < 0.3 and refused:
        w.kill_host()
        os.unlink(os.path.join(w.data, "ballast"))
        w.start_host()
    else:
        os.unlink(os.path.join(w.data, "ballast"))
    freed = time.monotonic()
    while True:
        body = w.proposal(f"F5-{t.number}-{number}")
        number += 1
        if deliver(t, w, body) in (200, 202):
            break
        if time.monotonic() - freed > RESUME_S + BUSY:
            t.violate("F5", f"still 503 {RESUME_S + BUSY} s after there was space again")
            return
        time.sleep(0.05)
    t.recoveries.append(time.monotonic() - freed)
    w.quiesce()
    t.judge(w)
    t.n += 1
