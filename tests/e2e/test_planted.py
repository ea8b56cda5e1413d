"""A thousand secrets are planted at every door, by people, by senders and by systems that repeat what
they are sent; and none is found wherever anything is kept, told or shown."""
import base64
import html
import http.server
import json
import os
import re
import socketserver
import subprocess
import threading
import urllib.parse

from harness import Case, main, request

MARK, MANY = "c4n4ry", 50  # each secret of the company is so many of them in a row
COMPANY = """company "Planted Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
connect "webhook" { as = "standard", secret = secret "s1", signature = "standard" }
connect "webhook" { as = "hmac", secret = { secret "s2", secret "s3" }, event = "type", id = "id" }
connect "webhook" { as = "basic", secret = secret "s4", signature = "basic" }
connect "click2contract" { as = "c2c", secret = secret "s1", button = secret "s21" }
connect "http" { as = "bearer", url = env "ECHO_URL", auth = { bearer = secret "s5" } }
connect "http" { as = "pair", url = env "ECHO_URL", auth = { user = "me", password = secret "s6" } }
connect "http" { as = "keyed", url = env "ECHO_URL", auth = { header = "X-Api-Key", value = secret "s7" } }
connect "http" { as = "addressed", url = secret "s8" }
connect "http" { as = "nowhere", url = secret "s9" }
connect "http" { as = "proxied", url = "http://unknown.invalid", proxy = secret "s10" }
connect "http" { as = "certified", url = "https://127.0.0.1:1", certificate = secret "s11" }
connect "http" { as = "shown", url = env "TLS_URL", certificate = secret "s22", certificate_key = secret "s23" }
connect "http" { as = "client", url = env "ECHO_URL", auth = { oauth = "client_credentials",
  token_url = env "TOKEN_URL", client_id = "us", client_secret = secret "s12" } }
connect "http" { as = "jwt", url = env "ECHO_URL", auth = { oauth = "client_credentials",
  token_url = env "TOKEN_URL", client_id = "us", private_key = secret "s13" } }
connect "http" { as = "signed", url = env "ECHO_URL", auth = { oauth = "client_credentials",
  token_url = env "TOKEN_URL", client_id = "us", private_key = secret "s23" } }
connect "http" { as = "extra", url = env "ECHO_URL", auth = { oauth = "client_credentials",
  token_url = env "TOKEN_URL", client_id = "us", client_secret = secret "s14",
  params = { api_key = secret "s15", pin = secret "s24" } } }
connect "http" { as = "basic_client", url = env "ECHO_URL", auth = { oauth = "client_credentials",
  token_url = env "TOKEN_URL", client_id = "us", client_secret = secret "s25", client_auth = "basic" } }
connect "http" { as = "odd", url = env "ECHO_URL", auth = { user = "me", password = secret "s26" } }
connect "procountor" { url = env "ECHO_URL", client_id = "us", client_secret = secret "s16",
  api_key = secret "s17" }
connect "slack" { url = secret "s18" }
connect "webhook_out" { as = "erp", url = env "ECHO_URL", secret = secret "s19" }
connect "smtp" { as = "mail", url = env "MAIL_URL", user = "me", password = secret "s20",
  from = "a@b.fi", to = "c@d.fi" }

rule "Get" { on = "open.get", run = function(e) return http.get(e.to, e.path).status end }
rule "Try" { on = "open.try", run = function(e)
  local answer, problem = http.try(http.get, e.to, e.path)
  log.info("%s %s", answer and answer.body, problem and problem.message)
  return { answer = answer and answer.body, problem = problem and problem.message }
end }
rule "Post" { on = "open.post", run = function(e) return http.post(e.to, e.path, { json = {} }).status end }
rule "File" { on = "open.file", run = function(e)
  local got = http.get(e.to, e.path, { file = true }).file
  return { size = got.size, sent = http.post(e.to, "/200", { parts = {
    { name = "file", file = got, filename = "a.txt" } }, attempts = 2 }).status }
end }
rule "Tell" { on = "open.tell", run = function()
  notify("slack", "hello")
  return erp.send("a.b", {})
end }
rule "Mail" { on = "open.mail", run = function()
  return mail.send { subject = "s", text = "t" }
end }
rule "Raise" { on = "open.raise", run = function()
  local shown = { tostring(bearer), tostring(secret "s5"), tostring(require "secret") }
  for _, connection in ipairs { bearer, pair, keyed, addressed } do
    for name, value in pairs(connection) do shown[#shown + 1] = tostring(name) .. tostring(value) end
  end
  error(table.concat(shown, " "))
end }
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """Repeats all that it is sent: in bodies, headers, places to go to, and reasons to refuse."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        mine = " ".join(self.headers.get(n) or "" for n in ("Authorization", "X-Api-Key"))
        said = f"{mine} {self.path} {sent} {dict(self.headers)}"
        self.server.seen.append(said)
        if "Basic " in mine:
            said += base64.b64decode(mine.split()[1]).decode()
        status, kind = 400, "text/plain"
        for word in ("200", "302", "404", "500"):
            if f"/{word}" in self.path:
                status = int(word)
        if self.path.endswith("/token"):
            form = dict(urllib.parse.parse_qsl(sent))
            words = " ".join(form.get(n, "") for n in ("client_secret", "api_key", "pin")) + " " + mine
            kind = "application/json"
            said = json.dumps({"error": "invalid_client", "error_description": words}).replace(
                "/", "\\/").replace("+", "\\u002b")
        if "/json" in self.path:
            said = json.dumps({"repeated": said}).replace("/", "\\/").replace("+", "\\u002b")
        elif "/address" in self.path:
            said = urllib.parse.quote_plus(said)
        elif "/page" in self.path:
            said = html.escape(said).replace("+", "&#43;").replace("/", "&#x2F;")
        elif "/nested" in self.path:
            said = json.dumps({"inner": json.dumps({"said": html.escape(said)}).replace("/", "\\/")})
        elif "/base64" in self.path:
            said = json.dumps({"request": base64.b64encode(said.encode()).decode(), "hex": said.encode().hex()})
        body = said.encode()
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Echo", mine),
                            ("Location", "/" + mine.replace(" ", "") if status == 302 else None)):
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


