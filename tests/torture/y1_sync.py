"""Y1: customers in a CRM and in Procountor are edited at random on both sides, while the host works, is
killed and started again, and events come in any order, twice, or not at all. Then both sides are the
same in at most two looks at Procountor, no edit is lost, nothing is written back, nobody is made
twice, and exactly what was changed differently on both sides is asked, once."""
import json
import os
import sqlite3
import urllib.parse

from ground import Ground, request, wait_until

NAME, DOES = "Y1", "customers edited on both sides at random, with crashes, replays and lost answers"
FULL, JOBS = 10_000, 2
PAIRS, ROUNDS = 100, 5
PER_CASE = PAIRS * ROUNDS  # one customer in one round
SMALL = 10  # customers, in one round, where less than a tenth is wanted

COMPANY = """company "{name}" {{ language = "fi", time_zone = "Europe/Helsinki" }}
connect "crm" {{ url = env "{variable}_CRM_URL", token = secret "crm-token", secret = secret "crm", rate = 1000 }}
connect "procountor" {{ twins = false, rate = 1000, settle = 0.3, url = env "{variable}_URL",
  client_id = secret "procountor-client-id", client_secret = secret "procountor-client-secret",
  api_key = secret "procountor-api-key" }}
use "customer_sync" {{ every = "1s", owner = {{ address = "procountor", email = "crm" }},
  new_customers = "create", new_organizations = "create" }}
"""
# Our name of a field, the CRM's form, Procountor's form, and whose value counts (None: a person is asked).
FIELDS = {"name": ("name", "name", None), "phone": ("phone", "phone", None),
          "einvoice": ("einvoice_address", "einvoiceAddress", None),
          "email": ("email", "email", "crm"), "address": ("street", "street", "books")}
TROUBLES = ("PUT lost*2", "PUT reset*1, GET error=503*2", "PATCH lost*2", "PATCH error=503*2", "GET reset*3",
          "PATCH reset*1, PUT error=500*1", "GET error=429*2", "")
SLOW = "PUT delay=0ms..500ms, PATCH delay=0ms..500ms"


def business_id(n):
    digits = f"{n:07d}"
    rest = sum(int(d) * w for d, w in zip(digits, (7, 9, 10, 5, 8, 4, 2))) % 11
    return None if rest == 1 else f"{digits}-{(11 - rest) % 11}"


class Sync(Ground):
    """The world with a CRM beside Procountor."""

    def __init__(self, **more):
        super().__init__(("acme",), rule=COMPANY, **more)

    def start_sandbox(self, *names, fault="", options=None):
        super().start_sandbox("acme:procountor", "acme-crm:crm", "acme-slack:slack", fault=fault,
                              options=options)

    def settle_in(self, company, rule):
        self.env["ACME_CRM_URL"] = self.urls["acme-crm"]
        super().settle_in(company, rule)
        self.secrets[company, "crm"] = "crm-s3cret"
        self.secrets[company, "crm-token"] = "crm-t0ken"

    def seed(self, sandbox, what):
        self.control(f"/_control/seed?sandbox={sandbox}", json.dumps(what))

    def start_host(self, *more, env=None, under=()):
        host = super().start_host(*more, env=env, under=under)
        self.seed("acme-crm", {"settings": {"hook": f"http://{self.address}/hooks/acme/crm",
                                            "secret": "crm-s3cret"}})
        return host

    def act(self, sandbox, act, **form):
        """What a person does on a sandbox's page."""
        for _ in range(50):  # a fault that resets connections resets these as well
            try:
                status, _, answer = request(
                    self.sandbox_address, "POST", f"/{sandbox}/do/{act}", urllib.parse.urlencode(form),
                    {"Content-Type": "application/x-www-form-urlencoded"})
                break
            except OSError:
                pass
        assert status == 303, (status, answer)

    def query(self, sql, *values):
        db = sqlite3.connect(f"file:{self.data}/sauma.db?mode=ro", uri=True, timeout=30)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def retry(self, run, choose=None):
        with open(os.path.join(self.data, "api-token")) as f:
            token = f.read().strip()
        body = {"by": "y1", "reason": "decided"}
        if choose:
            body["set"] = {f"choose.{name}": side for name, side in choose.items()}
        return request(self.address, "POST", f"/api/v1/runs/{run}/retry", json.dumps(body),
                       {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})


