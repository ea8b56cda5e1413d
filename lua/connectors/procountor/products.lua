--[[
Products in Procountor's register (outside-systems 1.9).

  products.ensure(line)  -> the product with exactly that code, else the one of the same name, else
                            what the connection's setting similar says (similar.lua), else a new one
  products.find(line)    -> the product or nil
  products.create(line)  -> a new product, or the one with exactly that code or name
  products.all()         -> all sales products, active or not, the oldest first
  products.price_includes_vat()  -> true if the register's prices include VAT
  products.check(line)   ends the run as attention if the line could not become a product or a row:
                         a number, the VAT percentage or a text that will not do. Writes nothing

line = { code, name, unit, unit_price, vat_percent or vat, vat_status, description,
prices_include_vat, where = "row 2" (how messages call it) }

A product = { id, code, name, unit, price, vat, active, created, record }.

Procountor searches by parts of texts, so what is the same is decided here: codes letter by letter,
names without case, accents and spaces. What is spelt otherwise is similar.lua's to judge.
]]

local decimal = require "decimal"
local names = require "names"
local given = require "given"
local money = require "money"
local current = require "current"
local ending = require "ending"
local lock = require "lock"
local preflight = require "connectors.procountor.preflight"
local similar = require "connectors.procountor.similar"
local vat = require "connectors.procountor.vat"
local words = require "connectors.procountor.words"

local LIMITS = { name = { 100 }, code = { 40 } }

local function product_of(record, created)
  local function number(value) return given(value) and decimal(value) or nil end
  return setmetatable({ id = record.id, code = given.text(record.code), name = given.text(record.name),
    unit = given.text(record.unit), price = number(record.price), vat = number(record.vat),
    active = record.active ~= false, created = created or false }, { __index = { record = record } })
end

local function label(line)
  return given.text(line.where) or ('product "%s"'):format(line.name or line.code or "?")
end

-- The same with what the sender calls that part of the row.
local function label_of(line, part)
  local field = given.text(line.field)
  return field and ("%s (%s.%s)"):format(label(line), field, part) or label(line)
end

local function list_text(records)
  local texts = {}
  for _, record in ipairs(records) do
    texts[#texts + 1] = ('%s "%s" (id %s)'):format(given.text(record.code) or "no code",
      given.text(record.name) or "?", tostring(record.id))
  end
  return table.concat(texts, ", ")
end

local function only(found, line, what)
  if #found <= 1 then return found[1] end
  ending.attention(("%s: %d products in Procountor have the %s: %s. Give the row a code that only "
    .. "one of them has, or inactivate the others there, then retry."):format(label(line), #found,
    what, list_text(found)), { row = label(line) })
end

