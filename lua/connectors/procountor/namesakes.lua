--[[
Customers of Procountor that a customer without a business ID may be: those whose name is the same
but for its spelling. They are only ever shown to a person, who chooses one of them, or a new one.

  namesakes.like(client, name)            -> records of Procountor, perhaps none; asks the host's
                                             catalogue of customers, and nothing if there is none
  namesakes.ask(client, wanted, records)  ends the run as attention: names them, and says what they
                                          have in common and how to choose; goes on, with a line in
                                          the log, if similar_customers is "new"
]]

local catalogue = require "catalogue"
local given = require "given"
local names = require "names"
local current = require "current"
local ending = require "ending"
local words = require "words"

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
    if other and names.compare(name, other) ~= "different" then alike[#alike + 1] = record end
  end
  return alike
end

-- How two names are the same, as names.explain has it.
local HOW = { spelling = "accents aside", joined = "written together or apart",
  slip = "but for a slip of the pen", short = "one has a word shortened",
  order = "their words are in another order" }

local function likeness(name, other)
  if name == other then return "the same name" end
  local said = {}
  local _, _, notes = names.explain(name, other)
  for _, note in ipairs(notes) do
    if note.kind == "form_missing" then
      said[#said + 1] = ("only one says %s"):format(note.a ~= "" and note.a or note.b)
    elseif HOW[note.kind] then
      said[#said + 1] = HOW[note.kind]
    end
  end
  if #said == 0 then return "the same name in other letters" end
  return "the same name, " .. table.concat(said, ", ")
end

local function part(record, key)
  local value = given(record[key])
  return type(value) == "table" and value or {}
end

-- A record as a person tells it from others, and as data.
local function describe(record, name)
  local address = part(record, "address")
  local one = { id = record.id, name = given.text(record.name),
    business_id = given.text(part(record, "invoicingInfo").identifier),
    city = given.text(address.city) or given.text(part(record, "billingAddress").city),
    active = part(record, "registryInfo").active ~= false,
    likeness = likeness(name, given.text(record.name) or "") }
  local known = { "id " .. tostring(one.id) }
  known[#known + 1] = one.business_id
  known[#known + 1] = one.city
  return one, ("%s (%s%s"):format(one.name or "?", table.concat(known, ", "),
    one.active and "" or ", inactive")
end

function namesakes.ask(client, wanted, records)
  local name = given.text(wanted.name) or "?"
  local list, short, full = {}, {}, {}
  for i, record in ipairs(records) do
    local text
    list[i], text = describe(record, name)
    short[i], full[i] = text .. ")", ("%s; %s)"):format(text, list[i].likeness)
  end
  if client.settings.similar_customers == "new" then
    current.warn("no business ID was given, so a new customer was made although Procountor has %s",
      table.concat(full, ", "))
    return
  end
  local values = { name = name, there = table.concat(full, ", "), id = tostring(list[1].id),
    field = given.text(wanted.partner_field) or "partner" }
  local text, details = words.problem("customer.alike", values)
  values.there = table.concat(short, ", ")
  details.field, details.candidates = "business_id", list
  ending.attention(text, details)
end

return namesakes
