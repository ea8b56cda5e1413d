"""The host's loop does not stand still, whatever another program or one sender does."""
import sqlite3
import threading
import time
import urllib.parse

from authority import Authority
from harness import PATIENCE, UNDER, Case, main, request, wait_until

COMPANY = """company "Plain Oy" {}
connect "webhook" { as = "open", secret = false, event = "type", id = "id" }
connect "http" { as = "crm", url = env "CRM_URL", auth = { oauth = "authorization_code",
  issuer = env "ISSUER_URL", client_id = "post", client_secret = secret "crm" } }
rule "Read" { on = "open.read", run = function() return crm.get("/who").body.who end }
"""
HELD_S = 3
LONGEST_S = 1 if not UNDER else 10  # of machines that are busy; a loop that waits has HELD_S


class Stalls(Case):
    def hold_store(self):
        """As a backup tool does, or `sqlite3` in a transaction; until the result is called."""
        other = sqlite3.connect(self.world.data + "/sauma.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")

        def let_go():
            other.execute("ROLLBACK")
            other.close()
        return let_go

    def longest_answer(self, seconds):
        """Of /healthz, asked all the time."""
        longest, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            at = time.monotonic()
            self.assertEqual(request(self.world.address, "GET", "/healthz")[0], 200)
            longest = max(longest, time.monotonic() - at)
            time.sleep(0.005)
        return longest

    def deliver(self, n):
        return self.world.deliver({"type": "read", "id": str(n)}, "plain", "open", sign=False)[0]

    def test_a_grant_that_waits_for_the_store_holds_up_nobody_else(self):
        authority = Authority()
        self.addCleanup(authority.close)
        self.world.env.update(ISSUER_URL=authority.url, CRM_URL=authority.url + "/api")
        self.world.add_company("plain", COMPANY)
        self.world.secret("plain", "crm", "secret")
        self.world.start_host("--retry-base", "20ms")
        held = []

        def token(life):
            def answer(_):
                held.append(self.hold_store())
                return {"access_token": f"t{len(held)}", "refresh_token": f"r{len(held)}", "expires_in": life}
            return answer

        # A person allows it.
        authority.says["/token"] = token(0.01)
        p = self.world.start("connect", ["connect", "plain", "crm", "--data", self.world.data])
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(p.line(r"(?m)^  (http\S+)$").group(1)).query))
        came_back = threading.Thread(target=request, args=(
            self.world.address, "GET", f"/oauth/callback?code=c&state={query['state']}"))
        came_back.start()
        wait_until(lambda: held, "the code to be exchanged")
        self.assertLess(self.longest_answer(HELD_S), LONGEST_S)
        self.assertIsNone(p.p.poll())
        held[0]()
        came_back.join(PATIENCE)
        self.assertEqual(p.p.wait(PATIENCE), 0, p.errors())

        # What ended at once is renewed.
        authority.says["/token"] = token(600)
        self.deliver(1)
        wait_until(lambda: len(held) == 2, "the grant to be renewed")
        sent = []
        sender = threading.Thread(target=lambda: sent.append(self.deliver(2)))
        sender.start()
        self.assertLess(self.longest_answer(HELD_S), LONGEST_S)
        self.assertEqual((sent, authority.at("/api/who")), ([], []))  # what is not on disk is not told, or used
        held[1]()
        sender.join(PATIENCE)
        self.assertEqual(sent, [202])
        self.assertEqual([r["result"] for r in self.world.settled(2)], ["Bearer t2"] * 2)

    def test_large_webhooks_that_come_at_once_are_all_answered(self):
        self.world.add_company("plain", COMPANY)
        self.world.env.update(ISSUER_URL="http://127.0.0.1:1", CRM_URL="http://127.0.0.1:1")
        self.world.start_host()
        numbers, answers = ",".join("1" * 1500000), []

        def send(n):
            body = f'{{"data":[{numbers}],"type":"other","id":"{n // 2}"}}'.encode()  # each of them twice
            answers.append(self.world.deliver(body, "plain", "open", sign=False)[0])
        senders = [threading.Thread(target=send, args=(n,)) for n in range(8)]
        for s in senders:
            s.start()
        self.longest_answer(0.5)
        for s in senders:
            s.join(PATIENCE)
        self.assertEqual(sorted(answers), [200] * 4 + [202] * 4)


if __name__ == "__main__":
    main()
