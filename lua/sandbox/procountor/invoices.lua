-- Sales invoices: saved as they are sent (a snapshot, nothing is filled in from the registers),
-- always UNFINISHED at first, then through the states that a person or the API moves them to.

local kit = require "sandbox.kit"
local check = require "sandbox.procountor.invoice_check"
local fields = require "sandbox.procountor.fields"
local reference = require "sandbox.procountor.reference"
local schema = require "sandbox.procountor.schema"
local sums = require "sandbox.procountor.sums"
local world = require "sandbox.procountor.world"

local invoices = {}

local RIGHT = "salesOrGroupInvoices"

-- One entry of the invoice's history.
local function note(w, invoice, action)
  invoice.history[#invoice.history + 1] = { action = action, time = w.now,
    userId = w.settings.company.user_id }
end

-- The invoice as the API shows it; the history has an address of its own.
function invoices.shown(w)
  return function(invoice)
    local copy = kit.copy(invoice)
    copy.history = nil
    copy.discountPercent = world.spell(w, invoice.discountPercent, 4)
    copy.penaltyPercent = world.spell(w, invoice.penaltyPercent, 2)
    copy.invoiceSumInfo = world.spell_sums(w, invoice.invoiceSumInfo)
    copy.paymentInfo.currencyRate = world.spell(w, invoice.paymentInfo.currencyRate, 8)
    if copy.partnerId == nil then copy.partnerId = kit.null end
    for i, row in ipairs(copy.invoiceRows) do
      local own = invoice.invoiceRows[i]
      row.quantity = world.spell(w, own.quantity, 6)
      row.unitPrice = world.spell(w, own.unitPrice, 4)
      row.discountPercent = world.spell(w, own.discountPercent, 4)
      row.vatPercent = world.spell(w, own.vatPercent, 2)
      if row.productId == nil then row.productId = kit.null end
    end
    return copy
  end
end

local function basic(w, invoice)
  return {
    id = invoice.id, partnerId = invoice.partnerId or kit.null, type = invoice.type,
    status = invoice.status, invoiceNumber = invoice.invoiceNumber,
    originalInvoiceNumber = invoice.originalInvoiceNumber, invoiceChannel = invoice.invoiceChannel,
    date = invoice.date, dueDate = invoice.paymentInfo.dueDate,
    newDueDate = invoice.paymentInfo.newDueDate, created = invoice.created,
    version = invoice.version, invoiceSumInfo = world.spell_sums(w, invoice.invoiceSumInfo),
    creatorId = invoice.creatorId,
    counterParty = w.settings.names_in_search and kit.copy(invoice.counterParty) or nil,
    isOffer = invoice.isOffer or false,
  }
end

-- A test for "first <= value <= last" from two parameters; plain dates cover their whole day.
local function range(request, first_name, last_name)
  local first, last = kit.query(request, first_name), kit.query(request, last_name)
  if last then last = last .. "~" end
  return function(value)
    return (not first or value >= first) and (not last or value <= last)
  end
end

local function member(request, name)
  local list = kit.query_list(request, name)
  local set = list and kit.set(list)
  return function(value) return not set or set[tostring(value)] ~= nil end
end

local function has_product(request)
  local wanted = member(request, "productId")
  if not kit.query(request, "productId") then return function() return true end end
  return function(invoice)
    for _, row in ipairs(invoice.invoiceRows) do
      if row.productId and wanted(row.productId) then return true end
    end
    return false
  end
end

local function has_term(request)
  local term = kit.query(request, "searchTerm")
  if not term then return function() return true end end
  term = term:lower()
  return function(invoice)
    local name = invoice.counterParty.counterPartyAddress.name
    return name:lower():find(term, 1, true) ~= nil
      or tostring(invoice.invoiceNumber):find(term, 1, true) ~= nil
      or (invoice.additionalInformation or ""):lower():find(term, 1, true) ~= nil
  end
end

