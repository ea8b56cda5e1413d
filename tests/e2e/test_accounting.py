"""What an accountant would look for outside of the scripts: personal data in files, addresses with
a version, credentials that are refused."""
import json
import os

from harness import Case, fixture, main

CODE = "131052-308T"


class Accounting(Case):
    def files_with(self, *words):
        """Paths below the data folder, and logs, whose bytes hold one of the words."""
        found = []
        logs = [p.err for p in self.world.processes] + [p.out for p in self.world.processes]
        for folder, _, names in os.walk(self.world.data):
            logs += [os.path.join(folder, name) for name in names]
        for path in logs:
            with open(path, "rb") as f:
                data = f.read()
            if any(word.encode() in data for word in words):
                found.append(os.path.relpath(path, self.world.dir))
        return found

    def test_a_personal_identity_code_is_in_no_step_result_reason_key_or_log(self):
        w = self.world
        w.start_sandbox("procountor", "slack")
        w.minimal()
        w.start_host("--log", "debug")
        w.deliver(fixture(customer__business_id=CODE, customer__name="Matti Malli " + CODE,
                          contract__reference="Tilaus " + CODE, contract__name="Remontti " + CODE))
        w.deliver(fixture(id="evt_2", contract__id="2", customer__business_id=CODE,
                          customer__name="Matti " + CODE, pricing_table=None))
        runs = w.settled(2)
        self.assertEqual(sorted(r["state"] for r in runs), ["attention", "done"])
        shown = w.sauma("runs", "--data", w.data).stdout.decode()
        for run in runs:
            shown += w.sauma("show", run["id"], "--data", w.data).stdout.decode()
            # The event's body is shown as it came to whoever asks for all there is.
            whole = w.show(run["id"])
            whole["event"].pop("body")
            shown += json.dumps(whole)
        self.assertNotIn("131052", shown)
        self.assertEqual(w.host.stop(), 0)
        # The event itself is kept as it came: it is the receipt, and what a retry starts from.
        self.assertEqual([p for p in self.files_with("131052") if not p.startswith("data/")], [])

    def run_at(self, path):
        w = self.world
        w.start_sandbox("procountor", "slack")
        w.env["PROCOUNTOR_URL"] = w.urls["procountor"].replace("/procountor/api", path)
        w.minimal()
        w.start_host()
        w.deliver(fixture())
        return w.settled(1)[0]

    def test_the_address_may_name_a_version(self):
        for path in ("/procountor/v2402/api", "/procountor/latest/api/", "/procountor/supported/api"):
            with self.subTest(path=path):
                self.setUp()
                run = self.run_at(path)
                self.assertEqual((run["state"], run["reason"]), ("done", ""))

    def test_a_version_that_is_gone_is_said(self):
        run = self.run_at("/procountor/v1999/api")
        self.assertEqual(run["state"], "attention")
        self.assertIn("404", run["reason"])

    def test_credentials_that_are_refused_are_said_and_never_shown(self):
        w = self.world
        w.start_sandbox("procountor", "slack", options={"procountor": {"settings": {"credentials": {
            "client_id": "a", "client_secret": "b", "api_key": "c"}}}})
        w.minimal()
        w.secret("minimal", "procountor-api-key", "very-own-api-key")
        w.start_host()
        w.deliver(fixture())
        run = w.settled(1)[0]
        self.assertEqual(run["state"], "attention")
        self.assertIn("Invalid client credentials", run["reason"])
        self.assertIn("procountor", run["reason"])
        self.assertEqual(w.host.stop(), 0)
        self.assertEqual(self.files_with("very-own-api-key"), [])


if __name__ == "__main__":
    main()
