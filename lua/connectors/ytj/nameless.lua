--[[
A new customer without a business ID, looked for in the Business Information System by its name. Names
are hints only, so what is found is a question to a person, never an answer.

  nameless(ytj, settings, wanted)  ends the run as attention if the register has companies of that name,
                                   with their business IDs; settings.nameless = "warn": a warning. A
                                   customer abroad and a private person are not looked for
]]

local current = require "current"
local ending = require "ending"
local given = require "given"
local names = require "names"
local words = require "words"
local countries = require "connectors.procountor.countries"
local record = require "connectors.ytj.record"

local SHOWN = 5

-- Legal forms, which people leave out or write otherwise than the register has them.
local FORMS = {}
for form in ("oy oyj ab abp ltd ky kb ay öb tmi osk ry rf inc plc"):gmatch("%S+") do
  FORMS[form] = true
end

local function without_form(name)
  local parts = {}
  for word in name:gmatch("%S+") do
    local bare = word:lower():gsub("[%.,]", "")
    if not FORMS[bare] then parts[#parts + 1] = word end
  end
  return table.concat(parts, " ")
end

local function is_abroad(wanted)
  local address = given(wanted.address)
  local country = type(address) == "table" and given.text(address.country)
  country = country and countries.name(country) or nil
  return country ~= nil and country ~= "FINLAND" and country ~= "ALAND_ISLANDS"
end

local function is_like(company, name)
  for _, other in ipairs(company.names) do
    if names.compare(name, other) ~= "different" then return true end
  end
  return false
end

local function candidates(ytj, name)
  local core, found = without_form(name), {}
  for _, company in ipairs(ytj.companies(core ~= "" and core or name) or {}) do
    if not company.ceased and is_like(company, name) then found[#found + 1] = company end
  end
  return found
end

local function shown(company)
  local place = record.address(company, words.language())
  return ("%s (%s%s)"):format(company.name or "?", company.business_id,
    place and place.city and ", " .. place.city or "")
end

return function(ytj, settings, wanted)
  local name = given.text(wanted.name)
  if not name or wanted.consumer or is_abroad(wanted) then return end
  local found = candidates(ytj, name)
  if #found == 0 then return end
  local there = {}
  for i = 1, math.min(#found, SHOWN) do there[i] = shown(found[i]) end
  if #found > SHOWN then there[SHOWN + 1] = ("%d more"):format(#found - SHOWN) end
  local text, details = words.problem("register.nameless", { name = name,
    there = table.concat(there, ", "), id = (given(wanted.sources) or {}).business_id or "business_id",
    field = given.text(wanted.partner_field) or "partner" })
  if settings.nameless ~= "ask" then
    current.warn("%s", text)
    return
  end
  details.field, details.candidates = "business_id", there
  ending.attention(text, details)
end
