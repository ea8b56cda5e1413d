--[[
The customers of a CRM with an interface of its own (Pipedrive, HubSpot), as rules/customer_sync.lua
works with them: organizations in the shape of the plain CRM (connectors/crm.lua), whatever their fields
are called there.

  customers.new(connection, crm) -> {
    get(id)               an organization, or nil
    list(since)           those that were changed since that time of the CRM; nil: all there are
    matches(query)        { business_id = text } or { name = text }
    update(id, fields, version)   writes those fields alone; nil: somebody was first
    create(fields, query) a new one, unless one is there already that fits the query and has them
    heir(id, business_id) -> the id of the one that an organization which is gone became part of, and
                          true if the CRM itself says so; nil: none
    holds(name)           -> true if the CRM has a place for that field of lua/sync/fields.lua; else
                          false and what is to be named for it
    sources }             what the CRM calls the fields, for messages

Neither CRM has a version that a write could be refused by. So version is what stood there when it was
read, and is compared again right before the write; and after it the CRM's own history of the fields
says what the write took the place of. If somebody's value was lost in between, it is put back, and the
caller looks anew, as if the write had been refused.

crm = {
  names          { name, business_id, email, phone, einvoice_address, einvoice_operator, language = the
                 CRM's keys }; a field without a key has no place there
  address(record)            -> the address as in the plain shape
  with_address(value, values)   -> { [key] = text } that make it this address
  read(id)       -> { id, updated_at, values = { [key] = text } }, or nil; then the heir's id, if known
  list(since), search(name, text)   -> such records
  write(id, changes, basis), create(changes, find)   changes: { [key] = text, or false: nothing };
                 basis: see http.write; -> the record as it stands there afterwards
  before(id, changes, read, saved) -> { [key] = what stood there before these were written, or false },
                 as far as the history says it for sure; read: the record as it was read before; saved:
                 what write returned
  what           "organization" or "company", in messages
  refuses        true: it refuses what it has no field for, so that what does not stand there afterwards
                 was changed by somebody since
}
]]

local addresses = require "connectors.procountor.addresses"
local countries = require "connectors.procountor.countries"
local given = require "given"
local http_error = require "http_error"
local ids = require "ids"
local json = require "json"
local numbers = require "connectors.procountor.numbers"
local shape = require "connectors.crm.shape"

local customers = {}

local OWN = { business_id = "business_id", email = "invoice_email", phone = "phone" }
local EINVOICE = { "einvoice_address", "einvoice_operator" }
local TRIES = 5 -- that somebody's edit is put back which came right before a write
local SMALL = { of = true, the = true, ["and"] = true }

-- "FI" or "Suomi" as both CRMs write it: "Finland". What is none stays.
function customers.country(text)
  local name = countries.name(text)
  if not name then return text end
  return (name:lower():gsub("(%a+)_?", function(word)
    return (SMALL[word] and word or word:gsub("^%a", string.upper)) .. " "
  end):gsub(" $", ""))
end

-- A CRM that says of a company's own fields what they are called: { business_id = key, ... }.
function customers.names(own, theirs)
  local names = { name = "name" }
  for ours, option in pairs(OWN) do names[ours] = own[option] or theirs[ours] end
  for _, name in ipairs { "einvoice_address", "einvoice_operator", "language" } do
    names[name] = own[name]
  end
  return names
end

function customers.keys(names)
  local keys = {}
  for _, key in pairs(names) do keys[#keys + 1] = key end
  return keys
end

local function same(a, b)
  return given.text(a or nil) == given.text(b or nil)
end

-- What of these changes does not stand there, sorted; nil: all of it does.
local function not_kept(values, changes)
  local keys = {}
  for key, value in pairs(changes) do
    if not same(values[key], value) then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return #keys > 0 and table.concat(keys, ", ") or nil
end

local function plain(crm, record)
  if not record then return nil end
  local function of(name)
    local key = crm.names[name]
    return key and given.text(record.values[key]) or nil
  end
  local organization = { id = record.id, updated_at = record.updated_at, version = record,
    address = crm.address(record) }
  for _, name in ipairs { "name", "business_id", "email", "phone", "language" } do
    organization[name] = of(name)
  end
  local address, operator = of "einvoice_address", of "einvoice_operator"
  if address or operator then organization.einvoice = { address = address, operator = operator } end
  return organization
end

-- Fields of the plain shape as changes of the CRM's own; what stands there already is none.
local function changes_of(crm, fields, values)
  local changes = {}
  local function set(name, value)
    local key = crm.names[name]
    if key then changes[key] = given.text(value) or false end
  end
  for name, value in pairs(fields) do
    value = given(value)
    if name == "address" then
      for key, text in pairs(crm.with_address(value or {}, values)) do changes[key] = text end
    elseif name == "einvoice" then
      set("einvoice_address", (value or {}).address)
      set("einvoice_operator", (value or {}).operator)
    else
      set(name, value)
    end
  end
  for key, value in pairs(changes) do
    if same(values[key], value) then changes[key] = nil end
  end
  return changes
end

-- Changes that undo this write, if it took the place of what was not what was read. All of them: what
-- belongs together, as the parts of an address, is put back together.
local function taken(crm, id, changes, read, saved)
  local before, lost = crm.before(id, changes, read, saved), false
  for key, value in pairs(before) do lost = lost or not same(value, read.values[key]) end
  return lost and before or nil
end

-- What was read of these fields, and when they had been changed: the same may be written again in the
-- same run, after it was undone and a person has chosen.
local function basis_of(changes, read)
  local was = {}
  for key in pairs(changes) do was[key] = read.values[key] or false end
  return json.encode { was, read.updated_at or false }
end

-- Somebody may have been there before that write as well.
local function put_back(crm, id, back, read)
  for _ = 1, TRIES do
    local saved = crm.write(id, back, basis_of(back, read))
    if not saved then return end
    back, read = taken(crm, id, back, read, saved), saved
    if not back then return end
  end
end

local function check_kept(connection, crm, record, changes)
  local lost = not_kept(record.values, changes)
  if not lost then return end
  error(http_error.new { class = "permanent", connection = connection.name,
    words = ("what was written to %s of %s %s does not stand there afterwards: is that a field of the "
      .. "kind that fits (a text)? See organization_fields of connection \"%s\""):format(lost, crm.what,
      record.id, connection.name) }, 0)
end

local function update(connection, crm, id, fields, read)
  local now = crm.read(id)
  if not now then return nil end
  local changes = changes_of(crm, fields, read.values)
  for key in pairs(changes) do
    if not same(now.values[key], read.values[key]) then return nil end
  end
  -- What stands there by now may be somebody's edit, which is still to be looked at.
  if next(changes) == nil then return read end
  local saved = crm.write(id, changes, basis_of(changes, read))
  if not saved or crm.refuses and not_kept(saved.values, changes) then return nil end
  check_kept(connection, crm, saved, changes)
  local back = taken(crm, id, changes, read, saved)
  if not back then return saved end
  put_back(crm, id, back, saved)
  return nil
end

local function with_business_id(crm, business_id)
  local found, seen = {}, {}
  for _, text in ipairs(shape.spellings(business_id)) do
    for _, record in ipairs(crm.search("business_id", text)) do
      local there = given.text(record.values[crm.names.business_id])
      if numbers.finnish(numbers.of(there, addresses.country(crm.address(record)))) == business_id
        and not seen[record.id] then
        seen[record.id], found[#found + 1] = true, record
      end
    end
  end
  return found
end

-- The CRM may say into which one it was merged; else the only one that has its business ID now.
local function heir(crm, id, business_id)
  local record, other = crm.read(id)
  if record then return nil end
  if other then return other, true end
  if not crm.names.business_id or not business_id or not ids.business_id(business_id) then return nil end
  local others = {}
  for _, one in ipairs(with_business_id(crm, ids.business_id(business_id))) do
    if one.id ~= id then others[#others + 1] = one.id end
  end
  return #others == 1 and others[1] or nil, false
end

local function holds(crm, name)
  if name == "name" or name == "address" then return true end
  if name == "einvoice" then
    for _, part in ipairs(EINVOICE) do
      if not crm.names[part] then return false, "organization_fields." .. part end
    end
    return true
  end
  return crm.names[name] ~= nil, "organization_fields." .. (OWN[name] or name)
end

local function sources_of(connection, crm)
  local sources = { address = connection.name .. ": address" }
  for _, name in ipairs { "name", "email", "phone" } do
    sources[name] = ("%s: %s"):format(connection.name, crm.names[name] or name)
  end
  return sources
end

function customers.new(connection, crm)
  local object = { sources = sources_of(connection, crm) }
  local function shapes(records)
    local list = {}
    for i, record in ipairs(records) do list[i] = plain(crm, record) end
    return list
  end
  function object.get(id)
    return plain(crm, (crm.read(tostring(id))))
  end
  function object.list(since)
    return shapes(crm.list(since))
  end
  function object.matches(query)
    local name, text = next(query)
    return crm.names[name] and shapes(crm.search(name, text)) or {}
  end
  function object.update(id, fields, read)
    return plain(crm, update(connection, crm, tostring(id), fields, read))
  end
  function object.create(fields, query)
    local changes = changes_of(crm, fields, {})
    local record = crm.create(changes, function()
      local name, text = next(query)
      local found = {}
      for _, one in ipairs(crm.search(name, text)) do
        if not not_kept(one.values, changes) then found[#found + 1] = one end
      end
      return found[1], #found
    end)
    check_kept(connection, crm, record, changes)
    return plain(crm, record)
  end
  function object.heir(id, business_id)
    return heir(crm, tostring(id), business_id)
  end
  function object.holds(name)
    return holds(crm, name)
  end
  return object
end

return customers
