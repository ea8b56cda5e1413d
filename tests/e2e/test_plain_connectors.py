"""connect "webhook" and connect "http", against a server that answers as it was told to."""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import socket
import struct
import threading
import time

from harness import Case, main, wait_until

COMPANY = """company "Plain Oy" {}
connect "webhook" { as = "any",    secret = secret "hook", event = "type", id = "id" }
connect "webhook" { as = "signed", secret = secret "hook", signature = "hmac" }
connect "webhook" { as = "shared", secret = secret "hook", signature = "secret" }
connect "webhook" { as = "basic",  secret = secret "hook", signature = "basic" }
connect "webhook" { as = "pair",   secret = secret "pair", signature = "basic" }
connect "webhook" { as = "open",   secret = false, event = "type", id = "id" }
connect "http" { as = "stock", url = env "STOCK_URL", auth = { bearer = secret "token" },
                 timeout = 1, settle = 0.2 }
connect "http" { as = "old", url = env "STOCK_URL", timeout = 1,
                 auth = { user = "me", password = secret "token" } }

rule "Read" { on = "open.read", run = function()
  return http.get("stock", "/items", { query = { a = "x y&z", l = { 1, 2 } } }).body
end }
rule "Read with Basic" { on = "open.basic", run = function()
  return old.get("/items", { accept = { 404 } }).status
end }
rule "Write" { on = "open.write", run = function(e)
  return stock.post("/made", { json = { order = e.order } }).status
end }
rule "Colon" { on = "open.colon", run = function() return stock:get("/items").status end }
rule "Search" { on = "open.search", run = function(e)
  return stock.search("/made", { json = { order = e.order } }).status
end }
rule "Secret" { on = "open.secret", run = function() stock.post("/made", { json = { secret "token" } }) end }
rule "Option" { on = "open.option", run = function() stock.get("/made", { params = {} }) end }
rule "Write and find" { on = "open.find", run = function(e)
  local answer = http.write("stock", "POST", "/made", { json = { order = e.order },
    find = function()
      local n, found = 0, nil
      for _, one in ipairs(http.get("stock", "/made").body) do
        if one.order == e.order then n, found = n + 1, one end
      end
      return found, n
    end })
  return answer.adopted and "adopted" or "answered"
end }
rule "Try" { on = "open.try", run = function()
  local answer, problem = http.try(http.get, "stock", "/items")
  return { answered = answer ~= nil, status = problem and problem.status }
end }
rule "Keep" { on = "open.keep", run = function(e)
  return #http.get("stock", "/items", { keep = e.keep, anew = e.anew, accept = { 404 } }).body
end }
rule "Long" { on = "open.long", run = function()
  return #http.get("stock", "/items").headers["x-long"]
end }
rule "Signed" { on = { "any", "signed", "shared", "basic", "pair" }, run = function() end }
"""
SECRET, PAIR, TOKEN = "s3cret-hook", "someone:pass:wörd", "tok-canary-77"


