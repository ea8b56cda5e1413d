--[[
Slack, by an incoming webhook whose address is the secret (outside-systems 5.2).

  slack.send(text)                       a message; & < > are escaped, and what is longer than 3000
                                         characters is cut
  slack.send { text =, blocks = {...} }  the same with blocks (texts in them are the caller's own)
  slack.notify(text [, data])            what notify("slack", text) calls

All return true, or false and the problem: a message that did not get through never ends a run, it
leaves a warning in the run's log and result. A message whose answer was lost is sent once more,
since twice the same line in a channel does no harm; then it is given up.
]]

local http = require "http"
local log = require "log"
local text = require "text"
local current = require "current"

local BLOCKS_MAX = 50
-- Characters of a text: those of a section, so that a long notice arrives cut and not refused.
local TEXT_MAX = 3000

-- What Slack's plain-text answers mean for whoever has to mend it.
local HINTS = {
  invalid_token = "the webhook's address is wrong", no_service = "the webhook was removed in Slack",
  no_team = "the workspace is gone", channel_not_found = "the channel is gone",
  channel_is_archived = "the channel is archived", action_prohibited = "an admin forbids it",
}

local function explain(_, body)
  local code = type(body) == "string" and body:match("^%s*(.-)%s*$") or nil
  if not code or code == "" or #code > 100 then return nil end
  return code, nil, HINTS[code] and "In Slack: " .. HINTS[code] .. "."
end

-- A 200 that does not say "ok" is no Slack.
local function says_ok(response)
  if response.body == "ok" then return true end
  return nil, "the answer is not Slack's ok"
end

local function escape(words)
  return (words:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end

-- Cut before it is escaped, or the cut could go through an entity.
local function shortened(words)
  local length = utf8.len(words)
  if not length or length <= TEXT_MAX then return words end
  return text.truncate(words, TEXT_MAX - 1) .. "…"
end

local function new(connection)
  local slack = { escape = escape }

  function slack.send(message)
    if type(message) == "string" then message = { text = escape(shortened(log.mask(message))) } end
    if type(message) ~= "table" or not (message.text or message.blocks) then
      error("slack.send wants a text, or { text = ..., blocks = ... }", 2)
    end
    if message.blocks and #message.blocks > BLOCKS_MAX then
      error(("a Slack message has at most %d blocks"):format(BLOCKS_MAX), 2)
    end
    local answer, problem = http.try(http.write, connection.name, "POST", "", {
      json = { text = message.text, blocks = message.blocks, attachments = message.attachments },
      explain = explain, check = says_ok, lost = "drop", attempts = 2, what = "a message" })
    if answer and not answer.unknown then return true end
    problem = answer and answer.problem or tostring(problem)
    current.warn("the message to %s did not get through: %s", connection.name, problem)
    return false, problem
  end

  function slack.notify(words)
    return slack.send(words)
  end

  return slack
end

return {
  kind = "slack",
  settings = { url = { type = "credential", required = true,
    help = "the address of the incoming webhook" } },
  -- About one message a second for each webhook.
  rate = 1, auth = { type = "url" }, new = new,
}
