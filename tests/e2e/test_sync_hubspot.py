"""Customers in HubSpot and in Procountor."""
from harness import Case, main
from two_sides import TwoSides


class HubSpot(TwoSides, Case):
    kind = "hubspot"
    fields = {"business_id": "y_tunnus", "invoice_email": "laskutussahkoposti"}


if __name__ == "__main__":
    main()
