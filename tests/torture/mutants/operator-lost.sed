# lua/sync/fields.lua
# the operator of an e-invoice address is lost
s/invoicing.einvoiceOperator = value and value.operator/invoicing.einvoiceOperator = nil/
