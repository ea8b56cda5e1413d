--[[
Pipedrive: deals that are won, by its webhooks v1 or v2; the deal's products, organization and person
are read from its API, since the webhook has none of them (outside-systems 3.2).

  connect "pipedrive" { url = "https://acme.pipedrive.com/api", api_token = secret "pipedrive-token",
                        secret = secret "pipedrive-webhook",
                        organization_fields = { business_id = "8f2c..." },
                        deal_fields = { payment_term_days = "51ab...", project_reference = "77d0..." } }

api_token is a user's own (Personal preferences, API): it may do what that user may. An app of the
company's own that has an OAuth token gives token instead; so that it is renewed, it gives auth, and
is connected with `sauma connect` (connectors/oauth.lua):

  auth = { oauth = "authorization_code", client_id = "...", client_secret = secret "pipedrive-app",
           client_auth = "basic", authorize_url = "https://oauth.pipedrive.com/oauth/authorize",
           token_url = "https://oauth.pipedrive.com/oauth/token", try = "/v1/users/me" }

The webhook has no signature; it is created with a user and a password for Basic authentication, and
secret is the password, or "user:password". version = 1 for webhooks v1 (they have no id of a delivery,
so that one that comes twice is two events; the deal is invoiced once all the same).

Rules listen to "pipedrive.deal" (v2) or "pipedrive.updated.deal" (v1), and get the deal
(connectors/crm/deal.lua); of other events the payload as it came.

  pipedrive.deals.whole(deal)   the deal with its products, discounts, organization and person
  pipedrive.deals.get(id)       what the deal itself says, or nil
  pipedrive.deals.owner(deal)   { name, email } of its owner, or nil
  pipedrive.organizations.get(id)         as API v2 has it: the company's own fields in custom_fields
  pipedrive.organizations.update(id, fields)   fields by Pipedrive's own names, 40 hex digits or not
  pipedrive.organizations.find(business_id)   { id, name }, or nil; by organization_fields.business_id
  pipedrive.organizations.tell_payment_status(id, status)  into payment_fields; true if it was another
  pipedrive.customers.get(id) .list(since) .matches(query) .update .create   organizations as the plain
                                CRM has them, for rules/customer_sync.lua (crm/customers.lua)
  pipedrive.products.list() .differs .tell    as in connectors/crm.lua (pipedrive/products.lua)
  pipedrive.files.names(deal) .add(deal, file, name)      files of a deal, as in connectors/crm.lua
  pipedrive.notes.add { deal = id, text = }               a note at the deal

organization_fields and deal_fields say under which of Pipedrive's keys (40 hex digits, in its settings
of data fields) the company's own fields are: business_id, invoice_email, phone, einvoice_address,
einvoice_operator, language; payment_term_days, project_reference, order_reference, bank_reference,
auto_invoice, pdf_url, language. payment_fields says so for the parts of a payment status,
payment_words how its states are called there (crm/status_fields.lua). product_fields.finance_id
is a text field of products for where they came from. vat_percent is for products that say no tax.
prefix: see connectors/crm.lua.

Everything goes by API v2 but what v2 does not have: files, notes, users and the history of an
organization's fields. What has a twin in v2 Pipedrive's v1 serves without support since 2026-08-01, and
may stop to serve any day (developers.pipedrive.com, changelog).

Sources: outside-systems 3.2; API v2's migration guide and Pipedrive's own client; changelog.
]]

local crypto = require "crypto"
local current = require "current"
local decimal = require "decimal"
local given = require "given"
local log = require "log"
local money = require "money"
local addresses = require "connectors.procountor.addresses"
local client = require "connectors.pipedrive.client"
local customers = require "connectors.pipedrive.customers"
local organizations = require "connectors.pipedrive.organizations"
local products = require "connectors.pipedrive.products"
local deal = require "connectors.crm.deal"
local shape = require "connectors.crm.shape"
local oauth = require "connectors.oauth"

local PATHS = { deal = "the deal in Pipedrive", organization = "the organization in Pipedrive" }
local PAGE, get = client.PAGE, client.get

local function options_of(settings, name)
  return { prefix = settings.prefix or name:upper(), vat_percent = settings.vat_percent,
    paths = PATHS }
end

-- The first, or the one that is marked as primary, of a person's e-mail addresses or phones.
local function primary(list)
  if type(list) ~= "table" then return given.text(list) end
  for _, item in ipairs(list) do
    if item.primary then return given.text(item.value) end
  end
  return list[1] and given.text(list[1].value) or nil
end

local function deal_of(record, settings)
  local status = given.text(record.status)
  return shape.fields(record, settings.deal_fields, { id = shape.id(record.id), title = record.title,
    status = status, value = record.value, currency = record.currency,
    updated_at = record.update_time, owner = given(record.owner_id) or given(record.user_id),
    organization_id = shape.id(record.org_id), person_id = shape.id(record.person_id) })
end

