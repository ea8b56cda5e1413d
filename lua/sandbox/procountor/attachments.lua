-- Files at invoices (outside-systems 1.13): a form of two parts, `meta` (JSON) and `file`; the answer
-- to a GET is multipart/mixed with both again.

local json = require "json"
local kit = require "sandbox.kit"
local mime = require "sandbox.mime"
local world = require "sandbox.procountor.world"

local attachments = {}

local RIGHT = "salesOrGroupInvoices"
local MOST = 10000000 -- bytes of a file

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
  local parts = mime.form(request, body or "")
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

-- The smallest PNG there is: one grey point. Nobody has to read it to know that it came through.
local PNG = mime.base64("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVA"
  .. "AAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg")
local ROWS = 20 -- of a page

-- GET /invoices/{id}/image?page=: two parts, what it is and the image.
function attachments.image(w, request, id)
  local invoice = world.find(w.invoices, id)
  local page = math.tointeger(tonumber(kit.query(request, "page") or "1")) or 0
  local format = kit.query(request, "format") or "PNG"
  if not invoice or page < 1 or page > (#invoice.invoiceRows + ROWS - 1) // ROWS then
    return world.not_found()
  end
  if format ~= "PNG" then return world.error(400, "The sandbox has images in PNG.", "format") end
  local mark = "sauma-sandbox-part"
  return { status = 200, headers = { ["content-type"] = "multipart/mixed; boundary=" .. mark } },
    table.concat({ "--" .. mark, "Content-Type: application/json", "",
      json.encode { invoiceId = invoice.id, page = page }, "--" .. mark, "Content-Type: image/png", "",
      PNG, "--" .. mark .. "--", "" }, "\r\n")
end

return attachments
