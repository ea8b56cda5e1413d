--[[
GETs that say nothing but where to, as most do: they are asked, and their answers read, without tables
that nobody but this side of the step would look at. What is asked and what comes back is the same.

  http_plain.get(connection, path, options)
                      -> the response; or nil: it is none of these, or its connection is not known
                         yet, and nothing was asked; or false, meta, body, path (with the query): the
                         answer is none that a rule gets as it is
  http_plain.know(name, spec_of)   gets the connection known: spec_of makes the spec of a request
]]

local host = require "host"
local json = require "json"
local http_options = require "http_options"
local url = require "url"

local http_plain = {}

-- Connection -> the spec of its GETs as JSON, up to the path. All of that is company.lua's, so it is
-- the same in each run.
local heads = {}
local read = host.reader(heads)
local path_problem = http_options.path_problem
local NO_OPTIONS = http_options.NONE
-- Keys are written in order, and the path comes last.
local TAIL = '"/"}'

function http_plain.know(name, spec_of)
  if type(name) ~= "string" or heads[name] then return end
  local text = json.encode(spec_of(name, "GET", "/", NO_OPTIONS, 1))
  assert(text:sub(-#TAIL - 7) == '"path":' .. TAIL)
  heads[name] = text:sub(1, -#TAIL - 1)
end

-- Path and query of a request whose options say nothing else; nil if they do, or are wrong.
local function whole_path(path, options)
  if type(options) ~= "table" or type(path) ~= "string" then return nil end
  for name in pairs(options) do
    if name ~= "query" then return nil end
  end
  local ok, full = pcall(url.query, path, options.query)
  return ok and full or nil
end

function http_plain.get(connection, path, options)
  if type(path) == "string" and path_problem(path) then return nil end
  if options ~= nil then path = whole_path(path, options) end
  local response, meta, raw = read(connection, path)
  return response, meta, raw, path
end

return http_plain
