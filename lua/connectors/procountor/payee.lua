--[[
The own bank account that an invoice asks to be paid to (outside-systems 1.7, GET /bankaccounts).

  payee.account(client, wanted, currency) -> IBAN without spaces: wanted, else the connection's
      bank_account, else the one account of Procountor that is active, in that currency, and the
      default for invoices (or the only one). Ends the run when none or several are left, or when the
      account that is wanted is not an active one there.
]]

local ids = require "ids"
local given = require "given"
local current = require "current"
local ending = require "ending"

local payee = {}

-- The accounts there: a short list that has no pages. Nil without the right to read it.
local function accounts(client)
  return current.once("procountor.accounts." .. client.name, function()
    local body, status = client:get("/bankaccounts", nil, nil, { 403, 404 })
    return { list = status < 400 and (given(body.results) or body) or nil }
  end).list
end

local function choose(client, currency)
  local active, default = {}, {}
  for _, account in ipairs(accounts(client) or {}) do
    local iban = given.text(account.iban)
    if iban and given.text(account.status) ~= "INACTIVE"
      and (given.text(account.currency) or "EUR") == currency then
      active[#active + 1] = iban
      if account.defaultForInvoice == true then default[#default + 1] = iban end
    end
  end
  local list = #default > 0 and default or active
  if #list == 1 then return list[1] end
  ending.attention(("Procountor has %s active bank account in %s that could be the one to pay to. "
    .. "Choose the default account for invoices there, or set bank_account on the connection, then "
    .. "retry."):format(#list == 0 and "no" or "more than one", currency),
    { accounts = list, currency = currency })
end

-- An account that somebody named has to be one of the company's own.
local function check_own(client, iban)
  local list = accounts(client)
  if not list then return end
  for _, account in ipairs(list) do
    local own = (given.text(account.iban) or ""):upper():gsub("%s", "")
    if own == iban and given.text(account.status) ~= "INACTIVE" then return end
  end
  ending.attention(("The bank account %s is not an active one in Procountor. Correct bank_account, or "
    .. "activate the account there, then retry."):format(iban), { field = "bank_account" })
end

function payee.account(client, wanted, currency)
  local text = given.text(wanted) or given.text(client.settings.bank_account)
  if not text then
    text = current.once("procountor.account." .. client.name .. currency, function()
      return choose(client, currency)
    end)
  end
  local iban = text:upper():gsub("%s", "")
  if ids.iban and not ids.iban(iban) then
    ending.attention(('"%s" is not a bank account number (IBAN). Correct bank_account.'):format(
      text), { field = "bank_account" })
  end
  if given.text(wanted) or given.text(client.settings.bank_account) then check_own(client, iban) end
  return iban
end

return payee
