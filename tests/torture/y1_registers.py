"""The two registers of Y1: as they were kept by hand before they were synced, and as they are."""
from y1_customers import COUNTRIES, FIELDS, MUST, Customer, respelled


def found(w):
    """Both registers as they are, by id."""
    return ({str(record["id"]): record for record in w.state("acme-crm")["organizations"]},
            {record["id"]: record for record in w.state("acme")["customers"]})


def begin(w, book):
    """Two registers that were kept by hand: mostly the same, with fields that each side alone has."""
    organizations, customers = [], []
    for i in range(book.first):
        c = Customer({name: book.value(name) for name in FIELDS}, str(w.kind.id(i + 100)), 60000 + i)
        book.customers.append(c)
        if w.kind.has_version:  # the others have one address and one mail
            c.place = "billing_address" if book.chance(0.2) else "address"
            c.mail = "invoice_email" if book.chance(0.2) else "email"
        for name in FIELDS:
            kind = book.random.random()
            if kind < 0.1:
                c.books[name] = respelled(name, c.crm[name]) if c.crm[name] else ""
            elif kind < 0.17 and name not in MUST:
                side = c.books if c.mail != "email" or book.chance(0.5) else c.crm
                side[name] = ""
            elif kind < 0.22 and name != "business_id":
                c.books[name] = book.value(name, c)
        organizations.append(organization_of(book, c, i, w.kind))
        customers.append(customer_of(book, c, i))
    w.seed("acme-crm", {"organizations": organizations})
    w.seed("acme", {"customers": customers})
    here, there = found(w)
    for c in book.customers:
        c.learn(here[c.org], there[c.cust])
        c.begin_round()


def organization_of(book, c, i, kind):
    value, other = c.crm, book.value("address")
    more = {"co": f"c/o {i}"} if kind.has_version else {}
    places = {place: dict(zip(("street", "postal_code", "city", "country"), v), **more)
              for place, v in (("address", other), (c.place, value["address"]))}
    number = value["business_id"]
    return {"id": kind.id(i + 100), "name": value["name"], "phone": value["phone"] or None,
            "business_id": "FI" + number.replace("-", "") if book.chance(0.1) else number,
            "note": f"vain täällä {i}", "email": f"info{i}@asiakas.example" if c.mail != "email" else None,
            "einvoice": value["einvoice"] and dict(zip(("address", "operator"), value["einvoice"])) or None,
            **places, **({c.mail: value["email"]} if value["email"] else {})}


def customer_of(book, c, i):
    value = c.books
    def place(v, name):
        return {"name": name, "specifier": f"c/o {i}", "street": v[0], "zip": v[1], "city": v[2],
                "country": {code: country for country, code in COUNTRIES.items()}[v[3]]}
    places = {"address": place(value["address"], value["name"])}
    if book.chance(0.8):
        places["billingAddress"] = dict(places["address"])
        if book.chance(0.2):
            places["address"] = place(book.value("address"), value["name"])
        if book.chance(0.2):
            places["billingAddress"]["name"] = f"Ostolaskut {i}"
    einvoice = value["einvoice"] or (None, None)
    return {"id": c.cust, "name": value["name"], "type": "CUSTOMER", **places,
            "additionalInfo": {"comments1": f"vain täällä {i}"},
            "contactPersons": [{"name": f"Aino {i}", "email": "aino@asiakas.example"}],
            "invoicingInfo": {"identifier": value["business_id"], "identifierType": "FI",
                              "email": value["email"] or None, "einvoiceAddress": einvoice[0],
                              "einvoiceOperator": einvoice[1] or None, "customerNumber": str(1000 + i)},
            "paymentInfo": {"paymentMethod": "BANK_TRANSFER", "paymentTermDays": "21"},
            "registryInfo": {"active": True, "phone": value["phone"] or None}}
