"""What an operator does with the data folder: back it up while the host runs, put it back."""
import json
import os
import shutil
import signal

from harness import Case, fixture, main


class StoreCare(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()

    def care(self, *args, check=False):
        return self.world.sauma(*args, "--data", self.world.data, check=check)

    def test_a_backup_of_yesterday_gives_no_second_invoice(self):
        w = self.world
        w.start_host()
        w.deliver(fixture(id="a"))
        w.settled(1)
        file = os.path.join(w.dir, "yesterday.db")
        said = self.care("backup", file, check=True).stdout.decode()
        self.assertIn("1 events", said)
        self.assertIn("not the key", said)
        self.assertEqual(self.care("backup", file).returncode, 1)
        # What happens after the backup is in no journal that is put back ...
        late = fixture(id="b", contract__id="20001")
        w.deliver(late)
        w.settled(2)
        self.assertEqual(len(w.invoices()), 2)
        self.assertEqual(self.care("restore", file, "--overwrite").returncode, 1)  # in use
        w.host.stop()
        refused = self.care("restore", file)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"newer: 1 events", refused.stderr)
        said = self.care("restore", file, "--overwrite", check=True).stdout.decode()
        self.assertIn("replaced-", said)
        w.start_host("--settle", "1s")
        self.assertIn("restored", w.host.errors() + said)
        # ... and when the sender delivers it again, it is found outside.
        self.assertEqual(w.deliver(late)[0], 202)
        self.assertEqual([r["state"] for r in w.settled(2)], ["done", "done"])
        self.assertEqual(len(w.invoices()), 2)

    def test_a_second_host_on_the_folder_is_refused(self):
        w = self.world
        host = w.start_host()
        for link in (w.data, w.data + "-by-another-name"):
            if link != w.data:
                os.symlink(w.data, link)
            second = w.sauma("serve", "--companies", w.companies, "--data", link, "--listen",
                             "127.0.0.1:0", check=False)
            self.assertEqual(second.returncode, 3, second.stderr)
            self.assertIn(f"another sauma (pid {host.p.pid}) is using this data folder".encode(),
                          second.stderr)
            self.assertNotIn(b"listening", second.stdout)
        # The first noticed nothing; and when it is gone, however it went, the folder is free.
        w.deliver(fixture(id="a"))
        self.assertEqual(w.settled(1)[0]["state"], "done")
        host.stop(signal.SIGKILL)
        w.start_host()
        w.deliver(fixture(id="b", contract__id="20001"))
        self.assertEqual([r["state"] for r in w.settled(2)], ["done", "done"])
        self.assertEqual(len(w.invoices()), 2)

    def test_into_a_new_folder_with_the_key(self):
        w = self.world
        file = os.path.join(w.dir, "copy.db")
        self.care("backup", file, check=True)
        key = os.path.join(w.data, "key")
        saved = os.path.join(w.dir, "key")
        shutil.move(key, saved)
        shutil.rmtree(w.data)
        said = self.care("restore", file, check=True).stdout.decode()
        self.assertIn("bring the key file", said)
        shutil.move(saved, key)
        w.start_host("--settle", "1s")
        w.deliver(fixture())
        self.assertEqual(w.settled(1)[0]["state"], "done")

    def test_a_person_is_erased_while_the_host_runs(self):
        w = self.world
        w.start_host()
        name = "meri.malli@esimerkki.example"
        event = fixture(contract__signer__email=name)
        w.deliver(event)
        run = w.settled(1)[0]
        before = json.loads(self.care("stats", "--json").stdout)
        dry = self.care("erase", "minimal", name, "--dry-run")
        self.assertEqual(dry.returncode, 0, dry.stderr)
        self.assertIn(b"would be erased", dry.stdout)
        self.assertIn(f"{run['id']} step 1".encode(), dry.stdout)
        self.assertEqual(self.care("erase", "minimal", name).returncode, 2)  # why?
        done = self.care("erase", "minimal", name, "--why", "asked for it", "--by", "anna")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        files = [os.path.join(w.data, f) for f in os.listdir(w.data)]
        for path in filter(os.path.isfile, files):
            with open(path, "rb") as f:
                self.assertNotIn(name.encode(), f.read(), path)
        shown = w.show(run["id"])
        self.assertEqual(shown["state"], "done")
        self.assertEqual(shown["event"]["body"]["why"], "asked for it")
        after = json.loads(self.care("stats", "--json").stdout)
        self.assertLess(after.pop("stored_bytes"), before.pop("stored_bytes"))
        self.assertEqual(after, before)
        # The same delivery is still known, and the host goes on.
        self.assertEqual(w.deliver(event)[0], 200)
        w.deliver(fixture(id="b", contract__id="20001", contract__signer__email="x@testi.example"))
        w.settled(2)

    def test_a_disk_that_fails_ends_the_host_and_nothing_is_lost(self):
        w = self.world
        host = w.start_host(env={"SAUMA_FAIL": "store_commit_io:9"})
        status = 0
        try:
            status, _ = w.deliver(fixture())
        except OSError:
            pass  # it ended before it could answer
        self.assertEqual(host.p.wait(timeout=60), 74)
        self.assertIn("store broken", host.errors())
        # The disk may have failed between a write and its answer: that is waited out.
        w.start_host("--settle", "1s")
        if status != 202:
            w.deliver(fixture())
        self.assertEqual(w.settled(1)[0]["state"], "done")
        self.assertEqual(len(w.invoices()), 1)

    def doctor(self, *args, check=True):
        done = self.care("doctor", "--json", *args)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        bad = [line for line in lines if line["level"] == "bad"]
        self.assertEqual(done.returncode, 1 if bad else 0, done.stderr)
        if check:
            self.assertEqual(bad, [])
        return {line["check"]: line for line in lines}, bad

    def test_the_doctor_beside_a_running_host(self):
        w = self.world
        w.start_host()
        w.deliver(fixture())
        w.settled(1)
        lines, _ = self.doctor("--companies", w.companies)
        self.assertIn("a host runs", lines["host"]["text"])
        self.assertIn("1 events received", lines["books"]["text"])
        self.assertIn("minimal loads", lines["company"]["text"])
        self.care("secret", "remove", "minimal", "procountor-api-key")
        _, bad = self.doctor("--companies", w.companies, check=False)
        self.assertEqual([line["next"] for line in bad],
                         ["sauma connect minimal procountor, or sauma secret set minimal procountor-api-key"])
        said = self.care("doctor").stdout.decode()
        self.assertIn("ok    integrity", said)
        self.assertRegex(said, r"(?m)^\d+ ok, \d+ to be looked at, 0 bad$")
        self.assertEqual(w.sauma("doctor", "--data", "none", check=False).returncode, 1)

    def test_wrong_usage(self):
        self.assertEqual(self.care("doctor", "x").returncode, 2)
        for ages in (("--keep-events", "6d"), ("--keep-events", "30d")):
            refused = self.care("serve", "--companies", self.world.companies, *ages)
            self.assertEqual(refused.returncode, 2)
            self.assertIn(b"--keep-", refused.stderr)
        self.assertEqual(self.care("erase").returncode, 2)
        self.assertEqual(self.care("erase", "minimal", "abc", "--why", "x").returncode, 2)
        self.assertEqual(self.care("backup").returncode, 2)
        self.assertEqual(self.care("restore").returncode, 2)
        self.assertEqual(self.care("restore", "x", "--mark").returncode, 2)
        self.assertEqual(self.care("restore", "nothing.db").returncode, 3)
        self.assertEqual(self.care("restore", "--mark").returncode, 0)
        self.assertEqual(self.world.sauma("backup", "x", "--data", "none", check=False).returncode,
                         3)


if __name__ == "__main__":
    main()
