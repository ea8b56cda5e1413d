--[[
Sales invoices in Procountor (outside-systems 1.10).

  invoices.create(wanted)  -> the invoice: the one that carries the same original number, if there
                              is one, else a new one in status UNFINISHED
  invoices.find(number)    -> the sales invoice with that original number, or nil
  invoices.get(id)         -> Procountor's whole object
  invoices.attach(id, file, name)  -> { id, name }: the file (a handle) is at the invoice and sent with
                              it (outside-systems 1.13); name, with its extension, is what it is
                              recognised by: once is enough
  invoices.image(id, page) -> the page as an image (PNG, a file), or nil if there is no such page
  invoices.check(wanted)   ends the run as attention if the invoice could not be made for a reason
                           that shows before customer and products are there. Writes nothing

wanted (in connectors/procountor/invoice_body.lua) has at least customer and rows; original_number
is the invoice's natural key, at most 40 characters (reference, if there is none: then it must be
one that belongs to this invoice alone).

An invoice = { id, number, original_number, status, total, net, vat, currency, due_date, adopted,
customer_id, customer_identifier, record }.

One that is there already is adopted in whatever status it is: somebody has gone on with it. It is a
person's to look at when it is another customer's, has another total, or was invalidated.
]]

local crypto = require "crypto"
local decimal = require "decimal"
local given = require "given"
local http = require "http"
local log = require "log"
local current = require "current"
local ending = require "ending"
local lock = require "lock"
local invoice_body = require "connectors.procountor.invoice_body"
local periods = require "connectors.procountor.periods"
local sums = require "connectors.procountor.sums"

local KEY_MAX = 40 -- characters of originalInvoiceNumber

-- Statuses in which an invoice is no invoice any more.
local DEAD = { INVALIDATED = true, DELETED = true }

-- The sums in the invoice's currency; the list has a second entry in the accounting currency.
local function sum_info(record, currency)
  local list = given(record.invoiceSumInfo)
  if type(list) ~= "table" then return nil end
  for _, info in ipairs(list) do
    if info.currency == currency then return info end
  end
  return list[1]
end

local function invoice_of(record, currency)
  local info = sum_info(record, currency) or {}
  local function number(value) return given(value) and decimal(value):round(2) or nil end
  -- record is there for who asks, and no part of a result that is shown.
  return setmetatable({ id = record.id, number = given(record.invoiceNumber),
    original_number = given.text(record.originalInvoiceNumber), status = given.text(record.status),
    total = number(info.invoiceSumTotal), net = number(info.excludingVatTotal),
    vat = number(info.vatSumTotal), currency = given.text(info.currency) or currency,
    due_date = given.text(record.dueDate)
      or (type(record.paymentInfo) == "table" and given.text(record.paymentInfo.dueDate)) or nil,
    customer_id = given(record.partnerId), adopted = false,
    customer_identifier = type(record.counterParty) == "table"
      and given.text(record.counterParty.identifier) or nil }, { __index = { record = record } })
end

-- A key that is too long keeps its beginning and gets a digest of the whole.
local function fitting_key(text)
  if utf8.len(text) and utf8.len(text) <= KEY_MAX then return text end
  local head = text:gsub("[^\32-\126]", ""):sub(1, 23)
  return head .. "-" .. crypto.sha256(text):sub(1, 16)
end

