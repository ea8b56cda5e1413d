--[[
What is wrong, or needs a person, is told where people see it.

  use "tell_alerts" { notify = { "slack" } }

An alert comes when a run is parked for a person ("attention") or failed ("failed": one alert for a
rule, however many of its runs), when a connection is silent for too long, does not work
("connection-down"), refuses the credentials ("connection-refused") or gives no token at its address
("connection-address"), a delivery id was used twice, a company was saved broken, and so on: `sauma
alerts` lists those that are open. The text is in the company's language (fi, sv, en). It is told when
it becomes open, with how many times it was raised meanwhile (the host gathers, --alert-gather), again
while it goes on (--alert-again), and when it is over. Of a company --alerts-per-hour are told one by
one, those beyond as one, "many-alerts".

Options (all but notify may be left out):
  notify  connections to tell, one or several: "slack", { "slack", "zapier" }
  kinds   only alerts of these kinds: { "attention", "failed" } (all)
  over    false: what is over is not told (true)
  again   false: what goes on is not told again (true)
  text    = function(alert) return text end   nil: this one is not told
  responsible  the mail address of who is to know, or function(alert) that returns it (the company's
          setting `responsible`, else the connection's `to`); for connections that send mail
  name    the rule's own name

alert: { kind, about (a rule, a connection, a delivery id), state = "open" | "again" | "over", text,
times (raised so often), at }.
A rule of a company's own does the same with on = "alert", or on = "alert.attention" for one kind.
]]

local current = require "current"
local given = require "given"
local options = require "options"
local roles = require "roles"
local suggest = require "suggest"
local words = require "words"

local KNOWN = {
  name = { type = "text" },
  notify = { type = "text|texts", required = true },
  kinds = { type = "texts" },
  over = { type = "boolean" },
  again = { type = "boolean" },
  text = { type = "function" },
  responsible = { type = "string|function" },
}

-- What happened, what is already done outside, and what to do and where.
local function text_of(alert)
  local language = words.language()
  local values = { kind = alert.kind, about = alert.about, text = alert.text, times = alert.times,
    run = alert.text:match("sauma show (run_%w+)") }
  local function say(key) return words.text(language, key, values) end
  values.what = say("kind." .. alert.kind) or say "kind.other"
  if alert.state == "over" then return say "alert.over" end
  local lines = { say "alert.open" }
  local times = (alert.times or 1) > 1 and say "alert.times" or nil
  if language == "en" then
    return table.concat({ lines[1], say "alert.details", times }, "\n")
  end
  lines[#lines + 1] = times
  lines[#lines + 1] = words.translate(language, alert.text)
  if values.run then
    lines[#lines + 1] = say "alert.done"
    lines[#lines + 1] = say "alert.run"
  end
  -- In full, since not all of it may be known in that language.
  lines[#lines + 1] = say "alert.details"
  return table.concat(lines, "\n")
end

-- The mail address of who is responsible: for connections that write to people by name.
local function responsible_for(alert, settings)
  local who = settings.responsible or current.company.responsible
  if type(who) == "function" then who = who(alert) end
  return who
end

local function wanted(alert, settings)
  if alert.state == "over" and settings.over == false then return false end
  if alert.state == "again" and settings.again == false then return false end
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
  local told, to = {}, responsible_for(alert, settings)
  for _, name in ipairs(receivers) do
    local ok, problem = notify(name, text, { kind = alert.kind, about = alert.about,
      state = alert.state, text = alert.text, to = to })
    told[name] = ok or problem
  end
  return { told = told, kind = alert.kind, about = alert.about, state = alert.state }
end

-- Each kind that there is has its words; a rule of a company's own raises none.
local function check_kinds(kinds)
  if not kinds then return end
  if #kinds == 0 then error("kinds names no kind, so that nothing would be told", 0) end
  local known = words.kinds()
  for _, kind in ipairs(kinds) do
    if not known[kind] then
      error(('kinds: there is no kind "%s"%s'):format(kind, suggest(kind, known)), 0)
    end
  end
end

return function(settings)
  options.check(settings, KNOWN)
  local receivers = type(settings.notify) == "string" and { settings.notify } or settings.notify
  local who = settings.responsible
  if type(who) == "string" and given.mail(who) ~= who then
    error(('responsible is one plain mail address, like "anna@acme.fi", not %q'):format(who), 0)
  end
  if #receivers == 0 then error("notify names nobody to tell", 0) end
  check_kinds(settings.kinds)
  return {
    name = settings.name or "tell_alerts", on = "alert", needs = receivers,
    check = function() return roles.problem { { "notify", receivers, "notices" } } end,
    key = function(alert) return alert.kind .. " " .. alert.about end,
    run = function(alert) return run(alert, settings, receivers) end,
  }
end
