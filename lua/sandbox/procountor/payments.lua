-- Payments of sales invoices: marked by the API, or allocated from the bank (which no client can
-- do; tests do it with a seed).

local decimal = require "decimal"
local kit = require "sandbox.kit"
local fields = require "sandbox.procountor.fields"
local invoices = require "sandbox.procountor.invoices"
local schema = require "sandbox.procountor.schema"
local world = require "sandbox.procountor.world"

local payments = {}

local PAYABLE = kit.set { "SENT", "APPROVED", "PARTLY_PAID" }

-- How markpaid's methods appear among the payment events.
local EVENT_TYPE = {
  ADJUSTMENT = "ADJUSTMENT", BANK_STATEMENT = "BANKSTATEMENT", CASH = "CASH",
  CHARGE_CARD = "CHARGECARD", CORRECTION = "CORRECTION", CREDIT_LOSS = "CREDITLOSS",
  CREDIT_NOTE = "COMPENSATIONINVOICE", EXTERNAL_BANK_TRANSFER = "BANKTRANSFERELSEWHERE",
  SET_OFF = "SETOFF",
}

local function total_of(invoice)
  return invoice.invoiceSumInfo[1].invoiceSumTotal
end

local function paid_so_far(w, invoice)
  local sum = decimal(0)
  for _, event in ipairs(w.payments) do
    if event.invoiceId == invoice.id then sum = sum + event.amount end
  end
  return sum
end

local function shown(w)
  return function(event)
    local copy = kit.copy(event)
    copy.amount = world.spell(w, event.amount, 2)
    copy.paidAmount = world.spell(w, event.paidAmount, 2)
    return copy
  end
end

-- Books a payment; `full` is the status of an invoice that is wholly paid this way.
local function book(w, invoice, payment, full)
  local rest = total_of(invoice) - paid_so_far(w, invoice) - payment.amount
  invoice.status = rest <= 0 and full or "PARTLY_PAID"
  invoice.paymentDate = payment.paymentDate
  local event = {
    id = world.next_id(w, "payment"), invoiceId = invoice.id, type = payment.type,
    paymentDate = payment.paymentDate, status = invoice.status, amount = payment.amount,
    currency = invoice.paymentInfo.currency, description = payment.description,
    paidAmount = payment.amount, paidCurrency = invoice.paymentInfo.currency,
  }
  w.payments[#w.payments + 1] = event
  world.touch(w, invoice)
  return event
end

function payments.mark_paid(w, _, body, id)
  local refused = world.refuse(w, "salesOrGroupInvoices", "write")
  if refused then return refused() end
  local invoice = world.find(w.invoices, id)
  if not invoice then return world.not_found() end
  local c = schema.context(w.settings)
  local mark = schema.take(c, fields.mark_paid, body)
  if mark.currency and mark.currency ~= invoice.paymentInfo.currency then
    schema.fail(c, "currency", "INVALID_CURRENCY")
  end
  if mark.amount and mark.amount <= 0 then schema.fail(c, "amount", "INVALID_VALUE") end
  if #c.errors > 0 then return world.errors(c.errors) end
  if not PAYABLE[invoice.status] then return invoices.wrong_status(invoice) end
  if w.settings.closed_until and mark.paymentDate <= w.settings.closed_until then
    return world.error(403, "CLOSED_FISCAL_PERIOD")
  end
  local event = book(w, invoice, {
    paymentDate = mark.paymentDate, amount = mark.amount, description = mark.description,
    type = EVENT_TYPE[mark.paymentMethodType or "EXTERNAL_BANK_TRANSFER"],
  }, "MARKED_PAID")
  invoices.note(w, invoice, "MARKED_PAID")
  world.effect(w, "invoice.markpaid", invoice.id)
  return kit.json(200, shown(w)(event))
end

-- A payment from the bank, as a seed gives it: { invoiceId or originalInvoiceNumber, amount, date }.
function payments.receive(w, given)
  for _, invoice in ipairs(w.invoices) do
    if invoice.id == given.invoiceId
        or (given.originalInvoiceNumber
          and invoice.originalInvoiceNumber == given.originalInvoiceNumber) then
      if not PAYABLE[invoice.status] then
        error(("invoice %d is %s and cannot be paid"):format(invoice.id, invoice.status), 0)
      end
      book(w, invoice, {
        paymentDate = given.date or w.now:sub(1, 10), type = "REFERENCEPAYMENT_TO_INVOICE",
        amount = given.amount and decimal(given.amount) or total_of(invoice),
      }, "PAID")
      invoices.note(w, invoice, "ALLOCATE_INVOICE_TO_REFERENCE_PAYMENT")
      return
    end
  end
  error("seed: no such invoice to pay", 0)
end

local function events_of(w, id)
  local list = kit.array()
  for _, event in ipairs(w.payments) do
    if event.invoiceId == id then list[#list + 1] = shown(w)(event) end
  end
  return list
end

function payments.events(w, _, id)
  local refused = world.refuse(w, "salesInvoiceSearch", "read")
  if refused then return refused() end
  local invoice = world.find(w.invoices, id)
  if not invoice then return world.not_found() end
  local results = events_of(w, invoice.id)
  return kit.json(200, { results = results, meta = { pageNumber = 0, pageSize = 50,
    resultCount = #results, totalCount = #results } })
end

function payments.event(w, _, id, event_id)
  local refused = world.refuse(w, "salesInvoiceSearch", "read")
  if refused then return refused() end
  local event = world.find(w.payments, event_id)
  if not event or tostring(event.invoiceId) ~= id then return world.not_found() end
  return kit.json(200, shown(w)(event))
end

-- GET /payments/paymentevents?invoiceId=1,2,3: the payment state of many invoices at once.
function payments.bulk(w, request)
  local refused = world.refuse(w, "salesInvoiceSearch", "read")
  if refused then return refused() end
  local ids = kit.query_list(request, "invoiceId")
  if not ids then return world.error(400, "NOT_NULL", "invoiceId") end
  if #ids > 200 then return world.error(400, "INVALID_LENGTH", "invoiceId") end
  local wanted, show = kit.set(ids), shown(w)
  return world.answer_search(w, request, w.payments, {
    filter = function(event) return wanted[tostring(event.invoiceId)] ~= nil end,
    show = show,
  })
end

return payments
