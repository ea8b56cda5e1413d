"""What stands twice in Procountor all the same: noticed by itself, told, and over when it is put right."""
import json
import os

from harness import Case, fixture, main, wait_until


class Twins(Case):
    def setUp(self):
        super().setUp()
        w = self.world
        w.start_sandbox("procountor", "slack")
        w.minimal()
        path = os.path.join(w.companies, "minimal", "company.lua")
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace("url = env", 'twins = "1s", rate = 1000, url = env'))

    def alerts(self):
        out = self.world.sauma("alerts", "--data", self.world.data, "--json").stdout
        return {a["about"]: a for a in map(json.loads, out.splitlines()) if a["kind"] == "twins"}

    def copy(self, path, record, *without):
        """As a second installation would make it, or a person by hand."""
        body = {k: v for k, v in record.items() if k not in ("id", "version", *without)}
        return self.world.procountor_send("POST", path, body)

    def test_twins_are_told_and_over_when_one_is_gone(self):
        w = self.world
        w.start_host()
        w.deliver(fixture())
        wait_until(lambda: w.runs(state="done", rule="proposal_to_invoice"), "the invoice")
        self.assertEqual(self.alerts(), {})
        customer = w.procountor("/businesspartners")["results"][0]
        customer = w.procountor(f"/businesspartners/{customer['id']}")
        twin = self.copy("/businesspartners", customer)
        found = wait_until(self.alerts, "the twins to be noticed")
        alert = found["procountor customers"]
        self.assertEqual(list(found), ["procountor customers"])
        for word in ("1234567-1", str(customer["id"]), str(twin["id"]), "Nothing was changed"):
            self.assertIn(word, alert["text"])
        w.procountor_send("PUT", f"/businesspartners/{twin['id']}", dict(
            twin, registryInfo=dict(twin.get("registryInfo", {}), active=False)))
        wait_until(lambda: not self.alerts(), "the alert to be over")

    def test_unfinished_invoices_of_one_number(self):
        w = self.world
        w.start_host()
        w.deliver(fixture())
        wait_until(lambda: w.runs(state="done", rule="proposal_to_invoice"), "the invoice")
        invoice = w.procountor(f"/invoices/{w.invoices()[0]['id']}")
        self.copy("/invoices", invoice, "invoiceNumber", "created", "creatorId", "status",
                  "invoiceSumInfo")
        alert = wait_until(lambda: self.alerts().get("procountor invoices"), "the twins")
        self.assertIn("C2C-10042", alert["text"])
        self.assertEqual(len(w.invoices()), 2)


if __name__ == "__main__":
    main()
