--[[
What people read, in their language: one table of texts for each of fi, sv and en (words/fi.lua ...),
all three with the same keys. {name} in a text is a place for a value.

  words.text(language, key, values)  -> the text; English for a language that has none; nil for a key
                                        that there is not
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

function words.problem(key, values)
  return words.text("en", key, values), { problem = key, values = values }
end

return words
