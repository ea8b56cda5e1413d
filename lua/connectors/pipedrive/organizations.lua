--[[
Organizations in Pipedrive: read, changed, found by business ID, told how they stand with finance.

  organizations.new(connection) -> what connectors/pipedrive.lua lists

A status is written into the company's own fields (payment_fields), only what is another, and what
Pipedrive answers is compared: it takes a key that is no field of its without a word.
]]

local given = require "given"
local http_error = require "http_error"
local ids = require "ids"
local client = require "connectors.pipedrive.client"
local shape = require "connectors.crm.shape"
local status_fields = require "connectors.crm.status_fields"

local organizations = {}

local SEARCH = "/v1/organizations/search"
local NO_FIELDS = 'its payment_fields are not set: name the fields of organizations in which it is to '
  .. 'stand, payment_fields = { unpaid_total = "(40 hex digits)", ... }'

-- What did not come to stand there, in words.
local function not_kept(record, fields)
  local names = {}
  for name, value in pairs(fields) do
    if not shape.same(shape.own(record, name), value) then names[#names + 1] = name end
  end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or nil
end

local function path_of(id)
  return "/v1/organizations/" .. tostring(id)
end

local function find(connection, business_id)
  local field = (connection.settings.organization_fields or {}).business_id
  if not field then return nil end
  for _, text in ipairs(shape.spellings(business_id)) do
    for _, item in ipairs(client.search(connection, SEARCH, "custom_fields", text)) do
      -- The search looks into all fields of the company's own.
      local record = client.find(connection, path_of(item.id))
      local there = record and given.text(shape.own(record, field))
      if there and ids.business_id(there) == business_id then
        return { id = shape.id(record.id), name = given.text(record.name) }
      end
    end
  end
  return nil
end

function organizations.new(connection)
  local settings, object = connection.settings, {}
  object.no_payment_status = not settings.payment_fields and NO_FIELDS or nil
  function object.get(id)
    return client.get(connection, path_of(id)).data
  end
  function object.update(id, fields)
    return client.write(connection, "PUT", path_of(id), { json = fields,
      what = "organization " .. tostring(id), find = function()
        local there = object.get(id)
        return not not_kept(there, fields) and there or nil
      end })
  end
  function object.find(business_id)
    return find(connection, business_id)
  end
  function object.tell_payment_status(id, status)
    local there = object.get(id)
    local changed = status_fields.changed(status_fields.of(status, settings),
      function(name) return shape.own(there, name) end, shape.same)
    if not changed then return false end
    local lost = not_kept(object.update(id, changed), changed)
    if lost then
      error(http_error.new { class = "permanent", words = ("Pipedrive did not take what was written to "
        .. "%s of organization %s: is that the key of a field of organizations, of a kind that fits "
        .. "(amounts: numerical or monetary, days and numbers: numerical, dates: date, the others: "
        .. "text)? See payment_fields of connection \"%s\""):format(lost, tostring(id),
        connection.name) }, 0)
    end
    return true
  end
  return object
end

return organizations
