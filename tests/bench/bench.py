#!/usr/bin/env python3
"""Figures of the host, against peers in the same run.

usage: tests/bench/bench.py [--build DIR] [--seconds N] [--only PART,PART] [--waiting N]

in        the HTTP server and the JSON reader alone, plain and by TLS, against nginx with Lua, which
          decodes the same body and answers 202
out       requests out against bare libcurl (bench_out.py)
ingest    webhooks accepted durably a second, against the same nginx, which stores nothing; no rule
          is for these events, so each is stored as skipped
flows     webhook, GET customer, POST customer (half of the time), POST invoice
overload  what happens to more events than the rule can follow
idle      memory with 100 idle companies;  start: until the first 202
waiting   a host that finds many events waiting (backlog.py, which alone does it with a million)
diff, companies, attacks  the programs of these names

Load and backend are C programs on the same cores; CPU is that of the host and its script processes.
"""
import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import backlog
import bench_out
from bench_host import ROOT, Host, books, certificate, cpu_seconds, free_port, memory_mb


NGINX = """
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon off; master_process off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_buffer_size 64k;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  lua_package_path "/usr/share/lua/5.1/?.lua;;"; lua_package_cpath "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;";
  init_by_lua_block {{ cjson = require "cjson" }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ content_by_lua_block {{
      ngx.req.read_body()
      local event = cjson.decode(ngx.req.get_body_data())
      ngx.status = 202
      ngx.header["Content-Type"] = "application/json"
      ngx.print('{{"event":"' .. event.id .. '"}}')
    }} }}
  }}
}}
"""


# The same, and by TLS with the certificate of the run.
NGINX_TLS = NGINX.replace("listen 127.0.0.1:{port};", "listen 127.0.0.1:{port} ssl;\n"
                          "    ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;")


