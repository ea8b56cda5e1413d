--[[
Customers' records as a whole, for what keeps them the same as elsewhere (outside-systems 1.6, 1.8).

  customers.get(id)               -> the record as Procountor has it now, or nil: there is none
  customers.replace(record, holds, sources)  PUT of the whole record, which is what Procountor knows:
                                  what is not in it is gone. record.version is that of the reading.
                                  holds(there) is true if a record has what is to be written: by that it
                                  is found when the answer is lost. sources: see preflight.lua
                                  -> the saved record, or nil: somebody was first
  customers.refused(record, sources)  why Procountor would not take it, in words, or nil; texts of record
                                  may be changed, as they would be for replace
  customers.settled(record)       -> true if it is as it was a second ago. A version counts seconds only,
                                  so of two changes within one the second does not show by it
  customers.changed(since)        -> of all active customers those whose version is not older (nil: all):
                                  { id, name, version, business_id: a Finnish one }
]]

local given = require "given"
local json = require "json"
local log = require "log"
local numbers = require "connectors.procountor.numbers"
local preflight = require "connectors.procountor.preflight"
local time = require "time"

local partners = {}

-- Most characters of each text of a record (OpenAPI 26.04).
partners.LIMITS = { name = { 80 }, ["invoicingInfo.email"] = { 256 },
  ["invoicingInfo.contactPerson"] = { 80 }, ["invoicingInfo.identifier"] = { 20 },
  ["contactPersons[].name"] = { 80 },
  ["contactPersons[].email"] = { 80 }, ["contactPersons[].phone"] = { 40 },
  ["registryInfo.phone"] = { 40 }, ["additionalInfo.comments2"] = { 100 },
  ["invoicingInfo.einvoiceAddress"] = { 80 }, ["invoicingInfo.einvoiceOperator"] = { 80 } }
for _, place in ipairs { "address", "billingAddress" } do
  partners.LIMITS[place .. ".name"], partners.LIMITS[place .. ".specifier"] = { 80 }, { 80 }
  partners.LIMITS[place .. ".street"], partners.LIMITS[place .. ".zip"] = { 80 }, { 20 }
  partners.LIMITS[place .. ".city"] = { 40 }
end

local SECOND = 1.1

local function changed(client, since)
  local list = {}
  for _, record in ipairs(client:list("/businesspartners", { type = "CUSTOMER",
    versionStartDate = since })) do
    if (given.text(record.type) or "CUSTOMER") == "CUSTOMER" then
      list[#list + 1] = { id = record.id, name = given.text(record.name),
        business_id = numbers.finnish(numbers.kept(record)), version = given.text(record.version) }
    end
  end
  return list
end

function partners.new(client)
  local methods = {}

  function methods.get(id)
    local record, status = client:get("/businesspartners/" .. tostring(id), nil, nil, { 404 })
    if status == 404 or (given.text(record.type) or "CUSTOMER") ~= "CUSTOMER" then return nil end
    return record
  end

  function methods.settled(record)
    time.sleep(SECOND)
    local now = methods.get(record.id)
    return now ~= nil and json.encode(now) == json.encode(record)
  end

  local function options_of(record, sources)
    return { sources = sources, subject = "the customer " .. log.mask(given.text(record.name) or "?"),
      transliterate = client.settings.transliterate }
  end

  function methods.refused(record, sources)
    local problems, cure = preflight.problems(record, partners.LIMITS, options_of(record, sources))
    return #problems > 0 and table.concat(problems, "; ") .. cure or nil
  end

  function methods.replace(record, holds, sources)
    preflight.body(record, partners.LIMITS, options_of(record, sources))
    return client:put("/businesspartners/" .. tostring(record.id), record, function()
      local there = methods.get(record.id)
      return there and holds(there) and there or nil
    end, ('customer "%s"'):format(given.text(record.name) or tostring(record.id)))
  end

  function methods.changed(since)
    return changed(client, since)
  end

  return methods
end

return partners
