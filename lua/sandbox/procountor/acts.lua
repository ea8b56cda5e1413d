-- What a person does on the Procountor sandbox's page: sends an invoice on its way, pays it, changes
-- a customer. Each act is a form that was posted.

local decimal = require "decimal"
local json = require "json"
local kit = require "sandbox.kit"
local invoices = require "sandbox.procountor.invoices"
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
  local function given(name) return form[name] and form[name] ~= "" and form[name] or nil end
  partner.registryInfo.phone = given "phone"
  partner.invoicingInfo.email = given "email"
  local address = partner.billingAddress or partner.address
  if address then
    address.street, address.zip, address.city = given "street", given "zip", given "city"
  end
  world.touch(w, partner)
  return partner.name .. " is changed."
end

return function(w, name, form)
  local act = acts[name]
  if not act then return kit.text(404, "there is no such act") end
  w.said = act(w, form)
  return kit.text(303, "", { location = "../" })
end
