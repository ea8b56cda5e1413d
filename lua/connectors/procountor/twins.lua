--[[
Twins: what stands in Procountor more than once and should stand there once. Each write looks before
it acts; this looks afterwards, once a day, for what came about all the same: two installations that
serve one company, or a person who made by hand what a run was about to make.

  twins.look(client)  -> { invoices = number of groups, customers = number of groups }; raises the
                         alerts "twins" about each of the two, or ends them. Reads only: which of two
                         is the right one is a person's to say

Invoices: unfinished sales invoices of the same original number. Customers: active ones of the same
business ID or VAT number, however it is written.
]]

local current = require "current"
local given = require "given"
local numbers = require "connectors.procountor.numbers"

local twins = {}

local SHOWN = 20 -- groups that an alert names

-- Records of the same key, in the order in which the keys were first seen.
local function groups_of(records, key_of)
  local groups, order = {}, {}
  for _, record in ipairs(records) do
    local key = key_of(record)
    if key then
      if not groups[key] then
        groups[key] = {}
        order[#order + 1] = key
      end
      table.insert(groups[key], tostring(record.id))
    end
  end
  local found = {}
  for _, key in ipairs(order) do
    if #groups[key] > 1 then
      found[#found + 1] = ("%s (ids %s)"):format(key, table.concat(groups[key], ", "))
    end
  end
  return found
end

local function tell(client, what, found, words)
  local about = client.name .. " " .. what
  if #found == 0 then
    current.step { op = "alert", kind = "twins", about = about, over = true }
    return
  end
  local more = #found > SHOWN and (", and %d more"):format(#found - SHOWN) or ""
  current.step { op = "alert", kind = "twins", about = about,
    text = words:format(table.concat(found, "; ", 1, math.min(#found, SHOWN)) .. more) }
end

local function invoice_key(record)
  local number = given.text(record.originalInvoiceNumber)
  return record.status == "UNFINISHED" and number ~= "" and number or nil
end

local function customer_key(record)
  local number = numbers.kept(record)
  if not number then return nil end
  local forms = numbers.forms(number)
  return numbers.finnish(number) or (number.country or "") .. forms[#forms]
end

function twins.look(client)
  local invoices = groups_of(client:list("/invoices",
    { status = "UNFINISHED", types = "SALES_INVOICE" }), invoice_key)
  tell(client, "invoices", invoices, "Procountor holds more than one unfinished sales invoice with "
    .. "the same original number: %s. Nothing was changed. Invalidate there all but the right one "
    .. "of each before they are sent.")
  local customers = groups_of(client:list("/businesspartners", { type = "CUSTOMER" }), customer_key)
  tell(client, "customers", customers, "Procountor holds more than one active customer of the same "
    .. "business ID: %s. Nothing was changed. Keep one of each there and make the others inactive; "
    .. "until then a run that looks for that customer asks a person.")
  return { invoices = #invoices, customers = #customers }
end

return twins
