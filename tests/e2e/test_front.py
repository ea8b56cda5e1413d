"""The host's front: its access log, proxies that name the client, and limits that are told."""
import json
import os
import signal
import socket
import time

from harness import Case, main, request, wait_until

COMPANY = """company "Acme" {}
connect "webhook" { as = "shop", secret = secret "shop", event = "type", id = "id" }
rule "r" { on = "shop", run = function() return 1 end }
"""


def raw(address, data, source="127.0.0.1"):
    """What the host answers to these bytes, to its end."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60, source_address=(source, 0)) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        while part := s.recv(65536):
            answer += part
        return answer


class Front(Case):
    def start(self, *args):
        w = self.world
        w.add_company("acme", COMPANY)
        w.secret("acme", "shop", "s3cret")
        self.log = os.path.join(w.dir, "access.log")
        return w.start_host("--access-log", self.log, *args)

    def entries(self, count=0, path=None):
        def look():
            with open(path or self.log) as f:
                found = [json.loads(line) for line in f]
            return found if len(found) >= count else None
        return wait_until(look, f"{count} lines of the access log")

    def test_access_log_line(self):
        self.start()
        w = self.world
        self.assertEqual(w.deliver({"type": "x", "id": "1"}, "acme", "shop")[0], 202)
        self.assertEqual(w.deliver({"type": "x", "id": "1"}, "acme", "shop", "wrong")[0], 401)
        request(w.address, "HEAD", "/healthz")
        a, b, c = self.entries(3)
        self.assertEqual((a["method"], a["target"], a["status"], a["in"], a["secure"]),
                         ("POST", "/hooks/acme/shop", 202, 24, False))
        self.assertEqual((a["client"], a["nth"]), ("127.0.0.0", 0))
        self.assertGreater(a["out"], 10)
        self.assertGreater(a["ms"], 0)
        self.assertRegex(a["time"], r"^20\d\d-\d\d-\d\dT[0-9:.]+Z$")
        self.assertEqual((b["status"], c["method"], c["target"]), (401, "HEAD", "/healthz"))

    def test_no_secrets_and_no_persons_in_it(self):
        host = self.start()
        w = self.world
        planted = ["s3cret", "matti.meikalainen@example.com", "canary-token", "131052-308T"]
        for target in ("/hooks/acme/shop?token=canary-token&mail=matti.meikalainen@example.com",
                       "/hooks/acme/shop?canary-token", "/x/canary-token",
                       "/hooks/acme/shop/canary-token/131052-308T", "/hooks%2facme%2fcanary-token",
                       "/matti.meikalainen@example.com", "/api/v1/runs?key=131052-308T",
                       "/?131052-308T=1;x", "http://canary-token/metrics?token=canary-token",
                       "http://canary-token"):
            for headers in ("Authorization: Bearer canary-token\r\nUser-Agent: canary-token\r\n",
                            "X : canary-token\r\n"):
                raw(w.address, f"POST {target} HTTP/1.1\r\nHost: canary-token\r\n{headers}"
                    "Content-Length: 12\r\n\r\ncanary-token".encode())
        w.deliver({"type": "x", "id": "131052-308T"}, "acme", "shop")
        entries = self.entries(21)
        targets = {e["target"] for e in entries}
        self.assertIn("/hooks/acme/shop?token=*&mail=*", targets)
        self.assertIn("/hooks/acme/shop?*", targets)
        self.assertIn("/hooks/acme/shop/*", targets)
        self.assertIn("/metrics?token=*", targets)
        self.assertIn("/api/v1/runs?key=*", targets)
        self.assertEqual({e["target"] for e in entries if e.get("refused")} - targets, set())
        with open(self.log) as f:
            for text in (f.read(), host.errors()):
                # The person's number is the name of a parameter once, where nobody puts a value.
                for word in planted[:3]:
                    self.assertNotIn(word, text)

    def test_an_escaped_slash_ends_no_part_of_a_path(self):
        self.start()
        w = self.world
        for path in ("/hooks%2facme/shop", "/hooks/acme%2Fshop", "/hooks%2Facme%2Fshop",
                     "/hooks/acme/shop%2f", "/hooks/acme%2f..%2facme/shop", "/%68ooks/acme%252Fshop",
                     "/api%2fv1/runs", "/oauth%2Fcallback"):
            self.assertEqual(request(w.address, "POST", path, b"{}")[0], 404, path)
        # Any other escape is but another spelling.
        self.assertEqual(request(w.address, "POST", "/%68ooks/acm%65/shop", b"{}")[0], 401)
        self.assertEqual(request(w.address, "GET", "/health%7a")[0], 200)

    def test_reopened_on_a_signal(self):
        host = self.start()
        w = self.world
        request(w.address, "GET", "/healthz")
        self.entries(1)
        os.rename(self.log, self.log + ".1")
        request(w.address, "GET", "/readyz")
        self.assertEqual(self.entries(2, self.log + ".1")[1]["target"], "/readyz")
        host.p.send_signal(signal.SIGUSR1)
        wait_until(lambda: os.path.exists(self.log), "the new log")
        request(w.address, "GET", "/healthz")
        self.entries(1)
        self.assertEqual(len(self.entries(2, self.log + ".1")), 2)

    def test_a_log_that_cannot_be_written_stops_nobody(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        self.world.add_company("acme", COMPANY)
        host = self.world.start_host("--access-log", "/dev/full")
        for _ in range(3):
            self.assertEqual(request(self.world.address, "GET", "/healthz")[0], 200)
        wait_until(lambda: "the access log cannot be written" in host.errors(), "it to be said")

    def test_proxies_name_the_client(self):
        self.start("--access-log-addresses", "full", "--trusted-proxy", "127.0.0.9, 10.0.0.0/8",
                   "--trusted-proxy", "::1")
        ask = "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\nX-Forwarded-Proto: https\r\n\r\n"
        raw(self.world.address, (ask % "6.6.6.6, 203.0.113.7, 10.1.1.1").encode(), "127.0.0.9")
        raw(self.world.address, (ask % "203.0.113.7").encode(), "127.0.0.8")
        behind, direct = self.entries(2)
        self.assertEqual((behind["client"], behind["proxy"], behind["secure"]),
                         ("203.0.113.7", "127.0.0.9", True))
        self.assertEqual((direct["client"], direct["secure"]), ("127.0.0.8", False))
        self.assertNotIn("proxy", direct)
        raw(self.world.address, b"POST /hooks/acme/shop HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n"
            b"Content-Length: 99999999\r\n\r\n", "127.0.0.9")
        refused, = (json.loads(line) for line in self.world.host.errors().splitlines()
                    if "request refused" in line)
        self.assertEqual((refused["client"], refused["status"]), ("203.0.113.7", "413"))

    def test_settings_are_checked(self):
        w = self.world
        for args, word in ((("--trusted-proxy", "proxy.example"), "neither an address"),
                           (("--forwarded-header", "via"), "x-forwarded-for"),
                           (("--access-log-addresses", "some"), "short or full"),
                           (("--max-pipelined", "0"), "max-pipelined"),
                           (("--access-log", "nowhere/access.log"), "No such file")):
            done = w.sauma("serve", "--companies", w.companies, "--data", w.data, "--listen",
                           "127.0.0.1:0", *args, check=False)
            self.assertIn(word, done.stderr.decode())
            self.assertEqual(done.returncode, 3 if "log" in word or "No such" in word else 2)

    def test_plain_http_where_others_reach_it_must_be_wanted(self):
        w = self.world
        serve = ["serve", "--companies", w.companies, "--data", w.data, "--listen", "0.0.0.0:0"]
        done = w.sauma(*serve, check=False)
        self.assertEqual(done.returncode, 2)
        for way in (b"--tls-cert", b"--trusted-proxy", b"--insecure"):
            self.assertIn(way, done.stderr)
        for wanted in (["--insecure"], ["--trusted-proxy", "10.0.0.0/8"]):
            host = w.start("host", serve + wanted)
            host.line(r"listening on http://0\.0\.0\.0:")
            host.stop()

    def test_limits_are_told(self):
        host = self.start("--max-header", "1k", "--max-body", "100", "--header-timeout", "300ms")
        w = self.world
        self.assertIn(b" 431 ", raw(w.address, b"GET / HTTP/1.1\r\nX: " + b"y" * 2000 + b"\r\n\r\n"))
        self.assertIn(b" 413 ", raw(w.address, b"POST /hooks/acme/shop HTTP/1.1\r\nHost: a\r\n"
                                    b"Content-Length: 101\r\n\r\n"))
        with socket.create_connection(tuple(w.address.rsplit(":", 1)), timeout=60) as s:
            s.sendall(b"GET / HTTP/1.1\r\n")
            self.assertIn(b" 408 ", s.recv(1000))
        metrics = request(w.address, "GET", "/metrics")[2].decode()
        for limit in ("max-header", "max-body", "header-timeout"):
            self.assertIn(f'sauma_http_limit_hits_total{{limit="{limit}"}} 1\n', metrics)
            self.assertIn(f'"limit":"{limit}"', host.errors())
        self.assertIn('sauma_http_limit_hits_total{limit="max-connections"} 0\n', metrics)
        self.assertEqual([e["status"] for e in self.entries(4)], [431, 413, 408, 200])

    def test_head_is_answered_as_get_is(self):
        self.start()
        w = self.world
        self.assertEqual(w.deliver({"type": "x", "id": "1"}, "acme", "shop")[0], 202)
        run = w.settled(1)[0]["id"]
        with open(os.path.join(w.data, "api-token")) as f:
            token = {"Authorization": "Bearer " + f.read().strip()}
        for path in ("/healthz", "/readyz", "/metrics", "/nothing", "/hooks/acme/shop", "/api/v1/nothing",
                     *("/api/v1/" + p for p in ("runs", "runs/" + run, "runs/nothing", "events", "attention",
                                                "acts", "schedules", "connections", "connects/x"))):
            with self.subTest(path):
                wanted, got = (request(w.address, method, path, headers=token) for method in ("GET", "HEAD"))
                self.assertEqual((got[0], got[2]), (wanted[0], b""))
                if path != "/metrics":  # which counts what asks for it
                    self.assertEqual(got[1]["content-length"], str(len(wanted[2])))
        # What the browser brings back is used once: who only looks at the address must not use it.
        self.assertEqual(request(w.address, "HEAD", "/oauth/callback?state=x&code=y")[0], 405)

    def test_a_flood_of_metrics_is_one_page_at_a_time(self):
        self.start("--max-pipelined", "200")
        w = self.world
        one = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = raw(w.address, one * 200)
        pages, refused = (answer.count(b"HTTP/1.1 %d " % status) for status in (200, 503))
        self.assertEqual((pages + refused, answer.count(b"\nsauma_http_connections ")), (200, pages))
        self.assertGreaterEqual(pages, 1)
        self.assertIn(b" 200 ", raw(w.address, one))

    def test_a_flood_of_nonsense_does_not_fill_the_log(self):
        host, began = self.start(), time.monotonic()
        for _ in range(100):
            raw(self.world.address, b"GET /hooks/acme/shop HTTP/1.1\r\n\r\n")

        def next_second():
            raw(self.world.address, b"GET / HTTP/1.1\r\n\r\n")
            lines = host.errors().splitlines()
            return lines if any("more requests were refused" in line for line in lines) else None
        lines = wait_until(next_second, "what was left out to be said")
        said = sum("request refused" in line for line in lines)
        self.assertLessEqual(said, 10 * (time.monotonic() - began + 2))


if __name__ == "__main__":
    main()
