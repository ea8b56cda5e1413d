--[[
What a sale is made of, read out of what another system sent: rows, numbers, addresses, payment terms,
each lenient in how it is spelled and strict in what it means. Connectors make of it one shape that
the rules invoice from (connectors/click2contract/proposal.lua has it in full).

read = { language, currency, problems = {}, ... } is the sale under way. What could not be understood is
added to its problems with the field's path in the sender's own names; the rule decides.

  sale.flag(value)      a yes or no that may come as a boolean, a number or a word; nil if not given
  sale.object(value)    the table, or an empty one
  sale.row(row, where, field, read)   -> { code, name, description, quantity, unit, unit_price,
                                          discount_percent, vat_percent, vat_status, optional, ... }
  sale.address(record, of [, towns])  -> { street, postal_code, city, country, co, po_box }; or nil, why
                                there is none, and true if none was given; of: whose, in words; towns:
                                a list for address.split
  sale.customer(record, of)           -> { name, business_id, consumer, email, phone, contact_name,
                                           partner = what a person chose where the business ID is
                                           missing: a customer's id in the accounting system, or "new",
                                          address, address_problem }
  sale.terms(value, field, read)      "14", "14 pv netto", "heti" -> days, or nil
  sale.currency(value, field, read)   -> "EUR"
  sale.discount(value, field, read)   the whole sale's discount in percent -> decimal, or nil
]]

local address = require "address"
local countries = require "connectors.procountor.countries"
local given = require "given"
local log = require "log"
local money = require "money"

local sale = {}

local FALSE_WORDS = { ["false"] = true, no = true, ei = true, nej = true, off = true, ["0"] = true }

local function flag(value)
  value = given(value)
  if value == nil then return nil end
  if type(value) == "boolean" then return value end
  if type(value) == "string" then return not FALSE_WORDS[value:lower()] end
  local number = money.number(value)
  return number == nil or number ~= money.number(0)
end

local function object(value)
  value = given(value)
  return type(value) == "table" and value or {}
end

-- Currency that a number's unit names ("EUR", "€/h"), or nil.
local function currency_of(unit)
  if not unit then return nil end
  if unit:find("^€") or unit:find("^[Ee][Uu][Rr]") then return "EUR" end
  return unit:match("^%u%u%u%f[^%w]") or unit:match("^[Kk][Rr]%f[^%w]") or unit:match("^[£$]")
end

-- "kr" is what three currencies are called.
local function is_currency(word, currency)
  if word:lower() == "kr" then return currency == "SEK" or currency == "NOK" or currency == "DKK" end
  return word == currency
end

-- Why a number's unit contradicts the number's place, or nil.
local function contradiction(kind, unit, read)
  local currency = currency_of(unit)
  if kind == "price" then
    if unit == "%" then return "is a percentage" end
    if currency and not is_currency(currency, read.currency) then
      return ("is in another currency than the rest (%s)"):format(read.currency)
    end
  elseif kind == "percent" then
    if unit and unit ~= "%" then return "is no percentage" end
  elseif unit == "%" or currency then
    return "is no quantity"
  end
  return nil
end

