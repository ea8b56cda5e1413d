-- The business partner register: search by headers, create, replace, change in part, groups.

local kit = require "sandbox.kit"
local fields = require "sandbox.procountor.fields"
local schema = require "sandbox.procountor.schema"
local world = require "sandbox.procountor.world"

local partners = {}

local function identifier_of(partner)
  return partner.invoicingInfo and partner.invoicingInfo.identifier or nil
end

local function plain(identifier)
  return (identifier:gsub("[%s%-]", ""))
end

local function shown(partner)
  return kit.copy(partner)
end

-- The few fields of a search result.
local function basic(partner)
  local info = partner.invoicingInfo or {}
  return {
    id = partner.id, name = partner.name, type = partner.type, version = partner.version,
    billingAddress = kit.copy(partner.billingAddress or partner.address),
    invoicingInfo = { customerNumber = info.customerNumber, identifier = info.identifier,
      identifierType = info.identifierType },
    registryInfo = { active = partner.registryInfo.active },
  }
end

local function by_identifier(w, wanted)
  if not wanted then return function() return true end end
  local loose = w.settings.identifier_match == "plain"
  if loose then wanted = plain(wanted) end
  return function(partner)
    local identifier = identifier_of(partner)
    if not identifier then return false end
    identifier = identifier:match("^%s*(.-)%s*$")
    return (loose and plain(identifier) or identifier) == wanted
  end
end

-- Case does not matter for a to z and for the letters of Finnish and Swedish names.
local UPPER = { ["Å"] = "å", ["Ä"] = "ä", ["Ö"] = "ö", ["É"] = "é", ["Ü"] = "ü" }

local function folded(name)
  return (name:lower():gsub("[\xc3][\x80-\xbf]", UPPER))
end

local function by_name(wanted)
  if not wanted then return function() return true end end
  wanted = folded(wanted)
  return function(partner) return folded(partner.name):find(wanted, 1, true) ~= nil end
end

-- Search terms travel as headers; the same words in the query mean nothing to the service.
local function search_filter(w, request)
  local identifier = by_identifier(w, kit.header_text(request.headers.identifier))
  local name = by_name(kit.header_text(request.headers.name))
  local version = world.version_filter(request)
  local kind, number = kit.query(request, "type"), kit.query(request, "customerNumber")
  local identifier_type = kit.query(request, "identifierType")
  local active = kit.query(request, "active") ~= "false"
  return function(partner)
    local info = partner.invoicingInfo or {}
    return partner.registryInfo.active == active
      and (not kind or partner.type == kind)
      and (not number or info.customerNumber == number)
      and (not identifier_type or info.identifierType == identifier_type)
      and identifier(partner) and name(partner) and version(partner.version)
  end
end

function partners.search(w, request)
  local refused = world.refuse(w, "customerRegister", "read")
  if refused then return refused() end
  return world.answer_search(w, request, w.customers, {
    filter = search_filter(w, request), show = basic,
  })
end

function partners.get(w, _, ids)
  local refused = world.refuse(w, "customerRegister", "read")
  if refused then return refused() end
  return world.answer_by_ids(w.customers, ids, shown)
end

-- A Finnish business ID must at least look like one; its check digit is looked at when strict.
local function check_identifier(c, w, partner)
  local info = partner.invoicingInfo
  if not info or info.identifierType ~= "FI" then return end
  local identifier = info.identifier or ""
  local digits, check = identifier:match("^(%d%d%d%d%d%d%d)%-(%d)$")
  if not digits then
    schema.fail(c, "invoicingInfo.identifier", "ERROR_BRN_CODE")
  elseif w.settings.strict then
    local sum = 0
    for i, weight in ipairs { 7, 9, 10, 5, 8, 4, 2 } do
      sum = sum + weight * (digits:byte(i) - 48)
    end
    local rest = sum % 11
    if rest == 1 or (11 - rest) % 11 ~= tonumber(check) then
      schema.fail(c, "invoicingInfo.identifier", "ERROR_BRN_CODE")
    end
  end
end

local function check_duplicate(c, w, partner, own_id)
  if not w.settings.refuse_duplicate_partners then return end
  local identifier = identifier_of(partner)
  for _, other in ipairs(w.customers) do
    if identifier and other.id ~= own_id and other.type == partner.type
        and plain(identifier_of(other) or "") == plain(identifier) then
      schema.fail(c, "invoicingInfo.identifier",
        "Business partner with the same identifier already exists.")
      return
    end
  end
end

local function check(w, body, own_id)
  local c = schema.context(w.settings)
  local partner = schema.take(c, fields.partner, body)
  if partner.type == "CUSTOMER" and not partner.address and kit.is_null(body.address) then
    schema.fail(c, "address", "NOT_NULL")
  end
  if partner.type == "PERSON" then
    schema.fail(c, "type", "Only customers and suppliers can be saved.")
  end
  check_identifier(c, w, partner)
  check_duplicate(c, w, partner, own_id)
  return partner, c.errors
