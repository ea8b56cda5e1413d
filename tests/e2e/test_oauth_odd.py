"""Authorization servers that are odd, hostile or broken: what they say is believed only as far as it
goes, is shown without our secrets and without what steers a terminal, and never ends in silence."""
import http.client
import http.server
import json
import threading
import urllib.parse

from authority import Authority
from harness import PATIENCE, Case, main, request, wait_until

COMPANY = """company "Plain Oy" {{}}
connect "webhook" {{ as = "open", secret = false, event = "type", id = "id" }}
connect "http" {{ as = "crm", url = env "CRM_URL", {more} auth = {{ {auth} }} }}
rule "Read" {{ on = "open.read", run = function() return crm.get("/who").body.who end }}
"""
CODE = ('oauth = "authorization_code", issuer = env "ISSUER_URL", client_id = "post", '
        'client_secret = secret "crm", try = "/who"')
SECRET = 'a/b+c"d/e=f&g'
STEERS = "\x1b[2J\r\n\x9b1A\u202e"
METADATA = "/.well-known/oauth-authorization-server"


class Odd(Case):
    def begin(self, auth=CODE, more="", host=(), **env):
        self.authority = Authority()
        self.addCleanup(self.authority.close)
        self.says = self.authority.says
        self.world.env.update(ISSUER_URL=self.authority.url, CRM_URL=self.authority.url + "/api", **env)
        self.world.add_company("plain", COMPANY.format(auth=auth, more=more))
        self.world.secret("plain", "crm", SECRET)
        self.host, self.sent = host, 0
        self.start()

    def start(self, *more, env=None):
        self.world.start_host("--retry-base", "20ms", *self.host, *more, env=env)

    def connect(self):
        """`sauma connect` until it prints an address or ends: (process, the address's query)."""
        p = self.world.start("connect", ["connect", "plain", "crm", "--data", self.world.data])
        wait_until(lambda: p.p.poll() is not None or "It is good until" in p.text(), "connect")
        found = [line.strip() for line in p.text().splitlines() if line.startswith("  http")]
        return p, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(found[0]).query)) if found else {}

    def come_back(self, query, **answer):
        answer = answer or {"code": "the-code-that-came"}
        text = urllib.parse.urlencode({"state": query["state"], **answer})
        return request(self.world.address, "GET", "/oauth/callback?" + text)

    def allow(self, status=0):
        """A person allows it: what `sauma connect` said at the end."""
        p, query = self.connect()
        self.come_back(query)
        self.assertEqual(p.p.wait(PATIENCE), status, p.text() + p.errors())
        return p.errors() if status else p.text().splitlines()[-1]

    def refused(self):
        """It does not get as far as a person: why."""
        p, query = self.connect()
        self.assertEqual((p.p.wait(PATIENCE), query), (1, {}))
        return p.errors()

    def lines(self, *command):
        rows = self.world.sauma(*command, "--json", "--data", self.world.data).stdout
        return [json.loads(r) for r in rows.splitlines()]

    def connection(self):
        return next(c for c in self.lines("connections", "plain") if c["connection"] == "crm")

    def deliver(self, kind="read"):
        self.sent += 1
        self.world.deliver({"type": kind, "id": f"{kind}-{self.sent}"}, "plain", "open", sign=False)

    def run_of(self, n, state):
        """The n-th run, when it is in that state."""
        def look():
            runs = list(reversed(self.world.runs()))
            return len(runs) >= n and runs[n - 1]["state"] == state and runs[n - 1]
        return wait_until(look, f"run {n} to be {state}: {self.world.runs()}")

    # ---- words ----
    def assertShown(self, text):
        for steering in "\x1b\x9b\u202e\ufffd":
            self.assertNotIn(steering, text)

    def test_what_it_says_is_shown_without_what_steers_and_without_secrets(self):
        self.begin()
        asked = []

        def refuse(q):
            asked.append(q.form)
            said = STEERS + "<b>" + q.form["client_secret"] + " " + q.body.decode() + " end"
            text = json.dumps({"error": "invalid_client", "error_description": said}, ensure_ascii=False)
            return 400, text.replace("/", "\\/").encode(), {}  # as PHP writes it
        self.says["/token"] = refuse
        p, query = self.connect()
        page = self.come_back(query)[2].decode()
        p.p.wait(PATIENCE)
        for text in (page, p.errors(), self.world.host.errors()):
            self.assertIn("the token was refused", text)
            self.assertShown(text)
            for secret in (SECRET[:5], urllib.parse.quote_plus(SECRET)[:10], "the-code-that-came",
                           asked[0]["code_verifier"]):
                self.assertNotIn(secret, text)
        self.assertIn("&lt;b&gt;***", page)
        # Cut between characters, wherever the limit falls.
        self.says["/token"] = 400, {"error": "invalid_grant", "error_description": "x" + "ä" * 999}, {}
        self.assertShown(self.allow(status=1))
        # What the browser brings is nobody's word either.
        p, query = self.connect()
        status, _, page = request(self.world.address, "GET", "/oauth/callback?error=x&error_description="
                                  f"%FF%C3%1B%5B2Jno&state={query['state']}")
        self.assertEqual((status, p.p.wait(PATIENCE)), (400, 1))
        self.assertIn("it was not allowed: ?? [2Jno", page.decode())

    # ---- where it takes what ----
    def test_metadata_that_is_not_to_be_used(self):
        self.begin()
        good, url = dict(self.says[METADATA]), self.authority.url
        for change, why in (
                ({"issuer": "https://evil.example/" + STEERS}, 'it says that it is "https://evil.example/'),
                ({"issuer": url + "/"}, "it says that it is"),
                ({"token_endpoint": "ftp://x/"}, "which is no https address"),
                ({"authorization_endpoint": url + "/a#part"}, "no address to ask at"),
                ({"authorization_endpoint": url + "/a" + STEERS + "b"}, "no address to ask at"),
                ({"authorization_endpoint": url + "/a b"}, "no address to ask at")):
            self.says[METADATA] = {**good, **change}
            words = self.refused()
            self.assertIn(why, words)
            self.assertShown(words)
        self.says[METADATA] = 302, b"", {"Location": "/elsewhere"}
        self.assertIn("it answered 302 Found", self.refused())
        self.says[METADATA] = b"{" + b" " * (2 << 20) + b"}"
        self.assertIn("longer than the limit", self.refused())
        self.assertEqual(self.authority.at("/elsewhere"), [])

    def test_a_page_for_each_path_is_no_metadata(self):
        self.begin()
        self.says["/.well-known/openid-configuration"] = self.says[METADATA]
        self.says[METADATA] = 200, b"<!doctype html><title>Our app</title>", {"Content-Type": "text/html"}
        self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 600}
        self.assertIn("it is connected, and a first request was answered", self.allow())

    def test_metadata_is_asked_for_by_the_connection_s_proxy(self):
        asked = []

        class Proxy(http.server.BaseHTTPRequestHandler):
            def do(self):
                url = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked.append(url.path)
                c = http.client.HTTPConnection(url.netloc)
                c.request(self.command, url.path, body, dict(self.headers))
                r = c.getresponse()
                answer = r.read()
                self.send_response(r.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                c.close()
            do_GET = do_POST = do

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.begin(more='proxy = env "PROXY_URL",', PROXY_URL=f"http://127.0.0.1:{server.server_address[1]}")
        self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 600}
        self.allow()
        self.assertEqual(asked, [METADATA, "/token", "/api/who"])


if __name__ == "__main__":
    main()
