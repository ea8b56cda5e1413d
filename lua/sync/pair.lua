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
local numbers = require "connectors.procountor.numbers"
local question = require "sync.question"
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
  for _, name in ipairs(sides.fields(settings)) do all[name] = fields[name][side](record) end
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
  if not saved and (not problem or problem.status == 409) then return nil end
  if not saved then error(problem, 0) end
  local agreed = {}
  for name in pairs(plan.to_crm) do
    agreed[name] = { crm = fields[name].crm(given.clean(saved)), books = fields[name].books(partner) }
  end
  return agreed
end

-- ---- questions ----

-- What was chosen for a field where both were changed: by a person, else by the field's owner.
local function chooser(settings, choice)
  local all = choice
  if type(choice) == "string" then choice = setmetatable({}, { __index = function() return all end })
  elseif type(choice) ~= "table" then choice = {} end
  if getmetatable(choice) == nil then
    for name in pairs(choice) do
      if not fields[name] then
        ending.attention(('choose.%s: there is no such field; the fields are %s.'):format(tostring(name),
          table.concat(sides.fields(settings), ", ")), { field = "choose." .. tostring(name) })
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

local function words_of(settings, conflicts, organization, partner, again)
  local lines, first = {}, true
  for i, c in ipairs(conflicts) do
    first = first and c.first
    lines[i] = ("%s: %s has %s, %s has %s%s."):format(c.field, settings.crm, fields.text(c.crm),
      settings.finance, fields.text(c.books),
      c.before ~= nil and ", and before both had " .. fields.text(c.before) or "")
  end
  return ("%s (%s in %s, %s in %s) %s%s. %s Choose with `--set choose.%s=%s` or "
    .. "`=%s`, or correct it there, and retry."):format(shown(organization), tostring(organization.id),
    settings.crm, tostring(partner.id), settings.finance,
    first and "is not the same on both sides" or "was changed on both sides",
    again and ", once more since it was asked, so that what was chosen was not done yet" or "",
    table.concat(lines, " "),
    conflicts[1].field, settings.crm, settings.finance)
end

-- The run that asks: another one that is still to be decided, whatever it asks, or that was left for
-- good and asked the same. nil: this one may ask. A retry of the open one reads all anew.
local function asked_by(link, about)
  local asked = base_of(link).asked
  if not asked or asked.run == tostring(current.call.run) then return nil end
  local open = link.asked and link.asked ~= "done" and link.asked ~= "skipped"
  return (open or asked.about == about) and asked.run or nil
end

-- Ends the run in attention; nil: somebody was first, look again.
local function ask(settings, link, about, words, details)
  base_of(link).asked = { run = tostring(current.call.run), about = about }
  link.touched = true
  if not remember(settings, link, {}) then return nil end
  details.organization, details.customer = link.a, link.b
  ending.attention(words, details)
end

-- The same for what is all that the run has to do: another run that asks is the end of this one.
local function ask_once(settings, link, about, words, details)
  local by = asked_by(link, about)
  if by then ending.skip("it was asked already: run " .. by) end
  return ask(settings, link, about, words, details)
end

-- What is to be asked of a pair after all else is done. The run that asks; nil: look again.
local function ask_rest(settings, link, rest, organization, partner, wrote)
  local by = asked_by(link, rest.about)
  if by then return by end
  if wrote then
    task(settings.task, { organization_id = link.a })
    return "a run of its own"
  end
  local texts = {}
  if #rest.conflicts > 0 then
    texts[1] = words_of(settings, rest.conflicts, organization, partner, rest.again)
  end
  for _, one in ipairs(rest.wrong) do
    texts[#texts + 1] = ("%s (%s in %s): %s of %s cannot be taken over to %s: %s. Correct it there, "
      .. "then retry."):format(shown(organization), link.a, settings.crm, one.field, settings.crm,
      settings.finance, one.problem)
  end
  local first = #rest.conflicts == 0 and rest.wrong[1] or {}
  return ask(settings, link, rest.about, table.concat(texts, " "), {
    conflicts = #rest.conflicts > 0 and rest.conflicts or nil, field = first.field,
    value = first.value })
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
    return ask_once(settings, link, "deleted", ("%s was deleted in %s (%s); in %s it is customer %s. "
      .. "Choose with `--set deleted=leave` or `=inactivate`."):format(shown(partner), settings.crm,
      link.a, settings.finance, link.b), {})
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
    base.gone, base.asked, link.touched = "crm", nil, true
    if not remember(settings, link, {}) then return nil end
  end
  return { organization = link.a, customer = link.b, name = given.text(partner.name),
    deleted = settings.crm, active = active }
