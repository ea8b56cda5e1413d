--[[
Mail, by an SMTP server.

  connect "smtp" { url = "smtp://smtp.yritys.fi", user = "noreply", password = secret "smtp-password",
                   from = "Nordic Design <noreply@yritys.fi>", to = "talous@yritys.fi" }

url: smtp://host (TLS by STARTTLS, which is a must; port 587), smtps://host (TLS at once; port 465) or
smtp+plain://host (no TLS, port 25: a relay on this machine; a password goes to this machine only). A
path is the name said in EHLO.

  smtp.send { subject =, text =, to =, cc =, reply_to =, from = }
        text is UTF-8, as long as it likes. Addresses: "anna@yritys.fi", "Anna <anna@yritys.fi>", or a
        list of those; to and from are the connection's where they are left out
  smtp.notify(text [, data])   what notify("smtp", text, data) calls: data.subject, else the first line,
        is the subject, and data.to whom it is for, else the connection's

Both return true, or false and the problem: a mail that did not get through never ends a run, it leaves
a warning. A server that says "later" (4yz, greylisting) is asked again until the deadline. A mail whose
answer was lost is sent once more with the same Message-ID, by which receivers know it again. Who is
refused keeps it from nobody else: that one is asked about again alone, and named in the problem. `must =
true` in send wants to be sure: what is refused raises an error, and a lost answer goes to a person.
]]

local given = require "given"
local http = require "http"
local json = require "json"
local log = require "log"
local text = require "text"
local time = require "time"
local current = require "current"

local SUBJECT_MAX = 200
-- Seconds: a server may look at a mail for long before it takes it (RFC 5321, 4.5.3.2: 10 minutes).
local TIMEOUT = 300
local SEND = { subject = true, text = true, to = true, cc = true, reply_to = true, from = true,
  must = true }

-- "Anna <anna@yritys.fi>" as { name, address }; whether it is one, the host judges.
local function address(value)
  if type(value) ~= "string" then return nil end
  local name, mail = value:match("^%s*(.-)%s*<([^<>]*)>%s*$")
  if not mail then return { name = "", address = text.trim(value) } end
  return { name = (name:gsub('^"(.*)"$', "%1")), address = mail }
end

local function addresses(value, what)
  local list = {}
  for i, one in ipairs(type(value) == "table" and value or { value }) do
    list[i] = address(one) or error(what .. " wants addresses as texts", 0)
  end
  return list
end

-- The header "refused" of an answer: "anna@yritys.fi, b@c.fi".
local function envelope(refused)
  local list = json.array {}
  for one in refused:gmatch("[^, ]+") do list[#list + 1] = { address = one } end
  return list
end

local function check(settings)
  for _, name in ipairs { "from", "to" } do
    local ok, problem = pcall(addresses, settings[name], name)
    if not ok then return problem end
    for _, one in ipairs(settings[name] and addresses(settings[name], name) or {}) do
      if not one.address:find("^[^@%s]+@[^@%s]+$") then
        return ('%s: "%s" is not a mail address'):format(name, one.address)
      end
    end
  end
  if (settings.user == nil) ~= (settings.password == nil) then
    return "user and password go together"
  end
  return nil
end

-- As a subject: a notice that repeats what came in with a tab or an escape in it arrives all the same.
local function first_line(words)
  local line = text.trim((text.trim(words):match("^[^\r\n]*"):gsub("%c+", " ")))
  if (utf8.len(line) or #line) <= SUBJECT_MAX then return line end
  return text.truncate(line, SUBJECT_MAX - 1) .. "…"
end

local function explain(_, body)
  if type(body) == "string" and body ~= "" then return body end
  return "the mail server gave no reason"
end

local function new(connection)
  local smtp, settings = {}, connection.settings

  local function message_of(mail)
    for name in pairs(mail) do
      if not SEND[name] then error(('a mail has no "%s"'):format(tostring(name)), 3) end
    end
    if type(mail.subject) ~= "string" or type(mail.text) ~= "string" then
      error("a mail wants a subject and a text", 3)
    end
    local to = given(mail.to) or settings.to
    if not to then error("a mail wants `to`, or the connection a `to` of its own", 3) end
    local ms = time.ms()
    return { from = address(mail.from or settings.from), to = addresses(to, "to"),
      cc = addresses(mail.cc, "cc"), reply_to = mail.reply_to and address(mail.reply_to) or nil,
      subject = log.mask(mail.subject), date_ms = ms,
      text = log.mask((mail.text:gsub("\0", "\u{FFFD}"))), -- no mail holds a NUL
      -- The same in every replay of the run, and no other mail's.
      message_id = ("%s.%d@sauma"):format(current.call.run or "test", current.seq()) }
  end

  -- Those whom the server refused are asked about anew, without the others, who have it: by a step of
  -- its own, which is tried again or refused as any other is.
  local function deliver(message, options)
    local answer
    repeat
      answer = http.write(connection.name, "MAIL", "", options)
      local refused = answer.headers.refused
      message.envelope = refused and envelope(refused)
    until not refused
    return answer
  end

  function smtp.send(mail)
    if type(mail) ~= "table" then
      error("smtp.send wants { subject = ..., text = ..., to = ... }", 2)
    end
    local message = message_of(mail)
    local options = { json = message, explain = explain, timeout = TIMEOUT, what = "a mail" }
    if mail.must then
      deliver(message, options)
      return true
    end
    options.lost, options.attempts = "drop", 2
    local answer, problem = http.try(deliver, message, options)
    if answer and not answer.unknown then return true end
    problem = answer and answer.problem or tostring(problem)
    current.warn("the mail by %s did not get through%s: %s", connection.name,
      message.envelope and " to all" or "", problem)
    return false, problem
  end

  function smtp.notify(words, data)
    data = data or {}
    return smtp.send { subject = given.text(data.subject) or first_line(words), text = words,
      to = given(data.to) }
  end

  return smtp
end

local function auth(settings)
  if not settings.user then return { type = "none" } end
  return { type = "basic", user = settings.user, password = settings.password }
end

return {
  kind = "smtp",
  settings = {
    url = { type = "address", required = true, help = '"smtp://host", "smtps://host"' },
    user = { type = "address", free = true }, password = { type = "credential" },
    from = { type = "string", required = true, help = 'whose mails they are: "Acme <noreply@acme.fi>"' },
    to = { type = "text|texts", help = "who gets them, unless a mail says otherwise" },
  },
  schemes = { "smtp://", "smtps://", "smtp+plain://" },
  rate = 5, check = check, auth = auth, new = new,
}
