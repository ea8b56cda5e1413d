--[[
A signed proposal in one clear shape, out of whatever Click2Contract sent (outside-systems 2).

  proposal.read(payload) -> {
    id = "10042", key = "C2C-10042", name, language = "fi", currency = "EUR", accepted_at,
    signed = true | false, trigger = "automatic" | "manual", payment_term_days = 14 or nil,
    reference, pdf_url, signer = { name, email },
    customer = { name, business_id = as given, consumer = true | false, email, phone, contact_name,
                 address = { street, postal_code, city, country, co, po_box } or nil,
                 address_problem = "why there is none" },
    prices_include_vat = false,
    rows = { { code, name, description, quantity, unit, unit_price, discount_percent, vat_percent,
               optional, where = "row 2 of the pricing table", field = "pricing_table.rows[1]" } },
    left_out = the optional rows that were not selected,
    tables = number of pricing tables, totals = { net, vat, gross } or nil,
    problems = { { field = "pricing_table.rows[1].quantity", message = "in words" } },
  }

Numbers are decimals (payment_term_days an integer), however they were spelled. A personal identity
code in the business ID's place makes a consumer and is not carried on: it is personal data that
nothing further down needs.
]]

local address = require "address"
local given = require "given"
local log = require "log"
local money = require "money"

local proposal = {}

local FALSE_WORDS = { ["false"] = true, no = true, ei = true, nej = true, ["0"] = true }

-- A yes or no that may come as a boolean, a number or a word; nil if not given.
local function flag(value)
  value = given(value)
  if value == nil then return nil end
  if type(value) == "boolean" then return value end
  if type(value) == "string" then return not FALSE_WORDS[value:lower()] end
  return value ~= 0
end

local function object(value)
  value = given(value)
  return type(value) == "table" and value or {}
end

