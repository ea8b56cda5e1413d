--[[
Records that are on one side only, as far as is known: found on the other side, made there, or a person
is asked.

  linking.organization(settings, id, event)  an organization of the CRM that has no link
  linking.customer(settings, id, event)      a customer of Procountor that has none
      -> true: it is linked now, and the pair is to be settled; else the result of the run

The business ID alone decides who is the same. Where it does not (one side has none) and somebody of that
name or nearly so is on the other side, a person is asked, whose answer is in the event: customer or
organization = an id there, "new", or "none" (it is to stay on its side). What was answered "none" is
remembered, and so is what was asked, so that it is asked once.
]]

local again = require "sync.again"
local ending = require "ending"
local fields = require "sync.fields"
local given = require "given"
local json = require "json"
local links = require "links"
local lock = require "lock"
local names = require "names"
local numbers = require "connectors.procountor.numbers"
local question = require "sync.question"
local register = require "register"
local sides = require "sync.sides"

local linking = {}

local number_in = fields.business_id.number

local function shown(record)
  return given.text(record.name) or "without a name"
end

-- A link without the other side: { side = "a" or "b", id }.
local function alone(settings, side, id)
  return links.get(settings.link, side, id) or { [side] = id, base = {} }
end

-- A person said that it stays on its side.
local function stays(settings, link, record, side)
  question.answered(settings, link, nil)
  link.base.stays = "answered"
  again.save(settings, link)
  return { [link.a and "organization" or "customer"] = link.a or link.b,
    name = given.text(record.name), stays = side }
end

-- There is nothing to be asked or done; who waited for the question is told.
local function leave(settings, link, reason)
  if type(link.base) == "table" and link.base.asked then
    question.settled(settings, link)
    again.save(settings, link)
  end
  ending.skip(reason)
end

local function is_active(record)
  return (given(record.registryInfo) or {}).active ~= false
end

-- Who is linked already keeps it: a person is told of both, unless who stands in the way is gone, or
-- rests while the other does not. own is the link of the one that the run is about.
local function make_way(settings, own, of_a, of_b, a, b)
  local organization, customer = sides.crm(settings).get(a), sides.books(settings).get(b)
  if not organization or not customer then again.anew() end
  local other = of_b and of_b.a and sides.crm(settings).get(of_b.a)
  if other then
    question.ask(settings, own, { answer = "customer", records = { customer },
      words = ("%s and %s in %s seem to be one, customer %s in %s, which is linked with %s. Merge the "
        .. "two organizations, or correct the business ID of one, and retry."):format(
        question.list { organization }, question.list { other }, settings.crm,
        question.list { customer }, settings.finance, of_b.a) })
  end
  other = of_a and of_a.b and sides.books(settings).get(of_a.b)
  if not other or not is_active(other) and is_active(customer) then return end
  if not is_active(customer) then
    leave(settings, own, ("%s is inactive in %s, and %s in %s is linked with %s"):format(
      question.list { customer }, settings.finance, a, settings.crm, question.list { other }))
  end
  question.ask(settings, own, { answer = "organization", records = { organization },
    words = ("%s and %s in %s seem to be one, organization %s in %s, which is linked with %s. "
      .. "Inactivate one of the two customers, or correct its business ID, and retry."):format(
      question.list { customer }, question.list { other }, settings.finance,
      question.list { organization }, settings.crm, of_a.b) })
end

