--[[
Organizations in Pipedrive: read, changed, found by business ID, told how they stand with finance.

  organizations.new(connection) -> what connectors/pipedrive.lua lists

A status is written into the company's own fields (payment_fields), only what is another. Before it is
written, a key that is no field there and a value that its field cannot hold are found by the list of
fields (pipedrive/fields.lua); afterwards what Pipedrive answers is compared.
]]

local given = require "given"
local http_error = require "http_error"
local addresses = require "connectors.procountor.addresses"
local client = require "connectors.pipedrive.client"
local fields_of = require "connectors.pipedrive.fields"
local numbers = require "connectors.procountor.numbers"
local shape = require "connectors.crm.shape"
local status_fields = require "connectors.crm.status_fields"

local organizations = {}

local PATH = "/v2/organizations"
local NO_FIELDS = 'its payment_fields are not set: name the fields of organizations in which it is to '
  .. 'stand, payment_fields = { unpaid_total = "(40 hex digits)", ... }'

local function path_of(id)
  return PATH .. "/" .. tostring(id)
end

-- What did not come to stand there, in words.
local function not_kept(record, fields)
  local names = {}
  for name, value in pairs(fields) do
    if not shape.same(shape.own(record, name), client.plain(value)) then names[#names + 1] = name end
  end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or nil
end

local function find(connection, business_id)
  local field = (connection.settings.organization_fields or {}).business_id
  if not field then return nil end
  for _, text in ipairs(shape.spellings(business_id)) do
    for _, item in ipairs(client.search(connection, PATH .. "/search", "custom_fields", text)) do
      -- The search looks into all fields of the company's own.
      local record = client.find(connection, path_of(item.id))
      local there = record and record.is_deleted ~= true and given.text(shape.own(record, field))
      local country = there and addresses.country(record.address)
      if there and numbers.finnish(numbers.of(there, country)) == business_id then
        return { id = shape.id(record.id), name = given.text(record.name) }
      end
    end
  end
  return nil
end

local function refuse(connection, id, words)
  error(http_error.new { class = "permanent", words = ("%s (organization %s). See payment_fields of "
    .. "connection \"%s\": amounts want a numerical or monetary field, numbers and days overdue a "
    .. "numerical one, dates a date, the others text"):format(words, tostring(id), connection.name) }, 0)
end

function organizations.new(connection)
  local settings, object = connection.settings, {}
  object.no_payment_status = not settings.payment_fields and NO_FIELDS or nil
  function object.get(id)
    return client.get(connection, path_of(id)).data
  end
  -- currency: of amounts that go into monetary fields.
  function object.update(id, fields, currency)
    local body, problem = fields_of(connection, fields, currency)
    if not body then refuse(connection, id, problem) end
    return client.write(connection, "PATCH", path_of(id), { json = client.body(body),
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
    local lost = not_kept(object.update(id, changed, status.currency), changed)
    if lost then refuse(connection, id, "Pipedrive did not take what was written to " .. lost) end
    return true
  end
  return object
end

return organizations
