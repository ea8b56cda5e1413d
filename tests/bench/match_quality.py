#!/usr/bin/env python3
"""Quality of identifiers, names and addresses on the data sets. usage: match_quality.py SAUMA DATA

Exit status 1 if a goal is missed. Products are judged by `sauma match products --gold`."""
import collections, json, pathlib, re, subprocess, sys

SAUMA, DATA = sys.argv[1], pathlib.Path(sys.argv[2])
missed = []


def rows(path):
    lines = (DATA / path).read_text(encoding="utf-8").split("\n")
    return [line.split("\t") for line in lines[1:] if line]


def run(*arguments, lines=()):
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([SAUMA, *map(str, arguments)], input=text, capture_output=True, text=True,
                          check=True)
    return done.stdout.split("\n")[:-1]


def goal(what, got, least):
    print(f"{what:44} {got:7.4f}  goal {least:.3f}  {'' if got >= least else 'MISSED'}")
    if got < least:
        missed.append(what)


def by(all_rows, key):
    groups = collections.OrderedDict()
    for row in all_rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def judge_ids():
    for name in ("national", "eu_vat", "generic"):
        right = total = 0
        for kind, group in by(rows(f"ids/{name}.tsv"), lambda r: r[0]).items():
            for row, out in zip(group, run("ids", kind, lines=[r[1] for r in group])):
                _, verdict, compact, *_ = out.split("\t")
                right += verdict == ("valid" if row[2] == "1" else "invalid") and compact == (
                    row[3] if row[2] == "1" else "")
                total += 1
        goal(f"ids {name} ({total} lines)", right / total, 1)
    right = total = 0
    for country, group in by(rows("ids/dedup.tsv"), lambda r: r[0]).items():
        for row, out in zip(group, run("ids", "--dedup", country, lines=[r[1] for r in group])):
            right += out.split("\t")[-1] == row[2]
            total += 1
    goal(f"ids dedup keys ({total} lines)", right / total, 1)


def judge_names():
    pairs = rows("company/name_pairs.tsv")
    answers = run("match", "names", "--pairs", DATA / "company/name_pairs.tsv")
    hit = false = missing = unsure = 0
    kinds = collections.Counter()
    for pair, answer in zip(pairs, answers):
        decision = json.loads(answer)["decision"]
        same, expected = decision == "same", pair[2] == "1"
        hit += same and expected
        false += same and not expected
        missing += expected and not same
        unsure += decision == "unsure"
        if same != expected:
            kinds[pair[4]] += 1
    goal("names precision", hit / (hit + false), 0.995)
    goal("names F1", 2 * hit / (2 * hit + false + missing), 0.985)
    print(f"  unsure {unsure}, wrong by kind {dict(kinds)}")


def text(s):
    return re.sub(r"[\s.,;]+$", "", re.sub(r"\s+", " ", (s or "").strip())).casefold()


def code(s):
    return re.sub(r"[\s-]", "", s or "").casefold()


def judge_addresses(name, least):
    right = collections.Counter()
    total = collections.Counter()
    for country, group in by(rows(f"address/{name}.tsv"), lambda r: r[6]).items():
        answers = run("address", "--country", country or "FI", lines=[r[0] for r in group])
        for row, answer in zip(group, answers):
            got = json.loads(answer)
            ok = (text(got["street"]) == text(row[1]) and code(got["postal_code"]) == code(row[2])
                  and text(got["city"]) == text(row[3]) and row[4] in ("", got["country"]))
            for key in (row[7], "all"):
                right[key] += ok
                total[key] += 1
    goal(f"addresses {name} ({total['all']} lines)", right["all"] / total["all"], least)
    worst = [f"{k} {right[k]}/{total[k]}" for k in total if k != "all" and right[k] < total[k]]
    print(f"  not all right: {', '.join(worst) or 'none'}")


judge_ids()
judge_names()
judge_addresses("fi", 0.98)
judge_addresses("eu", 0.87)
sys.exit(bool(missed))
