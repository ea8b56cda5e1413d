-- What a person does on the Procountor sandbox's page: sends an invoice on its way, pays it, changes
-- a customer. Each act is a form that was posted.

local decimal = require "decimal"
local json = require "json"
local kit = require "sandbox.kit"
local invoices = require "sandbox.procountor.invoices"
local partners = require "sandbox.procountor.partners"
local payments = require "sandbox.procountor.payments"
local world = require "sandbox.procountor.world"

local acts = {}

-- The answer of the API's own operation, in words.
local function words_of(meta, raw)
  local ok, body = pcall(json.decode, raw or "")
  if not ok or type(body) ~= "table" then return "Answered " .. meta.status .. "." end
  if body.message then return body.message end
  local first = type(body.errors) == "table" and body.errors[1]
  return first and "Refused: " .. tostring(first.message) or "Done."
end

for _, name in ipairs { "approve", "send", "unfinished", "invalidate" } do
  local move = invoices.move(name)
  acts[name] = function(w, form) return words_of(move(w, {}, {}, form.invoice or "")) end
end

-- Somebody adds where the e-invoice goes, before the invoice is approved.
function acts.einvoice(w, form)
  local invoice = world.find(w.invoices, form.invoice or "")
  if not invoice then return "There is no such invoice." end
  local address, operator = form.address or "", form.operator or ""
  if invoice.status ~= "UNFINISHED" then
    return ("Invoice %d is %s: its e-invoice address cannot be changed any more."):format(
      invoice.invoiceNumber, invoice.status)
  end
  if not address:find("%S") or not operator:find("%S") then
    return "An e-invoice wants an address and an operator."
  end
  invoice.counterParty.einvoiceAddress = { address = address, operator = operator }
  invoice.invoiceChannel = "ELECTRONIC_INVOICE"
  world.touch(w, invoice)
  world.effect(w, "invoice.einvoice", invoice.id)
  return ("Invoice %d goes out as an e-invoice."):format(invoice.invoiceNumber)
end

-- A payment that the bank brings: the amount, or all that is left.
function acts.pay(w, form)
  local invoice = world.find(w.invoices, form.invoice or "")
  if not invoice then return "There is no such invoice." end
  local text, amount = form.amount or "", nil
  if text:find("%S") then
    local ok, number = pcall(decimal.parse, text, "fi")
    amount = ok and number or nil
    if not amount or amount <= decimal(0) then return "The amount is not a sum of money." end
  end
  local ok, problem = pcall(payments.receive, w, { invoiceId = invoice.id, amount = amount })
  if not ok then return (tostring(problem):gsub("^%l", string.upper)) .. "." end
  return ("Invoice %d is %s."):format(invoice.invoiceNumber, invoice.status)
end

-- An accountant corrects a customer in the register.
function acts.customer(w, form)
  local partner = world.find(w.customers, form.customer or "")
  if not partner then return "There is no such customer." end
  local function set(object, name, field)
    local value = form[field or name]
    if object and value then object[name] = value ~= "" and value or nil end
  end
  if form.name and form.name ~= "" then partner.name = form.name end
  set(partner.registryInfo, "phone")
  for _, name in ipairs { "email", "identifier", "einvoiceAddress", "einvoiceOperator" } do
    set(partner.invoicingInfo, name)
  end
  local address = partner.billingAddress or partner.address
  for _, name in ipairs { "street", "zip", "city", "country" } do set(address, name) end
  if form.active then partner.registryInfo.active = form.active ~= "no" end
  world.touch(w, partner)
  return partner.name .. " is changed."
end

-- An accountant adds a customer by hand.
function acts.add(w, form)
  if not (form.name or ""):find("%S") then return "A customer wants a name." end
  local function given(name) return form[name] and form[name] ~= "" and form[name] or nil end
  local place = { name = form.name, street = given "street", zip = given "zip", city = given "city",
    country = "FINLAND" }
  local partner = partners.add(w, { name = form.name, type = "CUSTOMER", address = place,
    billingAddress = kit.copy(place), invoicingInfo = { identifier = given "identifier",
      identifierType = given "identifier" and "FI" or nil, email = given "email" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER" }, registryInfo = { active = true,
      phone = given "phone" } })
  return partner.name .. " is a new customer."
end

-- An accountant changes a product: its name, its price, whether it is sold.
function acts.product(w, form)
  local product = world.find(w.products, form.product or "")
  if not product then return "There is no such product." end
  if (form.price or "") ~= "" then
    local ok, number = pcall(decimal.parse, form.price, "fi")
    if not ok or not number then return "The price is not a number." end
    product.price = number
  end
  if (form.name or ""):find("%S") then product.name = form.name end
  if (form.active or "") ~= "" then product.active = form.active ~= "no" end
  world.touch(w, product)
  return product.name .. " is changed."
end

-- It goes from the register altogether, as the user interface can do it; the API cannot.
function acts.remove(w, form)
  local partner, index = world.find(w.customers, form.customer or "")
  if not partner then return "There is no such customer." end
  table.remove(w.customers, index)
  return partner.name .. " is removed."
end

return kit.acting(acts)
