-- Ledger receipts of sales invoices and the dimensions on them (outside-systems 1.14): an entry for each
-- row without its VAT, and one for what the customer owes. That items are made by POST
-- /dimensions/{id}/items is an assumption; what is documented is that they are there to be read.

local decimal = require "decimal"
local kit = require "sandbox.kit"
local fields = require "sandbox.procountor.fields"
local schema = require "sandbox.procountor.schema"
local sums = require "sandbox.procountor.sums"
local world = require "sandbox.procountor.world"

local receipts = {}

local RIGHT, RECEIPTS, DIMENSIONS = "salesOrGroupInvoices", "ledgerReceipts", "dimensions"

-- Adds a dimension as fixtures have it: { name, items = { "P-1", { codeName, status, description } } }.
function receipts.add(w, given)
  local dimension = { id = world.next_id(w, "dimension"), name = given.name, items = kit.array() }
  for i, item in ipairs(given.items or {}) do
    item = type(item) == "string" and { codeName = item } or kit.copy(item)
    item.id = world.next_id(w, "dimension_item")
    dimension.items[i] = item
  end
  w.dimensions[#w.dimensions + 1] = dimension
  return dimension
end

function receipts.dimensions(w)
  local refused = world.refuse(w, DIMENSIONS, "read")
  if refused then return refused() end
  return kit.json(200, w.dimensions)
end

function receipts.add_item(w, _, body, id)
  local refused = world.refuse(w, DIMENSIONS, "write")
  if refused then return refused() end
  local dimension = world.find(w.dimensions, id)
  if not dimension then return world.not_found() end
  if type(body.codeName) ~= "string" or body.codeName == "" then
    return world.error(400, "NOT_NULL", "codeName")
  end
  local item = { id = world.next_id(w, "dimension_item"), codeName = body.codeName,
    description = body.description }
  dimension.items[#dimension.items + 1] = item
  world.effect(w, "dimension_item.created", item.id, item.codeName)
  return kit.json(200, item)
end

-- What a row sells for without VAT, in the currency of the books.
local function net_of(invoice, row)
  local amount = (sums.row_amount(row) * (100 - invoice.discountPercent) / 100):round(2)
  if invoice.extraInfo.unitPricesIncludeVat then
    amount = (amount * 100 / (100 + row.vatPercent)):round(2)
  end
  local rate = invoice.paymentInfo.currencyRate
  return rate and rate ~= decimal(1) and (amount / rate):round(2) or amount
end

local function accounting_sum(invoice)
  for _, info in ipairs(invoice.invoiceSumInfo) do
    if info.inAccountingCurrency then return info.invoiceSumTotal end
  end
  return invoice.invoiceSumInfo[1].invoiceSumTotal
end

-- A new invoice, and one that was replaced, has a new receipt; it is made when it is first looked at.
local function receipt_of(w, invoice)
  local id = invoice.ledgerReceiptId
  if w.receipts[id] then return w.receipts[id] end
  local receipt = { id = id, type = invoice.type, invoiceId = invoice.id,
    name = invoice.counterParty.counterPartyAddress.name, receiptDate = invoice.date,
    vatType = "SALES", vatStatus = invoice.vatStatus or 1, version = invoice.version,
    transactions = kit.array() }
  for i, row in ipairs(invoice.invoiceRows) do
    receipt.transactions[i] = { transactionId = world.next_id(w, "transaction"),
      transactionType = "ENTRY", account = "3000", accountingValue = -net_of(invoice, row),
      vatPercent = row.vatPercent, vatStatus = row.vatStatus or receipt.vatStatus,
      dimensionItemValues = kit.array() }
  end
  receipt.transactions[#receipt.transactions + 1] = {
    transactionId = world.next_id(w, "transaction"), transactionType = "RECONCILIATION_ENTRY",
    account = "1700", accountingValue = accounting_sum(invoice), dimensionItemValues = kit.array() }
  w.receipts[id] = receipt
  return receipt
end

local function find(w, id)
  for _, invoice in ipairs(w.invoices) do
    if tostring(invoice.ledgerReceiptId) == tostring(id) then return receipt_of(w, invoice), invoice end
  end
  return nil
end

-- Its status is the invoice's.
local function shown(receipt, invoice)
  local copy = kit.copy(receipt)
  copy.status, copy.invoiceNumber = invoice.status, invoice.invoiceNumber
  return copy
end

-- What there is of them, as a search lists it: one page.
function receipts.list(w, request)
  local refused = world.refuse(w, RECEIPTS, "read")
  if refused then return refused() end
  local size = math.tointeger(tonumber(kit.query(request, "size") or "50")) or 0
  if size < 1 or size > 200 then return world.error(400, "SIZE_OUT_OF_RANGE", "size") end
  local results = kit.array()
  for i = 1, math.min(size, #w.invoices) do
    local invoice = w.invoices[i]
    results[i] = { receiptId = invoice.ledgerReceiptId, type = invoice.type, receiptDate = invoice.date,
      name = invoice.counterParty.counterPartyAddress.name, status = invoice.status }
  end
  return kit.json(200, { results = results, meta = { pageNumber = 0, pageSize = size,
    resultCount = #results } })
end

function receipts.get(w, _, id)
  local refused = world.refuse(w, RECEIPTS, "read")
  if refused then return refused() end
  local receipt, invoice = find(w, id)
  if not receipt then return world.not_found() end
  return kit.json(200, shown(receipt, invoice))
end

-- What is wrong with the values of one entry, in the list of errors.
local function check_values(w, entry, path, errors)
  local totals, pairs_seen = {}, {}
  local function add(message)
    errors[#errors + 1] = { status = 400, field = path .. ".dimensionItemValues", message = message }
  end
  for _, value in ipairs(entry.dimensionItemValues or {}) do
    local dimension = world.find(w.dimensions, value.dimensionId)
    local item = dimension and world.find(dimension.items, value.itemId)
    local pair = ("%s-%s"):format(tostring(value.dimensionId), tostring(value.itemId))
    if not item or item.status == "P" then add "DIMENSION_ITEM_NOT_FOUND" end
    if pairs_seen[pair] then add "DIMENSION_ITEM_NOT_UNIQUE" end
    pairs_seen[pair] = true
    local id = value.dimensionId
    totals[id] = (totals[id] or decimal(0)) + value.value
  end
  for _, total in pairs(totals) do
    if total ~= decimal(entry.accountingValue) then add "DIMENSION_VALUES_DO_NOT_SUM_UP" end
  end
end

function receipts.replace(w, _, body, id)
  local refused = world.refuse(w, RIGHT, "write") or world.refuse(w, RECEIPTS, "write")
  if refused then return refused() end
  local receipt, invoice = find(w, id)
  if not receipt then return world.not_found() end
  local c = schema.context(w.settings)
  local taken = schema.take(c, fields.receipt, body)
  if #c.errors > 0 then return world.errors(c.errors) end
  if taken.version ~= receipt.version then
    return world.error(400, "RECEIPT_VERSION_OUTDATED", "version")
  end
  if w.settings.closed_until and receipt.receiptDate <= w.settings.closed_until then
    return world.error(400, "CLOSED_FISCAL_PERIOD", "receiptDate")
  end
  for i, entry in ipairs(taken.transactions) do
    check_values(w, entry, ("transactions[%d]"):format(i - 1), c.errors)
  end
  if #c.errors > 0 then return world.errors(c.errors) end
  for name, value in pairs(taken) do receipt[name] = value end
  receipt.version = w.now
  world.effect(w, "receipt.replaced", receipt.id, tostring(invoice.id))
  return kit.json(200, shown(receipt, invoice))
end

-- Every receipt that was looked at, with what its dimensions are called.
function receipts.all(w)
  local list = kit.array()
  for _, invoice in ipairs(w.invoices) do
    local receipt = w.receipts[invoice.ledgerReceiptId]
    if receipt then list[#list + 1] = shown(receipt, invoice) end
  end
  return list
end

-- "Projekti P-7: 1878.00" of an invoice's receipt, or nil.
function receipts.words(w, invoice)
  local receipt, names, totals = w.receipts[invoice.ledgerReceiptId], {}, {}
  for _, entry in ipairs(receipt and receipt.transactions or {}) do
    for _, value in ipairs(entry.dimensionItemValues or {}) do
      local dimension = world.find(w.dimensions, value.dimensionId)
      local item = dimension and world.find(dimension.items, value.itemId)
      local name = item and ("%s %s"):format(dimension.name, item.codeName) or "?"
      if not totals[name] then names[#names + 1] = name end
      totals[name] = (totals[name] or decimal(0)) + value.value
    end
  end
  for i, name in ipairs(names) do names[i] = ("%s: %s"):format(name, (-totals[name]):text(2)) end
  return #names > 0 and table.concat(names, ", ") or nil
end

return receipts
