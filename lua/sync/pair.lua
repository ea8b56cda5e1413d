--[[
One customer that is on both sides, made the same on both: what a change is, sync/merge.lua says; here it
is read, written and remembered.

  pair.settle(settings, organization_id, event) -> what was done, for the result of the run

Both records are read anew, whatever the event says, so that it does not matter in which order events
come, how often, and whether they tell of a change of our own: what was written stands in the link as
last seen, and is no change. Each side is written with the version that was read, and all is read again
if somebody was first. A run that has written something asks no question itself, but leaves that to a
run of its own (task), which can then be answered without doing anything twice.

The link's base: { fields = { name = { crm =, books = } }, asked = { run =, about = text },
gone = "crm" }.
]]

local current = require "current"
local ending = require "ending"
local fields = require "sync.fields"
local given = require "given"
local http = require "http"
local json = require "json"
local links = require "links"
local lock = require "lock"
local merge = require "sync.merge"
local sides = require "sync.sides"
local task = require "task"

local pair = {}

local TRIES = 10
local NOTHING = merge.NOTHING

local function value_of(planned)
  if planned == NOTHING then return nil end
  return planned
end

local function values(settings, record, side)
  local all = {}
  for _, name in ipairs(settings.fields) do all[name] = fields[name][side](record) end
  return all
end

local function sorted(list)
  local names = {}
  for name in pairs(list) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- ---- what is remembered ----

local function base_of(link)
  local base = type(link.base) == "table" and link.base or {}
  if type(base.fields) ~= "table" then base.fields = {} end
  link.base = base
  return base
end

-- false: somebody else saved it, so that all is to be looked at again.
local function remember(settings, link, agreed)
  local base, changed = base_of(link), false
  for name, entry in pairs(agreed) do
    local last = base.fields[name]
    if not last or not fields.same(last.crm, entry.crm) or not fields.same(last.books, entry.books) then
      base.fields[name], changed = entry, true
    end
  end
  if not changed and not link.touched then return true end
  link.touched = nil
  if not links.save(settings.link, link) then return false end
  local now = links.get(settings.link, "a", link.a)
  link.id, link.version = now.id, now.version
  return true
end

-- ---- writing ----

-- What was agreed by it: nil if somebody was first.
local function write_books(settings, plan, organization, partner)
  local books = sides.books(settings)
  if not books.settled(partner) then return nil end
  local body = json.decode(json.encode(partner))
  for _, name in ipairs(sorted(plan.to_books)) do
    fields[name].to_books(body, value_of(plan.to_books[name]))
  end
  local function wrote(record)
    for name in pairs(plan.to_books) do
      if not fields.same(fields[name].books(record), fields[name].books(body)) then return false end
    end
    return true
  end
  local saved = books.replace(body, wrote, sides.sources(settings))
  if not saved then return nil end
  local agreed = {}
  for name in pairs(plan.to_books) do
    agreed[name] = { crm = fields[name].crm(organization), books = fields[name].books(saved) }
  end
  return agreed
end

local function write_crm(settings, plan, organization, partner)
  local patch = {}
  for _, name in ipairs(sorted(plan.to_crm)) do
    for field, value in pairs(fields[name].to_crm(organization, value_of(plan.to_crm[name]))) do
      patch[field] = value
    end
  end
  local saved, problem = http.try(sides.crm(settings).update, organization.id, patch,
    organization.version)
  if not saved and problem.status == 409 then return nil end
  if not saved then error(problem, 0) end
  local agreed = {}
  for name in pairs(plan.to_crm) do
    agreed[name] = { crm = fields[name].crm(given.clean(saved)), books = fields[name].books(partner) }
  end
  return agreed
end

-- ---- questions ----

