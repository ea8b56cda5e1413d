--[[
A signed proposal in one clear shape, out of whatever Click2Contract sent (outside-systems 2).

  proposal.read(payload) -> {
    id = "10042", key = "C2C-10042", name, language = "fi", currency = "EUR", accepted_at,
    signed = true | false, trigger = "automatic" | "manual", payment_term_days = 14 or nil,
    reference, pdf_url, signer = { name, email }, owner = { name, email } of the salesperson
    (contract.owner or contract.salesperson; nothing of it is documented),
    customer = { name, business_id = as given, consumer = true | false, email, phone, contact_name,
                 address = { street, postal_code, city, country, co, po_box } or nil,
                 address_problem = "why there is none", no_address = true if none was given,
                 partner = what a person chose, see sale.lua },
    prices_include_vat = false, discount_percent = of the whole, or nil,
    rows = { { code, name, description, quantity, unit, unit_price, discount_percent, vat_percent,
               optional, where = "row 2 of the pricing table", field = "pricing_table.rows[1]" } },
    left_out = the optional rows that were not selected,
    tables = number of pricing tables, totals = { net, vat, gross } or nil,
    problems = { { field = "pricing_table.rows[1].quantity", message = "in words" } },
  }

Numbers are decimals (payment_term_days an integer), however they were spelled; what "33,335" is, the
proposal's language says, else the company's. A number may carry its unit ("12 h", "149 €/h",
"25,5 %"), and one that contradicts its place is a problem. A personal identity code is taken out
wherever it stands, since it is personal data that nothing further down needs; in the business ID's
place it makes a consumer.
]]

local given = require "given"
local money = require "money"
local personal = require "connectors.personal"
local sale = require "connectors.sale"

local proposal = {}

local flag, object = sale.flag, sale.object

-- A row counts unless it was not selected: an optional one has to be, any other may say that it is
-- not.
local function is_selected(row)
  local selected = flag(row.selected)
  if selected ~= nil then return selected end
  return flag(row.optional) ~= true
end

-- All pricing tables with their paths: one under pricing_table, or a list under either name.
local function pricing_tables(payload)
  local list = {}
  for _, name in ipairs { "pricing_table", "pricing_tables" } do
    local value = given(payload[name]) or given(object(payload.contract)[name])
    if type(value) == "table" then
      if value.rows ~= nil or value[1] == nil then
        if value.rows ~= nil then list[#list + 1] = { table = value, field = name } end
      else
        for i, item in ipairs(value) do
          if type(item) == "table" then
            list[#list + 1] = { table = item, field = ("%s[%d]"):format(name, i - 1) }
          end
        end
      end
    end
  end
  return list
end

local function add(total, value)
  if total and value then return total + value end
  return nil
end

-- The sums that the proposal itself states, over all its tables; nil unless each table has them.
local function add_totals(read, stated, first)
  if not next(stated) or (not first and not read.totals) then
    read.totals = nil
    return
  end
  local totals = {}
  for _, name in ipairs { "net", "vat", "gross" } do
    totals[name] = money.number(stated[name], read.language)
  end
  if first then
    read.totals = totals
  else
    for _, name in ipairs { "net", "vat", "gross" } do
      read.totals[name] = add(read.totals[name], totals[name])
    end
  end
end

local function read_rows(rows, entry, position, read)
  local selected = 0
  for i, row in ipairs(rows) do
    local field = ("%s.rows[%d]"):format(entry.field, i - 1)
    local where = read.tables == 1 and ("row %d of the pricing table"):format(i)
      or ("row %d of pricing table %d"):format(i, position)
    if type(row) ~= "table" then
      read.problems[#read.problems + 1] = { field = field, message = where .. " is no row" }
    elseif is_selected(row) then
      read.rows[#read.rows + 1] = sale.row(row, where, field, read)
      selected = selected + 1
    else
      -- What was not bought need not be understood.
      read.left_out[#read.left_out + 1] = { where = where, field = field,
        code = given.text(row.code), name = given.text(row.name) }
    end
  end
  return selected > 0
end

local function read_tables(payload, read)
  local list = pricing_tables(payload)
  read.tables = #list
  local kind, discount
  for t, entry in ipairs(list) do
    local include = flag(entry.table.prices_include_vat) == true
    -- A table of which nothing was bought says nothing about the invoice.
    if read_rows(object(entry.table.rows), entry, t, read) then
      if kind ~= nil and include ~= kind then
        read.problems[#read.problems + 1] = { field = entry.field .. ".prices_include_vat",
          message = "one pricing table has prices with VAT and another without; an invoice has one "
            .. "kind only" }
      end
      if kind == nil then kind = include end
      local field = entry.field .. ".discount_percent"
      local off = sale.discount(entry.table.discount_percent, field, read) or money.number(0)
      if discount and off ~= discount then
        read.problems[#read.problems + 1] = { field = field, message = "the pricing tables have "
          .. "discounts that differ; an invoice has one, so give them to the rows" }
      end
      discount = discount or off
    end
    add_totals(read, object(entry.table.totals), t == 1)
  end
  read.prices_include_vat = kind == true
  if discount and discount ~= money.number(0) then read.discount_percent = discount end
end

-- What Click2Contract calls the fields that a person is told about.
local FIELDS = { name = "customer.name", address = "customer.address", email = "customer.email",
  business_id = "customer.business_id", phone = "customer.phone", partner = "customer.partner",
  contact_name = "customer.contact_name", reference = "contract.reference",
  currency = "contract.currency", payment_terms = "contract.payment_term_days" }

function proposal.read(payload)
  payload = object(payload)
  personal.take_out(payload)
  local contract, signer = object(payload.contract), object(object(payload.contract).signer)
  local read = { problems = {}, rows = {}, left_out = {}, prices_include_vat = false }
  read.id = given.text(contract.id)
  if read.id then
    read.key = "C2C-" .. read.id
  else
    read.problems[1] = { field = "contract.id", message = "the contract has no id" }
  end
  read.proposal_id, read.name = given.text(contract.proposal_id), given.text(contract.name)
  read.language = given.text(contract.language)
  read.currency = sale.currency(contract.currency, "contract.currency", read)
  read.accepted_at = given.text(contract.accepted_at)
  read.signed = flag(contract.signed) ~= false
  read.trigger = given.text(payload.trigger) == "manual" and "manual" or "automatic"
  read.payment_term_days = sale.terms(contract.payment_term_days,
    "contract.payment_term_days", read)
  read.reference, read.pdf_url = given.text(contract.reference), given.text(contract.pdf_url)
  read.signer = { name = given.text(signer.name), email = given.text(signer.email) }
  local person = given(contract.owner) or given(contract.salesperson)
  read.owner = type(person) == "table" and { name = given.text(person.name),
    email = given.text(person.email) } or { email = given.text(person) }
  read.customer = sale.customer(object(payload.customer), "the proposal")
  read.fields = FIELDS
  read_tables(payload, read)
  return read
end

return proposal