local function search(client, number)
  local live, dead = {}, {}
  for _, record in ipairs(client:list("/invoices",
    { originalInvoiceNumber = number, types = "SALES_INVOICE" })) do
    if given.text(record.originalInvoiceNumber) == number
      and (given.text(record.type) or "SALES_INVOICE") == "SALES_INVOICE" then
      local list = DEAD[record.status] and dead or live
      list[#list + 1] = record
    end
  end
  return live, dead
end

local function number_text(record)
  return ("%s (id %s)"):format(tostring(given(record.invoiceNumber) or "without a number"),
    tostring(record.id))
end

-- The one live invoice with that original number; asks a person about anything else but none.
local function existing(client, number)
  local live, dead = search(client, number)
  if #live > 1 then
    local texts = {}
    for i, record in ipairs(live) do texts[i] = number_text(record) end
    ending.attention(("%d sales invoices in Procountor have the original number %s: %s. "
      .. "Invalidate all but one there, then retry."):format(#live, number,
      table.concat(texts, ", ")), { original_number = number })
  end
  if live[1] then return live[1] end
  if dead[1] then
    ending.attention(("Invoice %s with the original number %s was invalidated in Procountor. If it "
      .. "is to be invoiced again, do so there by hand; else skip this run."):format(
      number_text(dead[1]), number), { original_number = number, invoice_id = dead[1].id })
  end
  return nil
end

local function compare_sums(invoice, own, currency)
  local info = sum_info(invoice.record, currency)
  if not info then
    invoice.total, invoice.net, invoice.vat = own.total, own.net, own.vat
    return
  end
  local difference = sums.difference(own, info)
  if difference then
    ending.attention(("Invoice %s stands in Procountor, and its sums differ from those of the "
      .. "rows: %s. Compare it with the source, and correct or invalidate it there."):format(
      number_text(invoice.record), difference),
      { invoice_id = invoice.id, invoice_number = invoice.number, difference = difference })
  end
end

-- An invoice that was there before: is it really this one, and not another of the same number?
local function check_same(invoice, customer, own)
  local problems = {}
  local partner = invoice.customer_id
  if partner and customer.id and tostring(partner) ~= tostring(customer.id) then
    problems[#problems + 1] = "it is another customer's"
  end
  if invoice.total and sums.difference(own, { invoiceSumTotal = invoice.total }) then
    problems[#problems + 1] = ("its total is %s and not %s"):format(invoice.total:text(2),
      own.total:text(2))
  end
  if #problems == 0 then return end
  ending.attention(("Invoice %s in Procountor has the original number %s already, but %s. Decide "
    .. "which is right: invoice the difference by hand, or skip this run."):format(
    number_text(invoice.record), invoice.original_number or "?", table.concat(problems, " and ")),
    { invoice_id = invoice.id, invoice_number = invoice.number })
end

local function new(client)
  local invoices = {}
  function invoices.find(number)
    number = given.text(number)
    if not number then error("invoices.find wants an original number", 2) end
    number = fitting_key(number)
    local record = existing(client, number)
    if not record then return nil end
    -- Older versions of the API do not say in a search whose it is.
    if type(record.counterParty) ~= "table" then record = client:get("/invoices/" .. record.id) end
    local invoice = invoice_of(record, "EUR")
    invoice.adopted = true
    return invoice
  end

  function invoices.check(wanted)
    invoice_body.check(client, wanted)
  end

  function invoices.attach(id, file, name)
    local path = "/invoices/" .. tostring(id)
    local saved = client:upload("/attachments", { name = name, referenceType = "INVOICE",
      referenceId = id, mimeType = file.type, sendWithInvoice = true }, file, function()
      local found = {}
      for _, one in ipairs(given(client:get(path).attachments) or {}) do
        if given.text(one.name) == name then found[#found + 1] = one end
      end
      return found[1], #found
    end, ("the file %s at invoice %s"):format(name, tostring(id)))
    return { id = saved.id, name = given.text(saved.name) or name }
  end

  function invoices.image(id, page)
    local answer = http.get(client.name, ("/invoices/%s/image"):format(tostring(id)), {
      query = { page = page, format = "PNG" }, file = "image/png", accept = { 404 } })
    return answer.status < 300 and answer.file or nil
  end

  function invoices.get(id)
    return client:get("/invoices/" .. tostring(id))
  end

  -- Within the lock of the number: looks, and makes it if it is not there.
  local function look_and_make(wanted, body, own, number)
    local currency = body.paymentInfo.currency
    local looked = current.seq() + 1
    local before = existing(client, number)
    if before then
      local invoice = invoice_of(before, currency)
      check_same(invoice, wanted.customer, own)
      log.info("invoice %s was there already", number_text(before))
      invoice.adopted = true
      return invoice
    end
    periods.check(client, body.date)
    local record, adopted = client:post("/invoices", body, function()
      local live = search(client, number)
      return live[1], #live
    end, "invoice " .. number, looked)
    local invoice = invoice_of(record, currency)
    invoice.adopted = adopted
    if adopted then check_same(invoice, wanted.customer, own) end
    invoice.due_date = invoice.due_date or body.paymentInfo.dueDate
    invoice.original_number = invoice.original_number or number
    if invoice.status and invoice.status ~= "UNFINISHED" and not adopted then
      ending.attention(("Invoice %s came into Procountor with the status %s and not UNFINISHED. "
        .. "Look at it there before it goes any further."):format(number_text(record),
        invoice.status), { invoice_id = invoice.id, status = invoice.status })
    end
    compare_sums(invoice, own, currency)
    return invoice
  end

  function invoices.create(wanted)
    local body, own = invoice_body.make(client, wanted)
    local number = fitting_key(body.originalInvoiceNumber)
    body.originalInvoiceNumber = number
    -- Runs with other keys may be at the same number: the second finds what the first made.
    return lock("procountor.invoice " .. client.name .. " " .. number, function()
      return look_and_make(wanted, body, own, number)
    end)
  end

  return invoices
end

return { new = new }
