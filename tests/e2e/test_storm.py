"""kill -9 of the host and of its script processes at random instants, with many events in flight.

Each round posts signed proposals from several senders at once, kills in between, starts again, and
lets everything end. The sandbox's books are the judge: one invoice for each proposal, one customer
for each business ID, one product for each code, nothing in anybody's way, nothing lost that was
answered with 2xx. SAUMA_STORM_SEED repeats a round; SAUMA_STORM_ROUNDS makes it longer.
"""
import collections
import http.client
import os
import random
import sqlite3
import threading
import time

from harness import Case, fixture, main, wait_until

ROUNDS = int(os.environ.get("SAUMA_STORM_ROUNDS", "8"))
SEED = int(os.environ.get("SAUMA_STORM_SEED", str(random.SystemRandom().randrange(10**9))))
EVENTS, SENDERS, CUSTOMERS, KILLS = 20, 4, 6, 4
IDS = ["1234567-1", "2345678-0", "0112038-9", "1999999-3", "1572860-0", "0737546-2"]


class Storm(Case):
    def setUp(self):
        super().setUp()
        self.accepted, self.lock = collections.defaultdict(set), threading.Lock()

    def proposal(self, name, number):
        return fixture(id=f"evt-{name}", contract__id=name, customer__business_id=IDS[number],
                       customer__name=f"Asiakas {number} Oy")

    def without_rate(self):
        """Procountor's 10 requests a second and Slack's one would make this a test of patience."""
        path = os.path.join(self.world.companies, "minimal", "company.lua")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace("url =", "rate = 1000, url ="))

    def send(self, name, number, rng):
        """As a sender does: again until it was told that it arrived."""
        while True:
            try:
                status, answer = self.world.deliver(self.proposal(name, number))
            except (OSError, http.client.HTTPException):
                time.sleep(rng.uniform(0.01, 0.05))
                continue
            if status in (200, 202):
                with self.lock:
                    self.accepted[name].add(answer["event"])
                return
            self.assertEqual(status, 503, answer)
            time.sleep(0.02)

    def sender(self, names, seed):
        rng = random.Random(seed)
        for name, number in names:
            time.sleep(rng.uniform(0, 0.05))
            self.send(name, number, rng)
            if rng.random() < 0.2:
                self.send(name, number, rng)

    def kill_something(self, rng):
        w = self.world
        if rng.random() < 0.4:
            for pid in w.host.children()[:1]:
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
        else:
            w.host.p.kill()
            w.host.p.wait()
            w.start_host(*self.settings)

    def round(self, number, rng):
        names = [(f"P-{number}-{i}", rng.randrange(CUSTOMERS)) for i in range(EVENTS)]
        threads = [threading.Thread(target=self.sender, args=(names[i::SENDERS], rng.random()))
                   for i in range(SENDERS)]
        for t in threads:
            t.start()
        for _ in range(KILLS):
            time.sleep(rng.uniform(0, 0.4))
            self.kill_something(rng)
        for t in threads:
            t.join()
        return names

    def all_invoices(self):
        found, page = [], 0
        while True:
            more = self.world.procountor(f"/invoices?types=SALES_INVOICE&size=200&page={page}")
            found, page = found + more["results"], page + 1
            if len(more["results"]) < 200:
                return found

    def judge(self, names):
        w = self.world
        runs = w.settled(len(names))
        self.assertEqual(collections.Counter(r["state"] for r in runs),
                         collections.Counter({"done": len(names)}),
                         [r["reason"] for r in runs if r["state"] != "done"])
        # One event, with one id, for each proposal, however often it was posted.
        self.assertTrue(all(len(ids) == 1 for ids in self.accepted.values()), self.accepted)
        self.assertEqual({r["event"] for r in runs},
                         {event for ids in self.accepted.values() for event in ids})
        invoices = collections.Counter(i["originalInvoiceNumber"] for i in self.all_invoices())
        self.assertEqual(len(invoices), len(names), invoices)
        self.assertEqual(set(invoices.values()), {1})
        customers = collections.Counter(c["name"] for c in w.customers())
        self.assertEqual(customers, collections.Counter({f"Asiakas {n} Oy" for _, n in names}))
        names_of = collections.Counter(p["name"] for p in w.products())
        self.assertEqual(set(names_of.values()), {1}, names_of)

    def test_every_accepted_event_becomes_one_invoice(self):
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        rng, names = random.Random(SEED), []
        w = self.world
        w.start_sandbox("procountor", "slack", fault="delay=3ms")
        w.minimal()
        self.without_rate()
        # What is lost in a kill is looked up once the sandbox must have finished it.
        self.settings = ("--settle", "300ms", "--retry-base", "20ms")
        w.start_host(*self.settings)
        for number in range(ROUNDS):
            names += self.round(number, rng)
            self.judge(names)
        self.assertEqual(w.host.stop(), 0)
        with sqlite3.connect(os.path.join(w.data, "sauma.db")) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))


if __name__ == "__main__":
    main()
