--[[
What is sold, from Procountor's product register into the CRM, where salespeople make quotes of it:
code, name, unit, price, VAT, and whether it is sold at all.

  use "product_catalogue" { every = "1h" }

By schedule both registers are compared, and only what is another in the CRM is written. Fields of the
CRM's own (a picture, a description) stay as they are. A product that is inactive in Procountor, gone
from there or left out by `only` becomes inactive in the CRM; it is never deleted, since quotes may have
it. Which products came from Procountor the CRM knows by their finance_id; others are left alone, but
for one of the same code: that is taken for the same product.

Options (all may be left out):
  every, at, time_zone  how often: a schedule's words ("1h")
  only      = function(product) return true or false end: which are offered (all sales products);
              product = { id, code, name, unit, price, vat, active, record = as Procountor has it }
  fields    = function(product, wanted) return wanted end: what the CRM gets, changed; it has name,
              unit, unit_price, vat_percent, active, prices_include_vat, currency
  prices    "net" (the default) or "gross": the CRM's prices are without or with VAT
  units     { HOUR = "tunti" }: words for Procountor's units (the connection's units know the same
              words on the way back)
  writes    at most so many products in one run (500); the rest follows in the next
  crm, finance, name  the connections ("crm", "procountor") and the rule's own name

A product without a code, one whose code stands in Procountor twice, without a VAT percentage where a
price has to be turned, or that the CRM refuses, is a warning of the run, and all of these together an
alert of kind "catalogue" until it is in order.

Limits: the CRM is a connection of kind crm, pipedrive or hubspot (rules/README.md says what the latter
have no place for). What somebody changes in the CRM in the moment between the
comparison and the write is written over; the next quote has Procountor's price all the same.
]]

local connections = require "connections"
local current = require "current"
local given = require "given"
local http = require "http"
local log = require "log"
local offer = require "offer"
local options = require "options"
local roles = require "roles"

local KNOWN = {
  name = { type = "text" }, every = { type = "every" }, at = { type = "text" },
  time_zone = { type = "text" }, only = { type = "function" }, fields = { type = "function" },
  prices = { type = "string", one_of = { "net", "gross" } }, units = { type = "table" },
  writes = { type = "integer", min = 1, max = 100000 }, crm = { type = "text" },
  finance = { type = "text" },
}

-- The CRM's connection, or nil and why nothing can be written there.
local function place(settings)
  local crm = connections.get(settings.crm)
  local products = crm and crm.object.products
  local tells = products and products.tell
  if tells and not products.problem then return crm end
  return nil, ('crm: connection "%s"%s has no products that are written to; %s'):format(settings.crm,
    crm and " of kind " .. crm.kind or "", tells and products.problem
      or 'one of kind "crm", "pipedrive" or "hubspot" has')
end

local function settings_of(given_options)
  options.check(given_options, KNOWN)
  local settings = {}
  for name, value in pairs(given_options) do settings[name] = value end
  settings.crm, settings.finance = settings.crm or "crm", settings.finance or "procountor"
  settings.prices, settings.writes = settings.prices or "net", settings.writes or 500
  settings.name = settings.name or "product_catalogue"
  for unit, word in pairs(settings.units or {}) do
    if not offer.is_unit(unit) or not given.text(word) then
      error(('units: { HOUR = "tunti" } names a unit of Procountor and a word; "%s" is none'):format(
        tostring(unit)), 0)
    end
  end
  return settings
end

-- What is wrong now is one alert; it is over when nothing is.
local function tell_problems(settings, problems)
  local about = settings.crm .. " products"
  for _, problem in ipairs(problems) do current.warn("%s", problem) end
  if #problems == 0 then
    current.step { op = "alert", kind = "catalogue", about = about, over = true }
    return
  end
  local more = #problems > 3 and (" ... and %d more (warnings of the run)"):format(#problems - 3) or ""
  current.step { op = "alert", kind = "catalogue", about = about, text = (
    "%d products are not as they should be in the CRM: %s%s"):format(#problems,
    table.concat(problems, " ", 1, math.min(3, #problems)), more) }
end

-- The CRM's products by their code, and the codes that several of them have: which one is meant only
-- a person knows, so they stay as they are.
local function coded(there)
  local of, twins = {}, {}
  for _, product in ipairs(there) do
    local code = product.code
    if code and of[code] then twins[code] = true end
    if code then of[code] = product end
  end
  return of, twins
end

local function run(settings)
  local crm, missing = place(settings)
  if not crm then error(missing, 0) end
  local finance = connections.get(settings.finance).object
  local there = crm.object.products.list()
  local wanted, problems = offer.wanted(finance.products.all(), settings,
    finance.products.price_includes_vat())
  -- An empty register is likelier another company's, or a right that is missing, than nothing to sell.
  if #wanted > 0 then
    offer.withdraw(wanted, there, settings.finance)
  elseif #there > 0 then
    problems[#problems + 1] = "Procountor's register has no sales product with a code, so nothing was "
      .. "taken out of sale in the CRM."
  end
  local by_code, twins = coded(there)
  local result = { products = #wanted, written = 0, left = 0, refused = 0 }
  for _, product in ipairs(wanted) do
    if twins[product.code] then
      problems[#problems + 1] = ("Code %s stands in the CRM at several products, so they stay as they "
        .. "are: leave it at one of them."):format(product.code)
    elseif result.written >= settings.writes then
      if crm.object.products.differs(product.fields, by_code[product.code]) then
        result.left = result.left + 1
      end
    else
      local told, problem = http.try(crm.object.products.tell, product.code, product.fields,
        by_code[product.code])
      if told == nil then
        result.refused = result.refused + 1
        problems[#problems + 1] = ("%s was not taken by the CRM: %s."):format(product.code,
          tostring(problem))
      elseif told then
        result.written = result.written + 1
      end
    end
  end
  if result.left > 0 then log.info("%d products follow in the next run", result.left) end
  tell_problems(settings, problems)
  result.problems = #problems
  return {}, result
end

return function(given_options)
  local settings = settings_of(given_options)
  -- One that is declared further down is looked at when all are known.
  if connections.get(settings.crm) then
    local _, problem = place(settings)
    if problem then error(problem, 0) end
  end
  return {
    name = settings.name,
    poll = { every = settings.every or (not settings.at and "1h") or nil, at = settings.at,
      time_zone = settings.time_zone, needs = { settings.crm, settings.finance },
      check = function()
        local _, problem = place(settings)
        return problem or roles.problem { { "finance", settings.finance, "finance" } }
      end,
      run = function() return run(settings) end },
  }
end
