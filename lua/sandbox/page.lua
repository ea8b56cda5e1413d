-- The pages of the sandbox servers: plain HTML that a person likes to read, on a phone too.
-- No scripts, nothing fetched from anywhere; every value is escaped where it enters the page.

local kit = require "sandbox.kit"

local page = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["'"] = "&#39;" }

-- Text for an element or a quoted attribute; nil and null are empty.
function page.escape(value)
  if kit.is_null(value) then return "" end
  local text = tostring(value)
  if not utf8.len(text) then
    text = text:gsub("[\x80-\xff]", "?")
  end
  return (text:gsub("[&<>\"']", ESCAPES))
end

local escape = page.escape

local STYLE = [[
:root { --ink: #1d2733; --soft: #647284; --line: #e3e8ee; --paper: #fff; --ground: #f4f6f9;
  --accent: #1f6f54; --warn: #9a5b00; --bad: #b3261e; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf1; --soft: #9aa7b6; --line: #2c3744; --paper: #18212b; --ground: #10171f;
    --accent: #5cc69d; --warn: #e2a54a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline;
  justify-content: space-between; margin-bottom: 1.25rem; }
a { color: var(--accent); }
h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
h2 small, header small { color: var(--soft); font-weight: 400; font-size: .9rem; }
nav { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1rem; }
nav a { color: inherit; text-decoration: none; background: var(--paper);
  border: 1px solid var(--line); border-radius: 999px; padding: .2rem .8rem; font-size: .9rem; }
nav b { color: var(--accent); }
article, .table { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem;
  margin: 0 0 .9rem; overflow: hidden; }
article > div { padding: .9rem 1rem; }
article > div.table { padding: 0; }
.head { display: flex; flex-wrap: wrap; gap: .2rem 1rem; justify-content: space-between;
  align-items: baseline; border-bottom: 1px solid var(--line); }
.head strong { font-size: 1.05rem; } .head strong span { font-weight: 400; font-size: 1rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr));
  gap: .6rem 1rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts .long { grid-column: span 2; white-space: pre-line; }
.table { overflow-x: auto; }
article .table { border: 0; border-radius: 0; border-top: 1px solid var(--line); margin: 0; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; padding: .5rem 1rem; vertical-align: top; }
th { color: var(--soft); font-weight: 500; font-size: .8rem; white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
tfoot tr:first-child { border-top: 2px solid var(--line); } tfoot td { padding-bottom: 0; }
tfoot tr:last-child { font-weight: 600; } tfoot tr:last-child td { padding-bottom: .7rem; }
.at, .one { white-space: nowrap; }
.break { overflow-wrap: anywhere; } .at b { font-weight: inherit; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: .86em/1.45 ui-monospace, "Cascadia Mono", Menlo, monospace; overflow-wrap: anywhere; }
pre { margin: .4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .82rem; }
details summary { cursor: pointer; color: var(--soft); font-size: .85rem; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 999px;
  padding: 0 .6rem; font-size: .78rem; line-height: 1.6; color: var(--accent); white-space: nowrap; }
.badge.warn { color: var(--warn); } .badge.bad { color: var(--bad); }
.soft { color: var(--soft); } .empty { color: var(--soft); padding: 1rem; margin: 0; }
.say { white-space: pre-wrap; overflow-wrap: anywhere; }
.phone { display: none; }
button { font: inherit; font-size: .93rem; border: 1px solid var(--accent); background: var(--accent);
  color: var(--paper); border-radius: .5rem; padding: .4rem .9rem; cursor: pointer; min-height: 2.5rem; }
button.quiet { background: none; color: var(--ink); border-color: var(--line); }
button:focus-visible, input:focus-visible, select:focus-visible, a:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }
.acts { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem;
  border-top: 1px solid var(--line); }
.fields + .acts { border: 0; margin-top: .7rem; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: .7rem 1rem;
  align-items: end; }
.fields label span { display: block; color: var(--soft); font-size: .8rem; }
input, select { font: inherit; width: 100%; min-height: 2.5rem; padding: .35rem .6rem; color: inherit;
  background: var(--ground); border: 1px solid var(--line); border-radius: .5rem; }
.said { border-top: 1px solid var(--line); } .said b { display: block; margin-bottom: .4rem; }
p.said { border: 1px solid var(--accent); border-radius: .75rem; background: var(--paper);
  padding: .7rem 1rem; margin: 0 0 1rem; }
@media (max-width: 40rem) {
  .facts { grid-template-columns: 1fr 1fr; } .wide { display: none; } .phone { display: block; }
  .facts .long { grid-column: 1 / -1; } th, th.n, .at { white-space: normal; } .at b { display: block; }
  td .badge { white-space: normal; border-radius: .8rem; }
  th, td { padding: .45rem .5rem; } th:first-child, td:first-child { padding-left: 1rem; }
  th:last-child, td:last-child { padding-right: 1rem; } main { padding: 1rem .6rem 3rem; } }
footer { color: var(--soft); font-size: .85rem; margin-top: 2rem; }
]]