def load(build, port, path, body, connections, seconds, tls=False):
    out = subprocess.run([f"{build}/bench/load", "127.0.0.1", str(port), path, body,
                          str(connections), str(seconds), *(["tls"] if tls else [])], check=True,
                         stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def ingest(build, companies, body, seconds):
    print("\ningest: webhooks accepted durably, against nginx + Lua that decodes and stores nothing")
    print(f"{'connections':>12} {'sauma/s':>9} {'p99 ms':>7} {'nginx/s':>9} {'p99 ms':>7} "
          f"{'ratio':>6} {'per CPU':>8}")
    nginx_dir = tempfile.mkdtemp(prefix="sauma-nginx-")
    port = free_port()
    with open(f"{nginx_dir}/nginx.conf", "w") as f:
        f.write(NGINX.format(dir=nginx_dir, port=port))
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", f"{nginx_dir}/nginx.conf"])
    time.sleep(0.5)
    host = Host(build, companies, {"BENCH_URL": "http://127.0.0.1:1"})
    for connections in (1, 16, 64):
        theirs_cpu = cpu_seconds(nginx.pid)
        theirs = load(build, port, "/", body, connections, seconds)
        theirs_cpu = cpu_seconds(nginx.pid) - theirs_cpu
        ours_cpu = cpu_seconds(host.p.pid)
        ours = load(build, host.port, "/hooks/company/bench", body, connections, seconds)
        ours_cpu = cpu_seconds(host.p.pid) - ours_cpu
        assert ours["accepted"] == ours["answered"], ours
        per_cpu = (ours["answered"] / ours_cpu) / (theirs["answered"] / theirs_cpu)
        print(f"{connections:12} {ours['rate']:9.0f} {ours['p99_ms']:7.2f} {theirs['rate']:9.0f} "
              f"{theirs['p99_ms']:7.2f} {ours['rate'] / theirs['rate']:6.2f} {per_cpu:8.2f}",
              flush=True)
    host.stop()
    nginx.terminate()
    nginx.wait()
    shutil.rmtree(nginx_dir)


def server_alone(build, body, seconds):
    """The HTTP server without the host behind it does what nginx with Lua does: decode, answer."""
    print("\nHTTP in alone, against nginx + Lua: decode, answer 202, store nothing (goal 1.0 per CPU)")
    print(f"{'':12} {'sauma/s':>9} {'p99 ms':>7} {'nginx/s':>9} {'p99 ms':>7} {'ratio':>6} {'per CPU':>8}")
    work = tempfile.mkdtemp(prefix="sauma-nginx-")
    certificate(work)
    for name, conf, tls in (("plain", NGINX, False), ("TLS", NGINX_TLS, True)):
        theirs_port, ours_port = free_port(), free_port()
        with open(f"{work}/nginx.conf", "w") as f:
            f.write(conf.format(dir=work, port=theirs_port))
        nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", f"{work}/nginx.conf"])
        ours = subprocess.Popen([f"{build}/bench/http_in_bench", f"127.0.0.1:{ours_port}",
                                 *([f"{work}/cert.pem", f"{work}/key.pem"] if tls else [])])
        time.sleep(0.5)
        rates = []
        for p, port in ((ours, ours_port), (nginx, theirs_port)):
            load(build, port, "/", body, 64, 0.5, tls)  # warm
            cpu = cpu_seconds(p.pid)
            r = load(build, port, "/", body, 64, seconds, tls)
            assert r["accepted"] == r["answered"], r
            rates.append((r["rate"], r["p99_ms"], r["answered"] / (cpu_seconds(p.pid) - cpu)))
        (a, a99, a_cpu), (b, b99, b_cpu) = rates
        print(f"{name:12} {a:9.0f} {a99:7.2f} {b:9.0f} {b99:7.2f} {a / b:6.2f} {a_cpu / b_cpu:8.2f}",
              flush=True)
        for p in (nginx, ours):
            p.terminate()
            p.wait()
    shutil.rmtree(work)


def flows(build, companies, body, seconds):
    print("\nflows: webhook, GET customer (there half of the time), POST customer, POST invoice")
    print(f"{'at once':>12} {'flows/s':>9} {'p50 ms':>7} {'p99 ms':>7} {'CPU ms/flow':>12} "
          f"{'MB':>6}")
    for at_once in (1, 16, 64):
        backend = free_port()
        host = Host(build, companies, {"BENCH_URL": f"http://127.0.0.1:{backend}"})
        cpu = cpu_seconds(host.p.pid)
        out = subprocess.run([f"{build}/bench/flow", "127.0.0.1", str(host.port),
                              "/hooks/company/bench", body, str(at_once), str(seconds),
                              str(backend)], check=True, stdout=subprocess.PIPE)
        r = json.loads(out.stdout)
        cpu = cpu_seconds(host.p.pid) - cpu
        print(f"{at_once:12} {r['flows_per_s']:9} {r['p50_ms']:7.2f} {r['p99_ms']:7.2f} "
              f"{1000 * cpu / max(1, r['finished']):12.3f} {memory_mb(host.p.pid):6.0f}"
              f"{'' if not r['lost'] + r['twice'] else '  LOST OR TWICE: ' + str(r)}", flush=True)
        host.stop()


def overload(build, companies, body, seconds):
    """More events than runs can follow: they wait in the store, and memory has a bound."""
    print("\nmore events than the rule can follow, at 64 connections; none may be lost")
    port = free_port()
    host = Host(build, companies, {"BENCH_URL": f"http://127.0.0.1:{port}"})
    backend = subprocess.Popen(
        [f"{build}/bench/flow", "127.0.0.1", str(host.port), "/hooks/company/bench", body, "0",
         "3600", str(port)], stdout=subprocess.DEVNULL)
    accepted = load(build, host.port, "/hooks/company/bench", body, 64, seconds)
    most, began = memory_mb(host.p.pid), time.monotonic()
    behind = books(host)["in_flight"]
    while books(host)["in_flight"] and time.monotonic() < began + 60 * seconds:
        most = max(most, memory_mb(host.p.pid))
        time.sleep(0.2)
    counts = books(host)
    whole = counts["received"] == counts.get("done") and counts["done"] >= accepted["accepted"]
    print(f"accepted {accepted['rate']:.0f}/s with p99 {accepted['p99_ms']:.1f} ms, "
          f"{behind} of {accepted['accepted']} behind at the end, done "
          f"{time.monotonic() - began:.1f} s later, at most {most:.0f} MB"
          f"{'' if whole else '  LOST: ' + str(counts)}")
    backend.kill()
    backend.wait()
    host.stop()


def idle(build):
    folder = tempfile.mkdtemp(prefix="sauma-bench-")
    for n in range(100):
        shutil.copytree(f"{ROOT}/examples/minimal", f"{folder}/company-{n:03}")
    host = Host(build, folder)
    time.sleep(1)
    print(f"\nidle with 100 companies: {memory_mb(host.p.pid):.1f} MB in all processes")
    host.stop()
    shutil.rmtree(folder)


def start(build, companies, body):
    times = []
    with open(body) as f:
        raw = f.read()
    for n in range(10):
        host = Host(build, companies, {"BENCH_URL": "http://127.0.0.1:1"})
        c = http.client.HTTPConnection("127.0.0.1", host.port)
        c.request("POST", "/hooks/company/bench", raw.replace("%ID%", f"start-{n}"))
        assert c.getresponse().status == 202
        times.append((time.monotonic() - host.began) * 1000)
        c.close()
        host.stop()
    print(f"start to the first 202: median {sorted(times)[5]:.0f} ms")


def waiting(build, events):
    """Events that wait: half of one company, the others spread over a thousand."""
    print(f"\n{events} events of 1000 companies wait, half of them of one, when the host starts")
    f = backlog.measure(build, events, 1000, seconds=20)
    new = "-" if f["new_s"] is None else f"{f['new_s']:.1f} s"
    first = "-" if f["first_s"] is None else f"{f['first_s']:.1f} s"
    wrong = backlog.missed(f)
    print(f"started in {f['start_s']:.1f} s, each company's first run began within {first}, a new "
          f"event of another was done within {new}, accepted with p99 {f['accept_p99_ms']:.1f} ms, "
          f"{f['done_per_s']:.0f} done/s, at most {f['memory_mb']:.0f} MB"
          f"{'  MISSED: ' + ', '.join(wrong) if wrong else ''}")


def program(build, name, *args):
    sys.stdout.flush()
    subprocess.run([sys.executable, f"{ROOT}/tests/bench/{name}.py", "--build", build, *args],
                   check=True)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--waiting", type=int, default=100000, help="events of the part of that name")
    args.add_argument("--build", default=f"{ROOT}/build")
    args.add_argument("--seconds", type=float, default=2, help="of each measurement")
    args.add_argument("--only", default="", help="parts, with commas between them; default: all")
    args = args.parse_args()
    build, seconds = os.path.abspath(args.build), args.seconds
    work = tempfile.mkdtemp(prefix="sauma-bench-")
    companies = f"{work}/companies"
    shutil.copytree(f"{ROOT}/tests/bench/company", f"{companies}/company")
    bodies = {}
    with open(f"{ROOT}/tests/bench/proposal.json") as f:
        template = f.read().strip()
    for name, event in (("ingest", "proposal.opened"), ("flow", "proposal.accepted")):
        bodies[name] = f"{work}/{name}.json"
        with open(bodies[name], "w") as f:
            f.write(template.replace("EVENT", event))
    parts = {
        "in": lambda: server_alone(build, bodies["ingest"], seconds),
        "out": lambda: bench_out.measure(build, seconds),
        "ingest": lambda: ingest(build, companies, bodies["ingest"], seconds),
        "flows": lambda: flows(build, companies, bodies["flow"], seconds),
        "overload": lambda: overload(build, companies, bodies["flow"], seconds),
        "idle": lambda: idle(build),
        "start": lambda: start(build, companies, bodies["flow"]),
        "waiting": lambda: waiting(build, args.waiting),
        "diff": lambda: program(build, "diff"),
        "companies": lambda: program(build, "companies"),
        "attacks": lambda: program(build, "attacks", "--seconds", str(seconds)),
    }
    wanted = [name for name in args.only.split(",") if name] or list(parts)
    for name in wanted:
        if name not in parts:
            sys.exit(f"there is no part {name}; there are {', '.join(parts)}")
    for name in wanted:
        began = time.monotonic()
        parts[name]()
        print(f"  ({name}: {time.monotonic() - began:.0f} s)", flush=True)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
