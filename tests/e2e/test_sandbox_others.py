"""The smaller sandboxes over real HTTP: Slack's and Zapier's webhooks, plain HTTP, the sender,
Pipedrive's API."""
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

    def pipedrive(self, method, path, body=None):
        status, raw = self.ask(method, self.url.path + path, body, {**JSON, "x-api-token": "t"})
        return status, json.loads(raw)

    def test_pipedrive_serves_what_has_a_v2_by_v2_alone(self):
        self.open("pipedrive", sample=True)
        for path in ("products", "products/1", "products/search?term=x", "deals/881",
                     "deals/881/products", "organizations/31", "organizations/search?term=x",
                     "persons/9", "itemSearch?term=x"):
            status, answer = self.pipedrive("GET", "/v1/" + path)
            self.assertEqual((status, answer["success"], answer["data"]), (410, False, None), path)
            self.assertIn("/api/v2/" + path.split("/")[0].split("?")[0], answer["error"])
        self.assertEqual(self.pipedrive("PUT", "/v1/products/1", {"name": "x"})[0], 410)
        for path in ("organizations/31/changelog", "deals/881/files", "notes?deal_id=881", "users/77"):
            self.assertEqual(self.pipedrive("GET", "/v1/" + path)[0], 200, path)
        self.assertEqual(self.pipedrive("GET", "/v2/notes")[0], 404)
        self.assertEqual(self.pipedrive("PUT", "/v2/products/1", {"name": "x"})[0], 405)

    def test_pipedrive_goes_on_from_a_cursor(self):
        self.open("pipedrive", seed={"sample": True, "products": [{"name": f"P{n}", "code": "X", "unit_price": 1}
                                                  for n in range(7)]})
        path, ids, cursor = "/v2/products?limit=3", [], ""
        while cursor is not None:
            page = self.pipedrive("GET", path + cursor)[1]
            ids += [one["id"] for one in page["data"]]
            more = page["additional_data"]["next_cursor"]
            cursor = None if more is None else "&cursor=" + more
        self.assertEqual((len(ids), len(set(ids))), (9, 9))
        self.assertEqual(self.pipedrive("GET", "/v2/products?limit=501")[0], 400)
        self.assertEqual(self.pipedrive("GET", "/v2/products/search?term=x&limit=101")[0], 400)
        self.assertEqual(self.pipedrive("GET", "/v2/products/search?term=x")[0], 400)
        found = self.pipedrive("GET", "/v2/products/search?term=x&fields=code&exact_match=true")[1]
        self.assertEqual(len(found["data"]["items"]), 7)
        many = ",".join(str(n) for n in range(101))
        self.assertEqual(self.pipedrive("GET", "/v2/organizations?ids=" + many)[0], 400)

    def test_pipedrive_changes_what_is_given_and_takes_nothing_else(self):
        self.open("pipedrive", sample=True)
        path = "/v2/products/1"
        before = self.pipedrive("GET", path)[1]["data"]
        self.assertEqual((before["is_linkable"], before["is_deleted"]), (True, False))
        self.assertRegex(before["add_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        after = self.pipedrive("PATCH", path, {"is_linkable": False})[1]["data"]
        self.assertEqual({**after, "update_time": 0, "is_linkable": True}, {**before, "update_time": 0})
        prices = [{"price": 5, "currency": "SEK"}]
        after = self.pipedrive("PATCH", path, {"prices": prices})[1]["data"]
        self.assertEqual([(p["price"], p["currency"]) for p in after["prices"]], [(5, "SEK")])
        for wrong in ({"active_flag": True}, {"is_linkable": 1}, {"tax": "25.5"}, {"is_deleted": True},
                      {"prices": [{"price": "5", "currency": "EUR"}]}, {"custom_fields": {"f" * 40: 1}}):
            self.assertEqual(self.pipedrive("PATCH", path, wrong)[0], 400, wrong)
        path = "/v2/organizations/31"
        money = "57a0000000000000000000000000000000000007"
        amount = {"value": 5.5, "currency": "EUR"}
        for wrong in (5.5, "5.5", {"value": "5.5", "currency": "EUR"}):
            self.assertEqual(self.pipedrive("PATCH", path, {"custom_fields": {money: wrong}})[0], 400)
        after = self.pipedrive("PATCH", path, {"custom_fields": {money: amount}})[1]["data"]
        self.assertEqual((after["custom_fields"][money], after["name"]), (amount, "Testiasiakas Oy"))
        fields = self.pipedrive("GET", "/v2/organizationFields?limit=500")[1]["data"]
        self.assertIn((money, "monetary"), [(f["field_code"], f["field_type"]) for f in fields])


if __name__ == "__main__":
    main()
