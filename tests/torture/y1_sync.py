"""Y1: customers in a CRM and in Procountor are edited at random on both sides, while the host works, is
killed and started again, and events come in any order, twice, or not at all. Then both sides are the
same in at most two looks at Procountor, no edit is lost, nothing else is touched or written back, nobody
is made twice, and exactly what was changed differently on both sides is asked, once, with its values.
What must come of the edits is worked out in y1_customers.py; mutants/ are syncs that are wrong on
purpose, each of which must be found (y1_mutants.py)."""
import json
import os
import time
import urllib.parse

from ground import Ground, request, wait_until
from y1_customers import FIELDS, OWNER, Customer, business_id, respelled
from y1_kinds import KINDS
from y1_registers import begin, found

NAME, DOES = "Y1", "customers edited on both sides at random, with crashes, replays and lost answers"
FULL, JOBS = 10_000, 2
PAIRS, ROUNDS = 100, 5
PER_CASE = PAIRS * ROUNDS  # one customer in one round
SMALL = 10  # customers, in one round, where less than a tenth is wanted

COMPANY = """company "{name}" {{ language = "fi", time_zone = "Europe/Helsinki" }}
connect "procountor" {{ twins = false, rate = 1000, settle = 0.3, url = env "{variable}_URL",
  client_id = secret "procountor-client-id", client_secret = secret "procountor-client-secret",
  api_key = secret "procountor-api-key" }}
use "customer_sync" {{ every = "1s", owner = {{ address = "procountor", email = "crm" }},
  new_customers = "create", new_organizations = "create" }}
"""
# What goes wrong, of each sandbox: never so often that one write fails all its three times.
TROUBLES = {"acme": ("PUT lost*2", "PUT reset*2, GET error=503*2", "PUT error=500*2", "GET reset*3", ""),
            "acme-crm": ("PATCH lost*2", "PATCH reset*2", "PATCH error=503*2", "GET error=429*2", "")}
SLOW = "PUT delay=0ms..500ms, PATCH delay=0ms..500ms, POST delay=0ms..100ms"


