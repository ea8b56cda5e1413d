--[[
Products in Pipedrive, as the rule product_catalogue compares and writes them.

  products.new(connection) -> {
    list()                      every product: { code, name, active, finance_id, record }
    differs(fields, there)      is something of fields another there (nil: it is not there)?
    tell(code, fields, there) } writes what is another; false: nothing was. true: it was written

fields: name, unit, unit_price, currency, vat_percent, active, finance_id, prices_include_vat; others are
Pipedrive's own names (a key of 40 hex digits). unit_price is the price in its currency, prices in
others stay. Pipedrive has no place for prices_include_vat, and for finance_id only a field of the
company's own: product_fields = { finance_id = "9f3a..." }; without a name there they are not written.
What is not sold is not linkable (it cannot be put into a deal). Deleted it is never: Pipedrive deletes
for good, 30 days later; and what somebody deleted there is not there.

Source: API v2 as Pipedrive's migration guide and its own client describe it.
]]

local given = require "given"
local client = require "connectors.pipedrive.client"
local common = require "connectors.crm.products"
local shape = require "connectors.crm.shape"

local products = {}

local PATH = "/v2/products"
local OWN_NAMES = { name = "name", unit = "unit", vat_percent = "tax", active = "is_linkable" }
local PRICE = { unit_price = true, currency = true }

-- The prices with ours among them, or nil if it stands there already.
local function prices_of(fields, record)
  local currency, price = fields.currency or "EUR", fields.unit_price
  local prices, ours = {}, { currency = currency, price = price }
  for _, one in ipairs(record and given(record.prices) or {}) do
    if one.currency ~= currency then
      prices[#prices + 1] = { currency = one.currency, price = one.price, cost = given(one.cost),
        direct_cost = given(one.direct_cost), notes = given(one.notes) }
    elseif shape.same(one.price, price) then
      return nil
    else
      ours.cost, ours.direct_cost = given(one.cost), given(one.direct_cost)
      ours.notes = given(one.notes)
    end
  end
  prices[#prices + 1] = ours
  return prices
end

local function stands(record, name, value)
  return shape.same(shape.own(record, name), client.plain(value))
end

-- The list of prices is one whole: what is given takes the place of all that stand there.
local function changed(fields, record, names)
  local body = {}
  for name, value in pairs(fields) do
    local theirs = common.name(OWN_NAMES, names, name)
    -- There is no tax that is not known, only none at all.
    if name == "vat_percent" and given(value) == nil then theirs = nil end
    if theirs and not PRICE[name] and not (record and stands(record, theirs, value)) then
      body[theirs] = value
    end
  end
  if fields.unit_price then body.prices = prices_of(fields, record) end
  return next(body) and body or nil
end

local function shown(record, names)
  return { code = given.text(record.code), name = given.text(record.name),
    active = record.is_linkable ~= false, record = record,
    finance_id = names.finance_id and given.text(shape.own(record, names.finance_id)) }
end

-- The product of that code, and how many have it. What somebody made a moment ago is brought in line
-- by the next comparison.
local function find(connection, code)
  local found = {}
  for _, item in ipairs(client.search(connection, PATH .. "/search", "code", code)) do
    local record = client.find(connection, PATH .. "/" .. tostring(item.id))
    if record and record.is_deleted ~= true and given.text(record.code) == code then
      found[#found + 1] = record
    end
  end
  return found[1], #found
end

function products.new(connection)
  local names, object = connection.settings.product_fields or {}, {}
  function object.list()
    local all = {}
    for _, record in ipairs(client.pages(connection, PATH, { limit = client.PAGE })) do
      if record.is_deleted ~= true then all[#all + 1] = shown(record, names) end
    end
    return all
  end
  return common.with({
    changed = function(fields, record) return changed(fields, record, names) end,
    change = function(record, body, fields, what)
      local path = PATH .. "/" .. tostring(record.id)
      client.write(connection, "PATCH", path, { json = client.body(body), what = what, find = function()
        local now = client.find(connection, path)
        return now and not changed(fields, now, names) and now or nil
      end })
    end,
    create = function(code, body, what)
      body.code = code
      client.write(connection, "POST", PATH, { json = client.body(body), what = what,
        look_first = true, find = function() return find(connection, code) end })
    end,
  }, object)
end

return products
