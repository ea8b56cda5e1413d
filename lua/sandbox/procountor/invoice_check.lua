-- Whether an invoice may be saved: first its form, then what hangs together.

local kit = require "sandbox.kit"
local fields = require "sandbox.procountor.fields"
local enums = require "sandbox.procountor.enums"
local products = require "sandbox.procountor.products"
local reference = require "sandbox.procountor.reference"
local schema = require "sandbox.procountor.schema"
local world = require "sandbox.procountor.world"

local fail = schema.fail

local SALES = { SALES_INVOICE = true, SALES_ORDER = true }

local function check_dates(c, w, invoice)
  local date, info = invoice.date, invoice.paymentInfo
  if not date then return end
  if w.settings.closed_until and date <= w.settings.closed_until then
    fail(c, "date", "CLOSED_FISCAL_PERIOD")
  end
  local due = info and info.dueDate
  if due and due < date then
    fail(c, "paymentInfo.dueDate", "DUE_DATE_BEFORE_BILL_DATE")
  elseif due and kit.day_number(due) - kit.day_number(date) > 999 then
    fail(c, "paymentInfo.dueDate", "INVALID_PAYMENT_TERM")
  end
  local first, last = invoice.deliveryStartDate, invoice.deliveryEndDate
  if first and last and last < first then fail(c, "deliveryEndDate", "INVALID_DATE_RANGE") end
end

local function check_partner(c, w, invoice)
  if not invoice.partnerId then return end
  local partner = world.find(w.customers, invoice.partnerId)
  if not partner or partner.type ~= "CUSTOMER" then fail(c, "partnerId", "PARTNER_NOT_FOUND") end
end

local function check_rows(c, w, invoice)
  for i, row in ipairs(invoice.invoiceRows or {}) do
    local path = ("invoiceRows[%d]."):format(i - 1)
    if row.productId then
      local product = world.find(w.products, row.productId)
      if not product then fail(c, path .. "productId", "PRODUCT_NOT_FOUND") end
    end
    if row.vatPercent and not products.known_vat(w, row.vatPercent) then
      fail(c, path .. "vatPercent", "INVALID_VAT_PERCENT")
    end
    if row.vatStatus and not products.known_status(w, row.vatStatus) then
      fail(c, path .. "vatStatus", "INVALID_VAT_STATUS")
    end
  end
end

local function own_account(w, number)
  for _, account in ipairs(w.settings.bank_accounts) do
    if account.iban == number and account.status == "ACTIVE" then return true end
  end
  return false
end

local function check_account(c, w, info)
  if info.paymentMethod == "CASH" then return end
  local number = info.bankAccount and info.bankAccount.accountNumber
  if not number or number == "" then
    fail(c, "paymentInfo.bankAccount", "NOT_NULL")
  elseif not reference.is_iban(number) or not own_account(w, number) then
    fail(c, "paymentInfo.bankAccount.accountNumber", "INVALID_BANK_ACCOUNT")
  end
end

-- "" asks for a generated reference, a missing one means none, all else must prove itself.
local function check_reference(c, info)
  local kind, code = info.bankReferenceCodeType, info.bankReferenceCode
  if kind and not enums.finnish_reference_type[kind] then
    fail(c, "paymentInfo.bankReferenceCodeType", "INVALID_REFERENCE_CODE_TYPE")
  elseif code and code ~= "" and not reference.is_valid(code, kind) then
    fail(c, "paymentInfo.bankReferenceCode", "INVALID_REFERENCE_CODE")
  end
end

local function check_payment(c, w, invoice)
  local info = invoice.paymentInfo
  if not info then return end
  check_account(c, w, info)
  check_reference(c, info)
  local rate = info.currencyRate
  if rate and rate <= 0 then
    fail(c, "paymentInfo.currencyRate", "INVALID_VALUE")
  elseif rate and info.currency == "EUR" and rate ~= kit.number(1) then
    fail(c, "paymentInfo.currencyRate", "INVALID_CURRENCY_RATE")
  end
