"""V1: sums of random invoices, predicted by the connector and made by the sandbox, in both ways of
rounding VAT. The invoices are those of tests/companies/sums."""
import os
import shutil
import subprocess
import tempfile

NAME, DOES = "V1", "predicted sums of random invoices against the ledger's"
FULL, PER_CASE, JOBS = 1_000_000, 20_000, 2
HERE = os.path.dirname(os.path.abspath(__file__))
COMPANY = os.path.join(os.path.dirname(HERE), "companies", "sums")

TEST = """local invoices = require "invoices"
test("sums", function() expect(invoices.compare({seed}, {n})).is(nil) end)
"""


def case(t):
    with tempfile.TemporaryDirectory(prefix="sauma-sums-") as folder:
        shutil.copytree(COMPANY, folder, dirs_exist_ok=True)
        with open(os.path.join(folder, "tests", "sums_test.lua"), "w") as f:
            f.write(TEST.format(seed=t.random.randrange(2**31), n=PER_CASE))
        done = subprocess.run([os.path.join(os.environ["SAUMA_BUILD"], "sauma"), "test", folder,
                               "--burst", "1h", "--cpu", "1h"], capture_output=True, text=True)
    if done.returncode:
        t.violate("V1", done.stdout + done.stderr)
    t.n += PER_CASE
