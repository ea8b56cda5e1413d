"""The table of nasty requests of tests/unit/io/http_cases.h, for tests that send them elsewhere."""
import os
import re

from harness import ROOT

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([A-Z]+)|(,)|(\()|(\))')
ESCAPE = re.compile(r'\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)')
LETTERS = {"r": "\r", "n": "\n", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


def literal(text):
    def one(m):
        e = m.group(1)
        if e[0] == "x":
            return chr(int(e[1:], 16))
        return chr(int(e, 8)) if e[0] in "01234567" else LETTERS[e]
    return ESCAPE.sub(one, text).encode("latin-1")


def cases():
    """(name, expected statuses, bytes) of each."""
    with open(os.path.join(ROOT, "tests/unit/io/http_cases.h")) as f:
        source = f.read()
    macros = {}
    for name, body in re.findall(r"^#define (GET|POST|CHUNKED|NEXT) +(.*)$", source, re.M):
        macros[name] = b"".join(literal(m[0]) if m[0] or not m[1] else macros[m[1]]
                                for m in TOKEN.findall(body))
    table = re.sub(r"/\*.*?\*/", "", source[source.index("http_cases[] = {"):], flags=re.S)
    found = []
    for part in re.split(r"\bCASE\(", table)[1:]:
        arguments, at = [b"", b"", b""], 0
        for text, macro, comma, opened, closed in TOKEN.findall(part):
            if closed:
                break
            if comma:
                at += 1
            elif macro:
                arguments[at] += macros[macro]
            else:
                arguments[at] += literal(text)
        found.append((arguments[0].decode(), arguments[1].decode(), arguments[2]))
    return found
