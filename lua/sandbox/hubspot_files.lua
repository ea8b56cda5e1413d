-- Files of HubSpot's account and notes at its deals, as its public API has them: a file is uploaded,
-- then named by a note that is associated with the deal. Routes for sandbox/hubspot.lua.

local json = require "json"
local kit = require "sandbox.kit"
local mime = require "sandbox.mime"
local world = require "sandbox.crm.world"

local NOTE_TO_DEAL = 214

return function(refuse)
  local function post_file(w, request, body)
    local parts = mime.form(request, body)
    local file = parts and parts.file
    if not file then return refuse(400, "file is required") end
    local ok, options = pcall(json.decode, parts.options and parts.options.body or "")
    if not ok or type(options) ~= "table" or not options.access then
      return refuse(400, "options: access is required")
    end
    local folder = parts.folderPath and parts.folderPath.body
    if not folder then return refuse(400, "folderId or folderPath is required") end
    local name = parts.fileName and parts.fileName.body or file.headers:match('filename="([^"]*)"')
    local path = folder .. "/" .. name
    w.files = w.files or kit.array()
    local saved
    for _, one in ipairs(w.files) do
      if options.overwrite and one.path == path then saved = one end
    end
    if not saved then
      saved = { id = tostring(77000 + #w.files + 1) }
      w.files[#w.files + 1] = saved
    end
    saved.path, saved.size, saved.access = path, #file.body, options.access
    saved.name, saved.extension = name:match("^(.*)%.(%w+)$")
    return kit.json(201, saved)
  end

  local function search_files(w, request)
    local wanted, results = kit.query(request, "name") or "", kit.array()
    for _, one in ipairs(w.files or {}) do
      if one.name:lower():find(wanted:lower(), 1, true) then results[#results + 1] = one end
    end
    return kit.json(200, { total = #results, results = results })
  end

  -- The deal of a note's associations, or nil and what is wrong.
  local function deal_of(w, body)
    for _, one in ipairs(body.associations or {}) do
      local kind = (one.types or {})[1] or {}
      if kind.associationCategory == "HUBSPOT_DEFINED" and kind.associationTypeId == NOTE_TO_DEAL then
        local deal = world.find(w.deals, tostring((one.to or {}).id))
        if not deal then return nil, 404, "the deal of the association is not there" end
        return deal
      end
    end
    return nil, 400, "no association with a deal"
  end

  local function post_note(w, _, body)
    local properties = body.properties or {}
    if type(properties.hs_timestamp) ~= "string" then return refuse(400, "hs_timestamp is required") end
    local deal, status, problem = deal_of(w, body)
    if not deal then return refuse(status, problem) end
    deal.files = deal.files or kit.array()
    for id in (properties.hs_attachment_ids or ""):gmatch("[^;]+") do
      local file = world.find(w.files or {}, id)
      if not file then return refuse(400, "hs_attachment_ids: there is no file " .. id) end
      deal.files[#deal.files + 1] = { id = file.id, size = file.size,
        name = file.name .. "." .. file.extension }
    end
    w.notes = w.notes or kit.array()
    local note = { id = tostring(88000 + #w.notes + 1), deal = tostring(deal.id),
      properties = { hs_timestamp = properties.hs_timestamp,
        hs_note_body = "<p>" .. tostring(properties.hs_note_body) .. "</p>",
        hs_attachment_ids = properties.hs_attachment_ids } }
    w.notes[#w.notes + 1] = note
    return kit.json(201, { id = note.id, properties = note.properties })
  end

  local function notes_of_deal(w, request, _, id)
    if not world.find(w.deals, id) then return refuse(404, "resource not found") end
    local after = math.tointeger(tonumber(kit.query(request, "after") or "0")) or 0
    local limit = math.tointeger(tonumber(kit.query(request, "limit") or "100")) or 100
    local all, results = {}, kit.array()
    for _, note in ipairs(w.notes or {}) do
      if note.deal == id then all[#all + 1] = note end
    end
    for i = after + 1, math.min(after + limit, #all) do
      results[#results + 1] = { toObjectId = math.tointeger(tonumber(all[i].id)),
        associationTypes = kit.array { { category = "HUBSPOT_DEFINED", typeId = NOTE_TO_DEAL } } }
    end
    return kit.json(200, { results = results, paging = after + limit < #all
      and { next = { after = tostring(after + limit) } } or nil })
  end

  local function read_notes(w, _, body)
    local results = kit.array()
    if #(body.inputs or {}) > 100 then return refuse(400, "at most 100 inputs") end
    for _, input in ipairs(body.inputs or {}) do
      for _, note in ipairs(w.notes or {}) do
        if note.id == tostring(input.id) then
          results[#results + 1] = { id = note.id, properties = note.properties }
        end
      end
    end
    return kit.json(200, { status = "COMPLETE", results = results })
  end

  return {
    { "POST", "/files/v3/files", post_file, raw = true },
    { "GET", "/files/v3/files/search", search_files },
    { "POST", "/crm/v3/objects/notes", post_note },
    { "POST", "/crm/v3/objects/notes/batch/read", read_notes },
    { "GET", "/crm/v4/objects/deals/{id}/associations/notes", notes_of_deal },
  }
end
