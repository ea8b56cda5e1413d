"""R1: the outside is not there, has no name, or is somebody else: nothing is sent, nothing is
counted as perhaps done, and when it is there again all goes on."""
import os
import socket

from ground import wait_until
from tls import Certificates, Front

NAME, DOES = "R1", "refused, no such name, TLS unknown, expired, of another host, none, cut"
WAYS = ("refused", "no-name", "unknown-ca", "expired", "wrong-host", "plain", "hangup")
FULL, PER_CASE, JOBS = 1_000, 5, 2


def case(t):
    way = WAYS[t.number % len(WAYS)]
    ca = os.path.join(Certificates.get(), "ca.pem")
    w = t.ground(settings=("--retry-attempts", "100000", "--ca-file", ca, "--http-timeout", "5s"))
    front = Front(w.sandbox_address, way)
    try:
        unreached(t, w, way, front)
    finally:
        front.close()


def unreached(t, w, way, front):
    if way == "refused":
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            nobody = s.getsockname()[1]
        w.env["ACME_URL"] = f"https://localhost:{nobody}/acme/api"
    elif way == "no-name":
        w.env["ACME_URL"] = "https://procountor.invalid/acme/api"
    else:
        w.env["ACME_URL"] = f"https://localhost:{front.port}/acme/api"
    w.start_host()
    for i in range(PER_CASE):
        w.send("acme", w.proposal(f"R1-{t.number}-{i}"))
    wait_until(lambda: retries(w) >= 10, f"tries against {way}")
    if front.plain_bytes:
        t.violate("R1", f"{way}: {front.plain_bytes} bytes of requests were sent")
    unknown = w.query("SELECT count(*) FROM steps WHERE outcome = 'unknown'")[0][0]
    ended = w.query("SELECT state, reason FROM runs WHERE state NOT IN"
                    " ('queued', 'running', 'waiting')")
    if unknown or ended:
        t.violate("R1", f"{way}: {unknown} unknown outcomes, ended: {ended[:2]}")
    t.note(f"tries against {way}", retries(w))
    front.kind = "good"
    w.env["ACME_URL"] = f"https://localhost:{front.port}/acme/api"
    w.restart()
    w.quiesce(events=PER_CASE)
    if not front.plain_bytes:
        t.violate("R1", "the good certificate was not used")
    t.judge(w)
    t.n += PER_CASE


def retries(w):
    from ground import request
    for line in request(w.address, "GET", "/metrics")[2].decode().splitlines():
        if line.startswith("sauma_retries_total "):
            return int(line.split()[1])
    return 0
