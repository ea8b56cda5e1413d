"""Authorization servers that are odd, hostile or broken: what they say is believed only as far as it
goes, is shown without our secrets and without what steers a terminal, and never ends in silence."""
import http.client
import http.server
import json
import signal
import subprocess
import threading
import time
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
        try:
            return wait_until(look, f"run {n} to be {state}")
        except AssertionError as e:
            raise AssertionError(f"{e}: {self.world.runs()}") from e

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

        server = self.serve(Proxy)
        self.begin(more='proxy = env "PROXY_URL",', PROXY_URL=f"http://127.0.0.1:{server.server_address[1]}")
        self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 600}
        self.allow()
        self.assertEqual(asked, [METADATA, "/token", "/api/who"])

    # ---- grants ----
    def test_a_grant_that_nothing_can_renew_says_when_it_ends(self):
        self.begin()
        self.says["/token"] = {"access_token": "t1"}
        self.assertIn("no refresh token was given: it holds until the other side ends it", self.allow())
        self.assertEqual(self.connection()["state"], "ok")
        self.says["/token"] = {"access_token": "t2", "expires_in": 2}
        self.assertIn("no refresh token was given (is a scope such as offline_access missing?): it ends at 2",
                      self.allow())
        self.deliver()
        self.assertEqual(self.run_of(1, "done")["result"], "Bearer t2")
        # Nobody uses it any more, and it is told all the same.
        alert = wait_until(lambda: self.lines("alerts"), "an alert")[0]
        self.assertEqual(alert["kind"], "reconnect")
        self.assertRegex(alert["text"], "it end(s|ed) at 2.*`sauma connect plain crm`")
        wait_until(lambda: self.connection()["state"] == "reconnect", "that it is over")
        self.deliver()
        self.assertIn("no refresh token was given", self.run_of(2, "waiting")["reason"])
        # One that is refused before its time is over, too.
        self.says["/token"] = {"access_token": "t3"}
        self.allow()
        self.assertEqual(self.run_of(2, "done")["result"], "Bearer t3")
        self.says["/api/who"] = 401, {}
        self.deliver()
        self.assertIn("its token is refused", self.run_of(3, "waiting")["reason"])

    def test_each_way_to_say_that_a_grant_is_gone(self):
        """HubSpot's, GitHub's, Slack's, Zoho's; and words where there is no code at all."""
        self.begin()
        answers = (
            (400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}),
            (200, {"error": "bad_refresh_token", "error_description": "It is incorrect or expired."}),
            (200, {"ok": False, "error": "invalid_refresh_token"}), (200, {"error": "invalid_code"}),
            (401, {"errors": [{"status": 401, "message": "Refresh token is not valid"}]}),
            (401, {"error": "invalid_grant"}))
        for n, answer in enumerate(answers, 1):
            self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 0.01}
            self.allow()
            self.says["/token"] = answer
            self.deliver()
            self.assertIn("does not accept its grant any more", self.run_of(n, "waiting")["reason"])
            self.assertEqual(self.connection()["state"], "reconnect", answer)
            self.says["/token"] = {"access_token": "t2", "refresh_token": "r2", "expires_in": 600}
            self.allow()
            self.run_of(n, "done")
        # Who we are is another matter.
        self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 0.01}
        self.allow()
        self.says["/token"] = 401, {"error": "invalid_client", "error_description": "no refresh token for you"}
        self.deliver()
        self.assertIn("credentials of connection crm were refused",
                      self.run_of(len(answers) + 1, "attention")["reason"])
        self.assertEqual(self.connection()["state"], "refused")

    def test_a_refresh_token_goes_to_no_other_server(self):
        self.begin(CODE.replace("try =", 'token_url = env "TOKEN_URL", authorize_url = env "OPEN_URL", try ='),
                   TOKEN_URL="", OPEN_URL="")
        other = Authority()
        self.addCleanup(other.close)
        url = self.authority.url
        self.world.env["OPEN_URL"] = url + "/authorize"

        def now_at(token_url):
            self.world.host.stop()
            self.world.env["TOKEN_URL"] = token_url
            self.start()
        now_at(url + "/token")
        self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 0.01}
        self.allow()
        now_at(other.url + "/token")
        self.deliver()
        self.assertIn(f"its token_url is now {other.url}/token", self.run_of(1, "waiting")["reason"])
        self.assertEqual((self.connection()["state"], other.asked), ("reconnect", []))
        # Another path there is theirs as well.
        self.says["/v3/token"] = {"access_token": "t2", "expires_in": 600}
        now_at(url + "/v3/token")
        self.deliver()
        self.assertEqual(self.run_of(2, "done")["result"], "Bearer t2")
        self.assertEqual(self.authority.at("/v3/token")[0].form["refresh_token"], "r1")

    def test_what_is_connected_anew_while_another_process_renews_stays(self):
        for n, answer in enumerate(({"access_token": "old", "refresh_token": "r1+", "expires_in": 600},
                                    (400, {"error": "invalid_grant"}))):
            if n:
                self.doCleanups()
                self.setUp()
            self.begin()
            may_answer = threading.Event()

            def token(q):
                if q.form["grant_type"] == "authorization_code":
                    return {"access_token": "t2", "refresh_token": "r2", "expires_in": 600}
                may_answer.wait(PATIENCE)
                return answer
            self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 0.01}
            self.allow()
            self.says["/token"] = token
            event = self.world.dir + "/event.json"
            with open(event, "w") as f:
                f.write('{"type": "read"}')
            run = self.world.start("run", ["run", self.world.companies + "/plain", event,
                                           "--data", self.world.data])
            wait_until(lambda: [q for q in self.authority.at("/token") if "refresh_token" in q.form],
                       "the other process to ask")
            self.allow()
            may_answer.set()
            self.assertEqual(run.p.wait(PATIENCE), 0, run.errors())
            self.assertIn('"Bearer t2"', run.text())
            self.world.host.stop()
            self.start()
            self.assertEqual(self.connection()["state"], "ok")
            self.deliver()
            self.assertEqual(self.run_of(1, "done")["result"], "Bearer t2")

    def test_what_another_process_renewed_stays_though_an_older_token_works_at_last(self):
        self.begin()
        used, asleep, may_answer = ["a code"], [], threading.Event()

        def token(q):
            used.append(q.form["refresh_token"])
            return {"access_token": f"t{len(used)}", "refresh_token": f"r{len(used)}", "expires_in": 600}

        def who(q):
            if q.headers["Authorization"] == "Bearer t2" and asleep:
                return 401, {}
            if not asleep:
                asleep.append(True)
                may_answer.wait(PATIENCE)
            return {"who": q.headers["Authorization"]}
        self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 0.01}
        self.allow()
        self.says["/token"], self.says["/api/who"] = token, who
        self.deliver()  # with t2, whose answer takes long
        wait_until(lambda: asleep, "the first use of t2")
        event = self.world.dir + "/event.json"
        with open(event, "w") as f:
            f.write('{"type": "read"}')
        done = self.world.sauma("run", self.world.companies + "/plain", event, "--data", self.world.data)
        self.assertIn(b'"Bearer t3"', done.stdout)
        may_answer.set()
        self.assertEqual(self.run_of(1, "done")["result"], "Bearer t2")
        self.world.host.stop()
        self.says["/api/who"] = lambda q: {"who": "t4"} if q.headers["Authorization"] == "Bearer t4" else (401, {})
        self.start()
        self.deliver()
        self.assertEqual(self.run_of(2, "done")["result"], "t4")
        self.assertEqual(used, ["a code", "r1", "r2", "r3"])

    def test_an_orderly_end_waits_for_the_answer_that_a_refresh_token_was_spent_for(self):
        self.begin()
        spent, given = [], []

        def token(q):
            spent.append(q.form.get("refresh_token"))
            n = len(spent)
            if n > 1:
                time.sleep(1)
            given.append(time.monotonic())
            return {"access_token": f"t{n}", "refresh_token": f"r{n}", "expires_in": (1, 6, 600)[n - 1]}
        self.says["/token"] = token
        self.allow()
        time.sleep(1)  # the first has ended
        self.deliver()
        wait_until(lambda: len(spent) == 2, "the second to be asked for")
        self.world.host.stop()
        self.start()
        self.assertEqual(self.run_of(1, "done")["result"], "Bearer t2")
        # A run in the foreground goes on with a token that still holds, and begins its renewal.
        event = self.world.dir + "/event.json"
        with open(event, "w") as f:
            f.write('{"type": "read"}')
        time.sleep(given[1] + 5.75 - time.monotonic())
        self.world.sauma("run", self.world.companies + "/plain", event, "--data", self.world.data)
        wait_until(lambda: len(given) == 3, "the third to be given")
        self.deliver()
        self.assertEqual(self.run_of(2, "done")["result"], "Bearer t3")
        self.assertEqual(spent, [None, "r1", "r2"])

    def test_a_run_in_the_foreground_says_what_it_waits_for_and_goes_on(self):
        self.begin()
        event = self.world.dir + "/event.json"
        with open(event, "w") as f:
            f.write('{"type": "read"}')
        run = self.world.start("run", ["run", self.world.companies + "/plain", event, "--data", self.world.data])
        run.line("waits until connection crm is connected")
        time.sleep(4)
        self.says["/token"] = {"access_token": "t1", "refresh_token": "r1", "expires_in": 600}
        self.allow()
        self.assertEqual(run.p.wait(PATIENCE), 0, run.errors())
        self.assertEqual(run.text().count("waits until connection"), 1)
        self.assertIn('"Bearer t1"', run.text())

    def test_an_answer_comes_from_the_issuer_that_was_asked(self):
        self.begin()
        url = self.authority.url
        self.says[METADATA]["authorization_response_iss_parameter_supported"] = True
        for iss, why in ((None, "does not say that it comes from"), ("", "comes from"), (url + "/", "comes from"),
                         ("https://evil.example", 'comes from "https://evil.example"')):
            p, query = self.connect()
            self.come_back(query, code="c", **({} if iss is None else {"iss": iss}))
            self.assertEqual(p.p.wait(PATIENCE), 1)
            self.assertIn(why, p.errors())
        self.assertEqual(self.authority.at("/token"), [])

    def test_a_host_that_ends_while_a_person_is_asked(self):
        self.begin()
        p, _ = self.connect()
        self.world.host.stop(signal.SIGKILL)
        self.assertEqual(p.p.wait(PATIENCE), 3)
        self.assertIn("when it runs again, `sauma connections` says whether it is connected", p.errors())
        self.start()
        self.assertEqual(self.connection()["state"], "connect")

    def test_a_code_is_sent_once_though_its_answer_is_lost(self):
        self.begin()
        self.says["/token"] = None
        self.assertIn("the token could not be asked", self.allow(status=1))
        self.assertEqual(len(self.authority.at("/token")), 1)

    # ---- other ways ----
    def test_a_device_is_asked_for_less_often_where_that_fails(self):
        self.begin(CODE.replace("authorization_code", "device_code"))
        self.says["/device"] = {"device_code": "the-device-code", "user_code": "AB" + STEERS + "CD",
                                "verification_uri": "http://x.example/dev", "interval": 1, "expires_in": 60}
        answers = [(503, {}), None, (400, {"error": "access_denied"})]
        at = []

        def token(q):
            at.append(time.monotonic())
            return answers.pop(0)
        self.says["/token"] = token
        p, _ = self.connect()
        self.assertEqual(p.p.wait(PATIENCE), 1)
        self.assertShown(p.text())
        self.assertIn("it was not allowed", p.errors())
        self.assertGreater(at[1] - at[0], 1.9)
        self.assertGreater(at[2] - at[1], 3.9)
        self.says["/token"] = 400, {"error": "expired_token"}
        p, _ = self.connect()
        self.assertEqual(p.p.wait(PATIENCE), 1)
        self.assertIn("nobody allowed it in time", p.errors())

    def test_hubspot_and_pipedrive_as_apps_that_a_person_allows(self):
        auth = ('auth = { oauth = "authorization_code", issuer = env "ISSUER_URL", client_id = "app", '
                'client_secret = secret "crm"')
        self.begin()
        self.world.add_company("crms", f"""company "Crms Oy" {{}}
connect "webhook" {{ as = "open", secret = false, event = "type", id = "id" }}
connect "hubspot" {{ url = env "CRM_URL", secret = false, {auth}, scope = "oauth" }} }}
connect "pipedrive" {{ url = env "CRM_URL", secret = false, {auth}, client_auth = "basic", try = "/who" }} }}
rule "Read" {{ on = "open.read", run = function()
  return hubspot.companies.get("7").properties.name .. ", " .. pipedrive.organizations.get("8").name
end }}""")
        self.world.secret("crms", "crm", SECRET)
        self.says["/api/crm/v3/objects/companies/7"] = lambda q: {"id": "7", "properties": {
            "name": q.headers["Authorization"]}}
        organization = lambda q: {"success": True, "data": {"id": 8, "name": q.headers["Authorization"]}}  # noqa: E731
        self.says["/api/v1/organizations/8"] = self.says["/api/v2/organizations/8"] = organization
        self.world.host.stop()
        self.start()
        for name in ("hubspot", "pipedrive"):
            self.says["/token"] = {"access_token": "of-" + name, "refresh_token": "r1", "expires_in": 1800}
            p = self.world.start("connect", ["connect", "crms", name, "--data", self.world.data])
            address = p.line(r"(?m)^  (http\S+)$").group(1)
            self.come_back(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query)))
            self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())
        self.assertEqual([a.headers["Authorization"] is None for a in self.authority.at("/token")], [True, False])
        self.world.deliver({"type": "read", "id": "1"}, "crms", "open", sign=False)
        self.assertEqual(self.run_of(1, "done")["result"], "Bearer of-hubspot, Bearer of-pipedrive")

    def test_a_key_that_cannot_sign_is_seen_before_it_is_used(self):
        self.begin('oauth = "client_credentials", issuer = env "ISSUER_URL", client_id = "signed", '
                   'private_key = secret "crm"')
        for curve, state in (("secp256k1", "secret"), ("P-256", "ok")):
            key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                                  "ec_paramgen_curve:" + curve], check=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL).stdout
            self.world.secret("plain", "crm", key.decode())
            self.world.host.stop()
            self.start()
            self.assertEqual(self.connection()["state"], state)
        self.world.secret("plain", "crm", "no key")
        self.world.host.stop()
        self.start()
        self.assertIn("the private_key is no PEM key", self.connection()["reason"])


if __name__ == "__main__":
    main()