end

local function filled(address)
  for _, name in ipairs { "street", "zip", "city" } do
    if not address or (address[name] or ""):find("^%s*$") then return false, name end
  end
  return true
end

local function check_mail(c, invoice, own)
  local billing = invoice.billingAddress
  if billing and filled(billing) then return end
  local complete, missing = filled(own)
  if not complete then fail(c, "counterParty.counterPartyAddress." .. missing, "NOT_NULL") end
end

-- An address in Finland: an OVT code, an account number, or another code without spaces. The last word
-- is the sandbox's own.
local function wrong_address(address)
  if address:find("^0037") then
    return not address:find("^0037%d%d%d%d%d%d%d%d%w?%w?%w?%w?%w?$") and "INVALID_OVT"
  elseif address:find("^FI%d") then
    return not reference.is_iban(address) and "INVALID_BANK_ACCOUNT"
  end
  return not address:find("^%w*$") and "INVALID_EINVOICE_ADDRESS"
end

-- An omitted billing address is a copy of the counter party's, so it is complete when that is.
local function check_electronic(c, invoice, own)
  local complete, missing = filled(own)
  if not complete then fail(c, "counterParty.counterPartyAddress." .. missing, "NOT_NULL") end
  if invoice.billingAddress then
    complete, missing = filled(invoice.billingAddress)
    if not complete then fail(c, "billingAddress." .. missing, "NOT_NULL") end
  end
  local e = invoice.counterParty.einvoiceAddress or {}
  if (e.address or "") == "" then
    fail(c, "counterParty.einvoiceAddress.address", "NOT_NULL")
  end
  if not own.country then
    fail(c, "counterParty.counterPartyAddress.country",
      "Value of the 'counterParty.counterPartyAddress.country' cannot be blank.")
  elseif own.country == "FINLAND" and (e.operator or "") == "" then
    fail(c, "counterParty.einvoiceAddress.operator", "NOT_NULL")
  end
  local form = own.country == "FINLAND" and wrong_address(e.address or "")
  if form then fail(c, "counterParty.einvoiceAddress.address", form) end
  if e.ediId and e.ediId ~= "" and not e.ediId:find("^0037%d%d%d%d%d%d%d%d%w?%w?%w?%w?%w?$") then
    fail(c, "counterParty.einvoiceAddress.ediId", "INVALID_OVT")
  end
  if invoice.paymentInfo and not invoice.paymentInfo.bankReferenceCode then
    fail(c, "paymentInfo.bankReferenceCode", "NOT_NULL")
  end
end

local function check_channel(c, invoice)
  local party = invoice.counterParty
  local own = party and party.counterPartyAddress
  if not own then return end
  local channel = invoice.invoiceChannel
  if channel == "EMAIL" and (party.email or "") == "" then
    fail(c, "counterParty.email", "INVALID_EMAIL")
  elseif channel == "MAIL" then
    check_mail(c, invoice, own)
  elseif channel == "ELECTRONIC_INVOICE" then
    check_electronic(c, invoice, own)
  end
end

local function check_type(c, invoice)
  if invoice.type and not SALES[invoice.type] then
    fail(c, "type", "This sandbox keeps sales invoices and sales orders only.")
  elseif invoice.isOffer and invoice.type ~= "SALES_ORDER" then
    fail(c, "isOffer", "Only for sales orders.")
  end
end

-- The cleaned invoice and the list of errors; the invoice is good when that is empty.
return function(w, body)
  local c = schema.context(w.settings)
  local invoice = schema.take(c, fields.invoice, body)
  check_type(c, invoice)
  if invoice.vatStatus and not products.known_status(w, invoice.vatStatus) then
    fail(c, "vatStatus", "INVALID_VAT_STATUS")
  end
  check_dates(c, w, invoice)
  check_partner(c, w, invoice)
  check_rows(c, w, invoice)
  check_payment(c, w, invoice)
  check_channel(c, invoice)
  return invoice, c.errors
end
