--[[
How customers stand in Procountor, told to the CRM: what the rule payment_status does, and what the
rules that invoice do after each invoice.

  standing.place(settings)                -> the CRM's connection, or nil and why it is none
  standing.declare(settings)              at load: a company wants this (rules/payment_status.lua)
  standing.run(settings, since)           -> the next `since`, what was done
  standing.after_invoice(finance, partner)   one customer, after an invoice of its. What goes wrong is
                                          a warning: the invoice is made all the same

Which customers are looked at: those of invoices that changed since the last time, and on the first
run of a day (the company's day) those of all open invoices, because what is overdue changes by the
date alone. Of them all sales invoices are read anew, so that what is told is never pieced together
from parts, and written only if the CRM holds something else.
]]

local connections = require "connections"
local current = require "current"
local given = require "given"
local http = require "http"
local numbers = require "connectors.procountor.numbers"
local log = require "log"
local overlap = require "overlap"
local time = require "time"

local standing = {}

local declared = {}

-- Beyond so many customers one sweep over all invoices is less work than one search for each.
local ONE_BY_ONE = 20
-- Days that are read again at the first run of a day.
local OVERLAP_DAYS = 1
-- A search by versions takes no day without a time.
local MIDNIGHT = "T00:00:00"
local OPEN = { "SENT", "APPROVED", "PARTLY_PAID" }

-- The connection where a payment status can be written, or nil and why not.
function standing.place(settings)
  local crm = connections.get(settings.crm)
  local organizations = crm and crm.object.organizations
  local tells = organizations and organizations.tell_payment_status
  if tells and not organizations.no_payment_status then return crm end
  return nil, ('crm: connection "%s"%s has no place for a payment status; %s'):format(settings.crm,
    crm and " of kind " .. crm.kind or "", tells and organizations.no_payment_status
      or 'one of kind "crm", "pipedrive" or "hubspot" has')
end

function standing.declare(settings)
  declared[#declared + 1] = settings
end

-- How the original numbers of invoices begin that rules of this company made.
local function own_prefixes(settings)
  if settings.own then return settings.own end
  local list = {}
  for _, name in ipairs(connections.names()) do
    local entry = connections.get(name)
    if entry.kind == "click2contract" then
      list[#list + 1] = "C2C-"
    elseif entry.kind == "crm" or entry.kind == "pipedrive" or entry.kind == "hubspot" then
      list[#list + 1] = (entry.settings.prefix or name:upper()) .. "-"
    end
  end
  return list
end

local function is_wanted(invoice, settings, prefixes)
  if invoice.partner == nil then return false end
  if settings.all then return true end
  for _, prefix in ipairs(prefixes) do
    if (invoice.original_number or ""):sub(1, #prefix) == prefix then return true end
  end
  return false
end

local function only_wanted(list, settings)
  local prefixes, wanted = own_prefixes(settings), {}
  for _, invoice in ipairs(list) do
    if is_wanted(invoice, settings, prefixes) then wanted[#wanted + 1] = invoice end
  end
  return wanted
end

local function newest_version(list, version)
  for _, invoice in ipairs(list) do
    if invoice.version and (not version or invoice.version > version) then version = invoice.version end
  end
  return version
end

-- Invoices whose customers are to be looked at, and true if they are all there are.
local function touched(payments, settings, since, today)
  if not since then
    local all = payments.search { startDate = time.add_days(today, -settings.days) }
    for _, status in ipairs(OPEN) do
      for _, invoice in ipairs(payments.search { status = status }) do all[#all + 1] = invoice end
    end
    return all, true
  end
  local from = since.version and overlap.earlier(since.version)
  local first_today = since.day ~= today
  if first_today and from then
    from = time.add_days(from:sub(1, 10), -OVERLAP_DAYS) .. MIDNIGHT
  end
  local list = payments.search { versionStartDate = from or since.day .. MIDNIGHT }
  if first_today then
    for _, status in ipairs(OPEN) do
      for _, invoice in ipairs(payments.search { status = status }) do list[#list + 1] = invoice end
    end
  end
  return list, false
end

-- By customer, each invoice once, in the order of first sight.
local function by_customer(list)
  local groups, of, seen = {}, {}, {}
  for _, invoice in ipairs(list) do
    if not seen[invoice.id] then
      seen[invoice.id] = true
      local group = of[invoice.partner]
      if not group then
        group = { partner = invoice.partner }
        of[invoice.partner], groups[#groups + 1] = group, group
      end
      group[#group + 1] = invoice
    end
  end
  return groups, of
end

-- All invoices of these customers, those that are older than `days` only if they are open.
local function invoices_of(payments, groups, of, settings, today)
  local start, all = time.add_days(today, -settings.days), {}
  local function keep(list)
    for _, invoice in ipairs(list) do
      if of[invoice.partner] then all[#all + 1] = invoice end
    end
  end
  if #groups <= ONE_BY_ONE then
    for _, group in ipairs(groups) do
      keep(payments.search { businessPartnerId = tostring(group.partner) })
    end
    return all
  end
  keep(payments.search { startDate = start })
  for _, status in ipairs(OPEN) do keep(payments.search { status = status }) end
  return all
end

-- Older versions of the API do not say in a list of invoices whose they are.
local function name_of(invoice, settings)
  if invoice.name then return end
  local record = connections.get(settings.finance).object.customers.get(invoice.partner)
  if not record then return end
  invoice.name = given.text(record.name)
  invoice.business_id = numbers.finnish(numbers.kept(record))
end

-- The CRM's organization of a customer: the company's own function, else by the business ID, else by
-- the deal that one of its invoices was made of.
local function organization_of(group, settings, crm)
  local newest = group[1]
  for _, invoice in ipairs(group) do
    if invoice.id > newest.id then newest = invoice end
  end
  name_of(newest, settings)
  group.name = newest.name
  if settings.organization then
    return settings.organization { id = group.partner, name = newest.name,
      business_id = newest.business_id, invoices = group }
  end
  if newest.business_id then
    local found = crm.object.organizations.find(newest.business_id)
    if found then return found.id end
  end
  local prefix = (crm.settings.prefix or crm.name:upper()) .. "-"
  for _, invoice in ipairs(group) do
    local number = invoice.original_number or ""
    if number:sub(1, #prefix) == prefix then
      local deal = crm.object.deals.get(number:sub(#prefix + 1))
      if deal and deal.organization_id then return deal.organization_id end
    end
  end
  return nil
end

local function alert(settings, organization, name, status)
  if not settings.overdue_alert then return end
  local about = ("%s organization %s"):format(settings.crm, organization)
  if status.overdue_days <= settings.overdue_alert then
    current.step { op = "alert", kind = "overdue", about = about, over = true }
    return
  end
  current.step { op = "alert", kind = "overdue", about = about, text = ("%s owes %s %s that is "
    .. "overdue by up to %d days. Talk to them before anything new is agreed."):format(
    name or "A customer", status.overdue_total:text(2), status.currency, status.overdue_days) }
end

-- Customers of the same organization are told as one.
local function tell(groups, payments, settings)
  local crm, problem = standing.place(settings)
  if not crm then error(problem, 0) end
  local merged, order, result = {}, {}, { customers = #groups, written = 0, unknown = 0 }
  for _, group in ipairs(groups) do
    local id = organization_of(group, settings, crm)
    if not id then
      result.unknown = result.unknown + 1
      local text = ("customer %s (%s) is not in the CRM, so nobody is told there how it stands"):format(
        tostring(group.partner), group.name or "no name")
      -- Of all customers of a company many were never in its CRM.
      if settings.all then log.info(text) else current.warn(text) end
    elseif merged[id] then
      table.move(group, 1, #group, #merged[id] + 1, merged[id])
    else
      merged[id], order[#order + 1] = group, id
    end
  end
  for _, id in ipairs(order) do
    local status = payments.summary(merged[id])
    if crm.object.organizations.tell_payment_status(id, status) then
      result.written = result.written + 1
    end
    alert(settings, id, merged[id].name, status)
  end
  return result
end

function standing.run(settings, since)
  local payments = connections.get(settings.finance).object.payments
  local today = time.today(current.company.time_zone)
  local list, complete = touched(payments, settings, since, today)
  local version = newest_version(list, since and since.version)
  local groups, of = by_customer(only_wanted(list, settings))
  if not complete and #groups > 0 then
    groups = by_customer(only_wanted(invoices_of(payments, groups, of, settings, today), settings))
  end
  local all = {}
  for _, group in ipairs(groups) do table.move(group, 1, #group, #all + 1, all) end
  payments.settle(all, today)
  return { version = version, day = today }, tell(groups, payments, settings)
end

local function tell_one(settings, partner)
  local payments = connections.get(settings.finance).object.payments
  local list = only_wanted(payments.search { businessPartnerId = tostring(partner) }, settings)
  if #list == 0 then return end
  payments.settle(list)
  tell(by_customer(list), payments, settings)
end

function standing.after_invoice(finance, partner)
  if partner == nil then return end
  for _, settings in ipairs(declared) do
    local wanted = settings.finance == finance and settings.after_invoice ~= false
    if wanted and standing.place(settings) then
      local ok, problem = http.try(function()
        tell_one(settings, partner)
        return true
      end)
      if not ok then
        current.warn("the invoice is made, but the CRM was not told how its customer stands: %s",
          tostring(problem))
      end
    end
  end
end

return standing
