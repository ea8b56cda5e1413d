-- Products in Pipedrive's API v2: not linkable ones cannot be put into a deal, deleted ones are there
-- for a while and in no list, prices are written as a whole. Routes for sandbox/pipedrive.lua.

local kit = require "sandbox.kit"
local api = require "sandbox.pipedrive_api"
local world = require "sandbox.crm.world"

local FINANCE_ID = api.KEYS.finance_id
local null = api.null

local KNOWN = kit.set { "name", "code", "description", "unit", "tax", "category", "owner_id",
  "is_linkable", "visible_to", "prices", "custom_fields", "billing_frequency",
  "billing_frequency_cycles" }
local OF_A_PRICE = kit.set { "product_id", "price", "currency", "cost", "direct_cost", "notes" }

local function shown(product)
  local prices = kit.array()
  for currency, price in pairs(product.prices or { [product.currency or "EUR"] = product.unit_price }) do
    local costs = (product.costs or {})[currency] or {}
    prices[#prices + 1] = { product_id = product.id, price = price, currency = currency,
      cost = costs.cost or 0, direct_cost = null(costs.direct_cost), notes = costs.notes or "" }
  end
  return { id = product.id, name = product.name, code = null(product.code), unit = null(product.unit),
    description = null(product.description), tax = product.vat_percent or 0,
    owner_id = world.USER.id, category = kit.null, visible_to = 3,
    is_deleted = product.deleted == true, is_linkable = product.active ~= false, prices = prices,
    add_time = api.moment(product.created_at), update_time = api.moment(product.updated_at),
    custom_fields = { [FINANCE_ID] = null(product.finance_id) } }
end

-- ---- reading ----

local function of_rows(w, list, wanted)
  for _, deal in ipairs(w.deals) do
    for i, line in ipairs(deal.lines or {}) do
      local id = api.product_of_row(deal, i)
      if wanted[tostring(id)] then
        list[#list + 1] = shown { id = id, name = line.name, code = line.product_code,
          unit = line.unit, vat_percent = line.vat_percent, unit_price = line.unit_price }
      end
    end
  end
end

local function get_list(w, request)
  local wanted, list = api.ids(request), {}
  if wanted == nil then return api.too_many_ids() end
  for _, product in ipairs(w.products) do
    if not product.deleted and (not wanted or wanted[tostring(product.id)]) then
      list[#list + 1] = shown(product)
    end
  end
  if wanted then of_rows(w, list, wanted) end
  return api.page(request, list)
end

local function get_one(w, _, _, id)
  local product = world.find(w.products, id)
  if not product then return api.refuse(404, "Product not found") end
  return api.success(shown(product))
end

local function get_search(w, request)
  local there = {}
  for _, product in ipairs(w.products) do
    if not product.deleted then there[#there + 1] = product end
  end
  return api.search(request, there, "product", function(product, fields)
    return { fields == "code" and product.code or fields ~= "code" and product.name or nil }
  end)
end

-- ---- writing ----

local function prices_of(list, product, fields)
  if not kit.is_array(list) then return "Parameter 'prices' is an array" end
  fields.prices, fields.costs = {}, {}
  for _, price in ipairs(list) do
    for name in pairs(price) do
      if not OF_A_PRICE[name] then return ("Parameter 'prices.%s' is not allowed"):format(name) end
    end
    if not kit.number(price.price) or type(price.currency) ~= "string" then
      return "Parameter 'prices' wants a price (a number) and a currency"
    end
    if fields.prices[price.currency] then return "There is one price for a currency" end
    fields.prices[price.currency] = price.price
    fields.costs[price.currency] = { cost = price.cost, direct_cost = price.direct_cost,
      notes = price.notes }
    if price.currency == (product.currency or "EUR") then fields.unit_price = price.price end
  end
  return nil
end

local function fields_of(body, product)
  local problem = api.not_allowed(body, KNOWN)
  if problem then return nil, problem end
  for _, name in ipairs { "name", "code", "unit", "description" } do
    if not api.text_or_null(body[name]) then return nil, ("Parameter '%s' is a string"):format(name) end
  end
  if not kit.is_null(body.tax) and not kit.number(body.tax) then
    return nil, "Parameter 'tax' is a number"
  end
  if body.is_linkable ~= nil and type(body.is_linkable) ~= "boolean" then
    return nil, "Parameter 'is_linkable' is a boolean"
  end
  local fields = { name = body.name, code = body.code, unit = body.unit, vat_percent = body.tax,
    description = body.description, active = body.is_linkable }
  for key, value in pairs(body.custom_fields or {}) do
    if key ~= FINANCE_ID then return nil, "custom_fields: there is no field " .. key end
    if not api.text_or_null(value) then return nil, "custom_fields." .. key .. " is a string" end
    fields.finance_id = value
  end
  if body.prices ~= nil then problem = prices_of(body.prices, product, fields) end
  if problem then return nil, problem end
  return fields
end

local post, patch = api.writers("products", "Product", fields_of, shown)

return {
  { "GET", "/api/v2/products", get_list },
  { "POST", "/api/v2/products", post },
  { "GET", "/api/v2/products/search", get_search },
  { "GET", "/api/v2/products/{id}", get_one },
  { "PATCH", "/api/v2/products/{id}", patch },
}
