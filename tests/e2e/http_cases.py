"""The tables of nasty requests of tests/unit/io (http_cases.h, http_listed.h), for tests that send
them elsewhere."""
import os
import re

from harness import ROOT

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([A-Z_]+)|(,)|(\()|(\))')
ESCAPE = re.compile(r'\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)')
LETTERS = {"r": "\r", "n": "\n", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


def literal(text):
    def one(m):
        e = m.group(1)
        if e[0] == "x":
            return chr(int(e[1:], 16))
        return chr(int(e, 8)) if e[0] in "01234567" else LETTERS[e]
    return ESCAPE.sub(one, text).encode("latin-1")


def table(name, kinds):
    """The arguments of each line of that header's table, by the macros that begin a line."""
    with open(os.path.join(ROOT, "tests/unit/io", name)) as f:
        source = f.read()
    macros = {}
    for macro, body in re.findall(r'^#define ([A-Z_]+) +((?:[A-Z_]+ *)?".*)$', source, re.M):
        macros[macro] = b"".join(literal(m[0]) if m[0] or not m[1] else macros[m[1]]
                                 for m in TOKEN.findall(body))
    lines = re.sub(r"/\*.*?\*/", "", source[source.index("[] = {"):], flags=re.S)
    for kind, part in re.findall(rf"\b({kinds})\((.*?)(?=\b(?:{kinds})\(|\Z)", lines, re.S):
        arguments = [b""]
        for text, macro, comma, opened, closed in TOKEN.findall(part):
            if closed:
                break
            if comma:
                arguments.append(b"")
            else:
                arguments[-1] += macros[macro] if macro else literal(text)
        yield kind, arguments


def cases():
    """(name, expected statuses, bytes) of each."""
    found = [(name.decode(), expect.decode(), raw)
             for _, (name, expect, raw) in table("http_cases.h", "CASE")]
    for kind, (number, name, *more) in table("http_listed.h", "LISTED|REFUSED"):
        expect = more[0].decode() if kind == "LISTED" else "400"
        found.append((f"{number.decode()} {name.decode()}", expect, more[-1]))
    return found
