--[[
A deal in one clear shape, out of what a CRM says of it (outside-systems 3.4). It is the shape that
rules invoice from (connectors/click2contract/proposal.lua), with more of what a deal has:

  deal.read(event, options) -> {
    id = "D-881", key = "CRM-D-881", title (also name), status, won = true | false, value, currency,
    auto_invoice = false if the deal says so, trigger = "automatic" | "manual", updated_at, owner,
    payment_term_days, reference and project = the project reference, bank_reference, language,
    pdf_url = where the signed contract is,
    customer = { name, business_id, consumer, email, phone, contact_name, address,
                 address_problem, partner = what a person chose (sale.lua),
                 einvoice = { address, operator } },
    rows (also lines) = { { code, name, quantity, unit, unit_price, discount_percent, vat_percent,
                            where, field } }, totals = { net } or { gross },
    prices_include_vat, discount_percent (of the whole),
    problems = { { field = "data.deal.lines[0].quantity", message } },
    organization, person = as they came, payload = the whole event }

event: { data = { deal, organization, person }, trigger = "manual" if somebody pressed a button }.
options = { prefix = "CRM": of the key, vat_percent = of lines that say none, paths = { deal =,
organization = }: what messages call them }. The key names the CRM and the deal, so that a deal is
invoiced once, however often it is won.
]]

local decimal = require "decimal"
local given = require "given"
local money = require "money"
local personal = require "connectors.personal"
local sale = require "connectors.sale"

local deal = {}

local object = sale.object

-- Invoices go to the billing address, if there is one.
local function place_of(organization)
  local billing = object(organization.billing_address)
  if next(billing) then return billing end
  return given(organization.billing_address) or organization.address
end

local function customer_of(organization, person)
  local place = place_of(organization)
  local customer = sale.customer({ name = organization.name or person.name,
    business_id = organization.business_id, address = place, type = organization.type,
    postal_code = organization.postal_code, city = organization.city,
    country = organization.country, consumer = organization.consumer,
    email = given(organization.invoice_email) or given(organization.email) or person.email,
    phone = given(organization.phone) or person.phone, contact_name = person.name,
    partner = organization.partner }, "the deal")
  -- A deal without an organization is a person's.
  if not next(organization) and customer.name then customer.consumer = true end
  local einvoice = object(organization.einvoice)
  if given.text(einvoice.address) then
    customer.einvoice = { address = given.text(einvoice.address),
      operator = given.text(einvoice.operator) }
  end
  return customer
end

local function rows_of(read, lines, path, vat_percent)
  for i, line in ipairs(object(lines)) do
    local where, field = ("line %d of the deal"):format(i), ("%s.lines[%d]"):format(path, i - 1)
    if type(line) ~= "table" then
      read.problems[#read.problems + 1] = { field = field, message = where .. " is no line" }
    else
      local copy = {}
      for name, value in pairs(line) do copy[name] = value end
      if given(copy.vat_percent) == nil and given(copy.vat) == nil then
        copy.vat_percent = vat_percent
      end
      read.rows[#read.rows + 1] = sale.row(copy, where, field, read)
    end
  end
end

-- A deal's value is what was agreed; a line or two more may have been added since.
local function totals_of(read, value)
  local number = money.number(value, read.language)
  if not number or number == decimal(0) then return nil end
  return read.prices_include_vat and { gross = number } or { net = number }
end

function deal.read(event, options)
  event = object(event)
  personal.take_out(event)
  local paths = options.paths or { deal = "data.deal", organization = "data.organization" }
  local data = object(event.data)
  local it, organization, person = object(data.deal), object(data.organization), object(data.person)
  local read = { problems = {}, rows = {}, organization = organization, person = person,
    payload = event, kind = "deal" }
  read.id = given.text(it.id)
  if read.id then
    read.key = options.prefix .. "-" .. read.id
  else
    read.problems[1] = { field = paths.deal .. ".id", message = "the deal has no id" }
  end
  read.title = given.text(it.title)
  read.name, read.status, read.owner = read.title, given.text(it.status), given(it.owner)
  read.won = read.status ~= nil and read.status:lower() == "won"
  read.language = given.text(it.language) or given.text(organization.language)
  read.currency = sale.currency(it.currency, paths.deal .. ".currency", read)
  read.auto_invoice = sale.flag(it.auto_invoice)
  read.trigger = given.text(event.trigger) == "manual" and "manual" or "automatic"
  read.updated_at = given.text(it.updated_at) or given.text(event.occurred_at)
  read.payment_term_days = sale.terms(it.payment_term_days, paths.deal .. ".payment_term_days", read)
  read.project = given.text(it.project_reference)
  read.reference = given.text(it.order_reference) or read.project
  read.bank_reference, read.pdf_url = given.text(it.bank_reference), given.text(it.pdf_url)
  read.prices_include_vat = sale.flag(it.prices_include_vat) == true
  read.discount_percent = sale.discount(it.discount_percent, paths.deal .. ".discount_percent", read)
  read.customer = customer_of(organization, person)
  read.fields = { name = paths.organization .. ".name", address = paths.organization .. ".address",
    business_id = paths.organization .. ".business_id", email = paths.organization .. ".email",
    phone = paths.organization .. ".phone", contact_name = paths.person or "data.person.name",
    reference = paths.deal .. "." .. (given.text(it.order_reference) and "order_reference"
      or "project_reference"), project = paths.deal .. ".project_reference",
    partner = paths.organization .. ".partner", einvoice = paths.organization .. ".einvoice",
    currency = paths.deal .. ".currency", bank_reference = paths.deal .. ".bank_reference",
    payment_terms = paths.deal .. ".payment_term_days" }
  rows_of(read, it.lines, paths.deal, options.vat_percent)
  read.lines = read.rows
  read.value = money.number(it.value, read.language)
  read.totals = totals_of(read, it.value)
  return read
end

-- What people see in lists: text, and the sum that would be invoiced.
function deal.about(read)
  local amount = read.value and read.value:text(2)
  return { record = read.id, text = ("%sdeal %s%s"):format(
    read.customer.name and read.customer.name .. ", " or "", read.id or "without an id",
    read.title and (' "%s"'):format(read.title) or ""), amount = amount,
    currency = amount and read.currency }
end

return deal