-- What was chosen for a field where both were changed: by a person, else by the field's owner.
local function chooser(settings, event)
  local choice = given(event.choose)
  local all = choice
  if type(choice) == "string" then choice = setmetatable({}, { __index = function() return all end })
  elseif type(choice) ~= "table" then choice = {} end
  if getmetatable(choice) == nil then
    for name in pairs(choice) do
      if not fields[name] then
        ending.attention(('choose.%s: there is no such field; the fields are %s.'):format(tostring(name),
          table.concat(settings.fields, ", ")), { field = "choose." .. tostring(name) })
      end
    end
  end
  return function(name)
    local chosen = given.text(choice[name]) or settings.owner(name)
    if chosen == nil then return nil end
    if chosen == settings.crm then return "crm" end
    if chosen == settings.finance then return "books" end
    ending.attention(('choose.%s is "%s"; it is "%s" or "%s".'):format(name, chosen, settings.crm,
      settings.finance), { field = "choose." .. name, value = chosen })
  end
end

local function shown(record)
  return given.text(record.name) or "without a name"
end

local function question(settings, conflicts, organization, partner)
  local lines = {}
  for i, c in ipairs(conflicts) do
    lines[i] = ("%s: %s has %s, %s has %s%s."):format(c.field, settings.crm, fields.text(c.crm),
      settings.finance, fields.text(c.books),
      c.before ~= nil and ", and before both had " .. fields.text(c.before) or "")
  end
  return ("%s (%s in %s, %s in %s) was changed on both sides. %s Choose with `--set choose.%s=%s` or "
    .. "`=%s`, or correct it there, and retry."):format(shown(organization), tostring(organization.id),
    settings.crm, tostring(partner.id), settings.finance, table.concat(lines, " "),
    conflicts[1].field, settings.crm, settings.finance)
end

-- The same question is asked once: again only by the run that asked it, or with other values.
local function ask(settings, link, conflicts, organization, partner, wrote)
  local base = base_of(link)
  local about = json.encode(conflicts)
  local run = tostring(current.call.run)
  if base.asked and base.asked.about == about and base.asked.run ~= run then
    return base.asked.run
  end
  if wrote then
    task(settings.task, { organization_id = link.a })
    return "a run of its own"
  end
  base.asked, link.touched = { run = run, about = about }, true
  if not remember(settings, link, {}) then return nil end
  ending.attention(question(settings, conflicts, organization, partner), { organization = link.a,
    customer = link.b, conflicts = conflicts })
end

-- ---- what is gone, or rests ----

local function deleted_in_crm(settings, link, partner, event)
  local base = base_of(link)
  local active = (given(partner.registryInfo) or {}).active ~= false
  local what = given.text(event.deleted) or settings.deleted
  if what ~= "leave" and what ~= "inactivate" and what ~= "ask" then
    ending.attention(('deleted is "%s"; it is "leave" or "inactivate".'):format(what),
      { field = "deleted", value = what })
  end
  if what == "ask" and active and base.gone ~= "crm" then
    ending.attention(("%s was deleted in %s (%s); in %s it is customer %s. Choose with `--set "
      .. "deleted=leave` or `=inactivate`."):format(shown(partner), settings.crm, link.a,
      settings.finance, link.b), { organization = link.a, customer = link.b })
  end
  if what == "inactivate" and active then
    if not sides.books(settings).settled(partner) then return nil end
    local body = json.decode(json.encode(partner))
    body.registryInfo = body.registryInfo or {}
    body.registryInfo.active = false
    if not sides.books(settings).replace(body, function(there)
      return (given(there.registryInfo) or {}).active == false
    end) then return nil end
    active = false
  end
  if base.gone ~= "crm" then
    base.gone, link.touched = "crm", true
    if not remember(settings, link, {}) then return nil end
  end
  return { organization = link.a, customer = link.b, name = given.text(partner.name),
    deleted = settings.crm, active = active }
end

-- A person said which customer it is: it is linked anew (linking.lua).
local function unlink(settings, link)
  link.b, link.base = nil, {}
  if not links.save(settings.link, link) then return nil end
  return { organization = link.a, linked = false }
end

