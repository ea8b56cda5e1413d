--[[
A product in Procountor that is the same but for its spelling, where neither the code nor the name
of a row is there.

  similar.look(client, line, label)  -> the register's record that the row means, or nil: a new one

The connection's setting `similar` says what is done with what is found:

  "review"  (the default) the run ends as attention and names the product: a wrong product never
            gets onto an invoice by itself, and no twin of it into the register
  "link"    the product is used, with a line in the log
  "off"     nothing is looked for

and `matching` what is the same: { cover, margin, no_veto, veto }, as match.index has them.

The host's catalogue of the register answers, if it is there (catalogue.lua); what it finds is read
in Procountor before it counts. Else the register is searched for the longest words of the name.

Only what is as good as certain counts (see match.index: the names agree both ways, or the model
code is the same, and no number, size, colour or edition contradicts). What is merely alike is
another product; where that is close, the log says so.
]]

local catalogue = require "catalogue"
local match = require "match"
local decimal = require "decimal"
local given = require "given"
local current = require "current"
local ending = require "ending"

local WORDS = 3    -- words of the name that are searched for
local SHORTEST = 4 -- letters of a word that is worth a search
local STEM = 5     -- letters of it that are searched for: what is inflected or mistyped ends otherwise

local TRIES = 5    -- records of the catalogue that may turn out to be different by now

local similar = {}

local function is_sold(product)
  return product.active ~= false and (product.type or "SALES") == "SALES"
    and given.text(product.name) ~= nil
end

-- The begins of the longest words of a name, in plain letters: Procountor finds parts of names as
-- they are written.
local function search_words(name)
  local words = {}
  for plain in name:gmatch("%w+") do
    if #plain >= SHORTEST then words[#words + 1] = plain end
  end
  table.sort(words, function(a, b)
    if #a ~= #b then return #a > #b end
    return a < b
  end)
  local few, seen = {}, {}
  for _, whole in ipairs(words) do
    local word = whole:sub(1, STEM)
    if not seen[word] and #few < WORDS then
      seen[word] = true
      few[#few + 1] = word
    end
  end
  return few
end

local function record_of(product)
  return { id = tostring(product.id), name = given.text(product.name), code = given.text(product.code),
    unit = given.text(product.unit), price = given(product.price) and decimal(product.price) or nil,
    product = product }
end

local function candidates(client, line)
  local records, seen = {}, {}
  for _, word in ipairs(search_words(line.name)) do
    for _, product in ipairs(client:list("/products",
      { name = word, type = "SALES", active = "true" })) do
      local id = tostring(product.id)
      if not seen[id] and is_sold(product) then
        seen[id] = true
        records[#records + 1] = record_of(product)
      end
    end
  end
  return records
end

local function describe(product)
  return ('"%s" (code %s, id %s)'):format(given.text(product.name) or "?",
    given.text(product.code) or "none", tostring(product.id))
end

-- What the register's words give: the decision and the product, or nil.
local function by_words(client, wanted, line)
  local records = candidates(client, line)
  if #records == 0 then return nil end
  local found = match.index(records, client.settings.matching):find(wanted)
  if not found.match then return nil end
  return found, found.match.product
end

-- The product of that id as it is now, or nil if it is gone or sold no longer.
local function read(client, id)
  local product, status = client:get("/products/" .. id, nil, nil, { 404 })
  if status == 404 or not is_sold(product) then return nil end
  return product
end

-- The same from the host's catalogue; false if that cannot say. What it finds is read, and told to
-- it, until what it finds is what was just read.
local function by_catalogue(client, wanted)
  local product, put, remove
  for _ = 1, TRIES do
    local found = catalogue.find(client.name, "products", wanted, put, remove,
      client.settings.matching)
    if not found then return false end
    local id = found.meant
    if not id then return found end
    if product and tostring(product.id) == id then return found, product end
    product = read(client, id)
    put, remove = product and { product } or nil, not product and { id } or nil
  end
  return false
end

function similar.look(client, line, label)
  local mode = client.settings.similar or "review"
  if mode == "off" then return nil end
  local wanted = { name = line.name, unit = given.text(line.unit) }
  local found, product = by_catalogue(client, wanted)
  if found == false then found, product = by_words(client, wanted, line) end
  if not found then return nil end
  if found.decision ~= "link" then
    if product then
      current.warn("%s: a new product, though Procountor's %s is somewhat like it (%s)", label,
        describe(product), found.explain.reason)
    end
    return nil
  end
  -- The very one: made since the row's code and name were looked for, or that look is an old one,
  -- answered from the journal.
  local code = given.text(product.code)
  if given.text(product.name) == line.name and (not line.code or not code or code == line.code) then
    return product
  end
  if mode == "link" then
    current.warn("%s: Procountor's product %s was taken for it (%s)", label, describe(product),
      found.explain.reason)
    return product
  end
  ending.attention(('%s: "%s" is not in Procountor, but its product %s seems to be the same (%s). '
    .. "Give the row that product's code or name if it is; if not, add the new product to "
    .. "Procountor. Then retry. The connection's setting similar can be \"link\" or \"off\"."):format(
    label, line.name, describe(product), found.explain.reason), { row = label })
end

-- A product that was just made there.
function similar.made(client, product)
  if client.settings.similar ~= "off" and product.id ~= nil and product.id ~= 0 then
    catalogue.put(client.name, "products", { product })
  end
end

return similar
