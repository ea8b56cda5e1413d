"""What people do with customers that stand in a CRM and in Procountor, and what must come of it: each
field on its own, by the words of the promise, and not by what the program does."""

FIELDS = ("name", "business_id", "address", "email", "phone", "einvoice")
OWNER = {"email": "crm", "address": "books"}  # whose value counts; of the others a person is asked
MUST = ("name", "business_id", "address")     # what no side can be without
COUNTRIES = {"FINLAND": "FI", "SWEDEN": "SE"}
IN_WORDS = {"Finland": "FI", "Sweden": "SE"}  # as a CRM may write it
BOOKS_COUNTRY = {code: name for name, code in COUNTRIES.items()}


def business_id(n):
    digits = f"{n:07d}"
    rest = sum(int(d) * w for d, w in zip(digits, (7, 9, 10, 5, 8, 4, 2))) % 11
    return None if rest == 1 else f"{digits}-{(11 - rest) % 11}"


def printed(number):
    digits = (number or "").removeprefix("FI").replace("-", "")
    return f"{digits[:-1]}-{digits[-1]}" if digits else ""


def respelled(name, value):
    """The same for people, in other letters."""
    if name in ("name", "email"):
        return value.upper()
    if name == "phone":
        return "+358 " + value[1:]
    if name == "einvoice":
        return (f"{value[0][:4]} {value[0][4:]}", value[1])
    if name == "address":
        return (value[0].upper(), value[1], "HELSINGFORS", value[3])
    return value


def loose(name, value):
    """What is the same for people has the same."""
    if value == "":
        return ""
    if name == "name" or name == "email":
        return value.lower()
    if name == "phone":
        return value.replace(" ", "").replace("+358", "0")
    if name == "einvoice":
        return (value[0].replace(" ", ""), value[1])
    if name == "address":
        return (value[0].lower(), value[1], value[3])
    return value


def without(record, *names):
    """A record without some fields, and without what holds nothing."""
    left = {}
    for name, value in record.items():
        if isinstance(value, dict):
            value = without(value)
        if name not in names and value not in (None, "", {}, []):
            left[name] = value
    return left


def address_of(place, zip_name):
    place = without(place or {})
    if not any(place.get(name) for name in ("street", zip_name, "city")):
        return ""
    country = place.get("country") or "FI"
    return (place.get("street", ""), place.get(zip_name, ""), place.get("city", ""),
            COUNTRIES.get(country) or IN_WORDS.get(country, country))


