--[[
The error that http.* raises when the outside says no. A table, so that a rule which catches it can
look at its parts; as a text it is one sentence for a person.

  { class = "permanent" | "transient" | "denied", status = 400, connection, method, path,
    words = the outside system's own, field = "paymentInfo.dueDate", value = what was sent there,
    hint = what to do, body = the decoded answer, message = all of it in one sentence }

  http_error.new(fields)            -> such a table; message is made of the others
  http_error.is(value)              -> true for one
  http_error.words(body)            -> message, field out of an answer's body, as far as it has any
  http_error.redirect(spec, response)  -> message, hint for a status below 400 that is no answer
  http_error.value_at(sent, path)   -> the value at "rows[0].unit" (indexes from 0) in what was sent
]]

local json = require "json"
local given = require "given"
local log = require "log"

local http_error = {}

local WORDS_MAX = 500

local meta = { __name = "http error", __metatable = false }

function meta.__tostring(e)
  return e.message
end

local function sentence(e)
  local parts = {}
  local refused = e.status and e.status >= 400
  if e.connection then
    -- Without the query: what was looked for is often personal.
    parts[#parts + 1] = ("%s %s %s %s"):format(e.connection, refused and "refused" or "failed at",
      e.method or "a request", e.path and e.path:match("^[^?]*") or "")
  end
  local words = e.words or "no reason given"
  if refused then words = ("%d %s"):format(e.status, words) end
  parts[#parts + 1] = words
  local text = table.concat(parts, ": ")
  if e.field then
    text = text .. " (field " .. e.field
    if e.value ~= nil then text = text .. ', sent "' .. tostring(e.value) .. '"' end
    text = text .. ")"
  end
  if e.hint then text = text .. ". " .. e.hint end
  return log.mask(text)
end

function http_error.new(fields)
  fields.message = sentence(fields)
  return setmetatable(fields, meta)
end

function http_error.is(value)
  return type(value) == "table" and rawget(value, "class") ~= nil
end

local function short(text)
  text = text:gsub("%s+", " "):match("^%s*(.-)%s*$")
  if #text > WORDS_MAX then
    text = text:sub(1, utf8.offset(text, 0, WORDS_MAX + 1) - 1) .. " ..."
  end
  return text
end

-- One entry of a list of errors: Procountor's {field, message}, others' {error}, or a plain text;
-- FastAPI's { loc = { "body", "qty" }, msg }.
local function entry_words(entry)
  if type(entry) == "string" then return entry, nil end
  if type(entry) ~= "table" then return nil, nil end
  local loc = type(entry.loc) == "table" and entry.loc
  return given.text(entry.message) or given.text(entry.msg) or given.text(entry.errorCode)
    or given.text(entry.error), given.text(entry.field) or given.text(entry.propertyPath)
    or given.text(entry.path) or loc and given.text(loc[#loc])
end

function http_error.words(body)
  if type(body) == "string" then
    -- An error page of some machine in between: its title says more than its markup.
    local title = body:match("<[Tt][Ii][Tt][Ll][Ee]>(.-)</")
    local text = short(title or body)
    return text ~= "" and utf8.len(text) and text or nil, nil
  end
  if type(body) ~= "table" then return nil, nil end
  local list
  for _, name in ipairs { "errors", "constraintViolations", "details", "detail" } do
    if not list and type(body[name]) == "table" and body[name][1] ~= nil then list = body[name] end
  end
  if list then
    local texts, field = {}, nil
    for _, entry in ipairs(list) do
      local words, at = entry_words(entry)
      if words then
        texts[#texts + 1] = (field and at) and words .. " (field " .. at .. ")" or words
      end
      field = field or at
    end
    if #texts > 0 then return short(table.concat(texts, "; ")), field end
  end
  local words = given.text(body.error_description) or given.text(body.message)
    or given.text(body.detail) or given.text(body.title) or given.text(body.error)
  if not words and type(body.error) == "table" then words = given.text(body.error.message) end
  return words and short(words), given.text(body.field)
end

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

function http_error.redirect(spec, response)
  local to = given.text(response.headers.location)
  if not REDIRECTS[response.status] or not to then
    return ("it answered %d, which holds neither what was asked for nor where that is")
      :format(response.status)
  end
  to = short(to:match("^[^?#]*"))
  local hint = "write the address that works into the connection's url"
  if spec.write or spec.method ~= "GET" then
    return ("it redirects to %s, and redirects are not followed by %s"):format(to,
      spec.write and "writes" or "searches"), hint
  elseif not to:find("^%a[%w+.-]*:") and not to:find("^//") then
    return ("it redirects too often, or to what is no address: %s"):format(to), hint
  end
  return ("it redirects to %s, and redirects are not followed to other hosts"):format(to),
    hint .. ", or its host into redirects"
end

function http_error.value_at(sent, path)
  local value = sent
  for name, index in (path .. "."):gmatch("([^%.%[%]]*)%[?(%d*)%]?%.") do
    if type(value) ~= "table" then return nil end
    if name ~= "" then value = value[name] end
    if index ~= "" then
      if type(value) ~= "table" then return nil end
      value = value[(math.tointeger(index) or -1) + 1] -- whatever a server writes there
    end
  end
  if type(value) == "table" or value == json.null then return nil end
  return value
end

return http_error