-- An address is one text, and parts that Pipedrive makes of it loosely ("12 B 34" is 12 there): so the
-- text counts, if it can be read.
local function place_of(address)
  if type(given(address)) ~= "table" then return address end
  local text, code = given.text(address.value), given.text(address.postal_code)
  if text and addresses.read(text) or not code then return text end
  local street, number = given.text(address.route), given.text(address.street_number)
  return { street = street and number and street .. " " .. number or street, postal_code = code,
    city = given.text(address.locality), country = given.text(address.country) }
end

local function organization_of(record, settings)
  return shape.fields(record, settings.organization_fields, { id = shape.id(record.id),
    name = record.name, address = place_of(record.address) })
end

local function person_of(record)
  return { id = shape.id(record.id), name = record.name, email = primary(record.emails),
    phone = primary(record.phones) }
end

-- A discount in money is taken off the price, if that leaves a price with the decimals there are;
-- else the line says so, and a person decides.
local function discount_into(line, record)
  local discount = money.number(given(record.discount) or 0)
  if not discount or discount == decimal(0) then return end
  if given.text(record.discount_type) ~= "amount" then
    line.discount_percent = record.discount
    return
  end
  local quantity, price = money.number(record.quantity), money.number(record.item_price)
  if not (quantity and price) or quantity == decimal(0) then return end
  local each = ((quantity * price - discount) / quantity):round(4)
  if each * quantity == quantity * price - discount then
    line.unit_price = each
  else
    line.discount_percent = ("%s of %s in money, which no price with four decimals gives"):format(
      money.plain(discount), money.plain(quantity * price))
  end
end

local function line_of(record, product)
  local line = { product_code = given(product.code), name = given(record.name) or product.name,
    quantity = record.quantity, unit = given(product.unit), unit_price = record.item_price,
    description = record.comments }
  discount_into(line, record)
  local method = given.text(record.tax_method)
  if method == "none" then line.vat_percent = 0
  elseif given(record.tax) ~= nil and (method or money.number(record.tax) ~= decimal(0)) then
    line.vat_percent = record.tax
  end
  return line, method == "inclusive"
end

