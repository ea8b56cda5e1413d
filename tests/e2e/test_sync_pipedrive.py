"""Customers in Pipedrive and in Procountor."""
from harness import Case, main
from two_sides import TwoSides


class Pipedrive(TwoSides, Case):
    kind = "pipedrive"
    fields = {"business_id": "b1d0000000000000000000000000000000000001",
              "phone": "b1d0000000000000000000000000000000000004",
              "invoice_email": "b1d0000000000000000000000000000000000005"}


if __name__ == "__main__":
    main()
