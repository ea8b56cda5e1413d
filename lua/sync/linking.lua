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

local current = require "current"
local ending = require "ending"
local fields = require "sync.fields"
local given = require "given"
local ids = require "ids"
local json = require "json"
local links = require "links"
local lock = require "lock"
local names = require "names"
local register = require "register"
local sides = require "sync.sides"

local linking = {}

local function shown(record)
  return given.text(record.name) or "without a name"
end

-- A link without the other side: { side = "a" or "b", id }.
local function alone(settings, side, id)
  return links.get(settings.link, side, id) or { [side] = id, base = {} }
end

local function remember_alone(settings, link, base)
  link.base = base
  if not links.save(settings.link, link) then
    error("somebody else linked it at the same moment; retry", 0)
  end
end

-- Both become one link. What was remembered of one alone goes.
local function join(settings, a, b)
  local other = links.get(settings.link, "b", b)
  if other and other.a and other.a ~= a then
    ending.attention(("customer %s in %s is linked with %s in %s, and now %s is the same one. Merge the "
      .. "two organizations there, or correct the business ID of one, then retry."):format(b,
      settings.finance, other.a, settings.crm, a), { organization = a, customer = b,
      linked_with = other.a })
  end
  local link = links.get(settings.link, "a", a)
  if link and link.b and link.b == b then return true end
  if other then links.drop(settings.link, other) end
  link = link or { a = a }
  link.b, link.base = b, { fields = json.decode "{}" }
  if not links.save(settings.link, link) then
    error("somebody else linked it at the same moment; retry", 0)
  end
  return true
end

local function list_text(records)
  local texts = {}
  for i, record in ipairs(records) do
    local id = given.text((given(record.invoicingInfo) or {}).identifier)
      or given.text(record.business_id)
    texts[i] = ("%s (%s%s)"):format(shown(record), tostring(record.id), id and ", " .. id or "")
  end
  return table.concat(texts, "; ")
end

-- Asks which of the records it is, once. answer: the field of the event.
local function ask(settings, link, answer, words, records)
  local about, run = list_text(records), tostring(current.call.run)
  local asked = type(link.base) == "table" and link.base.asked
  if asked and asked.about == about and asked.run ~= run then
    ending.skip("it was asked already who this is: run " .. tostring(asked.run))
  end
  remember_alone(settings, link, { asked = { about = about, run = run } })
  local ids_there = json.array {}
  for i, record in ipairs(records) do ids_there[i] = tostring(record.id) end
  ending.attention(("%s Choose with `--set %s=ID`, `=new` for a new one, or `=none`: it stays where it "
      .. "is."):format(words, answer), { candidates = ids_there })
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

local function new_customer(settings, organization, wanted, partner)
  if not given.text(wanted.name) then
    ending.attention(("%s in %s has no name. Add it there, then retry."):format(
      tostring(organization.id), settings.crm), { organization = tostring(organization.id) })
  end
  wanted.partner, wanted.partner_field = partner, "customer"
  local customer = sides.books(settings).ensure(wanted)
  return join(settings, tostring(organization.id), tostring(customer.id))
end

-- The first look saw the business ID once on each side; if it still is the same one, that is it.
local function is_match(settings, organization, customer_id)
  local record = customer_id and sides.books(settings).get(customer_id)
  local business_id = fields.business_id.crm(organization)
  return record ~= nil and business_id ~= nil and ids.business_id(business_id) ~= nil
    and fields.business_id.books(record) == business_id
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
  if answer and answer:lower() == "none" then
    remember_alone(settings, link, { stays = "answered" })
    return { organization = id, name = given.text(organization.name), stays = settings.crm }
  end
  if answer and answer:lower() ~= "new" then
    if not sides.books(settings).get(answer) then
      ending.attention(('%s has no customer with the id %s, which customer says. Set it to the id of a '
        .. 'customer, to "new" or to "none".'):format(settings.finance, answer), { field = "customer" })
    end
    return join(settings, id, answer)
  end
  if type(link.base) == "table" and link.base.stays and not answer then
    ending.skip(("a person decided that %s stays in %s alone"):format(shown(organization), settings.crm))
  end
  if answer then return new_customer(settings, organization, wanted, "new") end
  local matched = given.text(event.matched)
  if matched and is_match(settings, organization, matched) then return join(settings, id, matched) end
  local found = wanted.business_id and sides.books(settings).find(wanted)
  if found then return join(settings, id, tostring(found.id)) end
  local alike = sides.books(settings).alike(wanted)
  if #alike > 0 then
    ask(settings, link, "customer", ("%s (%s in %s) may be one of these in %s: %s."):format(
      shown(organization), id, settings.crm, settings.finance, list_text(alike)), alike)
  end
  local what = policy(settings.new_customers, organization)
  if what == "create" then return new_customer(settings, organization, wanted) end
  if what == "ask" then
    ask(settings, link, "customer", ("%s (%s in %s) is not in %s."):format(shown(organization), id,
      settings.crm, settings.finance), {})
  end
  ending.skip(('%s is in %s alone (new_customers = "leave")'):format(shown(organization), settings.crm))