local function gone_in_books(settings, link, organization)
  ending.attention(("%s (%s in %s) was customer %s in %s, and there is no such customer any more. "
    .. "Choose with `--set customer=ID`, `=new` for a new one, or `=none`: it is not kept there."
    ):format(
    shown(organization), link.a, settings.crm, link.b, settings.finance),
    { organization = link.a, customer = link.b })
end

-- ---- one look ----

-- The result; nil: look again, somebody was first. done.* keeps what was written by earlier looks.
local function look(settings, organization_id, event, done)
  local link = links.get(settings.link, "a", organization_id)
  if not link or not link.b then return { organization = organization_id, linked = false } end
  local answer = given.text(event.customer)
  if answer and answer:find("^%d+$") and answer ~= link.b then return unlink(settings, link) end
  local organization = sides.crm(settings).get(organization_id)
  local partner = sides.books(settings).get(link.b)
  if not organization and not partner then
    if not links.drop(settings.link, link) then return nil end
    return { organization = link.a, customer = link.b, deleted = "both" }
  end
  if not organization then return deleted_in_crm(settings, link, partner, event) end
  if not partner and answer then return unlink(settings, link) end
  if not partner then gone_in_books(settings, link, organization) end
  given.clean(organization)
  local base = base_of(link)
  if base.gone then base.gone, link.touched = nil, true end
  local plan = merge(settings.fields, values(settings, organization, "crm"),
    values(settings, partner, "books"), base.fields, chooser(settings, event))
  local writes = next(plan.to_books) or next(plan.to_crm)
  if (writes or #plan.conflicts > 0) and (given(partner.registryInfo) or {}).active == false then
    ending.skip(("customer %s (%s) is inactive in %s: nothing is written until it is active "
      .. "again"):format(shown(partner), link.b, settings.finance))
  end
  for name, value in pairs(plan.to_books) do
    local problem = value ~= NOTHING and fields[name].wrong and fields[name].wrong(value, partner)
    if problem then
      ending.attention(("%s (%s in %s): %s of %s cannot be taken over to %s: %s. Correct it there, then "
        .. "retry."):format(shown(organization), link.a, settings.crm, name, settings.crm,
        settings.finance, problem), { field = name, value = value, organization = link.a })
    end
  end
  if not remember(settings, link, plan.agreed) then return nil end
  if next(plan.to_books) then
    local agreed = write_books(settings, plan, organization, partner)
    if not agreed then return nil end
    for name in pairs(agreed) do done.to_books[name] = true end
    if not remember(settings, link, agreed) then return nil end
  end
  if next(plan.to_crm) then
    local agreed = write_crm(settings, plan, organization, partner)
    if not agreed then return nil end
    for name in pairs(agreed) do done.to_crm[name] = true end
    if not remember(settings, link, agreed) then return nil end
  end
  local result = { organization = link.a, customer = link.b, name = given.text(organization.name) }
  if #plan.conflicts > 0 then
    local names = json.array {}
    for i, c in ipairs(plan.conflicts) do names[i] = c.field end
    result.conflicts = names
    result.asked_by = ask(settings, link, plan.conflicts, organization, partner,
      next(done.to_books) or next(done.to_crm))
    if not result.asked_by then return nil end
  elseif base.asked then
    base.asked, link.touched = nil, true
    if not remember(settings, link, {}) then return nil end
  end
  return result
end

function pair.settle(settings, organization_id, event)
  return lock(settings.link .. " organization " .. organization_id, function()
    local done = { to_books = {}, to_crm = {} }
    for _ = 1, TRIES do
      local result = look(settings, organization_id, event, done)
      if result then
        for _, way in ipairs { "to_books", "to_crm" } do
          if next(done[way]) then result[way] = json.array(sorted(done[way])) end
        end
        return result
      end
    end
    ending.attention(("%s in %s is changed all the time: %d times something was new when it was to be "
      .. "written. Retry when it is quiet."):format(organization_id, settings.crm, TRIES),
      { organization = organization_id })
  end)
end

return pair
