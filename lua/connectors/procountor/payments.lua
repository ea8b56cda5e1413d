--[[
How sales invoices stand: who has paid what, what is open, what is overdue (outside-systems 1.11).
Reads only.

  payments.search(query)     -> a list of invoices, all pages of GET /invoices; query as there
  payments.settle(list, today)  gives each its state and amounts; payment events are read in bulk,
                                200 invoices a request
  payments.summary(list)     -> how one customer stands, of settled invoices
  payments.status(partner_id) -> the same, read now: the view of a salesperson

An invoice = { id, partner, number, original_number, date, due_date, status, total, currency,
name, business_id, version, state, paid, open, overdue_days }. Amounts are decimals in the accounting
currency, since payments are booked in it. state is one of
  "unfinished" "not sent" "open" "partly paid" "overdue" "paid" "credited" "invalidated"
"overdue" is what is not wholly paid and was due before today, partly paid or not; overdue_days says
for how long. "credited" is what a credit invoice or a credit note made up for. A credit invoice
(its total is below zero) is "open" until it is set off, and never overdue.

A summary = { last_invoice = its number, last_invoice_sent, last_invoice_due, last_invoice_status,
unpaid_total, unpaid_count, overdue_total, overdue_count, overdue_days = of the oldest, currency,
invoices = the newest SHOWN of them and all that are open }. The last invoice is the newest that was
sent and is no credit invoice. The unpaid total is less what open credit invoices make up for, and the
overdue total is never more than the unpaid one.
]]

local decimal = require "decimal"
local json = require "json"
local current = require "current"
local given = require "given"
local numbers = require "connectors.procountor.numbers"
local time = require "time"

local IDS_MAX = 200 -- invoices of one bulk request
local SHOWN = 10

local SENT = { SENT = true, APPROVED = true, PARTLY_PAID = true }
local FULL = { PAID = true, MARKED_PAID = true }
local STATES = { UNFINISHED = "unfinished", NOT_SENT = "not sent", INVALIDATED = "invalidated",
  DELETED = "invalidated" }
-- Payment events that no money came with, but another invoice.
local CREDIT = { COMPENSATIONINVOICE = true, INVOICE_TO_INVOICE = true }

local ZERO = decimal "0.00"

-- The sum in the accounting currency.
local function sum_of(record)
  local list = given(record.invoiceSumInfo) or {}
  local chosen = list[1] or {}
  for _, info in ipairs(list) do
    if info.inAccountingCurrency == true then chosen = info end
  end
  return given(chosen.invoiceSumTotal) and decimal(chosen.invoiceSumTotal):round(2) or ZERO,
    given.text(chosen.currency) or "EUR"
end

local function invoice_of(record)
  local party = given(record.counterParty) or {}
  local address = given(party.counterPartyAddress) or {}
  local total, currency = sum_of(record)
  return { id = record.id, partner = given(record.partnerId), number = given(record.invoiceNumber),
    original_number = given.text(record.originalInvoiceNumber), status = given.text(record.status),
    date = given.text(record.date), version = given.text(record.version),
    due_date = given.text(record.newDueDate) or given.text(record.dueDate),
    name = given.text(address.name) or given.text(party.name), total = total, currency = currency,
    business_id = numbers.finnish(numbers.of(party.identifier, given.text(address.country))) }
end

