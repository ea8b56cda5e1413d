--[[
What a write sends: a text of its own, or a description of which the host makes the body, since it
alone has the files.

  http_body.of(options, spec, level)   -> the text, or nil with spec.parts or spec.body_file set;
                                          sets the Content-Type. Misuse is raised at that level.
]]

local json = require "json"
local given_options = require "options"
local url = require "url"
local file = require "file"

local http_body = {}

local PARTS_MAX = 64

-- What the host needs of a handle; raises if it is none.
local function file_of(handle, what, level)
  if not file.is(handle) then
    error(("%s is a file that http.get(..., { file = true }) gave, not a %s"):format(what,
      type(handle)), level + 1)
  end
  return { id = handle.id, size = handle.size }
end

local function part_of(part, i, level)
  if type(part) ~= "table" or type(part.name) ~= "string" then
    error(("part %d needs a name: { name = ..., json, text or file = ... }"):format(i), level + 1)
  end
  local given = (part.json ~= nil and 1 or 0) + (part.text ~= nil and 1 or 0)
    + (part.file ~= nil and 1 or 0)
  if given ~= 1 then
    error(('part "%s" is one of json, text and file'):format(part.name), level + 1)
  end
  for name, value in pairs(part) do
    if name ~= "name" and name ~= "json" and name ~= "text" and name ~= "file"
      and name ~= "filename" and name ~= "type" then
      error(('a part has no "%s"; it has name, json, text or file, filename, type')
        :format(tostring(name)), level + 1)
    end
    local is_text = type(value) == "string"
    if name == "text" and not is_text then
      error(('text of part "%s" is a text, not a %s'):format(part.name, type(value)), level + 1)
    elseif name == "text" and (value:find("\0", 1, true) or not utf8.len(value)) then
      error(('text of part "%s" is not UTF-8 without NULs; what is no text is a file of http.get')
        :format(part.name), level + 1)
    elseif name ~= "json" and name ~= "file" and name ~= "text"
      and (not is_text or value:find("%c")) then
      error(('%s of part "%s" is one line of text'):format(name, part.name), level + 1)
    end
  end
  if part.json ~= nil then
    return { name = part.name, filename = part.filename, type = part.type or "application/json",
      text = json.encode(part.json) }
  elseif part.text then
    return { name = part.name, filename = part.filename, text = part.text,
      type = part.type or part.filename and "application/octet-stream" or nil }
  end
  local handle = file_of(part.file, ('file of part "%s"'):format(part.name), level + 1)
  local kind, name = part.file.type or "", part.file.name or ""
  return { name = part.name, file = handle,
    filename = part.filename or name ~= "" and name or "file",
    type = part.type or kind ~= "" and kind or "application/octet-stream" }
end

-- The raw body and its type. What is sent twice must be the same bytes, so it is encoded once. What
-- has files in it is described in the spec, and made by the host.
function http_body.of(options, spec, level)
  local raw, kind, given
  for _, name in ipairs { "json", "form", "body", "parts" } do
    if options[name] ~= nil then
      if given then
        error(("a request has one body: %s and %s are two"):format(given, name), level + 1)
      end
      given = name
    end
  end
  local headers = spec.headers
  if options.parts then
    if not given_options.is_list(options.parts) or #options.parts == 0 or #options.parts > PARTS_MAX then
      error(("parts is a list of 1 to %d parts"):format(PARTS_MAX), level + 1)
    end
    if headers["content-type"] then
      error("the Content-Type of a request of parts is the host's", level + 1)
    end
    spec.parts = json.array {}
    for i, part in ipairs(options.parts) do spec.parts[i] = part_of(part, i, level + 1) end
  elseif options.json ~= nil then
    raw, kind = json.encode(options.json), "application/json"
  elseif options.form then
    local ok, text = pcall(url.form, options.form)
    if not ok then error(text, level + 1) end
    raw, kind = text, "application/x-www-form-urlencoded"
  elseif options.body ~= nil and type(options.body) ~= "string" then
    spec.body_file = file_of(options.body, "body of a request", level + 1)
    kind = options.body.type ~= "" and options.body.type or "application/octet-stream"
  else
    raw = options.body
  end
  if kind and not headers["content-type"] then headers["content-type"] = kind end
  return raw
end

return http_body
