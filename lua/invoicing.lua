--[[
From a sale to one unfinished invoice: what the rules for signed proposals and for won deals have in
common, each step of it replaceable by the company.

  invoicing.OPTIONS            what may be set of each such rule (options.lua), name -> entry
  invoicing.check(given, known)   raises what is wrong in a rule's options
  invoicing.rule(given, kind)  -> the rule (declare.lua)

kind = { name = "deal_to_invoice", source = "crm": the connection unless the company says another,
  source_role = "deals": what it must have (roles.lua),
  on = function(source) -> list of events, trigger (the rule's own, or what was given),
  noun = "Deal", notice = { fi =, sv =, en = } for the default notice,
  correct = "Correct it in the CRM and send the deal again." (last words to a person),
  fields = "the fields ... of the organization" (where an address is to be filled in),
  no_rows = function(sale, add): says what is wrong with the rows,
  id_field = "deal_id", result_field = "deal": the id's name in what a Zap gets, and in results,
  stated = "the deal": who states the sums,
  ready = function(sale, settings): skips what is not to be invoiced,
  whole = function(sale, settings) -> the sale with all its parts, fetched if need be }

sale: connectors/click2contract/sale.lua; beside what stands there, einvoice = { address,
operator }, bank_reference, project (a dimension's item) and updated_at may be given.
]]

local current = require "current"
local decimal = require "decimal"
local dimension = require "dimension"
local ending = require "ending"
local http = require "http"
local ids = require "ids"
local json = require "json"
local log = require "log"
local money = require "money"
local names = require "names"
local notify = require "notify"
local obstacles = require "obstacles"
local options = require "options"
local owner = require "owner"
local register = require "register"
local roles = require "roles"
local standing = require "standing"
local time = require "time"
local connections = require "connections"
local reader = require "connectors.sale"
local sums = require "connectors.procountor.sums"
local words = require "connectors.procountor.words"

local invoicing = {}

invoicing.OPTIONS = {
  name = { type = "text" },
  trigger = { type = "string|function", one_of = { "automatic", "manual", "off" } },
  payment_terms = { type = "integer", min = 0, max = 999 },
  notify = { type = "text|texts" },
  language = { type = "string" },
  channel = { type = "string", one_of = { "EMAIL", "MAIL", "ELECTRONIC_INVOICE", "NO_SENDING" } },
  totals = { type = "string", one_of = { "warn", "attention", "ignore" } },
  register = { type = "text|boolean" }, attach = { type = "text" },
  dimension = { type = "text|table" }, tell_owner = { type = "text|texts" },
  source = { type = "text" }, finance = { type = "text" },
  customer = { type = "function" }, row = { type = "function" }, product = { type = "function" },
  wanted = { type = "function" }, invoice = { type = "function" },
  notice = { type = "function" }, key = { type = "function" },
}

local is_finnish = obstacles.is_finnish

-- How far stated sums may be from ours before it is worth a word: cents of rounding.
local TOTALS_TOLERANCE = decimal "0.05"

local function title(sale, settings)
  return ("%s %s%s"):format(settings.kind.noun, sale.id or "without an id",
    sale.name and ' "' .. sale.name .. '"' or "")
end

local function refuse(sale, list, settings)
  local texts = {}
  for i, item in ipairs(list) do texts[i] = ("%s (%s)"):format(item.message, item.field) end
  ending.attention(("%s cannot be invoiced: %s. %s"):format(title(sale, settings),
    table.concat(texts, "; "), settings.kind.correct),
    { [settings.kind.result_field] = sale.id, problems = list })
end

-- A description of the row, unless it only says the name again.
local function comment_of(line)
  if line.description and line.description ~= line.name then return line.description end
  return nil
end

-- The customer in the words of customers.ensure.
local function buyer_of(sale, settings)
  local customer = sale.customer
  return {
    name = customer.name, business_id = customer.business_id, address = customer.address,
    email = customer.email, phone = customer.phone, consumer = customer.consumer,
    contact = customer.contact_name and { name = customer.contact_name, phone = customer.phone },
    einvoice = customer.einvoice, sources = sale.fields,
    language = sale.language or settings.language, currency = sale.currency,
    payment_terms = settings.payment_terms, key = sale.key,
    address_problem = not customer.no_address and customer.address_problem or nil,
    fill = register.filler(settings.register), suggest = register.suggester(settings.register),
    partner = customer.partner,
    partner_field = (sale.fields or {}).partner or "customer.partner" }
end

local function ensure_customer(finance, sale, settings)
  return finance.customers.ensure(buyer_of(sale, settings))
end

local function ensure_product(finance, line, sale)
  return finance.products.ensure {
    code = line.code, name = line.name, unit = line.unit, unit_price = line.unit_price,
    vat_percent = line.vat_percent, vat_status = line.vat_status,
    prices_include_vat = sale.prices_include_vat,
    currency = sale.currency, where = line.where, field = line.field }
end

-- The rows to invoice, each of them checked before anything is written outside.
local function make_lines(finance, sale, settings)
  local lines = {}
  for _, line in ipairs(sale.rows) do
    if settings.row then line = settings.row(line, sale) end
    if line then
      finance.products.check(line)
      lines[#lines + 1] = line
    end
  end
  if #lines == 0 then
    ending.attention(title(sale, settings) .. " cannot be invoiced: the company's row function left out "
      .. "all rows. Look at the rule, then retry.")
  end
  return lines
end

local function row_of(line, product)
  return { product = product, name = line.name, code = line.code, quantity = line.quantity,
    unit = line.unit, unit_price = line.unit_price, discount = line.discount_percent,
    vat = line.vat_percent, vat_status = line.vat_status, comment = comment_of(line),
    where = line.where, field = line.field }
end

local function rows_without_products(lines)
  local rows = {}
  for i, line in ipairs(lines) do rows[i] = row_of(line) end
  return rows
end

-- Rows of the invoice, and the names of the products that had to be made.
local function make_rows(finance, lines, sale, settings)
  local rows, new_products = {}, {}
  for i, line in ipairs(lines) do
    local product
    if settings.product then
      product = settings.product(line, sale)
    else
      product = ensure_product(finance, line, sale)
    end
    if product and product.created then new_products[#new_products + 1] = product.name end
    rows[i] = row_of(line, product)
  end
  return rows, new_products
end

-- What was signed or agreed may state sums of its own; a customer who agreed to others will complain.
local function compare_totals(sale, net, total, settings)
  local stated = sale.totals
  if not stated or settings.totals == "ignore" or settings.row then return end
  local different = {}
  for _, pair in ipairs { { "net", stated.net, net }, { "total", stated.gross, total } } do
    local what, theirs, ours = table.unpack(pair, 1, 3)
    if theirs and ours and (theirs - ours > TOTALS_TOLERANCE or ours - theirs > TOTALS_TOLERANCE) then
      different[#different + 1] = ("%s %s in %s, %s from its rows"):format(what,
        theirs:text(2), settings.kind.stated, ours:text(2))
    end
  end
  if #different == 0 then return end
  local text = ("%s: the sums differ: %s"):format(title(sale, settings), table.concat(different, "; "))
  if settings.totals == "attention" then
    ending.attention(("%s. Compare %s with its rows; if the rows are right, invoice it with totals = "
      .. '"warn".'):format(text, settings.kind.stated), { [settings.kind.result_field] = sale.id })
  end
  current.warn("%s", text)
end

-- Its sums by our reckoning.
local function own_sums(rows, sale)
  local amounts = {}
  for i, row in ipairs(rows) do
    amounts[i] = { quantity = row.quantity, unit_price = row.unit_price,
      discount = row.discount_percent, vat = row.vat_percent }
  end
  return sums.of(amounts, { gross = sale.prices_include_vat, discount = sale.discount_percent })
end

local function number_text(invoice)
  return invoice.number and tostring(invoice.number) or "id " .. tostring(invoice.id)
end

-- In its one spelling, if it is Finnish.
local function business_id_of(customer)
  local text = customer.business_id
  return text and is_finnish(customer) and ids.business_id(text) or text
end

local function default_notice(invoice, sale, kind)
  local language = current.company.language
  language = kind.notice[language] and language or "en"
  local customer = sale.customer
  local text = kind.notice[language]:format(number_text(invoice), customer.name or "?",
    invoice.total and money.people(invoice.total, invoice.currency, language) or "-",
    invoice.due_date and time.format(invoice.due_date, language) or "-",
    sale.name or sale.id)
  -- A Zap is made from the fields of one message: all are there each time, if need be empty.
  local function field(value) return value == nil and json.null or value end
  return text, { event = "invoice.created", invoice_id = field(invoice.id),
    invoice_number = field(invoice.number), customer = field(customer.name),
    business_id = field(business_id_of(customer)),
    total = field(invoice.total and invoice.total:text(2)), currency = field(invoice.currency),
    due_date = field(invoice.due_date), status = field(invoice.status),
    [kind.id_field] = field(sale.id), reference = field(sale.reference) }
end

local function tell(invoice, sale, settings)
  local told = {}
  if #settings.notify == 0 then return nil end
  local text, data = (settings.notice or default_notice)(invoice, sale, settings.kind)
  if not text then return nil end
  for _, name in ipairs(settings.notify) do
    told[name] = notify(name, text, data)
  end
  return told
end

local function result_of(invoice, sale, settings)
  return { invoice = invoice.number, invoice_id = invoice.id, status = invoice.status,
    total = invoice.total, currency = invoice.currency, due_date = invoice.due_date,
    original_number = invoice.original_number, customer = sale.customer.name,
    [settings.kind.result_field] = sale.id, adopted = invoice.adopted or nil }
end

-- The company's own function for a step, or ours.
local function customer_with(finance, sale, settings)
  if not settings.customer then return ensure_customer(finance, sale, settings) end
  local customer = settings.customer(sale)
  if type(customer) ~= "table" then
    error("the company's customer function returned no customer", 0)
  end
  return customer
end

local function invoice_with(finance, wanted, sale, settings)
  if not settings.invoice then return finance.invoices.create(wanted) end
  local invoice = settings.invoice(wanted, sale)
  if type(invoice) ~= "table" then
    error("the company's invoice function returned no invoice", 0)
  end
  return invoice
end

-- What was invoiced already stays as it is, whatever became of it; a sum that is another one is worth
-- a word, and another customer's invoice is no invoice of this contract.
local function invoiced_before(invoice, own, sale, settings)
  local wanted = business_id_of(sale.customer)
  local theirs = invoice.customer_identifier
  theirs = theirs and ids.business_id(theirs) or theirs
  if wanted and theirs and is_finnish(sale.customer) and wanted ~= theirs then
    ending.attention(("%s has the original number %s, but invoice %s in Procountor with that number is "
      .. "another customer's (%s). Decide which is right: invoice this one by hand, or skip the run.")
      :format(title(sale, settings), sale.key, number_text(invoice), theirs),
      { [settings.kind.result_field] = sale.id, invoice_id = invoice.id })
  end
  -- What functions of the company made of the rows is not known here.
  if invoice.total and not settings.row and not settings.wanted and not settings.invoice then
    compare_totals({ id = sale.id, name = sale.name, totals = { gross = own.total } }, nil,
      invoice.total, { totals = "warn", kind = settings.kind })
  end
  log.info("%s was invoiced before: invoice %s", title(sale, settings), number_text(invoice))
  return result_of(invoice, sale, settings)
end

-- The signed contract goes with the invoice. That it is not there is no reason to do without the
-- invoice, which stands already.
local function attach(finance, invoice, sale, settings)
  if not settings.attach or not sale.pdf_url then return nil end
  local name, saved = sale.key .. ".pdf", nil
  local answer, problem = http.try(http.get, settings.attach, sale.pdf_url,
    { file = "application/pdf" })
  if answer then saved, problem = http.try(finance.invoices.attach, invoice.id, answer.file, name) end
  if saved then return saved.name end
  current.warn("the signed contract could not be put at the invoice: %s; attach it there by hand",
    tostring(problem))
  return nil
end

-- The invoice stands and was told of; a person sees to the rest of it.
local function without_dimension(invoice, place, problem)
  ending.attention(('Invoice %s stands in Procountor, but %s "%s" could not be put on its ledger '
    .. "receipt: %s. Put it there by hand and skip this run, or put right what is in the way and retry.")
    :format(number_text(invoice), place.name, place.code, problem),
    { invoice_id = invoice.id, invoice_number = invoice.number, dimension = place.name,
      item = place.code })
end

-- The head of the invoice, changed by the company if need be: before anything is written, so that it is
-- judged with the rest. payment_terms is nil where the sale does not say.
local function wanted_of(sale, settings)
  local wanted = {
    original_number = sale.key, reference = sale.reference, currency = sale.currency,
    payment_terms = sale.payment_term_days,
    contact = sale.customer.contact_name or (sale.signer and sale.signer.name),
    email = sale.customer.email, language = sale.language or settings.language,
    prices_include_vat = sale.prices_include_vat, discount = sale.discount_percent,
    channel = settings.channel,
    sources = sale.fields, einvoice = sale.customer.einvoice, bank_reference = sale.bank_reference,
  }
  if not settings.wanted then return wanted end
  wanted = settings.wanted(wanted, sale)
  if type(wanted) ~= "table" or wanted.customer or wanted.rows then
    error("the company's wanted function returns the invoice without customer and rows, which have "
      .. "functions of their own (customer, row, product)", 0)
  end
  -- The number is what keeps a sale from being invoiced twice.
  wanted.original_number = sale.key
  return wanted
end

-- What was agreed with a customer who is there, for what the sale does not say of it.
local function agreed_with(finance, customer, wanted, settings)
  if customer.created or settings.customer then return end
  local asks_for_term = not wanted.payment_terms
  local asks_for_place = not wanted.einvoice
    and (not wanted.channel or wanted.channel == "ELECTRONIC_INVOICE")
  if not asks_for_term and not asks_for_place then return end
  local agreed = finance.customers.agreed(customer)
  if asks_for_term then wanted.payment_terms = agreed.payment_terms end
  if asks_for_place then wanted.einvoice = agreed.einvoice end
end

-- Rights that are missing, and what would have to be made where the API user may only look.
local function check_rights(finance, lines, sale, settings)
  local only = finance.rights.check { invoices = true, customers = not settings.customer,
    products = not settings.product }
  if only.customers and not finance.customers.find(buyer_of(sale, settings)) then
    finance.rights.refuse("customers", "the customer " .. (sale.customer.name or "?"))
  end
  for _, line in ipairs(only.products and lines or {}) do
    if not finance.products.find(line) then finance.rights.refuse("products", line.where) end
  end
end

-- What can be known to fail fails before anything is written. What a function of the company is still to
-- give is looked at when it has: the customer before the products, the rest by invoices.create.
local function preflight(finance, wanted, lines, sale, settings)
  check_rights(finance, lines, sale, settings)
  if settings.invoice then return end
  local known = { customer = sale.customer, rows = rows_without_products(lines),
    payment_terms = wanted.payment_terms or settings.payment_terms }
  setmetatable(known, { __index = wanted })
  if settings.customer then
    known = setmetatable({ customer = {}, channel = "NO_SENDING", email = json.null,
      einvoice = json.null }, { __index = known })
  elseif wanted.channel == "ELECTRONIC_INVOICE" and not wanted.einvoice then
    local there = finance.customers.find(buyer_of(sale, settings))
    known.einvoice = there and finance.customers.agreed(there).einvoice
  end
  finance.invoices.check(known)
end

-- An address that its form alone does not tell, read with the register's list of towns.
local function read_again(customer, settings)
  local towns = customer.address_text and register.towns(settings.register)
  if not towns then return end
  local place, problem = reader.address(customer.address_text, "the customer", towns)
  customer.address, customer.address_problem = place, not place and problem or nil
end

local function run(sale, settings)
  local kind = settings.kind
  kind.ready(sale, settings)
  owner.hears(sale, settings)
  sale = kind.whole(sale, settings)
  -- What was fetched is newer than the event.
  kind.ready(sale, settings)
  owner.hears(sale, settings)
  if not settings.customer then read_again(sale.customer, settings) end
  local list = obstacles.of(sale, settings.customer ~= nil, is_finnish(sale.customer)
    and register.knows(settings.register, sale.customer), kind)
  if #list > 0 then refuse(sale, list, settings) end
  local finance = connections.get(settings.finance).object
  -- First of all, so that sending it again makes nothing again, no customer either.
  local before = finance.invoices.find(sale.key)
  local own = own_sums(sale.rows, sale)
  if before then return invoiced_before(before, own, sale, settings) end
  compare_totals(sale, own.net, own.total, settings)
  local lines = make_lines(finance, sale, settings)
  local wanted = wanted_of(sale, settings)
  preflight(finance, wanted, lines, sale, settings)
  local place = dimension.place(finance, sale, settings)
  local customer = customer_with(finance, sale, settings)
  sale.customer.name = sale.customer.name or customer.name
  agreed_with(finance, customer, wanted, settings)
  wanted.payment_terms = wanted.payment_terms or settings.payment_terms
  wanted.customer = customer
  if settings.customer and not settings.invoice then
    wanted.rows = rows_without_products(lines)
    finance.invoices.check(wanted)
  end
  local rows, new_products = make_rows(finance, lines, sale, settings)
  wanted.rows = rows
  local invoice = invoice_with(finance, wanted, sale, settings)
  local result = result_of(invoice, sale, settings)
  result.new_customer = customer.created or nil
  result.business_id = customer.business_id
  result.new_products = #new_products > 0 and new_products or nil
  result.attached = attach(finance, invoice, sale, settings)
  if kind.after then kind.after(finance, invoice, sale, settings, result) end
  result.notified = tell(invoice, sale, settings)
  standing.after_invoice(settings.finance, customer.id)
  -- Last of all: what is refused before a write that is done is not asked again by a retry.
  local problem
  result.dimension, problem = dimension.put(finance, invoice, place)
  if problem then without_dimension(invoice, place, problem) end
  return result
end

-- The business ID, else the name: one customer's contracts one after the other, so that two of them
-- cannot both make it.
local function key_of(sale)
  local customer = sale.customer
  return (customer.business_id and ids.business_id(customer.business_id))
    or (customer.name and names.fold(customer.name)) or nil
end

-- What only these rules know to be wrong.
function invoicing.check(given, known)
  options.check(given, known)
  if given.language and not words.language(given.language) then
    error(('language is "%s"; Procountor has fi, sv, en, et, no and da'):format(given.language), 0)
  end
end

function invoicing.rule(given, kind)
  local settings = { kind = kind }
  for name, value in pairs(given) do settings[name] = value end
  settings.payment_terms = settings.payment_terms or 14
  settings.totals = settings.totals or "warn"
  settings.finance = settings.finance or "procountor"
  settings.source = settings.source or kind.source
  settings.notify = type(settings.notify) == "string" and { settings.notify }
    or settings.notify or {}
  settings.tell_owner = type(settings.tell_owner) == "string" and { settings.tell_owner }
    or settings.tell_owner or {}
  settings.dimension = dimension.settings(given.dimension)
  if settings.register == true then error("register is the name of a connection, or false", 0) end
  local needs = { settings.finance, table.unpack(settings.notify) }
  if settings.register then needs[#needs + 1] = settings.register end
  if settings.attach then needs[#needs + 1] = settings.attach end
  settings.name = settings.name or kind.name
  return {
    name = settings.name, on = kind.on(settings.source),
    also = #settings.tell_owner > 0 and { owner.rule(settings) } or {},
    trigger = kind.trigger or settings.trigger, key = settings.key or kind.key or key_of,
    needs = needs,
    check = function()
      return roles.problem { { "finance", settings.finance, "finance" },
        { "source", settings.source, kind.source_role }, { "notify", settings.notify, "notices" },
        { "tell_owner", settings.tell_owner, "notices" }, { "ask", settings.ask, "notices" },
        { "register", settings.register, "register" }, { "attach", settings.attach, "files" } }
    end,
    run = function(sale) return run(sale, settings) end,
  }
end

return invoicing