-- What was paid and what was credited of each invoice: id -> { paid, credited }.
local function booked(client, list)
  local sums = {}
  for first = 1, #list, IDS_MAX do
    local batch = {}
    for i = first, math.min(first + IDS_MAX - 1, #list) do batch[#batch + 1] = tostring(list[i].id) end
    for _, event in ipairs(client:list("/payments/paymentevents",
      { invoiceId = table.concat(batch, ",") })) do
      local id, amount = event.invoiceId, given(event.amount)
      if id and amount then
        local sum = sums[id] or { paid = ZERO, credited = ZERO }
        sum.paid = sum.paid + decimal(amount)
        if CREDIT[event.type] then sum.credited = sum.credited + decimal(amount) end
        sums[id] = sum
      end
    end
  end
  return sums
end

local function settle_one(invoice, sum, today)
  local paid = (sum and sum.paid or ZERO):round(2)
  -- Of a credit invoice either sign may be booked.
  if invoice.total < ZERO and paid > ZERO then paid = -paid end
  local open = invoice.total - paid
  local over = invoice.total > ZERO and open <= ZERO or invoice.total < ZERO and open >= ZERO
  if FULL[invoice.status] or over then
    invoice.paid, invoice.open = FULL[invoice.status] and invoice.total or paid, ZERO
    local credited = invoice.total > ZERO and sum and sum.credited >= invoice.total
    invoice.state = credited and "credited" or "paid"
    return
  end
  invoice.paid, invoice.open = paid, open
  local late = open > ZERO and invoice.due_date and time.diff_days(invoice.due_date, today) or 0
  if late > 0 then
    invoice.state, invoice.overdue_days = "overdue", late
  else
    invoice.state = (paid ~= ZERO or invoice.status == "PARTLY_PAID") and "partly paid" or "open"
  end
end

local function settle(client, list, today)
  local asked = {}
  for _, invoice in ipairs(list) do
    if SENT[invoice.status] or FULL[invoice.status] then
      asked[#asked + 1] = invoice
    else
      local status = invoice.status or "unknown"
      invoice.state = STATES[status] or (status:lower():gsub("_", " "))
    end
  end
  local sums = booked(client, asked)
  for _, invoice in ipairs(asked) do settle_one(invoice, sums[invoice.id], today) end
end

local function newer(a, b)
  if a.date ~= b.date then return (a.date or "") > (b.date or "") end
  return a.id > b.id
end

-- As it is told: what it is called, when, how much.
local function told(invoice)
  return { number = invoice.number, date = invoice.date, due_date = invoice.due_date,
    state = invoice.state, total = invoice.total, paid = invoice.paid, open = invoice.open,
    currency = invoice.currency, overdue_days = invoice.overdue_days }
end

local function summary(list)
  list = table.move(list, 1, #list, 1, {})
  table.sort(list, newer)
  local unpaid, overdue, unpaid_count, overdue_count, days = ZERO, ZERO, 0, 0, 0
  local last
  local shown, currency = json.array {}, list[1] and list[1].currency or "EUR"
  for i, invoice in ipairs(list) do
    local sent = SENT[invoice.status] or FULL[invoice.status]
    if sent and invoice.total >= ZERO and not last then last = invoice end
    local open = invoice.open and invoice.open ~= ZERO
    if open then unpaid = unpaid + invoice.open end
    if open and invoice.open > ZERO then unpaid_count = unpaid_count + 1 end
    if invoice.overdue_days then
      overdue, overdue_count = overdue + invoice.open, overdue_count + 1
      days = math.max(days, invoice.overdue_days)
    end
    if i <= SHOWN or open then shown[#shown + 1] = told(invoice) end
  end
  if overdue > unpaid then overdue = unpaid > ZERO and unpaid or ZERO end
  if overdue == ZERO then overdue_count, days = 0, 0 end
  return { last_invoice = last and last.number, last_invoice_sent = last and last.date,
    last_invoice_due = last and last.due_date, last_invoice_status = last and last.state,
    unpaid_total = unpaid, unpaid_count = unpaid_count, overdue_total = overdue,
    overdue_count = overdue_count, overdue_days = days, currency = currency, invoices = shown }
end

local function new(client)
  local payments = {}
  function payments.search(query)
    local wanted, list = { types = "SALES_INVOICE" }, {}
    for name, value in pairs(query or {}) do wanted[name] = value end
    for i, record in ipairs(client:list("/invoices", wanted)) do list[i] = invoice_of(record) end
    return list
  end
  function payments.settle(list, today)
    settle(client, list, today or time.today(current.company.time_zone))
  end
  payments.summary = summary
  function payments.status(partner_id)
    local list = payments.search { businessPartnerId = tostring(partner_id) }
    payments.settle(list)
    return summary(list)
  end
  return payments
end

return { new = new }
