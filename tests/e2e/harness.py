"""What the end-to-end tests stand on: the real program, its sandbox servers, real sockets.

A test makes a World (a folder with companies and data), starts sandboxes and a host in it, posts
deliveries as the sender would, and reads what happened from the outside: from the sandbox's own
API and pages, and from `sauma runs --json`.
"""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from urllib.parse import urlsplit

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("SAUMA_BUILD", os.path.join(ROOT, "build", "asan")))
SAUMA = os.path.join(BUILD, "sauma")
UNDER = os.environ.get("SAUMA_UNDER", "").split()  # valgrind and its options, or nothing
PATIENCE = 600 if UNDER else 120  # seconds until what should happen counts as never happening


def wait_until(question, what, patience=PATIENCE):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + patience
    pause = 0.01
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def request(address, method, path, body=b"", headers=None, timeout=60):
    """One HTTP request on a connection of its own: (status, headers, body bytes)."""
    host, port = address.rsplit(":", 1)
    c = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        c.request(method, path, body=body, headers=headers or {})
        r = c.getresponse()
        return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read()
    finally:
        c.close()


def free_ports():
    """Three ports in a row that nobody has, below those that the system gives out by itself."""
    while True:
        first = random.randrange(15000, 30000)
        taken = []
        try:
            for port in range(first, first + 3):
                taken.append(socket.create_server(("127.0.0.1", port)))
            return first
        except OSError:
            continue
        finally:
            for s in taken:
                s.close()