class Book:
    """What the people did, and so what must come of it."""

    def __init__(self, w, t):
        self.w, self.t, self.random, self.n = w, t, t.random, 0
        self.pairs = []  # { id: business ID, org, cust, values: {field: value}, crm: n, books: n }
        self.first = PAIRS if t.scale >= 0.1 else SMALL  # how many there are at first
        self.next = self.random.randrange(1_000_000, 2_000_000)

    def new_id(self):
        while True:
            self.next += self.random.randint(1, 9)
            if business_id(self.next):
                return business_id(self.next)

    def value(self, name):
        self.n += 1
        if name in ("phone", "einvoice") and self.random.random() < 0.1:
            return ""
        return {"name": f"Asiakas {self.n} Oy", "phone": f"040 {self.n:07d}",
                "email": f"laskut{self.n}@asiakas.example", "address": f"Katu {self.n}",
                "einvoice": f"0037{self.n:08d}"}[name]

    def edit(self, pair, side, values):
        index = 0 if side == "crm" else 1
        form = {FIELDS[name][index]: value for name, value in values.items()}
        if side == "crm":
            self.w.act("acme-crm", "organization", organization=pair["org"], **form)
        else:
            self.w.act("acme", "customer", customer=pair["cust"], **form)
        pair[side] += 1

    def found(self):
        """Both sides as they are, by business ID: {id: {field: value}}, and the ids of records."""
        crm, books = {}, {}
        for o in self.w.state("acme-crm")["organizations"]:
            crm.setdefault(o.get("business_id"), []).append(
                (o["id"], {"name": o["name"], "phone": o.get("phone") or "", "email": o.get("email") or "",
                           "address": (o.get("address") or {}).get("street") or "",
                           "einvoice": (o.get("einvoice") or {}).get("address") or ""}))
        for c in self.w.state("acme")["customers"]:
            info = c["invoicingInfo"]
            books.setdefault(info.get("identifier"), []).append(
                (c["id"], {"name": c["name"], "phone": c["registryInfo"].get("phone") or "",
                           "email": info.get("email") or "",
                           "address": c["billingAddress"].get("street") or "",
                           "einvoice": info.get("einvoiceAddress") or ""}, c))
        return crm, books


def begin(w, book, pairs):
    """Customers that are on both sides, the same but for the fields that each side alone has."""
    organizations, customers = [], []
    for i in range(pairs):
        number, values = book.new_id(), {name: book.value(name) for name in FIELDS}
        pair = {"id": number, "org": f"O-{i + 100}", "cust": 60000 + i, "values": values}
        book.pairs.append(pair)
        place = {"street": values["address"], "city": "Helsinki"}
        organizations.append({
            "id": pair["org"], "name": values["name"], "business_id": number, "email": values["email"],
            "phone": values["phone"] or None, "note": f"vain täällä {i}",
            "address": dict(place, postal_code="00100", country="FI"),
            "einvoice": {"address": values["einvoice"]} if values["einvoice"] else None})
        address = dict(place, name=values["name"], zip="00100", country="FINLAND")
        customers.append({
            "id": pair["cust"], "name": values["name"], "type": "CUSTOMER", "address": address,
            "billingAddress": address, "additionalInfo": {"comments1": f"vain täällä {i}"},
            "invoicingInfo": {"identifier": number, "identifierType": "FI", "email": values["email"],
                              "einvoiceAddress": values["einvoice"] or None},
            "paymentInfo": {"paymentMethod": "BANK_TRANSFER", "paymentTermDays": "21"},
            "registryInfo": {"active": True, "phone": values["phone"] or None}})
    w.seed("acme-crm", {"organizations": organizations})
    w.seed("acme", {"customers": customers})


def while_it_is_down(book):
    """Edits that nobody sees come: on one side, on both to the same, on both differently."""
    conflicts = {}
    for pair in book.pairs:
        edits = {"crm": {}, "books": {}}
        for name, (_, _, owner) in FIELDS.items():
            kind = book.random.random()
            if kind < 0.2:
                edits[book.random.choice(("crm", "books"))][name] = value = book.value(name)
            elif kind < 0.25:
                edits["crm"][name] = edits["books"][name] = value = book.value(name)
            elif kind < 0.35:
                edits["crm"][name], edits["books"][name] = mine = (book.value(name), book.value(name))
                value = mine[0 if owner == "crm" else 1]
                if mine[0] == mine[1]:
                    value = mine[0]
                elif owner is None and pair["values"][name] in mine:
                    value = mine[0] if mine[1] == pair["values"][name] else mine[1]
                elif owner is None:
                    conflicts.setdefault(pair["org"], {})[name] = {"crm": mine[0], "books": mine[1]}
                    continue
                elif pair["values"][name] in mine:
                    value = mine[0] if mine[1] == pair["values"][name] else mine[1]
            else:
                continue
            pair["values"][name] = value
        for side in sorted(edits, key=lambda _: book.random.random()):
            if edits[side]:
                book.edit(pair, side, edits[side])
    return conflicts


