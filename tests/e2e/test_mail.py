"""Mails: what arrives, what becomes of refusals and of answers that are lost, TLS and login."""
import json
import os
import re
import signal
import socket
import subprocess
import threading

from harness import ROOT, Case, main, request, wait_until

COMPANY = """company "Posti Oy" { language = "fi" }
connect "webhook" { as = "shop", secret = false, event = "type" }
connect "smtp" { url = env "SMTP_URL", from = "Posti Öy <noreply@posti.example>",
                 to = "talous@posti.example", rate = 1000 %s }
rule "Tell" { on = "shop.tell", run = function(e)
  local ok, problem = smtp.send { subject = e.subject or "Hei", text = e.text or "Hei", to = e.to }
  return { ok = ok, problem = problem }
end }
rule "Sure" { on = "shop.sure", run = function(e)
  return { ok = smtp.send { subject = "Hei", text = "Hei", to = e.to, must = true } }
end }
rule "Notice" { on = "shop.notice", run = function(e) return { ok = notify("smtp", e.text) } end }
"""
LOGIN = ', user = "posti", password = secret "smtp"'


class Mail(Case):
    def start(self, url, settings="", *options):
        w = self.world
        w.env["SMTP_URL"] = url
        w.add_company("acme", COMPANY % settings)
        if "secret" in settings:
            w.secret("acme", "smtp", "s3cret-pässword")
        w.start_host("--retry-base", "20ms", "--retry-cap", "100ms", "--looks", "none", "--settle", "200ms", *options)

    def run_of(self, kind="tell", **event):
        count = len(self.world.runs()) + 1
        self.assertEqual(self.world.deliver(dict(event, type=kind), company="acme",
                                            connection="shop", sign=False)[0], 202)
        run = self.world.settled(count)[-1]
        return self.world.show(run["id"]) | run


