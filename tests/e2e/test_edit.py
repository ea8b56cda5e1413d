"""Correcting the data of a run that stands still: what came in stays, the change is kept, and what was
done outside is not done twice."""
import json
import os

from harness import fixture, main
from people import PeopleCase

WRONG, RIGHT = "1234567-8", "1234567-1"


class Edit(PeopleCase):
    def parked(self, **changes):
        w = self.world
        w.start_host("--retry-base", "10ms")
        w.deliver(fixture(**changes))
        return w.settled(1, states=("attention", "failed"))[0]["id"]

    def test_a_wrong_business_id_is_corrected_and_both_stay_readable(self):
        run = self.parked(customer__business_id=WRONG)
        self.assertIn("reason", self.refused("retry", run, "--set",
                                             f"customer.business_id={RIGHT}", status=2))
        self.act("edit", run, "--set", f"customer.business_id={RIGHT}", "--by", "anna",
                 "--reason", "a typing error")
        shown = self.world.show(run)
        self.assertEqual((shown["state"], shown["edited"]), ("attention", True))
        self.act("retry", run)
        shown = self.ended(run, "done")
        self.assertEqual(shown["event"]["body"]["customer"]["business_id"], WRONG)
        self.assertEqual(shown["data"]["customer"]["business_id"], RIGHT)
        self.assertEqual(shown["key"], RIGHT)
        act = shown["acts"][0]
        self.assertEqual((act["action"], act["by"], act["reason"], act["changes"]),
                         ("edit", "anna", "a typing error",
                          [{"path": "customer.business_id", "before": WRONG, "after": RIGHT}]))
        self.assertTrue(self.rows("events")[0]["runs"][0]["edited"])
        self.assertEqual(self.world.customers()[0]["invoicingInfo"]["identifier"], RIGHT)
        self.assertEqual(len(self.world.invoices()), 1)

    def test_values_keep_their_type(self):
        run = self.parked(customer__business_id=WRONG)
        path = "pricing_table.rows[0].quantity"
        why = ("--reason", "x")
        self.assertIn("a number stands there", self.refused("edit", run, "--set", f"{path}=ten", *why))
        self.assertIn("the list is shorter",
                      self.refused("edit", run, "--set", "pricing_table.rows[9].name=x", *why))
        self.assertIn("like that already",
                      self.refused("edit", run, "--set", f"customer.business_id={WRONG}", *why))
        self.act("edit", run, "--set", f"{path}=10", "--set", "contract.reference:=null",
                 "--unset", "customer.phone", *why)
        data = self.world.show(run)["data"]
        self.assertEqual(data["pricing_table"]["rows"][0]["quantity"], 10)
        self.assertIsNone(data["contract"]["reference"])
        self.assertNotIn("phone", data["customer"])
        with open(os.path.join(self.world.dir, "data.json"), "w") as f:
            json.dump(fixture(), f)
        self.act("retry", run, "--with", "data.json", *why)
        self.assertEqual(self.ended(run, "done")["data"]["customer"]["business_id"], RIGHT)

    def test_a_customer_that_was_made_is_not_made_twice(self):
        w = self.world
        w.start_host("--retry-base", "10ms")
        self.faults("POST /api/invoices error=400*1")
        w.deliver(fixture())
        run = w.settled(1, states=("attention",))[0]["id"]
        made = w.show(run)["done"][0]
        self.act("retry", run, "--set", "customer.business_id=0112038-9", "--reason", "wrong company")
        self.ended(run, "attention")
        shown = w.show(run)
        self.assertIn('"1234567-1" -> "0112038-9"', shown["reason"])
        self.assertIn(made["id"], shown["reason"])
        self.assertEqual((len(w.customers()), len(w.invoices())), (1, 0))
        self.assertEqual(shown["done"][0], made)
        # A second customer is right: somebody says so.
        self.act("retry", run, "--again", str(made["step"]), "--by", "anna")
        self.ended(run, "done")
        self.assertEqual((len(w.customers()), len(w.invoices())), (2, 1))
        self.assertEqual(len(w.products()), 2)

    def test_with_the_invoice_there_nothing_more_is_done(self):
        w = self.world
        self.change_company('notify = { "slack" } }',
                            'notify = { "slack" },\n  notice = function() error("no notice") end }')
        run = self.parked()
        self.assertEqual(len(w.invoices()), 1)
        before = self.effects("procountor")
        self.act("retry", run, "--set", "customer.business_id=0112038-9", "--reason", "wrong company")
        reason = self.ended(run, "attention")["reason"]
        self.assertIn("another customer's", reason)
        self.assertEqual(self.effects("procountor"), before)

    def test_an_event_is_edited_through_its_runs_and_the_api_takes_typed_values(self):
        run = self.parked(customer__business_id=WRONG)
        event = self.world.show(run)["event"]["id"]
        status, answer = self.api("POST", f"events/{event}/edit", {
            "by": "ben", "reason": "typo", "set": {"customer.business_id": RIGHT}})
        self.assertEqual((status, answer["acted"], answer["runs"][0]["run"]), (200, 1, run))
        self.assertEqual(self.api("POST", f"runs/{run}/retry", {"by": "ben"})[0], 200)
        self.ended(run, "done")
        self.assertEqual(self.api("POST", f"runs/{run}/edit", {"reason": "x", "set": {"a": 1}})[0], 409)
        self.assertEqual(self.api("POST", f"runs/{run}/edit", {"set": {"a": 1}})[0], 400)
        self.assertEqual(self.api("POST", "runs/run_x/edit", {"reason": "x", "set": {"a": 1}})[0], 404)


if __name__ == "__main__":
    main()