-- Both become one link. What a person answered of each is kept, what else was remembered of one alone
-- goes.
local function join(settings, own, a, b)
  local of_a = own.a and own or links.get(settings.link, "a", a)
  local of_b = own.b and own or links.get(settings.link, "b", b)
  if of_a and of_a.b == b then return true end
  if of_a and of_a.b or of_b and of_b.a then make_way(settings, own, of_a, of_b, a, b) end
  question.answered(settings, own, own.a and b or a)
  if of_b and of_b.id then links.drop(settings.link, of_b) end
  local link, is_not = of_a or { a = a }, {}
  for _, one in ipairs { of_a or {}, of_b or {} } do
    for _, text in ipairs(type(one.base) == "table" and given(one.base.is_not) or {}) do
      is_not[#is_not + 1] = text
    end
  end
  link.b = b
  link.base = { fields = json.decode "{}", is_not = #is_not > 0 and json.array(is_not) or nil }
  again.save(settings, link)
  return true
end

local function policy(given_policy, record)
  local what = given_policy
  if type(what) == "function" then what = what(record) end
  if what ~= "create" and what ~= "leave" and what ~= "ask" then
    error(('new_customers and new_organizations are "create", "ask" or "leave", not "%s"'):format(
      tostring(what)), 0)
  end
  return what
end

-- Organizations with that number, however it is spelled there.
local function with_number(settings, number)
  local found, seen = {}, {}
  for _, form in ipairs(number and numbers.forms(number) or {}) do
    for _, organization in ipairs(sides.crm(settings).matches { business_id = form }) do
      if not seen[organization.id] and numbers.same(number, number_in.crm(organization)) then
        seen[organization.id], found[#found + 1] = true, organization
      end
    end
  end
  return found
end

-- ---- from the CRM ----

local function wanted_of(settings, organization)
  local einvoice = fields.einvoice.crm(organization)
  return { name = organization.name, business_id = fields.business_id.crm(organization),
    address = fields.address.crm(organization) or organization.address,
    email = fields.email.crm(organization), phone = fields.phone.crm(organization),
    language = organization.language, einvoice = einvoice, sources = sides.sources(settings),
    key = ("%s-%s"):format(settings.crm, tostring(organization.id)),
    fill = register.filler(settings.register) }
end

local function new_customer(settings, link, organization, wanted, partner)
  if not given.text(wanted.name) then
    ending.attention(("%s in %s has no name. Add it there, then retry."):format(
      tostring(organization.id), settings.crm), { organization = tostring(organization.id) })
  end
  wanted.partner, wanted.partner_field = partner, "customer"
  local customer = question.once(settings, link, sides.books(settings).ensure, wanted)
  return join(settings, link, tostring(organization.id), tostring(customer.id))
end

-- The first look saw the business ID once on each side; if it still is the same one, that is it.
local function is_match(settings, organization, customer_id)
  local record = customer_id and sides.books(settings).get(customer_id)
  local number = number_in.crm(organization)
  return record ~= nil and numbers.finnish(number) ~= nil
    and numbers.same(number, number_in.books(record))
end

-- Nobody has said yet that it stays alone, or is another one.
local function is_free(settings, link, side, id)
  if question.is_not(link, id) then return false end
  local theirs = links.get(settings.link, side, id)
  return not (theirs and type(theirs.base) == "table" and theirs.base.stays)
end

local function other_than(list, id)
  local others = {}
  for _, record in ipairs(list) do
    if tostring(record.id) ~= id then others[#others + 1] = record end
  end
  return others
end

-- Of records of the side on which link stands, those that are on their side alone and may be linked.
local function twins_of(settings, link, records)
  local side, id = link.a and "a" or "b", link.a or link.b
  local twins, ids_there = {}, {}
  for _, record in ipairs(other_than(records, id)) do
    local theirs = links.get(settings.link, side, tostring(record.id))
    local base = theirs and type(theirs.base) == "table" and theirs.base or {}
    if not base.stays and not (theirs and theirs.a and theirs.b) then
      twins[#twins + 1], ids_there[#ids_there + 1] = record, tostring(record.id)
    end
  end
  return twins, ids_there
end

local function free_of(settings, link, records)
  local free, side = {}, link.a and "b" or "a"
  for _, record in ipairs(records) do
    if is_free(settings, link, side, tostring(record.id)) then free[#free + 1] = record end
  end
  return free
end

-- Several on one side have the business ID: which of them belong together is a person's to say.
local function ask_which(settings, link, record, here, there, answer)
  local twins, ids_of_twins = twins_of(settings, link, here)
  if #there == 1 and #twins == 0 then return end
  local own, other = settings.crm, settings.finance
  if link.b then own, other = other, own end
  local all = { record, table.unpack(twins) }
  question.ask(settings, link, { answer = answer, records = there, twins = ids_of_twins,
    words = ("%s in %s and %s in %s have the same business ID. Merge them or make them inactive, or "
      .. "correct the business ID, and retry."):format(question.list(all), own, #there > 0
      and question.list(there) or "nobody", other) })
end

local function unlinked_organization(settings, id, event)
  local link = alone(settings, "a", id)
  if link.b then return true end
  local organization = sides.crm(settings).get(id)
  if not organization then
    if link.id then links.drop(settings.link, link) end
    ending.skip(("%s is not in %s any more"):format(id, settings.crm))
  end
  local answer, wanted = given.text(event.customer), wanted_of(settings, organization)
  local number = number_in.crm(organization)
  if answer and answer:lower() == "none" then
    return stays(settings, link, organization, settings.crm)
  end
  if answer and answer:lower() ~= "new" then
    if not sides.books(settings).get(answer) then
      ending.attention(('%s has no customer with the id %s, which customer says. Set it to the id of a '
        .. 'customer, to "new" or to "none".'):format(settings.finance, answer), { field = "customer" })
    end
    return join(settings, link, id, answer)
  end
  if type(link.base) == "table" and link.base.stays and not answer then
    ending.skip(("a person decided that %s stays in %s alone"):format(shown(organization), settings.crm))
  end
  if answer then
    question.answered(settings, link, nil)
    return new_customer(settings, link, organization, wanted, "new")
  end
  local matched = given.text(event.matched)
  if matched and is_match(settings, organization, matched) then
    return join(settings, link, id, matched)
  end
  local found = wanted.business_id
    and question.once(settings, link, sides.books(settings).same, wanted) or {}
  if #found > 0 then
    local there = free_of(settings, link, found)
    if #there == 0 then
      leave(settings, link, ("a person decided that %s is not %s"):format(shown(organization),
        question.list(found)))
    end
    ask_which(settings, link, organization, with_number(settings, number), there, "customer")
    return join(settings, link, id, tostring(there[1].id))
  end
  local alike, others = {}, nil
  for _, record in ipairs(sides.books(settings).alike(wanted)) do
    if question.is_not(link, tostring(record.id)) then others = "new" -- a person said so
    else alike[#alike + 1] = record end
  end
  if #alike > 0 then
    question.ask(settings, link, { answer = "customer", records = alike,
      words = ("%s (%s in %s) may be one of these in %s: %s."):format(shown(organization), id,
        settings.crm, settings.finance, question.list(alike)) })
  end
  local what = policy(settings.new_customers, organization)
  if what == "create" and wanted.business_id then
    local twins, twin_ids = twins_of(settings, link, with_number(settings, number))
    if #twins > 0 then
      question.ask(settings, link, { answer = "customer", records = {}, twins = twin_ids,
        words = ("%s in %s have the same business ID. Merge them, or correct the business ID of one, "
          .. "and retry."):format(question.list { organization, table.unpack(twins) }, settings.crm) })
    end
  end
  if what == "create" then return new_customer(settings, link, organization, wanted, others) end
  if what == "ask" then
    question.ask(settings, link, { answer = "customer", records = {},
      words = ("%s (%s in %s) is not in %s."):format(shown(organization), id, settings.crm,
        settings.finance) })
  end
  leave(settings, link, ('%s is in %s alone (new_customers = "leave")'):format(shown(organization),
    settings.crm))
end

-- ---- from Procountor ----

-- Organizations of customers with that business ID: a search of the CRM may not know yet what was made
-- of another one a moment ago.
local function of_twins(settings, record)
  local found, number = {}, number_in.books(record)
  for _, twin in ipairs(other_than(sides.books(settings).like(record), tostring(record.id))) do
    local link = is_active(twin) and links.get(settings.link, "b", tostring(twin.id))
    local organization = link and link.a and sides.crm(settings).get(link.a)
    if organization and numbers.same(number, number_in.crm(organization)) then
      found[#found + 1] = organization
    end
  end
  return found
end

local function is_other_company(organization, number)
  local theirs, ours = numbers.finnish(number_in.crm(organization)), numbers.finnish(number)
  return theirs ~= nil and ours ~= nil and theirs ~= ours
end

-- Organizations of that name, unless they are another company.
local function namesakes(settings, record, number)
  local found, name = {}, given.text(record.name)
  for _, organization in ipairs(name and sides.crm(settings).matches { name = name } or {}) do
    if not is_other_company(organization, number)
      and names.fold(organization.name) == names.fold(name) then
      found[#found + 1] = organization
    end
  end
  return found
end

local function new_organization(settings, link, record)
  local wanted = { finance_id = tostring(record.id) }
  for _, name in ipairs(fields.list) do
    local value = fields[name].books(record)
    if value ~= nil then
      for field, item in pairs(fields[name].to_crm(wanted, value)) do wanted[field] = item end
    end
  end
  local saved = sides.crm(settings).create(given.clean(wanted), wanted.business_id
    and { business_id = wanted.business_id } or { name = wanted.name })
  return join(settings, link, tostring(saved.id), tostring(record.id))
end

local function unlinked_customer(settings, id, event)
  local link = alone(settings, "b", id)
  if link.a then return true end
  local record = sides.books(settings).get(id)
  if not record then
    if link.id then links.drop(settings.link, link) end
    ending.skip(("%s is not in %s any more"):format(id, settings.finance))
  end
  local answer = given.text(event.organization)
  if answer and answer:lower() == "none" then return stays(settings, link, record, settings.finance) end
  if answer and answer:lower() ~= "new" then
    if not sides.crm(settings).get(answer) then
      ending.attention(('%s has no organization with the id %s, which organization says. Set it to the '
        .. 'id of one, to "new" or to "none".'):format(settings.crm, answer), { field = "organization" })
    end
    return join(settings, link, answer, id)
  end
  if type(link.base) == "table" and link.base.stays and not answer then
    ending.skip(("a person decided that %s stays in %s alone"):format(shown(record), settings.finance))
  end
  if answer then
    question.answered(settings, link, nil)
    return new_organization(settings, link, record)
  end
  local number = number_in.books(record)
  local found = with_number(settings, number)
  if #found == 0 and numbers.finnish(number) and is_active(record) then
    found = of_twins(settings, record)
  end
  if #found > 0 then
    local there = free_of(settings, link, found)
    if #there == 0 then
      leave(settings, link, ("a person decided that %s is not %s"):format(shown(record),
        question.list(found)))
    end
    local here = is_active(record) and sides.books(settings).like(record) or {}
    ask_which(settings, link, record, here, there, "organization")
    return join(settings, link, tostring(there[1].id), id)
  end
  local alike = {}
  for _, organization in ipairs(namesakes(settings, record, number)) do
    if not question.is_not(link, tostring(organization.id)) then alike[#alike + 1] = organization end
  end
  if #alike > 0 then
    question.ask(settings, link, { answer = "organization", records = alike,
      words = ("%s (%s in %s) may be one of these in %s: %s."):format(shown(record), id,
        settings.finance, settings.crm, question.list(alike)) })
  end
  local what = is_active(record) and policy(settings.new_organizations, record) or "leave"
  if what == "create" then return new_organization(settings, link, record) end
  if what == "ask" then
    question.ask(settings, link, { answer = "organization", records = {},
      words = ("%s (%s in %s) is not in %s."):format(shown(record), id, settings.finance,
        settings.crm) })
  end
  leave(settings, link, ('%s is in %s alone (%s)'):format(shown(record), settings.finance,
    is_active(record) and 'new_organizations = "leave"' or "it is inactive there"))
end

-- One after the other: two that are the same would not see each other. What is linked already is changed
-- meanwhile nevertheless (pair.lua).
local function alone_at_it(settings, id, fn)
  return lock(settings.link .. " linking", function() return again.look(id, fn) end)
end

function linking.organization(settings, id, event)
  return alone_at_it(settings, id, function() return unlinked_organization(settings, id, event) end)
end

function linking.customer(settings, id, event)
  return alone_at_it(settings, id, function() return unlinked_customer(settings, id, event) end)
end

-- ---- two organizations that became one ----

-- What the other organization has not was taken away by nobody: as if it had never been compared.
local function never_had(base, organization)
  for name in pairs(organization and given(base.fields) or {}) do
    if fields[name] and fields[name].crm(organization) == nil then base.fields[name] = nil end
  end
end

-- The customer of the one that is gone is that of the other now, unless that one has its own.
function linking.merged(settings, from, into)
  return alone_at_it(settings, from, function()
    local old, new = links.get(settings.link, "a", from), links.get(settings.link, "a", into)
    if not old or not old.b then return true end
    if sides.crm(settings).get(from) then return true end
    if new and new.b then
      local twin = sides.books(settings).get(old.b)
      if twin and (given(twin.registryInfo) or {}).active ~= false then
        ending.attention(("%s and %s were merged in %s, and in %s they are two customers still: %s and "
          .. "%s. Merge those there, or inactivate %s, then retry."):format(from, into, settings.crm,
          settings.finance, old.b, new.b, old.b), { organization = into, customers = json.array {
          old.b, new.b } })
      end
      again.drop(settings, old)
      return true
    end
    if new then links.drop(settings.link, new) end
    old.a = into
    if type(old.base) == "table" then
      old.base.gone = nil
      never_had(old.base, sides.crm(settings).get(into))
    end
    again.save(settings, old)
    return true
  end)
end

return linking
