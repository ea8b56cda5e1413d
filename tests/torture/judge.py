"""The judge: thirteen invariants, read from outside. The sandbox's ledger is the truth of what was
done, the senders' log of what was promised, the store of what the host believes; the store is never
the judge of itself.

  I1  a proposal has at most one invoice ever, and exactly one when its run is done
  I2  a business ID has at most one customer made by us       I3  a product key at most one product
  I4  every delivery answered 2xx is an event that has ended; none is lost, none invented
  I5  what is done for one key is done in the order of its events
  I6  no limbo: nothing open at rest, no wait longer than a day
  I7  nothing of one company reaches another; no secret is in a log, a page, the store or a listing
  I8  each effect outside has an intent in the journal, of the same bytes, from before
  I9  a step whose outcome is known is not sent again
  I10 sums and names outside are those of the proposal
  I11 the store is sound
  I12 memory, descriptors and children come back to what they were
  I13 a person is asked only if the truth really could not be seen; nothing wrong is adopted
  books: received = the sum of the states = the events themselves, at every look
"""
import collections
import hashlib
import json
import os
import sqlite3
import time

from ground import D, FINAL, sums_of

Violation = collections.namedtuple("Violation", "invariant company text")
CLOCK_MS = 3  # two processes round the same clock to milliseconds


def id_hash(body):
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def gather(world):
    """All evidence of a world, as plain data that a test of the judge can bend."""
    evidence = {
        "now_ms": int(time.time() * 1000), "companies": list(world.names), "sent": list(world.sent),
        "ledger": world.ledger(), "state": {c: world.state(c) for c in world.names},
        "books_wrong": list(world.books_wrong), "secrets": dict(world.secrets),
        "canaries": dict(world.canaries), "texts": texts_of(world), "files": files_of(world),
        "metrics": "",
    }
    world.look_at_books()
    evidence["books_wrong"] = list(world.books_wrong)
    if world.host.p.poll() is None:
        from ground import request
        evidence["metrics"] = request(world.address, "GET", "/metrics")[2].decode()
    evidence.update(read_store(os.path.join(world.data, "sauma.db")))
    return evidence


