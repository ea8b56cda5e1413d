"""Webhooks that go out are signed by Standard Webhooks, and one that is sent again is the same one."""
import base64
import hashlib
import hmac
import json

from harness import Case, main, request

KEY = b"0123456789abcdef0123456789abcdef"
COMPANY = """company "Lähettävä Oy" { language = "fi" }
connect "webhook" { as = "shop", secret = false, event = "type" }
connect "webhook_out" { as = "erp", url = env "ERP_URL", secret = secret "erp", rate = 1000 }
rule "Tell" { on = "shop.tell", run = function(e)
  local ok, problem = erp.send("invoice.created", { number = 7, total = decimal "12.50", name = "Öljy" })
  return { ok = ok, problem = problem }
end }
rule "Notice" { on = "shop.notice", run = function()
  return { ok = notify("erp", "Uusi lasku", { event = "invoice.created", number = 8 }) } end }
"""


class WebhookOut(Case):
    def start(self, secret, fault=""):
        w = self.world
        w.start_sandbox("http", fault=fault, options={"routes": {"POST /in": {"status": 202}}})
        self.http = w.urls["http"].split("/")[2]
        w.env["ERP_URL"] = w.urls["http"] + "/in"
        w.add_company("acme", COMPANY)
        w.secret("acme", "erp", secret)
        w.start_host("--retry-base", "20ms", "--settle", "100ms")

    def run_of(self, kind):
        count = len(self.world.runs()) + 1
        self.world.deliver({"type": kind}, company="acme", connection="shop", sign=False)
        run = self.world.settled(count)[-1]
        return self.world.show(run["id"]) | run

    def received(self):
        return json.loads(request(self.http, "GET", "/_control/state?sandbox=http")[2])["requests"]

    def assert_signed(self, got):
        h = got["headers"]
        signed = f'{h["webhook-id"]}.{h["webhook-timestamp"]}.{got["body"]}'.encode()
        mac = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        self.assertEqual(h["webhook-signature"], "v1," + mac)

    def test_a_receiver_can_tell_that_it_is_ours_and_knows_it_again(self):
        self.start("whsec_" + base64.b64encode(KEY).decode(), fault="POST /in lost*1")
        run = self.run_of("tell")
        self.assertEqual((run["state"], run["result"]), ("done", {"ok": True}), run)
        first, second = self.received()
        for got in (first, second):
            self.assert_signed(got)
        self.assertEqual(first["headers"]["webhook-id"], second["headers"]["webhook-id"])
        self.assertEqual(first["body"], second["body"])
        body = json.loads(first["body"])
        self.assertEqual((body["type"], body["data"]),
                         ("invoice.created", {"number": 7, "total": 12.5, "name": "Öljy"}))
        self.run_of("notice")
        body = json.loads(self.received()[2]["body"])
        self.assertEqual((body["type"], body["data"]),
                         ("invoice.created", {"text": "Uusi lasku", "number": 8}))
        self.assertNotIn(base64.b64encode(KEY).decode(), json.dumps(run))

    def test_a_secret_of_another_form_is_named(self):
        self.start("whsec_no base64!")
        self.assertIn("whsec_", self.run_of("tell")["result"]["problem"])
        self.world.secret("acme", "erp", base64.b64encode(KEY).decode())  # without its mark
        self.assertIn("whsec_", self.run_of("tell")["result"]["problem"])
        self.assertEqual(self.received(), [])


if __name__ == "__main__":
    main()