local function search_filter(request)
  local status, types = member(request, "status"), member(request, "types")
  local channel, partner = member(request, "invoiceChannel"), member(request, "businessPartnerId")
  local number = member(request, "invoiceNumber")
  local original = kit.query(request, "originalInvoiceNumber")
  local offer = kit.query(request, "isOffer")
  local date, due = range(request, "startDate", "endDate"),
    range(request, "dueStartDate", "dueEndDate")
  local created = range(request, "createdStartDate", "createdEndDate")
  local version, product = world.version_filter(request), has_product(request)
  local term = has_term(request)
  return function(invoice)
    return status(invoice.status) and types(invoice.type) and channel(invoice.invoiceChannel)
      and partner(invoice.partnerId) and number(invoice.invoiceNumber)
      and (not original or invoice.originalInvoiceNumber == original)
      and (not offer or (invoice.isOffer or false) == (offer == "true"))
      and date(invoice.date) and due(invoice.paymentInfo.dueDate) and created(invoice.created)
      and version(invoice.version) and product(invoice) and term(invoice)
  end
end

function invoices.search(w, request)
  local refused = world.refuse(w, "salesInvoiceSearch", "read")
  if refused then return refused() end
  return world.answer_search(w, request, w.invoices, {
    filter = search_filter(request),
    show = function(invoice) return basic(w, invoice) end,
  })
end

function invoices.get(w, _, ids)
  local refused = world.refuse(w, "salesInvoiceSearch", "read")
    and world.refuse(w, RIGHT, "read")
  if refused then return refused() end
  return world.answer_by_ids(w.invoices, ids, invoices.shown(w))
end

local function generate_reference(invoice)
  local info = invoice.paymentInfo
  if info.bankReferenceCode ~= "" then return end
  local base = ("%05d"):format(10000 + invoice.invoiceNumber)
  local code = reference.finnish(base)
  local rf = info.bankReferenceCodeType == "RF"
  info.bankReferenceCode = rf and reference.rf(code) or code
  info.bankReferenceCodeType = rf and "RF" or "FI"
end

-- An address that was left out is the counter party's; {} means that there is none.
local function complete_addresses(invoice)
  local own = invoice.counterParty.counterPartyAddress
  for _, name in ipairs { "billingAddress", "deliveryAddress" } do
    if not invoice[name] then
      invoice[name] = kit.copy(own)
    elseif next(invoice[name]) == nil then
      invoice[name] = nil
    end
  end
end

local function complete(w, invoice)
  complete_addresses(invoice)
  generate_reference(invoice)
  for _, row in ipairs(invoice.invoiceRows) do row.id = world.next_id(w, "row") end
  invoice.ledgerReceiptId = world.next_id(w, "receipt")
  invoice.invoiceSumInfo = sums.info(invoice, w.settings.vat_rounding)
  world.touch(w, invoice)
end

