"""What concerns who operates the host is told to --operator-url, whatever company it meets."""
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import subprocess

from harness import Case, main, request, wait_until

COMPANY = """company "Acme Oy" {}
connect "webhook" { as = "shop", secret = false, event = "type" }
rule "Break" { on = "shop.break", run = function() error "Kanaria 12345" end }
rule "Spin" { on = "shop.spin", run = function() while true do end end }
"""


class Operator(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("slack")
        self.world.add_company("acme", COMPANY)

    def start(self, *more):
        w = self.world
        w.start_host(*more, env={"SAUMA_OPERATOR_URL": w.urls["slack"]})

    def post(self, kind):
        self.assertEqual(self.world.deliver({"type": kind}, "acme", "shop", sign=False)[0], 202)

    def control(self, path, body=None):
        return request(self.world.urls["slack"].split("/")[2], "GET" if body is None else "POST",
                       path, body)[2]

    def messages(self):
        return [m["text"] for m in json.loads(self.control("/_control/state?sandbox=slack"))["messages"]]

    def lines(self, *words):
        """Waits until there is a line for each of the words; all lines."""
        def look():
            lines = [line for text in self.messages() for line in text.split("\n- ")[1:]]
            return all(any(word in line for line in lines) for word in words) and lines
        return wait_until(look, f"{words} to be told")

    def test_what_is_wrong_with_the_host(self):
        w = self.world
        self.start()
        self.lines("the last backup: never (told after backup-expected). Run `sauma backup FILE` each day")
        w.host.stop()
        w.sauma("backup", os.path.join(w.dir, "backup"), "--data", w.data)
        with sqlite3.connect(os.path.join(w.data, "sauma.db")) as db:
            db.execute("INSERT INTO books (company, state, n) VALUES ('acme', 'received', 3)")
        self.start("--disk-low", "1000000g", "--burst", "200ms")
        self.post("spin")
        self.lines("the books of acme do not balance", "MB left (told below disk-low)",
                   "computed for long")
        self.assertEqual(sum("the last backup" in text for text in self.messages()), 1)

    def test_alerts_of_companies(self):
        w = self.world
        self.start("--log-again", "1ms")
        for _ in range(3):
            self.post("break")
        lines = self.lines("company acme, alerts of the kind failed, and no rule of its own tells")
        # How a company is served is told whole; what its customers' data may be in is not.
        self.assertNotIn("Kanaria", "".join(lines))
        path = os.path.join(w.companies, "acme", "company.lua")
        with open(path, "a") as f:
            f.write("this is no Lua\n")
        self.lines("company acme, company-broken: company.lua:5", 'in the log, 1 times by now: "company '
                   'not loaded"')
        with open(path, "w") as f:
            f.write(COMPANY + "-- well again\n")
        self.lines("company acme, company-broken (acme): over.")
        self.assertNotIn("Kanaria", "".join(self.messages()))

    def test_it_is_told_though_it_was_not_there(self):
        self.control("/_control/faults", b"error=500*2")
        self.start()
        self.lines("the last backup: never")
        self.assertIn("operator not told", self.world.host.errors())
        self.assertNotIn("T000/B000", self.world.host.errors())

    def test_a_full_disk(self):
        w = self.world
        os.mkdir(w.data, 0o700)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "none", w.data],
                          stderr=subprocess.DEVNULL).returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", w.data])
        self.start("--disk-low", "0")
        big = json.dumps({"type": "other", "text": "x" * 500_000}).encode()
        while w.deliver(big, "acme", "shop", sign=False)[0] == 202:
            pass
        self.lines("is full. New deliveries are answered with 503")

    def test_what_is_told_is_signed(self):
        key = b"0123456789abcdef0123456789abcdef"
        secret = "whsec_" + base64.b64encode(key).decode()
        w = self.world
        w.start_sandbox("http", options={"routes": {"POST /ops": {"status": 202}}},
                        fault="POST /ops lost*1")
        w.start_host("--disk-low", "0", env={"SAUMA_OPERATOR_URL": w.urls["http"] + "/ops",
                                             "SAUMA_OPERATOR_SECRET": secret})

        def received():
            state = request(w.urls["http"].split("/")[2], "GET", "/_control/state?sandbox=http")[2]
            got = json.loads(state)["requests"]
            return len(got) > 1 and got
        first, again = wait_until(received, "the operator to be told a second time")[:2]
        for got in (first, again):
            h = got["headers"]
            signed = f'{h["webhook-id"]}.{h["webhook-timestamp"]}.{got["body"]}'.encode()
            mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            self.assertEqual(h["webhook-signature"], "v1," + mac)
        self.assertEqual(first["body"], again["body"])
        self.assertEqual(first["headers"]["webhook-id"], again["headers"]["webhook-id"])
        self.assertNotIn(secret, w.host.errors())

    def test_a_secret_that_is_none(self):
        for secret in ("whsec_!", "not base64 with a mark", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"):
            done = self.world.sauma("serve", "--companies", self.world.companies, "--data",
                                    self.world.data, "--operator-url", "https://ops.example/x",
                                    "--operator-secret", secret, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"--operator-secret: ", done.stderr)
            self.assertIn(b"whsec_$(openssl rand -base64 32)", done.stderr)
            self.assertNotIn(secret.encode(), done.stderr)

    def test_an_address_that_is_none(self):
        done = self.world.sauma("serve", "--companies", "x", "--data", "x", "--operator-url",
                                "ops@example.com", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--operator-url", done.stderr)


if __name__ == "__main__":
    main()