class Process:
    """A started program whose standard output is watched for a line."""

    def __init__(self, world, name, args, env=None, under=(), pass_fds=()):
        self.name, self.out = name, os.path.join(world.dir, f"{name}-{time.monotonic_ns()}.log")
        self.err = self.out + ".err"
        self.p = subprocess.Popen([*UNDER, *under, SAUMA, *args], cwd=world.dir,
                                  env=dict(world.env, **(env or {})), stdin=subprocess.DEVNULL,
                                  pass_fds=pass_fds,
                                  stdout=open(self.out, "wb"), stderr=open(self.err, "wb"))

    def text(self):
        with open(self.out, errors="replace") as f:
            return f.read()

    def errors(self):
        with open(self.err, errors="replace") as f:
            return f.read()

    def line(self, pattern):
        def look():
            found = re.search(pattern, self.text())
            if not found and self.p.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.p.returncode}:\n{self.errors()}")
            return found
        return wait_until(look, f"{pattern} from {self.name}")

    def stop(self, signal_number=signal.SIGTERM):
        if self.p.poll() is None:
            self.p.send_signal(signal_number)
        return self.p.wait(timeout=PATIENCE)

    def children(self):
        """Pids of the script processes: not of a sanitizer's helper, which at the program's end looks
        for leaks, and whose death that waits for without end."""
        with open(f"/proc/{self.p.pid}/task/{self.p.pid}/children") as f:
            pids = [int(p) for p in f.read().split()]
        return [p for p in pids if b"script-process" in self.command_of(p)]

    @staticmethod
    def command_of(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                return f.read()
        except (FileNotFoundError, ProcessLookupError):
            return b""


class World:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sauma-e2e-")
        self.data = os.path.join(self.dir, "data")
        self.companies = os.path.join(self.dir, "companies")
        os.mkdir(self.companies)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("SAUMA_")}
        self.env["SAUMA_HOME"] = ROOT
        self.env["SAUMA_ALLOW_ROOT"] = "1"  # whoever runs the tests
        if UNDER:
            self.env["SAUMA_NO_SECCOMP"] = "1"  # valgrind makes system calls of its own
        self.processes, self.host, self.sandbox, self.address = [], None, None, None
        self.urls = {}

    def close(self):
        """Ends all processes; once. A sanitizer's report in a log is a failure."""
        bad = []
        processes, self.processes = self.processes, []
        for p in processes:
            if p.p.poll() is None and UNDER:
                p.stop()  # in good order: leaks are looked for at the end
            elif p.p.poll() is None:
                p.p.kill()
                p.p.wait()
            errors = p.errors()
            if re.search(r"Sanitizer|runtime error|(?m:^==\d+==)", errors):
                bad.append(f"{p.name}:\n{errors[-6000:]}")
        shutil.rmtree(self.dir, ignore_errors=True)
        if bad:
            raise AssertionError("a sanitizer complained:\n" + "\n".join(bad))

    # ---- companies ----
    def add_company(self, name, source=None, copy=None, files=None):
        folder = os.path.join(self.companies, name)
        if copy:
            shutil.copytree(os.path.join(ROOT, copy), folder)
        else:
            os.makedirs(folder)
        for path, text in dict(files or {}, **({"company.lua": source} if source else {})).items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), "w") as f:
                f.write(text)

    def sauma(self, *args, stdin=b"", check=True, env=None):
        done = subprocess.run([SAUMA, *args], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={**self.env, **(env or {})}, cwd=self.dir,
                              timeout=PATIENCE)
        if check and done.returncode:
            raise AssertionError(f"sauma {' '.join(args)}: {done.returncode}\n"
                                 f"{done.stdout.decode()}{done.stderr.decode()}")
        return done

    def secret(self, company, name, value):
        self.sauma("secret", "set", company, name, "--data", self.data, stdin=value.encode())

    def minimal(self, name="minimal"):
        """The company of examples/minimal with all of its secrets; it looks for twins only in the
        test of that, so that its runs are those of the events that were sent."""
        self.add_company(name, copy="examples/minimal")
        path = os.path.join(self.companies, name, "company.lua")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace('connect "procountor"     { url', 'connect "procountor" { twins = false, url'))
        self.secret(name, "click2contract", "s3cret")
        for key in ("procountor-client-id", "procountor-client-secret", "procountor-api-key"):
            self.secret(name, key, "test")
        self.secret(name, "slack-url", self.urls["slack"])

    # ---- processes ----
    def start(self, name, args, env=None, under=(), pass_fds=()):
        p = Process(self, name, args, env, under, pass_fds)
        self.processes.append(p)
        return p

    def start_sandbox(self, *names, fault="", options=None):
        args = ["sandbox", *names, "--listen", "127.0.0.1:0", "--fault", fault]
        if options:
            args += ["--options", json.dumps(options)]
        self.sandbox = self.start("sandbox", args)
        for name in (n.split(":")[0] for n in names):
            self.urls[name] = self.sandbox.line(rf"(?m)^{name} +(\S+)$").group(1)
        if "procountor" in self.urls:
            self.env["PROCOUNTOR_URL"] = self.urls["procountor"]

    def start_host(self, *args, env=None, under=()):
        self.host = self.start("host", ["serve", "--companies", self.companies, "--data", self.data,
                                        "--listen", "127.0.0.1:0", "--alert-gather", "100ms", *args],
                               env, under)
        self.address = self.host.line(r"listening on http://(\S+?),").group(1)
        return self.host

    # ---- deliveries ----
    def deliver(self, body, company="minimal", connection="click2contract", secret="s3cret",
                headers=None, sign=True):
        """Posts as the sender does: (status, answer as JSON or bytes)."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        all_headers = {"Content-Type": "application/json"}
        if sign:
            at = str(int(time.time()))
            mac = hmac.new(secret.encode(), at.encode() + b"." + raw, hashlib.sha256).hexdigest()
            all_headers.update({"X-Timestamp": at, "X-Signature-256": "sha256=" + mac})
        all_headers.update(headers or {})
        status, _, answer = request(self.address, "POST", f"/hooks/{company}/{connection}", raw,
                                    all_headers)
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer

    # ---- what happened ----
    def runs(self, **filters):
        args = ["runs", "--data", self.data, "--json", "--limit", "100000"]
        for k, v in filters.items():
            args += [f"--{k}", v]
        return [json.loads(line) for line in self.sauma(*args).stdout.splitlines()]

    def settled(self, count=1, states=("done", "skipped", "failed", "attention", "held")):
        """Waits until so many runs have ended, and returns them, oldest first."""
        def look():
            runs = self.runs()
            return runs if len(runs) >= count and all(r["state"] in states for r in runs) else None
        return list(reversed(wait_until(look, f"{count} runs to end")))

    def show(self, run):
        return json.loads(self.sauma("show", run, "--data", self.data, "--json").stdout)

    def procountor(self, path):
        """GET from the sandbox's own API, as an outsider with credentials."""
        return self.procountor_send("GET", path)

    def procountor_send(self, method, path, body=None):
        url = urlsplit(self.urls["procountor"])
        form = "grant_type=client_credentials&client_id=test&client_secret=test&api_key=test"
        _, _, answer = request(url.netloc, "POST", url.path + "/oauth/token", form,
                               {"Content-Type": "application/x-www-form-urlencoded"})
        token = json.loads(answer)["access_token"]
        status, _, answer = request(url.netloc, method, url.path + path,
                                    json.dumps(body).encode() if body is not None else b"",
                                    {"Authorization": f"Bearer {token}",
                                     "Content-Type": "application/json"})
        assert status in (200, 204), (status, answer)
        return json.loads(answer) if answer else None

    def invoices(self):
        return self.procountor("/invoices?types=SALES_INVOICE&size=200")["results"]

    def customers(self):
        return (self.procountor("/businesspartners?type=CUSTOMER&size=200")["results"] +
                self.procountor("/businesspartners?type=CUSTOMER&active=false&size=200")["results"])

    def products(self):
        return self.procountor("/products?type=SALES&size=200")["results"]


def fixture(name="signed.json", company="minimal", **changes):
    """An event of an example, with members replaced by dotted path (dots as __)."""
    with open(os.path.join(ROOT, "examples", company, "fixtures", name)) as f:
        event = json.load(f)
    for path, value in changes.items():
        at = event
        *parents, last = path.split("__")
        for p in parents:
            at = at[int(p)] if isinstance(at, list) else at[p]
        if value is KeyError:
            del at[last]
        else:
            at[last] = value
    return event


class Case(unittest.TestCase):
    """A test with a world of its own, closed (and checked for sanitizer reports) at the end."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def serve(self, handler):
        """A server of the handler (BaseHTTPRequestHandler) on a free port, until the test's end; what it
        is to remember may go into its list `seen`."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server


def main():
    """Runs the module's tests and ends with `N passed, N failed`."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    # Several subtests of one test count as that one test.
    failed = len({getattr(test, "test_case", test).id()
                  for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
