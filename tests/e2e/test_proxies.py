"""Behind nginx and HAProxy: what they take for one request is one here, for every nasty request.

Each request of the table of the server's own tests goes through the proxy, which keeps its
connections to the host. Then both logs are compared: how often the proxy got an answer, and which,
and what the host answered. A request that only one side sees is how requests are smuggled.
"""
import collections
import json
import operator
import os
import re
import socket
import subprocess
import threading

from harness import Case, main, request, wait_until
from http_cases import cases

NGINX = """
daemon off; master_process off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/nginx.err;
events {{ worker_connections 2048; }}
http {{
  log_format both '$request_uri $upstream_status';
  access_log {dir}/proxy.log both; client_header_timeout 1s; client_body_timeout 1s;
  keepalive_timeout 1s; lingering_timeout 1s;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  upstream host {{ server {address}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://host; proxy_http_version 1.1; proxy_next_upstream off;
                  proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; }}
  }}
}}
"""
HAPROXY = """
global
  maxconn 2000
  log stdout format raw local0
defaults
  mode http
  log global
  timeout client 1s
  timeout connect 5s
  timeout server 5s
  timeout http-request 1s
  timeout http-keep-alive 1s
  retries 0
  http-reuse always
frontend in
  bind 127.0.0.1:{port}
  option forwardfor
  log-format "%HU %[var(txn.answer)]"
  http-response set-var(txn.answer) status
  default_backend host
backend host
  server host {address}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def marked(raw, mark):
    """The request with a path of its own, as far as it has a path; None if it has none."""
    def first(m):
        method, target, end = m.groups()
        if target.startswith(b"//"):  # its form is what it is about
            return method + target + b"?" + mark + b"=1" + end
        authority, path = re.match(rb"(http://[a-z]+(?=/))?/(?:next\b)?(.*)", target, re.S).groups()
        between = b"" if path[:1] in (b"", b"?") else b"/"
        return method + (authority or b"") + b"/" + mark + between + path + end
    out, n = re.subn(rb"^((?:\r\n)*[A-Za-z]+[ \t]+)((?:http://[a-z]+(?=/))?/[^ \r\n]*)([ \r\n])",
                     first, raw)
    if not n:
        return None
    return re.sub(rb"GET /(?:next|smuggled|after) ", b"GET /" + mark + b" ", out)


class Behind(Case):
    def start(self, name, template, command):
        w = self.world
        w.add_company("acme", 'company "Acme" {}\n')
        self.access = os.path.join(w.dir, "access.log")
        w.start_host("--access-log", self.access, "--access-log-addresses", "full", "--max-body",
                     "1000", "--trusted-proxy", "127.0.0.1", "--max-connections", "2000")
        self.port = free_port()
        conf, self.log = os.path.join(w.dir, name + ".conf"), os.path.join(w.dir, "proxy.log")
        with open(conf, "w") as f:
            f.write(template.format(dir=w.dir, address=w.address, port=self.port))
        p = subprocess.Popen([*command, conf], stdout=open(os.path.join(w.dir, "proxy.log"), "ab"),
                             stderr=open(os.path.join(w.dir, "proxy.err"), "wb"))
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)

        def answers():
            self.assertIsNone(p.poll(), open(os.path.join(w.dir, "proxy.err")).read())
            try:
                return request(f"127.0.0.1:{self.port}", "GET", "/healthz")[0] == 200
            except OSError:
                return False
        wait_until(answers, name)

    def send(self, raw):
        with socket.create_connection(("127.0.0.1", self.port), timeout=60,
                                      source_address=("127.0.0.9", 0)) as s:
            try:
                s.sendall(raw)
                while s.recv(65536):
                    pass
            except ConnectionError:
                pass  # a reset ends it as well

    def theirs(self):
        """Answers that the proxy got, by case."""
        found = collections.defaultdict(collections.Counter)
        with open(self.log, errors="replace") as f:
            for line in f:
                m = re.match(r"\S*?[/?](c\d+)(?=[/?=\s]).* (\d+)$", line)
                if m:
                    found[m.group(1)][int(m.group(2))] += 1
        return found

    def ours(self):
        found = collections.defaultdict(collections.Counter)
        with open(self.access) as f:
            for line in f:
                entry = json.loads(line)
                m = re.match(r"\S*?[/?](c\d+)(?=[/?=]|$)", entry["target"])
                if m:
                    if "refused" not in entry:
                        self.assertEqual((entry["client"], entry["proxy"]),
                                         ("127.0.0.9", "127.0.0.1"))
                    found[m.group(1)][entry["status"]] += 1
                elif not entry["target"]:  # no target may have these bytes, so none is logged
                    found[None][entry["status"]] += 1
        return found

    def both(self):
        """What each side counted; what one side has no target of stands together under None."""
        ours, theirs = self.ours(), self.theirs()
        for mark in set(theirs) - set(ours):
            theirs[None] += theirs.pop(mark)
        return ours, theirs

    def check(self):
        table = {}
        for n, (name, _, raw) in enumerate(cases()):
            raw = marked(raw, b"c%d" % n)
            if raw is not None:
                table[f"c{n}"] = (name, raw)
        self.assertGreater(len(table), 200)
        threads = [threading.Thread(target=self.send, args=(raw,)) for _, raw in table.values()]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        try:
            wait_until(lambda: operator.eq(*self.both()), "both logs to be whole", 20)
        except AssertionError:
            ours, theirs = self.both()
            for mark in sorted(set(ours) | set(theirs), key=str):
                with self.subTest(table.get(mark, ["without a target"])[0]):
                    self.assertEqual(ours[mark], theirs[mark], (table.get(mark), self.theirs()))
        ours = self.ours()
        self.assertGreater(sum(sum(c.values()) for c in ours.values()), 30)
        self.assertIn(404, ours["c0"])  # a plain one came through, to the handler

    def test_nginx(self):
        self.start("nginx", NGINX, ["/usr/sbin/nginx", "-c"])
        self.check()

    def test_haproxy(self):
        self.start("haproxy", HAPROXY, ["/usr/sbin/haproxy", "-db", "-f"])
        self.check()


if __name__ == "__main__":
    main()
