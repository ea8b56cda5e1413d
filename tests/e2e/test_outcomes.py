"""Writes of which nobody knows whether they were carried out: what counts as done, as not done and as
unknown; when they are looked for; and that restarts change nothing of it."""
import json
import re
import signal
import socket
import struct
import threading
import time

from harness import Case, main, wait_until

COMPANY = """company "Doubt Oy" { time_zone = "UTC" }
connect "webhook" { as = "in", secret = false, event = "type", id = "id" }
connect "http" { as = "books", url = env "BOOKS_URL", timeout = 2%s }

local function found(e)
  local list = books.get("/made", { query = { order = e.order } }).body
  return list[1], #list
end
rule "Write and find" { on = "in.find", run = function(e)
  local answer = books.write("POST", "/made", { json = { order = e.order }, attempts = e.attempts,
    find = function() return found(e) end })
  return answer.adopted and "adopted" or "answered"
end }
rule "Write" { on = "in.write", run = function(e)
  return books.post("/made", { json = { order = e.order } }).status
end }
rule "Checked" { on = "in.checked", run = function(e)
  local answer = books.write("POST", "/made", { json = { order = e.order },
    check = function(response)
      return type(response.body) == "table" and response.body.id ~= nil, "no id came"
    end, find = function() return found(e) end })
  return answer.adopted and "adopted" or "answered"
end }
rule "Read" { on = "in.read", run = function(e)
  return books.get("/made", { query = { order = e.order } }).body
end }
"""