-- A whole page from a title, a few words about it, and finished HTML. options.refresh: seconds after
-- which it is asked for again, while something is under way.
function page.whole(title, about, content, options)
  local refresh = options and options.refresh
  return table.concat {
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    refresh and ('<meta http-equiv="refresh" content="%d">\n'):format(refresh) or "",
    "<title>", escape(title), "</title>\n<style>\n", STYLE, "</style>\n</head>\n<body>\n<main>\n",
    "<header><h1>", escape(title), "</h1><small>", escape(about),
    ' · <a href="/">all sandboxes</a></small></header>\n',
    content,
    "<footer>A sandbox: everything here is kept in memory and ends with the process.</footer>\n",
    "</main>\n</body>\n</html>\n",
  }
end

-- What the last act came to.
function page.said(text)
  if not text then return "" end
  return '<p class="said" role="status">' .. escape(text) .. "</p>\n"
end

local function hidden(fields)
  local names, out = {}, {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    out[i] = ('<input type="hidden" name="%s" value="%s">'):format(escape(name), escape(fields[name]))
  end
  return table.concat(out)
end

-- A form that is one button: fields go along unseen. kind "quiet": not what one usually presses.
function page.button(action, fields, words, kind)
  return ('<form method="post" action="%s">%s<button%s>%s</button></form>'):format(escape(action),
    hidden(fields), kind and (' class="%s"'):format(kind) or "", escape(words))
end

local function options_of(choices, value)
  local out = {}
  for i, choice in ipairs(choices) do
    out[i] = ('<option value="%s"%s>%s</option>'):format(escape(choice[1]),
      choice[1] == value and " selected" or "", escape(choice[2]))
  end
  return table.concat(out)
end

-- A form with fields to fill in: { { name, label, value [, choices { { value, label } }] } }.
function page.form(action, fixed, fields, words)
  local out = {}
  for i, field in ipairs(fields) do
    local input
    if field[4] then
      input = ('<select name="%s">%s</select>'):format(escape(field[1]), options_of(field[4], field[3]))
    else
      input = ('<input name="%s" value="%s">'):format(escape(field[1]), escape(field[3]))
    end
    out[i] = ("<label><span>%s</span>%s</label>"):format(escape(field[2]), input)
  end
  return ('<form class="fields" method="post" action="%s">%s%s<button>%s</button></form>'):format(
    escape(action), hidden(fixed), table.concat(out), escape(words))
end

function page.badge(text, kind)
  return ('<span class="badge%s">%s</span>'):format(kind and " " .. kind or "", escape(text))
end

function page.section(id, title, count, content)
  return ('<h2 id="%s">%s <small>%s</small></h2>\n%s'):format(id, escape(title), escape(count),
    content)
end

-- Links to the sections with their counts: { { id, title, count } }.
function page.nav(items)
  local parts = {}
  for i, item in ipairs(items) do
    parts[i] = ('<a href="#%s">%s <b>%s</b></a>'):format(item[1], escape(item[2]), escape(item[3]))
  end
  return "<nav>" .. table.concat(parts, "\n") .. "</nav>\n"
end

function page.empty(text)
  return '<div class="table"><p class="empty">' .. escape(text) .. "</p></div>\n"
end

-- The last hundred of a list, newest first, each as draw(item, number) shows it; none: what stands
-- there while the list is empty.
function page.newest(list, draw, none)
  local cards = {}
  for i = #list, math.max(1, #list - 99), -1 do cards[#cards + 1] = draw(list[i], i) end
  return #cards > 0 and table.concat(cards) or page.empty(none)
end

-- The section that ends the page of each server: what was asked of it.
function page.last_requests(ledger)
  return page.section("requests", "Last requests", ("%d in all"):format(ledger.total),
    page.requests(ledger, 30))
end

-- A table. columns: { { "Title", "n" or nil } }; rows: lists of finished HTML cells; foot likewise.
function page.table(columns, rows, foot)
  local out = { '<div class="table"><table><thead><tr>' }
  local function add_row(cells, tag)
    out[#out + 1] = "<tr>"
    for i, column in ipairs(columns) do
      local class = column[2] and (' class="%s"'):format(column[2]) or ""
      out[#out + 1] = ("<%s%s>%s</%s>"):format(tag, class, cells[i] or "", tag)
    end
    out[#out + 1] = "</tr>"
  end
  for _, column in ipairs(columns) do
    local class = column[2] and (' class="%s"'):format(column[2]) or ""
    out[#out + 1] = ("<th%s>%s</th>"):format(class, escape(column[1]))
  end
  out[#out + 1] = "</tr></thead><tbody>"
  for _, cells in ipairs(rows) do add_row(cells, "td") end
  out[#out + 1] = "</tbody>"
  if foot then
    out[#out + 1] = "<tfoot>"
    for _, cells in ipairs(foot) do add_row(cells, "td") end
    out[#out + 1] = "</tfoot>"
  end
  out[#out + 1] = "</table></div>\n"
  return table.concat(out)
end

-- More characters than a column of facts holds.
local LONG_WORD = ("[^%s]"):rep(23)

-- More of a text than a person likes to read in a column of facts.
local LONG_TEXT = 60

-- Names and values, { { "Name", value } }; what is empty is left out.
function page.facts(list)
  local out = {}
  for _, fact in ipairs(list) do
    local value = escape(fact[2])
    if value ~= "" then
      -- What has lines, or a word that would be broken, gets more room; NAMES_IN_CAPITALS may break.
      local long = value:find("\n", 1, true) or value:find(LONG_WORD) or #value > LONG_TEXT
      value = value:gsub("_", "_<wbr>")
      out[#out + 1] = ("<div%s><dt>%s</dt><dd>%s</dd></div>"):format(long and ' class="long"' or "",
        escape(fact[1]), value)
    end
  end
  return '<dl class="facts">' .. table.concat(out) .. "</dl>"
end

-- "2026-11-26T17:51:44" as a cell of a table: on a narrow page in two lines.
function page.at(time)
  local day, clock = tostring(time or ""):match("^(%S-)[T ](.*)$")
  return day and ('<span class="at"><b>%s</b> <b>%s</b></span>'):format(escape(day), escape(clock)) or ""
end

-- Thousands apart, as people here write them: 12 345.60.
function page.money(value, places)
  local number = kit.number(value)
  if not number then return "" end
  local text = number:text(places or 2)
  local sign, whole, rest = text:match("^(%-?)(%d+)(.*)$")
  local first = (#whole - 1) % 3 + 1
  local groups = whole:sub(first + 1):gsub("%d%d%d", "\u{a0}%0")
  return sign .. whole:sub(1, first) .. groups .. rest
end

-- A price with two decimals, or with as many as it really has, up to four.
function page.price(value)
  local text = page.money(value, 4)
  return (text:gsub("0?0$", ""))
end

-- A number without zeros that say nothing.
function page.plain(value)
  local number = kit.number(value)
  if not number then return escape(value) end
  return (number:text(6):gsub("0+$", ""):gsub("%.$", ""))
end

local EVENT_KIND = { ["given up"] = "bad", ["under way"] = "warn" }
local EVENTS_SHOWN = 50

-- What was told to whoever listens, newest first: { at, type, about, state, status, problem }.
function page.events(list, hook)
  if #list == 0 then
    return page.empty(hook and "Nothing was told yet."
      or "Nobody is told of changes: the sandbox was not told where (settings.hook).")
  end
  local rows = {}
  for i = #list, math.max(1, #list - EVENTS_SHOWN + 1), -1 do
    local entry = list[i]
    local answer = entry.status and entry.status > 0 and " " .. entry.status or ""
    rows[#rows + 1] = { page.at(entry.at), '<span class="break">' .. escape(entry.type)
      .. ' <span class="soft">' .. escape(entry.about) .. "</span>" .. (entry.problem
      and '<br><span class="soft">' .. escape(entry.problem) .. "</span>" or "") .. "</span>",
      page.badge(entry.state .. answer, EVENT_KIND[entry.state]) }
  end
  return page.table({ { "At" }, { "Event" }, { "What became of it", "n" } }, rows)
end

-- True if one of them is still to arrive.
function page.under_way(list)
  for _, entry in ipairs(list) do
    if entry.state == "under way" then return true end
  end
  return false
end

local function status_kind(status)
  if not status or status >= 500 then return "bad" end
  return status >= 400 and "warn" or nil
end

-- The last requests of a ledger, newest first, bodies folded.
function page.requests(ledger, count)
  local rows, list = {}, ledger.list
  for i = #list, math.max(1, #list - count + 1), -1 do
    local entry = list[i]
    local what = ("<code>%s %s</code>"):format(escape(entry.method), escape(entry.path))
    local query = {}
    for name, values in pairs(entry.query) do
      if type(values) == "string" then values = { values } end
      query[#query + 1] = name .. "=" .. table.concat(values, ",")
    end
    table.sort(query)
    if #query > 0 then
      what = what .. ' <code class="soft">?' .. escape(table.concat(query, "&")) .. "</code>"
    end
    if (entry.body or "") ~= "" then
      what = ("%s<details><summary>body, %d bytes</summary><pre>%s</pre></details>"):format(what,
        entry.body_size or #entry.body, escape(entry.body))
    end
    rows[#rows + 1] = { page.at(entry.at), what,
      page.badge(entry.status or "cut", status_kind(entry.status)) }
  end
  if #rows == 0 then return page.empty "Nothing has been asked yet." end
  return page.table({ { "At" }, { "Request" }, { "Answer", "n" } }, rows)
end

return page