def while_it_works(w, book, conflicts, t):
    """Edits of one side each, one after the other, events again and in any order, and kill -9."""
    side_of = {}
    kills = book.random.randint(0, 2)
    # One is edited by everybody at once: what is read of it is old before it is written.
    hot = book.random.choice([p for p in book.pairs if p["org"]])
    for _ in range(2 * book.first):
        pair = hot if book.random.random() < 0.6 else book.random.choice(
            [p for p in book.pairs if p["org"]])
        free = [name for name in FIELDS if name not in conflicts.get(pair["org"], {})]
        name = book.random.choice(free)
        # What the other side gave to it meanwhile is no edit, so a field keeps its side for the round.
        side = side_of.setdefault((pair["id"], name), book.random.choice(("crm", "books")))
        if name in pair["early"] and pair["early"][name] != side:
            continue
        pair["values"][name] = value = book.value(name)
        book.edit(pair, side, {name: value})
        if book.random.random() < 0.3:
            stale = book.random.choice([p for p in book.pairs if p["org"]])
            w.deliver({"id": f"evt-again-{book.random.randrange(60)}", "type": "organization.updated",
                       "data": {"organization": {"id": stale["org"]}}}, company="acme", connection="crm",
                      secret="crm-s3cret")
        if kills and book.random.random() < 0.1:
            kills -= 1
            w.restart()
            t.note("kills")


def add_some(w, book):
    """New ones on one side, or on both at once, as people do who do not ask each other."""
    for _ in range(2):
        number, values = book.new_id(), {name: book.value(name) for name in FIELDS}
        values["einvoice"] = ""
        pair = {"id": number, "values": values, "org": None, "cust": None, "early": {}, "crm": 1, "books": 1}
        form = {"name": values["name"], "email": values["email"], "phone": values["phone"],
                "street": values["address"], "city": "Espoo"}
        where = book.random.choice(("crm", "books", "both"))
        if where != "books":
            w.act("acme-crm", "add", business_id=number, postal_code="02100", **form)
        if where != "crm":
            w.act("acme", "add", identifier=number, zip="02100", **form)
        book.pairs.append(pair)


def open_runs(w):
    return w.query("SELECT count(*) FROM runs WHERE state IN ('queued','running','waiting')")[0][0]


def two_looks(w):
    """Two looks that began from now on have ended, and all that came of them."""
    after = w.query("SELECT coalesce(max(n), 0) FROM runs")[0][0]

    def ended():
        polls = w.query("SELECT count(*) FROM runs WHERE n > ? AND rule = 'customer_sync' AND state = 'done'",
                        after)[0][0]
        rest = w.query("SELECT count(*) FROM runs WHERE rule <> 'customer_sync' AND state IN"
                       " ('queued','running','waiting')")[0][0]
        undone = w.query("SELECT count(*) FROM events WHERE state = 'in_flight' AND connection <> 'schedule'")
        return polls >= 2 and rest == 0 and undone[0][0] == 0
    wait_until(ended, "two looks at Procountor", 180)


def writes_of(w, since):
    """What the host wrote since: { "PATCH O-1": n }, as the sandboxes carried it out."""
    count = {}
    for line in w.ledger()[since:]:
        if line["method"] in ("PUT", "PATCH"):
            what = f'{line["method"]} {line["path"].rsplit("/", 1)[-1]}'
            done = sum(200 <= d["status"] < 300 for d in line["done"])
            if done:
                count[what] = count.get(what, 0) + done
    return count


def check(t, w, book, conflicts, asked):
    """Both sides hold what they must, and nothing else happened."""
    crm, books = book.found()
    for side, records in (("crm", crm), ("procountor", books)):
        for number, found in records.items():
            if len(found) != 1:
                t.violate("Y1", f"{number} is {len(found)} times in {side}")
        if len(records) != len(book.pairs):
            t.violate("Y1", f"{len(records)} customers are in {side}, not {len(book.pairs)}")
    for pair in book.pairs:
        if pair["id"] not in crm or pair["id"] not in books:
            continue
        (pair["org"], here), (pair["cust"], there, whole) = crm[pair["id"]][0], books[pair["id"]][0]
        for name in FIELDS:
            wanted = conflicts.get(pair["org"], {}).get(name)
            a, b = (wanted["crm"], wanted["books"]) if wanted else [pair["values"][name]] * 2
            if (here[name], there[name]) != (a, b):
                t.violate("Y1", f"{name} of {pair['org']}, {pair['cust']}: crm {here[name]!r}, procountor "
                                f"{there[name]!r}, and it must be {a!r}, {b!r}")
        if 60000 <= pair["cust"] < 60000 + book.first:
            i = pair["cust"] - 60000
            if (whole.get("additionalInfo") or {}).get("comments1") != f"vain täällä {i}" \
                    or whole["paymentInfo"].get("paymentTermDays") != "21":
                t.violate("Y1", f"what only Procountor has of {pair['cust']} is lost: {whole}")
    if asked != {org: sorted(fields) for org, fields in conflicts.items()}:
        t.violate("Y1", f"asked is {asked}, and it must be {conflicts}")


