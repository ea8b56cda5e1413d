--[[
How a customer stands, in fields of a company's own, for CRMs without a record for it (Pipedrive,
HubSpot).

  status_fields.NAMES               what may be named in payment_fields
  status_fields.check(words)        -> nil, or why payment_words is none
  status_fields.of(status, settings) -> { [the CRM's name] = a text, number, date or json.null }
  status_fields.changed(wanted, there, same) -> what of it is another in the CRM, or nil; there(name)
                                       is what stands there

payment_fields = { unpaid_total = "9f3a...", last_invoice_due = "erapaiva" } says under which name of
the CRM each part of a status (procountor/payments.lua) stands; parts that are not named are not told.
invoices is a text of several lines: the newest and all open ones. payment_words = { overdue =
"myöhässä" } are the words for states, where the CRM is to have others: the company's language, or the
values (in Pipedrive: the numbers) of a field with choices.
]]

local decimal = require "decimal"
local given = require "given"
local json = require "json"
local suggest = require "suggest"

local status_fields = {}

local LINES_MAX = 20
local ZERO = decimal "0"

status_fields.NAMES = { last_invoice = true, last_invoice_sent = true, last_invoice_due = true,
  last_invoice_status = true, unpaid_total = true, unpaid_count = true, overdue_total = true,
  overdue_count = true, overdue_days = true, currency = true, invoices = true }

local STATES = { unfinished = true, ["not sent"] = true, open = true, ["partly paid"] = true,
  overdue = true, paid = true, credited = true, invalidated = true }

function status_fields.check(words)
  for state, word in pairs(words or {}) do
    if not STATES[state] then
      return ('payment_words has no state "%s"%s'):format(tostring(state),
        suggest(tostring(state), STATES))
    end
    if math.type(word) ~= "integer" and not given.text(word) then
      return ("payment_words.%s is a text, or the number of a choice"):format(state)
    end
  end
  return nil
end

local function word_of(state, words)
  return state and words and words[state] or state
end

-- "10231: 2026-04-03 - 2026-04-17, 100.40 EUR, overdue (14), 60.25 EUR"
local function line_of(invoice, words)
  local parts = { ("%s - %s"):format(invoice.date or "?", invoice.due_date or "?"),
    ("%s %s"):format(invoice.total:text(2), invoice.currency),
    tostring(word_of(invoice.state, words)) }
  if invoice.overdue_days then parts[3] = ("%s (%d)"):format(parts[3], invoice.overdue_days) end
  if invoice.open and invoice.open ~= invoice.total and invoice.open ~= ZERO then
    parts[4] = ("%s %s"):format(invoice.open:text(2), invoice.currency)
  end
  return ("%s: %s"):format(given.text(invoice.number) or "-", table.concat(parts, ", "))
end

local function lines_of(invoices, words)
  local lines = {}
  for i = 1, math.min(#invoices, LINES_MAX) do lines[i] = line_of(invoices[i], words) end
  if #invoices > LINES_MAX then lines[LINES_MAX + 1] = ("... + %d"):format(#invoices - LINES_MAX) end
  return table.concat(lines, "\n")
end

function status_fields.of(status, settings)
  local fields = {}
  for ours, theirs in pairs(settings.payment_fields) do
    local value = status[ours]
    if ours == "invoices" then
      value = lines_of(value, settings.payment_words)
    elseif ours == "last_invoice_status" then
      value = word_of(value, settings.payment_words)
    end
    fields[theirs] = value == nil and json.null or value
  end
  return fields
end

function status_fields.changed(wanted, there, same)
  local changed, any = {}, false
  for name, value in pairs(wanted) do
    if not same(there(name), value) then changed[name], any = value, true end
  end
  return any and changed or nil
end

return status_fields