-- The products that rows name, by their ids: a row has neither code nor unit.
local function catalogue_of(connection, records)
  local ids, seen, found = {}, {}, {}
  for _, record in ipairs(records) do
    local id = shape.id(record.product_id)
    if id and not seen[id] then seen[id], ids[#ids + 1] = true, id end
  end
  for first = 1, #ids, PAGE do
    local some = table.concat(ids, ",", first, math.min(first + PAGE - 1, #ids))
    for _, product in ipairs(client.pages(connection, "/v2/products", { ids = some, limit = PAGE })) do
      found[shape.id(product.id)] = product
    end
  end
  return found
end

local function products_of(connection, id)
  local records = client.pages(connection, ("/v2/deals/%s/products"):format(id), { limit = PAGE })
  local catalogue, lines, inclusive = catalogue_of(connection, records), {}, nil
  for _, record in ipairs(records) do
    if record.is_enabled ~= false then
      local line, with_tax = line_of(record, catalogue[shape.id(record.product_id)] or {})
      local often = given.text(record.billing_frequency)
      if often and often ~= "one-time" then
        current.warn('"%s" is billed %s in Pipedrive; this invoice has it once', tostring(line.name),
          often)
      end
      lines[#lines + 1] = line
      if inclusive == nil then inclusive = with_tax end
      if inclusive ~= with_tax then
        line.vat_percent = "both with tax and without among the products"
      end
    end
  end
  return lines, inclusive
end

-- What is off the whole deal, as the invoice has it: one discount in percent. How several add up, and
-- how much VAT one in money is off, a person decides. An account without them has no such list.
local function discount_of(connection, id)
  local list = client.find(connection, ("/v2/deals/%s/discounts"):format(id), { 403, 404 }) or {}
  local first = list[1]
  if not first then return nil end
  if #list == 1 and first.type == "percentage" then return first.amount end
  local words = {}
  for i, one in ipairs(list) do
    words[i] = money.plain(money.number(given(one.amount)) or 0)
      .. (one.type == "percentage" and " %" or " in money")
  end
  return table.concat(words, ", ") .. " off the whole deal"
end

-- When a deal is to be billed is not judged here: the invoice is of the whole.
local function warn_of_installments(connection, id)
  local words = {}
  for i, one in ipairs(client.find(connection, "/v2/deals/installments?deal_ids=" .. id,
    { 403, 404 }) or {}) do
    words[i] = ("%s on %s"):format(money.plain(money.number(given(one.amount)) or 0),
      given.text(one.billing_date) or "?")
  end
  if #words == 0 then return end
  current.warn("the deal has %d installments in Pipedrive (%s); this invoice is of the whole", #words,
    table.concat(words, ", "))
end

local function whole(connection, read)
  local settings = connection.settings
  if not read.id then return read end
  -- What the webhook said may be old by now.
  local it = deal_of(get(connection, "/v2/deals/" .. read.id).data, settings)
  it.lines, it.prices_include_vat = products_of(connection, read.id)
  it.discount_percent = discount_of(connection, read.id)
  warn_of_installments(connection, read.id)
  local organization, person
  if it.organization_id then
    organization = organization_of(get(connection, "/v2/organizations/" .. it.organization_id).data,
      settings)
  end
  if it.person_id then person = person_of(get(connection, "/v2/persons/" .. it.person_id).data) end
  local full = deal.read({ trigger = read.trigger, data = { deal = it, organization = organization,
    person = person } }, options_of(settings, connection.name))
  full.organization_key = read.organization_key
  return full
end

-- The changed object and what is known of it, of either version of webhooks.
local function event(entry, payload)
  local meta = type(payload) == "table" and given(payload.meta)
  if type(meta) ~= "table" then return payload end
  local record = given(payload.data) or given(payload.current)
  if (given.text(meta.entity) or given.text(meta.object)) ~= "deal" or type(record) ~= "table" then
    return payload
  end
  local previous = given(payload.previous)
  local it = deal_of(record, entry.settings)
  local read = deal.read({ data = { deal = it }, occurred_at = meta.timestamp },
    options_of(entry.settings, entry.name))
  -- Of a change that was no change of the status nothing comes; a new deal may be won at once.
  if type(previous) == "table" and next(previous) and (given(previous.status) == nil
    or previous.status == record.status) then
    read.won, read.unchanged = false, true
  end
  read.organization_key = it.organization_id and entry.name .. " " .. it.organization_id
  return read
end

local function files_of(connection)
  local files = {}
  function files.names(id)
    local names = {}
    for _, one in ipairs(client.list(connection, ("/v1/deals/%s/files"):format(id))) do
      names[given.text(one.name) or ""] = true
    end
    return names
  end
  function files.add(id, file, name)
    client.write(connection, "POST", "/v1/files", { what = "the file " .. name, look_first = true,
      parts = { { name = "deal_id", text = tostring(id) },
        { name = "file", file = file, filename = name } },
      find = function() return files.names(id)[name] and { name = name } or nil end })
  end
  return files
end

-- A note carries a mark of what it says, by which it is found.
local function add_note(connection, note)
  local mark = crypto.sha256(note.deal .. "\n" .. note.text):sub(1, 12)
  local content = ("%s [%s]"):format(log.mask(note.text), mark)
  return client.write(connection, "POST", "/v1/notes", {
    json = { deal_id = math.tointeger(tonumber(note.deal)) or note.deal, content = content },
    what = "a note", look_first = true,
    find = function()
      local found = {}
      for _, item in ipairs(given(get(connection, "/v1/notes", { deal_id = note.deal,
        limit = PAGE }).data) or {}) do
        if tostring(item.content):find(mark, 1, true) then found[#found + 1] = item end
      end
      return found[1], #found
    end })
end

return {
  kind = "pipedrive",
  settings = shape.settings {
    url = { type = "address", required = true, help = 'the API\'s address, e.g. '
      .. '"https://acme.pipedrive.com/api"' },
    api_token = { type = "credential", help = "of a user: Personal preferences, API" },
    token = { type = "credential", help = "OAuth token of an app, in the place of api_token" },
    auth = { type = "table", help = "in the place of both, of an app that a person allows: "
      .. "connectors/oauth.lua" },
    secret = { type = "secret_or_false", required = true,
      help = "password of the webhook's Basic authentication; false: it has none" },
    version = { type = "integer", help = "of its webhooks: 2 (default) or 1" },
    vat_percent = { type = "percent", help = "of products that say no tax" },
  },
  check = function(settings)
    if settings.version and settings.version ~= 1 and settings.version ~= 2 then
      return "version is that of the webhooks: 1 or 2"
    end
    local ways = (settings.api_token ~= nil and 1 or 0) + (settings.token ~= nil and 1 or 0)
      + (settings.auth ~= nil and 1 or 0)
    if ways ~= 1 then
      return "api_token is a user's, token an app's (OAuth), auth that of an app which a person allows: "
        .. "give one of them"
    end
    return settings.auth and oauth.check(settings.auth) or shape.check(settings)
  end,
  auth = function(settings)
    if settings.auth then return oauth.auth(settings.auth) end
    if settings.token then return { type = "bearer", token = settings.token } end
    return { type = "bearer", header = "x-api-token", token = settings.api_token }
  end,
  webhook = function(settings)
    local first = settings.version == 1
    return { event = first and "event" or "meta.entity", id = first and "" or "meta.id",
      attempt = first and "retry" or "meta.attempt",
      signature = settings.secret == false and "none" or "basic" }
  end,
  customers = customers,
  deal_events = function(settings)
    return settings.version == 1 and { "updated.deal", "added.deal" } or { "deal" }
  end,
  event = event,
  about = function(read) return read.kind == "deal" and deal.about(read) or nil end,
  new = function(connection)
    return {
      deals = { whole = function(read) return whole(connection, read) end,
        get = function(id)
          local record = client.find(connection, "/v2/deals/" .. tostring(id))
          return record and deal_of(record, connection.settings)
        end,
        owner = function(read) return client.user(connection, read.owner) end },
      customers = customers.new(connection),
      organizations = organizations.new(connection), products = products.new(connection),
      files = files_of(connection),
      notes = { add = function(note) return add_note(connection, note) end } }
  end,
}