class Stock(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, kind="application/json", length=None, headers=()):
        self.send_response(status)
        for name, value in (("Content-Type", kind), *headers,
                            ("Content-Length", str(len(body) if length is None else length))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def make(self, body):
        if self.command == "POST":
            self.server.made.append(json.loads(body))

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def answer(self, how, body):
        if isinstance(how, int):
            return self.send(how, b'{"message":"no such luck","field":"order"}',
                             headers=[("Retry-After", "0"), ("Location", "http://127.0.0.1:1/")])
        if how == "long headers":
            return self.send(200, b"[]", headers=[("X-Long", "x" * 40000), ("X-Long", "y" * 40000)])
        if isinstance(how, bytes):
            return self.send(422, how)
        if how == "reset":
            return self.reset()
        self.make(body)
        if how == "lost":
            return self.reset()
        if how == "half":
            self.close_connection = True
            return self.send(201, b'{"id"', length=100)
        if how == "hang":
            self.close_connection = True
            return time.sleep(2)
        if how == "no json":
            return self.send(201, b"{oops")
        if self.command == "POST":
            return self.send(201, b'{"id":1}')
        return self.send(200, json.dumps(self.server.made).encode())

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        plan = self.server.plan[self.command]
        self.answer(plan.pop(0) if plan else "as it should", body)

    do_POST = do_GET


class Plain(Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stock)
        self.server.plan = collections.defaultdict(list)
        self.server.asked, self.server.made = [], []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        w = self.world
        w.env["STOCK_URL"] = f"http://127.0.0.1:{self.server.server_port}/base"
        w.add_company("plain", COMPANY)
        for name, value in (("hook", SECRET), ("pair", PAIR), ("token", TOKEN)):
            w.secret("plain", name, value)
        w.start_host("--retry-base", "20ms", "--retry-cap", "100ms", "--retry-attempts", "3",
                     "--looks", "100ms,300ms")

    def post(self, connection, body=b"{}", **headers):
        return self.world.deliver(body, company="plain", connection=connection, sign=False,
                                  headers={k.replace("_", "-"): v for k, v in headers.items()})

    def run_of(self, kind, get=(), post=()):
        """(state, result, reason, how many were made) of one event, told how to be answered."""
        self.server.plan["GET"], self.server.plan["POST"] = list(get), list(post)
        self.server.made.clear()
        self.server.asked.clear()
        count = len(self.world.runs())
        self.assertEqual(self.post("open", {"type": kind, "order": "A1"})[0], 202)
        run = self.world.settled(count + 1)[-1]
        result = self.world.show(run["id"])["result"] if run["state"] == "done" else None
        return run["state"], result, run["reason"], len(self.server.made)

    def test_webhooks_in_all_forms(self):
        body, at = b'{"x":1}', str(int(time.time()))
        mac = hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()

        def basic(text):
            return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}
        forms = {"hmac": {"X_Timestamp": at, "X_Signature_256": "sha256=" + mac},
                 "secret": {"X_Webhook_Secret": SECRET},
                 "bearer": {"Authorization": "Bearer " + SECRET},
                 "basic": basic("anyone:" + SECRET), "pair": basic(PAIR), "none": {}}
        accepts = {"any": {"hmac", "secret", "bearer", "basic"}, "signed": {"hmac"},
                   "shared": {"secret", "bearer"}, "basic": {"basic"}, "pair": {"pair"},
                   "open": set(forms)}
        for connection, good in accepts.items():
            for form, headers in forms.items():
                with self.subTest(connection=connection, form=form):
                    status, answer = self.post(connection, body, **headers)
                    self.assertEqual(status, 202 if form in good else 401, answer)
        out = self.world.sauma("check", f"{self.world.companies}/plain").stdout.decode()
        self.assertIn('company.lua:7: events of "open" are not signed', out)

    def test_ids_and_types_of_any_kind(self):
        for body, status in ((b'{"id":"a"}', 202), (b'{"id":"a\\u0000b"}', 202),
                             (b'{"id":"a\\u0000b"}', 200), (b'{"id":"a\\u0000c"}', 202),
                             (b'{"id":12}', 202), (b'{"id":12,"x":1}', 409),
                             (b'{"id":1.50}', 202), (b'{"id":true}', 202), (b'{"id":[1]}', 202),
                             (b'{"id":"' + b"i" * 100000 + b'"}', 202),
                             (b'{"id":"' + b"i" * 100000 + b'"}', 200),
                             (b'{"type":"read\\u0000x"}', 400), (b'{"type":{}}', 202),
                             (b'{"type":"' + b"t" * 201 + b'"}', 400)):
            with self.subTest(body[:60]):
                self.assertEqual(self.post("open", body)[0], status)
        self.assertEqual(self.world.runs(), [])

    def test_an_event_that_cannot_be_decoded_says_so(self):
        self.assertEqual(self.post("open", b'{"type":"read","n":1e999999}')[0], 202)
        run = self.world.settled(1)[0]
        self.assertEqual(run["state"], "attention")  # a person can edit the data and retry
        self.assertRegex(run["reason"], "^the event cannot be read: .*decimal")

    def test_a_colon_in_the_place_of_a_dot_is_said(self):
        state, _, reason, _ = self.run_of("colon")
        self.assertEqual(state, "failed")
        self.assertIn("write stock.get(...): a dot, no colon", reason)

    def test_what_no_request_can_be_made_of_is_said(self):
        self.assertEqual(self.run_of("search")[:2], ("done", 201))
        for kind, words in (("secret", "its value is not for scripts"),
                            ("option", 'no option "params"; it has accept, anew,')):
            state, _, reason, made = self.run_of(kind)
            self.assertEqual((state, made), ("failed", 0))
            self.assertIn(words, reason)

    def test_reads(self):
        self.assertEqual(self.run_of("read")[:2], ("done", []))
        self.assertEqual(self.server.asked,
                         [("GET", "/base/items?a=x%20y%26z&l=1&l=2", "Bearer " + TOKEN)])
        for get in ([503, 500], [429], ["half"], ["hang"], ["reset"]):
            with self.subTest(get):
                self.assertEqual(self.run_of("read", get=get)[0], "done")
        for get, words in (([500] * 3, "3 tries"), ([404], "404 no such luck"), ([401], "401"),
                           ([302], "redirects are not followed"), (["no json"], "JSON")):
            with self.subTest(get):
                state, _, reason, _ = self.run_of("read", get=get)
                self.assertEqual(state, "attention")
                self.assertIn(words, reason)
                self.assertIn("GET /items", reason)
        self.assertEqual(self.run_of("basic", get=[404])[:2], ("done", 404))
        expected = base64.b64encode(f"me:{TOKEN}".encode()).decode()
        self.assertEqual(self.server.asked[0][2], "Basic " + expected)
        self.assertEqual(self.run_of("try", get=[418])[1], {"answered": False, "status": 418})

    def test_a_credential_that_is_corrected_counts_at_once(self):
        for status in (403, 401):
            with self.subTest(status):
                self.assertEqual(self.run_of("read", get=[status] * 3)[0], "attention")
                self.server.plan["GET"] = []
                self.world.secret("plain", "token", f"new-{status}")
                run = self.world.runs(state="attention")[0]["id"]
                self.world.sauma("retry", run, "--data", self.world.data)
                wait_until(lambda: self.world.show(run)["state"] == "done", "the end")
                self.assertEqual(self.server.asked[-1][2], f"Bearer new-{status}")

    def test_an_answer_that_counts_for_a_while_and_one_that_is_to_be_new(self):
        def keep(made, **event):
            self.server.made[:] = [{}] * made
            count = len(self.world.runs())
            body = json.dumps({"type": "keep", **event}).encode()
            self.assertEqual(self.post("open", body)[0], 202)
            run = self.world.settled(count + 1)[-1]
            return self.world.show(run["id"])["result"] if run["state"] == "done" else run["reason"]
        self.assertEqual(keep(1, keep=600), 1)
        self.assertEqual(keep(2, keep=600), 1)
        self.assertEqual(keep(3, keep=600, anew=True), 3)
        # What came then is what counts from then on, whoever asks for however long.
        self.assertEqual(keep(4, keep=600), 3)
        self.assertEqual(keep(4, keep=300), 3)
        self.assertEqual(len(self.server.asked), 2)
        # What was doubted is not believed again because the look at it failed.
        self.server.plan["GET"] = [404]
        keep(5, keep=600, anew=True)
        self.assertEqual(keep(5, keep=600), 5)
        self.assertEqual(len(self.server.asked), 4)
        self.assertIn("anew is of a read with keep", keep(5, anew=True))

    def test_writes_without_find_are_never_sent_twice_on_a_guess(self):
        for post, state, made, words in (
                ([], "done", 1, ""), ([429], "done", 1, ""),
                ([400], "attention", 0, 'field order, sent "A1"'),
                ([b'{"message":"no such luck","field":"[99999999999999999999]"}'], "attention", 0,
                 "422 no such luck"),
                ([302], "attention", 0, "redirects are not followed"),
                ([500], "attention", 0, "look there yourself"),
                (["lost"], "attention", 1, "look there yourself"),
                (["hang"], "attention", 1, "look there yourself"),
                (["half"], "attention", 1, "look there yourself"),
                (["no json"], "attention", 1, "look there yourself")):
            with self.subTest(post):
                got = self.run_of("write", post=post)
                self.assertEqual((got[0], got[3]), (state, made), got)
                self.assertIn(words, got[2])

    def test_a_header_that_comes_twice_is_whole(self):
        self.assertEqual(self.run_of("long", get=["long headers"])[:2], ("done", 80002))

    def test_writes_with_find_happen_once(self):
        for post, how in ((["lost"], "adopted"), (["half"], "adopted"), (["hang"], "adopted"),
                          (["no json"], "adopted"), ([500], "answered"), ([503], "answered"),
                          (["reset"], "answered"), (["reset", "reset"], "answered")):
            with self.subTest(post):
                self.assertEqual(self.run_of("find", post=post), ("done", how, "", 1))
        state, _, reason, made = self.run_of("find", post=["reset"] * 3)
        self.assertEqual((state, made), ("attention", 0))
        self.assertIn("sent 3 times", reason)

    def test_the_secrets_are_nowhere_to_be_read(self):
        self.run_of("read", get=[500] * 3)
        self.run_of("write", post=["lost"])
        w = self.world
        w.host.stop()
        seen = w.host.errors() + w.sauma("runs", "--data", w.data, "--json").stdout.decode()
        for path in ("sauma.db", "sauma.db-wal"):
            try:
                with open(f"{w.data}/{path}", "rb") as f:
                    seen += f.read().decode("latin-1")
            except FileNotFoundError:
                pass
        for value in (SECRET, PAIR, TOKEN):
            self.assertNotIn(value, seen)


if __name__ == "__main__":
    main()
