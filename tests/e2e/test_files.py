"""Files that the host fetches, keeps and sends on, while the script has a handle alone."""
import collections
import email.parser
import email.policy
import hashlib
import http.server
import json
import os
import subprocess
import threading

from harness import Case, main, wait_until

COMPANY = """company "Papers Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
connect "http" { as = "archive", url = env "ARCHIVE_URL", timeout = 20, settle = 0.2 }
connect "http" { as = "books", url = env "ARCHIVE_URL", timeout = 20, settle = 0.2 }

local function send(file, e)
  return http.write("books", "POST", "/attachments", {
    parts = { { name = "meta", json = { name = file.name, amount = decimal "12.30" } },
              { name = "note", text = 'Ääkkösiä "ja" muuta' },
              { name = "file", file = file },
              { name = "copy", text = "a;b", filename = 'x"y.csv', type = "text/csv" } },
    find = function() return http.get("books", "/attachments").body[1] end })
end

rule "Attach" { on = "open.attach", run = function(e)
  local contract = http.get("archive", "/contract.pdf", { file = "application/pdf" }).file
  local answer = send(contract, e)
  return { file = contract, text = tostring(contract), bytes = contract.bytes, adopted = answer.adopted }
end }
rule "Put" { on = "open.put", run = function(e)
  local contract = http.get("archive", "/contract.pdf", { file = true }).file
  return http.put("books", "/raw", { body = contract }).body
end }
rule "Mixed" { on = "open.mixed", run = function(e)
  local page = http.get("archive", "/mixed", { file = true })
  http.put("books", "/raw", { body = page.file })
  return { page = page.body.page, price = page.body.price, type = page.file.type, name = page.file.name }
end }
rule "Odd" { on = "open.odd", run = function(e)
  local answer, problem = http.try(http.get, "archive", e.path, { file = e.wanted or true })
  return { problem = problem and problem.message, size = answer and answer.file.size }
end }
rule "Forged" { on = "open.forged", run = function(e)
  local _, problem = http.try(http.put, "books", "/raw", { body = { id = e.file, size = e.size,
    type = "application/pdf" } })
  return problem.message
end }
"""
PDF = b"%PDF-1.7\n\0\xff--x\r\n" + os.urandom(200_000) + b"\r\n--sauma-\r\n%%EOF\n"
FORM = email.parser.BytesParser(policy=email.policy.HTTP)


def mixed(whole=True):
    head = b'preamble\r\n--=b\r\nContent-Type: application/json\r\n\r\n{"page":1,"price":0.10}\r\n'
    file = (b'--=b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; '
            b"filename=\"../a.png\"; filename*=UTF-8''lasku%20%C3%A4.png\r\n\r\n" + PDF)
    return head + file + (b"\r\n--=b--\r\nepilogue" if whole else b"")


