#!/usr/bin/env python3
"""A million events that wait: start, fairness, acceptance and memory of a host that finds them.

usage: tests/bench/backlog.py [--build DIR] [--events N] [--companies N] [--seconds N] [--drain]

Half of the events are of one company, the rest are spread evenly over the others but one, which
has none: events that come to it now must not wait for anybody. The store is filled as if they had
all been accepted and none had been routed. Prints one line of figures and whether each goal is met;
with --drain it works until nothing is left and counts what the outside got. Exit status 1: missed.
"""
import argparse
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QUIET = "quiet"  # the company without a backlog
GOALS = {"start_s": 10, "memory_mb": 512, "first_s": 5, "new_s": 5, "accept_p99_ms": 20}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def name(n):
    return f"c{n:04}"


def shares(events, companies):
    """How many events each company has: half are of the first."""
    others = companies - 1
    rest = events - events // 2
    return [events // 2] + [rest // others + (n < rest % others) for n in range(others)]


def make_companies(folder, companies):
    for n in [*map(name, range(companies)), QUIET]:
        shutil.copytree(f"{ROOT}/tests/bench/company", f"{folder}/{n}")


class Host:
    def __init__(self, build, companies, data, backend):
        self.port = free_port()
        self.began = time.monotonic()
        self.began_ms = time.time() * 1000
        self.p = subprocess.Popen(
            [f"{build}/sauma", "serve", "--companies", companies, "--data", data, "--listen",
             f"127.0.0.1:{self.port}", "--log", "error"],
            stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, SAUMA_HOME=ROOT, BENCH_URL=f"http://127.0.0.1:{backend}"))
        self.p.stdout.readline()  # it says where it listens
        self.start_s = time.monotonic() - self.began

    def peak_mb(self):
        """Most that each of its processes ever had resident, added up."""
        total = 0
        with open(f"/proc/{self.p.pid}/task/{self.p.pid}/children") as f:
            pids = [str(self.p.pid), *f.read().split()]
        for pid in pids:
            with open(f"/proc/{pid}/status") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        return total / 1024

    def stop(self, kill=False):
        self.p.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        self.p.wait()


def body_of(template, n):
    return template.replace("%ID%", f"{n:012}").replace("EVENT", "proposal.accepted")


def fill(data, template, counts):
    """Events as the host would have stored them, in the order of arrival mixed over companies."""
    db = sqlite3.connect(f"{data}/sauma.db")
    db.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-200000;"
                     "DROP TRIGGER books_received;")
    left = list(counts)
    now = int(time.time() * 1000)
    seq = 0

    def rows():
        nonlocal seq
        big = max(1, counts[0] // max(1, max(counts[1:])))
        while any(left):
            for c in range(len(left)):
                for _ in range(min(left[c], big if c == 0 else 1)):
                    left[c] -= 1
                    seq += 1
                    yield c, seq

    events, bodies = [], []
    with db:
        for c, n in rows():
            body = body_of(template, n).encode()
            events.append((n, f"evt_{n:026}", name(c), f"backlog-{n}", now,
                           hashlib.blake2b(body, digest_size=16).digest()))
            bodies.append((n, body))
            if len(events) == 10000:
                flush(db, events, bodies)
        flush(db, events, bodies)
        for c, n in enumerate(counts):
            for state in ("received", "in_flight"):
                db.execute("INSERT INTO books VALUES (?, ?, ?)", (name(c), state, n))
    db.executescript(
        "CREATE TRIGGER books_received AFTER INSERT ON events BEGIN"
        " INSERT INTO books VALUES (NEW.company, 'received', 1)"
        "  ON CONFLICT (company, state) DO UPDATE SET n = n + 1;"
        " INSERT INTO books VALUES (NEW.company, NEW.state, 1)"
        "  ON CONFLICT (company, state) DO UPDATE SET n = n + 1; END;")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def flush(db, events, bodies):
    db.executemany("INSERT INTO events (seq, id, company, connection, type, delivery, received_ms,"
                   " body_hash) VALUES (?, ?, ?, 'bench', 'proposal.accepted', ?, ?, ?)", events)
    db.executemany("INSERT INTO bodies (event, headers, body) VALUES (?, '{}', ?)",
                   bodies)
    events.clear()
    bodies.clear()


class Poster(threading.Thread):
    """New events while all that goes on: one a second of the quiet company, many of one that has a
    backlog; and how long each took to be accepted."""

    def __init__(self, host, template, first):
        super().__init__(daemon=True)
        self.host, self.template, self.first = host, template, first
        self.waits, self.refused, self.ended = [], 0, False

    def run(self):
        c = http.client.HTTPConnection("127.0.0.1", self.host.port)
        n = self.first
        while not self.ended:
            n += 1
            company = QUIET if n % 50 == 0 else name(1)
            began = time.monotonic()
            c.request("POST", f"/hooks/{company}/bench", body_of(self.template, n))
            answer = c.getresponse()
            answer.read()
            self.waits.append((time.monotonic() - began) * 1000)
            self.refused += answer.status != 202
            time.sleep(0.02)


def reader(data):
    db = sqlite3.connect(f"file:{data}/sauma.db?mode=ro", uri=True, timeout=30)
    db.execute("PRAGMA cache_size=-2000")
    return db


def books(data):
    db = reader(data)
    counts = dict(db.execute("SELECT state, sum(n) FROM books GROUP BY state").fetchall())
    db.close()
    return counts


def first_begun(data, began_ms, companies):
    """Seconds from the start until each company's first run had begun; None: one has not."""
    db = reader(data)
    rows = dict(db.execute("SELECT company, min(created_ms) FROM runs WHERE state <> 'queued'"
                           " GROUP BY company"))
    db.close()
    if any(name(n) not in rows for n in range(companies)):
        return None
    return max(rows[name(n)] - began_ms for n in range(companies)) / 1000


def longest_new(data):
    """Seconds from the receipt of an event of the quiet company to the end of its run."""
    db = reader(data)
    row = db.execute(
        "SELECT count(*), max(CASE WHEN r.state = 'done' THEN r.updated_ms - e.received_ms"
        " ELSE 3600000 END) FROM events e LEFT JOIN runs r ON r.event = e.seq WHERE e.company = ?"
        " AND e.received_ms < (SELECT max(received_ms) FROM events WHERE company = ?1) - 5000",
        (QUIET,)).fetchone()
    db.close()
    return row[1] / 1000 if row[0] else None


def in_order(data):
    """Runs of a key that began before an earlier one of it had ended."""
    db = reader(data)
    wrong = db.execute(
        "SELECT count(*) FROM (SELECT n, lag(n) OVER w AS before, updated_ms, lag(updated_ms) OVER w"
        " AS ended FROM runs WHERE state = 'done' WINDOW w AS (PARTITION BY company, key ORDER BY"
        " event)) WHERE updated_ms < ended").fetchone()[0]
    db.close()
    return wrong


def percentile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * q))]


