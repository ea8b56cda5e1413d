#!/usr/bin/env python3
"""Quality of `sauma match products` on the product sets. usage: match_products.py SAUMA DATA

Exit status 1 if a goal is missed."""
import csv, json, pathlib, subprocess, sys, tempfile

SAUMA, DATA = sys.argv[1], pathlib.Path(sys.argv[2]) / "product"
COLUMNS = "id=id,name=name,code=modelno,brand=manufacturer,text=description,price=price"
missed = []


def answers(*arguments):
    done = subprocess.run([SAUMA, "match", "products", *map(str, arguments)], capture_output=True,
                          text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def goal(what, got, wanted, at_most=False):
    ok = got <= wanted if at_most else got >= wanted
    print(f"{what:44} {got:7.4f}  goal {'<=' if at_most else '>='} {wanted}  {'' if ok else 'MISSED'}")
    if not ok:
        missed.append(what)


def judge(rows, expected, what, accuracy, false_links):
    right = wrong = review = 0
    for row in rows:
        wanted = expected[row["query"]]
        link = row["decision"] == "link"
        ok = row["match"] in wanted if link else row["decision"] == "new" and "NEW" in wanted
        right, wrong = right + ok, wrong + (link and not ok)
        review += row["decision"] == "review"
    goal(f"{what}: accuracy", right / len(rows), accuracy)
    goal(f"{what}: false links", wrong / len(rows), false_links, True)
    goal(f"{what}: review", review / len(rows), .15, True)


def expected_of(path):
    lines = (DATA / path).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {query: wanted.split("|") for query, wanted in pairs}


def others():
    """Catalogues of many trades, each with its own queries: answers and what is right, of all."""
    path = pathlib.Path(__file__).resolve().parents[1] / "data/product/others.tsv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    sets, got, expected = {}, [], {}
    for n, row in enumerate(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)):
        records, queries = sets.setdefault(row["set"], ([], []))
        line = [str(n), row["name"], row["brand"], row["price"]]
        if row["kind"] == "C":
            records.append(line)
        else:
            queries.append(line)
            expected[str(n)] = ["NEW"] if row["kind"] == "N" else [records[-1][0]]
    with tempfile.TemporaryDirectory() as folder:
        for name, tables in sets.items():
            for kind, table in zip(("catalog", "queries"), tables):
                with open(f"{folder}/{kind}.csv", "w", encoding="utf-8", newline="") as f:
                    csv.writer(f).writerows([["id", "name", "brand", "price"], *table])
            got += answers("--catalog", f"{folder}/catalog.csv", "--queries", f"{folder}/queries.csv")
    return got, expected


abt = ["--catalog", DATA / "abt-buy/b.csv", "--queries", DATA / "abt-buy/a.csv", "--columns", COLUMNS]
s = answers(*abt, "--gold", DATA / "abt-buy/gold.csv")[-1]["summary"]
goal("Abt-Buy: best of query F1", s["f1"], .92)
goal("Abt-Buy: recall@1", s["recall_at_1"], .94)
goal("Abt-Buy: recall@5", s["recall_at_5"], .99)
judge(answers(*abt, "--without", DATA / "abt-buy/upsert_removed.txt"),
      expected_of("abt-buy/upsert.tsv"), "Abt-Buy upsert", .92, .02)
judge(answers("--catalog", DATA / "fi-lines/catalogue.csv", "--queries", DATA / "fi-lines/queries.tsv",
              "--columns", "id=id,name=name,unit=unit,price=price", "--query-columns",
              "id=query,name=query"),
      expected_of("fi-lines/queries.tsv"), "Finnish lines", .94, 0)
judge(*others(), "Other catalogues", .87, .08)
sys.exit(1 if missed else 0)
