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
invoices is a text of several lines, the newest and all open ones, as people write it in the company's
language (fi, sv, en). payment_words = { overdue = "erääntynyt" } are other words for states: in these
lines, and for last_invoice_status, which is in English without. Where that is a field with choices they
are its values, in Pipedrive the numbers of these, which the lines do without.
]]

local decimal = require "decimal"
local given = require "given"
local json = require "json"
local money = require "money"
local suggest = require "suggest"
local time = require "time"
local words = require "words"

local status_fields = {}

local LINES_MAX = 20
local ZERO = decimal "0"

status_fields.NAMES = { last_invoice = true, last_invoice_sent = true, last_invoice_due = true,
  last_invoice_status = true, unpaid_total = true, unpaid_count = true, overdue_total = true,
  overdue_count = true, overdue_days = true, currency = true, invoices = true }

local STATES = { unfinished = true, ["not sent"] = true, open = true, ["partly paid"] = true,
  overdue = true, paid = true, credited = true, invalidated = true }

function status_fields.check(given_words)
  for state, word in pairs(given_words or {}) do
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

local function day_of(date, language)
  return date and time.format(date, language) or "?"
end

-- With plain spaces: a CRM may keep no others, and what it keeps is compared with what is wanted.
local function amount_of(amount, currency, language)
  return (money.people(amount, currency, language):gsub("\u{A0}", " "))
end

-- The number of a choice is no word.
local function state_of(state, given_words, language)
  local word = given_words and given_words[state]
  return type(word) == "string" and word or words.text(language, "state." .. state)
end

-- "10231: 3.4.2026 - 17.4.2026, 1 100,40 EUR, myöhässä (14), 60,25 EUR"
local function line_of(invoice, given_words, language)
  local parts = { ("%s - %s"):format(day_of(invoice.date, language), day_of(invoice.due_date, language)),
    amount_of(invoice.total, invoice.currency, language),
    state_of(invoice.state, given_words, language) }
  if invoice.overdue_days then parts[3] = ("%s (%d)"):format(parts[3], invoice.overdue_days) end
  if invoice.open and invoice.open ~= invoice.total and invoice.open ~= ZERO then
    parts[4] = amount_of(invoice.open, invoice.currency, language)
  end
  return ("%s: %s"):format(given.text(invoice.number) or "-", table.concat(parts, ", "))
end

local function lines_of(invoices, given_words)
  local lines, language = {}, words.language()
  for i = 1, math.min(#invoices, LINES_MAX) do lines[i] = line_of(invoices[i], given_words, language) end
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
      value = value and settings.payment_words and settings.payment_words[value] or value
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