local function sorted_by_active(records)
  local active, inactive = {}, {}
  for _, record in ipairs(records) do
    local list = record.active == false and inactive or active
    list[#list + 1] = record
  end
  return active, inactive
end

local function by_code(client, line)
  local found = {}
  for _, record in ipairs(client:list("/products", { code = line.code, type = "SALES" })) do
    if given.text(record.code) == line.code and (record.type or "SALES") == "SALES" then
      found[#found + 1] = record
    end
  end
  local active, inactive = sorted_by_active(found)
  local hit = only(active, line, "code " .. line.code)
  if hit then return hit end
  hit = only(inactive, line, "code " .. line.code)
  if hit then
    -- A second product of the same code would be the worse surprise.
    current.warn("%s: product %s is inactive in Procountor and was used all the same",
      label(line), line.code)
  end
  return hit
end

-- The name without case, accents, runs of spaces and the punctuation at the end of a word. Signs
-- within a word stay, since 1,5 is not 15 and C++ is not C#. names.fold is asked for one word at a
-- time: of a whole name it would leave out "Ab" or "AS" as the legal form of a company.
local function name_key(name)
  local parts = {}
  for word in name:gsub("\u{A0}", " "):gsub("\u{2013}", "-"):gsub("\u{2014}", "-"):gmatch("%S+") do
    local bare = word:gsub("[%.,:;!]+$", "")
    if bare ~= "" then word = bare end
    parts[#parts + 1] = word:gsub("[%w\x80-\xff]+", function(run)
      local folded = names.fold(run)
      return folded ~= "" and folded or run
    end)
  end
  return table.concat(parts, " ")
end

local function search_name(client, line, part)
  local found, wanted = {}, name_key(line.name)
  for _, record in ipairs(client:list("/products",
    { name = part, type = "SALES", active = "true" })) do
    if (record.type or "SALES") == "SALES" and record.active ~= false
      and name_key(given.text(record.name) or "") == wanted then
      found[#found + 1] = record
    end
  end
  return found
end

-- The part of a name that a search by substring finds under every spelling that folds the same:
-- its longest run of plain letters and digits.
local function plain_part(name)
  local best = ""
  for word in name:gmatch("%w+") do
    if #word > #best then best = word end
  end
  return #best >= 3 and best or nil
end

local function by_name(client, line)
  local found = search_name(client, line, line.name)
  local part = plain_part(line.name)
  if #found == 0 and part and part ~= line.name then found = search_name(client, line, part) end
  if #found > 1 and line.code then
    -- Of namesakes the one without a code of its own is meant.
    local bare = {}
    for _, record in ipairs(found) do
      if not given.text(record.code) then bare[#bare + 1] = record end
    end
    if #bare == 1 then found = bare end
  end
  local hit = only(found, line, "name " .. line.name)
  local code = hit and given.text(hit.code)
  if code and line.code and code ~= line.code then
    current.warn('%s: code %s is not known in Procountor; its product "%s" has code %s',
      label(line), line.code, line.name, code)
  end
  return hit
end

local function prepare(line)
  if type(line) ~= "table" then error("a product is a table: { code = ..., name = ... }", 3) end
  local copy = {}
  for key, value in pairs(line) do copy[key] = value end
  copy.code = given.text(line.code) or given.text(line.product_code)
  copy.name = given.text(line.name) or copy.code
  if not copy.name then
    ending.attention(("%s has neither a code nor a name. Add one and send it again."):format(
      given.text(line.where) or "A row"))
  end
  return copy
end

local function lookup(client, line)
  return (line.code and by_code(client, line)) or by_name(client, line)
end

local function number_of(value, line, what)
  local number, reason = money.number(value)
  if number then return number end
  ending.attention(("%s: %s is missing or no number (%s). Correct it and send it again."):format(
    label(line), what, reason or "?"), { row = label(line) })
end

-- Unit of Procountor's list. A word that the list lacks says nothing false as NO_UNIT.
local function unit_of(client, line)
  local text = given.text(line.unit)
  if not text then return "PIECE" end
  local unit = words.unit(text, client.settings.units)
  if unit then return unit end
  current.warn('%s: Procountor has no unit "%s"; the row has none there. Name it in the '
    .. "connection's units to choose one", label(line), text)
  return "NO_UNIT"
end

-- What the sender calls the row's fields, if its own path is known.
local function sources_of(line)
  local field = given.text(line.field)
  return field and { name = field .. ".name", code = field .. ".code",
    comment = field .. ".description" } or nil
end

local function body_of(client, line)
  local percent = vat.percent(client, number_of(line.vat_percent or line.vat, line,
    "the VAT percentage"), label(line))
  local price = number_of(line.unit_price or line.price, line, "the unit price")
  -- The register holds net or gross prices as a whole; a price of the other kind is turned.
  local gross_register = vat.register_price_includes_vat(client)
  local factor = (decimal(100) + percent) / 100
  if line.prices_include_vat and not gross_register then
    price = (price / factor):round(4)
  elseif gross_register and not line.prices_include_vat then
    price = (price * factor):round(4)
  end
  local body = { type = "SALES", name = line.name, code = line.code, unit = unit_of(client, line),
    discount = 0, price = price, vat = percent,
    vatStatus = line.vat_status or client.settings.vat_status or vat.DOMESTIC,
    currency = line.currency or "EUR", active = true }
  preflight.body(body, LIMITS, { subject = label(line), sources = sources_of(line),
    transliterate = client.settings.transliterate })
  return body
end

local function new(client)
  local products = {}

  function products.all()
    local all = {}
    for _, record in ipairs(client:list("/products", { type = "SALES" })) do
      if (record.type or "SALES") == "SALES" then all[#all + 1] = product_of(record) end
    end
    return all
  end

  function products.price_includes_vat()
    return vat.register_price_includes_vat(client)
  end

  function products.find(line)
    local record = lookup(client, prepare(line))
    return record and product_of(record) or nil
  end

  -- Within the lock of the product.
  local function create(line, looked)
    local body = body_of(client, line)
    local record, adopted = client:post("/products", body, function()
      return lookup(client, line)
    end, ('product "%s"'):format(body.name), looked)
    similar.made(client, { id = record.id, name = given.text(record.name) or body.name,
      code = given.text(record.code) or body.code, unit = body.unit, price = body.price })
    local product = product_of(record, not adopted)
    product.name, product.code = product.name or body.name, product.code or body.code
    return product
  end

  -- Two proposals at once may sell the same new product: the second finds what the first made.
  local function alone(line, fn)
    return lock(("procountor.product.%s %s %s"):format(client.name, line.code or "", line.name), fn)
  end

  function products.create(line)
    line = prepare(line)
    return alone(line, function()
      local looked = current.seq() + 1
      local record = lookup(client, line)
      return record and product_of(record) or create(line, looked)
    end)
  end

  function products.check(line)
    line = prepare(line)
    number_of(line.unit_price, line, "the unit price")
    if line.quantity ~= nil then number_of(line.quantity, line, "the quantity") end
    vat.percent(client, number_of(line.vat_percent or line.vat, line, "the VAT percentage"),
      label_of(line, "vat_percent"))
    if line.vat_status then
      vat.status(client, line.vat_status, label_of(line, "vat_status"))
    end
    preflight.body({ name = line.name, code = line.code, comment = given.text(line.description) },
      LIMITS, { subject = label(line), sources = sources_of(line),
        transliterate = client.settings.transliterate })
  end

  function products.ensure(line)
    line = prepare(line)
    -- Several rows of one invoice may sell the same product.
    local key = "procountor.product." .. client.name .. "\0" .. (line.code or "") .. "\0"
      .. line.name
    return current.once(key, function()
      return alone(line, function()
        local looked = current.seq() + 1
        local record = lookup(client, line)
        record = record or similar.look(client, line, label(line))
        return record and product_of(record) or create(line, looked)
      end)
    end)
  end

  return products
end

return { new = new, LIMITS = LIMITS, unit_of = unit_of, number_of = number_of }
