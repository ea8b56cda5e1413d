--[[
Products in HubSpot, as the rule product_catalogue compares and writes them.

  products.new(connection) -> {
    list()                      every product: { code, name, active, finance_id, record }
    differs(fields, there)      is something of fields another there (nil: it is not there)?
    tell(code, fields, there)   writes what is another; false: nothing was. true: it was written;
                                nil and why it cannot be
    problem }                   why nothing can be written: the connection does not say how

A product's code is its SKU (hs_sku). name and unit_price are HubSpot's own (name, price); unit,
vat_percent, active, finance_id and prices_include_vat stand in properties that the company made, named
in product_fields, and are not written without a name there. active is one of them that must be: HubSpot
itself knows products and archived ones, and what is archived is gone from the quotes that have it.
Other names of fields are HubSpot's own. price is in the account's currency: the connection's
`currency` (EUR); products in another are not written.
]]

local given = require "given"
local http = require "http"
local client = require "connectors.hubspot.client"
local common = require "connectors.crm.products"

local products = {}

local PATH = "/crm/v3/objects/products"
local OWN_NAMES = { name = "name", unit_price = "price" }
local NO_ACTIVE = "HubSpot has no property of its own for whether a product is sold: make one of "
  .. 'products (a single checkbox) and name it, product_fields = { active = "myynnissa" }'

local function changed(fields, record, names)
  local there, body = record and client.properties(record) or {}, {}
  for name, value in pairs(fields) do
    local theirs = common.name(OWN_NAMES, names, name)
    if theirs and name ~= "currency" and not client.same(there[theirs], value) then
      body[theirs] = client.text(value)
    end
  end
  return next(body) and body or nil
end

local function shown(record, names)
  local properties = client.properties(record)
  return { code = given.text(properties.hs_sku), name = given.text(properties.name), record = record,
    active = properties[names.active] ~= "false",
    finance_id = names.finance_id and given.text(properties[names.finance_id]) }
end

-- The product of that code, and how many have it. What somebody made a moment ago is brought in line
-- by the next comparison.
local function find(connection, code)
  local found = {}
  for _, record in ipairs(client.search(connection, PATH, "hs_sku", { code }, { "hs_sku" })) do
    if given.text(client.properties(record).hs_sku) == code then found[#found + 1] = record end
  end
  return found[1], #found
end

function products.new(connection)
  local names, object = connection.settings.product_fields or {}, {}
  local currency = connection.settings.currency or "EUR"
  object.problem = not names.active and NO_ACTIVE or nil
  function object.list()
    local all = {}
    for i, record in ipairs(client.list(connection, PATH, client.names({ "name", "price", "hs_sku" },
      names))) do
      all[i] = shown(record, names)
    end
    return all
  end
  return common.with({
    changed = function(fields, record) return changed(fields, record, names) end,
    refuses = function(fields)
      return fields.currency and fields.currency ~= currency
        and ("its price is in %s, and prices in HubSpot are in %s"):format(fields.currency, currency)
        or nil
    end,
    change = function(record, body, _, what)
      client.patch(connection, PATH .. "/" .. tostring(record.id), body, what)
    end,
    create = function(code, body, what)
      body.hs_sku = code
      http.write(connection.name, "POST", PATH, { json = { properties = body },
        explain = client.explain, what = what, look_first = true,
        find = function() return find(connection, code) end })
    end,
  }, object)
end

return products