class Customer:
    """One customer on both sides. crm and books hold what must stand there, base what both had when they
    were the same last."""

    def __init__(self, values, org=None, cust=None):
        self.org, self.cust = org, cust
        self.crm, self.books = dict(values), dict(values)
        self.base = {name: None for name in FIELDS}
        self.place, self.mail = "address", "email"  # the CRM's fields that are synced
        self.has_billing = True
        self.main = None      # the other address in Procountor; None: not known yet
        self.names = {}       # whose name each of Procountor's addresses bears; None: not known yet
        self.rest = None      # what each side alone has
        self.gone = self.resting = False
        self.begin_round()

    def begin_round(self):
        self.edits = {"crm": 0, "books": 0}  # how often each was edited by hand
        self.given = {"crm": set(), "books": set()}  # fields that this side had reason to give
        self.stood = {name: {self.books[name]} for name in FIELDS}  # what Procountor held in it
        self.early = set()

    # ---- what people do ----
    def edit(self, side, values):
        """The form of the sandbox's page; what stands there afterwards is known."""
        form, there = {}, self.crm if side == "crm" else self.books
        for name, value in values.items():
            if value != there[name]:
                self.given[side].add(name)
            if name in MUST and value == "":  # it comes back
                other = "books" if side == "crm" else "crm"
                self.given[other].add(name)
                self.edits[other] += 1
            there[name] = value
            if side == "books":
                self.stood[name].add(value)
                if name == "address" and not self.has_billing:
                    self.main = value
            form.update((self.crm_form if side == "crm" else self.books_form)(name, value))
        self.edits[side] += 1
        return form

    def crm_form(self, name, value):
        if name == "address":
            before = "billing_" if self.place == "billing_address" else ""
            return dict(zip((before + part for part in ("street", "postal_code", "city", "country")), value))
        if name == "einvoice":
            return dict(zip(("einvoice_address", "einvoice_operator"), value or ("", "")))
        return {self.mail if name == "email" else name: value}

    @staticmethod
    def books_form(name, value):
        if name == "address":
            return {"street": value[0], "zip": value[1], "city": value[2], "country": BOOKS_COUNTRY[value[3]]}
        if name == "einvoice":
            return dict(zip(("einvoiceAddress", "einvoiceOperator"), value or ("", "")))
        return {"identifier" if name == "business_id" else name: value}

    # ---- what must come of it ----
    def flow(self, name, to):
        """The value of one side goes to the other."""
        if to == "crm":
            self.crm[name] = self.books[name]
        else:
            value, before = self.crm[name], self.books[name]
            if name == "address" and (self.main == before or not self.has_billing):
                self.main = value
            if name == "address":
                self.has_billing = True
            if name == "name":
                for place, of in self.names.items():
                    if of == before:
                        self.names[place] = value
            self.books[name] = value
        self.given["books" if to == "crm" else "crm"].add(name)
        self.base[name] = (self.crm[name], self.books[name])

    def settle(self, name):
        """The three-way merge of one field; True: a person is to be asked."""
        a, b, base = self.crm[name], self.books[name], self.base[name]
        if base and (a, b) == base:
            return False
        new_a, new_b = base is None or a != base[0], base is None or b != base[1]
        nothing_is_a_change = base is not None and name not in MUST
        if not nothing_is_a_change and "" in (a, b):
            if a != b:
                self.flow(name, "crm" if a == "" else "books")
        elif not (new_a and new_b):
            self.flow(name, "books" if new_a else "crm")
        elif loose(name, a) == loose(name, b):
            self.base[name] = (a, b)
        elif name in OWNER:
            self.flow(name, "books" if OWNER[name] == "crm" else "crm")
        else:
            return True
        return False

    def settle_all(self, but=None):
        """Conflicts: { field: (crm, books, before) }."""
        if self.resting or self.gone:
            return {}
        return {name: (self.crm[name], self.books[name], (self.base[name] or ("",))[0])
                for name in FIELDS if name != but and self.settle(name)}

    def decided(self, name, side):
        self.flow(name, "books" if side == "crm" else "crm")

    # ---- what stands there ----
    def in_crm(self, record):
        einvoice = without(record.get("einvoice") or {})
        return {"name": record.get("name") or "", "business_id": printed(record.get("business_id")),
                "address": address_of(record.get(self.place), "postal_code"),
                "email": record.get(self.mail) or "", "phone": record.get("phone") or "",
                "einvoice": (einvoice.get("address", ""), einvoice.get("operator", "")) if einvoice else ""}

    @staticmethod
    def in_books(record):
        info = without(record.get("invoicingInfo") or {})
        einvoice = (info.get("einvoiceAddress", ""), info.get("einvoiceOperator", ""))
        place = record.get("billingAddress") or record.get("address")
        return {"name": record.get("name") or "", "business_id": printed(info.get("identifier")),
                "address": address_of(place, "zip"), "email": info.get("email") or "",
                "phone": (record.get("registryInfo") or {}).get("phone") or "",
                "einvoice": einvoice if any(einvoice) else ""}

    def rest_of(self, organization, customer):
        """What no sync has to do with."""
        left = None
        if organization:
            left = without(organization, "name", "business_id", "phone", "einvoice", self.mail, "version",
                           "updated_at", "updated_by")
            left[self.place] = without(left.get(self.place, {}), "street", "postal_code", "city", "country")
        here = without(customer, "name", "version")
        # A replaced record's contact persons are new ones to Procountor.
        here["contactPersons"] = [without(person, "id") for person in here.get("contactPersons", ())]
        for place in ("address", "billingAddress"):
            here[place] = without(here.get(place, {}), "name", "street", "zip", "city", "country")
        here["invoicingInfo"] = without(here.get("invoicingInfo", {}), "identifier", "email",
                                        "einvoiceAddress", "einvoiceOperator")
        here["registryInfo"] = without(here.get("registryInfo", {}), "phone", "active")
        return {"crm": left, "books": here}

    def learn(self, organization, customer):
        """What is not known of one that was made meanwhile is what was found."""
        if self.rest is None:
            self.rest = self.rest_of(organization, customer)
        if self.main is None:
            self.main = address_of(customer.get("address"), "zip")
            self.has_billing = bool(without(customer.get("billingAddress") or {}))
        for place in ("address", "billingAddress"):
            if self.names.get(place) is None:
                self.names[place] = (customer.get(place) or {}).get("name")

    def wrong(self, organization, customer):
        """What is not as it must be, in words; organization is None if it must not be there."""
        self.learn(organization, customer)
        sides = [("crm", self.crm, self.in_crm(organization))] if organization else []
        for side, wanted, found in sides + [("procountor", self.books, self.in_books(customer))]:
            for name in FIELDS:
                if found[name] != wanted[name]:
                    yield f"{name} in {side} is {found[name]!r}, and it must be {wanted[name]!r}"
        main = address_of(customer.get("address"), "zip")
        if main != self.main:
            yield f"the other address in procountor is {main!r}, and it must be {self.main!r}"
        for place, name in self.names.items():
            if (customer.get(place) or {}).get("name") != name:
                yield f"{place} bears {(customer.get(place) or {}).get('name')!r}, and it must be {name!r}"
        if customer["registryInfo"].get("active") == self.resting:
            yield f"active is {not self.resting}"
        found = self.rest_of(organization, customer)
        for side in ("crm", "books"):
            if found[side] is not None and found[side] != self.rest[side]:
                yield f"what only {side} has is {found[side]}, and it must be {self.rest[side]}"

    def wrong_write(self, method, body, kind):
        """A write that gives what there was no reason to give."""
        if method == "PATCH":
            for name in kind.written(body, self) - self.given["books"]:
                yield f"PATCH of {name}, which nobody changed in procountor: {body!r}"
        else:
            for name, value in self.in_books(body).items():
                if name not in self.given["crm"] and value not in self.stood[name]:
                    yield f"PUT of {name} {value!r}, which nobody changed in the crm"