-- Keeps what could not be understood, with its place; returns the number or nil.
local function number(value, field, problems, what, fallback)
  value = given(value)
  if value == nil then
    if fallback == nil then
      problems[#problems + 1] = { field = field, message = what .. " is missing" }
    end
    return fallback
  end
  local result, reason = money.number(value)
  if result then return result end
  problems[#problems + 1] = { field = field,
    message = ('%s "%s" is not a number (%s)'):format(what, tostring(value), tostring(reason)) }
  return nil
end

local function read_row(row, where, field, problems)
  local function problem(name, message)
    problems[#problems + 1] = { field = field .. "." .. name, message = where .. ": " .. message }
  end
  local function value(name, what, fallback, other)
    return number(given(row[name]) or row[other or name], field .. "." .. name, problems,
      where .. ": " .. what, fallback)
  end
  local read = { where = where, field = field, code = given.text(row.code),
    name = given.text(row.name), description = given.text(row.description),
    unit = given.text(row.unit), optional = flag(row.optional) == true }
  if read.name then read.where = ('%s ("%s")'):format(where, read.name) end
  if not read.name and not read.code then problem("name", "it has neither a name nor a code") end
  read.quantity = value("quantity", "the quantity")
  read.unit_price = value("unit_price", "the unit price", nil, "price")
  read.discount_percent = value("discount_percent", "the discount", money.number(0), "discount")
  read.vat_percent = value("vat_percent", "the VAT percentage", nil, "vat")
  local discount = read.discount_percent
  if discount and (discount < 0 or discount > 100) then
    problem("discount_percent", "a discount of " .. money.plain(discount) .. " % is not possible")
  end
  return read
end

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
  local totals = { net = money.number(stated.net), vat = money.number(stated.vat),
    gross = money.number(stated.gross) }
  if first then
    read.totals = totals
  else
    for _, name in ipairs { "net", "vat", "gross" } do
      read.totals[name] = add(read.totals[name], totals[name])
    end
  end
end

local function read_tables(payload, read)
  local list = pricing_tables(payload)
  read.tables = #list
  for t, entry in ipairs(list) do
    local include = flag(entry.table.prices_include_vat) == true
    if t > 1 and include ~= read.prices_include_vat then
      read.problems[#read.problems + 1] = { field = entry.field .. ".prices_include_vat",
        message = "one pricing table has prices with VAT and another without; an invoice has one "
          .. "kind only" }
    end
    if t == 1 then read.prices_include_vat = include end
    local rows = object(entry.table.rows)
    for i, row in ipairs(rows) do
      local field = ("%s.rows[%d]"):format(entry.field, i - 1)
      local where = #list == 1 and ("row %d of the pricing table"):format(i)
        or ("row %d of pricing table %d"):format(i, t)
      if type(row) ~= "table" then
        read.problems[#read.problems + 1] = { field = field, message = where .. " is no row" }
      elseif is_selected(row) then
        read.rows[#read.rows + 1] = read_row(row, where, field, read.problems)
      else
        -- What was not bought need not be understood.
        read.left_out[#read.left_out + 1] = { where = where, field = field,
          code = given.text(row.code), name = given.text(row.name) }
      end
    end
    add_totals(read, object(entry.table.totals), t == 1)
  end
end

-- The address: three fields, or one text that is split. It must be unmistakable, since an invoice
-- that is sent to a guess is lost.
local function read_address(customer)
  local fields = customer.address
  if type(given(fields)) ~= "table" then
    fields = { street = customer.address, postal_code = customer.postal_code, city = customer.city,
      co = customer.co, po_box = customer.po_box }
  end
  local read = { street = given.text(fields.street), city = given.text(fields.city),
    postal_code = given.text(fields.postal_code) or given.text(fields.zip),
    co = given.text(fields.co), po_box = given.text(fields.po_box) }
  -- A postal code that came as a number has lost its leading zeros.
  if math.type(fields.postal_code) == "integer" then
    read.postal_code = ("%05d"):format(fields.postal_code)
  end
  local country = given.text(fields.country) or given.text(customer.country)
  local problem
  if read.street and not read.postal_code and not read.city then
    local split, reason = address.split(read.street)
    if split then
      read = { street = given.text(split.street), postal_code = given.text(split.postal_code),
        city = given.text(split.city), co = given.text(split.co),
        po_box = given.text(split.po_box), company = given.text(split.company) }
      country = country or given.text(split.country)
    else
      problem = ('the address "%s" could not be split into street, postal code and city (%s)')
        :format(read.street, tostring(reason))
    end
  end
  read.country = country
  local missing = {}
  if not read.street and not read.po_box then missing[#missing + 1] = "Address" end
  if not read.postal_code then missing[#missing + 1] = "Postal code" end
  if not read.city then missing[#missing + 1] = "City" end
  if #missing == 0 then return read end
  return nil, problem or (#missing == 3 and "the proposal has no address for the customer"
    or "the customer's address has no " .. table.concat(missing, " and no "))
end

local CONSUMER_WORDS = { consumer = true, person = true, private = true, kuluttaja = true,
  ["yksityishenkilö"] = true, privatperson = true }

local function read_customer(payload)
  local customer = object(payload.customer)
  local read = { name = given.text(customer.name), email = given.text(customer.email),
    phone = given.text(customer.phone), contact_name = given.text(customer.contact_name),
    business_id = given.text(customer.business_id) }
  local kind = given.text(customer.type)
  read.consumer = flag(customer.consumer) == true or (kind and CONSUMER_WORDS[kind:lower()]) or false
  if read.business_id and log.is_personal(read.business_id) then
    read.business_id, read.consumer = nil, true
  end
  read.address, read.address_problem = read_address(customer)
  return read
end

local function read_terms(contract, problems)
  local days = number(contract.payment_term_days, "contract.payment_term_days", problems,
    "the payment term", false)
  if not days then return nil end
  local whole = math.tointeger(tonumber(money.plain(days)))
  if whole and whole >= 0 and whole <= 999 then return whole end
  problems[#problems + 1] = { field = "contract.payment_term_days",
    message = ("a payment term of %s days is not possible (0 to 999)"):format(money.plain(days)) }
  return nil
end

function proposal.read(payload)
  payload = object(payload)
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
  read.currency = (given.text(contract.currency) or "EUR"):upper()
  read.accepted_at = given.text(contract.accepted_at)
  read.signed = flag(contract.signed) ~= false
  read.trigger = given.text(payload.trigger) == "manual" and "manual" or "automatic"
  read.payment_term_days = read_terms(contract, read.problems)
  read.reference, read.pdf_url = given.text(contract.reference), given.text(contract.pdf_url)
  read.signer = { name = given.text(signer.name), email = given.text(signer.email) }
  read.customer = read_customer(payload)
  read_tables(payload, read)
  return read
end

return proposal
