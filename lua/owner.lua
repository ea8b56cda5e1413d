--[[
The salesperson of a deal or proposal hears that it needs them: the option `tell_owner` of the rules that
invoice.

  owner.hears(sale, settings)  from here on whatever leaves this run to a person (attention) is told to
                               the sale's owner, by the connections of settings.tell_owner
  owner.rule(settings)         -> the rule beside it that tells, in a run of its own

Who that is the sale says (owner = { name, email }), or the CRM is asked of the id that stands there
(deals.owner of the connector). Where nobody is known, or has no mail address, it goes to the company's
`responsible`, else to whom the connection writes by itself.

It is no alert, since an alert is of a rule and gathers its runs: the second salesperson would not hear
of theirs. And it is told in a run of its own, since a notice is a write that is done, and a retry asks
anew only what was read after the last of those.
]]

local connections = require "connections"
local current = require "current"
local given = require "given"
local http = require "http"
local notify = require "notify"
local task = require "task"
local words = require "words"

local owner = {}

local function address_of(person)
  return type(person) == "table" and given.mail(person.email) or nil
end

local function address(sale, settings)
  local known = address_of(sale.owner)
  if known then return known end
  local entry = connections.get(settings.source)
  local deals = entry and type(entry.object) == "table" and entry.object.deals
  if not given(sale.owner) or not deals or not deals.owner then return nil end
  local person, problem = http.try(deals.owner, sale)
  if problem then
    current.warn("who owns %s could not be read: %s", tostring(sale.id), tostring(problem))
  end
  return address_of(person)
end

-- What it is about, what is the matter, and what to do.
local function text_of(sale, reason)
  local language = words.language()
  local lines = { words.text(language, "owner.needs", { title = sale.name or sale.id,
    id = sale.key or sale.id }) }
  if language == "en" then
    lines[2] = reason
  else
    lines[#lines + 1] = words.translate(language, reason)
    lines[#lines + 1] = words.text(language, "owner.then")
    -- Not all of it may be known in that language.
    lines[#lines + 1] = words.text(language, "alert.details", { text = reason })
  end
  return table.concat(lines, "\n")
end

local function type_of(settings)
  return "tell-owner-" .. settings.name:gsub("[^%w]+", "-")
end

function owner.hears(sale, settings)
  if #settings.tell_owner == 0 then return end
  current.before_attention = function(reason)
    task(type_of(settings), { id = sale.id, key = sale.key, name = sale.name, owner = sale.owner,
      reason = reason })
  end
end

local function tell(sale, settings)
  local to = address(sale, settings) or current.company.responsible
  local text, told = text_of(sale, sale.reason), {}
  for _, name in ipairs(settings.tell_owner) do
    -- What is no letter says whom it is for.
    local letter = connections.get(name).kind == "smtp" or not to
    told[name] = notify(name, letter and text or to .. ": " .. text, { event = "needs.person", to = to,
      text = sale.reason, [settings.kind.id_field] = sale.id })
  end
  return { told = told, to = to }
end

function owner.rule(settings)
  return { name = settings.name .. ": tells the owner", on = "task." .. type_of(settings),
    needs = settings.tell_owner, trigger = "automatic",
    run = function(event) return tell(event, settings) end }
end

return owner
