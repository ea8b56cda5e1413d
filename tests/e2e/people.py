"""What the tests of people's acts share: a company that works, the commands, and the outside's own
ledger of what was asked of it and what it did."""
import json
import os

from harness import Case, request, wait_until

API = "/api/v1/"


class PeopleCase(Case):
    sandboxes = ("procountor", "slack")

    def setUp(self):
        super().setUp()
        self.world.start_sandbox(*self.sandboxes)
        self.world.minimal()

    # ---- the company's file ----
    def company_file(self, name="minimal"):
        return os.path.join(self.world.companies, name, "company.lua")

    def change_company(self, old, new, name="minimal"):
        with open(self.company_file(name)) as f:
            text = f.read()
        self.assertIn(old, text)
        with open(self.company_file(name), "w") as f:
            f.write(text.replace(old, new))

    def reload(self, name="minimal"):
        self.sauma("reload", name, check=True)

    # ---- acting ----
    def sauma(self, *args, check=False):
        return self.world.sauma(*args, "--data", self.world.data, check=check)

    def act(self, *args):
        """An act that must be taken."""
        done = self.sauma(*args)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def refused(self, *args, status=1):
        """An act that must be refused; returns the words."""
        done = self.sauma(*args)
        self.assertEqual(done.returncode, status, done.stdout.decode() + done.stderr.decode())
        return done.stderr.decode()

    def rows(self, *args):
        return [json.loads(line) for line in self.act(*args, "--json").splitlines()]

    def api(self, method, path, body=None):
        with open(os.path.join(self.world.data, "api-token")) as f:
            token = f.read().strip()
        status, _, answer = request(self.world.address, method, API + path,
                                    b"" if body is None else json.dumps(body).encode(),
                                    {"Authorization": "Bearer " + token})
        return status, json.loads(answer)

    def ended(self, run, *states):
        """Waits until the run is in one of the states, and returns it."""
        def look():
            now = self.world.show(run)
            return now if now["state"] in states else None
        try:
            return wait_until(look, f"{run} to be {' or '.join(states)}")
        except AssertionError as e:
            now = self.world.show(run)
            raise AssertionError(f"{e}; it is {now['state']}: {now['reason']}") from None

    # ---- outside ----
    def faults(self, spec, sandbox="procountor"):
        address = self.world.urls[self.sandboxes[0]].split("/")[2]
        status, _, answer = request(address, "POST", f"/_control/faults?sandbox={sandbox}",
                                    spec.encode())
        self.assertEqual(status, 200, answer)

    def ledger(self, sandbox=None):
        address = self.world.urls[self.sandboxes[0]].split("/")[2]
        path = "/_ledger" + (f"?sandbox={sandbox}" if sandbox else "")
        lines = request(address, "GET", path)[2].decode().splitlines()
        return [entry for entry in map(json.loads, lines)
                if sandbox in (None, entry["sandbox"])]

    def effects(self, sandbox=None):
        """(effect, id, key) of all that was really done, in order."""
        return [(e["effect"], str(e.get("id")), e.get("key")) for entry in self.ledger(sandbox)
                for done in entry["done"] for e in done["effects"]]

    def count(self, effect):
        return sum(e[0] == effect for e in self.effects())
