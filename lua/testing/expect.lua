--[[
expect(value).is(x)            the same value; tables field by field, numbers by value
             .is_not(x)
             .has { ... }      a table with at least these fields, at any depth; lists as long
             .count(n)         a list (or text) of n items (characters)
             .matches(pattern) a text that the Lua pattern is found in; also literally, so that a
                               hyphen or a dot in plain words does no harm
             .contains(x)      a text with x in it, or a list with an item that has x
             .is_near(x[, d])  a number at most d (0.01) away
             .is_nil()
             .is_duplicate()   what deliver() gave for an event that was there before
             .fails(text)      a function that raises an error with that text in it

Each gives the expectation back, so that several can be said of one value. In has and is a function
stands for any value that it accepts.
]]

local decimal = require "decimal"
local json = require "json"
local diff = require "testing.diff"
local failure = require "testing.failure"

local check = {}

local function say(expected, got)
  failure.raise(("\n  expected: %s\n  got:      %s"):format(expected, got))
end

function check.is(value, expected)
  local differences = diff.of(expected, value, false)
  if #differences > 0 then failure.raise("\n" .. diff.text(differences)) end
end

function check.is_not(value, unexpected)
  if #diff.of(unexpected, value, false) == 0 then
    say("anything but " .. diff.show(unexpected), "that")
  end
end

function check.has(value, expected)
  if type(expected) ~= "table" then
    failure.raise("has wants a table of fields, as in .has { status = \"SENT\" }")
  end
  if type(value) ~= "table" then say(diff.show(expected), diff.show(value)) end
  local differences = diff.of(expected, value, true)
  if #differences > 0 then failure.raise("\n" .. diff.text(differences)) end
end

function check.count(value, expected)
  local count
  if type(value) == "table" then
    count = #value
  elseif type(value) == "string" then
    count = utf8.len(value) or #value
  else
    say("a list or a text of " .. tostring(expected), diff.show(value))
  end
  if count ~= expected then
    say(tostring(expected), type(value) == "table" and diff.list(value)
      or ("%d: %s"):format(count, diff.show(value)))
  end
end

function check.matches(value, pattern)
  if type(value) ~= "string" or not (value:find(pattern, 1, true) or value:find(pattern)) then
    say("a text that matches " .. diff.show(pattern), diff.show(value))
  end
end

function check.contains(value, wanted)
  if type(value) == "string" and type(wanted) == "string" then
    if value:find(wanted, 1, true) then return end
  elseif type(value) == "table" then
    for _, item in ipairs(value) do
      if #diff.of(wanted, item, true) == 0 then return end
    end
  end
  say("something that contains " .. diff.show(wanted), diff.show(value))
end

function check.is_near(value, expected, distance)
  local a, b = diff.number(value), diff.number(expected)
  local allowed = diff.number(distance == nil and decimal "0.01" or distance)
  if not b or not allowed then failure.raise("is_near wants a number") end
  if not a or a - b > allowed or b - a > allowed then
    say(("%s, give or take %s"):format(tostring(expected), tostring(allowed)), diff.show(value))
  end
end

function check.is_nil(value)
  if value ~= nil and not rawequal(value, json.null) then say("nil", diff.show(value)) end
end

function check.is_duplicate(value)
  if type(value) ~= "table" or value.duplicate ~= true then
    local state = type(value) == "table" and value.event
      and ("event %s, taken as new"):format(value.event) or diff.show(value)
    say("a delivery that is known already", state)
  end
end

function check.fails(value, text)
  if type(value) ~= "function" then failure.raise("fails wants expect(function() ... end)") end
  local ok, problem = pcall(value)
  if ok then say("an error" .. (text and " with " .. diff.show(text) or ""), "none") end
  local words = failure.words(problem)
  if text and not words:find(text, 1, true) then
    say("an error with " .. diff.show(text), diff.show(words))
  end
end

return function(...)
  if select("#", ...) > 1 then failure.raise("expect takes one value") end
  local value = ...
  local expectation = {}
  for name, fn in pairs(check) do
    expectation[name] = function(first, ...)
      -- expect(x):is(y) means the same as expect(x).is(y).
      if rawequal(first, expectation) then
        fn(value, ...)
      else
        fn(value, first, ...)
      end
      return expectation
    end
  end
  return expectation
end
