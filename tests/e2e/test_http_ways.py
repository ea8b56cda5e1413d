"""How requests get out: redirects, HTTP/2, client certificates, gzip, headers, and where they may not
go. The peers are nginx and servers of sockets."""
import base64
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading

from harness import PATIENCE, ROOT, SAUMA, main, wait_until
from ways import TOKEN, Plain, WaysCase


class Ways(WaysCase):
    def test_redirects_within_the_origin_and_no_further(self):
        at = f"http://127.0.0.1:{self.plain}"
        other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
        other.seen, other.targets = [], {}
        threading.Thread(target=other.serve_forever, daemon=True).start()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.server.targets = {
            "same": f"{at}/there", "relative": "../../x/./there?q=1",
            "away": f"http://127.0.0.1:{other.server_port}/", "loop": "/to/302/loop",
            "file": "file:///etc/passwd", "user": f"http://a:b@127.0.0.1:{self.plain}/",
            "listed": "https://files.test/x", "plain": "http://files.test/x"}
        self.start()
        for code in (301, 302, 303, 307, 308):
            self.assertEqual(self.ask(path=f"{at}/to/{code}/same")["body"], {"at": "/there"})
        self.assertEqual(self.server.seen[-1][2]["Authorization"], f"Bearer {TOKEN}")
        self.assertEqual(self.server.seen[-1][2]["X-Tenant"], "7")
        self.assertEqual(self.server.seen[-1][2]["X-Own"], "1")
        self.assertEqual(self.ask(path=f"{at}/to/302/relative")["body"],
                         {"at": "/x/there"})
        for target in ("away", "file", "user", "plain"):
            problem = self.ask(path=f"{at}/to/302/{target}")["problem"]
            self.assertIn("redirects are not followed", problem)
        self.assertEqual(other.seen, [])
        # A host that is listed is asked by TLS; there is none of this name.
        self.assertRegex(self.ask(path=f"{at}/to/302/listed"), "files.test: its name could not be resolved")
        self.assertIn("it answered 302, which holds neither", self.ask(path=f"{at}/nowhere")["problem"])
        self.assertIn("it answered 304, which holds neither", self.ask(path=f"{at}/to/304/same")["problem"])
        before = len(self.server.seen)
        self.assertIn("it redirects too often", self.ask(path=f"{at}/to/302/loop")["problem"])
        self.assertEqual(len(self.server.seen) - before, 6)
        for code in (301, 302, 303, 307, 308):
            before = len(self.server.seen)
            result = self.ask(path=f"{at}/to/{code}/same", kind="post")
            self.assertIn("not followed by writes", result["problem"])
            self.assertEqual(len(self.server.seen) - before, 1)

    def test_redirects_to_a_listed_host_go_without_credentials(self):
        ca, secret_headers = self.certificates(), ("Authorization", "X-Tenant", "X-Own")
        files, at = self.files(ca), f"http://127.0.0.1:{self.plain}"
        self.server.targets = {"files": f"https://localhost:{self.tls}/x?signed=1",
                               "there": f"https://LOCALHOST:{self.tls}/to/302/home",
                               "on": f"https://localhost:{self.tls}/to/307/on"}
        files.targets = {"home": f"{at}/home", "on": f"https://localhost:{self.tls}/on",
                         "away": f"https://localhost:{self.tls}/away",
                         "unlisted": f"https://files.example:{self.tls}/"}
        # The list is the company's: what is listed is still no way into the operator's network.
        self.start("--ca-file", ca)
        self.assertIn("not a public one", self.ask(path=f"{at}/to/302/files")["problem"])
        self.assertEqual(files.seen, [])
        self.world.host.stop()
        self.start("--ca-file", ca, "--allow-net", "127.0.0.1/32, ::1")
        for code in (301, 302, 303, 307, 308):
            self.assertEqual(self.ask(path=f"{at}/to/{code}/files")["body"], {"at": "/x"})
            method, path, headers = files.seen[-1]
            self.assertEqual((method, path), ("GET", "/x?signed=1"))
            for name in secret_headers:
                self.assertNotIn(name, headers)
        self.assertEqual(self.server.seen[-1][2]["Authorization"], f"Bearer {TOKEN}")
        # Sent on there, and sent back: what was led away once is never trusted again.
        self.assertEqual(self.ask(path=f"{at}/to/302/on")["body"], {"at": "/on"})
        self.assertEqual(self.ask(path=f"{at}/to/302/there")["body"], {"at": "/home"})
        self.assertEqual(self.server.seen[-1][1], "/home")
        for name in secret_headers:
            self.assertNotIn(name, self.server.seen[-1][2])
        # The client's certificate is shown to the connection's own host alone.
        files.certificates.clear()
        self.assertEqual(self.ask("mutual", "/to/302/away")["body"], {"at": "/away"})
        self.assertEqual(files.certificates, [True, False])
        self.assertIn("redirects are not followed", self.ask("mutual", "/to/302/unlisted")["problem"])

    def test_an_address_of_the_company_s_own_is_a_public_one(self):
        self.start()
        for name in ("literal", "named"):
            self.assertIn("not a public one", self.ask(name)["problem"])
        self.assertEqual(self.server.seen, [])
        # Nor where its tokens come from, when its addresses are looked up.
        self.assertRegex(self.ask("issued"), "^the addresses of the issuer .* not a public one")
        self.assertEqual(self.server.seen, [])
        # Nor where an issuer of the operator's leads to.
        with socket.create_server(("127.0.0.1", 0)) as inside:
            inside.settimeout(0.01)
            port = inside.getsockname()[1]
            self.server.metadata = {"issuer": f"http://127.0.0.1:{self.plain}",
                                    "token_endpoint": f"http://127.0.0.1:{port}/token"}
            self.assertRegex(self.ask("misled"), "^no token for connection misled: .* not a public one")
            self.assertRaises(TimeoutError, inside.accept)
        self.assertEqual([path for _, path, _ in self.server.seen],
                         ["/.well-known/oauth-authorization-server"])
        self.server.seen.clear()
        # Nor by a connection that somebody who may has left open.
        self.assertEqual(self.ask("plain")["status"], 200)
        self.assertIn("not a public one", self.ask("literal")["problem"])
        self.assertEqual(len(self.server.seen), 1)

    def test_this_machine_by_its_public_address_is_none(self):
        """A network of its own, in which 8.8.8.8 is this machine, and a server there."""
        if subprocess.run(["unshare", "-rn", "ip", "link"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no networks of one's own here")
        w = self.world
        w.add_company("own", """company "Own" {}
            connect "webhook" { as = "open", secret = false, event = "type" }
            connect "http" { as = "itself", url = "http://8.8.8.8:%d" }
            connect "smtp" { url = "smtp+plain://8.8.8.8:%d", from = "a@b.fi", to = "c@d.fi" }
            rule "Get" { on = "open.get", run = function() return itself.get("/x").status end }
            rule "Mail" { on = "open.mail", run = function()
              return smtp.send { subject = "s", text = "t" } end }
            """ % (self.plain, self.plain))
        for kind in ("get", "mail"):
            with open(os.path.join(w.dir, kind), "w") as f:
                json.dump({"type": kind}, f)
        served = os.path.join(w.dir, "served")
        with open(os.path.join(w.dir, "serve.py"), "w") as f:  # says who connects, and what is asked
            f.write("import http.server, sys\n"
                    "s = http.server.ThreadingHTTPServer(('8.8.8.8', %d), http.server.SimpleHTTPRequestHandler)\n"
                    "s.verify_request = lambda *_: print('connected', file=sys.stderr, flush=True) or True\n"
                    "s.serve_forever()\n" % self.plain)
        lines = ["ip link set lo up", "ip addr add 8.8.8.8/32 dev lo",
                 f'{sys.executable} serve.py 2>"{served}" & served=$!',
                 f'until (: </dev/tcp/8.8.8.8/{self.plain}) 2>/dev/null; do sleep 0.1; done',
                 'here() { "$0" run companies/own "$@" --http-timeout 20s; }',
                 'here get', 'ports=443,1024-65535; here get --allow-net 10.0.0.0/8 --allow-port $ports',
                 'here mail --allow-port $ports', 'here get --allow-net 8.8.8.8', "kill $served"]
        done = subprocess.run(["unshare", "-rn", "bash", "-c", "\n".join(lines), SAUMA],
                              env=w.env, cwd=w.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=PATIENCE)
        other, first, mail, second = done.stdout.split("own, version ")[1:]
        self.assertIn(f"its port {self.plain} is not one that is allowed (--allow-port)", other)
        for refused in (first, mail):
            self.assertIn("its address is not a public one", refused)
        self.assertIn("GET /x -> 404", second)
        with open(served) as f:  # the shell, and who may
            self.assertEqual(re.findall("connected|GET /x", f.read()), ["connected"] * 2 + ["GET /x"])

    def test_a_request_has_one_body(self):
        self.start()
        for options, words in (({"json": {}, "form": {"a": "b"}}, "json and form are two"),
                               ({"form": {"a": "b"}, "body": "x"}, "form and body are two"),
                               ({"body": "x", "parts": [{"name": "a", "text": "b"}]}, "body and parts")):
            result = self.ask(kind="bodies", options=options)
            self.assertFalse(result["ok"])
            self.assertIn(words, result["problem"])
        self.assertEqual(self.server.seen, [])

    def test_the_operator_lets_networks_through(self):
        self.start("--allow-net", "10.0.0.0/8, 127.0.0.1/32, ::1")
        self.assertEqual(self.ask("literal")["status"], 200)
        self.assertEqual(self.ask("named")["status"], 200)
        bad = self.world.sauma("serve", "--companies", self.world.companies, "--data",
                               self.world.data + "2", "--allow-net", "10.0.0.0/33", check=False)
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn(b'"10.0.0.0/33" is no network', bad.stderr)

    def test_the_port_of_an_address_of_the_company_s_own(self):
        self.start()
        self.assertIn("its port 8443 is not one that is allowed", self.ask("port")["problem"])
        self.assertIn("the proxy's port 3128 is not one that is allowed", self.ask("relay")["problem"])
        for ports in ("443, 0", "8000-7000", "443-", "https", "65536"):
            bad = self.world.sauma("serve", "--companies", self.world.companies, "--data",
                                   self.world.data + "2", "--allow-port", ports, check=False)
            self.assertEqual(bad.returncode, 2, ports)
            self.assertIn(b"is no port: write ports or ranges", bad.stderr)

    def test_gzip_is_inflated_as_far_as_an_answer_may_be(self):
        self.start()
        self.assertEqual(self.ask(path="/gz")["body"], {"zip": True})
        self.assertIn("limit of 16777216 bytes (--max-answer)", self.ask(path="/bomb")["problem"])
        self.assertEqual(sum(s[1] == "/base/bomb" for s in self.server.seen), 1)

    def test_http2_client_certificates_and_timings(self):
        self.start("--ca-file", self.nginx())
        result = self.ask("tls")
        self.assertEqual(result["body"], {"protocol": "HTTP/2.0", "client": "", "encoding": "gzip"})
        timing = self.run_shown["steps"][0]["answer"]["timing"]
        self.assertEqual((timing["http"], timing["reused"]), ("2.0", False))
        self.assertLess(0, timing["connect_us"])
        self.assertLessEqual(timing["connect_us"], timing["tls_us"])
        self.assertLessEqual(timing["tls_us"], timing["first_byte_us"])
        self.assertLessEqual(timing["first_byte_us"], timing["total_us"])
        self.assertEqual(self.ask("mutual")["body"]["client"], "CN=ways")
        self.assertEqual(self.ask("tls")["body"]["client"], "")  # not by the other's connection
        self.assertIn("certificate or its key cannot be used", self.ask("broken")["problem"])
        for name in os.listdir(self.world.data):
            path = os.path.join(self.world.data, name)
            if os.path.isfile(path):
                self.assertNotIn(b"BEGIN EC PRIVATE", open(path, "rb").read())

    def test_a_line_of_http2_that_is_cut(self):
        """A write is carried out once at most and never called done; a read is asked again."""
        w = self.world
        ca = self.certificates()
        p = subprocess.Popen(["node", os.path.join(ROOT, "tests", "node", "h2.js")], stdout=subprocess.PIPE,
                             env=dict(os.environ, PORT=str(self.tls), CERT=os.path.join(w.dir, "srv.pem"),
                                      KEY=os.path.join(w.dir, "srv.key")))
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.assertEqual(p.stdout.readline(), b"ready\n")
        self.start("--ca-file", ca, "--http-timeout", "2s", "--breaker-failures", "1000",
                   "--settle", "20ms", "--looks", "none", "--write-attempts", "1")
        unknown = "It is not known whether tls carried out"
        # How often it was carried out, and what a write ends with: a long one on a connection of its
        # own, a short one on one that was used before. What is refused was surely not carried out and
        # is sent again; of what a GOAWAY leaves out the client is not told as clearly.
        cuts = (("refused", 1, 200, 200), ("unread", 1, 200, 200), ("goaway", 0, unknown, unknown),
                ("undone", 0, unknown, unknown), ("halfway", 0, unknown, unknown),
                ("reset", 1, unknown, unknown), ("dropped", 1, unknown, unknown),
                ("head", 1, unknown, unknown), ("body", 1, unknown, unknown),
                ("hang", 1, unknown, unknown), ("last", 1, 200, 200), ("quick", 1, unknown, 200))
        for how, _, *ends in cuts:
            for way, end in zip(("new", "used"), ends):
                if way == "used":
                    self.assertEqual(self.ask("tls", f"/ok/{how}")["status"], 200)
                got = self.ask("tls", f"/{how}/{way}", kind="post", size=200_000 if way == "new" else 1)
                with self.subTest(how=how, way=way):
                    if end == 200:
                        self.assertEqual(got, {"status": 200})
                    else:
                        self.assertIn(end, got)
            # A read is asked again by itself, for that changes nothing.
            if how not in ("hang", "quick"):
                self.assertEqual(self.ask("tls", f"/{how}/get")["body"], {"ok": True}, how)
        done = self.ask("tls", "/_done")["body"]
        for how, times, *_ in cuts:
            for way in ("new", "used"):
                self.assertEqual(done.get(f"/{how}/{way}", 0), times, (how, way))

    def test_headers_that_are_no_script_s(self):
        self.start()
        for name, value, words in (("Host", "a", "set by the host"),
                                   ("content-length", "3", "set by the host"),
                                   ("X", "a\r\nY: b", "control character"),
                                   ("X Y", "a", "not the name"),
                                   ("Transfer-Encoding", "chunked", "set by the host"),
                                   ("Authorization", "Bearer x", "is the host's")):
            result = self.ask(kind="header", name=name, value=value)
            self.assertFalse(result["ok"])
            self.assertIn(words, result["problem"])
        result = self.ask(kind="header", to="keyed", name="x-api-key", value="mine")
        self.assertIn("the header x-api-key is the host's", result["problem"])
        self.assertEqual(self.server.seen, [])

    def test_a_plain_get_is_as_any_other(self):
        """A plain GET takes a shorter way from the second on: neither the other side nor the rule sees it."""
        self.start()
        wanted = {"/x": {"at": "/x"}, "/gz": {"zip": True}, "/text": "[1]", "/empty": "", "/broken": None,
                  "/nowhere": None}
        for path, body in wanted.items():
            for query in ({"q": "ä b", "n": 2}, None):
                self.server.seen.clear()
                result = self.ask(kind="thrice", path=path, query=query)
                self.assertEqual(result[1], result[0])
                self.assertEqual(result[2], result[0])
                self.assertEqual(result[0].get("answer", {}).get("body"), body, result)
                self.assertEqual("problem" in result[0], body is None, result)
                seen = [(way, at, sorted(headers.items())) for way, at, headers in self.server.seen]
                self.assertEqual(seen, seen[:1] * 3)
                self.assertTrue(all(at == "/base" + path + ("?n=2&q=%C3%A4%20b" if query else "")
                                    for _, at, _ in seen), seen)

    def test_who_we_are_in_the_header_that_the_other_side_wants(self):
        ca = self.certificates()
        files = self.files(ca)
        self.server.targets = {"files": f"https://localhost:{self.tls}/x"}
        self.start("--ca-file", ca, "--allow-net", "127.0.0.1/32, ::1")
        self.ask("keyed")
        self.assertEqual(self.server.seen[-1][2]["X-Api-Key"], TOKEN)
        self.assertNotIn("Authorization", self.server.seen[-1][2])
        self.ask("basic")
        self.assertEqual(self.server.seen[-1][2]["Authorization"],
                         "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode())
        self.ask("keyed", f"http://127.0.0.1:{self.plain}/to/302/files")
        self.assertEqual(files.seen[-1][1], "/x")
        self.assertNotIn("X-Api-Key", files.seen[-1][2])
        self.assertNotIn(TOKEN, json.dumps(self.run_shown))
        self.world.secret("ways", "token", "another")  # looked up again, the old ones leave nothing behind
        for name, header, value in (("keyed", "X-Api-Key", "another"), ("basic", "Authorization",
                                    "Basic " + base64.b64encode(b"me:another").decode())):
            wait_until(lambda: self.ask(name) and self.server.seen[-1][2][header] == value,
                       "the new secret to be used")
        self.assertEqual(self.world.host.stop(), 0)


if __name__ == "__main__":
    main()