class Mail(socketserver.StreamRequestHandler):
    """A mail server that takes no password, and says which."""

    def handle(self):
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                self.wfile.write(b"250-mail\r\n250 AUTH PLAIN\r\n")
            elif word == b"AUTH":
                self.wfile.write(b"334 \r\n")
                given = self.rfile.readline().strip()
                self.server.seen.append(given)
                said = base64.b64decode(given).replace(b"\0", b" ")
                self.wfile.write(b"535-5.7.8 no such " + given + b"\r\n535 5.7.8 user" + said + b"\r\n")
            else:
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


class Planted(Case):
    def value(self, n):
        """Fifty of a thousand, in a form that the connection takes."""
        # Signs that JSON, addresses and pages escape, each in its own way.
        sign = {5: "/+=", 7: "/+=&", 14: "/+", 15: "/&", 25: "/+", 26: "\"ä<&/"}.get(n, ".")
        row = sign.join(f"{MARK}{n:02d}{i:02d}" for i in range(MANY))
        echo = f"http://127.0.0.1:{self.port}"
        return {1: "whsec_" + row, 4: "me:" + row, 8: f"{echo}/404/{row}", 9: f"http://127.0.0.1:1/{row}",
                10: f"http://me:{row}@127.0.0.1:{self.port}", 11: f"-----BEGIN CERTIFICATE-----\n{row}\n",
                13: f"-----BEGIN PRIVATE KEY-----\n{row}\n-----END PRIVATE KEY-----\n",
                18: f"{echo}/404/services/{row}",
                19: "whsec_" + base64.b64encode(f"{MARK} of erp, {row}".encode()[:60]).decode(),
                20: row[:164],  # a reply of a mail server may have 512 bytes
                22: self.certificate, 23: self.key,
                }.get(n, row)

    def setUp(self):
        super().setUp()
        self.echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        self.echo.seen, self.port = [], self.echo.server_port
        threading.Thread(target=self.echo.serve_forever, daemon=True).start()
        self.addCleanup(self.echo.server_close)
        self.addCleanup(self.echo.shutdown)
        self.mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
        self.mail.daemon_threads, self.mail.seen = True, []
        threading.Thread(target=self.mail.serve_forever, daemon=True).start()
        self.addCleanup(self.mail.server_close)
        self.addCleanup(self.mail.shutdown)
        w = self.world
        w.env.update(ECHO_URL=f"http://127.0.0.1:{self.port}/echo", TLS_URL=f"https://127.0.0.1:{self.port}",
                     MAIL_URL=f"smtp+plain://127.0.0.1:{self.mail.server_address[1]}",
                     SAUMA_OPERATOR_URL=f"http://127.0.0.1:{self.port}/500/{MARK}",
                     SAUMA_OPERATOR_SECRET="whsec_" + base64.b64encode(f"{MARK} of the operator".encode()).decode(),
                     TOKEN_URL=f"http://127.0.0.1:{self.port}/token")
        w.add_company("planted", COMPANY)
        self.key, self.certificate = (subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", "/CN=us", "-keyout", key, "-out", out], check=True, capture_output=True).stdout.decode()
            for key, out in (("/dev/stdout", "/dev/null"), ("/dev/null", "/dev/stdout")))
        for n in range(1, 27):
            w.secret("planted", f"s{n}", self.value(n))
        self.access = os.path.join(w.dir, "access.log")
        w.start_host("--log", "debug", "--access-log", self.access, "--retry-attempts", "2",
                     "--retry-base", "1ms", "--settle", "20ms", "--looks", "none", "--write-attempts", "1")
        self.count = 0

    def event(self, kind, **more):
        self.count += 1
        status, said = self.world.deliver({"type": kind, "id": str(self.count), **more}, "planted", "open",
                                       sign=False, headers={"Authorization": f"Bearer {MARK}",
                                                            "Cookie": f"a={MARK}", "X-Api-Key": MARK})
        self.assertEqual(status, 202, said)

    def knock(self):
        """What senders, browsers and strangers bring: in addresses, headers and bodies."""
        w, headers = self.world, {"Authorization": f"Bearer {MARK}", "X-Webhook-Secret": MARK,
                                  "X-Signature-256": "sha256=" + MARK, "Cookie": MARK,
                                  "webhook-signature": "v1," + MARK, "webhook-id": "msg_1",
                                  "webhook-timestamp": "1700000000", "X-Odd": MARK}
        for path in ("/hooks/planted/standard", "/hooks/planted/hmac", "/hooks/planted/basic",
                     "/hooks/nobody/hmac", f"/hooks/planted/hmac?token={MARK}", f"/hooks/planted/hmac/{MARK}",
                     f"/oauth/callback?code={MARK}&state={MARK}&iss={MARK}",
                     f"/oauth/callback?error={MARK}&error_description={MARK}", f"/api/v1/runs?key={MARK}",
                     f"/x/{MARK}", f"/{MARK}@example.com", "/api/v1/send/planted/c2c"):
            for method in ("POST", "GET"):
                request(w.address, method, path, json.dumps({"type": MARK, "id": MARK}).encode(), headers)

    def act(self):
        for to in ("bearer", "pair", "keyed", "addressed", "nowhere", "proxied", "certified", "client", "jwt",
                   "shown", "signed", "extra", "basic_client", "procountor"):
            for path in ("/200", "/400", "/302", "/500"):
                self.event("get" if path == "/400" else "try", to=to, path=path)
            self.event("post", to=to, path="/500")
        for to in ("bearer", "keyed", "odd"):
            for how in ("json", "address", "page", "nested", "base64"):
                if how != "base64": # in refusals only
                    self.event("try", to=to, path="/200/" + how)
                self.event("get", to=to, path="/400/" + how)
        for to in ("bearer", "pair", "keyed", "addressed", "proxied", "client"):
            self.event("file", to=to, path="/200")
        for n in (2, 3): # both secrets are active; no rule is for them
            self.assertEqual(self.world.deliver({"type": "x", "id": str(n)}, "planted", "hmac",
                                                self.value(n))[0], 202)
        self.event("tell")
        self.event("mail")
        self.event("raise")
        self.world.settled(self.count)

    def kept(self):
        """All bytes that are kept, told or shown, by where they are."""
        w, found = self.world, {}
        with open(os.path.join(w.data, "api-token")) as f:
            api = {"Authorization": "Bearer " + f.read().strip()}
        for path in ("/metrics", "/readyz", "/api/v1/runs?limit=1000", "/api/v1/events", "/api/v1/connections"):
            found[path] = b"%r" % (request(w.address, "GET", path, b"", api),)
        backup = os.path.join(w.dir, "backup.db")
        w.sauma("backup", backup, "--data", w.data)
        for command in (["runs"], ["events"], ["events", "--refused"], ["alerts", "--all"], ["attention"],
                        ["connections"], ["secret", "list"], ["stats"], ["acts"], ["versions", "planted"]):
            found[" ".join(command)] = w.sauma(*command, "--data", w.data).stdout
        found["doctor"] = w.sauma("doctor", "--data", w.data, "--companies", w.companies, check=False).stdout
        found["check"] = b"%r" % (w.sauma("check", w.companies + "/planted", check=False),)
        for n, run in enumerate(w.runs()):
            path = "/api/v1/runs/" + run["id"]
            found[path] = request(w.address, "GET", path, b"", api)[2]
            for how in ([], ["--json"], ["--curl"]) if n % 7 == 0 else ():  # a process each
                found[f"show {run['id']} {how}"] = w.sauma("show", run["id"], *how, "--data", w.data).stdout
        for top, _, files in os.walk(w.dir):
            for name in files:
                with open(os.path.join(top, name), "rb") as f:
                    found[os.path.join(top, name)] = f.read()
        return found

    def test_none_of_a_thousand_is_found_anywhere(self):
        self.knock()
        self.act()
        found = self.kept()
        # They did go where they belong, and what is kept was looked at.
        sent = "".join(self.echo.seen)
        for n in (5, 7, 8, 12, 14, 15, 17, 18):
            self.assertIn(f"{MARK}{n:02d}{MANY - 1:02d}", sent)
        for credentials in (self.mail.seen[0].decode(), re.search(r"'Proxy-Authorization': 'Basic (\S+)'", sent)[1]):
            self.assertIn(f"{MARK}", base64.b64decode(credentials).decode())
        signed = urllib.parse.parse_qs(re.search(r"\S*client_assertion=\S*", sent)[0])["client_assertion"][0]
        everything = b"".join(found.values())
        for word in (b"/500", b"not authentic", b"SQLite format 3", b"token request", b"***"):
            self.assertTrue(word in everything, word)
        forms = [MARK.encode(), MARK.encode().hex().encode()]
        forms += [base64.b64encode(b"x" * i + MARK.encode())[(4 * i + 2) // 3:-4] for i in range(3)]
        # Of a key each line, of what it signs the signature.
        forms += [line.encode() for line in self.key.split("\n") if len(line) > 40 and "-" not in line]
        forms += [signed.split(".")[2].encode()]
        for where, text in found.items():
            for form in forms:
                at = text.find(form)
                self.assertEqual(text[max(0, at - 90):at + 20] if at >= 0 else b"", b"", where)


if __name__ == "__main__":
    main()