class Sandbox(Mail):
    def setUp(self):
        super().setUp()
        w = self.world
        w.start_sandbox("smtp", "slack")
        self.http = w.urls["slack"].split("/")[2]

    def mails(self):
        return json.loads(request(self.http, "GET", "/_control/state?sandbox=smtp")[2])["mails"]

    def switch(self, **settings):
        body = json.dumps({"settings": settings}).encode()
        self.assertEqual(request(self.http, "POST", "/_control/seed?sandbox=smtp", body)[0], 200)

    def test_a_mail_arrives_as_it_was_written(self):
        self.start(self.world.urls["smtp"])
        text = "Hei,\n.alkaa pisteellä\n\n" + "Ääkkösiä ja €uroja " * 20 + "\nlopussa väli \n=20"
        run = self.run_of(subject="Uusi lasku 7: Öljy & Åke Ab, " + "pitkä otsikko " * 9, text=text,
                          to=["Åke Öberg <ake@oljy.example>", "b@c.example"])
        self.assertEqual((run["state"], run["result"]), ("done", {"ok": True}), run)
        mail, = self.mails()
        self.assertEqual(mail["subject"], "Uusi lasku 7: Öljy & Åke Ab, " + "pitkä otsikko " * 9)
        self.assertEqual(mail["text"], text + "\n")
        self.assertEqual(mail["from"], "Posti Öy <noreply@posti.example>")
        self.assertEqual(mail["to"], "Åke Öberg <ake@oljy.example>, <b@c.example>")
        self.assertEqual(mail["envelope_to"], ["ake@oljy.example", "b@c.example"])
        self.assertTrue(mail["message_id"].startswith("<" + run["id"]))
        self.assertTrue(all(len(line) <= 78 for line in mail["raw"].split("\r\n")), mail["raw"])
        self.assertNotIn("ä", mail["raw"])
        page = request(self.http, "GET", "/smtp/")[2].decode()
        self.assertIn("Öljy &amp; Åke Ab", page)
        self.assertIn(".alkaa pisteellä", page)
        self.run_of("notice", text="Lasku 8 odottaa\nSiitä puuttuu osoite.")
        self.assertEqual((self.mails()[1]["subject"], self.mails()[1]["to"]),
                         ("Lasku 8 odottaa", "<talous@posti.example>"))

    def test_a_mail_whose_answer_was_lost_is_the_same_mail_again(self):
        self.start(self.world.urls["smtp"])
        self.switch(lose=1)
        run = self.run_of()
        self.assertEqual((run["state"], run["result"]), ("done", {"ok": True}), run)
        first, second = self.mails()
        self.assertEqual(first["message_id"], second["message_id"])
        self.assertEqual(first["raw"], second["raw"])
        self.switch(lose=1)
        run = self.run_of("sure")
        self.assertEqual(run["state"], "attention", run)
        self.assertIn("not known whether smtp carried out MAIL", run["reason"])
        self.assertEqual(len(self.mails()), 3)

    def test_what_a_server_refuses_is_said_in_its_words(self):
        self.start(self.world.urls["smtp"])
        self.switch(reject={"nobody@x.example": "550 5.1.1 no such user here"})
        run = self.run_of("sure", to="nobody@x.example")
        self.assertEqual(run["state"], "attention", run)
        self.assertIn("no such user here", run["reason"])
        self.switch(final="554 5.6.0 looks like spam")
        self.assertIn("looks like spam", self.run_of()["result"]["problem"])
        self.assertEqual(self.mails(), [])

    def test_who_is_refused_keeps_the_mail_from_nobody_else(self):
        self.start(self.world.urls["smtp"])
        self.switch(reject={"nobody@x.example": "550-5.1.1 no such\r\n550 5.1.1 user here"})
        both = ["nobody@x.example", "talous@posti.example"]
        run = self.run_of(to=both)
        self.assertEqual(run["state"], "done", run)
        self.assertIn("550 nobody@x.example: 5.1.1 no such 5.1.1 user here", run["result"]["problem"])
        self.assertIn("did not get through to all", run["result"]["warnings"][0])
        mail, = self.mails()
        self.assertEqual((mail["envelope_to"], mail["to"]),
                         (["talous@posti.example"], "<nobody@x.example>, <talous@posti.example>"))
        run = self.run_of("sure", to=both)
        self.assertEqual(run["state"], "attention", run)
        self.assertIn("nobody@x.example", run["reason"])
        self.switch(reject={})
        self.world.sauma("retry", run["id"], "--data", "data")
        wait_until(lambda: self.world.show(run["id"])["state"] == "done", "the run to end")
        first, second = self.mails()[1:]
        self.assertEqual([m["envelope_to"] for m in (first, second)],
                         [["talous@posti.example"], ["nobody@x.example"]])
        self.assertEqual(first["raw"], second["raw"])

    def test_who_is_to_come_again_is_asked_again_alone(self):
        self.start(self.world.urls["smtp"], "", "--retry-base", "3s", "--retry-cap", "3s")
        self.switch(reject={"slow@x.example": "451 4.7.1 greylisted", "nobody@x.example": "550 5.1.1 who?"})
        self.world.deliver({"type": "sure", "to": ["nobody@x.example", "a@b.example", "slow@x.example"]},
                           company="acme", connection="shop", sign=False)
        wait_until(lambda: self.world.runs(state="waiting"), "the run to wait")
        self.world.host.stop(signal.SIGKILL)
        self.switch(reject={"nobody@x.example": "550 5.1.1 who?"})
        self.world.start_host("--retry-base", "20ms", "--retry-cap", "100ms", "--looks", "none")
        run = self.world.settled()[0]
        self.assertEqual(run["state"], "attention", run)
        self.assertEqual([m["envelope_to"] for m in self.mails()], [["a@b.example"], ["slow@x.example"]])

    def test_a_server_that_takes_a_few_recipients_at_a_time(self):
        """452 (RFC 5321, 4.5.3.1.10)."""
        self.start(self.world.urls["smtp"])
        self.switch(recipients=20)
        everybody = [f"a{i}@b.example" for i in range(50)]
        run = self.run_of("sure", to=everybody)
        self.assertEqual((run["state"], run["result"]), ("done", {"ok": True}), run)
        mails = self.mails()
        self.assertEqual([len(m["envelope_to"]) for m in mails], [20, 20, 10])
        self.assertEqual(sum((m["envelope_to"] for m in mails), []), everybody)

    def test_a_line_that_is_cut_after_a_refusal_refuses_nobody(self):
        """One was taken, one refused, and the server goes before it has the mail: it goes out again."""
        sent = []

        def serve(front):
            for last in (None, b"354 go\r\n"):
                with front.accept()[0] as c, c.makefile("rb") as lines:
                    c.sendall(b"220 here\r\n")
                    for line in lines:
                        if line.startswith(b"DATA"):
                            if not last:
                                break
                            c.sendall(last)
                            while (line := lines.readline()) != b".\r\n":
                                sent.append(line)
                        c.sendall(b"550 5.1.1 who?\r\n" if b"nobody" in line else b"250 ok\r\n")
        front = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(front.close)
        threading.Thread(target=serve, args=(front,), daemon=True).start()
        self.start(f"smtp+plain://127.0.0.1:{front.getsockname()[1]}", ", deadline = 2")
        run = self.run_of("sure", to=["a@b.example", "nobody@x.example"])
        self.assertEqual(run["state"], "attention", run)
        self.assertIn(b"Subject: Hei\r\n", sent)

    def test_a_server_that_says_later_is_asked_again(self):
        self.start(self.world.urls["smtp"])
        self.switch(greylist=True)
        run = self.run_of("sure")
        self.assertEqual((run["state"], run["result"]), ("done", {"ok": True}), run)
        self.assertEqual(len(self.mails()), 1)

    def test_a_server_that_hangs_up_is_asked_again(self):
        """421 (RFC 5321, 3.8): at the greeting, or where the answer to MAIL is due."""
        host, port = self.world.urls["smtp"].split("//")[1].split(":")
        hellos = [[b"421 4.3.2 busy\r\n"],
                  [b"220 here\r\n", b"250 front\r\n", b"421 4.3.2 shutting down\r\n"]]
        front = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(front.close)

        def pump(a, b):
            try:
                while piece := a.recv(65536):
                    b.sendall(piece)
                b.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        def serve():
            for lines in hellos:
                with front.accept()[0] as c:
                    for line in lines:
                        c.sendall(line)
                        c.recv(1000)
            with front.accept()[0] as c, socket.create_connection((host, int(port))) as s:
                threading.Thread(target=pump, args=(c, s), daemon=True).start()
                pump(s, c)
        threading.Thread(target=serve, daemon=True).start()
        self.start(f"smtp+plain://127.0.0.1:{front.getsockname()[1]}")
        run = self.run_of("sure")
        self.assertEqual((run["state"], run["result"]), ("done", {"ok": True}), run)
        self.assertEqual(len(self.mails()), 1)

    def test_nothing_begins_a_header_of_its_own(self):
        self.start(self.world.urls["smtp"])
        for event in ({"subject": "Hei\r\nBcc: all@x.example"}, {"to": "a@b.example\nBcc: c@d.example"},
                      {"to": "Anna\r\nX: y <a@b.example>"}, {"to": "a@b.example, c@d.example"},
                      {"to": "<a@b.example> SIZE=1"}, {"to": "äkä@b.example"}, {"to": "a@b c"},
                      {"to": ["a@b.example"] * 51}):
            run = self.run_of(**event)
            problem = run.get("reason") or run["result"].get("problem", "none")
            self.assertRegex(problem, "control character|not a mail address|at most 50", event)
        self.assertEqual(self.mails(), [])

    def test_a_notice_that_repeats_control_characters_arrives(self):
        self.start(self.world.urls["smtp"])
        run = self.run_of("notice", text="\nThe order\t\u001b[7m\u0000 \u007f12 stopped\r\nBcc: x@y.example")
        self.assertEqual(run["result"], {"ok": True}, run)
        self.assertEqual(self.mails()[0]["subject"], "The order [7m   12 stopped")
        self.assertNotIn("bcc", self.mails()[0])

    def test_a_mail_waits_for_its_server_and_a_restart(self):
        self.start("smtp+plain://127.0.0.1:1", "", "--retry-base", "3s", "--retry-cap", "3s")
        self.world.deliver({"type": "sure"}, company="acme", connection="shop", sign=False)
        wait_until(lambda: self.world.runs(state="waiting"), "the run to wait")
        self.world.host.stop()
        self.world.env["SMTP_URL"] = self.world.urls["smtp"]
        self.world.start_host("--retry-base", "20ms", "--retry-cap", "100ms")
        self.assertEqual(self.world.settled()[0]["state"], "done")
        self.assertEqual(len(self.mails()), 1)

    def test_an_address_of_the_company_s_own_is_a_public_one(self):
        w, address = self.world, self.world.urls["smtp"]
        w.add_company("acme", (COMPANY % "").replace('env "SMTP_URL"', f'"{address}"'))
        w.start_host("--retry-base", "20ms", "--retry-attempts", "2", "--looks", "none")
        result = self.run_of()["result"]
        self.assertFalse(result["ok"])
        self.assertIn("not a public one", result["problem"])
        self.assertEqual(self.mails(), [])

    def test_settings_that_are_wrong_are_named(self):
        for wrong, said in (('url = "http://x.example"', 'an address begins with smtp://'),
                            ('url = "smtp://x.example", user = "a"', "user and password go together"),
                            ('url = "smtp://x.example", to = "nobody"', '"nobody" is not a mail address')):
            name = f"wrong{len(self.world.processes)}{abs(hash(wrong))}"
            self.world.add_company(name, 'company "X" {}\nconnect "smtp" { from = "a@b.fi", %s }' % wrong)
            done = self.world.sauma("check", f"companies/{name}", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(said.encode(), done.stderr)


class Server(Mail):
    """smtp-server, which others wrote: TLS and login."""

    def setUp(self):
        super().setUp()
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
        subprocess.run(make, cwd=self.world.dir, check=True, capture_output=True)

    def open(self, **wanted):
        log = os.path.join(self.world.dir, "mail.log")
        wanted = dict(wanted, key=os.path.join(self.world.dir, "key.pem"),
                      cert=os.path.join(self.world.dir, "cert.pem"))
        with open(log, "wb") as out:
            server = subprocess.Popen(
                ["node", os.path.join(ROOT, "tests", "node", "mail.js"), json.dumps(wanted)],
                stdout=out, stderr=subprocess.STDOUT,
                env=dict(os.environ, NODE_FOLDER=os.path.join(ROOT, "build", "node")))
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

        def lines():
            with open(log) as f:
                return f.read().splitlines()
        self.lines = lines
        return wait_until(lambda: lines() and re.fullmatch(r"\d+", lines()[0]), "the port").group()

    def mails(self):
        return [json.loads(line) for line in self.lines()[1:]]

    def trusting(self):
        return "--ca-file", os.path.join(self.world.dir, "cert.pem")

    def test_starttls_and_login(self):
        port = self.open(login={"user": "posti", "password": "s3cret-pässword"})
        self.start(f"smtp://localhost:{port}/posti.example", LOGIN, *self.trusting())
        run = self.run_of(subject="Öljy", to="a@b.example")
        self.assertEqual((run["state"], run["result"]), ("done", {"ok": True}), run)
        mail, = self.mails()
        self.assertEqual((mail["secure"], mail["user"], mail["name"]), (True, "posti", "posti.example"))
        self.assertEqual((mail["from"], mail["to"]), ("noreply@posti.example", ["a@b.example"]))
        self.assertIn("Subject: =?UTF-8?B?w5Zsank=?=", mail["raw"])
        self.assertIn("no such user", self.run_of(to="nobody@b.example")["result"]["problem"])
        run = self.run_of(to=["nobody@b.example", "c@d.example", "nobody@x.example"])
        self.assertIn("nobody@b.example: no such user; nobody@x.example: no such user",
                      run["result"]["problem"])
        self.assertEqual([mail["to"] for mail in self.mails()], [["a@b.example"], ["c@d.example"]])

    def test_tls_at_once_and_a_wrong_password(self):
        port = self.open(secure=True, login={"user": "posti", "password": "another"}, methods=["LOGIN"])
        self.start(f"smtps://localhost:{port}", LOGIN, *self.trusting())
        run = self.run_of()
        self.assertEqual(run["state"], "done", run)
        self.assertIn("535", run["result"]["problem"])
        self.assertIn("Invalid login", run["result"]["problem"])
        self.assertEqual(self.mails(), [])

    def test_without_tls_nothing_is_sent(self):
        port = self.open(starttls=False, insecure=True,
                         login={"user": "posti", "password": "s3cret-pässword"})
        self.start(f"smtp://localhost:{port}", LOGIN, *self.trusting())
        self.assertIn("no STARTTLS", self.run_of()["result"]["problem"])
        self.assertEqual(self.mails(), [])

    def test_an_unknown_certificate_is_not_trusted(self):
        port = self.open()
        self.start(f"smtp://localhost:{port}", ", deadline = 1")
        self.assertIn("certificate", self.run_of()["result"]["problem"])
        self.assertEqual(self.mails(), [])


if __name__ == "__main__":
    main()
