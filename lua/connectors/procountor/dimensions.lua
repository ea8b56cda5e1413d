--[[
Dimensions in Procountor (projects, cost centres), which stand on the ledger receipt of an invoice, not
on the invoice (outside-systems 1.10, 1.14).

  dimensions.find(name, code)  -> { dimension, item (ids), name, code }; or nil, and what is missing:
                                  "dimension" or "item", or "inactive" if the item is not in use
  dimensions.add(name, code)   -> the same; the item is made if it is not there
  dimensions.put(id, place)    every entry of the invoice's ledger receipt has that item with its whole
                               value. What stands there of other dimensions stays. True, or false if all
                               of it stood there already

The receipt is read, changed and written whole, with its version; if somebody else was first it is read
again. Its reconciliation entry (what the customer owes) has no dimension.
]]

local decimal = require "decimal"
local given = require "given"
local http_error = require "http_error"
local json = require "json"
local lock = require "lock"
local time = require "time"

local INACTIVE = "P" -- status of an item that is not in use; others have none
local TRIES, PAUSE = 4, 1.5

local function list_of(client)
  local body = client:get("/dimensions")
  return given(body.dimensions) or given(body.results) or body
end

-- As it is spelled, else without regard to capitals.
local function named(list, field, text)
  for _, fold in ipairs { tostring, string.lower } do
    for _, record in ipairs(list or {}) do
      local there = given.text(record[field])
      if there and fold(there) == fold(text) then return record end
    end
  end
  return nil
end

local function find(client, name, code)
  local dimension = named(list_of(client), "name", name)
  if not dimension then return nil, "dimension" end
  local item = named(given(dimension.items), "codeName", code)
  local place = { dimension = dimension.id, item = item and item.id, name = name, code = code }
  if not item then return nil, "item", place end
  if given.text(item.status) == INACTIVE then return nil, "inactive" end
  return place
end

local function is_ours(value, place)
  return value.dimensionId == place.dimension
end

-- True if the entry's whole value is the item's.
local function holds(entry, place)
  local count, right = 0, false
  for _, value in ipairs(given(entry.dimensionItemValues) or {}) do
    if is_ours(value, place) then
      count = count + 1
      right = value.itemId == place.item and given(value.value) ~= nil
        and decimal(value.value) == decimal(entry.accountingValue)
    end
  end
  return count == 1 and right
end

local function is_entry(entry)
  return entry.transactionType ~= "RECONCILIATION_ENTRY" and given(entry.accountingValue) ~= nil
    and decimal(entry.accountingValue) ~= decimal(0)
end

local function is_done(receipt, place)
  for _, entry in ipairs(given(receipt.transactions) or {}) do
    if is_entry(entry) and not holds(entry, place) then return false end
  end
  return true
end

local function with_place(receipt, place)
  for _, entry in ipairs(receipt.transactions) do
    if is_entry(entry) then
      local values = json.array {}
      for _, value in ipairs(given(entry.dimensionItemValues) or {}) do
        if not is_ours(value, place) then values[#values + 1] = value end
      end
      values[#values + 1] = { dimensionId = place.dimension, itemId = place.item,
        value = entry.accountingValue }
      entry.dimensionItemValues = values
    end
  end
  return receipt
end

local function put(client, id, place)
  local receipt_id = given(client:get("/invoices/" .. tostring(id)).ledgerReceiptId)
  if not receipt_id then
    error(http_error.new { class = "permanent", words = ("invoice %s has no ledger receipt"):format(
      tostring(id)) }, 0)
  end
  local path = "/ledgerreceipts/" .. tostring(receipt_id)
  for try = 1, TRIES do
    local receipt = client:get(path)
    if is_done(receipt, place) then return try > 1 end
    if client:put(path, with_place(receipt, place), function()
      local there = client:get(path)
      return is_done(there, place) and there or nil
    end, "dimension of invoice " .. tostring(id)) then
      return true
    end
    -- A version counts seconds.
    time.sleep(PAUSE)
  end
  error(http_error.new { class = "permanent", words = ("the ledger receipt %s was changed by somebody "
    .. "else each time it was to be written"):format(tostring(receipt_id)) }, 0)
end

local function add(client, name, code)
  return lock(("procountor.dimension %s %s"):format(client.name, name), function()
    local place, missing, at = find(client, name, code)
    if place or missing ~= "item" then return place, missing end
    client:post(("/dimensions/%s/items"):format(tostring(at.dimension)), { codeName = code },
      function()
        local there = find(client, name, code)
        return there and { id = there.item } or nil
      end, ('item "%s" of the dimension %s'):format(code, name))
    return find(client, name, code)
  end)
end

local function new(client)
  return {
    find = function(name, code) return find(client, name, code) end,
    add = function(name, code) return add(client, name, code) end,
    put = function(id, place) return put(client, id, place) end,
  }
end

return { new = new }
