"""The Procountor sandbox over real HTTP: what a client meets there is what its API is known to do."""
import copy
import json
from urllib.parse import urlencode, urlsplit

from harness import Case, main, request

PARTNER = {
    "name": "Testiasiakas Oy", "type": "CUSTOMER",
    "address": {"name": "Testiasiakas Oy", "street": "Mannerheimintie 12 B 34", "zip": "00100",
                "city": "Helsinki", "country": "FINLAND"},
    "invoicingInfo": {"identifier": "1234567-1", "identifierType": "FI", "invoiceChannel": "EMAIL",
                      "email": "laskut@testiasiakas.example", "language": "FINNISH"},
    "paymentInfo": {"paymentMethod": "BANK_TRANSFER", "paymentTermDays": "14", "currency": "EUR"},
}
PRODUCT = {"type": "SALES", "name": "Konsultointi", "code": "KONS", "unit": "HOUR", "discount": 0,
           "price": 149.00, "vat": 25.5, "active": True, "vatStatus": 1, "currency": "EUR"}
INVOICE = {
    "type": "SALES_INVOICE", "date": "2026-11-20", "status": "SENT",
    "counterParty": {
        "identifier": "1234567-1", "email": "laskut@testiasiakas.example",
        "counterPartyAddress": {"name": "Testiasiakas Oy", "street": "Mannerheimintie 12 B 34",
                                "zip": "00100", "city": "Helsinki", "country": "FINLAND"}},
    "deliveryAddress": {},
    "paymentInfo": {"paymentMethod": "BANK_TRANSFER", "currency": "EUR", "dueDate": "2026-12-04",
                    "bankAccount": {"accountNumber": "FI2112345600000785"}, "currencyRate": 1,
                    "bankReferenceCode": "", "bankReferenceCodeType": "FI"},
    "extraInfo": {"accountingByRow": True, "unitPricesIncludeVat": False},
    "discountPercent": 0, "vatStatus": 1, "originalInvoiceNumber": "C2C-10042",
    "invoiceChannel": "EMAIL", "language": "FINNISH",
    "invoiceRows": [
        {"product": "Konsultointi", "quantity": 12, "unit": "HOUR", "unitPrice": 149.00,
         "discountPercent": 0, "vatPercent": 25.5},
        {"product": "Lisenssi & <b>", "quantity": 3, "unit": "PIECE", "unitPrice": 33.335,
         "discountPercent": 10, "vatPercent": 25.5, "comment": "12 kk"}],
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b", "api_key": "c"}


class Procountor(Case):
    def open(self, **settings):
        self.world.start_sandbox("procountor", options={"settings": settings})
        self.url = urlsplit(self.world.urls["procountor"])
        self.token = None
        self.token = self.ask("POST", "/oauth/token", urlencode(GRANT), FORM)["access_token"]

    def ask(self, method, path, body=None, headers=None, status=200):
        """The answer as JSON (or text), after a look at its status."""
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        got, _, raw = request(self.url.netloc, method, self.url.path + path, body or b"", headers)
        self.assertEqual(got, status, raw)
        self.raw = raw.decode()
        return json.loads(raw) if raw.startswith((b"{", b"[")) else self.raw

    def refused(self, path, body, field, message, method="POST", status=400):
        errors = self.ask(method, path, body, status=status)["errors"]
        self.assertIn((field, message), [(e.get("field"), e["message"]) for e in errors])

    def invoice(self, change=None, **members):
        body = dict(copy.deepcopy(INVOICE), **members)
        if change:
            change(body)
        return body

    # ---- the grant ----
    def test_grant_and_versions(self):
        self.open()
        self.assertEqual(self.ask("POST", "/oauth/token/", urlencode(GRANT), FORM)["expires_in"], 3600)
        self.ask("POST", "/oauth/token", urlencode(dict(GRANT, api_key="")), FORM, status=401)
        self.ask("POST", "/oauth/token?api_key=c", urlencode(GRANT), FORM, status=400)
        self.ask("GET", "/sessioninfo", headers={"Authorization": "Bearer x"}, status=401)
        self.assertIn("companyId", self.ask("GET", "/sessioninfo"))
        base = self.url.path[:-len("/api")]
        for version, status in (("latest", 200), ("supported", 200), ("v2402", 200),
                                ("v2401", 404), ("next", 404)):
            got = request(self.url.netloc, "GET", f"{base}/{version}/api/company",
                          headers={"Authorization": f"Bearer {self.token}"})[0]
            self.assertEqual(got, status, version)
        request(self.url.netloc, "POST", base + "/logout",
                headers={"Authorization": f"Bearer {self.token}"})
        self.ask("GET", "/company", status=401)

    def test_token_ends(self):
        self.open(expires_in=0)
        self.ask("GET", "/company", status=401)

    def test_rate_limit_rights_and_switches(self):
        self.open(rate_limit=2, rights={"customerRegister": "VIEWING_RIGHTS"})
        codes = [request(self.url.netloc, "GET", self.url.path + "/status") for _ in range(6)]
        limited = [c for c in codes if c[0] == 429]
        self.assertTrue(limited)
        self.assertEqual(limited[0][1]["retry-after"], "1")

    def test_rights(self):
        self.open(rights={"customerRegister": "VIEWING_RIGHTS",
                          "salesOrGroupInvoices": "NO_ACCESS"})
        self.ask("GET", "/businesspartners")
        self.ask("POST", "/businesspartners", PARTNER, status=403)
        self.ask("POST", "/invoices", INVOICE, status=403)

    def test_rights_and_fiscal_years_are_told(self):
        self.open(rights={"productRegister": "NO_ACCESS"}, closed_until="2026-06-15")
        sales = self.ask("GET", "/users/rights")["rights"]["sales"]
        self.assertEqual(sales["productRegister"], "NO_ACCESS")
        self.assertEqual(sales["salesOrGroupInvoices"], "ALL_RIGHTS")
        years = {y["startDate"]: y for y in self.ask("GET", "/fiscalyears")["fiscalYears"]}
        periods = {p["startDate"]: p for y in years.values() for p in y["trackingPeriods"]}
        for year in years.values():
            days = [p["startDate"] for p in year["trackingPeriods"]]
            self.assertEqual(days[0], year["startDate"])
            self.assertEqual(year["isOpen"], year["endDate"] > "2026-06-15")
        for period in periods.values():
            closed = period["endDate"] <= "2026-06-15"
            self.assertEqual(period["status"], "CLOSED" if closed else "OPEN")

    def test_changes_are_asked_for_by_a_moment(self):
        self.open()
        self.ask("POST", "/businesspartners", PARTNER)
        for path in ("/businesspartners", "/products", "/invoices"):
            self.ask("GET", path + "?versionStartDate=2026-01-02", status=400)
        found = self.ask("GET", "/businesspartners?versionStartDate=2026-01-02T00:00:00")
        self.assertEqual(len(found["results"]), 1)

    # ---- partners ----
    def test_partner_search_goes_by_headers(self):
        self.open()
        saved = self.ask("POST", "/businesspartners", PARTNER)
        one = [p["id"] for p in self.ask("GET", "/businesspartners",
                                         headers={"identifier": "1234567-1"})["results"]]
        self.assertEqual(one, [saved["id"]])
        none = self.ask("GET", "/businesspartners?type=CUSTOMER", headers={"identifier": "12345671"})
        self.assertEqual(none["results"], [])
        # A query parameter of that name means nothing to the service.
        self.assertEqual(len(self.ask("GET", "/businesspartners?identifier=x")["results"]), 1)
        self.assertEqual(len(self.ask("GET", "/businesspartners",
                                      headers={"name": "TESTI%41"})["results"]), 1)

    def test_inactive_partners_hide(self):
        self.open()
        self.ask("POST", "/businesspartners", dict(PARTNER, registryInfo={"active": False}))
        self.assertEqual(self.ask("GET", "/businesspartners")["results"], [])
        self.assertEqual(len(self.ask("GET", "/businesspartners?active=false")["results"]), 1)

    def test_partner_validation(self):
        self.open()
        path = "/businesspartners"
        self.refused(path, dict(PARTNER, name="Ŕ"), "name", "INVALID_CHARACTER")
        self.refused(path, dict(PARTNER, name="x" * 81), "name", "INVALID_LENGTH")
        self.refused(path, dict(PARTNER, paymentInfo=None), "paymentInfo", "NOT_NULL")
        self.refused(path, dict(PARTNER, address=None), "address", "NOT_NULL")
        self.refused(path, dict(PARTNER, address=dict(PARTNER["address"], country="")),
                     "address.country", "Value of the 'address.country' cannot be blank.")

    def test_patch_wants_the_latest_version(self):
        self.open()
        saved = self.ask("POST", "/businesspartners", PARTNER)
        path = f"/businesspartners/{saved['id']}"
        self.refused(path, {"name": "Uusi Oy"}, "version", "NOT_NULL", method="PATCH")
        self.ask("PATCH", path + "?version=2020-01-01T00:00:00", {"name": "Uusi Oy"}, status=400)
        changed = self.ask("PATCH", path, {"name": "Uusi Oy", "version": saved["version"],
                                           "invoicingInfo": {"email": "a@b.example"}})
        self.assertEqual((changed["name"], changed["invoicingInfo"]["identifier"]),
                         ("Uusi Oy", "1234567-1"))

    def test_paging_and_many_ids(self):
        self.open()
        ids = [self.ask("POST", "/businesspartners", PARTNER)["id"] for _ in range(5)]
        first = self.ask("GET", "/businesspartners?size=2")
        self.assertEqual([p["id"] for p in first["results"]], ids[:2:-1])
        self.assertEqual(first["meta"]["resultCount"], 2)
        after = self.ask("GET", f"/businesspartners?size=2&previousId={ids[3]}")
        self.assertEqual([p["id"] for p in after["results"]], [ids[2], ids[1]])
        page = self.ask("GET", "/businesspartners?size=2&page=2")
        self.assertEqual([p["id"] for p in page["results"]], [ids[0]])
        self.ask("GET", "/businesspartners?size=201", status=400)
        many = self.ask("GET", f"/businesspartners/{ids[1]},{ids[0]},1")
        self.assertEqual([p["id"] for p in many], ids[:2])
        self.ask("GET", "/businesspartners/1", status=404)

    def test_strict_refuses_twins_and_unknown_fields(self):
        self.open(strict=True)
        self.ask("POST", "/businesspartners", PARTNER)
        self.ask("POST", "/businesspartners", PARTNER, status=400)
        self.refused("/products", dict(PRODUCT, colour="red"), "colour", "UNKNOWN_FIELD")

    # ---- products ----
    def test_products_are_found_by_parts(self):
        self.open()
        saved = self.ask("POST", "/products", PRODUCT)
        self.assertIn('"price":149.000000', self.raw)
        for query in ("code=kon", "name=sult", "type=SALES&active=true"):
            self.assertEqual(len(self.ask("GET", "/products?" + query)["results"]), 1, query)
        self.refused("/products", dict(PRODUCT, unit="hour"), "unit", "INVALID_VALUE")
        self.refused("/products", dict(PRODUCT, vat=24), "vat", "INVALID_VAT_PERCENT")
        self.assertEqual(self.ask("DELETE", f"/products/{saved['id']}", status=204), "")
        self.ask("GET", f"/products/{saved['id']}", status=404)

    def test_numbers_as_texts_are_read_unless_types_are_strict(self):
        self.open()
        saved = self.ask("POST", "/products", dict(PRODUCT, price="33.335", vatStatus="1"))
        self.assertEqual(saved["price"], 33.335)
        self.setUp()
        self.open(strict_types=True)
        self.refused("/products", dict(PRODUCT, price="33.335"), "price", "INVALID_TYPE")

    # ---- invoices ----
    def test_invoice_is_saved_unfinished_with_sums(self):
        self.open()
        partner = self.ask("POST", "/businesspartners", PARTNER)
        saved = self.ask("POST", "/invoices", self.invoice(partnerId=partner["id"]))
        self.assertEqual((saved["status"], saved["invoiceNumber"]), ("UNFINISHED", 1))
        self.assertIn('"invoiceSumTotal":2356.89', self.raw)
        self.assertIn('"vatSumTotal":478.89', self.raw)
        self.assertEqual(saved["paymentInfo"]["bankReferenceCode"], "100010")
        self.assertNotIn("deliveryAddress", saved)
        self.assertEqual(saved["billingAddress"]["city"], "Helsinki")
        for query, count in (("originalInvoiceNumber=C2C-10042&types=SALES_INVOICE", 1),
                             ("originalInvoiceNumber=C2C", 0), ("status=SENT,PAID", 0),
                             ("status=SENT&status=UNFINISHED", 1),
                             ("startDate=2026-11-20&endDate=2026-11-20", 1),
                             (f"businessPartnerId={partner['id']}", 1)):
            found = self.ask("GET", "/invoices?" + query)["results"]
            self.assertEqual(len(found), count, query)

    def test_invoice_rounding(self):
        rows = [{"product": "x", "quantity": 1, "unit": "PIECE", "unitPrice": 0.33,
                 "discountPercent": 0, "vatPercent": 25.5}] * 3
        for rounding, vat in (("per_rate", "0.25"), ("per_row", "0.24")):
            self.setUp()
            self.open(vat_rounding=rounding)
            self.ask("POST", "/invoices", self.invoice(invoiceRows=rows))
            self.assertIn(f'"vatSumTotal":{vat}', self.raw)

    def test_invoice_validation(self):
        self.open()
        def refuse(field, message, **members):
            body = copy.deepcopy(INVOICE)
            for path, value in members.items():
                at, parts = body, path.split("__")
                for part in parts[:-1]:
                    at = at[int(part)] if part.isdigit() else at[part]
                at[parts[-1]] = value
            self.refused("/invoices", body, field, message)
        refuse("paymentInfo.dueDate", "DUE_DATE_BEFORE_BILL_DATE",
               paymentInfo__dueDate="2026-11-19")
        refuse("partnerId", "PARTNER_NOT_FOUND", partnerId=5)
        refuse("invoiceRows[1].vatPercent", "INVALID_VAT_PERCENT", invoiceRows__1__vatPercent=24)
        refuse("invoiceRows[0].productId", "PRODUCT_NOT_FOUND", invoiceRows__0__productId=5)
        refuse("paymentInfo.bankReferenceCode", "INVALID_REFERENCE_CODE",
               paymentInfo__bankReferenceCode="1234562")
        refuse("paymentInfo.bankAccount.accountNumber", "INVALID_BANK_ACCOUNT",
               paymentInfo__bankAccount__accountNumber="FI2112345600000786")
        refuse("counterParty.email", "INVALID_EMAIL", counterParty__email=None)
        refuse("counterParty.einvoiceAddress.address", "NOT_NULL",
               invoiceChannel="ELECTRONIC_INVOICE")
        refuse("invoiceChannel", "INVALID_VALUE", invoiceChannel="PAPER_INVOICE")
        refuse("invoiceRows", "NOT_EMPTY", invoiceRows=[])
        refuse("orderReference", "INVALID_LENGTH", orderReference="x" * 71)
        refuse("invoiceRows[0].product", "INVALID_CHARACTER", invoiceRows__0__product="Ж")
        for code in ("1234561", "RF341234561"):
            self.ask("POST", "/invoices", self.invoice(
                lambda i: i["paymentInfo"].update(bankReferenceCode=code,
                                                  bankReferenceCodeType=None)))

    def test_closed_period(self):
        self.open(closed_until="2026-12-31")
        self.refused("/invoices", INVOICE, "date", "CLOSED_FISCAL_PERIOD")

    def test_change_wants_version_and_unfinished(self):
        self.open()
        saved = self.ask("POST", "/invoices", INVOICE)
        path = f"/invoices/{saved['id']}"
        self.refused(path, INVOICE, "version", "NOT_NULL", method="PUT")
        self.refused(path, dict(INVOICE, version="2020-01-01T00:00:00"), "version",
                     "INVOICE_VERSION_OUTDATED", method="PUT")
        self.ask("PUT", path, dict(INVOICE, version=saved["version"]))
        self.ask("PUT", path + "/send", status=403)
        self.ask("PUT", path + "/approve", {"comment": "ok"})
        self.ask("PUT", path, dict(INVOICE, version=saved["version"]), status=403)
        self.ask("PUT", path + "/send")
        self.ask("PUT", path + "/invalidate", status=403)

    def test_payments(self):
        self.open()
        path = f"/invoices/{self.ask('POST', '/invoices', INVOICE)['id']}"
        payment = {"paymentDate": "2026-11-20", "amount": 1000.00, "currency": "EUR"}
        self.ask("PUT", path + "/paymentevents/markpaid", payment, status=403)
        self.ask("PUT", path + "/approve")
        self.ask("PUT", path + "/send")
        paid = self.ask("PUT", path + "/paymentevents/markpaid", payment)
        self.assertEqual(paid["status"], "PARTLY_PAID")
        paid = self.ask("PUT", path + "/paymentevents/markpaid", dict(payment, amount=1356.89))
        self.assertEqual(paid["status"], "MARKED_PAID")
        number = path.split("/")[-1]
        events = self.ask("GET", f"/payments/paymentevents?invoiceId={number},1")["results"]
        self.assertEqual(len(events), 2)

    # ---- the page ----
    def test_page_is_escaped_and_shows_what_was_saved(self):
        self.open()
        self.ask("POST", "/invoices", INVOICE)
        status, headers, raw = request(self.url.netloc, "GET", "/procountor/")
        page = raw.decode()
        self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("Lisenssi &amp; &lt;b&gt;", page)
        self.assertIn("2\u00a0356.89", page)
        self.assertNotIn("<script", page)
        self.assertNotIn(self.token, page)
        self.assertNotIn("client_secret", page)


if __name__ == "__main__":
    main()
