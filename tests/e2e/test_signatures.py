"""Each way in which a sender proves itself, through the whole host; and secrets that change."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

from harness import Case, main, request, wait_until

KEY = base64.b64encode(b"a key of twenty-four byte").decode()
BODY = b'{"type":"x","id":"%d"}'
RULE = 'rule "r" { on = { %s }, run = function() return 1 end }\n'


def mac(secret, *parts):
    return hmac.new(secret, b"".join(parts), hashlib.sha256)


def b64(data):
    return base64.b64encode(data).decode()


class Signatures(Case):
    def start(self, connections, *args, secrets=None):
        w = self.world
        names = ", ".join(f'"{name}"' for name in connections)
        w.add_company("acme", 'company "Acme" {}\n' + "".join(
            f'connect "webhook" {{ as = "{name}", event = "type", id = "id", {text} }}\n'
            for name, text in connections.items()) + RULE % names)
        for name, value in (secrets or {}).items():
            w.secret("acme", name, value)
        w.start_host(*args)
        self.n = 0

    def post(self, name, sign, body=None, query="", headers=None, form=""):
        """The status for a body with an id of its own; sign gives the headers for it."""
        self.n += 1
        body = body or BODY % self.n
        path = f"/hooks/acme/{name}{query}"
        return request(self.world.address, "POST", form + path, body,
                       {**sign(body, path), **(headers or {})})[0]

    def standard(self, key=KEY, shift=0, id=None, sign=None):
        def headers(body, _):
            at, own = str(int(time.time()) + shift), id or f"msg_{self.n}"
            signed = b".".join((own.encode(), at.encode(), body))
            text = sign(signed) if sign else "v1," + b64(mac(base64.b64decode(key), signed).digest())
            return {"webhook-id": own, "webhook-timestamp": at, "webhook-signature": text}
        return headers

    def test_standard_webhooks(self):
        w = self.world
        key = os.path.join(w.dir, "ed.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
                                check=True, stdout=subprocess.PIPE).stdout[-32:]

        def ed25519(signed):
            path = os.path.join(w.dir, "signed")
            with open(path, "wb") as f:
                f.write(signed)
            return "v1a," + b64(subprocess.run(
                ["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", path], check=True,
                stdout=subprocess.PIPE).stdout)
        self.start({"shop": 'signature = "standard", secret = secret "shop"',
                    "other": 'secret = secret "public"'},
                   secrets={"shop": "whsec_" + KEY, "public": "whpk_" + b64(public)})
        self.assertEqual(self.post("shop", self.standard()), 202)
        self.assertEqual(self.post("shop", self.standard(shift=-600)), 401)
        self.assertEqual(self.post("shop", self.standard(key=KEY[::-1].replace("=", "A"))), 401)
        self.assertEqual(self.post("shop", lambda *_: {"X-Webhook-Secret": "whsec_" + KEY}), 401)
        self.assertEqual(self.post("other", self.standard(sign=ed25519)), 202)
        self.assertEqual(self.post("other", self.standard()), 401)
        self.assertEqual(
            self.post("other", lambda *_: {"X-Webhook-Secret": "whpk_" + b64(public)}), 401)

    def test_the_id_of_standard_webhooks_makes_duplicates(self):
        self.start({"shop": 'signature = "standard", secret = secret "shop"'},
                   secrets={"shop": "whsec_" + KEY})
        body = b'{"type":"x"}'
        answers = [self.post("shop", self.standard(id="msg_same"), body) for _ in range(3)]
        self.assertEqual(answers, [202, 200, 200])
        self.assertEqual(self.post("shop", self.standard(id="msg_same"), b'{"type":"y"}'), 409)

    def hubspot(self, base, secret=b"client secret", shift=0):
        def headers(body, path):
            at = str(int(time.time() * 1000) + shift)
            url = (base + path).replace("%2F", "/")
            return {"X-HubSpot-Signature-v3": b64(mac(secret, b"POST", url.encode(), body,
                                                      at.encode()).digest()),
                    "X-HubSpot-Request-Timestamp": at}
        return headers

    def test_type_and_id_stand_in_headers_of_the_senders_own(self):
        w = self.world
        w.add_company("acme", """company "Acme" {}
            connect "webhook" { as = "shop", secret = secret "shop", event = { header = "X-Topic" },
              id = { header = "X-Delivery" }, signature = { header = "X-Hmac", encoding = "base64" } }
            rule "r" { on = "shop.orders/paid", run = function(e) return e.id end }
        """)
        w.secret("acme", "shop", "of the shop")
        w.start_host()

        def post(body, headers):
            signed = {"X-Hmac": b64(mac(b"of the shop", body).digest()), **headers}
            status, _, answer = request(w.address, "POST", "/hooks/acme/shop", body, signed)
            return status, json.loads(answer)
        status, first = post(b'{"id":7}', {"X-Topic": "orders/paid", "X-Delivery": "d-1"})
        self.assertEqual(status, 202)
        self.assertEqual(post(b'{"id":7}', {"X-Topic": "orders/paid", "X-Delivery": "d-1"}),
                         (200, {**first, "duplicate": True}))
        self.assertEqual(post(b'{"id":7}', {"X-Topic": "orders/paid", "X-Delivery": "d-2"})[0], 202)
        self.assertEqual(post(b'{"id":7}', {"X-Topic": "orders/made", "X-Delivery": "d-3"})[0], 202)
        status, refused = post(b'{"id":7}', {"X-Topic": "x" * 201, "X-Delivery": "d-4"})
        self.assertEqual(status, 400)
        self.assertIn("X-Topic is longer than 200 bytes", refused["error"])
        wait_until(lambda: len(w.runs(state="done")) == 2, "a run of each that has a rule")

    def test_hubspot_is_over_the_address(self):
        public = "https://hooks.example.com"
        self.start({"crm": 'signature = "hubspot", secret = secret "crm"'}, "--public-url",
                   public + "/", secrets={"crm": "client secret"})
        self.assertEqual(self.post("crm", self.hubspot(public)), 202)
        self.assertEqual(self.post("crm", self.hubspot(public), query="?a=%2Fb%20c"), 202)
        self.assertEqual(self.post("crm", self.hubspot("http://" + self.world.address)), 401)
        self.assertEqual(self.post("crm", self.hubspot(public, shift=-301000)), 401)
        # The form in which a proxy may pass it on says another host, or another scheme.
        for form in ("http://hooks.example.com", "http://evil.example"):
            self.assertEqual(self.post("crm", self.hubspot(public), form=form), 202)
            self.assertEqual(self.post("crm", self.hubspot(form), form=form), 401)
        self.assertEqual(self.post("crm", self.hubspot(public, secret=b"another")), 401)

    def test_the_connection_hubspot_needs_no_address_of_its_own(self):
        w, public = self.world, "https://hooks.example.com"
        w.add_company("acme", 'company "Acme" {}\nconnect "hubspot" { url = "https://api.hubapi.com", '
                      'token = secret "t", secret = secret "crm", as = "crm" }\n' + RULE % '"crm.x"')
        w.secret("acme", "t", "t")
        w.secret("acme", "crm", "client secret")
        w.start_host("--public-url", public)
        self.n = 0
        event = b'[{"subscriptionType":"x","eventId":%d}]'
        self.assertEqual(self.post("crm", self.hubspot(public), event % 1), 202)
        self.assertEqual(self.post("crm", self.hubspot("http://" + w.address), event % 2), 401)

    def test_hubspot_without_a_public_address(self):
        self.start({"crm": 'secret = secret "crm"'}, "--trusted-proxy", "127.0.0.1",
                   secrets={"crm": "client secret"})
        self.assertEqual(self.post("crm", self.hubspot("http://" + self.world.address)), 202)
        proxied = {"Host": "hooks.example.com", "X-Forwarded-Proto": "https"}
        self.assertEqual(self.post("crm", self.hubspot("https://hooks.example.com"),
                                   headers=proxied), 202)
        done = self.world.sauma("serve", "--companies", "x", "--data", "x", "--public-url",
                                "hooks.example.com", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"https://hooks.example.com", done.stderr)

    def test_an_hmac_in_its_own_form(self):
        self.start({"shop": 'signature = { header = "X-Shop-Hmac", encoding = "base64" }, '
                            'secret = secret "shop"',
                    "git": 'signature = { header = "X-Hub-Signature-256", prefix = "sha256=" }, '
                           'secret = secret "shop"'}, secrets={"shop": "s3cret"})
        self.assertEqual(self.post("shop", lambda body, _: {
            "X-Shop-Hmac": b64(mac(b"s3cret", body).digest())}), 202)
        self.assertEqual(self.post("shop", lambda body, _: {
            "X-Shop-Hmac": b64(mac(b"s3cret", body + b" ").digest())}), 401)
        self.assertEqual(self.post("git", lambda body, _: {
            "X-Hub-Signature-256": "sha256=" + mac(b"s3cret", body).hexdigest()}), 202)

    def test_secrets_change_one_after_the_other(self):
        both = 'secret = { secret "new", secret "old" }'
        self.start({"shop": both}, secrets={"old": "user:old"})
        basic = lambda pair: lambda *_: {"Authorization": "Basic " + b64(pair)}  # noqa: E731
        self.assertEqual(self.post("shop", basic(b"user:old")), 202)  # the new one is not there yet
        self.assertEqual(self.post("shop", basic(b"user:new")), 401)
        self.world.secret("acme", "new", "user:new")
        began = time.monotonic()  # a sender may begin with it at once
        wait_until(lambda: self.post("shop", basic(b"user:new")) == 202, "the new one to count")
        self.assertLess(time.monotonic() - began, 3)
        self.world.host.stop()
        self.world.start_host()
        for pair, status in ((b"user:old", 202), (b"user:new", 202), (b"user:both", 401)):
            self.assertEqual(self.post("shop", basic(pair)), status)

    def test_what_check_says(self):
        w = self.world
        for text, word in (('signature = "md5"', 'signature is "standard"'),
                           ('signature = { encoding = "hex" }', "header says where"),
                           ('signature = { header = "X", encoding = "utf8" }', '"hex" or "base64"'),
                           ('signature = { header = "X Y" }', "names of headers"),
                           ('signature = { headers = "X" }', "signature has no headers"),
                           ('event = { header = "X Y" }', 'or { header = "X-Event-Type" }'),
                           ('id = { headers = "X" }', 'or { header = "X-Event-Id" }')):
            w.add_company("bad", f'company "Bad" {{}}\nconnect "webhook" {{ as = "shop", secret = secret'
                          f' "s", {text} }}\n' + RULE % '"shop"')
            done = w.sauma("check", os.path.join(w.companies, "bad"), check=False)
            said = (done.stdout + done.stderr).decode()
            self.assertIn(word, said)
            self.assertIn("company.lua:2", said)
            self.assertEqual(done.returncode, 1)
            subprocess.run(["rm", "-r", os.path.join(w.companies, "bad")], check=True)
        for secret in ("{}", "{ 1 }", "{ secret 'a', secret 'b', secret 'c', secret 'd', secret 'e' }"):
            w.add_company("bad", f'company "Bad" {{}}\nconnect "webhook" {{ as = "shop", secret = {secret}'
                          ' }\n' + RULE % '"shop"')
            done = w.sauma("check", os.path.join(w.companies, "bad"), check=False)
            self.assertIn("a list of up to 4", (done.stdout + done.stderr).decode())
            subprocess.run(["rm", "-r", os.path.join(w.companies, "bad")], check=True)

    def test_sauma_test_signs_as_the_sender_does(self):
        w = self.world
        forms = {"standard": 'signature = "standard"', "hubspot": 'signature = "hubspot"',
                 "form": 'signature = { header = "X-H", prefix = "v0=", timestamp = "X-T" }',
                 "basic": 'signature = "basic"', "any": ""}
        w.add_company("acme", 'company "Acme" {}\n' + "".join(
            f'connect "webhook" {{ as = "{name}", event = "type", id = "id", '
            f'secret = {{ secret "{name}", secret "old" }}, {text} }}\n'
            for name, text in forms.items()) + RULE % ", ".join(f'"{name}"' for name in forms), files={
                "tests/a_test.lua": "".join(
                    f'test("{name}", function()\n'
                    f'  expect(deliver("{name}", {{ type = "x" }}).state).is "done"\n'
                    f'  expect(deliver("{name}", {{ type = "y" }}, {{ signature = "wrong" }}).status)'
                    '.is(401)\nend)\n' for name in forms)})
        done = w.sauma("test", os.path.join(w.companies, "acme"), check=False)
        self.assertIn(b"5 passed, 0 failed", done.stdout)

    def test_a_flood_of_forgeries_fills_no_log_and_a_changed_secret_is_told(self):
        self.start({"shop": 'secret = secret "shop", signature = "standard"'}, "--log-again",
                   "500ms", secrets={"shop": "whsec_" + KEY})
        wrong, w = self.standard(key=b64(b"another key of 24 bytes!")), self.world
        began = time.monotonic()
        sent = 0

        def alerts():
            rows = w.sauma("alerts", "--json", "--data", w.data).stdout.splitlines()
            return [json.loads(row) for row in rows]

        def told():
            nonlocal sent
            for _ in range(20):
                self.assertEqual(self.post("shop", wrong), 401)
            sent += 20
            return alerts()
        alert, = wait_until(told, "an alert")
        self.assertEqual((alert["kind"], alert["about"]), ("not-authentic", "shop"))
        self.assertIn("sauma secret set acme NAME", alert["text"])
        lines = [json.loads(line) for line in w.host.errors().splitlines()
                 if '"delivery not authentic"' in line]
        self.assertLessEqual(len(lines), 1 + (time.monotonic() - began) / 0.5)
        self.assertGreater(sent, len(lines))
        self.assertGreater(sum(int(line["times"]) for line in lines), len(lines))
        self.assertEqual(self.post("shop", self.standard()), 202)
        wait_until(lambda: not alerts(), "the alert to be over")


if __name__ == "__main__":
    main()