end

-- ---- from Procountor ----

local function is_other_company(record, business_id)
  local theirs = given.text(record.business_id)
  theirs = theirs and ids.business_id(theirs)
  local ours = business_id and ids.business_id(business_id)
  return theirs ~= nil and ours ~= nil and theirs ~= ours
end

-- Organizations with that business ID, however it is spelled; else those with the name, and true.
local function candidates(settings, record)
  local crm, business_id = sides.crm(settings), fields.business_id.books(record)
  local found, seen = {}, {}
  local function add(list, fits)
    for _, organization in ipairs(list) do
      if not seen[organization.id] and fits(organization) then
        seen[organization.id], found[#found + 1] = true, organization
      end
    end
  end
  if business_id then
    local digits = business_id:gsub("-", "")
    for _, form in ipairs { business_id, digits, "FI" .. digits } do
      add(crm.matches { business_id = form }, function(organization)
        return fields.alike("business_id", fields.business_id.crm(organization), business_id)
      end)
    end
    if #found > 0 then return found, false end
  end
  local name = given.text(record.name)
  add(name and crm.matches { name = name } or {}, function(organization)
    return not is_other_company(organization, business_id)
      and names.fold(organization.name) == names.fold(name)
  end)
  return found, true
end

local function new_organization(settings, record)
  local wanted = { finance_id = tostring(record.id) }
  for _, name in ipairs(fields.list) do
    local value = fields[name].books(record)
    if value ~= nil then
      for field, item in pairs(fields[name].to_crm(wanted, value)) do wanted[field] = item end
    end
  end
  local saved = sides.crm(settings).create(given.clean(wanted), wanted.business_id
    and { business_id = wanted.business_id } or { name = wanted.name })
  return join(settings, tostring(saved.id), tostring(record.id))
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
  if answer and answer:lower() == "none" then
    remember_alone(settings, link, { stays = "answered" })
    return { customer = id, name = given.text(record.name), stays = settings.finance }
  end
  if answer and answer:lower() ~= "new" then
    if not sides.crm(settings).get(answer) then
      ending.attention(('%s has no organization with the id %s, which organization says. Set it to the '
        .. 'id of one, to "new" or to "none".'):format(settings.crm, answer), { field = "organization" })
    end
    return join(settings, answer, id)
  end
  if type(link.base) == "table" and link.base.stays and not answer then
    ending.skip(("a person decided that %s stays in %s alone"):format(shown(record), settings.finance))
  end
  if answer then return new_organization(settings, record) end
  local found, by_name = candidates(settings, record)
  if #found == 1 and not by_name then return join(settings, tostring(found[1].id), id) end
  if #found > 1 and not by_name then
    ending.attention(("%d organizations in %s have the business ID of %s: %s. Merge them there, then "
      .. "retry."):format(#found, settings.crm, shown(record), list_text(found)), { customer = id })
  end
  if #found > 0 then
    ask(settings, link, "organization", ("%s (%s in %s) may be one of these in %s: %s."):format(
      shown(record), id, settings.finance, settings.crm, list_text(found)), found)
  end
  local active = (given(record.registryInfo) or {}).active ~= false
  local what = active and policy(settings.new_organizations, record) or "leave"
  if what == "create" then return new_organization(settings, record) end
  if what == "ask" then
    ask(settings, link, "organization", ("%s (%s in %s) is not in %s."):format(shown(record), id,
      settings.finance, settings.crm), {})
  end
  ending.skip(('%s is in %s alone (%s)'):format(shown(record), settings.finance,
    active and 'new_organizations = "leave"' or "it is inactive there"))
end

-- One after the other: two that are the same would not see each other.
local function alone_at_it(settings, fn, id, event)
  return lock(settings.link .. " linking", function() return fn(settings, id, event) end)
end

function linking.organization(settings, id, event)
  return alone_at_it(settings, unlinked_organization, id, event)
end

function linking.customer(settings, id, event)
  return alone_at_it(settings, unlinked_customer, id, event)
end

-- ---- two organizations that became one ----

-- The customer of the one that is gone is that of the other now, unless that one has its own.
function linking.merged(settings, from, into)
  return lock(settings.link .. " linking", function()
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
      links.drop(settings.link, old)
      return true
    end
    if new then links.drop(settings.link, new) end
    old.a = into
    if type(old.base) == "table" then old.base.gone = nil end
    if not links.save(settings.link, old) then error("the link was changed meanwhile; retry", 0) end
    return true
  end)
end

return linking
