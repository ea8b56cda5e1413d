--[[
Zapier, by a catch hook whose address is the secret (outside-systems 5.1).

  zapier.send { event = "invoice.created", invoice_id = 1, ... }   a flat object with an `event`
  zapier.notify(text [, data])   what notify("zapier", text, data) calls: data with event and text

All return true, or false and the problem, which is also a warning of the run. A Zap may do anything
with what it gets, so a message whose answer was lost is not sent again. `id`, the same for the same
run, lets a Zap tell what it has had. Zapier answers success to everything, also when no Zap listens:
that a message was taken says nothing about what became of it.
]]

local json = require "json"
local http = require "http"
local log = require "log"
local current = require "current"

-- Zapier parses nested objects into names such as a__b, and starts one run for each element of a
-- list; what is flat stays what it is.
local function flat(message)
  local out = {}
  for key, value in pairs(message) do
    if type(key) ~= "string" then error("zapier.send wants names: { event = ..., ... }", 3) end
    if type(value) == "table" then
      error(('zapier.send: "%s" is a table; give its parts names of their own'):format(key), 3)
    end
    if type(value) == "string" then value = log.mask(value) end
    -- Decimals as texts: Zapier's own numbers are floats.
    if type(value) == "userdata" and value ~= json.null then value = tostring(value) end
    out[key] = value
  end
  return out
end

local function new(connection)
  local zapier = {}

  function zapier.send(message)
    if type(message) ~= "table" or type(message.event) ~= "string" then
      error('zapier.send wants a table with an event: { event = "invoice.created", ... }', 2)
    end
    local body = flat(message)
    body.id = body.id or current.call.run
    local answer, problem = http.try(http.write, connection.name, "POST", "",
      { json = body, lost = "drop", attempts = 1, what = "a message" })
    if answer and not answer.unknown then return true end
    problem = answer and answer.problem or tostring(problem)
    current.warn("the message to %s did not get through: %s", connection.name, problem)
    return false, problem
  end

  function zapier.notify(text, data)
    local message = {}
    for key, value in pairs(data or {}) do
      if type(value) ~= "table" then message[key] = value end
    end
    message.text = text
    message.event = message.event or "notice"
    return zapier.send(message)
  end

  return zapier
end

return {
  kind = "zapier",
  settings = { url = { type = "credential", required = true,
    help = "the address of the catch hook" } },
  auth = { type = "url" }, new = new,
}