-- Gives a checked invoice what Procountor gives it, and keeps it.
function invoices.add(w, invoice)
  w.last_invoice_number = w.last_invoice_number + 1
  invoice.id = world.next_id(w, "invoice")
  invoice.invoiceNumber = w.last_invoice_number
  invoice.status = "UNFINISHED"
  invoice.creatorId = w.settings.company.user_id
  invoice.created = w.now
  invoice.attachments = kit.array()
  invoice.history = kit.array()
  complete(w, invoice)
  w.invoices[#w.invoices + 1] = invoice
  world.hide(w, invoice)
  return invoice
end

function invoices.create(w, _, body)
  local refused = world.refuse(w, RIGHT, "write")
  if refused then return refused() end
  local invoice, errors = check(w, body)
  if #errors > 0 then return world.errors(errors) end
  invoice.version = nil
  invoices.add(w, invoice)
  world.effect(w, "invoice.created", invoice.id, invoice.originalInvoiceNumber)
  return kit.json(200, invoices.shown(w)(invoice))
end

local function wrong_status(invoice)
  return world.error(403,
    ("Operation is not allowed for an invoice with status %s."):format(invoice.status))
end

-- What POST and PUT have in common is checked by invoice_check; PUT adds state and version.
function invoices.replace(w, _, body, id)
  local refused = world.refuse(w, RIGHT, "write")
  if refused then return refused() end
  local old, index = world.find(w.invoices, id)
  if not old then return world.not_found() end
  if old.status ~= "UNFINISHED" then return wrong_status(old) end
  if kit.is_null(body.version) then return world.error(400, "NOT_NULL", "version") end
  local invoice, errors = check(w, body)
  if #errors == 0 and invoice.version ~= old.version then
    errors[1] = { status = 400, field = "version", message = "INVOICE_VERSION_OUTDATED" }
  end
  if #errors == 0 and not kit.is_null(body.partnerId) and body.partnerId ~= old.partnerId then
    errors[1] = { status = 400, field = "partnerId", message = "Field cannot be changed." }
  end
  if #errors > 0 then return world.errors(errors) end
  for _, name in ipairs { "id", "invoiceNumber", "status", "creatorId", "created", "attachments",
    "history", "partnerId" } do
    invoice[name] = old[name]
  end
  complete(w, invoice)
  w.invoices[index] = invoice
  world.effect(w, "invoice.replaced", invoice.id)
  return kit.json(200, invoices.shown(w)(invoice))
end

-- Which operation is allowed in which status, and where it leads.
local MOVES = {
  approve = { from = kit.set { "UNFINISHED" }, action = "APPROVAL" },
  send = { from = kit.set { "NOT_SENT", "SENT" }, to = "SENT", action = "SEND" },
  unfinished = { from = kit.set { "NOT_SENT", "APPROVED" }, to = "UNFINISHED",
    action = "UNFINISHED" },
  invalidate = { from = kit.set { "UNFINISHED", "NOT_SENT", "APPROVED" }, to = "INVALIDATED",
    action = "INVALIDATED" },
  reject = { from = {}, action = "REJECTED" },
}

function invoices.move(name)
  local move = MOVES[name]
  return function(w, _, body, id)
    local refused = world.refuse(w, RIGHT, "write")
    if refused then return refused() end
    local invoice = world.find(w.invoices, id)
    if not invoice then return world.not_found() end
    local c = schema.context(w.settings)
    schema.take(c, fields.checking_event, body)
    if #c.errors > 0 then return world.errors(c.errors) end
    if w.settings.closed_until and invoice.date <= w.settings.closed_until then
      return world.error(403, "CLOSED_FISCAL_PERIOD")
    end
    if not move.from[invoice.status] then return wrong_status(invoice) end
    invoice.status = move.to
      or (invoice.invoiceChannel == "NO_SENDING" and "APPROVED" or "NOT_SENT")
    note(w, invoice, move.action)
    world.touch(w, invoice)
    world.effect(w, "invoice." .. name, invoice.id)
    return kit.json(200, { message = ("Invoice %d is now %s."):format(invoice.id,
      invoice.status) })
  end
end

function invoices.notes(w, _, body, id)
  local refused = world.refuse(w, RIGHT, "write")
  if refused then return refused() end
  local invoice = world.find(w.invoices, id)
  if not invoice then return world.not_found() end
  local c = schema.context(w.settings)
  local taken = schema.take(c, fields.notes, body)
  if #c.errors > 0 then return world.errors(c.errors) end
  invoice.notes = taken.notes
  world.touch(w, invoice)
  world.effect(w, "invoice.notes", invoice.id)
  return kit.json(200, { message = "Notes saved." })
end

function invoices.history(w, _, id)
  local refused = world.refuse(w, "salesInvoiceSearch", "read")
  if refused then return refused() end
  local invoice = world.find(w.invoices, id)
  if not invoice then return world.not_found() end
  return kit.json(200, { transactions = kit.copy(invoice.history) })
end

invoices.note = note
invoices.wrong_status = wrong_status

return invoices
