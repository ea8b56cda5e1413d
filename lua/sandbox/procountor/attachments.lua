-- Files at invoices (outside-systems 1.13): a form of two parts, `meta` (JSON) and `file`; the answer
-- to a GET is multipart/mixed with both again.

local json = require "json"
local kit = require "sandbox.kit"
local world = require "sandbox.procountor.world"

local attachments = {}

local RIGHT = "salesOrGroupInvoices"
local MOST = 10000000 -- bytes of a file

-- { name = { headers = text, body = text } } of a multipart/form-data body, or nil.
local function parts_of(request, body)
  local boundary = (request.headers["content-type"] or "")
    :match('^multipart/form%-data;.*boundary="?([^";]+)')
  if not boundary then return nil end
  local parts, at = {}, 1
  local mark = "--" .. boundary
  while true do
    local first, last = body:find(mark, at, true)
    if not first or body:sub(last + 1, last + 2) == "--" then return parts end
    local stop = body:find("\r\n" .. mark, last, true)
    local split = body:find("\r\n\r\n", last, true)
    if not stop or not split or split > stop then return nil end
    local headers = body:sub(last + 3, split + 1)
    local name = headers:match('[Nn]ame="([^"]*)"')
    if name then parts[name] = { headers = headers, body = body:sub(split + 4, stop - 1) } end
    at = stop + 2
  end
end

local function check(meta, file)
  local errors = {}
  local function add(field, message)
    errors[#errors + 1] = { status = 400, field = field, message = message }
  end
  for _, name in ipairs { "name", "referenceType", "referenceId", "sendWithInvoice" } do
    if kit.is_null(meta[name]) then add(name, "NOT_NULL") end
  end
  if type(meta.name) == "string" and not meta.name:find("%.%w+$") then
    add("name", "The name needs an extension.")
  end
  if #file.body > MOST then add("file", "FILE_TOO_LARGE") end
  if not file.headers:lower():find("content-type:", 1, true) then add("file", "NOT_NULL mimeType") end
  return errors
end

function attachments.create(w, request, body)
  local refused = world.refuse(w, RIGHT, "write")
  if refused then return refused() end
  local parts = parts_of(request, body or "")
  if not parts or not parts.meta or not parts.file then
    return world.error(400, "The request is no form of the parts meta and file.")
  end
  local ok, meta = pcall(json.decode, parts.meta.body)
  if not ok or not kit.is_object(meta) then return world.error(400, "meta is not a JSON object.") end
  local errors = check(meta, parts.file)
  if #errors > 0 then return world.errors(errors) end
  local invoice = meta.referenceType == "INVOICE" and world.find(w.invoices, meta.referenceId)
  if not invoice then return world.error(400, "REFERENCE_NOT_FOUND", "referenceId") end
  local saved = { id = world.next_id(w, "attachment"), name = meta.name,
    referenceType = meta.referenceType, referenceId = invoice.id,
    mimeType = parts.file.headers:match("[Cc]ontent%-[Tt]ype:%s*([^\r\n;]+)"),
    sendWithInvoice = meta.sendWithInvoice == true }
  invoice.attachments[#invoice.attachments + 1] = saved
  w.files[tostring(saved.id)] = parts.file.body
  world.effect(w, "attachment.created", saved.id, tostring(invoice.id))
  return kit.json(200, saved)
end

function attachments.get(w, _, id)
  for _, invoice in ipairs(w.invoices) do
    local saved = world.find(invoice.attachments, id)
    if saved then
      local mark = "sauma-sandbox-part"
      local function part(kind, body)
        return ("--%s\r\nContent-Type: %s\r\n\r\n%s\r\n"):format(mark, kind, body)
      end
      return { status = 200, headers = { ["content-type"] = "multipart/mixed; boundary=" .. mark } },
        part("application/json", json.encode(saved)) .. part(saved.mimeType, w.files[tostring(id)])
          .. "--" .. mark .. "--\r\n"
    end
  end
  return world.not_found()
end

return attachments
