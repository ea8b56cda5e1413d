"""The smaller sandboxes over real HTTP: Slack's and Zapier's webhooks, plain HTTP, the sender."""
import json
from urllib.parse import urlsplit

from harness import Case, main, request

JSON = {"Content-Type": "application/json"}


class Others(Case):
    def open(self, name, **options):
        self.world.start_sandbox(name, options=options)
        self.url = urlsplit(self.world.urls[name])
        self.root = "/" + name

    def ask(self, method, path, body=None, headers=None):
        body = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        status, _, raw = request(self.url.netloc, method, path, body or b"", headers or JSON)
        return status, raw.decode()

    def test_slack_takes_a_message_and_names_what_is_wrong(self):
        self.open("slack")
        path = self.url.path
        self.assertEqual(self.ask("POST", path, {"text": "Hei &amp; <b>"}), (200, "ok"))
        self.assertEqual(self.ask("POST", path, {"text": ""}), (400, "no_text"))
        self.assertEqual(self.ask("POST", path, '{"text'), (400, "invalid_payload"))
        self.assertEqual(self.ask("POST", path, {"blocks": [{}]}), (400, "invalid_blocks"))
        self.assertEqual(self.ask("POST", self.root + "/services/T0", {"text": "x"}),
                         (404, "no_service"))
        self.assertIn("Hei &amp; &lt;b&gt;", self.ask("GET", self.root + "/")[1])

    def test_slack_is_slow(self):
        self.open("slack", settings={"rate_limit": 1})
        codes = [self.ask("POST", self.url.path, {"text": str(n)})[0] for n in range(5)]
        self.assertEqual(codes[0], 200)
        self.assertIn(429, codes)

    def test_slack_can_be_archived(self):
        self.open("slack", settings={"error": "channel_is_archived"})
        self.assertEqual(self.ask("POST", self.url.path, {"text": "x"}),
                         (410, "channel_is_archived"))

    def test_zapier_says_success_to_everything(self):
        self.open("zapier")
        status, raw = self.ask("POST", self.url.path, {"event": "invoice.created", "total": "1.00"})
        self.assertEqual((status, json.loads(raw)["status"]), (200, "success"))
        self.assertEqual(self.ask("POST", self.url.path, b"\xff\xfe")[0], 200)
        page = self.ask("GET", self.root + "/")[1]
        self.assertIn("invoice.created", page)

    def test_http_answers_as_told(self):
        self.open("http", routes={"GET /items/{id}": {"json": [{"id": 1}]},
                                  "POST /orders": [{"status": 503},
                                                   {"status": 201, "json": {"id": 7}}]},
                  collections=["/reservations"])
        self.assertEqual(self.ask("GET", self.root + "/items/5"), (200, '[{"id":1}]'))
        self.assertEqual([self.ask("POST", self.root + "/orders", {})[0] for _ in range(3)],
                         [503, 201, 201])
        self.assertEqual(self.ask("GET", self.root + "/items")[0], 404)
        self.assertEqual(self.ask("POST", self.root + "/reservations", {"order": "7"})[0], 201)
        self.assertEqual(self.ask("GET", self.root + "/reservations?order=7"),
                         (200, '[{"id":1,"order":"7"}]'))
        self.assertEqual(self.ask("GET", self.root + "/reservations?order=8"), (200, "[]"))

    def test_click2contract_shows_what_it_sends(self):
        self.open("click2contract")
        page = self.ask("GET", self.root + "/")[1]
        for name in ("sample", "manual", "no-business-id", "no-pricing-table",
                     "one-line-address", "two-pricing-tables"):
            self.assertIn(f"proposals/{name}.json", page)
            status, raw = self.ask("GET", f"{self.root}/proposals/{name}.json")
            self.assertEqual((status, json.loads(raw)["event"]), (200, "proposal.accepted"))
        self.assertEqual(self.ask("GET", self.root + "/proposals/x.json")[0], 404)


if __name__ == "__main__":
    main()
