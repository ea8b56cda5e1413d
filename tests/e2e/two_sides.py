"""Customers in a CRM and in Procountor: records of both, and their sandboxes' pages as a person uses them
(Sides); and what is tested of each CRM with an interface of its own, whose webhooks tell the host
(TwoSides)."""
import json
import urllib.parse

from harness import request, wait_until

COMPANY = """company "Kolme Oy" {{ language = "fi" }}
connect "{kind}" {{ url = env "CRM_URL", token = secret "crm-token", secret = secret "crm",
  {settings} organization_fields = {{ {fields} }} }}
connect "procountor" {{ twins = false, url = env "PROCOUNTOR_URL", client_id = secret "procountor-client-id",
  client_secret = secret "procountor-client-secret", api_key = secret "procountor-api-key" }}
use "customer_sync" {{ crm = "{kind}", every = "1s", owner = {{ address = "procountor" }},
  new_customers = "create", new_organizations = "create" }}
"""
PLACE = {"street": "Rovakatu 1", "city": "Rovaniemi"}
A, B, C = "1234567-1", "2012345-4", "0112038-9"


def organization(id, name, business_id, phone="1"):
    return {"id": id, "name": name, "business_id": business_id, "phone": phone,
            "address": dict(PLACE, postal_code="96200", country="FI")}


def customer(id, name, business_id, phone="1"):
    address = dict(PLACE, name=name, zip="96200", country="FINLAND")
    return {"id": id, "name": name, "type": "CUSTOMER", "address": address, "billingAddress": address,
            "invoicingInfo": {"identifier": business_id, "identifierType": "FI"} if business_id else {},
            "paymentInfo": {"paymentMethod": "BANK_TRANSFER"},
            "registryInfo": {"active": True, "phone": phone}}


class Sides:
    """What a test does with the two sandboxes; they are started by its setUp, and one address."""

    def find_sandboxes(self, kind):
        self.sandbox = urllib.parse.urlsplit(self.world.urls[kind]).netloc

    def seed(self, sandbox, **what):
        status, _, answer = request(self.sandbox, "POST", f"/_control/seed?sandbox={sandbox}",
                                    json.dumps(what))
        self.assertEqual(status, 200, answer)

    def state(self, name):
        return json.loads(request(self.sandbox, "GET", f"/_control/state?sandbox={name}")[2])

    def act(self, sandbox, act, **form):
        status, _, answer = request(self.sandbox, "POST", f"/{sandbox}/do/{act}",
                                    urllib.parse.urlencode(form),
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(status, 303, answer)


class TwoSides(Sides):
    """What is the same for each CRM: kind, fields = { ours: its name }, settings."""
    settings = ""

    def setUp(self):
        super().setUp()
        w = self.world
        w.start_sandbox("procountor", self.kind)
        w.env["CRM_URL"] = w.urls[self.kind]
        fields = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in self.fields.items())
        w.add_company("kolme", source=COMPANY.format(kind=self.kind, fields=fields, settings=self.settings))
        for name in ("crm-token", "procountor-client-id", "procountor-client-secret", "procountor-api-key"):
            w.secret("kolme", name, "test")
        w.secret("kolme", "crm", "crm-s3cret")
        self.find_sandboxes(self.kind)

    def start(self, organizations, customers):
        self.seed(self.kind, organizations=organizations)
        self.seed("procountor", customers=customers)
        self.world.start_host()
        hook = f"http://{self.world.address}/hooks/kolme/{self.kind}"
        self.seed(self.kind, settings={"hook": hook, "secret": "crm-s3cret"})

    def organization(self, id):
        return next((o for o in self.state(self.kind)["organizations"] if o["id"] == id), None)

    def customer(self, id):
        return next((c for c in self.state("procountor")["customers"] if c["id"] == id), None)

    def writes(self):
        """What was written to the CRM and to Procountor, logging in aside."""
        return [sum(r["method"] in ("PUT", "PATCH", "POST") and "oauth" not in r["path"]
                    and "search" not in r["path"] and "batch" not in r["path"] and r["status"] < 300
                    for r in self.state(name)["requests"]) for name in (self.kind, "procountor")]

    def attention(self):
        return [run for run in self.world.runs() if run["state"] == "attention"]

    def quiet(self):
        """A look at both registers that began from now on has ended, and nothing is under way."""
        def looks():
            return [run for run in self.world.runs() if run["rule"] == "customer_sync"]
        before = {run["id"] for run in looks()}
        wait_until(lambda: any(run["state"] == "done" and run["id"] not in before for run in looks())
                   and not any(run["state"] in ("queued", "running", "waiting")
                               and run["rule"] != "customer_sync" for run in self.world.runs()), "a look")

    def retry(self, run, *sets):
        w = self.world
        args = [part for text in sets for part in ("--set", text)]
        w.sauma("retry", run["id"], "--data", w.data, "--reason", "decided", *args)

    def test_both_sides_become_the_same_and_nothing_comes_back(self):
        # The first look: one is matched, one is on each side alone, two of a name are a person's.
        self.start([organization(31, "Revontuli Oy", A), organization(32, "Kaamos Oy", B),
                    organization(33, "Nimikaima Oy", None)],
                   [customer(51001, "Revontuli Oy", A), customer(51002, "Hanki Oy", C),
                    customer(51003, "Nimikaima Oy", None)])
        wait_until(lambda: len(self.state(self.kind)["organizations"]) == 4, "who is new in Procountor")
        wait_until(lambda: len(self.state("procountor")["customers"]) == 4, "who is new in the CRM")
        wait_until(lambda: len(self.attention()) == 1, "the review list")
        question = self.attention()[0]
        self.assertIn("Nimikaima Oy", question["reason"])
        self.retry(question, "customer=51003" if "customer=ID" in question["reason"] else "organization=33")
        # By schedule from Procountor, and at once by the CRM's own webhook.
        self.act("procountor", "customer", customer=51001, street="Uusikatu 7 B 12", zip="00100",
                 city="Helsinki", email="laskut@revontuli.example")
        wait_until(lambda: self.organization(31).get("email") == "laskut@revontuli.example", "the mail")
        self.assertEqual(self.organization(31)["address"]["street"], "Uusikatu 7 B 12")
        self.act(self.kind, "organization", organization=31, phone="22")
        wait_until(lambda: self.customer(51001)["registryInfo"]["phone"] == "22", "the new phone")
        wait_until(lambda: not self.attention(), "the answer's end")
        self.quiet()
        self.assertEqual((self.attention(), self.writes()), ([], [2, 2]))
        # Both changed the same while nobody looked: a person sees both, and chooses.
        self.world.host.stop()
        self.act(self.kind, "organization", organization=31, phone="33")
        self.act("procountor", "customer", customer=51001, phone="44")
        self.world.start_host()
        wait_until(self.attention, "the question")
        run = self.attention()[0]
        for text in ('"22"', '"33"', '"44"', f"choose.phone={self.kind}"):
            self.assertIn(text, run["reason"])
        self.retry(run, "choose.phone=procountor")
        wait_until(lambda: self.organization(31)["phone"] == "44", "what was chosen")
        self.quiet()
        self.assertEqual((self.attention(), self.writes()), ([], [3, 2]))
