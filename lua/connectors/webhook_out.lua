--[[
Any system that takes webhooks: what is sent is signed by Standard Webhooks 1.0.0, so that the receiver
can tell that it is from here, whole and new (standardwebhooks.com).

  connect "webhook_out" { as = "erp", url = secret "erp-url", secret = secret "erp-signing" }

The secret is "whsec_" and base64 (`echo whsec_$(openssl rand -base64 32)`), and the receiver has it too.

  erp.send(type, data)        posts { type =, timestamp =, data = } with the headers webhook-id,
                              webhook-timestamp and webhook-signature
  erp.notify(text [, data])   what notify("erp", text, data) calls: type "notice", or data.event

Both return true, or false and the problem, which is also a warning of the run. A message whose answer
was lost is sent once more with the same webhook-id, by which the receiver knows it again;
`send(type, data,
{ must = true })` wants to be sure: a refusal raises an error, and a lost answer goes to a person.
]]

local http = require "http"
local log = require "log"
local time = require "time"
local current = require "current"

-- A copy with personal identity codes masked, as everything that tells people something has them.
local function masked(value, depth)
  if type(value) == "string" then return log.mask(value) end
  if type(value) ~= "table" or depth == 0 then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = masked(item, depth - 1) end
  return copy
end

local function new(connection)
  local object = {}

  function object.send(kind, data, options)
    if type(kind) ~= "string" or not kind:find("^[%w_%.%-]+$") then
      error('a webhook wants its type first, such as "invoice.created"', 2)
    end
    local at = time.now()
    local write = { json = { type = kind, timestamp = at, data = masked(data or {}, 8) },
      -- The same in every replay of the run, and no other message's.
      headers = { ["webhook-id"] = ("msg_%s_%d"):format(current.call.run or "test", current.seq()) },
      what = "a message" }
    if options and options.must then
      http.write(connection.name, "POST", "", write)
      return true
    end
    write.lost, write.attempts = "drop", 2
    local answer, problem = http.try(http.write, connection.name, "POST", "", write)
    if answer and not answer.unknown then return true end
    problem = answer and answer.problem or tostring(problem)
    current.warn("the message to %s did not get through: %s", connection.name, problem)
    return false, problem
  end

  function object.notify(text, data)
    local fields = { text = text }
    for key, value in pairs(data or {}) do fields[key] = value end
    local kind = type(fields.event) == "string" and fields.event or "notice"
    fields.event = nil
    return object.send(kind, fields)
  end

  return object
end

local function auth(settings)
  return { type = "standard", token = settings.secret }
end

return {
  kind = "webhook_out",
  settings = {
    url = { type = "credential", required = true, help = "where it is posted to" },
    secret = { type = "credential", required = true, help = '"whsec_" and base64' },
  },
  needs_as = true, rate = 5, auth = auth, new = new,
}