-- The number in a field, or nil; what could not be understood is kept with its place. kind: "price",
-- "percent" or "quantity". fallback: what a missing one is; none: it must be there. Returns the
-- unit too.
local function number(read, value, field, what, kind, fallback)
  value = given(value)
  local function problem(message)
    read.problems[#read.problems + 1] = { field = field, message = what .. " " .. message }
  end
  if value == nil then
    if fallback == nil then problem "is missing" end
    return fallback
  end
  local result, unit = money.number(value, read.language)
  if not result then
    local shown = type(value) == "table" and "something with parts" or ('"%s"'):format(tostring(value))
    -- The reason is a sentence about the text, or why it is none.
    problem((tostring(unit):find('"', 1, true) == 1) and unit
      or ("%s is not a number (%s)"):format(shown, tostring(unit)))
    return nil
  end
  local why = contradiction(kind, unit, read)
  if not why then return result, unit end
  problem(('"%s" %s'):format(tostring(value), why))
  return nil
end

-- A unit may stand beside the quantity or behind it ("12 h").
local function unit_of(row, behind, problem)
  local unit = given.text(row.unit)
  if unit and behind and unit:lower() ~= behind:lower() then
    problem("unit", ('the quantity is in "%s" and the unit is "%s"'):format(behind, unit))
  end
  return unit or behind
end

function sale.row(row, where, field, read)
  local function problem(name, message)
    read.problems[#read.problems + 1] = { field = field .. "." .. name,
      message = where .. ": " .. message }
  end
  local function value(name, what, kind, fallback, other)
    local found = given(row[name])
    if found == nil and other then found, name = row[other], given(row[other]) and other or name end
    return number(read, found, field .. "." .. name, where .. ": " .. what, kind, fallback)
  end
  local line = { where = where, field = field, name = given.text(row.name),
    code = given.text(row.code) or given.text(row.product_code),
    description = given.text(row.description), optional = flag(row.optional) == true }
  if line.name then where = ('%s ("%s")'):format(where, line.name) end
  line.where = where
  if not line.name and not line.code then problem("name", "it has neither a name nor a code") end
  local behind
  line.quantity, behind = value("quantity", "the quantity", "quantity")
  line.unit = unit_of(row, behind, problem)
  line.unit_price = value("unit_price", "the unit price", "price", nil, "price")
  line.discount_percent = value("discount_percent", "the discount", "percent", money.number(0),
    "discount")
  line.vat_percent = value("vat_percent", "the VAT percentage", "percent", nil, "vat")
  line.vat_status = math.type(row.vat_status) == "integer" and row.vat_status or nil
  local discount = line.discount_percent
  if discount and (discount < 0 or discount > 100) then
    problem("discount_percent", "a discount of " .. money.plain(discount) .. " % is not possible")
  end
  return line
end

-- What of a split address fitted nowhere: a country's name, or the box that was understood anyway;
-- nil if it is all accounted for, else the words in question.
local function left_over(split)
  local rest = given.text(split.rest)
  if not rest then return nil end
  local name = countries.name(rest)
  if name and not given.text(split.country) then
    split.country = countries.code(name)
    return nil
  end
  local box = given.text(split.po_box)
  if box and rest:match("^[PpLlBbOoXx%. ]*(%d+)$") == box then return nil end
  return rest
end

-- An address in one text as its fields, or nil and why it could not be split.
local function split_address(text, country, towns)
  local name = country and countries.name(country)
  -- Postal codes look different elsewhere, so the splitter is told where it is.
  local split, reason = address.split(text, name and countries.code(name) or nil, towns)
  if split and split.code_city then
    return nil, ("%s is the postal code of %s, and the address says %s"):format(split.postal_code,
      split.code_city, split.city)
  end
  if not split then return nil, reason end
  local rest = left_over(split)
  if rest then return nil, ('what "%s" in it means is not clear'):format(rest) end
  return { street = given.text(split.street), postal_code = given.text(split.postal_code),
    city = given.text(split.city), co = given.text(split.co), po_box = given.text(split.po_box),
    company = given.text(split.company), country = given.text(split.country) }
end

-- The address: three fields, or one text that is split. It must be unmistakable, since an invoice
-- that is sent to a guess is lost.
function sale.address(customer, of, towns)
  local fields = customer.address
  if type(given(fields)) ~= "table" then
    fields = { street = customer.address, postal_code = customer.postal_code, city = customer.city,
      co = customer.co, po_box = customer.po_box }
  end
  local read = { street = given.text(fields.street), city = given.text(fields.city),
    postal_code = given.text(fields.postal_code) or given.text(fields.zip),
    co = given.text(fields.co), po_box = given.text(fields.po_box) }
  local country = given.text(fields.country) or given.text(customer.country)
  -- A Finnish postal code that came as a number has lost its leading zeros.
  local home = not country or countries.name(country) == "FINLAND"
  if math.type(fields.postal_code) == "integer" and home then
    read.postal_code = ("%05d"):format(fields.postal_code)
  end
  local problem
  if read.street and not read.postal_code and not read.city then
    local split, reason = split_address(read.street, country, towns)
    if split then
      read, country = split, country or split.country
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
  return nil, problem or (#missing == 3 and ("%s has no address for the customer"):format(of)
    or "the customer's address has no " .. table.concat(missing, " and no ")),
    #missing == 3 and not problem
end

local CONSUMER_WORDS = { consumer = true, person = true, private = true, kuluttaja = true,
  ["yksityishenkilö"] = true, privatperson = true }

-- The buyer; a personal identity code in the business ID's place makes a consumer.
function sale.customer(record, of)
  local read = { name = given.text(record.name), email = given.text(record.email),
    phone = given.text(record.phone), contact_name = given.text(record.contact_name),
    partner = given(record.partner) and tostring(record.partner) or nil,
    business_id = given.text(record.business_id) }
  local kind = given.text(record.type)
  read.consumer = flag(record.consumer) == true or (kind and CONSUMER_WORDS[kind:lower()]) or false
  if read.business_id and log.is_personal(read.business_id) then
    read.business_id, read.consumer = nil, true
  end
  read.address, read.address_problem, read.no_address = sale.address(record, of)
  -- A list of towns, which is asked for in the run only, may tell more.
  if read.address_problem and type(given(record.address)) == "string" then
    read.address_text = { address = record.address, postal_code = record.postal_code,
      city = record.city, co = record.co, po_box = record.po_box, country = record.country }
  end
  return read
end

local AT_ONCE = { heti = true, ["maksu heti"] = true, immediately = true, ["omgående"] = true,
  ["due on receipt"] = true, genast = true }
local DAY_WORDS = { pv = true, d = true, day = true, days = true, dag = true, dagar = true,
  dgr = true, vrk = true, p = true }

function sale.terms(value, field, read)
  value = given(value)
  if type(value) == "string" then
    local days, rest = value:match("^%s*(%d+)%s*(%a[^%d]*)$")
    local at_once = AT_ONCE[value:lower():match("^%s*(.-)%s*$")]
    value = at_once and 0 or days and DAY_WORDS[rest:lower():match("^(%a+)")] and days or value
  end
  local days = number(read, value, field, "the payment term", "quantity", false)
  if not days then return nil end
  local whole = math.tointeger(tonumber(money.plain(days)))
  if whole and whole >= 0 and whole <= 999 then return whole end
  read.problems[#read.problems + 1] = { field = field,
    message = ("a payment term of %s days is not possible (0 to 999)"):format(money.plain(days)) }
  return nil
end

-- Three letters, or the sign of the one currency that has a sign here.
function sale.currency(value, field, read)
  local text = (given.text(value) or "EUR"):upper()
  if text == "€" or text == "EURO" or text == "EUROA" then text = "EUR" end
  if text:find("^%u%u%u$") then return text end
  read.problems[#read.problems + 1] = { field = field,
    message = ('"%s" is no currency; its code is wanted, such as EUR'):format(text) }
  return "EUR"
end

function sale.discount(value, field, read)
  local percent = number(read, value, field, "the discount of the whole", "percent", false)
  if not percent then return nil end
  if percent >= money.number(0) and percent <= money.number(100) then return percent end
  read.problems[#read.problems + 1] = { field = field,
    message = ("a discount of %s %% is not possible"):format(money.plain(percent)) }
  return nil
end

sale.flag, sale.object = flag, object

return sale
