--[[
What Procountor would refuse, found before it is asked (outside-systems 1.3, 1.8 to 1.10): texts
outside Windows-1252 and texts longer than their field.

  preflight.body(body, limits, options)
      body     the request body as a table; texts may be changed in place (see below)
      limits   { name = { 80 }, ["invoiceRows[].comment"] = { 512, cut = true } }: the most
               characters a field may have; `cut`: free text that is shortened with a warning,
               everything else asks a person, since a shortened name is another name
      options  { transliterate = true, subject = "the customer", sources = what the system that the
               values come from calls them: { name = "data.organization.name", address =, email =,
               phone =, contact_name =, reference =, business_id =, einvoice = } }

Ends the run as attention with all problems at once, each with its value and the field's path: where
it comes from, if that is known, else in Procountor.

  preflight.problems(body, limits, options)  -> those problems, a list of texts; what else than to
                                             correct it may be done, as the end of a sentence, or ""
]]

local text = require "text"
local current = require "current"
local ending = require "ending"

local preflight = {}

-- Which of a customer's or sale's own fields each of Procountor's is made of.
local MADE_OF = { ["counterParty.email"] = "email", ["invoicingInfo.email"] = "email",
  ["counterParty.identifier"] = "business_id", ["counterParty.taxCode"] = "business_id",
  ["invoicingInfo.identifier"] = "business_id", ["invoicingInfo.contactPerson"] = "contact_name",
  ["counterParty.einvoiceAddress.address"] = "einvoice",
  ["counterParty.einvoiceAddress.operator"] = "einvoice",
  ["invoicingInfo.einvoiceAddress"] = "einvoice", ["invoicingInfo.einvoiceOperator"] = "einvoice",
  name = "name", orderReference = "reference", ["registryInfo.phone"] = "phone",
  ["counterParty.contactPersonName"] = "contact_name", ["contactPersons[].name"] = "contact_name",
  ["contactPersons[].email"] = "email", ["contactPersons[].phone"] = "phone" }
for _, place in ipairs { "address", "billingAddress", "counterParty.counterPartyAddress" } do
  MADE_OF[place .. ".name"] = "name"
  for part, words in pairs { specifier = "c/o", street = "street", zip = "postal code",
    city = "city" } do
    MADE_OF[place .. "." .. part] = { "address", words }
  end
end

-- The sender's word for a field, else Procountor's path.
local function source_of(sources, pattern, path)
  if not sources then return path end
  local made_of = MADE_OF[pattern] or pattern
  if type(made_of) ~= "table" then return sources[made_of] or path end
  local whole = sources[made_of[1]]
  return whole and ("%s (%s)"):format(whole, made_of[2]) or path
end

local function shown(value)
  return utf8.len(value) and utf8.len(value) > 60 and text.truncate(value, 60) .. "..." or value
end

local function questions(value)
  return select(2, value:gsub("%?", ""))
end

-- Procountor counts from 0 in its own error messages; ours read the same.
local function path_below(path, key)
  if math.type(key) == "integer" then return ("%s[%d]"):format(path, key - 1) end
  return path == "" and key or path .. "." .. key
end

local function pattern_below(pattern, key)
  if math.type(key) == "integer" then return pattern .. "[]" end
  return pattern == "" and key or pattern .. "." .. key
end

local function name_of(parent, key, pattern, options)
  return source_of(options.sources, pattern, path_below(parent, key))
end

-- The value of a field of what is at `parent`, as it goes out. Nearly all of them fit: what a problem
-- is called is worked out when there is one.
local function check_text(value, parent, key, pattern, limits, options, problems)
  local fits, character, position = text.fits_cp1252(value)
  if not fits then
    local nearest = options.transliterate and text.transliterate_cp1252(value)
    -- Letters that have no nearest become question marks, and no name is made of those.
    if nearest and questions(nearest) == questions(value) then value, fits = nearest, true end
    if not fits and not problems[value] then
      -- A name stands in several fields; it is one problem.
      problems[value], problems.letters = true, true
      problems[#problems + 1] = ('%s "%s" holds the character "%s" (place %s), which Procountor '
        .. "cannot store (only Windows-1252)"):format(name_of(parent, key, pattern, options),
        shown(value), tostring(character), tostring(position))
    end
    if not fits then return value end
  end
  local limit = limits[pattern]
  local length = limit and #value > limit[1] and utf8.len(value)
  if length and length > limit[1] then
    if limit.cut then
      -- The ellipsis is one of Windows-1252's characters.
      value = text.truncate(value, limit[1] - 1) .. "…"
      current.warn("%s was shortened from %d to %d characters",
        name_of(parent, key, pattern, options), length, limit[1])
    else
      local words = ('%s "%s" has %d characters, Procountor takes %d'):format(
        name_of(parent, key, pattern, options), shown(value), length, limit[1])
      if not problems[words] then problems[#problems + 1] = words end
      problems[words] = true
    end
  end
  return value
end

local function walk(value, path, pattern, limits, options, problems)
  local texts, deep = {}, {} -- their keys, in the order of pairs, which is always the same
  for key, item in pairs(value) do
    local kind = type(item)
    if kind == "string" then
      texts[#texts + 1] = key
    elseif kind == "table" then
      deep[#deep + 1] = key
    end
  end
  -- Texts before what lies deeper, so that a problem is named by its plainest path.
  for _, key in ipairs(texts) do
    value[key] = check_text(value[key], path, key, pattern_below(pattern, key), limits, options,
      problems)
  end
  for _, key in ipairs(deep) do
    walk(value[key], path_below(path, key), pattern_below(pattern, key), limits, options, problems)
  end
end

function preflight.problems(body, limits, options)
  local found = {}
  walk(body, "", "", limits, options, found)
  return table.move(found, 1, #found, 1, {}), found.letters and not options.transliterate
    and ", or set transliterate = true on the connection" or ""
end

function preflight.body(body, limits, options)
  local problems, cure = preflight.problems(body, limits, options)
  if #problems == 0 then return end
  ending.attention(("Procountor would refuse %s: %s. Correct it where it comes from and send it "
    .. "again%s."):format(options.subject, table.concat(problems, "; "), cure),
    { problems = problems })
end

return preflight
