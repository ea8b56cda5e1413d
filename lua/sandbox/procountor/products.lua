-- The product register. Its search finds parts of names and codes, so whether a product is the
-- same one is for the client to decide.

local kit = require "sandbox.kit"
local fields = require "sandbox.procountor.fields"
local schema = require "sandbox.procountor.schema"
local world = require "sandbox.procountor.world"

local products = {}

local function shown(w)
  return function(product)
    local copy = kit.copy(product)
    copy.price = world.spell(w, product.price, 6)
    copy.vat = world.spell(w, product.vat, 6)
    copy.discount = world.spell(w, product.discount, 4)
    if copy.productGroupId == nil then copy.productGroupId = kit.null end
    return copy
  end
end

products.shown = shown

local function part_of(value, wanted)
  return not wanted or (value or ""):lower():find(wanted:lower(), 1, true) ~= nil
end

local function search_filter(request)
  local name, code = kit.query(request, "name"), kit.query(request, "code")
  local active = kit.query(request, "active")
  local types = kit.set(kit.query_list(request, "type") or { "SALES", "PURCHASE" })
  local groups = kit.query_list(request, "group")
  local in_group = groups and kit.set(groups)
  local version = world.version_filter(request)
  return function(product)
    return types[product.type] ~= nil
      and part_of(product.name, name) and part_of(product.code, code)
      and (not active or product.active == (active == "true"))
      and (not in_group or in_group[tostring(product.productGroupId)] ~= nil)
      and version(product.version)
  end
end

function products.search(w, request)
  local refused = world.refuse(w, "productRegister", "read")
  if refused then return refused() end
  local code = kit.query(request, "code")
  if code and #code > 40 then return world.error(400, "INVALID_LENGTH", "code") end
  local localized = kit.query(request, "includeLocalizations") == "true"
  local show = shown(w)
  return world.answer_search(w, request, w.products, {
    order = "ASC", pages = false, filter = search_filter(request),
    show = function(product)
      local copy = show(product)
      if not localized then copy.productLocalizations = nil end
      return copy
    end,
  })
end

function products.get(w, _, ids)
  local refused = world.refuse(w, "productRegister", "read")
  if refused then return refused() end
  return world.answer_by_ids(w.products, ids, shown(w))
end

local function known_vat(w, percent)
  for _, enabled in ipairs(w.settings.vat_percents) do
    if kit.number(enabled) == percent then return true end
  end
  return false
end

products.known_vat = known_vat

-- A VAT status that sales may carry.
function products.known_status(w, status)
  for _, known in ipairs(w.settings.vat_statuses) do
    if known.vatStatus == status then return known.sales end
  end
  return false
end

local function check_duplicate(c, w, product, own_id)
  if not w.settings.refuse_duplicate_products or not product.code then return end
  for _, other in ipairs(w.products) do
    if other.id ~= own_id and other.code == product.code and other.type == product.type then
      schema.fail(c, "code", "Product with the same code already exists.")
      return
    end
  end
end

local function check(w, body, own_id)
  local c = schema.context(w.settings)
  local product = schema.take(c, fields.product, body)
  if product.vat and not known_vat(w, product.vat) then
    schema.fail(c, "vat", "INVALID_VAT_PERCENT")
  end
  if product.vatStatus and product.type == "SALES"
      and not products.known_status(w, product.vatStatus) then
    schema.fail(c, "vatStatus", "INVALID_VAT_STATUS")
  end
  if product.productGroupId and not world.find(w.product_groups, product.productGroupId) then
    schema.fail(c, "productGroupId", "PRODUCT_GROUP_NOT_FOUND")
  end
  if product.type and product.type ~= "TRAVEL" then
    for _, name in ipairs { "startDate", "endDate", "bookkeepingAccount" } do
      if product[name] then schema.fail(c, name, "Only for travel products.") end
    end
  end
  check_duplicate(c, w, product, own_id)
  return product, c.errors
end

-- Puts a product into the register; a seed may lack what the API demands.
function products.add(w, product)
  product.id = product.id or world.next_id(w, "product")
  product.type = product.type or "SALES"
  product.currency = product.currency or "EUR"
  if product.active == nil then product.active = true end
  product.price, product.discount = product.price or 0, product.discount or 0
  if not product.version then world.touch(w, product) end
  w.products[#w.products + 1] = product
  world.hide(w, product)
  return product
end

function products.create(w, _, body)
  local refused = world.refuse(w, "productRegister", "write")
  if refused then return refused() end
  local product, errors = check(w, body)
  if #errors > 0 then return world.errors(errors) end
  product.version = nil
  products.add(w, product)
  world.effect(w, "product.created", product.id, product.code or product.name)
  return kit.json(200, shown(w)(product))
end

function products.replace(w, _, body, id)
  local refused = world.refuse(w, "productRegister", "write")
  if refused then return refused() end
  local old, index = world.find(w.products, id)
  if not old then return world.not_found() end
  local product, errors = check(w, body, old.id)
  if #errors > 0 then return world.errors(errors) end
  if product.version and product.version ~= old.version then
    return world.error(400, "PRODUCT_VERSION_OUTDATED", "version")
  end
  product.id = old.id
  world.touch(w, product)
  w.products[index] = product
  world.effect(w, "product.replaced", product.id)
  return kit.json(200, shown(w)(product))
end

function products.delete(w, _, id)
  local refused = world.refuse(w, "productRegister", "write")
  if refused then return refused() end
  local product, index = world.find(w.products, id)
  if not product then return world.not_found() end
  table.remove(w.products, index)
  world.effect(w, "product.deleted", product.id)
  return { status = 204, headers = {} }, ""
end

function products.groups(w)
  local refused = world.refuse(w, "productRegister", "read")
  if refused then return refused() end
  return kit.json(200, { productGroups = kit.copy(w.product_groups) })
end

function products.create_group(w, _, body)
  local refused = world.refuse(w, "productRegister", "write")
  if refused then return refused() end
  local c = schema.context(w.settings)
  local group = schema.take(c, fields.product_group, body)
  if #c.errors > 0 then return world.errors(c.errors) end
  group.id = world.next_id(w, "product_group")
  w.product_groups[#w.product_groups + 1] = group
  world.effect(w, "product_group.created", group.id)
  return kit.json(200, kit.copy(group))
end

function products.group(w, _, id)
  local refused = world.refuse(w, "productRegister", "read")
  if refused then return refused() end
  local group = world.find(w.product_groups, id)
  if not group then return world.not_found() end
  return kit.json(200, kit.copy(group))
end

function products.change_group(w, _, body, id)
  local refused = world.refuse(w, "productRegister", "write")
  if refused then return refused() end
  local old, index = world.find(w.product_groups, id)
  if not old then return world.not_found() end
  local c = schema.context(w.settings)
  local group = schema.take(c, fields.product_group, body)
  if #c.errors > 0 then return world.errors(c.errors) end
  group.id = old.id
  w.product_groups[index] = group
  world.effect(w, "product_group.replaced", group.id)
  return kit.json(200, kit.copy(group))
end

function products.delete_group(w, _, id)
  local refused = world.refuse(w, "productRegister", "write")
  if refused then return refused() end
  local group, index = world.find(w.product_groups, id)
  if not group then return world.not_found() end
  table.remove(w.product_groups, index)
  for _, product in ipairs(w.products) do
    if product.productGroupId == group.id then product.productGroupId = nil end
  end
  world.effect(w, "product_group.deleted", group.id)
  return { status = 204, headers = {} }, ""
end

return products
