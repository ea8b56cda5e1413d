--[[
Customers of Procountor that a customer without a business ID may be: those whose name is the same
but for its spelling. They are only ever shown to a person.

  namesakes.like(client, name)          -> records of Procountor, perhaps none; asks the host's
                                           catalogue of customers, and nothing if there is none
  namesakes.ask(client, wanted, texts)  ends the run as attention and names them; goes on, with a
                                        line in the log, if similar_customers is "new"
]]

local catalogue = require "catalogue"
local given = require "given"
local names = require "names"
local current = require "current"
local ending = require "ending"

local namesakes = {}

-- The records of these ids as they are now. One id gives one object, several a list.
local function read(client, ids)
  local body, status = client:get("/businesspartners/" .. table.concat(ids, ","), nil, nil, { 404 })
  if status == 404 then return {} end
  return body.id ~= nil and { body } or body
end

function namesakes.like(client, name)
  local found = name and catalogue.find(client.name, "customers", { name = name })
  if not found or #found.candidates == 0 then return {} end
  local ids, alike = {}, {}
  for i, candidate in ipairs(found.candidates) do ids[i] = candidate.id end
  for _, record in ipairs(read(client, ids)) do
    local other = given.text(record.name)
    if other and names.same(name, other) then alike[#alike + 1] = record end
  end
  return alike
end

function namesakes.ask(client, wanted, texts)
  if client.settings.similar_customers == "new" then
    current.warn("no business ID was given, so a new customer was made although Procountor has %s",
      texts)
    return
  end
  ending.attention(("The customer %s has no business ID, and Procountor has %s. If it is the same, "
    .. "give its business ID where the proposal comes from; if it is a consumer, say so there. Then "
    .. "send it again. The connection's setting similar_customers = \"new\" makes a new one each "
    .. "time."):format(given.text(wanted.name) or "?", texts), { field = "business_id" })
end

return namesakes
