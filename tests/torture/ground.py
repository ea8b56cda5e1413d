"""The ground that torture stands on: a world of several companies in memory, with a sandbox of
their own each, senders that never give up, and a log of all that was sent and what was answered."""
import decimal
import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

import harness  # noqa: E402
from harness import World, fixture, request, wait_until  # noqa: E402,F401

if os.access("/dev/shm", os.W_OK):  # data folders in memory: disks are not what is tried here
    harness.tempfile.tempdir = "/dev/shm"

IDS = ["1234567-1", "2345678-0", "0112038-9", "1999999-3", "1572860-0", "0737546-2"]
PRODUCTS = [("KONS", "Konsultointi", "149.00", "h"), ("LIS", "Lisenssi", "33.33", "kpl"),
            ("KOUL", "Koulutus", "890.50", "kpl"), ("MATKA", "Matkakulut", "0.55", "kpl")]
FINAL = ("done", "skipped", "failed", "attention", "held")
SECRETS = ("click2contract", "procountor-client-id", "procountor-client-secret",
           "procountor-api-key")
SALT = f"{random.SystemRandom().getrandbits(64):x}"
TEMPLATES, TEMPLATES_LOCK = {}, threading.Lock()
D = decimal.Decimal
CENT = D("0.01")

COMPANY = """company "{name} Oy" {{ language = "fi", time_zone = "Europe/Helsinki" }}
connect "click2contract" {{ secret = secret "click2contract" }}
connect "procountor" {{ twins = false, rate = 1000, url = env "{variable}_URL", client_id = secret "procountor-client-id",
                       client_secret = secret "procountor-client-secret",
                       api_key = secret "procountor-api-key" }}
connect "slack" {{ rate = 1000, url = env "{variable}_SLACK_URL" }}
use "proposal_to_invoice" {{ trigger = "automatic", payment_terms = 14, notify = {{ "slack" }} }}
"""


def cents(amount):
    return D(amount).quantize(CENT, decimal.ROUND_HALF_UP)


def sums_of(rows):
    """Net, VAT and gross of a proposal's rows: rows rounded, VAT per rate."""
    rates = {}
    for row in rows:
        amount = cents(D(str(row["quantity"])) * D(str(row["unit_price"]))
                       * (100 - D(str(row["discount_percent"]))) / 100)
        rate = D(str(row["vat_percent"]))
        rates[rate] = rates.get(rate, D(0)) + amount
    net = sum(rates.values(), D(0))
    vat = sum((cents(amount * rate / 100) for rate, amount in rates.items()), D(0))
    return net, vat, net + vat


