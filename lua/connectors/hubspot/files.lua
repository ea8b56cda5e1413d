--[[
Files at a deal in HubSpot, as in connectors/crm.lua. A deal has no files of its own there: a file is put
into the account's files (private, in the folder /sauma/deals/ID, where one of the same name is replaced)
and hung on a note at the deal, whose text is the file's name. What is there is read from those notes.

  files.names(deal)   files.add(deal, file, name)

The token needs the scopes files, crm.objects.deals.read and those of notes (crm.objects.contacts.read
and .write). Sources: HubSpot's Files API v3 and its notes (hs_attachment_ids); 214 is the association
of a note with a deal that HubSpot defines.
]]

local client = require "connectors.hubspot.client"
local given = require "given"
local http = require "http"
local json = require "json"
local time = require "time"
local url = require "url"

local files = {}

local NOTE_TO_DEAL = 214
local PAGE = 100 -- of notes read at once, the most that a batch may have

local function folder_of(deal)
  return "/sauma/deals/" .. tostring(deal)
end

-- The ids of all notes at the deal.
local function notes_of(connection, deal)
  local ids, after = {}, nil
  local path = ("/crm/v4/objects/deals/%s/associations/notes"):format(url.encode(tostring(deal)))
  repeat
    local body = client.get(connection, path, { limit = 500, after = after })
    for _, one in ipairs(given(body.results) or {}) do ids[#ids + 1] = given.text(one.toObjectId) end
    local following = type(given(body.paging)) == "table" and given(body.paging.next)
    after = type(following) == "table" and given.text(following.after) or nil
  until not after
  return ids
end

-- The text of a note without the marks that HubSpot's editor puts around it.
local function plain(text)
  return (text:gsub("<[^>]*>", ""):match("^%s*(.-)%s*$"))
end

local function names(connection, deal)
  local ids, found = notes_of(connection, deal), {}
  for first = 1, #ids, PAGE do
    local inputs = json.array {}
    for i = first, math.min(first + PAGE - 1, #ids) do inputs[#inputs + 1] = { id = ids[i] } end
    local body = http.search(connection.name, "/crm/v3/objects/notes/batch/read", {
      explain = client.explain, json = { inputs = inputs,
        properties = json.array { "hs_note_body", "hs_attachment_ids" } } }).body
    for _, note in ipairs(given(body.results) or {}) do
      local properties = client.properties(note)
      local text = given.text(properties.hs_note_body)
      if text and given.text(properties.hs_attachment_ids) then found[plain(text)] = true end
    end
  end
  return found
end

-- The file of that name in the deal's folder, or nil. HubSpot keeps the ending apart from the name.
local function uploaded(connection, deal, name)
  local stem = name:gsub("%.%w+$", "")
  local body = client.get(connection, "/files/v3/files/search", { name = stem, limit = PAGE })
  for _, one in ipairs(given(body.results) or {}) do
    local path = given.text(one.path) or ""
    if path:sub(1, #folder_of(deal) + 1) == folder_of(deal) .. "/"
      and given.text(one.name) == stem then return one end
  end
  return nil
end

function files.new(connection)
  local methods = {}
  function methods.names(deal) return names(connection, deal) end
  function methods.add(deal, file, name)
    local saved = http.write(connection.name, "POST", "/files/v3/files", { explain = client.explain,
      what = "the file " .. name, find = function() return uploaded(connection, deal, name) end,
      parts = { { name = "fileName", text = name }, { name = "folderPath", text = folder_of(deal) },
        { name = "options", text = '{"access":"PRIVATE","overwrite":true}' },
        { name = "file", file = file, filename = name } } }).body
    local types = json.array { { associationCategory = "HUBSPOT_DEFINED",
      associationTypeId = NOTE_TO_DEAL } }
    http.write(connection.name, "POST", "/crm/v3/objects/notes", { explain = client.explain,
      what = "the note with " .. name, look_first = true,
      find = function() return names(connection, deal)[name] and { name = name } or nil end,
      json = { properties = { hs_timestamp = time.now(), hs_note_body = name,
          hs_attachment_ids = tostring(saved.id) },
        associations = json.array { { to = { id = tostring(deal) }, types = types } } } })
  end
  return methods
end

return files
