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

    def test_ytj_knows_companies_by_business_id(self):
        self.open("ytj")
        path = self.url.path + "/companies"
        status, raw = self.ask("GET", path + "?businessId=1234567-1&maxResults=1")
        found = json.loads(raw)
        self.assertEqual((status, found["totalResults"]), (200, 1))
        self.assertEqual(found["companies"][0]["names"][0]["name"], "Testiasiakas Oy")
        self.assertEqual(self.ask("GET", path + "?businessId=2646674-9"),
                         (200, '{"companies":[],"totalResults":0}'))
        self.assertEqual(json.loads(self.ask("GET", path + "?name=kumppanit")[1])["totalResults"], 1)
        self.assertEqual(json.loads(self.ask("GET", path + "?postCode=20100")[1])["totalResults"], 1)
        codes = json.loads(self.ask("GET", self.url.path + "/post_codes?lang=sv")[1])
        self.assertIn(("20100", "ÅBO"), [(c["postCode"], c["city"]) for c in codes])
        self.assertEqual(self.ask("GET", self.url.path + "/description?code=YRMU&lang=en")[1]
                         .splitlines()[0], "16\tLimited company")
        self.assertEqual(self.ask("GET", self.url.path + "/companies/1234567-1")[0], 404)
        self.assertIn("Konkurssi Esimerkki Oy", self.ask("GET", self.root + "/")[1])

    def test_ytjs_limit_is_shared_with_others(self):
        self.open("ytj", settings={"rate_limit": 300, "others": 297, "strict_ids": True})
        path = self.url.path + "/companies?businessId="
        self.assertEqual(self.ask("GET", path + "x")[0], 400)
        codes = [self.ask("GET", path + "1234567-1")[0] for _ in range(3)]
        self.assertEqual(codes, [200, 200, 429])
        self.assertEqual(self.ask("GET", path + "1234567-1"), (429, "Too many requests"))

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