def questions(t, w):
    """What waits for a person: { organization: fields }, and the run of each."""
    asked, runs = {}, {}
    for run, reason, result in w.query("SELECT id, reason, result FROM runs WHERE state = 'attention'"):
        details = (json.loads(result) if result else {}).get("details") or {}
        if "conflicts" not in details:
            t.violate("Y1", f"{run} went to a person: {reason}")
            continue
        if details["organization"] in asked:
            t.violate("Y1", f"{details['organization']} is asked twice: {reason}")
        asked[details["organization"]] = sorted(c["field"] for c in details["conflicts"])
        runs[details["organization"]] = run
    for run, reason in w.query("SELECT id, reason FROM runs WHERE state = 'failed'"):
        t.violate("Y1", f"{run} failed: {reason}")
    return asked, runs


def decide(w, book, conflicts, runs):
    """A person chooses, or puts it right by hand and retries."""
    for pair in book.pairs:
        if pair["org"] not in conflicts or pair["org"] not in runs:
            continue
        fields = conflicts[pair["org"]]
        chosen = {name: book.random.choice(("crm", "books")) for name in fields}
        if book.random.random() < 0.3:
            book.edit(pair, "books", {name: fields[name]["crm"] for name in fields})
            chosen = {name: "crm" for name in fields}
            choose = None
        else:
            choose = {n: "crm" if side == "crm" else "procountor" for n, side in chosen.items()}
            for side in chosen.values():
                pair[side] += 1
        status, _, answer = w.retry(runs[pair["org"]], choose)
        # One that was put right by hand may have been seen by a look already; it is still to be ended.
        assert status in (200, 202), (status, answer)
        for name, side in chosen.items():
            pair["values"][name] = fields[name][side]


def bounds(t, book, writes):
    """Each side was written at most as often as the other was edited: nothing came back."""
    for pair in book.pairs:
        for what, edits in ((f"PATCH {pair['org']}", pair["books"]), (f"PUT {pair['cust']}", pair["crm"])):
            if writes.get(what, 0) > edits:
                t.violate("Y1", f"{what} {writes[what]} times, after {edits} edits of the other side")


def case(t):
    w = Sync(seed=t.random.random())
    t.worlds.append(w)
    book = Book(w, t)
    begin(w, book, book.first)
    w.start_host()
    two_looks(w)
    for pair in book.pairs:
        pair.update(crm=0, books=0, early={})
    check(t, w, book, {}, questions(t, w)[0])
    for _ in range(ROUNDS if book.first == PAIRS else 1):
        since = len(w.ledger())
        w.kill_host()
        for pair in book.pairs:
            pair.update(crm=0, books=0, early={})
        before = {pair["id"]: dict(pair["values"]) for pair in book.pairs}
        conflicts = while_it_is_down(book)
        for pair in book.pairs:
            pair["early"] = {name: "" for name in FIELDS if pair["values"][name] != before[pair["id"]][name]}
        add_some(w, book)
        for sandbox in ("acme", "acme-crm"):  # what is written comes late, to a record that has changed
            w.faults(", ".join(filter(None, (SLOW, t.random.choice(TROUBLES)))), sandbox)
        w.start_host()
        while_it_works(w, book, conflicts, t)
        w.faults("", "acme")
        w.faults("", "acme-crm")
        two_looks(w)
        asked, runs = questions(t, w)
        check(t, w, book, conflicts, asked)
        decide(w, book, conflicts, runs)
        two_looks(w)
        check(t, w, book, {}, questions(t, w)[0])
        bounds(t, book, writes_of(w, since))
        quiet = len(w.ledger())
        two_looks(w)
        if writes_of(w, quiet):
            t.violate("Y1", f"written though nothing was changed: {writes_of(w, quiet)}")
        t.n += book.first
        t.note("conflicts", sum(len(fields) for fields in conflicts.values()))
        if t.violations:
            break
    t.events += w.query("SELECT count(*) FROM events")[0][0]
