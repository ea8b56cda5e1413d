--[[
A signed proposal becomes one unfinished sales invoice.

  use "proposal_to_invoice" { trigger = "automatic", payment_terms = 14, notify = { "slack" } }

What it does: the customer of that business ID, or a new one; for each row that was bought the
product of that code, else of that name, else a new one; one invoice in status UNFINISHED, whose
original number is "C2C-" and the contract's id, so that the same contract is never invoiced twice;
then a notice. What cannot be invoiced goes to a person, with what is missing, where, and what to do.

Options (all may be left out):
  trigger        "automatic" (default), "manual", "off", or function(proposal) that returns one
  payment_terms  days, where the contract does not say (14)
  notify         connections to tell: { "slack", "zapier" }
  language       of the invoice, where the contract does not say (the company's)
  channel        "EMAIL", "MAIL", "ELECTRONIC_INVOICE", "NO_SENDING" (EMAIL if there is an address)
  totals         "warn" (default), "attention" or "ignore": when the invoice's sums are not those
                 that the proposal states
  source, finance, name   the connections ("click2contract", "procountor") and the rule's own name

Each step can be replaced:
  customer  = function(proposal) return customer end
  row       = function(line, proposal) return line end       nil leaves the row out
  product   = function(line, proposal) return product end
  invoice   = function(wanted, proposal) return invoice end  wanted: connectors/procountor/
                                                             invoice_body.lua
  notice    = function(invoice, proposal) return text [, data] end   nil: no notice
  key       = function(proposal) return text end             runs of one key are done in turn

proposal: connectors/click2contract/proposal.lua. line: one of its rows.
]]

local current = require "current"
local money = require "money"
local options = require "options"
local sums = require "connectors.procountor.sums"

local KNOWN = {
  name = { type = "string" },
  trigger = { type = "string|function", one_of = { "automatic", "manual", "off" } },
  payment_terms = { type = "integer" },
  notify = { type = "string|table" },
  language = { type = "string" },
  channel = { type = "string", one_of = { "EMAIL", "MAIL", "ELECTRONIC_INVOICE", "NO_SENDING" } },
  totals = { type = "string", one_of = { "warn", "attention", "ignore" } },
  source = { type = "string" }, finance = { type = "string" },
  customer = { type = "function" }, row = { type = "function" }, product = { type = "function" },
  invoice = { type = "function" }, notice = { type = "function" }, key = { type = "function" },
}

-- How far the sums of a proposal may be from ours before it is worth a word: cents of rounding.
local TOTALS_TOLERANCE = decimal "0.05"

local NOTICES = {
  fi = "Uusi lasku %s: %s, %s, eräpäivä %s (keskeneräinen). Sopimus %s",
  sv = "Ny faktura %s: %s, %s, förfaller %s (oavslutad). Avtal %s",
  en = "New invoice %s: %s, %s, due %s (unfinished). Contract %s",
}

local function title(proposal)
  return ("Contract %s%s"):format(proposal.id or "without an id",
    proposal.name and ' "' .. proposal.name .. '"' or "")
end

-- True if the customer says, or its address shows, that a Finnish business ID is meant.
local function is_finnish(customer)
  local country = customer.address and customer.address.country
  return not country or country:upper() == "FI" or country:upper() == "AX"
    or country:lower() == "suomi" or country:lower() == "finland"
    or (customer.business_id and customer.business_id:upper():find("^FI")) ~= nil
end

-- Everything that stands in the way of an invoice, in words; each with its field.
local function obstacles(proposal, own_customer)
  local list = {}
  local function add(field, text) list[#list + 1] = { field = field, message = text } end
  if proposal.tables == 0 then
    add("pricing_table", "it has no pricing table; add the Pricing Table element to the proposal's "
      .. "template")
  elseif #proposal.rows == 0 and #proposal.left_out > 0 then
    add("pricing_table.rows", "none of the optional rows of its pricing table was selected")
  elseif #proposal.rows == 0 then
    add("pricing_table.rows", "its pricing table has no rows")
  end
  local customer = proposal.customer
  if not own_customer then
    if not customer.name then add("customer.name", "the customer has no name") end
    if not customer.address then
      add("customer.address", customer.address_problem .. "; fill in the fields Address, Postal "
        .. "code and City of the customer")
    end
    if customer.business_id and is_finnish(customer) then
      local valid, reason = ids.business_id(customer.business_id)
      if not valid then
        add("customer.business_id", ('the business ID "%s" is not valid: %s'):format(
          customer.business_id, reason or "its check digit does not fit"))
      end
    end
  end
  for _, problem in ipairs(proposal.problems) do add(problem.field, problem.message) end
  return list
end

local function refuse(proposal, list)
  local texts = {}
  for i, item in ipairs(list) do texts[i] = ("%s (%s)"):format(item.message, item.field) end
  attention(("%s cannot be invoiced: %s. Correct it in Click2Contract and send the contract again."
    ):format(title(proposal), table.concat(texts, "; ")),
    { contract = proposal.id, problems = list })
end

-- A description of the row, unless it only says the name again.
local function comment_of(line)
  if line.description and line.description ~= line.name then return line.description end
  return nil
end

local function ensure_customer(finance, proposal, settings)
  local customer = proposal.customer
  return finance.customers.ensure {
    name = customer.name, business_id = customer.business_id, address = customer.address,
    email = customer.email, phone = customer.phone, consumer = customer.consumer,
    contact = customer.contact_name and { name = customer.contact_name, phone = customer.phone },
    language = proposal.language or settings.language, currency = proposal.currency,
    payment_terms = proposal.payment_term_days or settings.payment_terms, key = proposal.key }
end

local function ensure_product(finance, line, proposal)
  return finance.products.ensure {
    code = line.code, name = line.name, unit = line.unit, unit_price = line.unit_price,
    vat_percent = line.vat_percent, prices_include_vat = proposal.prices_include_vat,
    currency = proposal.currency, where = line.where }
end

-- The rows to invoice, each of them checked before anything is written outside.
local function make_lines(finance, proposal, settings)
  local lines = {}
  for _, line in ipairs(proposal.rows) do
    if settings.row then line = settings.row(line, proposal) end
    if line then
      finance.products.check(line)
      lines[#lines + 1] = line
    end
  end
  if #lines == 0 then
    attention(title(proposal) .. " cannot be invoiced: the company's row function left out all "
      .. "rows. Look at the rule, then retry.")
  end
  return lines
end

-- Rows of the invoice, and the names of the products that had to be made.
local function make_rows(finance, lines, proposal, settings)
  local rows, new_products = {}, {}
  for i, line in ipairs(lines) do
    local product
    if settings.product then
      product = settings.product(line, proposal)
    else
      product = ensure_product(finance, line, proposal)
    end
    if product and product.created then new_products[#new_products + 1] = product.name end
    rows[i] = { product = product, name = line.name, code = line.code, quantity = line.quantity,
      unit = line.unit, unit_price = line.unit_price, discount = line.discount_percent,
      vat = line.vat_percent, comment = comment_of(line), where = line.where }
  end
  return rows, new_products
end

-- The signed proposal states sums of its own; a customer who signed another sum will complain.
local function compare_totals(proposal, net, total, settings)
  local stated = proposal.totals
  if not stated or settings.totals == "ignore" or settings.row then return end
  local different = {}
  for _, pair in ipairs { { "net", stated.net, net }, { "total", stated.gross, total } } do
    local words, theirs, ours = table.unpack(pair, 1, 3)
    if theirs and ours and (theirs - ours > TOTALS_TOLERANCE or ours - theirs > TOTALS_TOLERANCE) then
      different[#different + 1] = ("%s %s in the proposal, %s from its rows"):format(words,
        theirs:text(2), ours:text(2))
    end
  end
  if #different == 0 then return end
  local text = ("%s: the sums differ: %s"):format(title(proposal), table.concat(different, "; "))
  if settings.totals == "attention" then
    attention(text .. ". Compare the proposal with its rows; if the rows are right, invoice it with "
      .. 'totals = "warn".', { contract = proposal.id })
  end
  current.warn("%s", text)
end

-- The proposal's sums by our reckoning.
local function own_sums(rows, proposal)
  local amounts = {}
  for i, row in ipairs(rows) do
    amounts[i] = { quantity = row.quantity, unit_price = row.unit_price,
      discount = row.discount_percent, vat = row.vat_percent }
  end
  return sums.of(amounts, proposal.prices_include_vat)
end

local function number_text(invoice)
  return invoice.number and tostring(invoice.number) or "id " .. tostring(invoice.id)
end

local function default_notice(invoice, proposal)
  local language = current.company.language
  local words = NOTICES[language] and language or "en"
  local customer = proposal.customer
  return NOTICES[words]:format(number_text(invoice), customer.name or "?",
    money.people(invoice.total, invoice.currency, words),
    invoice.due_date and time.format(invoice.due_date, words) or "-",
    proposal.name or proposal.id),
    { event = "invoice.created", invoice_id = invoice.id, invoice_number = invoice.number,
      customer = customer.name, business_id = customer.business_id,
      total = invoice.total:text(2), currency = invoice.currency, due_date = invoice.due_date,
      status = invoice.status, contract_id = proposal.id, reference = proposal.reference }
end

local function tell(invoice, proposal, settings)
  local told = {}
  if #settings.notify == 0 then return nil end
  local text, data = (settings.notice or default_notice)(invoice, proposal)
  if not text then return nil end
  for _, name in ipairs(settings.notify) do
    told[name] = notify(name, text, data)
  end
  return told
end

local function result_of(invoice, proposal)
  return { invoice = invoice.number, invoice_id = invoice.id, status = invoice.status,
    total = invoice.total, currency = invoice.currency, due_date = invoice.due_date,
    original_number = invoice.original_number, customer = proposal.customer.name,
    contract = proposal.id, adopted = invoice.adopted or nil }
end

-- The company's own function for a step, or ours.
local function invoice_with(finance, wanted, proposal, settings)
  if not settings.invoice then return finance.invoices.create(wanted) end
  local invoice = settings.invoice(wanted, proposal)
  if type(invoice) ~= "table" then
    error("the company's invoice function returned no invoice", 0)
  end
  return invoice
end

-- What was invoiced already stays as it is; only a sum that is another one is worth a word.
local function invoiced_before(invoice, own, proposal)
  if invoice.total then
    compare_totals({ id = proposal.id, name = proposal.name, totals = { gross = own.total } }, nil,
      invoice.total, { totals = "warn" })
  end
  log.info("%s was invoiced before: invoice %s", title(proposal), number_text(invoice))
  return result_of(invoice, proposal)
end

local function run(proposal, settings)
  if not proposal.signed then
    skip(title(proposal) .. " is not signed yet")
  end
  local list = obstacles(proposal, settings.customer ~= nil)
  if #list > 0 then refuse(proposal, list) end
  local finance = _ENV[settings.finance]
  -- First of all, so that sending a contract again makes nothing again, no customer either.
  local before = finance.invoices.find(proposal.key)
  local own = own_sums(proposal.rows, proposal)
  if before then return invoiced_before(before, own, proposal) end
  compare_totals(proposal, own.net, own.total, settings)
  local lines = make_lines(finance, proposal, settings)
  local customer
  if settings.customer then
    customer = settings.customer(proposal)
  else
    customer = ensure_customer(finance, proposal, settings)
  end
  local rows, new_products = make_rows(finance, lines, proposal, settings)
  local invoice = invoice_with(finance, {
    original_number = proposal.key, customer = customer, rows = rows,
    reference = proposal.reference, currency = proposal.currency,
    payment_terms = proposal.payment_term_days or settings.payment_terms,
    contact = proposal.customer.contact_name or proposal.signer.name,
    email = proposal.customer.email, language = proposal.language or settings.language,
    prices_include_vat = proposal.prices_include_vat, channel = settings.channel,
  }, proposal, settings)
  local result = result_of(invoice, proposal)
  result.new_customer = customer.created or nil
  result.business_id = customer.business_id
  result.new_products = #new_products > 0 and new_products or nil
  result.notified = tell(invoice, proposal, settings)
  return result
end

-- The business ID, else the name: one customer's contracts one after the other, so that two of them
-- cannot both make it.
local function key_of(proposal)
  local customer = proposal.customer
  return (customer.business_id and ids.business_id(customer.business_id))
    or (customer.name and names.fold(customer.name)) or nil
end

return function(given)
  options.check(given, KNOWN)
  local settings = {}
  for name, value in pairs(given) do settings[name] = value end
  settings.payment_terms = settings.payment_terms or 14
  settings.totals = settings.totals or "warn"
  settings.finance = settings.finance or "procountor"
  settings.notify = type(settings.notify) == "string" and { settings.notify }
    or settings.notify or {}
  local needs = { settings.finance, table.unpack(settings.notify) }
  return {
    name = settings.name or "proposal_to_invoice",
    on = (settings.source or "click2contract") .. ".proposal.accepted",
    trigger = settings.trigger, key = settings.key or key_of, needs = needs,
    run = function(proposal) return run(proposal, settings) end,
  }
end
