"""The faults of a sandbox, seen by a client on a bare socket, and its ledger, which says what was
really done."""
import json
import socket
import time
import zlib

from harness import Case, main, request, wait_until

PARTNER = {"type": "CUSTOMER", "address": {"name": "Asiakas Oy", "country": "FINLAND"},
           "name": "Asiakas Oy", "paymentInfo": {"paymentMethod": "BANK_TRANSFER"},
           "invoicingInfo": {"identifier": "1234567-1", "identifierType": "FI"}}


class Faults(Case):
    def start(self, fault="", names=("procountor",), options=None):
        self.world.start_sandbox(*names, fault=fault, options=options)
        url = self.world.urls[names[0].split(":")[0]]
        self.address, self.base = url.split("/")[2], "/" + url.split("/", 3)[3]

    def control(self, path, body=None):
        status, _, answer = request(self.address, "GET" if body is None else "POST", path,
                                    body or b"")
        return status, answer

    def faults(self, spec):
        self.assertEqual(self.control("/_control/faults", spec.encode())[0], 200)

    def ledger(self, path="/api/businesspartners"):
        status, answer = self.control("/_ledger")
        self.assertEqual(status, 200)
        return [e for e in map(json.loads, answer.splitlines())
                if e["method"] == "POST" and e["path"] == path]

    def token(self):
        form = "grant_type=client_credentials&client_id=a&client_secret=b&api_key=c"
        _, _, answer = request(self.address, "POST", self.base + "/oauth/token", form,
                               {"Content-Type": "application/x-www-form-urlencoded"})
        return json.loads(answer)["access_token"]

    def raw(self, token, connection=None, most=2_000_000):
        """Sends a POST of a partner; all bytes that come back, and how it ended."""
        body = json.dumps(PARTNER).encode()
        try:
            s = connection or socket.create_connection(self.address.rsplit(":", 1), timeout=20)
        except ConnectionResetError:
            return b"", "reset"
        head = (f"POST {self.base}/businesspartners HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        got = b""
        try:
            s.sendall(head + body)
            if connection:
                return self.read_one(s), "open"
            s.shutdown(socket.SHUT_WR)
            while piece := s.recv(65536):
                got += piece
                if len(got) > most:
                    return got, "endless"
            return got, "closed"
        except OSError:
            return got, "reset"
        finally:
            if not connection:
                s.close()

    def read_one(self, s):
        got = b""
        while b"\r\n\r\n" not in got:
            piece = s.recv(65536)
            if not piece:
                raise ConnectionError
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += s.recv(65536)
        return head + b"\r\n\r\n" + body

    def partners(self):
        return len(self.world.customers())

    def test_each_place_of_a_cut(self):
        self.start()
        for words, ending, done, begins, lacks in [
                ("head", "reset", 0, b"", None),
                ("reset", "reset", 0, b"", None),
                ("lost", "reset", 1, b"", None),
                ("cut=status", "closed", 1, b"HTTP/1.1 ", b"200"),
                ("cut=header", "closed", 1, b"HTTP/1.1 200", b"\r\n\r\n"),
                ("cut=body", "closed", 1, b"HTTP/1.1 200", b'"registryInfo"'),
                ("undone cut=body", "closed", 0, b"HTTP/1.1 200", b"}"),
                ("undone cut=status", "closed", 0, b"HTTP/1.1 ", b"200"),
                ("done error=502", "closed", 1, b"HTTP/1.1 502", None),
                ("error=502", "closed", 0, b"HTTP/1.1 502", None)]:
            with self.subTest(words=words):
                before, token = self.partners(), self.token()
                self.faults(f"POST /api/businesspartners {words}*1")
                got, how = self.raw(token)
                self.assertEqual(how, ending)
                self.assertTrue(got.startswith(begins), got)
                if lacks:
                    self.assertNotIn(lacks, got)
                self.assertEqual(self.partners() - before, done)
                entry = self.ledger()[-1]
                self.assertEqual(len(entry["done"]), done)
                self.assertIn(words.split("*")[0].split()[-1], entry["fault"])
                if done:
                    self.assertEqual(entry["done"][0]["effects"][0]["key"], "1234567-1")

    def test_a_connection_that_is_not_accepted(self):
        self.start()
        token = self.token()
        self.faults("accept*1")
        self.assertEqual(self.raw(token), (b"", "reset"))
        self.assertEqual(self.ledger(), [])
        self.assertIn(b"200", self.raw(token)[0])

    def test_fresh_and_reused_connections(self):
        self.start()
        token = self.token()
        self.faults("POST /api/businesspartners reused lost")
        s = socket.create_connection(self.address.rsplit(":", 1), timeout=20)
        self.assertIn(b"200", self.raw(token, connection=s)[0])
        self.assertEqual(self.raw(token, connection=s)[1], "reset")
        s.close()
        self.assertEqual([(e["nth"], e["line"]) for e in self.ledger()], [(0, "whole"), (1, "cut")])

    def test_carried_out_later(self):
        self.start()
        token = self.token()
        self.faults("POST /api/businesspartners late=300ms reset*1")
        self.assertEqual(self.raw(token)[1], "reset")
        self.assertEqual(self.ledger()[0]["done"], [])
        wait_until(lambda: self.partners() == 1, "the late request to land")
        entry = self.ledger()[0]
        # Timers of the loop go by the kernel's coarse clock: a tick of up to 10 ms.
        self.assertGreaterEqual(entry["done"][0]["mono_us"] - entry["mono_us"], 290_000)

    def test_carried_out_twice(self):
        self.start()
        self.faults("POST /api/businesspartners again=10ms*1")
        self.assertIn(b"200", self.raw(self.token())[0])
        wait_until(lambda: self.partners() == 2, "the second time")
        self.assertEqual(len(self.ledger()[0]["done"]), 2)

    def test_hidden_from_searches_for_a_while(self):
        self.start()
        token = self.token()
        self.faults("POST /api/businesspartners hide=700ms*1")
        got = self.raw(token)[0]
        made = json.loads(got.partition(b"\r\n\r\n")[2])["id"]
        self.assertEqual(self.partners(), 0)
        self.assertEqual(self.world.procountor(f"/businesspartners/{made}")["id"], made)
        wait_until(lambda: self.partners() == 1, "the search to find it")

    def test_retry_after_in_each_form(self):
        self.start()
        token = self.token()
        for form, expect in [("7", b"Retry-After: 7\r\n"), ("1000000000", b": 1000000000\r\n"),
                             ("soon", b"Retry-After: soon\r\n"), ("date+60", b" GMT\r\n")]:
            self.faults(f"POST retry={form} error=429*1")
            self.assertIn(expect, self.raw(token)[0])
        self.faults("POST error=429*1")
        self.assertNotIn(b"Retry-After", self.raw(token)[0])

    def test_chance_repeats_with_its_seed(self):
        self.start()
        token, seen = self.token(), []
        for _ in range(2):
            self.faults("seed=7, POST /api/businesspartners p=0.5 error=503")
            seen.append([b"503" in self.raw(token)[0][:20] for _ in range(30)])
        self.assertEqual(seen[0], seen[1])
        self.assertIn(True, seen[0])
        self.assertIn(False, seen[0])

    def test_answers_that_are_none(self):
        self.start()
        token = self.token()

        def answer(how, most=2_000_000):
            self.faults(f"POST /api/businesspartners answer={how}*1")
            got, ending = self.raw(token, most=most)
            return *got.partition(b"\r\n\r\n")[::2], ending
        self.assertIn(b"text/html", answer("html")[0])
        self.assertEqual(answer("empty")[0], b"HTTP/1.1 204 No Content")
        self.assertNotIn(b'"id"', answer("noid")[1])
        for how in ("invalid", "truncated"):
            self.assertRaises(ValueError, json.loads, answer(how)[1])
        self.assertIn(b"text/plain", answer("type")[0])
        self.assertGreater(len(answer("header")[0]), 100_000)
        self.assertEqual(answer("twice")[1].count(b"HTTP/1.1 200"), 1)
        self.assertGreaterEqual(answer("bytes")[1].count(b"1\r\n"), 100)
        self.assertEqual(answer("endless")[2], "endless")
        packed = answer("gzip")[1]
        self.assertLess(len(packed), 64 << 10)
        self.assertEqual(len(zlib.decompress(packed, 31)), 32 << 20)
        began = time.monotonic()
        self.assertIn(b"HTTP/1.1 200", answer("slow", most=20)[0])
        self.assertGreater(time.monotonic() - began, 1.9)

    def test_faults_tell_how_often_they_showed(self):
        self.start("POST /api/businesspartners error=503*2, delay=1ms")
        token = self.token()
        for _ in range(3):
            self.raw(token)
        lines = self.control("/_control/faults")[1].decode().splitlines()
        self.assertEqual(lines[0], "2 POST /api/businesspartners error=503*2")

    def test_canaries_are_heard_wherever_they_come(self):
        self.start(names=("acme:procountor", "other:procountor"))
        self.assertEqual(self.control("/_control/canaries", b"mine SECRET-1\nyours SECRET-2\n")[0],
                         200)
        for headers, body, path in [({"X-A": "SECRET-1"}, b"", "/"), ({}, b"has SECRET-2", "/"),
                                    ({}, b"", "/status?q=SECRET-1"), ({}, b"SECRET-", "/")]:
            request(self.address, "POST", "/other/api" + path, body, headers)
        self.assertEqual([json.loads(e)["canaries"] for e in
                          self.control("/_ledger?sandbox=other")[1].splitlines()],
                         [["mine"], ["yours"], ["mine"], []])
        self.assertEqual(self.control("/_ledger?sandbox=acme")[1], b"")

    def test_a_fault_that_is_not_understood_says_why(self):
        self.start()
        for spec, words in [("POST lost=3", "takes no value"), ("cut=middle", "status, header"),
                            ("late=2s head", "not read"), ("often lost", "not known"),
                            ("p=2 lost", "how likely"), ("answer=odd", "html"),
                            ("retry=3 lost", "belongs to an error"), ("seed=x", "number")]:
            status, answer = self.control("/_control/faults", spec.encode())
            self.assertEqual(status, 400, spec)
            self.assertIn(words, answer.decode())

    def test_seed_and_state(self):
        self.start()
        self.assertEqual(self.control("/_control/seed", json.dumps(
            {"customers": [{"name": "Vanha Oy", "business_id": "1234567-1"}]}).encode())[0], 200)
        state = json.loads(self.control("/_control/state")[1])
        self.assertEqual(state["customers"][0]["name"], "Vanha Oy")
        self.assertEqual(self.control("/_control/seed", b'{"nonsense":1}')[0], 400)


# A server that ends while answers leave bit by bit and requests are still to land forgets nothing
# it owns: the sanitizers would tell.
class Ending(Case):
    start, control, faults, ledger, token = (Faults.start, Faults.control, Faults.faults,
                                             Faults.ledger, Faults.token)

    def test_ends_with_everything_under_way(self):
        self.start()
        token = self.token()
        self.faults("POST /api/businesspartners late=60s answer=endless*1, "
                    "POST /api/businesspartners hang*1")
        for _ in range(2):
            s = socket.create_connection(self.address.rsplit(":", 1), timeout=20)
            s.sendall((f"POST {self.base}/businesspartners HTTP/1.1\r\nHost: x\r\n"
                       f"Authorization: Bearer {token}\r\nContent-Length: 2\r\n\r\n{{}}").encode())
            self.addCleanup(s.close)
        wait_until(lambda: len(self.ledger()) == 2, "both to be there")
        self.assertEqual(self.world.sandbox.stop(), 0)


if __name__ == "__main__":
    main()
