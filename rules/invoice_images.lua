--[[
The pages of an invoice that was sent, as images at the deal it was made of: what the customer got, where
the salesperson looks for it.

  use "invoice_images" { every = "1h" }

By schedule each sent invoice that is newer in Procountor, and that a deal of the CRM became (its
original number begins with the CRM's prefix), is looked at: the images that the deal does not have yet
are read from Procountor and put there ("Invoice 10231 page 1.png"), each once. Procountor's API has no
PDF of an invoice; these images are what it gives.

Options (all may be left out):
  every, at, time_zone  how often: a schedule's words ("1h")
  pages     at most so many of an invoice (10); that there are more is a warning
  crm, finance, name  the connections ("crm", "procountor") and the rule's own name

The CRM is a connection of kind crm, pipedrive or hubspot. The first run goes 30 days back.
]]

local connections = require "connections"
local current = require "current"
local http = require "http"
local options = require "options"
local overlap = require "overlap"
local roles = require "roles"
local time = require "time"

local KNOWN = { name = { type = "text" }, every = { type = "every" }, at = { type = "text" },
  time_zone = { type = "text" }, pages = { type = "integer", min = 1, max = 1000 },
  crm = { type = "text" }, finance = { type = "text" } }
local FIRST_DAYS = 30 -- that a first run goes back, by the invoices' dates
local SENT = "SENT,APPROVED,PARTLY_PAID,PAID,MARKED_PAID"

-- The CRM's connection, or nil and why nothing can be put there.
local function place(settings)
  local crm = connections.get(settings.crm)
  if crm and type(crm.object) == "table" and crm.object.files then return crm end
  return nil, ('crm: connection "%s"%s takes no files; one of kind "crm", "pipedrive" or "hubspot" does')
    :format(settings.crm, crm and " of kind " .. crm.kind or "")
end

-- Puts what is missing at the deal; how many pages that were.
local function put(crm, books, invoice, deal, settings)
  local there, n = crm.object.files.names(deal), 0
  for page = 1, settings.pages + 1 do
    local name = ("Invoice %s page %d.png"):format(tostring(invoice.number), page)
    if not there[name] then
      local image = books.invoices.image(invoice.id, page)
      if not image then return n end
      if page > settings.pages then
        current.warn("invoice %s has more than %d pages; the rest is not put at the deal",
          tostring(invoice.number), settings.pages)
        return n
      end
      crm.object.files.add(deal, image, name)
      n = n + 1
    end
  end
  return n
end

local function run(settings, since)
  local crm, missing = place(settings)
  if not crm then error(missing, 0) end
  local books = connections.get(settings.finance).object
  local prefix = (crm.settings.prefix or crm.name:upper()) .. "-"
  local version, failed = since and since.version, false
  local result = { invoices = 0, images = 0 }
  local query = { status = SENT, versionStartDate = version and overlap.earlier(version) }
  if not version then
    query.startDate = time.add_days(time.today(current.company.time_zone), -FIRST_DAYS)
  end
  for _, invoice in ipairs(books.payments.search(query)) do
    local number = invoice.original_number or ""
    if number:sub(1, #prefix) == prefix then
      local n, problem = http.try(put, crm, books, invoice, number:sub(#prefix + 1), settings)
      result.invoices, result.images = result.invoices + 1, result.images + (n or 0)
      if problem then
        -- A deal that is gone stays so; all else is looked at again from here on.
        failed = failed or problem.status ~= 404
        current.warn("images of invoice %s could not be put at its deal: %s", tostring(invoice.number),
          tostring(problem))
      end
    end
    if invoice.version and (not version or invoice.version > version) then version = invoice.version end
  end
  return { version = not failed and version or since and since.version }, result
end

return function(given)
  options.check(given, KNOWN)
  local settings = { pages = given.pages or 10, crm = given.crm or "crm",
    finance = given.finance or "procountor" }
  -- One that is declared further down is looked at when all are known.
  if connections.get(settings.crm) then
    local _, problem = place(settings)
    if problem then error(problem, 0) end
  end
  return { name = given.name or "invoice_images", poll = {
    every = given.every or (not given.at and "1h") or nil, at = given.at, time_zone = given.time_zone,
    needs = { settings.crm, settings.finance },
    check = function()
      local _, problem = place(settings)
      return problem or roles.problem { { "finance", settings.finance, "finance" } }
    end,
    run = function(since) return run(settings, since) end } }
end