def read_store(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
    db.row_factory = sqlite3.Row
    with db:
        db.execute("BEGIN")
        read = {
            "events": [dict(r) for r in db.execute(
                "SELECT seq, id, company, connection, delivery, received_ms, state, reason"
                " FROM events ORDER BY seq")],
            "runs": [dict(r) for r in db.execute("SELECT * FROM runs ORDER BY n")],
            "steps": [dict(r, body=id_hash(r["body"])) for r in db.execute(
                "SELECT key >> 20 AS run, key & 1048575 AS seq, connection, title, outcome, body,"
                " at_ms, answered_ms FROM steps WHERE kind = 'write' UNION ALL"
                " SELECT run, seq, connection, title, outcome, body, at_ms, answered_ms"
                " FROM old_steps WHERE kind = 'write'")],
            "integrity": [r[0] for r in db.execute("PRAGMA integrity_check")],
            "foreign": [tuple(r) for r in db.execute("PRAGMA foreign_key_check")],
            "schema": db.execute("PRAGMA user_version").fetchone()[0],
        }
    db.close()
    return read


def texts_of(world):
    """What people may read: logs and listings, by name; a company's own listing by its name."""
    texts = {}
    for i, p in enumerate(world.processes):
        if p.name != "sandbox":
            texts[f"log {i} of {p.name}"] = (None, p.text() + p.errors())
    for command in ("runs", "events", "stats"):
        for company in world.names:
            done = world.sauma(command, "--data", world.data, "--company", company, "--json",
                               check=False)
            texts[f"sauma {command} --company {company}"] = (
                company, (done.stdout + done.stderr).decode(errors="replace"))
    return texts


def files_of(world):
    found = {}
    for name in os.listdir(world.data):
        path = os.path.join(world.data, name)
        if os.path.isfile(path) and name.startswith("sauma.db"):
            with open(path, "rb") as f:
                found[name] = f.read()
    return found


# ---- small readings ----

def made(evidence, company, effect):
    """(key, id, entry) of all that was created, once for each time it was carried out."""
    for entry in evidence["ledger"]:
        if entry["sandbox"] != company:
            continue
        for done in entry["done"]:
            for e in done["effects"]:
                if e["effect"] == effect:
                    yield e.get("key") or f"id {e['id']}", e["id"], entry


def doubled(entry):
    """The outside did one request twice by itself: it was told to."""
    return len(entry["done"]) > 1


def result_of(run):
    return json.loads(run["result"]) if run["result"] else {}


def events_by_id(evidence):
    return {e["id"]: e for e in evidence["events"]}


def proposals(evidence):
    """Body of each proposal by (company, original number)."""
    return {(s["company"], "C2C-" + s["name"]): s["body"] for s in evidence["sent"]
            if 200 <= s["status"] < 300}


# ---- the invariants ----

def check_once(evidence, invariant, effect):
    for company in evidence["companies"]:
        entries = collections.defaultdict(list)
        for key, _, entry in made(evidence, company, effect):
            if not doubled(entry):
                entries[key].append(entry)
        for key, list_ in entries.items():
            if len(list_) > 1:
                yield Violation(invariant, company, f"{effect} {len(list_)} times for {key}: "
                                + "; ".join(describe(e) for e in list_))


def describe(entry):
    landed = (entry["done"][0]["mono_us"] - entry["mono_us"]) // 1000
    return f"request {entry['n']} at {entry['at_ms']} (fault '{entry['fault']}', landed after {landed} ms)"


def check_i1(evidence):
    yield from check_once(evidence, "I1", "invoice.created")
    for run in evidence["runs"]:
        if run["state"] != "done" or not result_of(run).get("original_number"):
            continue
        number = result_of(run)["original_number"]
        live = [i for i in evidence["state"][run["company"]]["invoices"]
                if i.get("originalInvoiceNumber") == number
                and i["status"] not in ("INVALIDATED", "DELETED")]
        if len(live) != 1:
            yield Violation("I1", run["company"], f"{run['id']} is done and {number} has "
                            f"{len(live)} live invoices")


def check_i2(evidence):
    return check_once(evidence, "I2", "partner.created")


def check_i3(evidence):
    return check_once(evidence, "I3", "product.created")


def check_i4(evidence):
    events, answered = events_by_id(evidence), collections.defaultdict(set)
    for s in evidence["sent"]:
        if 200 <= s["status"] < 300:
            answered[s["company"], s["delivery"]].add(s["event"])
            if s["event"] not in events:
                yield Violation("I4", s["company"], f"{s['event']} ({s['name']}) was answered "
                                f"{s['status']} and is lost")
    for (company, delivery), ids in answered.items():
        if len(ids) > 1:
            yield Violation("I4", company, f"delivery {delivery} is several events: {sorted(ids)}")
    sent = {(s["company"], s["delivery"]) for s in evidence["sent"]}
    for e in evidence["events"]:
        if e["delivery"] and (e["company"], e["delivery"]) not in sent:
            yield Violation("I4", e["company"], f"{e['id']} was never sent")
        if e["state"] not in FINAL:
            yield Violation("I4", e["company"], f"{e['id']} is {e['state']} at rest")


def check_i5(evidence):
    events = {e["seq"]: e for e in evidence["events"]}
    number = {s["event"]: "C2C-" + s["name"] for s in evidence["sent"] if s["event"]}
    for company in evidence["companies"]:
        at, seen = {}, set()
        for key, _, entry in made(evidence, company, "invoice.created"):
            at.setdefault(key, entry["at_ms"])
        last = {}
        for run in sorted((r for r in evidence["runs"] if r["company"] == company),
                          key=lambda r: r["event"]):
            contract = number.get(events[run["event"]]["id"])
            mine = at.get(contract)
            if mine is None or not run["key"] or contract in seen:
                continue  # a contract that came again makes nothing
            seen.add(contract)
            before = last.get(run["key"])
            if before and mine < before[0] - CLOCK_MS:
                yield Violation("I5", company, f"key {run['key']}: {run['id']} came before "
                                f"{before[1]}, whose event is older")
            last[run["key"]] = (mine, run["id"])


def check_i6(evidence):
    day = evidence["now_ms"] + 86400_000
    for run in evidence["runs"]:
        if run["state"] in ("queued", "running"):
            yield Violation("I6", run["company"], f"{run['id']} is {run['state']} at rest")
        if run["state"] == "waiting" and not 0 < run["until_ms"] <= day:
            yield Violation("I6", run["company"], f"{run['id']} waits until {run['until_ms']}")
    for e in evidence["events"]:
        if e["state"] == "in_flight":
            yield Violation("I6", e["company"], f"{e['id']} is in flight at rest")


def check_i7(evidence):
    for entry in evidence["ledger"]:
        owner = entry["sandbox"].removesuffix("-slack")
        for canary in entry["canaries"]:
            if canary.split(".")[0] != owner:
                yield Violation("I7", owner, f"request {entry['n']} to {entry['sandbox']} carried "
                                f"{canary}")
    for where, (owner, text) in evidence["texts"].items():
        for (company, name), value in evidence["secrets"].items():
            if value in text:
                yield Violation("I7", company, f"the secret {name} is in {where}")
        for company, value in evidence["canaries"].items():
            if owner and company != owner and value in text:
                yield Violation("I7", company, f"a customer of {company} is in {where}")
    for name, content in evidence["files"].items():
        for (company, secret), value in evidence["secrets"].items():
            if value.encode() in content:
                yield Violation("I7", company, f"the secret {secret} is readable in {name}")


def intents(evidence):
    """(company's sandbox, hash) -> the times between which such a request may be on its way."""
    runs, windows = {r["n"]: r for r in evidence["runs"]}, collections.defaultdict(list)
    for s in evidence["steps"]:
        company = runs[s["run"]]["company"] if s["run"] in runs else "?"
        where = company + "-slack" if s["connection"] == "slack" else company
        windows[where, s["body"]].append((s["at_ms"], s["answered_ms"] or 1 << 62, s))
    return windows


def writes(evidence):
    for entry in evidence["ledger"]:
        if entry["method"] != "GET" and "/oauth/" not in entry["path"] and entry["fault"] != "head":
            yield entry


def check_i8(evidence):
    windows = intents(evidence)
    for entry in writes(evidence):
        if any(d["effects"] for d in entry["done"]) and not any(begin <= entry["at_ms"] + CLOCK_MS
                   for begin, _, _ in windows[entry["sandbox"], entry["hash"]]):
            yield Violation("I8", entry["sandbox"], f"no intent was there before request "
                            f"{entry['n']}: {entry['method']} {entry['path']}")


def check_i9(evidence):
    windows = intents(evidence)
    for entry in writes(evidence):
        own = windows[entry["sandbox"], entry["hash"]]
        known = any(step["outcome"] == "done" and end + CLOCK_MS < entry["at_ms"]
                    for _, end, step in own)
        if known and not any(begin <= entry["at_ms"] + CLOCK_MS and
                             entry["at_ms"] <= end + CLOCK_MS for begin, end, _ in own):
            yield Violation("I9", entry["sandbox"], f"request {entry['n']}, {entry['method']} "
                            f"{entry['path']}, was sent when its outcome was already known")


def check_i10(evidence):
    bodies = proposals(evidence)
    for company in evidence["companies"]:
        for invoice in evidence["state"][company]["invoices"]:
            body = bodies.get((company, invoice.get("originalInvoiceNumber")))
            if body is None:
                continue
            yield from compare(company, invoice, body)


def compare(company, invoice, body):
    number, rows = invoice["originalInvoiceNumber"], body["pricing_table"]["rows"]
    info = invoice["invoiceSumInfo"][0]
    got = tuple(D(str(info[k])) for k in ("excludingVatTotal", "vatSumTotal", "invoiceSumTotal"))
    if got != sums_of(rows):
        yield Violation("I10", company, f"{number} is {got}, the proposal {sums_of(rows)}")
    name = invoice["counterParty"]["counterPartyAddress"]["name"]
    if name != body["customer"]["name"]:
        yield Violation("I10", company, f"{number} is {name!r}'s, not {body['customer']['name']!r}'s")
    mine = [(r["product"], D(str(r["quantity"])), D(str(r["unitPrice"])), D(str(r["vatPercent"])))
            for r in invoice["invoiceRows"]]
    want = [(r["name"], D(str(r["quantity"])), D(str(r["unit_price"])), D(str(r["vat_percent"])))
            for r in rows]
    if mine != want:
        yield Violation("I10", company, f"{number} has the rows {mine}, the proposal {want}")


def check_i11(evidence):
    if evidence["integrity"] != ["ok"]:
        yield Violation("I11", "", f"integrity_check: {evidence['integrity'][:3]}")
    if evidence["foreign"]:
        yield Violation("I11", "", f"foreign_key_check: {evidence['foreign'][:3]}")
    if evidence["schema"] < 1:
        yield Violation("I11", "", f"schema {evidence['schema']}")


def check_i13(evidence, excused=None):
    """excused(run): the family knows why a person had to be asked."""
    events, names = {e["seq"]: e["id"] for e in evidence["events"]}, collections.defaultdict(set)
    for s in evidence["sent"]:
        names[s["event"]].add("C2C-" + s["name"])
    for run in evidence["runs"]:
        if run["state"] in ("attention", "failed") and not (excused and excused(run)):
            reason = could_be_seen(evidence, run)
            if reason:
                yield Violation("I13", run["company"], f"{run['id']} asks a person ({run['reason']}),"
                                f" but {reason}")
        if run["state"] == "done":
            yield from check_adoption(evidence, run, names[events[run["event"]]])


def could_be_seen(evidence, run):
    """Why a run need not have asked; None if the outside really hid what happened."""
    since = min((s["at_ms"] for s in evidence["steps"] if s["run"] == run["n"]), default=0)
    hidden = [e for e in evidence["ledger"] if e["sandbox"] == run["company"] and e["fault"]
              and any(w in e["fault"] for w in ("late=", "hide=", "again="))
              and since - CLOCK_MS <= e["at_ms"]]
    return None if hidden else "nothing was hidden from it"


def check_adoption(evidence, run, names):
    result = result_of(run)
    if not result.get("original_number"):
        return
    invoices = evidence["state"][run["company"]]["invoices"]
    mine = next((i for i in invoices if i["id"] == result.get("invoice_id")), None)
    if not mine:
        yield Violation("I13", run["company"], f"{run['id']} took invoice "
                        f"{result.get('invoice_id')}, which is not there")
    elif mine["originalInvoiceNumber"] not in names:
        yield Violation("I13", run["company"], f"{run['id']} took invoice "
                        f"{mine['originalInvoiceNumber']}, which is another proposal's")


def check_books(evidence):
    for text in evidence["books_wrong"]:
        yield Violation("books", "", text)
    for line in evidence["metrics"].splitlines():
        if line.startswith("sauma_books_difference{") and not line.endswith("} 0"):
            yield Violation("books", "", line)


CHECKS = [check_i1, check_i2, check_i3, check_i4, check_i5, check_i6, check_i7, check_i8, check_i9,
          check_i10, check_i11, check_books]


def judge(evidence, excused=None, besides=()):
    """All violations. besides: invariants that a family judges in another way, and says why."""
    found = [v for check in CHECKS for v in check(evidence)]
    found += check_i13(evidence, excused)
    return [v for v in found if v.invariant not in besides]


# ---- resources ----

def resources(pid):
    """Resident bytes, open descriptors and children of a process."""
    with open(f"/proc/{pid}/statm") as f:
        resident = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        children = len(f.read().split())
    try:
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:  # the host keeps its memory, and so this, from all but root
        descriptors = 0
    return {"resident": resident, "descriptors": descriptors,
            "children": children}


def check_i12(base, now, growth=0.05, slack=4 << 20):
    """Memory within 5 % (and what a cache may take), descriptors and children as they were."""
    if now["resident"] > base["resident"] * (1 + growth) + slack:
        yield Violation("I12", "", f"memory went from {base['resident']} to {now['resident']}")
    for what in ("descriptors", "children"):
        if now[what] > base[what]:
            yield Violation("I12", "", f"{what} went from {base[what]} to {now[what]}")