class Archive(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, kind, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.asked[self.path] += 1
        if self.path == "/contract.pdf":
            assert self.headers["Accept"] in ("application/pdf", "*/*"), self.headers["Accept"]
            return self.send(200, PDF, "application/pdf",
                             Content_Disposition='attachment; filename="contract 7.pdf"')
        if self.path == "/attachments":
            return self.send(200, json.dumps(self.server.made).encode(), "application/json")
        if self.path in ("/mixed", "/torn"):
            return self.send(200, mixed(self.path == "/mixed"), 'multipart/mixed; boundary="=b"')
        if self.path == "/page":
            return self.send(200, b"<html>log in</html>", "text/html; charset=utf-8")
        if self.path == "/empty":
            return self.send(200, b"", "application/pdf")
        if self.path == "/large":
            return self.send(200, b"x" * 400_000, "application/pdf")
        return self.send(404, b'{"message":"no such paper"}', "application/json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.sent.append((self.headers["Content-Type"], body))
        plan = self.server.plan.pop(0) if self.server.plan else 200
        if plan == 200:
            self.server.made.append({"id": len(self.server.made) + 1})
        self.send(plan, b'{"id":1}', "application/json", Retry_After="0")

    do_PUT = do_POST


class Files(Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Archive)
        self.server.sent, self.server.made, self.server.plan = [], [], []
        self.server.asked = collections.Counter()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.world.env["ARCHIVE_URL"] = f"http://127.0.0.1:{self.server.server_port}"
        self.world.add_company("papers", COMPANY)

    def run_of(self, event, count=1):
        self.world.deliver(event, "papers", "open", sign=False)
        runs = self.world.settled(count)
        return self.world.show(runs[-1]["id"])

    def parts(self, i=0):
        kind, body = self.server.sent[i]
        form = FORM.parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        return {p.get_param("name", header="content-disposition"): p for p in form.iter_parts()}

    def test_a_file_is_fetched_and_sent_on_byte_for_byte(self):
        self.world.start_host("--retry-base", "10ms")
        self.server.plan = [429]
        run = self.run_of({"id": "1", "type": "attach"})
        self.assertEqual(run["state"], "done", run)
        self.assertEqual(len(self.server.sent), 2)
        for i in (0, 1):
            parts = self.parts(i)
            self.assertEqual(parts["file"].get_payload(decode=True), PDF)
            self.assertEqual(parts["file"].get_content_type(), "application/pdf")
            self.assertEqual(parts["file"].get_filename(), "contract 7.pdf")
            self.assertEqual(parts["meta"].get_payload(), '{"amount":12.3,"name":"contract 7.pdf"}')
            self.assertEqual(parts["meta"].get_content_type(), "application/json")
            self.assertEqual(parts["note"].get_payload(decode=True).decode(), 'Ääkkösiä "ja" muuta')
            self.assertEqual(parts["copy"].get_payload(), "a;b")
        name = hashlib.blake2b(PDF, digest_size=16).hexdigest()
        self.assertEqual(run["result"]["file"], {"id": name, "size": len(PDF),
                                                "type": "application/pdf", "name": "contract 7.pdf"})
        self.assertEqual(run["result"]["text"],
                         f"contract 7.pdf (application/pdf, {len(PDF)} bytes)")
        self.assertNotIn("bytes", run["result"])
        self.assertEqual(run["steps"][0]["answer"]["file"]["size"], len(PDF))
        shown = self.world.sauma("show", run["id"], "--data", self.world.data).stdout.decode()
        self.assertIn(f"contract 7.pdf, application/pdf, {len(PDF)} bytes", shown)
        lines = self.world.sauma("show", run["id"], "--curl", "--data", self.world.data).stdout.decode()
        self.assertNotIn(self.world.env["ARCHIVE_URL"], lines)
        self.by_hand(lines)

    def by_hand(self, lines):
        """What curl sends is what the host sent."""
        with open(os.path.join(self.world.dir, "contract 7.pdf"), "wb") as f:
            f.write(PDF)
        url, sent = self.world.env["ARCHIVE_URL"], len(self.server.sent)
        done = subprocess.run(["sh", "-ec", lines.replace("curl ", "curl -sf -o /dev/null ")],
                              cwd=self.world.dir, timeout=60, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, ARCHIVE_URL=url, BOOKS_URL=url,
                                       ARCHIVE_AUTHORIZATION="X-A: b", BOOKS_AUTHORIZATION="X-A: b"))
        self.assertEqual(done.returncode, 0, lines)
        self.assertEqual(len(self.server.sent), sent + 1)
        ours, theirs = self.parts(0), self.parts(sent)
        self.assertEqual(list(ours), list(theirs))
        for name in ("file", "meta", "note", "copy"):
            self.assertEqual(ours[name].get_payload(decode=True), theirs[name].get_payload(decode=True))

    def test_after_a_restart_the_file_is_sent_from_what_is_kept(self):
        host = self.world.start_host("--retry-base", "10ms")
        self.server.plan = [503]
        self.world.deliver({"id": "1", "type": "attach"}, "papers", "open", sign=False)
        wait_until(lambda: self.server.sent, "the first try")
        host.p.kill()
        host.p.wait()
        self.world.start_host("--retry-base", "10ms")
        run = self.world.show(self.world.settled()[0]["id"])
        self.assertEqual(run["state"], "done", run)
        self.assertEqual(self.server.asked["/contract.pdf"], 1)
        self.assertEqual(self.parts(-1)["file"].get_payload(decode=True), PDF)
        self.assertEqual(len(self.server.made), 1)

    def test_a_file_as_the_whole_body(self):
        self.world.start_host()
        run = self.run_of({"id": "1", "type": "put"})
        self.assertEqual(run["state"], "done", run)
        self.assertEqual(self.server.sent, [("application/pdf", PDF)])

    def test_an_answer_of_several_parts_is_its_words_and_its_file(self):
        self.world.start_host()
        run = self.run_of({"id": "1", "type": "mixed"})
        self.assertEqual(run["state"], "done", run)
        self.assertEqual(run["result"]["name"], "lasku ä.png")
        self.assertEqual((run["result"]["page"], run["result"]["type"]), (1, "image/png"))
        self.assertEqual(str(run["result"]["price"]), "0.1")
        self.assertEqual(self.server.sent, [("image/png", PDF)])

    def test_what_is_no_such_file_is_said_to_be_none(self):
        self.world.start_host("--max-file", "300000")
        cases = [("/page", "application/pdf", "the answer is text/html, not application/pdf"),
                 ("/page", None, "the answer is a web page"),
                 ("/empty", None, "the file is empty"),
                 ("/torn", "image/png", "the answer is multipart/mixed, not image/png"),
                 ("/large", None, "longer than the limit of 300000 bytes (--max-file)"),
                 ("/none", None, "404 no such paper")]
        for i, (path, wanted, words) in enumerate(cases):
            event = {"id": str(i), "type": "odd", "path": path}
            run = self.run_of(event | ({"wanted": wanted} if wanted else {}), i + 1)
            self.assertEqual(run["state"], "done", run)
            self.assertIn(words, run["result"]["problem"])
            self.assertEqual(self.server.asked[path], 2 if path == "/page" and not wanted else 1)

    def test_a_file_of_another_run_is_none_of_this_one(self):
        self.world.start_host()
        self.run_of({"id": "1", "type": "put"})
        name = hashlib.blake2b(PDF, digest_size=16).hexdigest()
        run = self.run_of({"id": "2", "type": "forged", "file": name, "size": len(PDF)}, 2)
        self.assertIn(f"has no file {name}", run["result"])
        self.assertEqual(len(self.server.sent), 1)

    def test_the_bytes_go_with_what_was_erased(self):
        self.world.start_host()
        run = self.run_of({"id": "someone-77", "type": "put"})
        event = run["event"]["id"]

        def kept():
            return any(PDF[1000:1100] in open(os.path.join(self.world.data, name), "rb").read()
                       for name in os.listdir(self.world.data)
                       if name.startswith("sauma.db"))
        self.assertTrue(kept())
        self.world.sauma("erase", "papers", "--event", event, "--why", "asked for", "--data",
                         self.world.data)
        self.assertFalse(kept())


if __name__ == "__main__":
    main()
