--[[
A question to a person about a record that is on one side only: asked once, from one side, and its answer
held.

  question.ask(settings, link, asked)  ends the run: in attention, or as skipped, if another run asks it
      asked = { answer = "customer" or "organization": the field of the event for the answer, words,
                records = those on the other side that it may be, twins = ids on its own side that may
                be the same one }
  question.once(settings, link, fn, ...)  fn(...), and what it returns; if it leaves the run to a person,
                                 another run does not for the same reason
  question.answered(settings, link, id)  the answer was given: id, or nil for none of them. Those that
                                 were asked about are told, so that each goes its own way, and are no
                                 candidates for each other any more; a twin of who was linked stays alone
  question.settled(settings, link)  there is nothing to ask any more; those that waited for it are told
  question.is_not(link, id)      true: a person said that id on the other side is another one
  question.among(link, id)       true: link is asked about by a run that is still to be decided, and id
                                 on its other side is one of those that it may be
  question.list(records)         as people read them

In the base of the link, which has one side only: asked = { run, about, ids, twins }, is_not = [texts].
The store says how the run of asked stands (link.asked). What is not the same stands on both sides:
is_not has "bID" for a customer, "aID" for an organization.
]]

local again = require "sync.again"
local current = require "current"
local ending = require "ending"
local given = require "given"
local json = require "json"
local links = require "links"
local task = require "task"

local question = {}

local FIELD = { a = "organization_id", b = "customer_id" }

local function base_of(link)
  if type(link.base) ~= "table" then link.base = {} end
  return link.base
end

local function sides_of(link)
  if link.a then return "a", "b" end
  return "b", "a"
end

local function has(list, id)
  for _, one in ipairs(given(list) or {}) do
    if tostring(one) == id then return true end
  end
  return false
end

local function array(list)
  return json.array { table.unpack(list) }
end

-- What is asked by a run that is not at its end.
local function open(link)
  local asked = base_of(link).asked
  if asked and link.asked and link.asked ~= "done" and link.asked ~= "skipped" then return asked end
  return nil
end

function question.list(records)
  local texts = {}
  for i, record in ipairs(records) do
    local id = given.text((given(record.invoicingInfo) or {}).identifier)
      or given.text(record.business_id)
    texts[i] = ("%s (%s%s)"):format(given.text(record.name) or "without a name", tostring(record.id),
      id and ", " .. id or "")
  end
  return table.concat(texts, "; ")
end

function question.is_not(link, id)
  local _, other = sides_of(link)
  return has(base_of(link).is_not, other .. id)
end

local function add_is_not(link, side, id)
  local base, list = base_of(link), {}
  for _, one in ipairs(given(base.is_not) or {}) do list[#list + 1] = one end
  if not has(list, side .. id) then list[#list + 1] = side .. id end
  base.is_not = array(list)
end

function question.among(link, id)
  local asked = open(link)
  return asked ~= nil and has(asked.ids, id) and tostring(asked.run) ~= tostring(current.call.run)
end

local function already(asked)
  ending.skip("it was asked already: run " .. tostring(asked.run))
end

function question.ask(settings, link, asked)
  local own, other = sides_of(link)
  local run, ids_there = tostring(current.call.run), {}
  for i, record in ipairs(asked.records) do ids_there[i] = tostring(record.id) end
  for _, id in ipairs(asked.twins or {}) do
    local twin = links.get(settings.link, own, id)
    local theirs = twin and open(twin)
    if theirs and has(theirs.twins, link[own]) and theirs.run ~= run then already(theirs) end
  end
  for _, id in ipairs(ids_there) do
    local there = links.get(settings.link, other, id)
    if there and question.among(there, link[own]) then already(there.base.asked) end
  end
  table.sort(ids_there)
  local base, about = base_of(link), asked.answer .. " " .. table.concat(ids_there, " ")
  local before = base.asked
  if before and before.run ~= run and (before.about == about or open(link)) then already(before) end
  base.asked = { about = about, run = run, ids = array(ids_there), twins = array(asked.twins or {}) }
  again.save(settings, link)
  ending.attention(("%s For %s choose with `--set %s=ID`, `=new` for a new one, or `=none`: it stays "
    .. "where it is."):format(asked.words, link[own], asked.answer), { candidates = array(ids_there) })
end

-- An end in attention cannot be caught, but something may be done before it.
function question.once(settings, link, fn, ...)
  local outer = current.before_attention
  current.before_attention = function(reason)
    current.before_attention = outer
    local base, run = base_of(link), tostring(current.call.run)
    local before = base.asked
    if before and before.run ~= run and (before.about == reason or open(link)) then already(before) end
    base.asked = { about = reason, run = run, ids = array {}, twins = array {} }
    again.save(settings, link)
    if outer then outer(reason) end
  end
  local results = table.pack(pcall(fn, ...))
  current.before_attention = outer
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

local function tell(settings, side, list, but)
  for _, id in ipairs(list) do
    if id ~= but then task(settings.task, { [FIELD[side]] = tostring(id) }) end
  end
end

function question.answered(settings, link, id)
  local own, other = sides_of(link)
  local asked = given(base_of(link).asked)
  if not asked then return end
  link.base.asked = nil
  for _, one in ipairs(given(asked.ids) or {}) do
    if one ~= id then
      local theirs = links.get(settings.link, other, one) or { [other] = one, base = {} }
      add_is_not(link, other, one)
      add_is_not(theirs, own, link[own])
      again.save(settings, theirs)
    end
  end
  for _, twin in ipairs(id and given(asked.twins) or {}) do
    local theirs = links.get(settings.link, own, twin) or { [own] = twin, base = {} }
    if not theirs[other] then
      base_of(theirs).stays, theirs.base.asked = "answered", nil
      again.save(settings, theirs)
    end
  end
  if not id then tell(settings, own, given(asked.twins) or {}) end
  tell(settings, other, given(asked.ids) or {}, id)
end

function question.settled(settings, link)
  local own, other = sides_of(link)
  local asked = given(base_of(link).asked)
  if not asked then return end
  link.base.asked = nil
  tell(settings, own, given(asked.twins) or {})
  tell(settings, other, given(asked.ids) or {})
end

return question
