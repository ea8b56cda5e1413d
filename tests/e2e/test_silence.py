"""expected_every: silence longer than that is told, also over a restart, until something comes."""
import json
import os
import signal
import sqlite3

from faked import Clock
from harness import Case, main, wait_until

COMPANY = '''company "Acme" { language = "fi" }
connect "webhook" { as = "shop", secret = false, event = "type", id = "id", expected_every = "24h" }
rule "Orders" { on = "shop.order", expected_every = "3d", run = function() end }
rule "All"    { on = "shop", run = function() end }
'''


class Silence(Case):
    def setUp(self):
        super().setUp()
        self.world.add_company("acme", source=COMPANY)
        self.clock = Clock(self.world, "2026-11-20T08:00:00Z")
        self.world.start_host(env=self.clock.env)
        wait_until(self.expected, "what is expected to be on disk")

    def expected(self):
        with sqlite3.connect(os.path.join(self.world.data, "sauma.db")) as db:
            return db.execute("SELECT count(*) FROM expected").fetchone()[0] == 2

    def restart(self, at):
        self.world.host.stop(signal.SIGKILL)
        self.clock.set(at)
        self.world.start_host(env=self.clock.env)

    def send(self, type, id):
        status, answer = self.world.deliver({"type": type, "id": id}, company="acme",
                                            connection="shop", sign=False)
        self.assertEqual(status, 202)
        self.world.settled(1)
        return answer["event"]

    def open(self):
        return {a["about"]: a["text"] for a in map(json.loads, self.world.sauma(
            "alerts", "--json", "--data", self.world.data).stdout.splitlines())
            if a["kind"] == "silence"}

    def wait(self, *about):
        return wait_until(lambda: (lambda o: o or {"": ""} if set(o) == set(about) else None)(
            self.open()), f"{about} to be open: {self.open()}")

    def test_silence_is_told_and_ends_with_the_next_event(self):
        self.restart("2026-11-21T07:59:00Z")
        self.assertEqual(self.open(), {})
        self.restart("2026-11-21T08:01:00Z")  # nothing came at all, since it was expected first
        text = self.wait("connection shop")["connection shop"]
        self.assertIn('connection "shop" since 2026-11-20T08:', text)
        self.assertIn("when it was first expected", text)
        event = self.send("order", "a")
        self.wait()
        self.restart("2026-11-24T09:00:00Z")
        texts = self.wait("connection shop", "rule Orders")
        for text in texts.values():
            self.assertIn(f"since 2026-11-21T08:01", text)
            self.assertIn(f"(event {event})", text)
        self.send("other", "b")  # of the connection, but not for the rule
        self.wait("rule Orders")
        self.send("order", "c")
        self.wait()

    def test_what_expected_every_may_be(self):
        for given in ('"often"', "24", '"0s"'):
            with self.subTest(given):
                self.setUp()
                self.world.add_company("bad", source=COMPANY.replace('"24h"', given))
                done = self.world.sauma("check", f"{self.world.companies}/bad", check=False)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr.decode(), r"bad/company.lua:2: .*expected_every is ")


if __name__ == "__main__":
    main()
