"""Customers on both sides, by the whole program: what a person decides at the command line, and what is
kept of it."""
import json
import os
import signal

from harness import Case, main, wait_until
from two_sides import Sides, customer, organization

COMPANY = """company "Kaksi Oy" { language = "fi" }
connect "crm" { url = env "CRM_URL", token = secret "crm-token", secret = false }
connect "procountor" { twins = false, url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
  client_secret = secret "procountor-client-secret", api_key = secret "procountor-api-key" }
use "customer_sync" { every = "1h" }
"""


class Sync(Sides, Case):
    def setUp(self):
        super().setUp()
        w = self.world
        w.start_sandbox("procountor", "crm")
        w.env["CRM_URL"] = w.urls["crm"]
        w.add_company("kaksi", source=COMPANY)
        for name in ("crm-token", "procountor-client-id", "procountor-client-secret",
                     "procountor-api-key"):
            w.secret("kaksi", name, "test")
        self.find_sandboxes("crm")
        self.count = 0

    def fill(self, organizations, customers):
        self.seed("crm", organizations=organizations)
        self.seed("procountor", customers=customers)

    def told(self, id):
        """The CRM tells of an organization; its run, when it has ended."""
        self.count += 1
        status, answer = self.world.deliver(
            {"id": f"evt_{self.count}", "type": "organization.updated",
             "data": {"organization": {"id": id}}}, company="kaksi", connection="crm", sign=False)
        self.assertEqual(status, 202, answer)
        return self.ended(lambda r: r["event"] == answer["event"])

    def ended(self, is_it):
        def look():
            runs = [r for r in self.world.runs() if is_it(r)]
            return runs[0] if runs and runs[0]["state"] in ("done", "skipped", "failed", "attention") \
                else None
        return wait_until(look, "the run to end")

    def retry(self, run, *sets, state="done"):
        w = self.world
        args = [part for text in sets for part in ("--set", text)]
        w.sauma("retry", run["id"], "--data", w.data, "--reason", "decided", *args)
        wait_until(lambda: self.ended(lambda r: r["id"] == run["id"])["state"] == state, state)
        return w.show(run["id"])

    def test_a_person_chooses_between_two_values_and_between_two_customers(self):
        w = self.world
        self.fill([organization("O-31", "Revontuli Oy", "2012345-4"),
                   organization("O-32", "Toinen Oy", None), organization("O-33", "Kolmas Oy", None),
                   organization("O-34", "Neljäs Oy", None)],
                  [customer(51001, "Revontuli Oy", "2012345-4"), customer(51002, "Toinen Oy", None),
                   customer(51003, "Kolmas Oy", None), customer(51004, "Neljäs Oy", None)])
        w.start_host()
        self.assertEqual(self.told("O-31")["state"], "done")
        # Both changed the phone while nobody looked.
        w.host.stop(signal.SIGKILL)
        self.act("crm", "organization", organization="O-31", phone="22")
        self.act("procountor", "customer", customer=51001, phone="33")
        w.start_host()
        run = self.told("O-31")
        self.assertEqual(run["state"], "attention")
        listed = w.sauma("attention", "--data", w.data).stdout.decode()
        for text in ('"22"', '"33"', '"1"', "choose.phone=crm"):
            self.assertIn(text, listed)
        wrong = self.retry(run, "choose.phone=excel", state="attention")
        self.assertIn('it is "crm" or "procountor"', wrong["reason"])
        self.retry(run, 'choose:="procountor"')  # one word for all that was asked
        self.assertEqual(self.state("crm")["organizations"][0]["phone"], "33")
        # The same name and no business ID: who it is, a new one, and nobody.
        question = self.told("O-32")
        self.assertIn("51002", question["reason"])
        self.retry(question, "customer=51002")
        self.act("crm", "organization", organization="O-32", phone="44")
        self.told("O-32")
        self.assertEqual(self.state("procountor")["customers"][1]["registryInfo"]["phone"], "44")
        self.retry(self.told("O-33"), "customer=new")
        self.assertEqual(len(self.state("procountor")["customers"]), 5)
        self.retry(self.told("O-34"), "customer=none")
        again = self.told("O-34")
        self.assertEqual((again["state"], len(self.state("procountor")["customers"])), ("skipped", 5))
        self.assertIn("decided", again["reason"])

    def test_a_link_whose_host_died_as_it_was_saved_needs_no_person(self):
        w = self.world
        self.fill([organization("O-31", "Revontuli Oy", "2012345-4")],
                  [customer(51001, "Revontuli Oy", "2012345-4")])
        host = w.start_host(env={"SAUMA_FAULT": "after_link_saved:1"})
        self.assertEqual(w.deliver({"id": "evt_1", "type": "organization.updated",
                                    "data": {"organization": {"id": "O-31"}}},
                                   company="kaksi", connection="crm", sign=False)[0], 202)
        wait_until(lambda: host.p.poll() is not None, "the host to die")
        w.start_host()
        run = self.ended(lambda r: "told" in r["rule"])
        self.assertEqual((run["state"], run["reason"]), ("done", ""))
        self.assertEqual(run["result"]["customer"], "51001")

    def test_what_is_kept_of_a_person_is_erased_and_the_link_stays(self):
        w = self.world
        self.fill([organization("O-31", "Revontuli Oy", "2012345-4", "050 777")],
                  [customer(51001, "Revontuli Oy", "2012345-4", "050 777")])
        w.start_host()
        self.told("O-31")
        w.host.stop()
        for name in ("crm", "procountor"):
            self.assertIn("050 777", json.dumps(self.state(name)))
        w.sauma("erase", "kaksi", "050 777", "--why", "asked", "--data", w.data)
        for name in os.listdir(w.data):
            with open(os.path.join(w.data, name), "rb") as f:
                self.assertNotIn(b"050 777", f.read(), name)
        w.start_host()
        self.act("crm", "organization", organization="O-31", phone="")
        self.act("procountor", "customer", customer=51001, phone="")
        self.act("procountor", "customer", customer=51001, email="a@b.example")
        self.assertEqual(self.told("O-31")["state"], "done")
        self.assertEqual(self.state("crm")["organizations"][0]["email"], "a@b.example")


if __name__ == "__main__":
    main()
