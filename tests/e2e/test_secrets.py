"""Secrets are nowhere but sealed: not in the data folder, logs, pages, answers or a core dump; and
their key can be changed at any moment."""
import json
import os
import re
import resource
import signal
import subprocess

from harness import PATIENCE, SAUMA, Case, main, request, wait_until
from provider import Provider, browse
from test_oauth import CODE, COMPANY, free_port

CANARY = "c4nary"


class Secrets(Case):
    def begin(self):
        self.provider = Provider()
        self.addCleanup(self.provider.close)
        self.port = free_port()
        w = self.world
        w.env.update(ISSUER_URL=self.provider.issuer, CRM_URL=self.provider.api)
        source = COMPANY.format(auth=CODE) + """
            connect "webhook" { as = "signed", secret = secret "hook" }
            connect "http" { as = "old", url = env "CRM_URL", auth = { bearer = secret "token" } }
            rule "Old" { on = "open.old", run = function() return old.get("/who").status end }
            rule "Bad" { on = "open.bad", run = function() error(tostring(crm) .. tostring(old)) end }
        """
        w.add_company("plain", source)
        w.secret("plain", "crm", "secret-of-post")
        for name in ("hook", "token"):
            w.secret("plain", name, f"{CANARY}-{name}")
        self.start()

    def start(self, *more):
        self.world.start_host("--listen", f"127.0.0.1:{self.port}", *more)

    def allow(self):
        p = self.world.start("connect", ["connect", "plain", "crm", "--data", self.world.data])
        self.assertEqual(browse(p.line(r"(?m)^  (http\S+)$").group(1))[0], 200)
        self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())

    def run_one(self, kind, n, state="done"):
        self.world.deliver({"type": kind, "id": f"{kind}-{n}", "n": n}, "plain", "open", sign=False)
        wait_until(lambda: [r for r in self.runs() if r["state"] == state], f"{kind}: {state}")

    def runs(self):
        rows = self.world.sauma("runs", "--json", "--data", self.world.data).stdout
        return [json.loads(r) for r in rows.splitlines()]

    def everything(self):
        """All bytes that this company left behind, by where they are."""
        w, found = self.world, {}
        backup = os.path.join(w.dir, "backup")
        w.sauma("backup", backup, "--data", w.data)
        for top in (w.data, backup):
            files = [top] if os.path.isfile(top) else [
                os.path.join(d, f) for d, _, fs in os.walk(top) for f in fs]
            for path in files:
                with open(path, "rb") as f:
                    found[path] = f.read()
        for p in w.processes:
            found[p.name + " log"] = (p.text() + p.errors()).encode()
        found["metrics"] = request(w.address, "GET", "/metrics")[2]
        for command in (["runs"], ["events"], ["alerts", "--all"], ["attention"], ["connections"],
                        ["secret", "list"], ["stats"]):
            found[" ".join(command)] = w.sauma(*command, "--json", "--data", w.data).stdout
        for run in self.runs():
            found[run["id"]] = w.sauma("show", run["id"], "--json", "--data", w.data).stdout
        return found

    def test_planted_secrets_are_found_nowhere(self):
        self.begin()
        self.allow()
        self.provider.ask("/_refuse")
        self.run_one("read", 1)
        self.run_one("old", 1, "attention")
        self.run_one("bad", 1, "failed")
        self.world.deliver({"type": "x"}, "plain", "signed", secret="wrong")
        tokens = self.provider.ask("/_tokens")["tokens"]
        self.assertGreaterEqual(len(tokens), 4)  # two of each kind
        found = self.everything()
        self.assertTrue(any(b"/who" in text for text in found.values()))  # what is there is found
        for needle in [CANARY.encode(), b"secret-of-post", *(t.encode() for t in tokens)]:
            self.assertEqual([where for where, text in found.items() if needle in text], [], needle)

    def test_a_name_that_nothing_uses_is_told_at_once_and_kept(self):
        w = self.world
        w.add_company("minimal", copy="examples/minimal")
        w.add_company("other", source='company "Toinen Oy" { language = "fi" }\n'
                      'local name = "hook"\n'
                      'connect "webhook" { as = "w", secret = secret(name .. "-new") }\n')

        def put(company, name, *more):
            done = w.sauma("secret", "set", company, name, "--data", w.data, *more, stdin=b"v")
            self.assertIn(f"{company}: secret '{name}' is set\n", done.stdout.decode())
            return done.stderr.decode()

        def rows(*more):
            return [json.loads(line) for line in
                    w.sauma("secret", "list", *more, "--json", "--data", w.data).stdout.splitlines()]
        self.assertEqual(put("minimal", "slack-url"), "")
        self.assertEqual(put("other", "hook-new"), "")  # composed, and used all the same
        self.assertEqual(put("minimal", "slack-ulr"), "note: nothing in companies/minimal uses a secret "
                         "'slack-ulr'; did you mean 'slack-url'?\n")
        self.assertEqual(put("other", "quite-different"), "note: nothing in companies/other uses a secret "
                         "'quite-different'\nnote: it uses 'hook-new'\n")
        self.assertEqual(put("minimla", "slack-url"),
                         "note: companies has no company 'minimla'; did you mean 'minimal'?\n")
        # Where nobody knows the folder, nothing is said of it.
        self.assertEqual(put("minimal", "slack-ulr", "--companies", "elsewhere"), "")
        listed = {(r["company"], r["name"]): (r["set_at"] is not None, r["used"], r["where"])
                  for r in rows()}
        self.assertEqual(listed["minimal", "slack-url"][:2], (True, True))
        self.assertRegex(listed["minimal", "slack-url"][2], r"^company\.lua:\d+$")
        self.assertEqual(listed["minimal", "slack-ulr"], (True, False, None))
        self.assertEqual(listed["minimal", "procountor-api-key"][:2], (False, True))
        self.assertEqual(listed["minimla", "slack-url"], (True, None, None))
        self.assertEqual(listed["other", "hook-new"], (True, True, "company.lua:3"))
        self.assertEqual(list(listed), sorted(listed))
        self.assertEqual({r["company"] for r in rows("other")}, {"other"})
        self.assertEqual({r["used"] for r in rows("--companies", "elsewhere")}, {None})
        text = w.sauma("secret", "list", "minimal", "--data", w.data).stdout.decode()
        self.assertRegex(text, r"(?m)^minimal +slack-ulr +set .*Z  nothing uses it$")
        self.assertRegex(text, r"(?m)^minimal +procountor-api-key +is missing: company\.lua:\d+ uses it$")
        # Scripts that do not load say nothing of their secrets.
        w.add_company("broken", source='company "Rikki Oy" {\n')
        self.assertIn("note: companies/broken does not load", put("broken", "x"))
        self.assertIn(("broken", "x", None), [(r["company"], r["name"], r["used"]) for r in rows()])

    def test_no_core_is_left(self):
        """Not even where the shell that starts it wants one, nor of a script process."""
        before = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, before)
        self.begin()
        self.allow()
        host = self.world.host
        for pid in (host.p.pid, *host.children()):
            with open(f"/proc/{pid}/limits") as f:
                self.assertRegex(f.read(), r"Max core file size +0 +0 ")
        os.kill(host.children()[0], signal.SIGABRT)
        self.run_one("read", 1)
        host.p.send_signal(signal.SIGABRT)
        self.assertEqual(host.p.wait(PATIENCE), -signal.SIGABRT)
        left = [os.path.join(d, f) for d, _, fs in os.walk(self.world.dir) for f in fs]
        self.assertEqual([p for p in left if os.path.basename(p).startswith("core")], [])
        tokens = [CANARY, "secret-of-post", *self.provider.ask("/_tokens")["tokens"]]
        for path in left:
            with open(path, "rb") as f:
                text = f.read()
            self.assertEqual([t for t in tokens if t.encode() in text], [], path)

    def test_the_key_is_changed_while_the_host_runs_and_dies(self):
        self.begin()
        self.allow()
        rotate = ["secret", "rotate-key", "--data", self.world.data]
        key = os.path.join(self.world.data, "key")
        seen = set()
        for n, fault in enumerate(("key_added:1", "key_used:1", None)):
            done = subprocess.run([SAUMA, *rotate], env=dict(self.world.env, SAUMA_FAULT=fault or ""),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, -signal.SIGKILL if fault else 0, done.stderr)
            with open(key) as f:
                lines = f.read().split()
            self.assertEqual(len(lines), 2 if fault else 1)
            seen.update(lines)
            # The host reads with what was, and writes (a renewal) so that all can be opened.
            self.provider.ask("/_refuse")
            self.world.deliver({"type": "read", "id": f"k-{n}"}, "plain", "open", sign=False)
            wait_until(lambda: len([r for r in self.runs() if r["state"] == "done"]) == n + 1, "run")
        self.assertEqual(len(seen), 2)  # what was begun was ended, and not begun again
        self.world.host.stop()
        self.start()
        self.run_one("read", 9)
        doctor = self.world.sauma("doctor", "--data", self.world.data, check=False).stdout.decode()
        self.assertRegex(doctor, r"ok +key")

    def test_a_host_without_the_key_of_its_secrets_says_so(self):
        self.begin()
        self.world.host.stop()
        self.assertNotIn("sealed with another key", self.world.host.errors())
        os.remove(os.path.join(self.world.data, "key"))
        self.start()
        host = self.world.host
        wait_until(lambda: "sealed with another key" in host.errors(), "the warning")

    def test_personal_data_is_shown_masked(self):
        w = self.world
        w.add_company("plain", """company "Plain Oy" { redact = { "buyer.phone", "*.email" } }
            connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
            rule "Read" { on = "open.read", key = function(e) return e.buyer.code end,
              run = function(e)
                log.info("buyer %s, all %s", e.buyer.code, json.encode(e))
                return { code = e.buyer.code, contact = { email = e.buyer.email, name = "Aino" } }
              end }
            rule "Ask" { on = "open.ask", run = function(e)
              attention("Who is " .. e.buyer.code .. " of " .. json.encode(e.buyer)) end }
            rule "Hear" { on = "alert", run = function(a) return { heard = a.text } end }
        """)
        w.start_host("--alert-gather", "10ms")
        for kind in ("read", "ask"):
            w.deliver({"type": kind, "id": kind, "buyer": {
                "code": "131052-308T", "phone": "+358401234567", "email": "aino@example.com",
                "name": "Aino"}}, "plain", "open", sign=False)
        wait_until(lambda: sorted(r["state"] for r in self.runs()) == ["attention", "done", "done"], "the runs")
        shown = w.sauma("show", next(r["id"] for r in self.runs() if r["rule"] == "Hear"), "--all-fields",
                        "--data", w.data).stdout.decode()
        self.assertIn('"phone":"***"', shown.replace("\\", ""))  # nor are others told
        self.assertNotIn("+358401234567", shown)
        commands = [["runs"], ["events"], ["alerts"], ["attention"]]
        texts = [w.sauma(*c, "--json", "--data", w.data).stdout.decode() for c in commands]
        for run in self.runs():
            texts.append(w.sauma("show", run["id"], "--json", "--data", w.data).stdout.decode())
            texts.append(w.sauma("show", run["id"], "--data", w.data).stdout.decode())
            with open(os.path.join(w.data, "api-token")) as f:
                token = {"Authorization": "Bearer " + f.read().strip()}
            texts.append(request(w.address, "GET", f"/api/v1/runs/{run['id']}", b"", token)[2].decode())
        texts += [p.text() + p.errors() for p in w.processes]
        for text in texts:
            for hidden in ("131052-308T", "+358401234567", "aino@example.com"):
                self.assertNotIn(hidden, text)
        self.assertIn('"name":"Aino"', "".join(texts))
        self.assertIn('"phone":"***"', "".join(texts))
        # What is kept is as it came, for runs go on from it; who may read the folder can see it.
        run = next(r["id"] for r in self.runs() if r["rule"] == "Read")
        self.assertIn(b"131052-308T", w.sauma("show", run, "--all-fields", "--json", "--data",
                                              w.data).stdout)
        done = w.sauma("check", w.companies + "/plain", check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
