--[[
What is wrong, or needs a person, is told where people see it.

  use "tell_alerts" { notify = { "slack" } }

An alert comes when a run is parked for a person ("attention") or failed ("failed": one alert for a
rule, however many of its runs), when a connection is silent for too long, does not work
("connection-down") or refuses the credentials ("connection-refused"), a delivery id was used
twice, a company was saved broken, and so on: `sauma alerts` lists those that are open. It is told
when it becomes open and again when it is over; while it is open it is counted and not told again.

Options (all but notify may be left out):
  notify  connections to tell, one or several: "slack", { "slack", "zapier" }
  kinds   only alerts of these kinds: { "attention", "failed" } (all)
  over    false: what is over is not told (true)
  text    = function(alert) return text end   nil: this one is not told
  name    the rule's own name

alert: { kind, about (a rule, a connection, a delivery id), state = "open" | "over", text, at }.
A rule of a company's own does the same with on = "alert", or on = "alert.attention" for one kind.
]]

local options = require "options"

local KNOWN = {
  name = { type = "string" },
  notify = { type = "string|table", required = true },
  kinds = { type = "table" },
  over = { type = "boolean" },
  text = { type = "function" },
}

local WORDS = {
  fi = { open = "Huomio, %s (%s): %s", over = "Kunnossa: %s (%s)" },
  sv = { open = "Obs, %s (%s): %s", over = "I ordning: %s (%s)" },
  en = { open = "Attention, %s (%s): %s", over = "Over: %s (%s)" },
}

local current = require "current"

local function text_of(alert)
  local words = WORDS[current.company.language] or WORDS.en
  if alert.state == "over" then return words.over:format(alert.kind, alert.about) end
  return words.open:format(alert.kind, alert.about, alert.text)
end

local function wanted(alert, settings)
  if alert.state == "over" and settings.over == false then return false end
  if not settings.kinds then return true end
  for _, kind in ipairs(settings.kinds) do
    if kind == alert.kind then return true end
  end
  return false
end

local function run(alert, settings, receivers)
  if not wanted(alert, settings) then
    skip(("alerts of the kind %s (%s) are not told"):format(alert.kind, alert.state))
  end
  local text = (settings.text or text_of)(alert)
  if text == nil then skip "the company's text function left it out" end
  local told = {}
  for _, name in ipairs(receivers) do
    local ok, problem = notify(name, text, { kind = alert.kind, about = alert.about,
      state = alert.state, text = alert.text })
    told[name] = ok or problem
  end
  return { told = told, kind = alert.kind, about = alert.about, state = alert.state }
end

return function(settings)
  options.check(settings, KNOWN)
  local receivers = type(settings.notify) == "string" and { settings.notify } or settings.notify
  if #receivers == 0 then error("notify names nobody to tell", 0) end
  return {
    name = settings.name or "tell_alerts", on = "alert", needs = receivers,
    key = function(alert) return alert.kind .. " " .. alert.about end,
    run = function(alert) return run(alert, settings, receivers) end,
  }
end
