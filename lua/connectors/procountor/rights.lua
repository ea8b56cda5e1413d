--[[
What the user of the API key may do in Procountor (GET /users/rights, OpenAPI 26.04), asked before
anything is written: a right that is missing halfway would leave a customer without an invoice.

  rights.check(client, needs)   needs = { invoices = true, customers = true, products = true }
      ends the run as attention, with all rights that are missing, if one of them is. -> those of
      customers and products that may be looked at only, as { customers = true }: what is to be made
      there cannot be
  rights.refuse(of, what)       ends the run as attention: that right is needed, since `what` (in words)
                                is to be made
  rights.receipts(client, what) ends the run as attention if dimensions or ledger receipts may not be
                                read, which `what` needs. No description says by which names these
                                rights are told, so they are looked for by reading. Files at an invoice
                                go with the right to the invoice, which check asks.

Rights change seldom, so an answer counts for ten minutes; one that refuses is asked for anew. Where
the answer cannot be had or does not say, Procountor is left to refuse by itself.
]]

local current = require "current"
local ending = require "ending"
local given = require "given"

local rights = {}

-- { Procountor's words, names of the right (the second in descriptions before 25.x), least level }
local RIGHTS = {
  { of = "invoices", "New sales invoice/Group invoice", "salesOrGroupInvoices", "newSalesInvoice" },
  { of = "invoices", "Sales invoice search", "salesInvoiceSearch", viewing = true },
  { of = "customers", "Customer register", "customerRegister", viewing = true },
  { of = "products", "Product register", "productRegister", viewing = true },
}

local function part(record, name)
  local value = type(record) == "table" and given(record[name])
  return type(value) == "table" and value or {}
end

-- The rights of sales, or an empty table.
local function ask(client, anew)
  local body = client:ask("/users/rights", anew) or {}
  local all = part(body, "rights")
  local sales = part(all, "sales")
  if sales.personalSalesInvoicesOnly == true
    or part(body, "limitations").personalSalesInvoicesOnly == true then
    current.warn("the API user sees only its own sales invoices in Procountor (Personal sales invoices "
      .. "only): what others made or paid is not known here")
  end
  return sales
end

-- What is missing, in words, and what may be looked at only.
local function judge(sales, needs)
  local missing, only = {}, {}
  for _, right in ipairs(RIGHTS) do
    local name = right[2]
    local level = given.text(sales[name])
    if not level and right[3] then name, level = right[3], given.text(sales[right[3]]) end
    if needs[right.of] and level and level ~= "ALL_RIGHTS" then
      if not right.viewing or level ~= "VIEWING_RIGHTS" then
        missing[#missing + 1] = ("%s (%s is %s)"):format(right[1], name, level)
      elseif right.of ~= "invoices" then
        only[right.of] = true
      end
    end
  end
  return missing, only
end

-- What is read before a dimension is written. A right to look alone is not told from one to write.
local READ = { { "Dimensions", "/dimensions" },
  { "Ledger receipts", "/ledgerreceipts", { size = 1, types = "SALES_INVOICE" } } }

local function refuse(list)
  -- Nobody who sells can mend it: it is told to the company's responsible alone.
  current.before_attention = nil
  ending.attention(("The API user lacks rights in Procountor: %s. So nothing was written; it would "
    .. "answer 403. Give them in Procountor's Management, Users and privileges: All rights for Edit "
    .. "personal info, New sales invoice/Group invoice, Customer register and Product register, and "
    .. "Sales invoice search; for the option dimension also those to dimensions and ledger receipts. "
    .. "Then retry."):format(table.concat(list, "; ")), { rights = list })
end

function rights.check(client, needs)
  local missing, only = judge(ask(client), needs)
  if #missing > 0 or next(only) then missing, only = judge(ask(client, true), needs) end
  if #missing > 0 then refuse(missing) end
  return only
end

function rights.refuse(of, what)
  for _, right in ipairs(RIGHTS) do
    if right.of == of then
      refuse { ("%s (%s is VIEWING_RIGHTS, and %s is to be made)"):format(right[1], right[2], what) }
    end
  end
end

function rights.receipts(client, what)
  local missing = {}
  for _, one in ipairs(READ) do
    if client:forbidden(one[2], one[3]) then
      missing[#missing + 1] = ("%s (GET %s is refused, and %s needs it)"):format(one[1], one[2], what)
    end
  end
  if #missing > 0 then refuse(missing) end
end

return rights