class Ground(World):
    """Companies with canaries for secrets, `sent` as what the senders know."""

    # One look after the settle time, no more: what is there must be found by then.
    SETTINGS = ("--settle", "300ms", "--looks", "none", "--retry-base", "20ms", "--retry-cap", "200ms",
                "--http-timeout", "2s")

    def __init__(self, companies=("acme",), settings=(), fault="", seed=0, options=None, rule=COMPANY,
                 disk_kb=0):
        super().__init__()
        if os.environ.get("TORTURE_HOME"):
            self.env["SAUMA_HOME"] = os.environ["TORTURE_HOME"]
        self.names, self.settings = list(companies), [*self.SETTINGS, *settings]
        self.random = random.Random(seed)
        self.sent, self.lock = [], threading.Lock()
        self.secrets, self.canaries, self.faults_seen = {}, {}, []
        self.books_seen, self.books_wrong, self.skew = 0, [], 0
        self.disk = bool(disk_kb)
        if disk_kb:
            os.mkdir(self.data, 0o700)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk_kb}k,mode=700", "none",
                            self.data], check=True, stderr=subprocess.DEVNULL)
        names = [f"{c}:procountor" for c in companies] + [f"{c}-slack:slack" for c in companies]
        self.start_sandbox(*names, options=options)
        self.sandbox_address = self.urls[companies[0]].split("/")[2]
        for company in companies:
            self.settle_in(company, rule)
        self.fill_store()
        self.watch_canaries()
        if fault:
            self.faults(fault)

    def close(self):
        try:
            super().close()
        finally:
            if self.disk:
                subprocess.run(["umount", "-l", self.data], stderr=subprocess.DEVNULL)
                shutil.rmtree(self.dir, ignore_errors=True)

    def settle_in(self, company, rule):
        variable = company.upper()
        self.env[variable + "_URL"] = self.urls[company]
        self.env[variable + "_SLACK_URL"] = self.urls[company + "-slack"]
        self.add_company(company, rule.format(name=company, variable=variable))
        # A customer's name is data of its company; a secret is nobody's to see.
        self.canaries[company] = f"Kanaria-{company}-{self.random.getrandbits(48):x}"
        for name in SECRETS:
            self.secrets[company, name] = f"salaisuus-{company}-{name}-{SALT}"

    def fill_store(self):
        """The secrets of all companies: set once for each build, copied for each world."""
        key = (harness.SAUMA, *sorted(self.secrets))
        with TEMPLATES_LOCK:
            if key not in TEMPLATES:
                for (company, name), value in self.secrets.items():
                    self.secret(company, name, value)
                TEMPLATES[key] = {name: open(os.path.join(self.data, name), "rb").read()
                                  for name in os.listdir(self.data)}
                return
        os.makedirs(self.data, mode=0o700, exist_ok=True)
        for name, content in TEMPLATES[key].items():
            with open(os.open(os.path.join(self.data, name), os.O_CREAT | os.O_WRONLY, 0o600),
                      "wb") as f:
                f.write(content)

    def watch_canaries(self):
        lines = [f"{company}.{name} {value}" for (company, name), value in self.secrets.items()]
        lines += [f"{company}.customer {value}" for company, value in self.canaries.items()]
        self.control("/_control/canaries", "\n".join(lines))

    # ---- the sandboxes ----
    def control(self, path, body=None):
        for _ in range(100):  # a fault that resets new connections resets these as well
            try:
                status, _, answer = request(self.sandbox_address, "GET" if body is None else "POST",
                                            path, (body or "").encode())
                break
            except ConnectionResetError:
                pass
        if status != 200:
            raise AssertionError(f"{path}: {status} {answer!r}")
        return answer

    def faults(self, spec, company=None):
        """Replaces the faults of a company's Procountor, or of all sandboxes."""
        self.faults_seen.append(spec)
        self.control("/_control/faults" + (f"?sandbox={company}" if company else ""), spec)

    def ledger(self):
        return [json.loads(line) for line in self.control("/_ledger").splitlines()]

    def state(self, company):
        return json.loads(self.control(f"/_control/state?sandbox={company}"))

    # ---- the host ----
    def start_host(self, *more, env=None, under=()):
        return super().start_host(*self.settings, *more, env=env, under=under)

    def kill_host(self):
        self.host.p.kill()
        self.host.p.wait()

    def restart(self, *more, env=None):
        """Kills, starts again; seconds until it listened."""
        began = time.monotonic()
        self.kill_host()
        self.start_host(*more, env=env)
        return time.monotonic() - began

    # ---- deliveries ----
    def proposal(self, name, company=None, customer=None, rows=None):
        """A signed proposal with a name of its own, drawn from the world's chance."""
        company = company or self.names[0]
        number = self.random.randrange(len(IDS)) if customer is None else customer
        picked = self.random.sample(PRODUCTS, rows or self.random.randint(1, 3))
        lines = [{"code": code, "name": title, "description": "", "unit": unit,
                  "quantity": self.random.randint(1, 40), "unit_price": float(price),
                  "discount_percent": self.random.choice((0, 0, 10)), "vat_percent": 25.5,
                  "optional": False, "selected": True} for code, title, price, unit in picked]
        net, vat, gross = sums_of(lines)
        return fixture(id=f"evt-{name}", contract__id=name, customer__business_id=IDS[number],
                       customer__name=f"Asiakas {number} {self.canaries[company]}",
                       pricing_table__rows=lines,
                       pricing_table__totals={"net": float(net), "vat": float(vat),
                                              "gross": float(gross)})

    def again(self, body):
        """The same contract under another delivery id: a sender that made its event twice."""
        return dict(body, id=f"{body['id']}-again-{self.random.getrandbits(20):x}")

    def post(self, company, body):
        """One delivery, written into the log: (status, answer). skew: the host's clock is off."""
        began = time.time()
        try:
            raw, headers = signed_headers(self, company, body, self.skew)
            status, answer = self.deliver(raw, company=company, sign=False, headers=headers)
        except (OSError, http.client.HTTPException):
            status, answer = 0, None
        self.log_sent(company, body, status, answer, began)
        return status, answer

    def log_sent(self, company, body, status, answer, began):
        if isinstance(answer, bytes):
            try:
                answer = json.loads(answer)
            except ValueError:
                pass
        event = answer.get("event") if isinstance(answer, dict) else None
        entry = {"company": company, "name": body["contract"]["id"], "delivery": body["id"],
                 "status": status, "event": event, "answer": answer, "body": body, "at": began}
        with self.lock:
            self.sent.append(entry)

    def send(self, company, body, patience=120):
        """As a sender does: again until it is told that it arrived."""
        end = time.monotonic() + patience
        while True:
            status, answer = self.post(company, body)
            if 200 <= status < 300:
                return answer
            if status not in (0, 429, 503) or time.monotonic() > end:
                raise AssertionError(f"a delivery was answered {status}: {answer}")
            time.sleep(self.random.uniform(0.005, 0.03))

    def send_all(self, proposals, senders=4):
        """[(company, body)] from several senders at once; returns the threads."""
        failures = self.failures = []

        def work(own):
            try:
                for company, body in own:
                    self.send(company, body)
            except AssertionError as e:
                failures.append(str(e))
        threads = [threading.Thread(target=work, args=(proposals[i::senders],), daemon=True)
                   for i in range(senders)]
        for t in threads:
            t.start()
        return threads

    # ---- the store, from beside ----
    def query(self, sql, *values):
        with sqlite3.connect(f"file:{os.path.join(self.data, 'sauma.db')}?mode=ro", uri=True,
                             timeout=30) as db:
            return db.execute(sql, values).fetchall()

    def look_at_books(self):
        """The books of each company against a count of its events, in one reading."""
        rows = self.query(
            "SELECT company, sum(received), sum(other), sum(events) FROM ("
            " SELECT company, n * (state = 'received') AS received, n * (state <> 'received') AS other,"
            " 0 AS events FROM books UNION ALL"
            " SELECT company, 0, 0, 1 FROM events) GROUP BY company")
        self.books_seen += 1
        for company, received, other, events in rows:
            if not received == other == events:
                self.books_wrong.append(
                    f"{company}: received {received}, accounted for {other}, events {events}")
        return rows

    def open_runs(self):
        return self.query("SELECT (SELECT count(*) FROM events WHERE state = 'in_flight') +"
                          " (SELECT count(*) FROM runs WHERE state IN"
                          " ('queued', 'running', 'waiting'))")[0][0]

    def quiesce(self, events=None):
        """Waits until every event that was taken has ended; looks at the books meanwhile."""
        def quiet():
            self.look_at_books()
            if self.host.p.poll() is not None:
                raise AssertionError(f"the host ended with {self.host.p.returncode}:\n"
                                     f"{self.host.errors()[-3000:]}")
            if events and self.query("SELECT count(*) FROM events")[0][0] < events:
                return False
            return self.open_runs() == 0
        wait_until(quiet, "all runs to end")


def signed_headers(w, company, body, skew=0, secret=None):
    """The bytes of a delivery and its headers, signed now, or so many seconds off."""
    raw, at = json.dumps(body).encode(), str(int(time.time() + skew))
    secret = secret or w.secrets[company, "click2contract"]
    mac = hmac.new(secret.encode(), at.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return raw, {"Content-Type": "application/json", "X-Timestamp": at,
                 "X-Signature-256": "sha256=" + mac}


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p))] if values else 0.0
