-- Errors of tests: raised with the line of the test file, and put into words whatever they are.

local host = require "host"

local failure = {}

-- Ends the test; the message begins with the place in the test's own files.
function failure.raise(message)
  local where = host.where()
  local gap = message:sub(1, 1) == "\n" and ":" or ": "
  error((where and where .. gap or "") .. message, 0)
end

-- What an error says: a text, or the message of an error table with its place.
function failure.words(problem)
  if type(problem) == "string" then return problem end
  if type(problem) == "table" then
    local message = rawget(problem, "message")
    local where = rawget(problem, "where")
    if type(message) == "string" then
      return (type(where) == "string" and where .. ": " or "") .. message
    end
  end
  return ("an error that is a %s"):format(type(problem))
end

return failure
