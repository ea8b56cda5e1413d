"""The CRMs of Y1: how each is connected, told of, and which fields a write of it has."""
FIELDS = {"business_id": "b1d0000000000000000000000000000000000001",
          "einvoice_address": "b1d0000000000000000000000000000000000002",
          "einvoice_operator": "b1d0000000000000000000000000000000000003",
          "phone": "b1d0000000000000000000000000000000000004",
          "invoice_email": "b1d0000000000000000000000000000000000005"}
PROPERTIES = {"business_id": "y_tunnus", "invoice_email": "laskutussahkoposti",
              "einvoice_address": "verkkolaskuosoite", "einvoice_operator": "valittaja"}
NAMES = {"invoice_email": "email", "einvoice_address": "einvoice", "einvoice_operator": "einvoice"}


def connected(kind, fields):
    named = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in fields.items())
    return (f'connect "{kind}" {{{{ as = "crm", prefix = "CRM", url = env "{{variable}}_CRM_URL", rate = 1000,\n'
            f'  token = secret "crm-token", secret = false, organization_fields = {{{{ {named} }}}} }}}}\n')


class Plain:
    name, secret, has_version = "crm", "crm-s3cret", True
    connection = ('connect "crm" {{ url = env "{variable}_CRM_URL", token = secret "crm-token", '
                  'secret = secret "crm", rate = 1000 }}\n')

    @staticmethod
    def id(i):
        return f"O-{i}"

    @staticmethod
    def event(n, id):
        return {"id": f"evt-again-{n}", "type": "organization.updated", "data": {"organization": {"id": id}}}

    @staticmethod
    def written(body, customer):
        keys = {customer.place: "address", customer.mail: "email"}
        return {keys.get(key, key) for key in body} - {"source", "version"}


class Pipedrive:
    name, secret, has_version = "pipedrive", None, False
    connection = connected("pipedrive", FIELDS)
    keys = {theirs: NAMES.get(ours, ours) for ours, theirs in FIELDS.items()}

    @staticmethod
    def id(i):
        return i

    @staticmethod
    def event(n, id):
        return {"data": {"id": int(id)}, "meta": {
            "action": "change", "entity": "organization", "entity_id": str(id), "version": "2.0", "attempt": 1,
            "id": f"5a5a0000-0000-4000-8000-{n:012d}"}}

    @classmethod
    def written(cls, body, customer):
        return {key for key in body if key != "custom_fields"} | {
            cls.keys[key] for key in body.get("custom_fields", ())}


class HubSpot:
    name, secret, has_version = "hubspot", None, False
    connection = connected("hubspot", PROPERTIES)
    keys = {theirs: NAMES.get(ours, ours) for ours, theirs in PROPERTIES.items()}

    id = Pipedrive.id

    @staticmethod
    def event(n, id):
        return [{"eventId": n + 1, "subscriptionType": "company.propertyChange", "propertyName": "phone",
                 "objectId": int(id), "attemptNumber": 0}]

    @classmethod
    def written(cls, body, customer):
        place = ("address", "zip", "city", "country")
        return {"address" if key in place else cls.keys.get(key, key) for key in body["properties"]}


KINDS = (Plain, Pipedrive, HubSpot)