def measure(build, events=1000000, companies=1000, seconds=20, drain=False, say=lambda text: None):
    work = tempfile.mkdtemp(prefix="sauma-backlog-")
    folder, data, backend_port = f"{work}/companies", f"{work}/data", free_port()
    with open(f"{ROOT}/tests/bench/proposal.json") as f:
        template = f.read().strip()
    with open(f"{work}/body.json", "w") as f:
        f.write(template)
    make_companies(folder, companies)
    os.mkdir(f"{work}/none")
    Host(build, f"{work}/none", data, backend_port).stop()  # makes the store
    began = time.monotonic()
    counts = shares(events, companies)
    fill(data, template, counts)
    say(f"filled in {time.monotonic() - began:.0f} s")
    host = Host(build, folder, data, backend_port)
    backend = subprocess.Popen(
        [f"{build}/bench/flow", "127.0.0.1", str(host.port), "/hooks/none/none",
         f"{work}/body.json", "0", "86400", str(backend_port)], stdout=subprocess.PIPE, text=True)
    poster = Poster(host, template, events)
    try:
        poster.start()
        at = time.monotonic()
        first, end = None, at + seconds
        while time.monotonic() < end:
            time.sleep(1)
            first = first or first_begun(data, host.began_ms, companies)
        poster.ended = True
        poster.join()
        b = books(data)
        figures = {"start_s": host.start_s, "first_s": first, "new_s": longest_new(data),
                   "accept_p99_ms": percentile(poster.waits, 0.99),
                   "accept_p50_ms": percentile(poster.waits, 0.5),
                   "done_per_s": b.get("done", 0) / (time.monotonic() - at),
                   "refused": poster.refused, "wrong_order": in_order(data)}
        while drain and b.get("in_flight"):
            time.sleep(2)
            b = books(data)
            if host.p.poll() is not None:
                raise RuntimeError(f"the host ended with status {host.p.returncode}")
            say(f"{b.get('in_flight', 0)} left")
        figures["memory_mb"] = host.peak_mb()
        if drain:
            figures["drained_s"] = time.monotonic() - host.began
            figures["wrong_order"] = in_order(data)
        b = books(data)
        figures["books_difference"] = 2 * b["received"] - sum(b.values())
        figures["not_done"] = b["received"] - b.get("done", 0) - b.get("in_flight", 0)
        backend.terminate()
        outside = json.loads(backend.communicate()[0])
        figures["invoiced_twice"] = outside["again"]
        if drain:
            figures["not_invoiced"] = b["received"] - outside["invoices"]
    finally:
        backend.kill()
        backend.wait()
        host.stop(kill=True)
        shutil.rmtree(work)
    return figures


def missed(figures):
    wrong = [g for g, most in GOALS.items() if figures[g] is None or figures[g] > most]
    return wrong + [g for g in ("refused", "wrong_order", "books_difference", "not_done",
                                "invoiced_twice", "not_invoiced") if figures.get(g)]


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default=f"{ROOT}/build")
    args.add_argument("--events", type=int, default=1000000)
    args.add_argument("--companies", type=int, default=1000)
    args.add_argument("--seconds", type=float, default=20)
    args.add_argument("--drain", action="store_true")
    args = args.parse_args()
    figures = measure(os.path.abspath(args.build), args.events, args.companies, args.seconds,
                      args.drain, lambda text: print(text, file=sys.stderr, flush=True))
    wrong = missed(figures)
    print(json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in figures.items()}))
    print("goals met" if not wrong else f"MISSED: {', '.join(wrong)}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