end

local function next_number(w)
  local highest = 0
  for _, partner in ipairs(w.customers) do
    local number = partner.invoicingInfo and partner.invoicingInfo.customerNumber
    highest = math.max(highest, math.tointeger(tonumber(number)) or 0)
  end
  return tostring(highest + 1)
end

-- What the register adds by itself.
local function complete(w, partner)
  partner.invoicingInfo = partner.invoicingInfo or {}
  partner.registryInfo = partner.registryInfo or {}
  if partner.registryInfo.active == nil then partner.registryInfo.active = true end
  partner.additionalInfo = partner.additionalInfo or {}
  partner.additionalInfo.invoiceLedger = partner.additionalInfo.invoiceLedger or "INVOICE_LEDGER"
  partner.contactPersons = partner.contactPersons or kit.array()
  for _, person in ipairs(partner.contactPersons) do
    person.id = person.id or world.next_id(w, "contact")
  end
  if w.settings.auto_number_customers and not partner.invoicingInfo.customerNumber then
    partner.invoicingInfo.customerNumber = next_number(w)
  end
  partner.attachments = partner.attachments or kit.array()
end

-- Puts a partner into the register as it is given; seeds come this way too, with ids if they like.
function partners.add(w, partner)
  partner.id = partner.id or world.next_id(w, "partner")
  -- What comes later has an id of its own.
  w.last_id.partner = math.max(w.last_id.partner, partner.id)
  complete(w, partner)
  if not partner.version then world.touch(w, partner) end
  w.customers[#w.customers + 1] = partner
  world.hide(w, partner)
  return partner
end

function partners.create(w, _, body)
  local refused = world.refuse(w, "customerRegister", "write")
  if refused then return refused() end
  local partner, errors = check(w, body)
  if #errors > 0 then return world.errors(errors) end
  partners.add(w, partner)
  world.effect(w, "partner.created", partner.id, identifier_of(partner))
  return kit.json(200, shown(partner))
end

local function stale(given)
  return world.error(400, ("Version %s is not the latest version of the business partner.")
    :format(tostring(given)), "version")
end

function partners.replace(w, _, body, id)
  local refused = world.refuse(w, "customerRegister", "write")
  if refused then return refused() end
  local old, index = world.find(w.customers, id)
  if not old then return world.not_found() end
  local partner, errors = check(w, body, old.id)
  if #errors > 0 then return world.errors(errors) end
  if not kit.is_null(body.version) and body.version ~= old.version then
    return stale(body.version)
  end
  partner.id, partner.attachments = old.id, old.attachments
  complete(w, partner)
  world.touch(w, partner)
  w.customers[index] = partner
  world.effect(w, "partner.replaced", partner.id)
  return kit.json(200, shown(partner))
end

function partners.change(w, request, body, id)
  local refused = world.refuse(w, "customerRegister", "write")
  if refused then return refused() end
  local partner, index = world.find(w.customers, id)
  if not partner then return world.not_found() end
  local version = kit.query(request, "version")
  if not version and not kit.is_null(body.version) then version = body.version end
  if not version then return world.error(400, "NOT_NULL", "version") end
  if version ~= partner.version then return stale(version) end
  local changed, c = kit.copy(partner), schema.context(w.settings)
  local part = schema.take_partial(c, fields.partner_patch, body)
  part.version = nil
  for name, value in pairs(part) do
    if type(value) == "table" and type(changed[name]) == "table" then
      for key, item in pairs(value) do changed[name][key] = item end
    else
      changed[name] = value
    end
  end
  check_identifier(c, w, changed)
  check_duplicate(c, w, changed, partner.id)
  if #c.errors > 0 then return world.errors(c.errors) end
  world.touch(w, changed)
  w.customers[index] = changed
  world.effect(w, "partner.changed", changed.id)
  return kit.json(200, shown(changed))
end

function partners.groups(w)
  local refused = world.refuse(w, "customerRegister", "read")
  if refused then return refused() end
  return kit.json(200, { partnerGroups = kit.copy(w.partner_groups) })
end

function partners.create_group(w, _, body)
  local refused = world.refuse(w, "customerRegister", "write")
  if refused then return refused() end
  local c = schema.context(w.settings)
  local group = schema.take(c, fields.partner_group, body)
  if #c.errors > 0 then return world.errors(c.errors) end
  group.id = world.next_id(w, "partner_group")
  w.partner_groups[#w.partner_groups + 1] = group
  world.effect(w, "partner_group.created", group.id)
  return kit.json(200, kit.copy(group))
end

return partners