class Books:
    """A server of real sockets that answers writes as it is told, byte by byte if need be. What it
    made and when it was asked what is the truth that the tests judge by."""

    def __init__(self):
        self.lock = threading.Lock()
        self.made, self.looks, self.sent, self.connections = [], [], [], 0
        self.plan, self.reads = [], []  # of what to do with the next writes and reads
        self.hidden_until = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.taking = threading.Thread(target=self.accept, daemon=True)
        self.taking.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # else its accept lives on: Peer in test_http_proxied
        self.taking.join()
        self.listener.close()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    @staticmethod
    def read(peer):
        data = b""
        while b"\r\n\r\n" not in data:
            more = peer.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        while length and len(body) < int(length.group(1)):
            more = peer.recv(65536)
            if not more:
                return None
            body += more
        return head.split(b"\r\n")[0].decode(), body

    @staticmethod
    def answer(status, body, kind="application/json", extra=""):
        body = body if isinstance(body, bytes) else body.encode()
        return (f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{extra}"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def serve(self, peer):
        with peer:
            while True:
                got = self.read(peer)
                if not got:
                    return
                line, body = got
                with self.lock:
                    reply = self.reply(line, body)
                if reply is None:  # the line is cut
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if callable(reply):
                    return reply(peer)
                peer.sendall(reply)

    def reply(self, line, body):
        now = time.time()
        if line.startswith("GET"):
            self.looks.append(now)
            how = self.reads.pop(0) if self.reads else None
            if how is not None:
                return how
            order = re.search(r"order=(\w+)", line).group(1)
            shown = [m for m in self.made if m["order"] == order and now >= self.hidden_until]
            return self.answer(200, json.dumps(shown))
        self.sent.append(now)
        executed, how = self.plan.pop(0) if self.plan else (True, self.answer(201, '{"id":1}'))
        if executed:
            self.made.append({**json.loads(body), "id": len(self.made) + 1})
        return how


class Outcomes(Case):
    FAST = ("--retry-base", "20ms", "--retry-cap", "100ms", "--settle", "200ms",
            "--looks", "200ms,400ms")

    def start(self, *options, settings=""):
        w = self.world
        self.books = Books()
        self.addCleanup(self.books.close)
        w.env["BOOKS_URL"] = f"http://127.0.0.1:{self.books.port}"
        w.add_company("doubt", COMPANY % settings)
        self.options = options or self.FAST
        w.start_host(*self.options)

    def send(self, kind, **more):
        status, answer = self.world.deliver({"type": kind, **more}, company="doubt",
                                            connection="in", sign=False)
        self.assertEqual(status, 202, answer)

    def outcome(self, kind, plan=(), reads=(), **more):
        """State, result, reason of one event, and how often the order was made."""
        self.books.plan, self.books.reads = list(plan), list(reads)
        order = f"A{len(self.world.runs())}"
        self.send(kind, order=order, **more)
        run = self.world.settled(len(self.world.runs()))[-1]
        result = self.world.show(run["id"])["result"] if run["state"] == "done" else None
        return (run["state"], result, run["reason"],
                len([m for m in self.books.made if m["order"] == order]))

    def wait_waiting(self):
        return wait_until(lambda: [r for r in self.world.runs() if r["state"] == "waiting"],
                          "a run that waits")[0]


class Schedule(Outcomes):
    def test_looks_by_the_schedule_then_sends_again_then_asks(self):
        self.start()
        cut = (False, None)
        state, _, reason, made = self.outcome("find", [cut, cut], attempts=2)
        self.assertEqual((state, made), ("attention", 0), reason)
        self.assertEqual(len(self.books.sent), 2)
        self.assertEqual(len(self.books.looks), 6)  # three after each
        first = self.books.sent[0]
        for look, after in zip(self.books.looks, (0.2, 0.4, 0.6)):
            self.assertGreaterEqual(look, first + after - 0.002)
        self.assertGreaterEqual(self.books.sent[1], first + 0.6)
        self.assertIn("It was sent at ", reason)
        self.assertIn("It was sent again at ", reason)
        self.assertIn("sent 2 times and could not be found", reason)
        self.assertEqual(len(re.findall(r"\d\d:\d\d:\d\d", reason)), 8, reason)

    def test_found_at_a_later_look_is_adopted(self):
        self.start()
        self.books.hidden_until = time.time() + 3600
        self.books.plan = [(True, None)]
        self.send("find", order="B1")
        wait_until(lambda: len(self.books.looks) >= 1, "the first look")
        self.books.hidden_until = 0
        run = self.world.settled(1)[0]
        self.assertEqual((run["state"], self.world.show(run["id"])["result"]), ("done", "adopted"))
        self.assertEqual((len(self.books.made), len(self.books.sent)), (1, 1))

    def test_two_found_are_a_persons_matter(self):
        self.start()
        self.books.made = [{"order": "A0", "id": 8}]
        state, _, reason, made = self.outcome("find", [(True, None)])
        self.assertEqual((state, made), ("attention", 2))
        self.assertIn("2 records there fit", reason)

    def test_settings_of_the_connection_hold(self):
        self.start("--retry-base", "20ms",
                   settings=", settle = 0.1, looks = { 0.2 }, attempts = 1")
        state, _, reason, _ = self.outcome("find", [(False, None)])
        self.assertEqual(state, "attention")
        self.assertEqual((len(self.books.sent), len(self.books.looks)), (1, 2))
        self.assertIn("sent 1 time and", reason)

    def test_a_killed_host_looks_neither_early_nor_less_often(self):
        self.start("--settle", "1s", "--looks", "2s,4s", "--retry-base", "20ms")
        w = self.world
        self.books.plan = [(False, None)]
        self.send("find", order="C1")
        for looks in range(3):  # killed in each of the three waits
            wait_until(lambda: len(self.books.looks) >= looks, "a look")
            self.wait_waiting()
            w.host.stop(signal.SIGKILL)
            w.start_host(*self.options)
        run = w.settled(1)[0]
        self.assertEqual((run["state"], w.show(run["id"])["result"]), ("done", "answered"))
        self.assertEqual((len(self.books.sent), len(self.books.looks)), (2, 3))
        for look, after in zip(self.books.looks, (1, 3, 5)):
            self.assertGreaterEqual(look, self.books.sent[0] + after - 0.002)
        self.assertGreaterEqual(self.books.sent[1], self.books.sent[0] + 5)

    def test_waiting_runs_say_what_they_wait_for(self):
        self.start("--settle", "2s", "--looks", "none", "--retry-base", "20ms")
        self.books.plan = [(True, None)]
        self.send("find", order="D1")
        self.assertIn("nobody knows whether step 1 arrived; it is looked for at 20",
                      self.wait_waiting()["reason"])
        self.assertEqual(self.world.settled(1)[0]["state"], "done")
        self.books.plan = [(True, None)]
        self.send("write", order="D2")  # which nothing looks for
        self.assertIn("nobody knows whether step 1 arrived; a person is asked at 20",
                      self.wait_waiting()["reason"])


if __name__ == "__main__":
    main()
