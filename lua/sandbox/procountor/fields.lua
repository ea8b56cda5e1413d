-- What the resources look like: fields, lengths, lists of values, what is required.

local decimal = require "decimal"
local enums = require "sandbox.procountor.enums"

local fields = {}

-- Limits as the API description gives them. The name of an address is required where a partner or
-- a counter party is described and may be missing on invoices' billing and delivery addresses.
local function address(name_required)
  return {
    { "name", "text", max = 80, required = name_required },
    { "specifier", "text", max = 80 },
    { "street", "text", max = 80 },
    { "zip", "text", max = 20 },
    { "city", "text", max = 40 },
    { "country", "enum", of = enums.country },
    { "subdivision", "text", max = 35 },
  }
end

local function texts(list)
  local result = {}
  for i, item in ipairs(list) do result[i] = { item[1], "text", max = item[2], email = item[3] } end
  return result
end

local function joined(...)
  local result = {}
  for _, list in ipairs { ... } do table.move(list, 1, #list, #result + 1, result) end
  return result
end

local BCC = { "bccAddresses", "list", item = { "address", "text", max = 256, email = true },
  max_items = 4 }

local CASH_DISCOUNT = { "cashDiscount", "object", of = {
  { "optionList", "list", cut = 3, of = {
    { "numberOfDays", "integer", low = 0, high = 999 },
    { "discountPercentage", "number", scale = 2, low = 0, high = decimal "99.99" },
  } },
  { "cashDiscountsTermType", "enum", of = enums.cash_discount_terms },
} }

local INVOICING_INFO = joined(texts {
  { "customerNumber", 40 }, { "identifier", 20 }, { "ovt", 20 }, { "contactPerson", 80 },
}, {
  { "identifierType", "enum", of = enums.identifier_type },
  { "invoiceChannel", "enum", of = enums.partner_channel },
  { "language", "enum", of = enums.language },
  { "email", "text", max = 256, email = true },
  BCC,
  { "denyEinvoiceReminders", "boolean" },
}, texts {
  { "orderReference", 70 }, { "sellerReferenceIdentifier", 70 },
  { "buyerReferenceIdentifier", 70 }, { "orderNumber", 70 }, { "agreementNumber", 70 },
  { "accountingCode", 70 }, { "deliverySite", 70 }, { "tenderReference", 70 },
  { "einvoiceAddress", 80 }, { "einvoiceOperator", 80 },
})

local ADDITIONAL_INFO = joined(texts {
  { "defaultAdditionalInformation", 500 }, { "defaultReference", 40 }, { "group", 80 },
  { "parentCompanyId", 20 }, { "auxiliaryCompanyName", 80 }, { "formerCompanyName", 80 },
  { "sector", 80 }, { "webAddress", 100 }, { "comments1", 100 }, { "comments2", 100 },
  { "invoicePeriod", 40 }, { "withholdingRegisterMarking", 20 },
}, {
  { "parentCompanyIdType", "enum", of = enums.identifier_type },
  { "invoiceLedger", "enum", of = enums.ledger },
})

local PARTNER_PAYMENT = joined({
  { "paymentMethod", "enum", of = enums.partner_payment, required = true },
  { "currency", "enum", of = enums.currency },
  { "paymentTermPercentage", "number", scale = 2, low = 0 },
  { "penalInterestRate", "number", scale = 2, low = 0 },
  { "discountPercentage", "number", scale = 4, low = 0, high = 100 },
  { "factoringContractId", "integer" },
  CASH_DISCOUNT,
}, texts {
  { "bankAccount", 40 }, { "bic", 20 }, { "clearingCode", 50 }, { "paymentTermDays", 3 },
  { "deliveryMethod", 40 }, { "customerAccountNumber", 40 },
})

local REGISTRY_INFO = joined({
  { "active", "boolean" },
  { "reportGroupId", "integer" },
  { "partnerGroups", "list", of = { { "id", "integer" }, { "name", "text", max = 80 } } },
}, texts {
  { "phone", 40 }, { "mobilePhone", 40 }, { "fax", 40 }, { "section", 80 },
  { "homeMunicipality", 40 }, { "reportGroup", 80 },
})

fields.partner = {
  { "id", "integer", readonly = true },
  { "name", "text", max = 80, required = true, blank = false },
  { "type", "enum", of = enums.partner_type, required = true },
  { "address", "object", of = address(true) },
  { "billingAddress", "object", of = address(true) },
  { "deliveryAddress", "object", of = address(false) },
  { "invoicingInfo", "object", of = INVOICING_INFO },
  { "contactPersons", "list", of = joined({ { "id", "integer", readonly = true } },
    texts { { "name", 80 }, { "email", 80, true }, { "phone", 40 } }) },
  { "additionalInfo", "object", of = ADDITIONAL_INFO },
  { "paymentInfo", "object", of = PARTNER_PAYMENT, required = true },
  { "registryInfo", "object", of = REGISTRY_INFO },
  { "attachments", "any", readonly = true },
  { "version", "time", readonly = true },
}

-- What PATCH may change; billing and delivery addresses are not among it.
fields.partner_patch = {
  { "name", "text", max = 80, blank = false },
  { "type", "enum", of = enums.partner_type },
  { "address", "object", of = address(false) },
  { "invoicingInfo", "object", of = INVOICING_INFO },
  { "paymentInfo", "object", of = PARTNER_PAYMENT },
  { "version", "time" },
}

fields.product = {
  { "id", "integer", readonly = true },
  { "type", "enum", of = enums.product_type, required = true },
  { "name", "text", max = 100, required = true, blank = false },
  { "code", "text", max = 40 },
  { "unit", "enum", of = enums.unit },
  { "discount", "number", scale = 4, low = 0, high = 100, required = true },
  { "price", "number", scale = 6, required = true },
  { "vat", "number", scale = 6 },
  { "active", "boolean", required = true },
  { "defaultAccount", "text", max = 20 },
  { "vatStatus", "integer" },
  { "currency", "enum", of = enums.currency, required = true },
  { "productLocalizations", "list", of = {
    { "language", "enum", of = enums.language, required = true },
    { "productName", "text", max = 100, required = true },
  } },
  { "productGroupId", "integer" },
  { "startDate", "date" },
  { "endDate", "date" },
  { "bookkeepingAccount", "text", max = 20 },
  { "version", "time" },
}

fields.product_group = {
  { "id", "integer", readonly = true },
  { "name", "text", max = 80, required = true, blank = false },
  { "type", "enum", of = enums.product_type, required = true },
}

fields.partner_group = {
  { "id", "integer", readonly = true },
  { "name", "text", max = 80, required = true, blank = false },
}

local COUNTER_PARTY = {
  { "contactPersonName", "text", max = 70 },
  { "identifier", "text", max = 40 },
  { "taxCode", "text", max = 40 },
  { "customerNumber", "text", max = 40 },
  { "email", "text", max = 256, email = true },
  BCC,
  { "counterPartyAddress", "object", of = address(true), required = true },
  { "bankAccount", "object", of = texts { { "accountNumber", 40 }, { "bic", 20 } } },
  { "einvoiceAddress", "object", of = texts {
    { "operator", 80 }, { "address", 80 }, { "ediId", 40 } } },
}

local INVOICE_PAYMENT = {
  { "paymentMethod", "enum", of = enums.invoice_payment, required = true },
  { "currency", "enum", of = enums.currency, required = true },
  { "bankAccount", "object", of = texts { { "accountNumber", 40 }, { "bic", 20 } } },
  { "dueDate", "date", required = true },
  { "newDueDate", "date", readonly = true },
  { "currencyRate", "number", scale = 8, required = true },
  { "paymentTermPercentage", "number", scale = 2, low = 0 },
  CASH_DISCOUNT,
  { "bankReferenceCode", "text", max = 40 },
  { "bankReferenceCodeType", "enum", of = enums.reference_type },
  { "clearingCode", "text", max = 50 },
}

local INVOICE_ROW = {
  { "id", "integer", readonly = true },
  { "productId", "integer" },
  { "product", "text", max = 100, required = true, blank = false },
  { "productCode", "text", max = 40 },
  { "quantity", "number", scale = 6, required = true },
  { "unit", "enum", of = enums.unit, required = true },
  { "unitPrice", "number", scale = 4, required = true },
  { "discountPercent", "number", scale = 4, low = 0, high = 100, required = true },
  { "vatPercent", "number", scale = 2, low = 0, high = 100, required = true,
    code = "INVALID_VAT_PERCENT" },
  { "vatStatus", "integer" },
  { "comment", "text", max = 512 },
  { "startDate", "date" },
  { "endDate", "date" },
  { "headerText", "text", max = 512 },
  { "explanationText", "text", max = 512 },
}

fields.invoice = joined({
  { "id", "integer", readonly = true },
  { "partnerId", "integer" },
  { "type", "enum", of = enums.invoice_type, required = true },
  { "status", "any", readonly = true },
  { "date", "date", required = true },
  { "paymentDate", "date", readonly = true },
  { "counterParty", "object", of = COUNTER_PARTY, required = true },
  { "billingAddress", "object", of = address(false) },
  { "deliveryAddress", "object", of = address(false) },
  { "paymentInfo", "object", of = INVOICE_PAYMENT, required = true },
  { "deliveryTermsInfo", "object", of = texts { { "name", 80 }, { "municipality", 80 } } },
  { "extraInfo", "object", required = true, of = {
    { "accountingByRow", "boolean", required = true },
    { "unitPricesIncludeVat", "boolean", required = true },
  } },
  { "discountPercent", "number", scale = 4, low = 0, high = 100, required = true },
  { "invoiceRows", "list", of = INVOICE_ROW, required = true, min = 1 },
  { "invoiceNumber", "any", readonly = true },
  { "vatStatus", "integer", required = true },
  { "deliveryStartDate", "date" },
  { "deliveryEndDate", "date" },
  { "deliveryMethod", "enum", of = enums.delivery_method },
  { "invoiceChannel", "enum", of = enums.invoice_channel, required = true },
  { "penaltyPercent", "number", scale = 2, low = 0 },
  { "language", "enum", of = enums.language, required = true },
  { "invoiceTemplateId", "integer" },
  { "vatCountry", "enum", of = enums.country },
  { "factoringContractId", "integer" },
  { "isOffer", "boolean" },
  { "version", "time" },
  { "invoiceSumInfo", "any", readonly = true },
  { "ledgerReceiptId", "any", readonly = true },
  { "creatorId", "any", readonly = true },
  { "attachments", "any", readonly = true },
}, texts {
  { "orderReference", 70 }, { "originalInvoiceNumber", 40 }, { "deliveryInstructions", 255 },
  { "additionalInformation", 10000 }, { "notes", 10000 }, { "factoringText", 255 },
  { "orderNumber", 70 }, { "agreementNumber", 70 }, { "accountingCode", 70 },
  { "deliverySite", 70 }, { "tenderReference", 70 }, { "buyerReferenceIdentifier", 70 },
  { "sellerReferenceIdentifier", 70 },
})

fields.checking_event = { { "comment", "text", max = 100 } }

fields.receipt = {
  { "type", "text", required = true }, { "name", "text", max = 80, required = true },
  { "receiptDate", "date", required = true }, { "vatType", "text", required = true },
  { "vatStatus", "integer", required = true }, { "version", "time", required = true },
  { "transactions", "list", required = true, min = 1, of = {
    { "transactionId", "integer" }, { "transactionType", "text" }, { "account", "text" },
    { "accountingValue", "number", scale = 2, required = true },
    { "vatPercent", "number", scale = 2 }, { "vatStatus", "integer" },
    { "dimensionItemValues", "list", of = {
      { "dimensionId", "integer", required = true }, { "itemId", "integer", required = true },
      { "value", "number", scale = 2, required = true } } },
  } },
}

fields.notes = { { "notes", "text", max = 10000, required = true } }

fields.mark_paid = {
  { "paymentDate", "date", required = true },
  { "amount", "number", scale = 2, required = true },
  { "currency", "enum", of = enums.currency, required = true },
  { "description", "text", max = 140 },
  { "paymentMethodType", "enum", of = enums.mark_paid_method },
}

return fields
