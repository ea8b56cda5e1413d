--[[
Which dimension a sale belongs to in the books (a project, a cost centre): the option `dimension` of the
rules that invoice.

  dimension.settings(option)   -> { name, create, item }, from "Projekti" or { name = "Projekti", create
                                  = true, item = function(sale) return "P-7" end }; raises what is wrong
  dimension.place(finance, sale, settings)  -> where the invoice belongs, or nil if the sale does not
                                  say. Reads only, before anything is written; ends the run as attention
                                  where the books have no such item, or the API user may not read them
  dimension.put(finance, invoice, place)    -> the item's code, or nil and why it could not be set
]]

local ending = require "ending"
local given = require "given"
local http = require "http"
local options = require "options"
local preflight = require "connectors.procountor.preflight"

local dimension = {}

-- What an item's code may be; how long is not documented, so as a name.
local LIMITS = { codeName = { 80 } }

function dimension.settings(option)
  if not option then return nil end
  local settings = type(option) == "string" and { name = option } or option
  options.check(settings, { name = { type = "string", required = true }, create = { type = "boolean" },
    item = { type = "function" } }, "dimension")
  if not given.text(settings.name) then error("dimension is the name of one in Procountor", 0) end
  return settings
end

local REASONS = {
  dimension = 'Procountor has no dimension "%s" for "%s"; make it there, or correct the option',
  item = 'the dimension "%s" in Procountor has no item "%s"; make it there, or correct it here',
  inactive = 'in the dimension "%s" in Procountor the item "%s" is not in use; take it into use there',
}

local function say(why, name, code)
  return REASONS[why]:format(name, code)
end

function dimension.place(finance, sale, settings)
  local wanted = settings.dimension
  if not wanted then return nil end
  local fields = sale.fields or {}
  local field = fields.project or fields.reference or "reference"
  local code = wanted.item and wanted.item(sale)
  if not wanted.item then code = sale.project or sale.reference end
  code = given.text(code)
  if not code then return nil end
  local body = { codeName = code }
  preflight.body(body, LIMITS, { subject = "the item of a dimension", sources = { codeName = field } })
  finance.rights.receipts(('%s "%s" on the invoice'):format(wanted.name, code))
  local place, missing = finance.dimensions.find(wanted.name, code)
  if place then return place end
  if missing == "item" and wanted.create then return { name = wanted.name, code = code, new = true } end
  local why = say(missing, wanted.name, code)
  ending.attention(("%s %s cannot be invoiced yet: %s (%s). Nothing was written. Then retry."):format(
    settings.kind.noun, sale.id or "without an id", why, field),
    { [settings.kind.result_field] = sale.id, dimension = wanted.name, item = code })
end

function dimension.put(finance, invoice, place)
  if not place then return nil end
  local done, problem = http.try(function()
    local at, missing = place, nil
    if place.new then at, missing = finance.dimensions.add(place.name, place.code) end
    if not at then return nil, say(missing, place.name, place.code) end
    finance.dimensions.put(invoice.id, at)
    return true
  end)
  if done then return place.code end
  return nil, tostring(problem)
end

return dimension
