"""A host for the benches, and what is measured of it from outside."""
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICKS = os.sysconf("SC_CLK_TCK")


def pin(core):
    """The process that calls it runs on this core alone."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tree(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [pid] + [int(p) for p in f.read().split()]


def own_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_seconds(pid):
    return sum(own_seconds(p) for p in tree(pid))


def memory_mb(pid):
    total = 0
    for p in tree(pid):
        with open(f"/proc/{p}/smaps_rollup") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total / 1024


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key.pem",
                    "-out", f"{folder}/cert.pem"], check=True, stderr=subprocess.DEVNULL)


class Host:
    def __init__(self, build, companies, env=None, args=(), core=None):
        self.dir = tempfile.mkdtemp(prefix="sauma-bench-")
        self.port = free_port()
        self.began = time.monotonic()
        self.p = subprocess.Popen(
            [f"{build}/sauma", "serve", "--companies", companies, "--data", self.dir, "--listen",
             f"127.0.0.1:{self.port}", "--log", "error", *args], stdout=subprocess.DEVNULL,
            preexec_fn=None if core is None else lambda: pin(core),
            env=dict(os.environ, SAUMA_HOME=ROOT, **(env or {})))
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self.p.poll() is not None or time.monotonic() > self.began + 60:
                    raise RuntimeError("the host did not start")
                time.sleep(0.002)

    def stop(self):
        self.p.terminate()
        self.p.wait()
        shutil.rmtree(self.dir)


def books(host):
    store = sqlite3.connect(f"file:{host.dir}/sauma.db?mode=ro", uri=True)
    counts = dict(store.execute("SELECT state, sum(n) FROM books GROUP BY state").fetchall())
    store.close()
    return counts
