--[[
What a CRM is to offer, out of Procountor's product register: what the rule product_catalogue writes.

  offer.wanted(products, settings, gross) -> list of { code, fields } in the order of codes, and a list
                        of what stands in the way, in words. products: as procountor.products.all gives
                        them; gross: the register's prices include VAT; settings: the rule's options
  offer.withdraw(wanted, there, finance)  adds to the list what the CRM (there) has of that connection's
                        products that is no longer in it: as it is, but not active
  offer.is_unit(name)   true for a unit of Procountor
]]

local decimal = require "decimal"
local json = require "json"
local given = require "given"
local words = require "connectors.procountor.words"

local offer = { is_unit = words.is_unit }

local function label(product)
  return ('Product %s "%s" (id %s)'):format(product.code or "without a code", product.name or "?",
    tostring(product.id))
end

-- By code; of several the one that is active, else the newest. Two that are active are none: which
-- one is meant only a person knows.
local function by_code(products, problems)
  local groups, codes = {}, {}
  for _, product in ipairs(products) do
    local code = product.code
    if not code then
      if product.active then
        problems[#problems + 1] = label(product) .. " is not in the CRM: give it a code in Procountor."
      end
    else
      if not groups[code] then groups[code], codes[#codes + 1] = {}, code end
      table.insert(groups[code], product)
    end
  end
  table.sort(codes)
  return groups, codes
end

local function meant(group, problems)
  local active = {}
  for _, product in ipairs(group) do
    if product.active then active[#active + 1] = product end
  end
  if #active > 1 then
    problems[#problems + 1] = ("%s stands in Procountor twice, also as id %s, so its price in the CRM "
      .. "stays as it is: inactivate one of them."):format(label(active[1]), tostring(active[2].id))
    return nil
  end
  return active[1] or group[#group]
end

-- The price as the CRM wants it; nil and why if it cannot be turned.
local function price_of(product, settings, gross)
  local price = product.price or decimal(0)
  if gross == (settings.prices == "gross") then return price end
  if not product.vat then return nil, "it has no VAT percentage, so its price cannot be turned" end
  local factor = (decimal(100) + product.vat) / 100
  return (gross and price / factor or price * factor):round(4)
end

local function fields_of(product, settings, gross)
  local price, problem = price_of(product, settings, gross)
  if not price then return nil, problem end
  local unit = product.unit
  local word = unit and (settings.units and settings.units[unit] or words.spelling(unit))
  local fields = { name = product.name, unit = word or json.null, unit_price = price,
    vat_percent = product.vat or json.null, active = product.active,
    prices_include_vat = settings.prices == "gross",
    finance_id = settings.finance .. ":" .. tostring(product.id),
    currency = given.text(product.record.currency) or "EUR" }
  return settings.fields and settings.fields(product, fields) or fields
end

function offer.wanted(products, settings, gross)
  local problems, wanted = {}, {}
  local groups, codes = by_code(products, problems)
  for _, code in ipairs(codes) do
    local product = meant(groups[code], problems)
    local fields, problem
    if product then
      fields, problem = fields_of(product, settings, gross)
      if fields and settings.only and not settings.only(product) then fields.active = false end
    end
    if problem then problems[#problems + 1] = ("%s: %s."):format(label(product), problem) end
    -- Without fields it keeps its place in the list, so that nobody takes it for gone.
    wanted[#wanted + 1] = { code = code, fields = fields or {} }
  end
  return wanted, problems
end

function offer.withdraw(wanted, there, finance)
  local listed, begins = {}, finance .. ":"
  for _, product in ipairs(wanted) do listed[product.code] = true end
  for _, product in ipairs(there) do
    local ours = (given.text(product.finance_id) or ""):sub(1, #begins) == begins
    if ours and product.code and not listed[product.code] then
      wanted[#wanted + 1] = { code = product.code, fields = { active = false } }
    end
  end
end

return offer
