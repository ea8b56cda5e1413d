--[[
The handle of a file that the host keeps: a contract as PDF, say. A script may look at it and give it
on; the bytes stay with the host.

  file.new { id, size, type, name }   -> the handle (what the host says of it)
  file.is(value)                      -> true for one

id is the hash of its content. As a text, or in what a rule returns, it is its name and size.
]]

local file = {}

local meta = { __name = "file", __metatable = false }

function meta.__tostring(handle)
  return ("%s (%s, %d bytes)"):format(handle.name ~= "" and handle.name or "file",
    handle.type ~= "" and handle.type or "unknown type", handle.size)
end

function file.new(said)
  return setmetatable({ id = said.id, size = said.size, type = said.type or "",
    name = said.name or "" }, meta)
end

-- Plain data would do as well: the host compares id and size with what it has.
function file.is(value)
  return type(value) == "table" and type(value.id) == "string" and #value.id == 32
    and math.type(value.size) == "integer"
end

return file
