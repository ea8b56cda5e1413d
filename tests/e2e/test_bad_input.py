"""Every kind of bad input ends in a named state or status, says what and where, loses nothing."""
import base64
import json
import socket
import time

from harness import Case, fixture, main, request


class BadDelivery(Case):
    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()
        self.world.start_host("--max-body", "1m")

    def assert_error(self, got, status, words):
        self.assertEqual(got[0], status, got)
        text = json.dumps(got[1]) if isinstance(got[1], dict) else got[1].decode()
        for word in words.split("|"):
            self.assertIn(word, text)

    def test_not_json(self):
        self.assert_error(self.world.deliver(b'{"event": '), 400, "JSON|line 1")

    def test_json_with_a_key_twice(self):
        self.assert_error(self.world.deliver(b'{"id":"1","id":"2"}'), 400, "key|line 1")

    def test_not_utf8(self):
        self.assert_error(self.world.deliver(b'{"a":"\xff"}'), 400, "UTF-8")

    def test_empty_body(self):
        self.assert_error(self.world.deliver(b""), 400, "JSON")

    def test_wrong_signature(self):
        self.assert_error(self.world.deliver(fixture(), secret="wrong"), 401, "error")

    def test_no_signature(self):
        self.assert_error(self.world.deliver(fixture(), sign=False), 401, "error")

    def test_stale_signature(self):
        import hashlib
        import hmac
        raw = json.dumps(fixture()).encode()
        at = str(int(time.time()) - 3600)
        mac = hmac.new(b"s3cret", at.encode() + b"." + raw, hashlib.sha256).hexdigest()
        got = self.world.deliver(raw, sign=False, headers={
            "X-Timestamp": at, "X-Signature-256": "sha256=" + mac})
        self.assert_error(got, 401, "error")

    def test_shared_secret_and_basic_are_accepted(self):
        w = self.world
        got = w.deliver(fixture(id="a"), sign=False, headers={"X-Webhook-Secret": "s3cret"})
        self.assertEqual(got[0], 202)
        basic = base64.b64encode(b"click2contract:s3cret").decode()
        got = w.deliver(fixture(id="b"), sign=False, headers={"Authorization": "Basic " + basic})
        self.assertEqual(got[0], 202)
        got = w.deliver(fixture(id="c"), sign=False, headers={"X-Webhook-Secret": "s3creT"})
        self.assertEqual(got[0], 401)

    def test_unknown_company_and_connection(self):
        self.assert_error(self.world.deliver(fixture(), company="nobody"), 404, "error")
        self.assert_error(self.world.deliver(fixture(), connection="nothing"), 404, "error")

    def test_wrong_method_and_path(self):
        self.assertEqual(request(self.world.address, "GET", "/hooks/minimal/click2contract")[0], 405)
        self.assertEqual(request(self.world.address, "GET", "/nothing")[0], 404)

    def test_hundred_megabytes_are_refused_at_once(self):
        host, port = self.world.address.split(":")
        with socket.create_connection((host, int(port)), timeout=60) as s:
            s.sendall(b"POST /hooks/minimal/click2contract HTTP/1.1\r\nHost: x\r\n"
                      b"Content-Length: 104857600\r\n\r\n" + b"x" * 65536)
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 413 "))
        self.assertEqual(self.world.deliver(fixture())[0], 202)

    def test_nothing_was_stored_for_refused_deliveries(self):
        w = self.world
        w.deliver(b"{")
        w.deliver(fixture(), secret="wrong")
        self.assertEqual(w.deliver(fixture())[0], 202)
        w.settled(1)
        events = w.sauma("events", "--data", w.data, "--json").stdout.splitlines()
        self.assertEqual(len(events), 1)


class BadProposal(Case):
    """An authentic event that cannot become an invoice is parked for a person, in plain words."""

    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()
        self.world.start_host()

    def parked(self, words, **changes):
        w = self.world
        self.assertEqual(w.deliver(fixture(**changes))[0], 202)
        run = w.settled(1)[0]
        self.assertEqual(run["state"], "attention", run)
        for word in words.split("|"):
            self.assertIn(word, run["reason"])
        self.assertEqual(w.invoices(), [])
        return run

    def test_no_pricing_table(self):
        self.parked("ricing", pricing_table=KeyError)

    def test_no_row_selected(self):
        self.parked("ricing", pricing_table__rows=[])

    def test_no_address(self):
        self.parked("ddress", customer__address="", customer__postal_code="", customer__city="")

    def test_address_that_cannot_be_split(self):
        self.parked("ddress", customer__address="Somewhere in Helsinki", customer__postal_code=KeyError,
                    customer__city=KeyError)

    def test_invalid_business_id(self):
        self.parked("1234567-8", customer__business_id="1234567-8")

    def test_unknown_vat_percent(self):
        self.parked("17", pricing_table__rows__0__vat_percent=17)

    def test_name_outside_windows_1252(self):
        self.parked("1252", customer__name="Тест Oy")


class SpelledDifferently(Case):
    """The variants that a proposal may come in all give the same invoice."""

    def setUp(self):
        super().setUp()
        self.world.start_sandbox("procountor", "slack")
        self.world.minimal()
        self.world.start_host()

    def invoiced(self, **changes):
        w = self.world
        self.assertEqual(w.deliver(fixture(**changes))[0], 202)
        run = w.settled(1)[0]
        self.assertEqual((run["state"], run["reason"]), ("done", ""))
        return w.procountor("/invoices/%d" % w.invoices()[0]["id"])

    def test_money_and_percent_as_finnish_text(self):
        invoice = self.invoiced(pricing_table__rows__0__unit_price="149,00 €",
                                pricing_table__rows__0__vat_percent="25,5 %",
                                pricing_table__rows__0__quantity="12")
        self.assertEqual(float(invoice["invoiceSumInfo"][0]["invoiceSumTotal"]), 2356.89)

    def test_address_in_one_line(self):
        invoice = self.invoiced(customer__address="Mannerheimintie 12 B 34, 00100 Helsinki",
                                customer__postal_code=KeyError, customer__city=KeyError)
        address = invoice["counterParty"]["counterPartyAddress"]
        self.assertEqual((address["street"], address["zip"], address["city"], address["country"]),
                         ("Mannerheimintie 12 B 34", "00100", "Helsinki", "FINLAND"))

    def test_business_id_as_vat_number(self):
        invoice = self.invoiced(customer__business_id="FI12345671")
        self.assertEqual(invoice["counterParty"]["identifier"], "1234567-1")

    def test_unselected_row_is_left_out(self):
        invoice = self.invoiced(pricing_table__rows__1__selected=False)
        self.assertEqual(len(invoice["invoiceRows"]), 1)

    def test_missing_business_id_is_a_customer_all_the_same(self):
        invoice = self.invoiced(customer__business_id=KeyError)
        self.assertEqual(invoice["counterParty"]["counterPartyAddress"]["name"], "Testiasiakas Oy")


if __name__ == "__main__":
    main()
