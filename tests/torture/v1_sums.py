"""V1: sums of random invoices, predicted by the connector and made by the sandbox, in both ways of
rounding VAT. The invoices are those of tests/companies/sums. Connector and sandbox are two programs, but
both count with the host's decimals; so some of each case are worked out here too, in exact fractions."""
import os
import shutil
import subprocess
import tempfile
from fractions import Fraction

NAME, DOES = "V1", "predicted sums of random invoices against the ledger's"
FULL, PER_CASE, JOBS = 1_000_000, 20_000, 2
IN_FRACTIONS = 1_000
HERE = os.path.dirname(os.path.abspath(__file__))
COMPANY = os.path.join(os.path.dirname(HERE), "companies", "sums")

TEST = """local invoices = require "invoices"
test("sums", function() expect(invoices.compare({seed}, {n})).is(nil) end)
test("in fractions", function() expect(invoices.digest({seed}, {few})).is({digest}) end)
"""

PERCENTS = [Fraction(text) for text in ("25.5", "14", "13.5", "10", "0", "24")]


def invoices(seed):
    """The invoices of a seed, as tests/companies/sums makes them: rows, discount, prices with VAT."""
    state = seed % 2147483646 + 1

    def chance(n):
        nonlocal state
        state = state * 48271 % 2147483647
        return state % n

    def amount(digits, places):
        whole, behind = chance(10 ** digits), chance(places + 1)
        return whole + (Fraction(chance(10 ** behind), 10 ** behind) if behind else 0)

    def percent():
        kind = chance(4)
        return 0 if kind < 2 else chance(101) if kind == 2 else amount(2, 4)

    while True:
        rows = []
        for _ in range(1 + chance(8)):
            price = amount(1 + chance(5), 4)
            quantity, discount = amount(1 + chance(3), 6), percent()
            price = -price if chance(10) == 0 else price
            rows.append((quantity * price * (100 - discount) / 100, PERCENTS[chance(len(PERCENTS))]))
        discount = percent() if chance(3) == 0 else 0
        yield rows, discount, chance(3) == 0


def cents(amount):
    """Rounded to cents, half away from zero."""
    part = (abs(amount) * 100 * 2 + 1) // 2
    return int(-part if amount < 0 else part)


def sums(rows, discount, gross, by_rate):
    """Net, VAT and total in cents: rows are rounded, then added up by rate or left as they are, then the
    whole's discount comes off, then VAT."""
    parts = [(cents(amount), percent) for amount, percent in rows]
    if by_rate:
        parts = [(sum(a for a, q in parts if q == p), p) for p in {p for _, p in parts}]
    net = tax = 0
    for amount, percent in parts:
        amount = cents(Fraction(amount) * (100 - discount) / 100 / 100)
        if gross:
            part = cents(Fraction(amount) / (100 + percent))
            net, tax = net + part, tax + amount - part
        else:
            net, tax = net + amount, tax + cents(Fraction(amount) * percent / 100 / 100)
    return net, tax, net + tax


def digest(seed, n):
    number, source = 0, invoices(seed)
    for _ in range(n):
        rows, discount, gross = next(source)
        for by_rate in (True, False):
            for amount in sums(rows, discount, gross, by_rate):
                number = (number * 1000003 + amount) % 2147483647
    return number


def case(t):
    with tempfile.TemporaryDirectory(prefix="sauma-sums-") as folder:
        shutil.copytree(COMPANY, folder, dirs_exist_ok=True)
        with open(os.path.join(folder, "tests", "sums_test.lua"), "w") as f:
            seed = t.random.randrange(2**31)
            f.write(TEST.format(seed=seed, n=PER_CASE, few=IN_FRACTIONS,
                                digest=digest(seed, IN_FRACTIONS)))
        done = subprocess.run([os.path.join(os.environ["SAUMA_BUILD"], "sauma"), "test", folder,
                               "--burst", "1h", "--cpu", "1h"], capture_output=True, text=True)
    if done.returncode:
        t.violate("V1", done.stdout + done.stderr)
    t.n += PER_CASE
