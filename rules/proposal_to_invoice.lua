--[[
A signed proposal becomes one unfinished sales invoice.

  use "proposal_to_invoice" { trigger = "automatic", payment_terms = 14, notify = { "slack" } }

What it does: the customer of that business ID, or a new one; for each row that was bought the
product of that code, else of that name, else a new one; one invoice in status UNFINISHED, whose
original number is "C2C-" and the contract's id, so that the same contract is never invoiced twice;
then a notice. What cannot be invoiced goes to a person, with what is missing, where, and what to do.
What an accountant should look at before the invoice goes out stands in the result's warnings.

A contract that is sent again is not invoiced again: its invoice is adopted in whatever status it is,
and a person is asked if it is another customer's or was invalidated.

Options (all may be left out):
  trigger        "automatic" (default), "manual", "off", or function(proposal) that returns one
  payment_terms  days (0 to 999), where the contract does not say (14)
  notify         connections to tell, one or several: "slack", { "slack", "zapier" }
  language       of the invoice ("fi", "sv", "en" ...), where the contract does not say (the company's)
  channel        "EMAIL", "MAIL", "ELECTRONIC_INVOICE", "NO_SENDING" (EMAIL if there is an address)
  totals         "warn" (default), "attention" or "ignore": when the invoice's sums are not those
                 that the proposal states
  register       the connection (kind "ytj") by which a new customer is filled in and verified: the
                 company's "ytj", if it has one; false: none. register.lua
  source, finance, name   the connections ("click2contract", "procountor") and the rule's own name

Each step can be replaced:
  customer  = function(proposal) return customer end
  row       = function(line, proposal) return line end       nil leaves the row out; vat_status may
                                                             be set
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
local addresses = require "connectors.procountor.addresses"
local countries = require "connectors.procountor.countries"
local json = require "json"
local register = require "register"
local sums = require "connectors.procountor.sums"
local words = require "connectors.procountor.words"

local KNOWN = {
  name = { type = "string" },
  trigger = { type = "string|function", one_of = { "automatic", "manual", "off" } },
  payment_terms = { type = "integer" },
  notify = { type = "string|table" },
  language = { type = "string" },
  channel = { type = "string", one_of = { "EMAIL", "MAIL", "ELECTRONIC_INVOICE", "NO_SENDING" } },
  totals = { type = "string", one_of = { "warn", "attention", "ignore" } },
  register = { type = "string|boolean" },
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
  local name = not country and "FINLAND" or countries.name(country)
  return name == "FINLAND" or name == "ALAND_ISLANDS"
    or (customer.business_id and customer.business_id:upper():find("^FI")) ~= nil
end

-- Why a text is no business ID, in words.
local function wrong_business_id(text)
  local valid, reason = ids.business_id(text)
  if valid then return nil end
  local abroad = ids.check("eu_vat", text)
  if abroad and not abroad:find("^FI") then
    return ("it is a VAT number of %s; fill in the customer's country"):format(abroad:sub(1, 2))
  end
  return reason or "its check digit does not fit"
end

-- Everything that stands in the way of an invoice, in words; each with its field.
local function obstacles(proposal, own_customer, registered)
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
    if not customer.name and not registered then add("customer.name", "the customer has no name") end
    local problem = customer.address_problem
    if customer.address then problem = select(2, addresses.read(customer.address)) end
    -- The register has one, perhaps; if it has none, the connector says what is missing.
    if problem and not registered then
      add("customer.address", problem .. "; fill in the fields Address, Postal code and City of the "
        .. "customer")
    end
    if customer.business_id and is_finnish(customer) then
      local reason = wrong_business_id(customer.business_id)
      if reason then
        add("customer.business_id", ('the business ID "%s" is not valid: %s'):format(
          customer.business_id, reason))
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
    payment_terms = proposal.payment_term_days or settings.payment_terms, key = proposal.key,
    address_problem = not customer.no_address and customer.address_problem or nil,
    fill = register.filler(settings.register) }
end

local function ensure_product(finance, line, proposal)
  return finance.products.ensure {
    code = line.code, name = line.name, unit = line.unit, unit_price = line.unit_price,
    vat_percent = line.vat_percent, vat_status = line.vat_status,
    prices_include_vat = proposal.prices_include_vat,
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
      vat = line.vat_percent, vat_status = line.vat_status, comment = comment_of(line),
      where = line.where }
  end
  return rows, new_products
end

-- The signed proposal states sums of its own; a customer who signed another sum will complain.
local function compare_totals(proposal, net, total, settings)
  local stated = proposal.totals
  if not stated or settings.totals == "ignore" or settings.row then return end
  local different = {}
  for _, pair in ipairs { { "net", stated.net, net }, { "total", stated.gross, total } } do
    local what, theirs, ours = table.unpack(pair, 1, 3)
    if theirs and ours and (theirs - ours > TOTALS_TOLERANCE or ours - theirs > TOTALS_TOLERANCE) then
      different[#different + 1] = ("%s %s in the proposal, %s from its rows"):format(what,
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

-- In its one spelling, if it is Finnish.
local function business_id_of(customer)
  local text = customer.business_id
  return text and is_finnish(customer) and ids.business_id(text) or text
end

local function default_notice(invoice, proposal)
  local language = current.company.language
  language = NOTICES[language] and language or "en"
  local customer = proposal.customer
  local text = NOTICES[language]:format(number_text(invoice), customer.name or "?",
    invoice.total and money.people(invoice.total, invoice.currency, language) or "-",
    invoice.due_date and time.format(invoice.due_date, language) or "-",
    proposal.name or proposal.id)
  -- A Zap is made from the fields of one message: all are there each time, if need be empty.
  local function field(value) return value == nil and json.null or value end
  return text, { event = "invoice.created", invoice_id = field(invoice.id),
    invoice_number = field(invoice.number), customer = field(customer.name),
    business_id = field(business_id_of(customer)),
    total = field(invoice.total and invoice.total:text(2)), currency = field(invoice.currency),
    due_date = field(invoice.due_date), status = field(invoice.status),
    contract_id = field(proposal.id), reference = field(proposal.reference) }
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
local function customer_with(finance, proposal, settings)
  if not settings.customer then return ensure_customer(finance, proposal, settings) end
  local customer = settings.customer(proposal)
  if type(customer) ~= "table" then
    error("the company's customer function returned no customer", 0)
  end
  return customer
end

local function invoice_with(finance, wanted, proposal, settings)
  if not settings.invoice then return finance.invoices.create(wanted) end
  local invoice = settings.invoice(wanted, proposal)
  if type(invoice) ~= "table" then
    error("the company's invoice function returned no invoice", 0)
  end
  return invoice
end

-- What was invoiced already stays as it is, whatever became of it; a sum that is another one is worth
-- a word, and another customer's invoice is no invoice of this contract.
local function invoiced_before(invoice, own, proposal)
  local wanted = business_id_of(proposal.customer)
  local theirs = invoice.customer_identifier
  theirs = theirs and ids.business_id(theirs) or theirs
  if wanted and theirs and is_finnish(proposal.customer) and wanted ~= theirs then
    attention(("%s has the original number %s, but invoice %s in Procountor with that number is "
      .. "another customer's (%s). Decide which is right: invoice this one by hand, or skip the run.")
      :format(title(proposal), proposal.key, number_text(invoice), theirs),
      { contract = proposal.id, invoice_id = invoice.id })
  end
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
  local list = obstacles(proposal, settings.customer ~= nil, is_finnish(proposal.customer)
    and register.knows(settings.register, proposal.customer))
  if #list > 0 then refuse(proposal, list) end
  local finance = _ENV[settings.finance]
  -- First of all, so that sending a contract again makes nothing again, no customer either.
  local before = finance.invoices.find(proposal.key)
  local own = own_sums(proposal.rows, proposal)
  if before then return invoiced_before(before, own, proposal) end
  compare_totals(proposal, own.net, own.total, settings)
  local lines = make_lines(finance, proposal, settings)
  local wanted = {
    original_number = proposal.key, reference = proposal.reference, currency = proposal.currency,
    payment_terms = proposal.payment_term_days or settings.payment_terms,
    contact = proposal.customer.contact_name or proposal.signer.name,
    email = proposal.customer.email, language = proposal.language or settings.language,
    prices_include_vat = proposal.prices_include_vat, channel = settings.channel,
  }
  -- What can be known to fail fails before anything is written. Functions of the company may mend it.
  if not settings.invoice and not settings.customer then finance.invoices.check(wanted) end
  local customer = customer_with(finance, proposal, settings)
  proposal.customer.name = proposal.customer.name or customer.name
  local rows, new_products = make_rows(finance, lines, proposal, settings)
  wanted.customer, wanted.rows = customer, rows
  local invoice = invoice_with(finance, wanted, proposal, settings)
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

-- Values that only this rule knows to be wrong.
local function check(given)
  options.check(given, KNOWN)
  local days = given.payment_terms
  if days and (days < 0 or days > 999) then
    error(("payment_terms is %d; 0 to 999 days are possible"):format(days), 0)
  end
  if given.language and not words.language(given.language) then
    error(('language is "%s"; Procountor has fi, sv, en, et, no and da'):format(given.language), 0)
  end
end

return function(given)
  check(given)
  local settings = {}
  for name, value in pairs(given) do settings[name] = value end
  settings.payment_terms = settings.payment_terms or 14
  settings.totals = settings.totals or "warn"
  settings.finance = settings.finance or "procountor"
  settings.notify = type(settings.notify) == "string" and { settings.notify }
    or settings.notify or {}
  if settings.register == true then error('register is the name of a connection, or false', 0) end
  local needs = { settings.finance, table.unpack(settings.notify) }
  if settings.register then needs[#needs + 1] = settings.register end
  return {
    name = settings.name or "proposal_to_invoice",
    on = (settings.source or "click2contract") .. ".proposal.accepted",
    trigger = settings.trigger, key = settings.key or key_of, needs = needs,
    run = function(proposal) return run(proposal, settings) end,
  }
end
