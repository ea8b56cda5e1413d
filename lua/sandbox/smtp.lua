-- A mail server that delivers nowhere: what it takes can be read on its page. It speaks SMTP (RFC 5321)
-- on a port of its own, one line a call; host/app/sandbox_lines.c says how.

local kit = require "sandbox.kit"
local mime = require "sandbox.mime"
local page = require "sandbox.page"

local sandbox = {}

local w

local MAILS_MAX = 2000

local SWITCHES = {
  login = false,      -- { user = "u", password = "p" }: AUTH is a must
  reject = {},        -- recipients that are refused: { ["nobody@x.fi"] = "550 5.1.1 no such user" }
  recipients = 0,     -- of one mail; the others are asked to come again (452). 0: as many as there are
  greylist = false,   -- each recipient is asked to come again once (451)
  greeting = false,   -- said instead of 220: "421 too many connections"
  final = false,      -- said when a mail is whole, and it is not kept: "554 5.6.0 looks like spam"
  lose = 0,           -- mails that are kept, and whose sender then hears nothing: the line is cut
}

local function apply(settings)
  for name, value in pairs(settings or {}) do
    if SWITCHES[name] == nil then
      error(("the smtp sandbox has no setting '%s'"):format(tostring(name)), 0)
    end
    w.settings[name] = kit.is_null(value) and false or value
  end
end

local function say(text, more)
  local answer = more or {}
  answer.reply = text .. "\r\n"
  return answer
end

local function login_of(line)
  local plain = line:match("^%S+%s+[Pp][Ll][Aa][Ii][Nn]%s+(%S+)$")
  if not plain then return nil end
  local user, password = mime.base64(plain):match("^[^%z]*%z([^%z]*)%z([^%z]*)$")
  return user, password
end

local function refuse_recipient(session, address)
  local word = w.settings.reject and w.settings.reject[address]
  if word then return word end
  local most = w.settings.recipients or 0
  if most > 0 and #session.to >= most then return "452 4.5.3 too many recipients" end
  if not w.settings.greylist then return nil end
  local key = session.from .. " " .. address
  if w.seen[key] then return nil end
  w.seen[key] = true
  return "451 4.7.1 greylisted, come again"
end

local verbs = {}

function verbs.EHLO(session, _, name)
  session.name = kit.readable(name)
  return say("250-sandbox\r\n250-8BITMIME\r\n250-SIZE 16777216"
    .. (w.settings.login and "\r\n250 AUTH PLAIN" or "\r\n250 HELP"))
end

function verbs.HELO(session, _, name)
  session.name = kit.readable(name)
  return say "250 sandbox"
end

function verbs.AUTH(session, line)
  local wanted, user, password = w.settings.login, login_of(line)
  if not wanted then return say "503 5.5.1 no login here" end
  if user ~= wanted.user or password ~= wanted.password then
    return say "535 5.7.8 wrong user or password"
  end
  session.user = user
  return say "235 2.7.0 welcome"
end

function verbs.MAIL(session, line)
  local from = line:match("^%a+%s+[Ff][Rr][Oo][Mm]:%s*<([^>]*)>")
  if not session.name then return say "503 5.5.1 EHLO first" end
  if w.settings.login and not session.user then return say "530 5.7.0 log in first" end
  if not from then return say "501 5.5.4 MAIL FROM:<address>" end
  session.from, session.to = kit.readable(from), kit.array()
  return say "250 2.1.0 ok"
end

function verbs.RCPT(session, line)
  local to = line:match("^%a+%s+[Tt][Oo]:%s*<([^>]+)>")
  if not session.from then return say "503 5.5.1 MAIL first" end
  if not to then return say "501 5.5.4 RCPT TO:<address>" end
  to = kit.readable(to)
  local word = refuse_recipient(session, to)
  if word then return say(word) end
  session.to[#session.to + 1] = to
  return say "250 2.1.5 ok"
end

function verbs.DATA(session)
  if not session.to or #session.to == 0 then return say "503 5.5.1 RCPT first" end
  return say("354 end with a dot", { collect = true })
end

function verbs.RSET(session)
  session.from, session.to = nil, nil
  return say "250 2.0.0 ok"
end

function verbs.NOOP() return say "250 2.0.0 ok" end
function verbs.VRFY() return say "252 2.5.2 send and see" end
function verbs.QUIT() return say("221 2.0.0 bye", { close = true }) end

local function take(request, session, raw)
  local from, to = session.from, session.to
  session.from, session.to = nil, nil
  if w.settings.final then return say(w.settings.final) end
  local mail = mime.read(raw)
  mail.at, mail.envelope_from, mail.envelope_to, mail.raw = request.now, from, to, kit.readable(raw)
  mail.user = session.user
  w.mails[#w.mails + 1] = mail
  w.total = w.total + 1
  if #w.mails > MAILS_MAX then table.remove(w.mails, 1) end
  local lose = w.settings.lose or 0
  if lose > 0 then
    w.settings.lose = lose - 1
    return { cut = true }
  end
  return say(("250 2.0.0 taken as %d"):format(w.total))
end

local function talk(request, body)
  local session = w.sessions[request.session] or {}
  w.sessions[request.session] = session
  if request.what == "opened" then
    local greeting = w.settings.greeting
    return say(greeting or "220 sandbox ESMTP", { close = greeting and true or nil })
  end
  if request.what == "text" then return take(request, session, body) end
  local verb, rest = body:match("^(%a+)%s*(.-)%s*$")
  local act = verb and verbs[verb:upper()]
  if not act then return say "500 5.5.2 not understood" end
  if verb:upper() == "QUIT" then w.sessions[request.session] = nil end
  return act(session, body, rest)
end

local function card(mail)
  return ('<article><div class="head"><strong>%s</strong><span class="soft">%s</span></div>'
    .. '<div>%s</div><div class="say">%s</div><div><details><summary>as it travelled</summary>'
    .. "<pre>%s</pre></details></div></article>\n"):format(page.escape(mail.subject),
    page.escape((mail.at:gsub("T", " "))),
    page.facts { { "From", mail.from }, { "To", mail.to }, { "Cc", mail.cc },
      { "Envelope", mail.envelope_from .. " to " .. table.concat(mail.envelope_to, ", ") },
      { "Message-ID", mail.message_id } },
    page.escape(mail.text), page.escape(mail.raw))
end

local function draw()
  local mails = page.newest(w.mails, card, "No mails yet.")
  return page.whole("Mail sandbox", "an SMTP server that delivers nowhere",
    page.nav { { "mails", "Mails", w.total } } .. page.section("mails", "Mails", w.total, mails))
end

function sandbox.load(options)
  w = { mails = kit.array(), total = 0, sessions = {}, seen = {}, settings = kit.copy(SWITCHES) }
  kit.begin(sandbox, options, "smtp", apply)
  return { title = "Mail", kind = "smtp" }
end

function sandbox.handle(request, body)
  if request.what then return talk(request, body or "") end
  if request.method == "GET" and request.path == "/" then return kit.html(draw()) end
  return kit.text(404, "there is a page at / and nothing else\n")
end

function sandbox.state()
  return { mails = w.mails, messages = w.mails, count = w.total }
end

-- Fixtures: { settings = {...} }.
function sandbox.seed(given)
  kit.seeds(given, "smtp", "settings")
  apply(given.settings)
  return {}
end

return sandbox