end

-- Who the organization became part of, where no event says so. Who only has the same business ID is it
-- as long as it is nobody else's, and nobody said that it is another one.
local function heir(settings, link, partner)
  local id, sure = sides.heir(settings, link.a, numbers.finnish(numbers.kept(partner)))
  if not id or sure then return id end
  local theirs = links.get(settings.link, "a", id)
  local is_taken = theirs and (theirs.b or base_of(theirs).stays or question.is_not(theirs, link.b))
  return not is_taken and id or nil
end

-- A person said which customer it is: it is linked anew (linking.lua).
local function unlink(settings, link)
  link.b, link.base = nil, {}
  if not links.save(settings.link, link) then return nil end
  return { organization = link.a, linked = false }
end

local function gone_in_books(settings, link, organization)
  return ask_once(settings, link, "gone", ("%s (%s in %s) was customer %s in %s, and there is no such "
    .. "customer any more. Choose with `--set customer=ID`, `=new` for a new one, or `=none`: it is not "
    .. "kept there."):format(shown(organization), link.a, settings.crm, link.b, settings.finance), {})
end

-- ---- one look ----

-- Why Procountor would not take this value of a field, or nil.
local function refused(settings, name, value, partner)
  if value == NOTHING then return nil end
  local problem = fields[name].wrong and fields[name].wrong(value, partner)
  if problem then return problem end
  local body = json.decode(json.encode(partner))
  fields[name].to_books(body, value)
  return sides.books(settings).refused(body, sides.sources(settings))
end

-- True if each of these was in what this run asked, with the same values.
local function were_asked(asked, conflicts)
  for _, conflict in ipairs(conflicts) do
    if not asked or asked.run ~= tostring(current.call.run)
      or not asked.about:find(json.encode(conflict), 1, true) then
      return false
    end
  end
  return true
end

-- What is to be done, and what is to be asked of it: { conflicts, wrong = { { field =, value =,
-- problem = } }, about = text, again = true }. What a person chose counts for what was asked.
local function planned(settings, link, event, organization, partner)
  local here, there = values(settings, organization, "crm"), values(settings, partner, "books")
  local base = base_of(link)
  local choose, choice = chooser(settings, given(event.choose)), given(event.choose)
  local function plan_of(decide)
    local plan = merge(sides.fields(settings), here, there, base.fields, decide)
    local wrong = json.array {}
    for _, name in ipairs(sorted(plan.to_books)) do
      local value = plan.to_books[name]
      local problem = refused(settings, name, value, partner)
      if problem then
        wrong[#wrong + 1] = { field = name, value = value, problem = problem }
        plan.to_books[name] = nil
      end
    end
    return plan, { conflicts = plan.conflicts, wrong = wrong,
      about = json.encode { plan.conflicts, wrong } }
  end
  local plan, rest = plan_of(chooser(settings, nil))
  if choice and were_asked(base.asked, rest.conflicts) then return plan_of(choose) end
  rest.again = choice ~= nil
  return plan, rest
end

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
  if not organization then
    local became = heir(settings, link, partner)
    if became then return { organization = link.a, linked = false, became = became } end
    return deleted_in_crm(settings, link, partner, event)
  end
  if not partner and answer then return unlink(settings, link) end
  if not partner then return gone_in_books(settings, link, organization) end
  given.clean(organization)
  local base = base_of(link)
  if base.gone then base.gone, link.touched = nil, true end
  local plan, rest = planned(settings, link, event, organization, partner)
  local writes = next(plan.to_books) or next(plan.to_crm)
  local active = (given(partner.registryInfo) or {}).active
  if (writes or #rest.conflicts + #rest.wrong > 0) and active == false then
    ending.skip(("customer %s (%s) is inactive in %s: nothing is written until it is active "
      .. "again"):format(shown(partner), link.b, settings.finance))
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
  if #rest.conflicts + #rest.wrong > 0 then
    local names = json.array {}
    for i, c in ipairs(rest.conflicts) do names[i] = c.field end
    for _, one in ipairs(rest.wrong) do names[#names + 1] = one.field end
    result.conflicts = names
    result.asked_by = ask_rest(settings, link, rest, organization, partner,
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
