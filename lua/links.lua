--[[
Links: "this record there is that record here", kept by the host for the company, for good. name says
of what ("customer_sync"), a and b are the two systems. Each call is a step.

  links.get(name, side, id)  side: "a" or "b"  -> link, or nil
  links.save(name, link)     link = { a = id, b = id, base = table }: a new one, or one that get
                             returned, changed; a or b may be left out
                             -> true, or false: somebody else was first (the link was changed since, or
                             one of its ids stands in another), or it was saved already when the
                             host ended before it could say so: read it again
  links.drop(name, link)     -> the same

A link whose base has asked = { run = its id } says in link.asked how that run stands ("attention",
"done", ...), nil if there is none: whether a question to a person is still open.

base is what the two had in common when they were last looked at, or whatever else is to be remembered;
it is shown to nobody, and `sauma erase` empties it.
]]

local json = require "json"
local current = require "current"
local given = require "given"

local links = {}

local function check(name, level)
  if type(name) ~= "string" or name == "" then
    error("links: the name is a text that is not empty", level + 1)
  end
end

function links.get(name, side, id)
  check(name, 2)
  if side ~= "a" and side ~= "b" then error('links: a side is "a" or "b"', 2) end
  if id == nil or tostring(id) == "" then error("links: an id is wanted", 2) end
  local meta = current.step { op = "link", what = "get", name = name, side = side, id = tostring(id) }
  if not meta.id then return nil end
  return { id = meta.id, version = meta.version, a = given.text(meta.a), b = given.text(meta.b),
    base = given.clean(meta.base), asked = given.text(meta.asked) }
end

local function save(name, link, base)
  return current.step { op = "link", what = "save", name = name, link = { id = link.id,
    version = link.version, a = link.a and tostring(link.a), b = link.b and tostring(link.b),
    base = base } }.saved == true
end

function links.save(name, link)
  check(name, 2)
  if type(link) ~= "table" or not (link.a or link.b) then
    error("links: a link is { a = id, b = id, base = table }", 2)
  end
  local base = link.base or {}
  if next(base) == nil then base = json.decode "{}" end
  return save(name, link, base)
end

function links.drop(name, link)
  check(name, 2)
  return save(name, link, nil)
end

return links
