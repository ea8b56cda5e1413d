"""Connections that a person allows, against a real authorization server with short lives and
refresh tokens that change with each use."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import urllib.parse

from harness import PATIENCE, UNDER, Case, main, request, wait_until
from provider import Provider, allow_device, browse

COMPANY = """company "Plain Oy" {{}}
connect "webhook" {{ as = "open", secret = false, event = "type", id = "id" }}
connect "http" {{ as = "crm", url = env "CRM_URL", concurrency = 2000, auth = {{ {auth} }} }}
rule "Read" {{ on = "open.read", run = function() return crm.get("/who").body.who end }}
rule "Write" {{ on = "open.write", run = function(e)
  return crm.post("/made", {{ json = {{ n = e.n }} }}).status
end }}
"""
CODE = ('oauth = "authorization_code", issuer = env "ISSUER_URL", client_id = "post", '
        'client_secret = secret "crm", scope = "openid offline_access read", try = "/who", '
        'params = { prompt = "consent" }')

CROWD = 100 if UNDER else 1000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class OAuth(Case):
    @classmethod
    def setUpClass(cls):
        cls.keys = {}
        for name, how in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ed", ["ed25519"]),
                          ("ec", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])):
            cls.keys[name] = subprocess.run(["openssl", "genpkey", "-algorithm", *how], check=True,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        public = [subprocess.run(["openssl", "pkey", "-pubout"], input=k, check=True,
                                 stdout=subprocess.PIPE).stdout.decode() for k in cls.keys.values()]
        cls.shared = Provider(KEYS=json.dumps(public))

    @classmethod
    def tearDownClass(cls):
        cls.shared.close()

    def begin(self, auth=CODE, host=(), env=None, **provider):
        self.port = free_port()
        self.redirect = f"http://127.0.0.1:{self.port}/oauth/callback"
        self.provider = self.shared
        if provider:
            self.provider = Provider(**provider)
            self.addCleanup(self.provider.close)
        self.provider.fresh()
        self.world.env.update(ISSUER_URL=self.provider.issuer, CRM_URL=self.provider.api)
        self.world.add_company("plain", COMPANY.format(auth=auth))
        self.world.secret("plain", "crm", "secret-of-post")
        self.start(*host, env=env)

    def start(self, *more, env=None):
        self.world.start_host("--listen", f"127.0.0.1:{self.port}", "--retry-base", "20ms", *more,
                          env=env)

    def connect(self, *more, name="crm"):
        """`sauma connect`, up to where it prints the address: (process, address)."""
        p = self.world.start("connect", ["connect", "plain", name, "--data", self.world.data, *more])
        return p, p.line(r"(?m)^  (http\S+)$").group(1)

    def allow(self, *more):
        p, address = self.connect(*more)
        status, text, _ = browse(address)
        self.assertEqual(status, 200, text)
        self.assertIn("it is connected, and a first request was answered", text)
        self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())
        return p

    def connection(self, name="crm"):
        rows = self.world.sauma("connections", "plain", "--json", "--data", self.world.data).stdout
        return next(r for r in map(json.loads, rows.splitlines()) if r["connection"] == name)

    def deliver(self, kind, n):
        status, answer = self.world.deliver({"type": kind, "id": f"{kind}-{n}", "n": n}, "plain", "open",
                                        sign=False)
        self.assertEqual(status, 202, answer)

    def deliver_all(self, count):
        host, port = self.world.address.split(":")
        c = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        for n in range(count):
            kind = "read" if n % 2 else "write"
            c.request("POST", "/hooks/plain/open", json.dumps({"type": kind, "id": f"{kind}-{n}", "n": n}))
            answer = c.getresponse()
            self.assertEqual((answer.status, bool(answer.read())), (202, True))
        c.close()

    def runs(self, state=None):
        rows = self.world.sauma("runs", "--json", "--limit", "5000", "--data", self.world.data).stdout
        rows = [json.loads(r) for r in rows.splitlines()]
        return [r for r in rows if state is None or r["state"] == state]

    def await_runs(self, n, state):
        return wait_until(lambda: len(self.runs(state)) >= n and self.runs(state),
                          f"{n} runs {state}: {self.runs()}")

    def test_a_person_allows_it_and_runs_that_waited_go_on(self):
        self.begin()
        self.deliver("read", 1)
        self.deliver("write", 2)
        waiting = self.await_runs(2, "waiting")
        for run in waiting:
            self.assertIn("waits until connection crm is connected: it is not connected yet",
                          run["reason"])
            self.assertIn("sauma connect plain crm", run["reason"])
        self.assertEqual(self.connection()["state"], "connect")
        check = ["check", os.path.join(self.world.companies, "plain"), "--data", self.world.data]
        doctor = ["doctor", "--companies", self.world.companies, "--data", self.world.data]
        self.assertRegex(self.world.sauma(*check).stdout.decode(), r"company\.lua:\d+: note: connection crm: it is "
                         "not connected yet; connect it with `sauma connect plain crm`")
        self.assertRegex(self.world.sauma(*doctor).stdout.decode(), r"warn .*plain: connection crm: it is not "
                         r"connected yet; .*\n *-> sauma connect plain crm\n")
        alerts = self.world.sauma("alerts", "--json", "--data", self.world.data).stdout.decode()
        self.assertIn("sauma connect plain crm", alerts)
        p = self.allow()
        self.assertIn("crm: it is connected", p.text())
        self.await_runs(2, "done")
        self.assertEqual(self.connection()["state"], "ok")
        for command in (check, doctor):
            self.assertNotIn("connection crm", self.world.sauma(*command).stdout.decode())
        wait_until(lambda: not self.world.sauma("alerts", "--json", "--data", self.world.data).stdout,
                   "the alert to be over")
        # A restart needs nobody, and no renewal: the token is still good.
        self.world.host.stop()
        self.start()
        self.deliver("read", 3)
        self.await_runs(3, "done")
        self.assertNotIn("refresh_token", self.provider.counts())

    def test_tokens_that_are_refused_at_once_are_renewed_by_one_request(self):
        self.begin(host=("--workers", "2", "--http-timeout", "120s"))
        self.allow()
        for round in range(3):
            self.provider.ask("/_refuse", hold=60)
            for n in range(60):
                self.deliver("read" if n % 2 else "write", round * 100 + n)
            self.await_runs(60 * (round + 1), "done")
            counts = self.provider.counts()
            self.assertEqual(counts["refresh_token"], round + 1)
        self.assertEqual(counts["api_401"], 180)
        self.assertNotIn("error invalid_grant", counts)

    def test_a_thousand_refusals_in_several_processes_are_one_renewal(self):
        """A host with two script processes, and three `sauma run` on the same data folder."""
        others, crowd = 3, CROWD
        self.begin(host=("--workers", "2", "--http-timeout", "120s", "--max-running", "2000",
                         "--max-running-company", "1500", "--max-events", "2000"))
        self.allow()
        self.provider.ask("/_refuse", hold=crowd + others)
        event = os.path.join(self.world.dir, "event.json")
        with open(event, "w") as f:
            f.write('{"type": "read"}')
        runs = [self.world.start(f"run{n}", ["run", os.path.join(self.world.companies, "plain"), event,
                                             "--data", self.world.data, "--http-timeout", "120s"])
                for n in range(others)]
        self.deliver_all(crowd)
        self.await_runs(crowd, "done")
        for run in runs:
            self.assertEqual(run.p.wait(PATIENCE), 0, run.errors())
        counts = self.provider.counts()
        self.assertEqual(counts["api_401"], crowd + others)
        self.assertEqual(counts["refresh_token"], 1)
        self.assertNotIn("error invalid_grant", counts)

    def test_a_grant_that_was_withdrawn_waits_for_a_person(self):
        self.begin()
        self.allow()
        self.provider.ask("/_revoke")
        self.provider.ask("/_refuse")
        for n in range(5):
            self.deliver("write", n)
        for run in self.await_runs(5, "waiting"):
            self.assertIn("does not accept its grant any more", run["reason"])
        self.assertEqual(self.connection()["state"], "reconnect")
        # Over a restart as well: who waits in the store alone is woken too.
        self.world.host.stop(signal.SIGKILL)
        self.start()
        self.assertEqual(self.connection()["state"], "reconnect")
        alerts = self.world.sauma("alerts", "--json", "--data", self.world.data).stdout.splitlines()
        self.assertEqual([json.loads(a)["kind"] for a in alerts], ["reconnect"])
        self.allow()
        self.await_runs(5, "done")
        self.assertEqual(self.connection()["state"], "ok")

    def test_answers_that_are_not_to_be_believed_change_nothing(self):
        self.begin()
        p, address = self.connect()
        status, _, back = browse(address, stop=self.redirect)
        self.assertIn(status, (302, 303))
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
        self.assertEqual(query["iss"], self.provider.issuer)
        callback = lambda **q: request(self.world.address, "GET", "/oauth/callback?"  # noqa: E731
                                       + urllib.parse.urlencode(q))
        for wrong in ({}, {"code": query["code"]}, {"code": query["code"], "state": "x" * 43},
                      {"code": query["code"], "state": query["state"] + "x"}):
            status, headers, body = callback(**wrong)
            self.assertEqual(status, 400)
            self.assertIn(b"belongs to no connection", body)
            self.assertEqual(headers["cache-control"], "no-store")
        self.assertEqual(self.connection()["state"], "connect")
        # Another server's answer: refused, and the state is spent.
        status, _, body = callback(**dict(query, iss="https://evil.example"))
        self.assertEqual(status, 400)
        self.assertIn(b"comes from", body)
        self.assertEqual(p.p.wait(PATIENCE), 1)
        status, _, body = callback(**query)
        self.assertIn(b"belongs to no connection", body)
        self.assertNotIn("authorization_code", self.provider.counts())
        # The person says no; what is said there is shown as text.
        p, address = self.connect()
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))["state"]
        status, _, body = callback(error="access_denied", error_description="<b>no</b>", state=state,
                                   iss=self.provider.issuer)
        self.assertEqual((status, b"&lt;b&gt;no" in body, b"<b>" in body), (400, True, False))
        self.assertEqual(p.p.wait(PATIENCE), 1)

    def test_a_code_is_good_for_the_asking_that_it_answers(self):
        self.begin()
        parts = lambda u: dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(u).query))  # noqa: E731
        p, address = self.connect()
        other, others_address = self.connect()
        query = parts(browse(address, stop=self.redirect)[2])
        callback = lambda text: request(self.world.address, "GET", "/oauth/callback?" + text)  # noqa: E731
        # A code that somebody slips into another asking's answer does not open there (PKCE).
        status, _, body = callback(urllib.parse.urlencode(dict(query, state=parts(others_address)["state"])))
        self.assertEqual(status, 400)
        self.assertIn(b"the token was refused", body)
        self.assertEqual(other.p.wait(PATIENCE), 1)
        self.assertEqual(self.connection()["state"], "connect")
        # Nor is one of two codes, or of two states, chosen.
        for twice in ("code", "state"):
            p, address = self.connect()
            query = parts(browse(address, stop=self.redirect)[2])
            text = urllib.parse.urlencode(query)
            status, _, body = callback(f"{text}&{twice}=x")
            self.assertEqual(status, 400)
            self.assertIn(b"holds no code" if twice == "code" else b"belongs to no connection", body)
        # What is not known besides is nothing to stumble over (RFC 6749 4.1.2), and a code is good once.
        status, _, body = callback(text + "&session_state=a.b&extra=%00")
        self.assertEqual(status, 200, body)
        self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())
        self.assertEqual(callback(text)[0], 400)
        self.assertEqual(self.connection()["state"], "ok")

    def test_a_browser_that_comes_back_to_this_machine(self):
        port = free_port()
        self.begin()
        p, address = self.connect("--loopback", f"127.0.0.1:{port}")
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        self.assertEqual(asked["redirect_uri"], f"http://127.0.0.1:{port}/oauth/callback")
        self.assertEqual(asked["code_challenge_method"], "S256")
        status, text, _ = browse(address)  # a native client's loopback port is free: RFC 8252 7.3
        self.assertEqual(status, 200, text)
        self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())
        self.assertEqual(self.connection()["state"], "ok")

    # ---- answers that are lost ----
    def use(self, n, kind="write"):
        """Makes the access token useless and sends an event that needs another one."""
        self.provider.ask("/_refuse")
        self.deliver(kind, n)

    def test_a_renewal_that_did_not_come_through_is_asked_again(self):
        self.begin()
        self.allow()
        for n, how in enumerate(("dropped", "500", "429")):
            self.provider.fresh()
            self.provider.ask("/_fault", grant="refresh_token", how=how)
            self.use(n)
            self.await_runs(n + 1, "done")
            self.assertEqual(self.provider.counts()["refresh_token"], 2, how)

    def test_answers_to_a_renewal_that_are_odd(self):
        self.begin(ROTATE="0")
        self.allow()
        odd = ("bare", "expires=0", "expires=-1", 'expires="3600"', "expires=1e18", "expires=null", "page",
               "said=temporarily_unavailable")
        for n, how in enumerate(odd):
            self.provider.fresh()
            self.provider.ask("/_fault", grant="refresh_token", how=how)
            self.use(n)
            self.await_runs(n + 1, "done")
            again = how == "page" or how.startswith("said")  # nothing was decided there
            self.assertEqual(self.provider.counts()["refresh_token"], 1 + again, how)
        # A refusal is one with any status; what it says is what a person reads.
        self.provider.ask("/_fault", grant="refresh_token", how="said=invalid_grant")
        self.use(len(odd))
        self.assertIn("does not accept its grant any more (said with 200)",
                      self.await_runs(1, "waiting")[0]["reason"])
        self.assertEqual(self.connection()["state"], "reconnect")
        self.allow()
        self.await_runs(len(odd) + 1, "done")
        self.provider.ask("/_fault", grant="refresh_token", how="said=invalid_client")
        self.use(len(odd) + 1)
        self.assertIn("were refused: said with 200 (status 200 of the token request)",
                      self.await_runs(1, "attention")[0]["reason"])

    def retry(self):
        self.world.sauma("retry", "--company", "plain", "--by", "anna", "--data", self.world.data)

    def test_a_secret_that_was_corrected_counts_at_once(self):
        """A refusal is remembered for some seconds, but for the same credentials alone."""
        machine = ('oauth = "client_credentials", issuer = env "ISSUER_URL", scope = "read", '
                   'client_id = "basic", client_secret = secret "crm", client_auth = "basic"')
        for n, (auth, right) in enumerate(((CODE, "secret-of-post"), (machine, "secret-of-basic"))):
            if n:
                self.doCleanups()
                self.setUp()
            self.begin(auth)
            if not n:
                self.allow()
                self.provider.ask("/_refuse")
            self.world.secret("plain", "crm", "mistyped")
            self.start_over()
            self.deliver("read", 1)
            run = self.await_runs(1, "attention")[0]
            self.assertIn("were refused", run["reason"])
            asked = self.provider.counts()
            self.retry()  # what it looks up now is remembered as well
            wait_until(lambda: [r for r in self.runs("attention") if r["updated_at"] > run["updated_at"]],
                       "the same refusal")
            self.world.secret("plain", "crm", right)
            self.retry()
            self.await_runs(1, "done")
            self.assertLessEqual(self.provider.counts().get("error invalid_client", 0),
                                 asked.get("error invalid_client", 0) + 1)

    def test_a_server_that_was_set_back_gets_the_token_before(self):
        self.begin()
        self.allow()
        self.provider.ask("/_fault", grant="refresh_token", how="forgotten")
        # Nothing says that the new token works before it is refused as well.
        self.provider.ask("/_refuse")
        before = self.connection()["renewed_at"]
        self.start_over("--grant-renew", "1ms")
        wait_until(lambda: self.connection()["renewed_at"] != before, "a renewal that is stored")
        self.start_over()
        self.use(1)
        self.await_runs(1, "done")
        self.assertGreaterEqual(self.provider.counts()["error invalid_grant"], 1)
        self.assertEqual(self.connection()["state"], "ok")

    def start_over(self, *more, **how):
        self.world.host.stop(signal.SIGKILL)
        self.start(*more, **how)

    def test_a_rotation_whose_answer_is_lost_is_named(self):
        """This provider withdraws all if a refresh token is used twice: nobody can heal that, so it
        must be said. In one that does not rotate, nobody notices."""
        for rotate in ("1", "0"):
            if rotate == "0":
                self.doCleanups()
                self.setUp()
            self.begin(**({} if rotate == "1" else {"ROTATE": "0"}))
            self.allow()
            self.world.host.stop()
            self.start(env={"SAUMA_FAULT": "before_grant_saved:1"})
            self.use(1, "read")
            self.assertEqual(self.world.host.p.wait(PATIENCE), -signal.SIGKILL)
            self.start()
            if rotate == "0":
                self.await_runs(1, "done")
                continue
            reason = self.await_runs(1, "waiting")[0]["reason"]
            self.assertRegex(reason, "the answer to a renewal at 20.* was lost, which is probably why")
            self.allow()
            self.await_runs(1, "done")

    def test_it_is_renewed_though_nobody_uses_it(self):
        self.begin()
        self.allow()
        self.start_over("--grant-renew", "1ms")
        wait_until(lambda: self.provider.counts().get("refresh_token"), "a renewal")
        self.assertIn("renewed_at", self.connection())
        self.deliver("read", 1)
        self.await_runs(1, "done")

    def test_tokens_that_end_soon_are_renewed_in_time(self):
        self.begin(ACCESS_SECONDS="2")
        self.allow()
        done = 0
        while self.provider.counts().get("refresh_token", 0) < 2:
            done += 1
            self.deliver("write", done)
            self.await_runs(done, "done")
        self.assertNotIn("error invalid_grant", self.provider.counts())

    def test_another_address_never_sees_its_token(self):
        self.begin()
        self.allow()
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            other.settimeout(0.3)
            self.world.host.stop()
            self.world.env["CRM_URL"] = f"http://127.0.0.1:{other.getsockname()[1]}"
            self.start()
            self.deliver("write", 1)
            self.assertIn("its address is now http://127.0.0.1:",
                          self.await_runs(1, "waiting")[0]["reason"])
            with self.assertRaises(TimeoutError):
                other.accept()

    # ---- other grants, other ways to say who we are ----
    def test_a_code_for_another_device(self):
        self.begin(CODE.replace("authorization_code", "device_code"))
        p = self.world.start("connect", ["connect", "plain", "crm", "--data", self.world.data])
        code = p.line(r"(?m)^and type in this code there: (\S+)$").group(1)
        allow_device(p.line(r"(?m)^  (http\S+)$").group(1), code)
        self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())
        self.use(1)
        self.await_runs(1, "done")
        self.assertEqual(self.provider.counts()["refresh_token"], 1)

    def test_who_we_are_is_signed_or_said_in_a_header(self):
        who = {n: f'client_id = "signed", private_key = secret "{n}"' for n in self.keys}
        who["basic"] = 'client_id = "basic", client_secret = secret "basic", client_auth = "basic"'
        lines = ['company "Plain Oy" {}', 'connect "webhook" { as = "open", secret = false, '
                 'event = "type", id = "id" }']
        for name, words in who.items():
            lines.append(f'connect "http" {{ as = "{name}", url = env "CRM_URL", auth = {{ scope = "read", '
                         f'oauth = "client_credentials", issuer = env "ISSUER_URL", {words} }} }}')
            lines.append(f'rule "{name}" {{ on = "open.{name}", run = function() '
                         f'return {name}.get("/who").body.who end }}')
        self.begin()
        self.world.add_company("signed", "\n".join(lines))
        for name, key in {**self.keys, "basic": b"secret-of-basic"}.items():
            self.world.secret("signed", name, key.decode())
        self.world.sauma("reload", "signed", "--data", self.world.data)
        for name in who:
            self.world.deliver({"type": name, "id": name}, "signed", "open", sign=False)
        self.await_runs(4, "done")
        self.assertEqual(self.provider.counts()["client_credentials"], 4)
        # A person has nothing to do there.
        done = self.world.sauma("connect", "signed", "basic", "--data", self.world.data, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"is not connected by a person", done.stderr)


class Procountor(Case):
    def test_a_login_gives_the_api_key(self):
        w = self.world
        w.start_sandbox("procountor", "slack", options={"procountor": {"settings": {"credentials": {
            "client_id": "test", "client_secret": "test", "api_key": "given-by-login"}}}})
        w.minimal()
        w.sauma("secret", "remove", "minimal", "procountor-api-key", "--data", w.data)
        w.start_host()
        p = w.start("connect", ["connect", "minimal", "procountor", "--data", w.data])
        address = p.line(r"(?m)^  (http\S+)$").group(1)
        self.assertIn("/procountor/keylogin?response_type=code&client_id=test&", address)
        status, text, _ = browse(address)
        self.assertEqual(status, 200, text)
        self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())
        self.assertIn("a first request was answered", p.text())
        self.assertIn(b"procountor-api-key", w.sauma("secret", "list", "--data", w.data).stdout)


if __name__ == "__main__":
    main()
