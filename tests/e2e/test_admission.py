"""Limits on what a company may bring: answered with a time to come back, told, and nothing lost."""
import json

from harness import Case, main, request, wait_until

COMPANY = """company "{name}" {{ limits = {{ {limits} }} }}
connect "webhook" {{ as = "shop", secret = false, event = "type", id = "id" }}
connect "http" {{ as = "stock", url = "http://127.0.0.1:9/" }}
rule "Waits" {{ on = "shop.wait", run = function() time.sleep({wait}) end }}
rule "Quick" {{ on = "shop.quick", run = function(event) return {{ id = event.id }} end }}
"""


class Admission(Case):
    def company(self, name, limits="", wait=3600):
        self.world.add_company(name, COMPANY.format(name=name, limits=limits, wait=wait))

    def post(self, company, kind, number, body=None):
        data = body or json.dumps({"type": kind, "id": number}).encode()
        return request(self.world.address, "POST", f"/hooks/{company}/shop", data)

    def refused(self, *args):
        done = self.world.sauma("events", "--refused", "--json", "--data", self.world.data, *args)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def alerts(self, *args):
        done = self.world.sauma("alerts", "--json", "--data", self.world.data, *args)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def books(self, company):
        done = self.world.sauma("stats", "--json", "--data", self.world.data)
        return next((b for b in map(json.loads, done.stdout.splitlines()) if b["company"] == company),
                    {"received": 0})  # nothing came yet

    def test_a_full_backlog_is_answered_with_a_time_to_come_back(self):
        self.company("acme", "backlog = 3")
        self.company("other")
        self.world.start_host()
        for n in range(3):
            self.assertEqual(self.post("acme", "wait", n)[0], 202)
        status, headers, body = self.post("acme", "quick", 10)
        self.assertEqual(status, 429, body)
        self.assertTrue(5 <= int(headers["retry-after"]) <= 600)
        self.assertIn("3 open events", json.loads(body)["error"])
        self.assertEqual(self.post("acme", "quick", 10)[0], 429)
        self.assertEqual(self.post("other", "quick", 10)[0], 202)  # it is acme's limit alone
        wait_until(lambda: self.books("other")["done"] == 1, "the other's run")
        wait_until(lambda: len(self.refused()) == 2, "two refused deliveries")
        kept = self.refused("--company", "acme")[0]
        self.assertEqual((kept["status"], kept["connection"], kept["authentic"], kept["body"]),
                         (429, "shop", True, {"type": "quick", "id": 10}))
        alert, = self.alerts()
        self.assertEqual((alert["company"], alert["kind"], alert["times"]), ("acme", "backlog", 1))
        _, _, metrics = request(self.world.address, "GET", "/metrics")
        self.assertIn(b"\nsauma_deliveries_limited_total 2\n", metrics)
        self.assertIn(b'\nsauma_company_open_events{company="acme"} 3\n', metrics)
        self.assertIn(b'\nsauma_books_difference{company="acme"} 0\n', metrics)
        ages = [int(line.split()[1]) for line in metrics.decode().splitlines()
                if line.startswith('sauma_company_oldest_open_seconds{company="acme"}')]
        self.assertEqual(len(ages), 1)
        self.assertTrue(0 <= ages[0] < 600, ages)
        books = self.books("acme")
        self.assertEqual((books["received"], books["in_flight"], books["difference"]), (3, 3, 0))
        self.assertRegex(books["oldest_open_at"], r"^20\d\d-")
        self.assertIsNone(self.books("other")["oldest_open_at"])

    def test_it_is_taken_again_when_there_is_less(self):
        self.company("acme", "backlog = 2", wait=3)
        self.world.start_host()
        for n in range(2):
            self.post("acme", "wait", n)
        wait_until(lambda: self.post("acme", "quick", 99)[0] == 202, "the delivery to be taken")
        wait_until(lambda: self.books("acme")["in_flight"] == 0, "all to be done")
        self.assertEqual(self.books("acme")["received"], 3)
        wait_until(lambda: not self.alerts(), "the alert to be over")

    def test_so_many_a_minute(self):
        self.company("acme", "per_minute = 5")
        self.world.start_host()
        answers = [self.post("acme", "quick", n) for n in range(8)]
        self.assertEqual([a[0] for a in answers], [202] * 5 + [429] * 3)
        self.assertTrue(1 <= int(answers[-1][1]["retry-after"]) <= 61)

    def test_what_is_kept_has_a_limit(self):
        limited = 'stored = "40k"'
        self.company("acme", limited)
        self.company("other")
        self.world.start_host()
        large = json.dumps({"type": "quick", "id": 1, "text": "x" * 21000}).encode()
        self.assertEqual(self.post("acme", "", 0, large)[0], 202)
        second = json.dumps({"type": "quick", "id": 2, "text": "x" * 21000}).encode()
        status, headers, body = self.post("acme", "", 0, second)
        self.assertEqual(status, 202, body)
        status, headers, body = self.post("acme", "quick", 3)
        self.assertEqual(status, 429, body)
        self.assertEqual(headers["retry-after"], "600")
        self.assertRegex(json.loads(body)["error"],
                         r"^\d+ bytes are kept of the company, and its limit is 40960; send it again")
        self.assertEqual(self.post("other", "quick", 3)[0], 202)
        # What was accepted is done all the same, and the refused one is there to be seen.
        wait_until(lambda: self.books("acme")["done"] == 2, "both that were accepted")
        self.assertEqual(self.books("acme")["difference"], 0)
        self.assertGreater(self.books("acme")["stored_bytes"], 40960)
        self.assertLess(self.books("other")["stored_bytes"], 10000)
        self.assertIn("  stored 0.0 MiB\n", self.world.sauma("stats", "--data",
                                                             self.world.data).stdout.decode())
        wait_until(lambda: len(self.refused("--company", "acme")) == 1, "the refused one")
        wait_until(lambda: [a["kind"] for a in self.alerts()] == ["store-size"], "the alert")
        self.assertIn("which is over the 0.0 MiB", self.alerts()[0]["text"])
        _, _, metrics = request(self.world.address, "GET", "/metrics")
        self.assertRegex(metrics.decode(), r'\nsauma_company_stored_bytes\{company="acme"\} 4\d{4}\n')
        # A restart forgets nothing of it; a higher limit lets it on.
        self.world.host.stop()
        self.world.start_host()
        wait_until(lambda: self.post("acme", "quick", 4)[0] == 429, "the next refusal")
        path = f"{self.world.companies}/acme/company.lua"
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace(limited, 'stored = "4m"'))
        wait_until(lambda: self.post("acme", "quick", 5)[0] == 202, "it to be taken again")
        wait_until(lambda: not self.alerts(), "the alert to be over")

    def test_schedules_rest_while_too_much_is_kept(self):
        self.company("acme")
        self.company("other")
        schedule = 'schedule "often" { every = "1s", missed = "once", run = function() end }\n'
        path = f"{self.world.companies}/acme/company.lua"
        with open(path) as f:
            text = f.read() + schedule
        self.world.start_host("--max-stored", "10k")
        large = json.dumps({"type": "quick", "id": 1, "text": "x" * 20000}).encode()
        self.assertEqual(self.post("acme", "", 0, large)[0], 202)
        wait_until(lambda: self.post("acme", "quick", 2)[0] == 429, "a refusal")
        wait_until(lambda: self.books("acme")["in_flight"] == 0, "what was accepted to be done")
        received = self.books("acme")["received"]
        with open(path, "w") as f:
            f.write(text)
        self.world.sauma("reload", "acme", "--data", self.world.data)
        with open(f"{self.world.companies}/other/company.lua", "a") as f:
            f.write(schedule)
        self.world.sauma("reload", "other", "--data", self.world.data)
        wait_until(lambda: self.books("other")["received"] >= 2, "the same schedule of another")
        self.assertEqual(self.books("acme")["received"], received)
        self.world.host.stop()
        self.world.start_host("--max-stored", "1m")
        wait_until(lambda: self.books("acme")["received"] > received, "the schedule")

    def test_the_limit_of_the_host_holds_for_all(self):
        self.company("acme", "backlog = 100")  # its own can only be lower
        self.world.start_host("--max-backlog", "1")
        self.assertEqual(self.post("acme", "wait", 1)[0], 202)
        self.assertEqual(self.post("acme", "wait", 2)[0], 429)

    def test_what_cannot_be_used_is_kept_and_told(self):
        self.company("acme")
        self.world.start_host("--max-body", "1k", "--keep-refused", "3", "--keep-refused-body",
                              "10")
        self.assertEqual(self.post("acme", "", 0, b'{"type": broken, and long}')[0], 400)
        self.assertEqual(self.post("acme", "", 0, b"x" * 2000)[0], 413)
        wait_until(lambda: len(self.refused()) == 2, "both to be kept")
        large, broken = self.refused()
        self.assertEqual((large["status"], large["authentic"], large["body"]), (413, False, None))
        self.assertEqual((broken["status"], broken["size"], broken["body"]),
                         (400, 26, '{"type": b'))
        self.assertIn("line 1", broken["reason"])
        alert, = self.alerts()
        self.assertEqual((alert["kind"], alert["about"], alert["times"]), ("refused", "shop", 2))
        for n in range(6):  # the newest are kept, and no more
            self.post("acme", "", 0, b"%d?" % n)
        wait_until(lambda: self.refused()[0]["body"] == "5?", "the last one to be kept")
        self.assertEqual([r["body"] for r in self.refused()], ["5?", "4?", "3?", None])
        self.assertEqual(self.world.runs(), [])


if __name__ == "__main__":
    main()
