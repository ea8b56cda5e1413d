-- Slack's incoming webhook: one address, one message a second, `ok` or one word that says why not.

local json = require "json"
local kit = require "sandbox.kit"
local page = require "sandbox.page"

local sandbox = {}

local w

-- Slack's own limits: blocks in a message, characters of a section.
local BLOCKS, SECTION = 50, 3000

local SWITCHES = {
  rate_limit = 0,     -- messages a second and address, then 429; Slack has about 1; 0: no limit
  retry_after = 1,
  addresses = false,  -- paths that exist, "/services/T0/B0/x"; false: all of that form, and "/"
  error = false,      -- a word to answer instead: "channel_is_archived", "rollup_error", ...
}

local STATUS = {
  invalid_payload = 400, no_text = 400, invalid_blocks = 400, user_not_found = 400,
  too_many_attachments = 400, action_prohibited = 403, invalid_token = 403,
  posting_to_general_channel_denied = 403, channel_not_found = 404, no_service = 404,
  no_team = 404, channel_is_archived = 410, rollup_error = 500,
}

local function refuse(word)
  return kit.text(STATUS[word] or 400, word)
end

local function apply(settings)
  for name, value in pairs(settings or {}) do
    if SWITCHES[name] == nil then
      error(("the slack sandbox has no setting '%s'"):format(tostring(name)), 0)
    end
    w.settings[name] = kit.is_null(value) and false or value
  end
end

-- A body is JSON, or a form with the JSON in `payload`, as older clients send it.
local function payload(request, body)
  if (request.headers["content-type"] or ""):find("^application/x%-www%-form%-urlencoded") then
    body = kit.form(body).payload
  end
  local ok, value = pcall(json.decode, body or "")
  if ok and kit.is_object(value) then return value end
  return nil
end

local function blocks_fit(blocks)
  if type(blocks) ~= "table" or #blocks > BLOCKS then return false end
  for _, block in ipairs(blocks) do
    if type(block) ~= "table" or type(block.type) ~= "string" then return false end
    local text = type(block.text) == "table" and block.text.text
    if text and (utf8.len(text) or SECTION + 1) > SECTION then return false end
  end
  return true
end

-- nil when the message may be shown, else the word of the refusal.
local function problem(message)
  local text = message.text
  if not kit.is_null(text) and type(text) ~= "string" then return "invalid_payload" end
  if not kit.is_null(message.blocks) and not blocks_fit(message.blocks) then
    return "invalid_blocks"
  end
  if (kit.is_null(text) or text == "") and kit.is_null(message.blocks)
      and kit.is_null(message.attachments) then
    return "no_text"
  end
  return nil
end

local function known(path)
  if not w.settings.addresses then
    return path == "/" or path:find("^/services/[^/]+/[^/]+/[^/]+/?$") ~= nil
  end
  for _, address in ipairs(w.settings.addresses) do
    if address == path then return true end
  end
  return false
end

local function answer(request, body)
  if request.method ~= "POST" then return kit.text(405, "method_not_allowed") end
  if not known(request.path) then return refuse "no_service" end
  local window = w.windows[request.path] or {}
  w.windows[request.path] = window
  if kit.too_fast(window, request.at_ms, w.settings.rate_limit) then
    return kit.text(429, "rate_limited", { ["retry-after"] = tostring(w.settings.retry_after) })
  end
  local message = payload(request, body)
  if not message then return refuse "invalid_payload" end
  local word = problem(message) or w.settings.error
  if word then return refuse(word) end
  w.messages[#w.messages + 1] = {
    at = request.now, path = kit.readable(request.path), text = message.text, blocks = message.blocks,
    attachments = message.attachments,
  }
  return kit.text(200, "ok")
end

-- Slack shows &amp; &lt; &gt; as the characters they stand for.
local function as_shown(text)
  return (text:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&amp;", "&"))
end

local function words_of(message)
  if type(message.text) == "string" then return message.text end
  local words = {}
  for _, block in ipairs(message.blocks or {}) do
    if type(block.text) == "table" then words[#words + 1] = tostring(block.text.text) end
  end
  return table.concat(words, "\n")
end

local function card(message, number)
  return ('<article><div class="head"><strong>Message %d</strong><span class="soft">%s</span></div>'
    .. '<div class="say">%s</div></article>\n'):format(number, page.escape((message.at:gsub("T", " "))),
    page.escape(as_shown(words_of(message))))
end

local function draw()
  local messages = page.newest(w.messages, card, "No messages yet.")
  return page.whole("Slack sandbox", "incoming webhooks", page.nav {
    { "messages", "Messages", #w.messages }, { "requests", "Requests", w.ledger.total },
  } .. page.section("messages", "Messages", #w.messages, messages)
    .. page.last_requests(w.ledger))
end

function sandbox.load(options)
  w = { messages = kit.array(), ledger = kit.ledger(), windows = {}, settings = kit.copy(SWITCHES) }
  kit.begin(sandbox, options, "slack", apply)
  return { title = "Slack", kind = "slack", path = "/services/T000/B000/sandbox" }
end

function sandbox.handle(request, body)
  return kit.handle(w.ledger, request, body, draw, answer)
end

function sandbox.state()
  return { messages = w.messages, requests = w.ledger.list, request_count = w.ledger.total }
end

-- Fixtures: { settings = {...} }.
function sandbox.seed(given)
  kit.seeds(given, "slack", "settings")
  apply(given.settings)
  return {}
end

return sandbox
