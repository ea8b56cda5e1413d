"""A request to the API that has a key of its own is carried out once, and is answered so each time."""
import http.client
import json
import os
import sqlite3
import threading

from harness import Case, main, request

COMPANY = """company "Acme" {}
connect "webhook" { as = "shop", secret = false, event = "type", id = "id" }
rule "r" { on = "shop", run = function() attention "look at it" end }
"""


class Idempotency(Case):
    def setUp(self):
        super().setUp()
        w = self.world
        w.add_company("acme", COMPANY)
        w.start_host()
        for n in range(2):
            self.assertEqual(w.deliver({"type": "x", "id": f"e{n}"}, "acme", "shop")[0], 202)
        self.runs = [r["id"] for r in w.settled(2)]
        with open(os.path.join(w.data, "api-token")) as f:
            self.token = f.read().strip()

    def post(self, key, path, body, token=None):
        headers = {"Authorization": "Bearer " + (token or self.token)}
        if key is not None:
            headers["Idempotency-Key"] = key
        status, headers, answer = request(self.world.address, "POST", "/api/v1/" + path,
                                          json.dumps(body), headers)
        return status, json.loads(answer), headers.get("idempotency-replayed") == "true"

    def acts(self):
        done = self.world.sauma("acts", "--data", self.world.data, "--json")
        return len(done.stdout.splitlines())

    def retry(self, key, by="Maija", run=0):
        return self.post(key, f"runs/{self.runs[run]}/retry", {"by": by, "reason": "again"})

    def test_the_first_answer_again(self):
        first = self.retry("k-1")
        self.assertEqual((first[0], first[2]), (200, False))
        self.world.settled(2)
        for _ in range(3):
            self.assertEqual(self.retry("k-1"), (200, first[1], True))
        self.assertEqual(self.acts(), 1)
        self.assertEqual(self.retry("k-2")[2], False)  # another key is another request
        self.world.settled(2)
        self.assertEqual(self.acts(), 2)
        self.assertEqual(self.retry(None)[2], False)  # and so is none
        self.world.settled(2)
        self.assertEqual(self.acts(), 3)

    def test_a_refusal_is_the_answer_too(self):
        first = self.post("k", "runs/run_nothing/retry", {"by": "Maija"})
        self.assertGreaterEqual(first[0], 400)
        self.assertEqual(self.post("k", "runs/run_nothing/retry", {"by": "Maija"}),
                         (first[0], first[1], True))

    def test_a_person_is_erased_from_answers_too(self):
        w = self.world
        self.retry("k")
        w.host.stop()
        path = os.path.join(w.data, "sauma.db")
        with sqlite3.connect(path) as store:
            store.execute("UPDATE once SET body = CAST('Matti Meikalainen' AS BLOB)")
        store.close()
        done = w.sauma("erase", "acme", "Matti Meikalainen", "--by", "Maija", "--why",
                       "asked", "--data", w.data, "--json")
        self.assertIn(b'"api_answer":1', done.stdout)
        with open(path, "rb") as f:
            self.assertNotIn(b"Matti Meikalainen", f.read())

    def test_another_request_with_the_key(self):
        self.retry("k")
        for other in (self.retry("k", by="Matti"), self.retry("k", run=1)):
            self.assertEqual(other[0], 422)
            self.assertIn("another request", other[1]["error"])
        self.assertEqual(self.acts(), 1)

    def test_over_a_restart(self):
        first = self.retry("k")
        self.world.settled(2)
        self.world.host.p.kill()
        self.world.host.p.wait()
        self.world.start_host()
        self.assertEqual(self.retry("k"), (200, first[1], True))
        self.assertEqual(self.acts(), 1)

    def test_many_at_once_are_one(self):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.retry("k")))
                   for _ in range(20)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(self.acts(), 1)
        self.assertEqual(sum(status == 200 and not again for status, _, again in answers), 1)
        self.assertEqual({status for status, _, _ in answers} - {200, 409}, set())

    def test_one_that_a_host_left_unfinished(self):
        self.retry("k")
        self.world.host.stop()
        with sqlite3.connect(os.path.join(self.world.data, "sauma.db")) as store:
            self.assertEqual(store.execute("UPDATE once SET status = 0, body = x''").rowcount, 1)
        store.close()
        self.world.start_host()
        status, answer, _ = self.retry("k")
        self.assertEqual(status, 500)
        self.assertIn("sauma acts", answer["error"])
        self.assertEqual(self.acts(), 1)

    def test_what_is_no_key(self):
        for key in ("", "a b", "x" * 256, "\u00e4"):
            self.assertEqual(self.retry(key.encode("latin-1").decode("latin-1"))[0], 400)
        body = b'{"by":"Maija","reason":"again"}'
        c = http.client.HTTPConnection(self.world.address)
        self.addCleanup(c.close)
        c.putrequest("POST", f"/api/v1/runs/{self.runs[0]}/retry")
        for header in (("Authorization", "Bearer " + self.token), ("Idempotency-Key", "a"),
                       ("Idempotency-Key", "b"), ("Content-Length", str(len(body)))):
            c.putheader(*header)
        c.endheaders(body)
        self.assertEqual(c.getresponse().status, 400)
        self.assertEqual(self.acts(), 0)
        self.assertEqual(self.post("k", f"runs/{self.runs[0]}/retry", {}, token="wrong")[0], 401)
        self.assertEqual(self.retry("k")[0], 200)  # what was not authorised took no key
        done = self.world.sauma("serve", "--companies", "x", "--data", "y", "--keep-answers", "1h",
                                check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    main()
