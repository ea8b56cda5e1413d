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
  payment_terms  days (0 to 999), where neither the contract nor the customer's record says (14)
  notify         connections to tell, one or several: "slack", { "slack", "zapier" }
  tell_owner     connections by which the salesperson hears that it needs a person: "smtp": owner.lua
  language       of the invoice ("fi", "sv", "en" ...), where the contract does not say (the company's)
  channel        "EMAIL", "MAIL", "ELECTRONIC_INVOICE", "NO_SENDING" (EMAIL if there is an address)
  totals         "warn" (default), "attention" or "ignore": when the invoice's sums are not those
                 that the proposal states
  register       the connection (kind "ytj") by which a new customer is filled in and verified: the
                 company's "ytj", if it has one; false: none. register.lua
  attach         the connection (kind "http") by which the signed contract's PDF is fetched, to be
                 sent with the invoice: of the same origin as the contract's pdf_url
  dimension      "Projekti": the dimension of the books whose item the contract's reference is; or
                 { name = "Projekti", create = true, item = function(proposal) return text end }:
                 lua/dimension.lua
  source, finance, name   the connections ("click2contract", "procountor") and the rule's own name

Each step can be replaced:
  customer  = function(proposal) return customer end
  row       = function(line, proposal) return line end       nil leaves the row out; vat_status may
                                                             be set
  product   = function(line, proposal) return product end
  wanted    = function(wanted, proposal) return wanted end   the invoice without customer and rows,
                                             before anything is written
  invoice   = function(wanted, proposal) return invoice end  wanted: connectors/procountor/
                                                             invoice_body.lua
  notice    = function(invoice, proposal) return text [, data] end   nil: no notice
  key       = function(proposal) return text end             runs of one key are done in turn

proposal: connectors/click2contract/proposal.lua. line: one of its rows.
]]

local ending = require "ending"
local invoicing = require "invoicing"

local function no_rows(proposal, add)
  if proposal.tables == 0 then
    add("pricing_table", "it has no pricing table; add the Pricing Table element to the proposal's "
      .. "template")
  elseif #proposal.rows == 0 and #proposal.left_out > 0 then
    add("pricing_table.rows", "none of the optional rows of its pricing table was selected")
  elseif #proposal.rows == 0 then
    add("pricing_table.rows", "its pricing table has no rows")
  end
end

local function ready(proposal)
  if proposal.signed then return end
  ending.skip(("Contract %s%s is not signed yet"):format(proposal.id or "without an id",
    proposal.name and ' "' .. proposal.name .. '"' or ""))
end

return function(given)
  invoicing.check(given, invoicing.OPTIONS)
  return invoicing.rule(given, {
    name = "proposal_to_invoice", source = "click2contract", source_role = "proposals",
    on = function(source) return { source .. ".proposal.accepted" } end,
    noun = "Contract", stated = "the proposal", id_field = "contract_id", result_field = "contract",
    notice = {
      fi = "Uusi lasku %s: %s, %s, eräpäivä %s (keskeneräinen). Sopimus %s",
      sv = "Ny faktura %s: %s, %s, förfaller %s (oavslutad). Avtal %s",
      en = "New invoice %s: %s, %s, due %s (unfinished). Contract %s",
    },
    correct = "Correct it in Click2Contract and send the contract again.",
    fields = "the fields Address, Postal code and City of the customer",
    no_rows = no_rows, ready = ready, whole = function(proposal) return proposal end,
  })
end
