"""Requests out: what libcurl alone does, what the host's client adds, and what a rule's step costs.

One nginx answers 100 bytes of JSON from its configuration, on a core of its own; what is measured
has another. 64 requests are under way at once, on connections that are kept. A row's figure is
requests per CPU-second of all processes of that side, script processes included. Even those swing by
a tenth on a machine that others use, so both sides take turns in short windows, and each window of
ours is compared with bare libcurl's by the same protocol right before and right after it: ratios are
the median of these, with the lowest and the highest. What a request costs is told of the host (its
store's thread included) and of the script process. The rows of Lua do the same request from rules:
once with all that a host does (each request is a step, its answer stored before the run can end), and
once with script process and client alone (script_out_bench.c), which shows the share of the store and
the engine.
"""
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time

from bench_host import ROOT, Host, books, certificate, cpu_seconds, free_port, own_seconds, pin

NGINX = """
daemon off; master_process off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_buffer_size 64k;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
  default_type application/json;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl;
    location / {{ return 200 '{answer}'; }}
  }}
  server {{ listen 127.0.0.1:{h2} ssl http2; location / {{ return 200 '{answer}'; }} }}
}}
"""
ANSWER = ('{"id":"2b0c6e39-5f0e-4e0c-9d31-0f3c5f1a7c11","name":"Nordic Design Oy","open":true,'
          '"total":1234.5600}')
COMPANY = f"{ROOT}/tests/bench/requests"
AT_ONCE = 64


class Stub:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sauma-nginx-")
        self.ports = {name: free_port() for name in ("plain", "tls", "h2")}
        self.ca = f"{self.dir}/cert.pem"
        certificate(self.dir)
        with open(f"{self.dir}/nginx.conf", "w") as f:
            f.write(NGINX.format(dir=self.dir, answer=ANSWER, **self.ports))
        os.mkdir(f"{self.dir}/companies")
        shutil.copytree(COMPANY, f"{self.dir}/companies/requests")
        self.p = subprocess.Popen(["/usr/sbin/nginx", "-c", f"{self.dir}/nginx.conf"],
                                  preexec_fn=lambda: pin(1))
        time.sleep(0.5)

    def url(self, kind):
        return f"http{'s' if kind != 'plain' else ''}://localhost:{self.ports[kind]}"

    def stop(self):
        self.p.terminate()
        self.p.wait()
        shutil.rmtree(self.dir)


def program(build, name, *args):
    out = subprocess.run([f"{build}/bench/{name}", *map(str, args)], check=True,
                         stdout=subprocess.PIPE, preexec_fn=lambda: pin(0))
    r = json.loads(out.stdout)
    return figures(r["done"], r["wall_s"], r["cpu_s"] - r["children_s"], r["children_s"])


def figures(n, wall, host, script):
    """Requests per CPU-second, requests a second, and us a request of host and script process."""
    return n / (host + script), n / wall, 1e6 * host / n, 1e6 * script / n


def median(figures):
    return sorted(figures)[len(figures) // 2]


def in_turns(ours, theirs, rounds):
    """Windows of ours, each with the mean of the peer's before and after it."""
    turns, before = [], theirs()
    for _ in range(rounds):
        own, after = ours(), theirs()
        turns.append((own, [(a + b) / 2 for a, b in zip(before, after)]))
        before = after
    return turns


def bare(build, stub, kind, requests, size=0):
    return program(build, "curl_bench", f"{stub.url(kind)}/items/1", AT_ONCE, requests, size, stub.ca)


def client(build, stub, kind, requests, size=0):
    return program(build, "http_out_bench", f"{stub.url(kind)}/items/1", AT_ONCE, requests, size,
                   stub.ca)


def script(build, stub, requests):
    return program(build, "script_out_bench", ROOT, COMPANY, stub.url("plain"), AT_ONCE, requests,
                   stub.ca)


def rule(build, stub, kind, requests):
    """64 events, each of which has a run make so many requests, one after the other."""
    host = Host(build, f"{stub.dir}/companies", {"BENCH_URL": stub.url(kind)},
                ["--ca-file", stub.ca], core=0)
    cpu, own, began = cpu_seconds(host.p.pid), own_seconds(host.p.pid), time.monotonic()
    c = http.client.HTTPConnection("127.0.0.1", host.port)
    for n in range(AT_ONCE):
        c.request("POST", "/hooks/requests/bench",
                  json.dumps({"event": "requests", "id": f"event-{n}", "requests": requests}))
        answer = c.getresponse()
        assert answer.status == 202, answer.read()
        answer.read()
    c.close()
    while books(host).get("done", 0) < AT_ONCE:
        assert time.monotonic() < began + 300, books(host)
        time.sleep(0.05)
    wall = time.monotonic() - began
    cpu, own = cpu_seconds(host.p.pid) - cpu, own_seconds(host.p.pid) - own
    store = sqlite3.connect(f"file:{host.dir}/sauma.db?mode=ro", uri=True)
    read = store.execute("SELECT sum(json_extract(result, '$.read')) FROM runs").fetchone()[0]
    store.close()
    host.stop()
    assert read == AT_ONCE * requests, f"{read} answers were read of {AT_ONCE * requests}"
    return figures(read, wall, own, cpu - own)


def row(name, turns):
    ours, theirs = ([median(column) for column in zip(*side)] for side in zip(*turns))
    cpu = [own[0] / peer[0] for own, peer in turns]
    wall = [own[1] / peer[1] for own, peer in turns]
    print(f"{name:45} {ours[0]:7.0f} {theirs[0]:7.0f} {median(cpu):6.2f} {min(cpu):5.2f} "
          f"{max(cpu):5.2f} {ours[1]:7.0f} {median(wall):6.2f} {ours[2]:6.1f} {ours[3]:7.1f}", flush=True)


def measure(build, seconds):
    print("\nrequests out, against bare libcurl (multi, epoll changelist), 64 at once (goal 0.8 per CPU)")
    print(f"{'':45} {'per CPU-second':>15} {'':6} {'':11} {'a second':>14} {'us a request':>14}")
    print(f"{'':45} {'sauma':>7} {'libcurl':>7} {'ratio':>6} {'min':>5} {'max':>5} {'sauma':>7} "
          f"{'ratio':>6} {'host':>6} {'script':>7}")
    stub, window = Stub(), int(6000 * seconds)
    each = int(250 * seconds) # of each of the 64 runs: shorter ones tell of their start
    try:
        for kind, size, name in (("plain", 0, "the client alone, GET"),
                                 ("plain", 1500, "the client alone, write of 1.5 KB"),
                                 ("tls", 0, "the client alone, GET by TLS"),
                                 ("h2", 0, "the client alone, GET by HTTP/2 and TLS")):
            row(name, in_turns(lambda: client(build, stub, kind, window, size),
                               lambda: bare(build, stub, kind, window, size), 5))
        row("GET from Lua, nothing stored",
            in_turns(lambda: script(build, stub, each),
                     lambda: bare(build, stub, "plain", AT_ONCE * each), 11))
        for kind, name in (("plain", ""), ("tls", ", TLS"), ("h2", ", HTTP/2 and TLS")):
            row(f"GET from Lua as a step of a run{name}",
                in_turns(lambda: rule(build, stub, kind, each),
                         lambda: bare(build, stub, kind, AT_ONCE * each), 3))
    finally:
        stub.stop()