class Sync(Ground):
    """The world with a CRM beside Procountor."""

    def __init__(self, kind, **more):
        self.kind = kind
        self.deaf = False  # its webhooks get lost
        super().__init__(("acme",), rule=kind.connection + COMPANY, **more)

    def start_sandbox(self, *names, fault="", options=None):
        super().start_sandbox("acme:procountor", f"acme-crm:{self.kind.name}", "acme-slack:slack", fault=fault,
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
        hook = not self.deaf and f"http://{self.address}/hooks/acme/crm"
        self.seed("acme-crm", {"settings": {"hook": hook, "secret": "crm-s3cret"}})
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

    def retry(self, run, choose=None):
        with open(os.path.join(self.data, "api-token")) as f:
            token = f.read().strip()
        body = {"by": "y1", "reason": "decided"}
        if choose:
            body["set"] = {f"choose.{name}": side for name, side in choose.items()}
        return request(self.address, "POST", f"/api/v1/runs/{run}/retry", json.dumps(body),
                       {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})


class Book:
    """All customers, and the chance by which people do what they do."""

    def __init__(self, w, t):
        self.w, self.t, self.random, self.n = w, t, t.random, 0
        self.customers = []
        self.first = PAIRS if t.scale >= 0.1 else SMALL  # how many there are at first
        self.next = self.random.randrange(1_000_000, 2_000_000)

    def chance(self, p):
        return self.random.random() < p

    def new_id(self):
        while True:
            self.next += self.random.randint(1, 9)
            if business_id(self.next):
                return business_id(self.next)

    def value(self, name, customer=None):
        self.n += 1
        if self.chance(0.1) and (name in ("phone", "einvoice")
                                 or name == "email" and customer and customer.mail == "email"):
            return ""
        if name == "business_id":
            return self.new_id()
        if name == "address":
            if self.chance(0.1):
                return (f"Gatan {self.n}", f"{self.n % 900 + 100} 00", "Stockholm", "SE")
            return (f"Katu {self.n}", f"00{self.n % 90 + 10}0", "Helsinki", "FI")
        if name == "einvoice":
            return (f"0037{self.n:08d}", self.random.choice(("003721291126", "DABAFIHH", "")))
        return {"name": f"Asiakas {self.n} Oy", "phone": f"040 {self.n:07d}",
                "email": f"laskut{self.n}@asiakas.example"}[name]

    def edit(self, customer, side, values):
        form = customer.edit(side, values)
        if side == "crm":
            self.w.act("acme-crm", "organization", organization=customer.org, **form)
        else:
            self.w.act("acme", "customer", customer=customer.cust, **form)

    def awake(self):
        return [c for c in self.customers if c.org and not c.gone and not c.resting]


def while_it_is_down(w, book):
    """Edits that nobody sees come: on one side, on both to the same, on both differently."""
    for c in book.awake():
        fate = book.random.random()
        if fate < 0.01:
            w.act("acme-crm", "remove", organization=c.org)
            c.gone = True
            continue
        if fate > 0.6:
            continue  # what happens to it while the host works is all
        c.resting = fate < 0.04
        edits = {"crm": {}, "books": {}}
        for name in FIELDS:
            kind = book.random.random()
            value = book.value(name, c)
            if kind < 0.2:
                edits[book.random.choice(("crm", "books"))][name] = value
            elif kind < 0.25:
                edits["crm"][name] = edits["books"][name] = value
            elif kind < 0.3 and value:
                edits["crm"][name], edits["books"][name] = value, respelled(name, value)
            elif kind < 0.4 and (not c.resting or name in OWNER):
                edits["crm"][name], edits["books"][name] = value, book.value(name, c)
            elif kind < 0.42 and name in ("name", "business_id"):
                edits["crm"][name] = ""
        for side in sorted(edits, key=lambda _: book.random.random()):
            if edits[side]:
                c.early.update(edits[side])
                book.edit(c, side, edits[side])
        if c.resting:
            w.act("acme", "customer", customer=c.cust, active="no")


def ask_all(book, races=()):
    """What a look at all of them must lead to: { organization: { field: (crm, books, before) } }. The field
    of a race is left as it is."""
    asked = {c.org: c.settle_all(races[c][0] if c in races else None) for c in book.customers}
    return {org: fields for org, fields in asked.items() if fields}


RACES = 8  # customers of a round of whom both sides change the same field, one after the other
MORE_RACES = 24  # where the CRM has no version by which a write that comes late is refused


def races_of(w, book, conflicts, awake):
    """{ customer: (field, [(when, side, value)] of the two edits) }: the second may come at any moment of
    what the first leads to."""
    calm = [c for c in awake if not c.early and c.org not in conflicts]
    races = {}
    for c in book.random.sample(calm, min(RACES if w.kind.has_version else MORE_RACES, len(calm) // 2)):
        name = book.random.choice(("phone", "einvoice", "business_id"))
        sides = book.random.sample(("crm", "books"), 2)
        when = book.random.randrange(book.first, 2 * book.first)
        first, second = book.value(name), book.value(name)
        while second == (c.crm if sides[1] == "crm" else c.books)[name]:
            second = book.value(name)  # who saves what stands there edits nothing
        races[c] = name, [(when, sides[0], first),
                          (min(when + book.random.randrange(60), 2 * book.first - 1), sides[1], second)]
    return races


def while_it_works(w, book, conflicts, t):
    """Edits of one side each, one after the other, events again and in any order, and kill -9. Returns the
    races."""
    side_of = {}
    kills = book.random.randint(0, 3)
    awake = book.awake()
    races = races_of(w, book, conflicts, awake)
    # One is edited by everybody at once: what is read of it is old before it is written.
    hot = book.random.choice(awake)
    for i in range(2 * book.first):
        calm = i > book.first  # some looks lie between the first and the last
        time.sleep(book.random.uniform(0, 0.04) if calm else 0)
        for c, (name, edits) in races.items():
            for when, side, value in edits:
                if when == i:
                    book.edit(c, side, {name: value})
        c = hot if not calm and book.chance(0.6) else book.random.choice(awake)
        free = [n for n in FIELDS if n not in conflicts.get(c.org, {}) and n not in c.early
                and (c not in races or races[c][0] != n)]
        if not free:
            continue
        name = book.random.choice(free)
        # What the other side gave to it meanwhile is no edit, so a field keeps its side for the round.
        side = side_of.setdefault((c, name), book.random.choice(("crm", "books")))
        book.edit(c, side, {name: book.value(name, c)})
        if book.chance(0.3):
            stale = book.random.choice(awake)
            w.deliver(w.kind.event(book.random.randrange(60), stale.org), company="acme", connection="crm",
                      secret=w.kind.secret, sign=w.kind.secret is not None)
        if kills and book.chance(0.1):
            kills -= 1
            w.restart()
            t.note("kills")
    return races


def end_races(t, w, book, races, conflicts):
    """The second of two edits saw the first, and counts, or it did not, and a person is asked. What must
    not be is that the first one's value takes its place."""
    asked = questions(t, w)[0]
    for c, (name, edits) in races.items():
        if name in asked.get(c.org, {}):
            before = (c.base[name] or ("",))[0]
            conflicts.setdefault(c.org, {})[name] = (c.crm[name], c.books[name], before)
            t.note("races lost")
        else:
            c.flow(name, edits[0][1])
            t.note("races")


def add_some(w, book):
    """New ones on one side, or on both at once, as people do who do not ask each other."""
    places = ["both"] * 3 + book.random.choices(("crm", "books", "both"), k=book.random.randint(1, 3))
    for where in places:  # one look tells of both, so that two runs are at it at once
        value = dict({name: book.value(name) for name in FIELDS}, einvoice="")
        value["address"] = (f"Uusikatu {book.n}", "02100", "Espoo", "FI")
        c = Customer(value)
        book.customers.append(c)
        c.edits, c.base = {"crm": 1, "books": 1}, {name: (value[name], value[name]) for name in FIELDS}
        form = {"name": value["name"], "email": value["email"], "phone": value["phone"],
                "street": value["address"][0], "city": "Espoo"}
        if where != "books":
            w.act("acme-crm", "add", business_id=value["business_id"], postal_code="02100", **form)
        if where != "crm":
            w.act("acme", "add", identifier=value["business_id"], zip="02100", **form)


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


def check(t, w, book, conflicts):
    """Both sides hold what they must, nobody is there twice, and what waits for a person is what must be
    asked. Returns the run of each question, by organization."""
    here, there = found(w)
    for c in book.customers:  # new ones are known by their business ID alone
        number = c.crm["business_id"]
        if c.org is None:
            c.org = next((id for id, o in here.items() if o.get("business_id") == number), None)
            c.cust = next((r["id"] for r in there.values()
                           if r["invoicingInfo"].get("identifier") == number), None)
        organization, customer = here.pop(c.org, None), there.pop(c.cust, None)
        if bool(organization) == c.gone or not customer:
            t.violate("Y1", f"{c.org}, {c.cust} ({number}) is in crm: {bool(organization)}, in procountor: "
                            f"{bool(customer)}")
        else:
            for words in c.wrong(organization, customer):
                t.violate("Y1", f"{c.org}, {c.cust}: {words}")
    for record in [*here.values(), *there.values()]:
        t.violate("Y1", f"one too many: {record}")
    asked, runs = questions(t, w)
    for org in conflicts.keys() | asked.keys():
        if asked.get(org) != conflicts.get(org):
            t.violate("Y1", f"asked of {org} is {asked.get(org)}, and it must be {conflicts.get(org)}")
    return runs


def told(name, value):
    """A value of a question, as y1_customers.py has it."""
    if isinstance(value, dict):
        parts = ("street", "postal_code", "city", "country") if name == "address" else ("address", "operator")
        return tuple(value.get(part, "") for part in parts)
    return value or ""


def questions(t, w):
    """What waits for a person: { organization: { field: (crm, books, before) } }, and the run of each."""
    asked, runs = {}, {}
    for run, reason, result in w.query("SELECT id, reason, result FROM runs WHERE state = 'attention'"):
        details = (json.loads(result) if result else {}).get("details") or {}
        if "conflicts" not in details:
            t.violate("Y1", f"{run} went to a person: {reason}")
            continue
        if details["organization"] in asked:
            t.violate("Y1", f"{details['organization']} is asked twice: {reason}")
        asked[details["organization"]] = {
            c["field"]: tuple(told(c["field"], c.get(part)) for part in ("crm", "books", "before"))
            for c in details["conflicts"]}
        runs[details["organization"]] = run
    for run, reason in w.query("SELECT id, reason FROM runs WHERE state = 'failed'"):
        t.violate("Y1", f"{run} failed: {reason}")
    return asked, runs


def decide(w, book, conflicts, runs, t):
    """A person chooses, or puts it right by hand and retries; who rested is awake again."""
    for c in book.customers:
        if c.resting:
            c.resting = False
            w.act("acme", "customer", customer=c.cust, active="yes")
            c.settle_all()
        fields = conflicts.get(c.org)
        if not fields or c.org not in runs:
            continue
        if book.chance(0.3):
            side = book.random.choice(("crm", "books"))
            book.edit(c, side, {name: (c.books if side == "crm" else c.crm)[name] for name in fields})
            c.settle_all()
            choose = None
        else:
            chosen = {name: book.random.choice(("crm", "books")) for name in fields}
            choose = {n: "crm" if side == "crm" else "procountor" for n, side in chosen.items()}
            for name, side in chosen.items():
                c.edits[side] += 1
                c.decided(name, side)
        status, _, answer = w.retry(runs[c.org], choose)
        # One that was put right by hand may have been seen by a look already; it is still to be ended.
        assert status in (200, 202), (status, answer)
        if book.chance(0.03):
            w.restart()
            t.note("kills")


class Writes:
    """What the host wrote since, as the sandboxes carried it out."""

    def __init__(self, w):
        self.w, self.since = w, len(w.ledger())
        self.last = self.numbers()

    def numbers(self):
        return {sandbox: self.w.state(sandbox)["request_count"] for sandbox in ("acme", "acme-crm")}

    def counts(self):
        """{ "PATCH O-1": n }"""
        count = {}
        for line in self.w.ledger()[self.since:]:
            if line["method"] in ("PUT", "PATCH"):
                done = sum(200 <= d["status"] < 300 for d in line["done"])
                what = f'{line["method"]} {line["path"].rsplit("/", 1)[-1]}'
                count[what] = count.get(what, 0) + done
        return {what: n for what, n in count.items() if n}

    def bodies(self):
        """(method, id, body) of each write."""
        for sandbox, last in self.last.items():
            for entry in self.w.state(sandbox)["requests"]:
                if entry["number"] > last and entry["method"] in ("PUT", "PATCH") and entry["status"] < 300:
                    yield entry["method"], entry["path"].rsplit("/", 1)[-1], json.loads(entry["body"])


def check_writes(t, w, book, writes):
    """Each side was written at most as often as the other was edited, and nothing but what was changed
    there: nothing came back."""
    counts = writes.counts()
    of = {}
    for c in book.customers:
        of[c.org] = of[str(c.cust)] = c
        # Where no version refuses a write, what it took the place of is put back, and it may come again.
        again = 0 if w.kind.has_version else 2 * c.edits["crm"]
        for what, edits in ((f"PATCH {c.org}", c.edits["books"] + again), (f"PUT {c.cust}", c.edits["crm"])):
            if counts.get(what, 0) > edits:
                t.violate("Y1", f"{what} {counts[what]} times, after {edits} edits of the other side")
    for method, id, body in writes.bodies():
        for words in of[id].wrong_write(method, body, w.kind) if id in of else ():
            t.violate("Y1", f"{id}: {words}")


def work(t, w, book):
    """One round: edits while the host is down, and while it works."""
    writes = Writes(w)
    w.kill_host()
    for c in book.customers:
        c.begin_round()
    while_it_is_down(w, book)
    conflicts = ask_all(book)
    add_some(w, book)
    for sandbox, troubles in TROUBLES.items():  # what is written comes late, to a record that has changed
        w.faults(", ".join(filter(None, (SLOW, book.random.choice(troubles)))), sandbox)
    w.deaf = book.chance(0.3)
    w.start_host()
    races = while_it_works(w, book, conflicts, t)
    ask_all(book, races)
    w.faults("", "acme")
    w.faults("", "acme-crm")
    return writes, conflicts, races


def end_round(t, w, book, writes, conflicts, races):
    """What came of it, what a person decides, and what comes of that."""
    two_looks(w)
    end_races(t, w, book, races, conflicts)
    runs = check(t, w, book, conflicts)
    decide(w, book, conflicts, runs, t)
    two_looks(w)
    check(t, w, book, {})
    check_writes(t, w, book, writes)
    quiet = Writes(w)
    two_looks(w)
    if quiet.counts():
        t.violate("Y1", f"written though nothing was changed: {quiet.counts()}")
    t.note("conflicts", sum(len(fields) for fields in conflicts.values()))


def case(t):
    wanted = os.environ.get("TORTURE_CRM")
    kind = KINDS[t.number % 3] if not wanted else next(k for k in KINDS if k.name == wanted)
    w = Sync(kind, seed=t.random.random())
    t.note(f"with {kind.name}")
    t.worlds.append(w)
    book = Book(w, t)
    w.seed("acme-crm", {"settings": {"resolution": book.random.choice((1, 1000))}})
    begin(w, book)
    # Who changed it before it was ever compared is as good as an edit of that side.
    writes = Writes(w)
    for c in book.customers:
        c.edits = {"crm": 1, "books": 1}
    conflicts = ask_all(book)
    w.start_host()
    end_round(t, w, book, writes, conflicts, {})
    for _ in range(ROUNDS if book.first == PAIRS else 1):
        if t.violations:
            break
        end_round(t, w, book, *work(t, w, book))
        t.n += book.first
    t.events += w.query("SELECT count(*) FROM events")[0][0]
