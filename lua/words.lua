--[[
What people read, in their language: one table of texts for each of fi, sv and en (words/fi.lua ...),
all three with the same keys. {name} in a text is a place for a value.

  words.text(language, key, values)  -> the text; English for a language that has none; nil for a key
                                        that there is not
  words.translate(language, text)  -> what an English text says that was made of words.en, as far as it
                                        is in the table; nil if nothing in it is known
  words.kinds()                      -> the kinds of alerts that there are, each true
  words.language()                   -> "fi", "sv" or "en", by the company's setting
  words.problem(key, values)         -> the English text, and details for attention(): from them the
                                        people who are told get it in their own language
]]

local current = require "current"

local words = {}

local TABLES = { fi = require "words.fi", sv = require "words.sv", en = require "words.en" }

function words.language()
  local language = current.company.language
  return TABLES[language] and language or "en"
end

function words.text(language, key, values)
  local text = (TABLES[language] or TABLES.en)[key]
  if not text then return nil end
  return (text:gsub("{([%w_]+)}", function(name)
    local value = values and values[name]
    return value ~= nil and tostring(value) or "-"
  end))
end

function words.kinds()
  local kinds = {}
  for key in pairs(TABLES.en) do
    local kind = key:match("^kind%.(.+)$")
    if kind and kind ~= "other" then kinds[kind] = true end
  end
  return kinds
end

-- The pattern that finds a text of words.en and takes its values out, and their names in order.
local function pattern_of(text)
  local names = {}
  local pattern = text:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
  pattern = pattern:gsub("{([%w_]+)}", function(name)
    names[#names + 1] = name
    return "(.-)"
  end)
  -- What stands first begins at the text's last colon at the latest.
  if pattern:sub(1, 4) == "(.-)" then pattern = "([^:]-)" .. pattern:sub(5) end
  -- What stands last would match nothing.
  if pattern:sub(-4) == "(.-)" then pattern = pattern:sub(1, -5) .. "([^.;]+)" end
  return pattern, names
end

function words.translate(language, text)
  local found = {}
  for key, english in pairs(TABLES.en) do
    if key:find("^problem%.") or key:find("^register%.") or key:find("^customer%.") then
      local pattern, names = pattern_of(english)
      local captures = table.pack(text:find(pattern))
      if captures[1] then
        local values = {}
        for i, name in ipairs(names) do values[name] = captures[i + 2]:match("^%s*(.-)$") end
        found[#found + 1] = { at = captures[1], text = words.text(language, key, values) }
      end
    end
  end
  if #found == 0 then return nil end
  table.sort(found, function(a, b) return a.at < b.at end)
  local texts = {}
  for i, entry in ipairs(found) do texts[i] = entry.text end
  return table.concat(texts, " ")
end

function words.problem(key, values)
  return words.text("en", key, values), { problem = key, values = values }
end

return words
