#!/usr/bin/env python3
"""How the decisions on products hold when the data is not what they were tried on. usage:
match_spread.py SAUMA DATA

The queries and catalogue of Abt-Buy, link or new, with parts taken away or changed: descriptions,
brands, prices, model codes, the order of words, letters; other records held back; catalogue and
queries exchanged; codes in a column of their own. Figures, no goals: without codes many of these
products cannot be told apart by anyone. What must not rise is the share of false links."""
import csv, json, pathlib, random, re, subprocess, sys, tempfile

SAUMA, DATA = sys.argv[1], pathlib.Path(sys.argv[2]) / "product/abt-buy"
HEAD = ["id", "name", "description", "manufacturer", "modelno", "price"]
COLUMNS = "id=id,name=name,code=modelno,brand=manufacturer,text=description,price=price"
CODE = re.compile(r"\b(?=[A-Za-z0-9/-]*\d)(?=[A-Za-z0-9/-]*[A-Za-z])[A-Za-z0-9/-]{4,}\b|\b\d{5,}\b")


def read(name):
    with open(DATA / name, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as f:
        table = csv.DictWriter(f, HEAD, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)


def judge(what, queries, catalogue, pairs):
    """pairs: query id -> ids of the catalogue that are the same."""
    there = {row["id"] for row in catalogue}
    with tempfile.TemporaryDirectory() as folder:
        write(folder + "/a.csv", queries)
        write(folder + "/b.csv", catalogue)
        done = subprocess.run([SAUMA, "match", "products", "--catalog", folder + "/b.csv",
                               "--queries", folder + "/a.csv", "--columns", COLUMNS],
                              capture_output=True, text=True, check=True)
    right = false = review = linked = 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for row in rows:
        wanted = [i for i in pairs.get(row["query"], []) if i in there]
        link = row["decision"] == "link"
        ok = row["match"] in wanted if link else row["decision"] == "new" and not wanted
        right, linked = right + ok, linked + link
        false += link and not ok
        review += row["decision"] == "review"
    print(f"{what:28} accuracy {right / len(rows):.3f}  false links {false / len(rows):.3f}  "
          f"review {review / len(rows):.3f}  precision {1 - false / max(1, linked):.3f}")


def without(rows, *columns):
    return [dict(row, **{c: "" for c in columns}) for row in rows]


def no_codes(rows, column=False):
    out = []
    for row in rows:
        name = re.sub(r"\s-\s*$", "", CODE.sub("", row["name"])).strip() or row["name"]
        found = CODE.findall(row["name"])
        out.append(dict(row, name=name, modelno=found[-1] if column and found else "",
                        description=row["description"] if column
                        else CODE.sub("", row["description"] or "")))
    return out


def shuffled(rows):
    chance = random.Random(1)
    return [dict(row, name=" ".join(chance.sample(row["name"].split(), len(row["name"].split()))))
            for row in rows]


def mistyped(rows):
    chance = random.Random(1)

    def slip(word):
        at = chance.randrange(len(word) - 1)
        return chance.choice([word[:at] + word[at + 1:],
                              word[:at] + word[at + 1] + word[at] + word[at + 2:]])

    out = []
    for row in rows:
        words = row["name"].split()
        long = [i for i, w in enumerate(words) if w.isalpha() and len(w) > 4]
        for i in chance.sample(long, min(2, len(long))):
            words[i] = slip(words[i])
        out.append(dict(row, name=" ".join(words)))
    return out


a, b = read("a.csv"), read("b.csv")
gold, back = {}, {}
for row in read("gold.csv"):
    first, second = list(row.values())[:2]
    gold.setdefault(first, []).append(second)
    back.setdefault(second, []).append(first)
removed = set((DATA / "upsert_removed.txt").read_text().split())
rest = [row for row in b if row["id"] not in removed]
judge("as it is", a, rest, gold)
judge("without descriptions", without(a, "description"), without(rest, "description"), gold)
judge("without brands", without(a, "manufacturer"), without(rest, "manufacturer"), gold)
judge("without prices", without(a, "price"), without(rest, "price"), gold)
judge("words shuffled", shuffled(a), rest, gold)
judge("two slips a name", mistyped(a), rest, gold)
judge("codes in a column, one side", no_codes(a, True), rest, gold)
judge("codes in a column, both", no_codes(a, True), no_codes(rest, True), gold)
judge("no codes in the queries", no_codes(a), rest, gold)
judge("no codes at all", no_codes(a), no_codes(rest), gold)
for seed in range(4):
    gone = set(random.Random(100 + seed).sample([row["id"] for row in b], len(b) // 2))
    judge(f"another half held back ({seed})", a, [r for r in b if r["id"] not in gone], gold)
gone = set(random.Random(3).sample([row["id"] for row in a], len(a) // 2))
judge("exchanged", b, [r for r in a if r["id"] not in gone], back)
