--[[
The body of POST /invoices out of a company's words (outside-systems 1.10).

wanted = {
  customer          as customers.ensure gives it (or { id, name, address, ... })
  rows              { { product, name, code, quantity, unit, unit_price, discount, vat, vat_status,
                        comment, where }, ... }: product as products.ensure gives it
  original_number   natural key of the invoice; reference, if there is none
  reference         what the buyer wants to see (orderReference): always a text, also when it looks
                    like a reference number, which one in ten numbers does
  payment_terms     days from the invoice's date to its due date (14), or due_date
  date              invoice date (today in the company's time zone)
  contact, email    person and address at the buyer
  discount          percent off the whole invoice, after the rows' own (0)
  language, currency, currency_rate (where the currency is not EUR), prices_include_vat, channel,
  sources = what the sender calls its fields, for words to a person (preflight.lua),
  einvoice = { address, operator }, penalty_percent, bank_account (own IBAN), bank_reference (a
  reference number; without one Procountor makes it), vat_status, notes, additional_information,
  delivery_start, delivery_end
}

  invoice_body.make(client, wanted)   -> the body, its sums (sums.of)
  invoice_body.check(client, wanted)  ends the run as attention where make would, before there are a
                                      customer and products: customer is what is known of the buyer
                                      (name, business_id, address, email), rows are without products
]]

local decimal = require "decimal"
local ids = require "ids"
local json = require "json"
local given = require "given"
local log = require "log"
local money = require "money"
local time = require "time"
local current = require "current"
local ending = require "ending"
local abroad = require "connectors.procountor.abroad"
local addresses = require "connectors.procountor.addresses"
local einvoices = require "connectors.procountor.einvoice"
local emails = require "connectors.procountor.email"
local payee = require "connectors.procountor.payee"
local periods = require "connectors.procountor.periods"
local preflight = require "connectors.procountor.preflight"
local products = require "connectors.procountor.products"
local sums = require "connectors.procountor.sums"
local vat = require "connectors.procountor.vat"
local words = require "connectors.procountor.words"

local invoice_body = {}

-- Most characters of each text (OpenAPI 26.04).
invoice_body.LIMITS = {
  orderReference = { 70 }, notes = { 10000, cut = true },
  additionalInformation = { 10000, cut = true },
  ["counterParty.contactPersonName"] = { 70 }, ["counterParty.email"] = { 256 },
  ["counterParty.identifier"] = { 40 }, ["counterParty.taxCode"] = { 40 },
  ["counterParty.einvoiceAddress.address"] = { 80 },
  ["counterParty.einvoiceAddress.operator"] = { 80 },
  -- The length of a row's product is not documented; that of the register is (100).
  ["invoiceRows[].product"] = { 100 }, ["invoiceRows[].productCode"] = { 40 },
  ["invoiceRows[].comment"] = { 512, cut = true },
}
for _, place in ipairs { "counterParty.counterPartyAddress", "billingAddress" } do
  for field, most in pairs { name = 80, specifier = 80, street = 80, zip = 20, city = 40 } do
    invoice_body.LIMITS[place .. "." .. field] = { most }
  end
end

-- What the sender calls one of its fields, for words to a person: " (data.deal.currency)", or "".
local function named_by(wanted, name)
  local sources = given(wanted.sources)
  local field = sources and given.text(sources[name])
  return field and (" (%s)"):format(field) or "", field
end

local CHANNELS = { EMAIL = true, MAIL = true, ELECTRONIC_INVOICE = true, NO_SENDING = true }

local ZERO = decimal(0)

-- In the place of today where only the distance of days counts: asking for today is a step, and the
-- invoice's is that of the day on which it is made.
local SOME_DAY = "2000-01-01"

-- Digits behind the point that Procountor keeps of a row's numbers (outside-systems 1.9).
local SCALES = { quantity = 6, unit_price = 4, discount = 4 }

-- The amounts as Procountor will keep them. What rounding a row's numbers would change in its sum is
-- for a person.
local function kept(amounts, where, field)
  local rounded = { vat = amounts.vat }
  for name, places in pairs(SCALES) do rounded[name] = amounts[name]:round(places) end
  local before, after = sums.of({ amounts }).row_sums[1], sums.of({ rounded }).row_sums[1]
  if before ~= after then
    ending.attention(("%s: Procountor keeps 4 decimals of a price and 6 of a quantity; so the row "
      .. "would be %s instead of %s. Give the row fewer decimals, or a price for a larger unit, and "
      .. "send it again."):format(where, after:text(2), before:text(2)), { row = where, field = field })
  end
  return rounded
end

local function percent_off(value, named, where)
  local percent = value and products.number_of(value, named, "the discount") or ZERO
  if percent >= ZERO and percent <= decimal(100) then return percent:round(SCALES.discount) end
  ending.attention(("%s: a discount of %s %% is not possible. Correct it and send it again.")
    :format(where, money.plain(percent)))
end

-- A whole number of days from 0 to 999, whichever way it was written.
local function term_days(value, wanted)
  local number = money.number(value)
  local days = number and math.tointeger(tonumber(money.plain(number)))
  if days and days >= 0 and days <= 999 then return days end
  local at, field = named_by(wanted, "payment_terms")
  ending.attention(('"%s"%s is not a payment term: a whole number of days from 0 to 999 is wanted. '
    .. "Correct it and send it again."):format(tostring(value), at),
    { field = field or "payment_terms" })
end

local function row_of(client, line, index, date)
  local product = line.product or {}
  local where = given.text(line.where)
    or ('row %d ("%s")'):format(index, given.text(line.name) or product.name or "?")
  local field = given.text(line.field)
  if field then where = ("%s (%s)"):format(where, field) end
  local named = { where = where, name = given.text(line.name) or product.name }
  if not named.name then
    ending.attention(("%s has no name and no product. Add one and send it again."):format(where))
  end
  local quantity = products.number_of(line.quantity, named, "the quantity")
  local price = products.number_of(line.unit_price, named, "the unit price")
  local discount = percent_off(given(line.discount or line.discount_percent), named, where)
  local percent = vat.percent(client, products.number_of(
    given(line.vat) or given(line.vat_percent) or product.vat, named, "the VAT percentage"),
    where, date)
  local unit_word = given.text(line.unit)
  local unit = unit_word and products.unit_of(client, { unit = unit_word, where = where })
    or (product.unit and words.is_unit(product.unit) and product.unit) or "PIECE"
  local comment = given.text(line.comment)
  if unit == "NO_UNIT" and unit_word and not comment then comment = unit_word end
  local status = given(line.vat_status)
  if status then vat.status(client, status, where) end
  local amounts = kept({ quantity = quantity, unit_price = price, discount = discount,
    vat = percent }, where, field)
  return {
    productId = product.id or json.null, product = named.name,
    productCode = product.code or given.text(line.code), quantity = amounts.quantity, unit = unit,
    unitPrice = amounts.unit_price, discountPercent = amounts.discount, vatPercent = percent,
    vatStatus = status, comment = comment,
  }, amounts
end

-- What an accountant looks at before such an invoice goes out.
local function warn_of(body, own)
  local untaxed = {}
  for _, row in ipairs(body.invoiceRows) do
    if row.vatPercent == ZERO and (row.vatStatus or body.vatStatus) == vat.DOMESTIC then
      untaxed[#untaxed + 1] = row.product
    end
  end
  if #untaxed > 0 then
    current.warn("VAT 0 %% with the VAT status of sales at home (%s): exempt sales, reverse charge "
      .. "and sales abroad have statuses of their own in Procountor", table.concat(untaxed, ", "))
  end
  if own.total < ZERO then
    current.warn("the invoice's total is negative (%s): it is a credit", own.total:text(2))
  elseif own.total == ZERO then
    current.warn("the invoice's total is 0.00: see whether all prices are there")
  end
end

-- How the invoice is going to be sent. E-invoice data is often added by hand afterwards, so what
-- is not known is left to whoever finishes the invoice.
local function channel_of(wanted, email, einvoice)
  local channel = given.text(wanted.channel)
  if channel and not CHANNELS[channel] then
    error(('invoices have no channel "%s"; they have EMAIL, MAIL, ELECTRONIC_INVOICE and '
      .. "NO_SENDING"):format(channel), 0)
  end
  if channel == "EMAIL" and not emails.is(email) then
    local at, field = named_by(wanted, "email")
    ending.attention(("The invoice is to be sent by e-mail, and %s%s. Add the address and send it "
      .. "again."):format(email and '"' .. email .. '" is no e-mail address'
        or "the customer has no e-mail address", at), { field = field or "email" })
  end
  local whole = einvoice and einvoice.operator
  if channel == "ELECTRONIC_INVOICE" and not whole then
    local at, field = named_by(wanted, "einvoice")
    ending.attention(("The invoice is to be sent as an e-invoice, and the customer's e-invoice "
      .. "address or operator is missing%s. Add both and send it again."):format(at),
      { field = field or "einvoice" })
  end
  if channel then return channel end
  if whole then return "ELECTRONIC_INVOICE" end
  return emails.is(email) and "EMAIL" or "NO_SENDING"
end

-- Where an e-invoice goes, as Procountor takes it; what it would refuse is for a person.
local function einvoice_of(wanted, country)
  local einvoice, reason = einvoices.read(given(wanted.einvoice) or {}, country)
  if not reason then return einvoice end
  local at, field = named_by(wanted, "einvoice")
  ending.attention(("The e-invoice address%s cannot be used: %s. Correct it, or leave it out, and send "
    .. "it again."):format(at, reason), { field = field or "einvoice" })
end

-- "": Procountor makes a reference; a missing field would mean none (outside-systems 1.10).
local function bank_reference(wanted)
  local text = given.text(wanted.bank_reference)
  if not text then return "", "FI" end
  local code = ids.valid_reference(text)
  if not code then
    local at, field = named_by(wanted, "bank_reference")
    ending.attention(('"%s"%s is not a reference number: its check digit does not fit. Correct it, '
      .. "or leave it out, and Procountor makes one."):format(text, at),
      { field = field or "bank_reference" })
  end
  return code, code:find("^RF") and "RF" or "FI"
end

-- Foreign currencies are booked at a rate that nobody here knows.
local function currency_of(wanted)
  local currency = given.text(wanted.currency) or "EUR"
  if currency == "EUR" then return currency, 1 end
  local rate = money.number(given(wanted.currency_rate))
  if rate and rate > 0 then return currency, rate end
  local at, field = named_by(wanted, "currency")
  ending.attention(("The invoice would be in %s%s, and its exchange rate is not known here. Make the "
    .. "invoice in Procountor by hand, or let the rule's wanted function give a currency_rate.")
    :format(currency, at), { field = field or "currency", value = currency })
end

local function language_of(wanted)
  local language = words.language(wanted.language)
  if language then return language end
  local home = words.language(current.company.language) or "FINNISH"
  if given.text(wanted.language) then
    current.warn('Procountor has no language "%s"; the invoice is in %s', given.text(wanted.language),
      home)
  end
  return home
end

-- The e-mail address to send to; one that is none is left out, unless it is needed.
local function email_of(wanted, customer)
  local text = given.text(wanted.email) or given.text(customer and customer.email)
  if given.text(wanted.channel) == "EMAIL" then return text end
  return emails.usable(text)
end

local function contact_name(wanted)
  local contact = given(wanted.contact)
  if type(contact) == "table" then contact = contact.name end
  return given.text(contact)
end

local function counter_party(wanted, customer, place, email, einvoice)
  local business_id = customer.business_id
  return {
    contactPersonName = contact_name(wanted), identifier = business_id or customer.identifier,
    taxCode = business_id and ids.vat_number(business_id) or given.text(customer.vat_number),
    customerNumber = customer.record and type(customer.record.invoicingInfo) == "table"
      and given.text(customer.record.invoicingInfo.customerNumber) or nil,
    email = email, counterPartyAddress = place, einvoiceAddress = einvoice,
  }
end

-- A day that a rule's own function gave.
local function day_of(value, name)
  local day = given.text(value)
  if not day or time.is_day(day) then return day end
  ending.attention(('%s "%s" is no day: YYYY-MM-DD is wanted. Correct it and send it again.')
    :format(name, day), { field = name })
end

-- The days of an invoice: its own (or today), when it is due, and of delivery.
local function days_of(wanted, today)
  local date, due = day_of(wanted.date, "date"), day_of(wanted.due_date, "due_date")
  date = date or today or due or SOME_DAY
  due = due or time.add_days(date, term_days(wanted.payment_terms or 14, wanted))
  local first, last = day_of(wanted.delivery_start, "delivery_start"),
    day_of(wanted.delivery_end, "delivery_end")
  local function refuse(field, text, ...)
    ending.attention((text .. ". Correct it and send it again."):format(...), { field = field })
  end
  if due < date then
    refuse("due_date", "The due date %s is before the invoice's date %s", due, date)
  elseif due > time.add_days(date, 999) then
    refuse("due_date", "The due date %s is more than 999 days after the invoice's date %s", due, date)
  elseif first and last and last < first then
    refuse("delivery_end", "The delivery ends on %s, before it begins on %s", last, first)
  end
  return date, due, first, last
end

-- The body and its sums for a customer whose address was read.
local function build(client, wanted, customer, address, number, today)
  local date, due, first, last = days_of(wanted, today)
  local rows, amounts = json.array {}, {}
  for i, line in ipairs(wanted.rows) do
    rows[i], amounts[i] = row_of(client, line, i, last or today or given.text(wanted.date))
  end
  local discount = percent_off(given(wanted.discount), { where = "the invoice " .. number },
    "the invoice " .. number)
  local email = email_of(wanted, customer)
  local einvoice = einvoice_of(wanted, address.country)
  local reference, reference_type = bank_reference(wanted)
  local currency, rate = currency_of(wanted)
  local penalty = given(wanted.penalty_percent) or client.settings.penalty_percent
  local body = {
    partnerId = customer.id or json.null, type = "SALES_INVOICE", date = date,
    counterParty = counter_party(wanted, customer, addresses.of(customer.name, address), email,
      einvoice),
    billingAddress = addresses.of(customer.name, address),
    paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = currency, currencyRate = rate,
      bankAccount = { accountNumber = payee.account(client, wanted.bank_account, currency) },
      dueDate = due, bankReferenceCode = reference, bankReferenceCodeType = reference_type },
    extraInfo = { accountingByRow = true,
      unitPricesIncludeVat = wanted.prices_include_vat == true },
    discountPercent = discount, orderReference = given.text(wanted.reference),
    originalInvoiceNumber = number, invoiceRows = rows,
    vatStatus = wanted.vat_status or client.settings.vat_status or vat.DOMESTIC,
    invoiceChannel = channel_of(wanted, email, einvoice),
    language = language_of(wanted),
    penaltyPercent = penalty and money.number(penalty):round(2) or nil,
    notes = given.text(wanted.notes), additionalInformation =
      given.text(wanted.additional_information),
    deliveryStartDate = first, deliveryEndDate = last,
  }
  preflight.body(body, invoice_body.LIMITS, { subject = "the invoice " .. number,
    sources = given(wanted.sources), transliterate = client.settings.transliterate })
  local own = sums.of(amounts, { gross = wanted.prices_include_vat == true,
    discount = discount ~= ZERO and discount or nil, rounding = client.settings.rounding })
  abroad.apply(client, body)
  vat.status(client, body.vatStatus, "the invoice " .. number)
  warn_of(body, own)
  return body, own
end

local function number_of(wanted)
  return given.text(wanted.original_number) or given.text(wanted.reference)
end

-- Stands in for what a register is still to fill in, and is never written.
local UNKNOWN_PLACE = { street = "-", postal_code = "00100", city = "-", country = "FINLAND" }

-- Where a customer is who is there already.
local function place_of(customer)
  local address, reason = addresses.read(customer.address)
  if address then return address end
  ending.attention(("The invoice for %s cannot be made: %s. Give the street, the postal code and "
    .. "the city in fields of their own and send it again."):format(
    log.mask(customer.name or "the customer"), reason), { field = "address" })
end

function invoice_body.check(client, wanted)
  local buyer = given(wanted.customer) or {}
  local text = given.text(buyer.business_id)
  local address = given(buyer.id) and place_of(buyer) or addresses.read(buyer.address)
    or UNKNOWN_PLACE
  local rows = {}
  for i, line in ipairs(wanted.rows or {}) do
    rows[i] = setmetatable({ product = line.product or { name = given.text(line.code) } },
      { __index = line })
  end
  build(client, setmetatable({ rows = rows }, { __index = wanted }), {
    name = given.text(buyer.name) or "-", email = buyer.email,
    business_id = text and ids.business_id(text) or nil,
    identifier = buyer.identifier,
    vat_number = given.text(buyer.vat_number) or text and ids.check("eu_vat", text) or nil,
  }, address, number_of(wanted) or "?")
  periods.check(client, given.text(wanted.date) or time.today(current.company.time_zone))
end

function invoice_body.make(client, wanted)
  if type(wanted) ~= "table" or type(wanted.customer) ~= "table" then
    error("an invoice needs a customer: invoices.create { customer = ..., rows = ... }", 3)
  end
  if type(wanted.rows) ~= "table" or #wanted.rows == 0 then
    ending.attention("The invoice would have no rows. Add at least one and send it again.")
  end
  local customer = wanted.customer
  local number = number_of(wanted)
  if not number then
    error("an invoice needs an original_number (or a reference): the key by which it is found", 3)
  end
  return build(client, wanted, customer, place_of(customer), number,
    given.text(wanted.date) or time.today(current.company.time_zone))
end

return invoice_body
