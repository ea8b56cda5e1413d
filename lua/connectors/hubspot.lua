--[[
HubSpot: deals whose stage became one that is won, by its webhooks v3; the deal with its line items,
company and contact is read from its API, since a webhook has property names and values only
(outside-systems 3.3). One delivery holds several events; each is an event of its own here.

  connect "hubspot" { url = "https://api.hubapi.com", token = secret "hubspot-token",
                      secret = secret "hubspot-client-secret", won = { "closedwon" },
                      organization_fields = { business_id = "y_tunnus" },
                      deal_fields = { payment_term_days = "maksuehto" } }

token is that of a private app. An app that a person allows has auth in its place, and is connected
with `sauma connect` (connectors/oauth.lua):

  auth = { oauth = "authorization_code", client_id = "...", scope = "oauth crm.objects.deals.read ...",
           client_secret = secret "hubspot-client-secret",
           authorize_url = "https://app.hubspot.com/oauth/authorize",
           token_url = "https://api.hubapi.com/oauth/v1/token" }

secret is the app's client secret, with which deliveries are signed; the signature covers the address
to which HubSpot sends them, so that a host behind a proxy must know its own (serve's --public-url;
public_url of the connection, if this one comes by another: "https://x.example/hooks/acme/hubspot").
won lists the stages (their ids, which are the account's own) that count as won. Rules listen to
"hubspot.deal.propertyChange" (or "hubspot.object.propertyChange") and get the deal
(connectors/crm/deal.lua), as far as the event says; of other events the event as it came.

  hubspot.deals.whole(deal)   the deal with its line items, company and contact
  hubspot.deals.get(id)       what the deal itself says, or nil
  hubspot.deals.owner(deal)   { name, email } of its owner, or nil
  hubspot.companies.get(id) .update(id, properties)       (also hubspot.organizations)
  hubspot.companies.find(business_id)   { id, name }, or nil; by organization_fields.business_id
  hubspot.companies.tell_payment_status(id, status)   into payment_fields; true if it was another
  hubspot.customers.get(id) .list(since) .matches(query) .update .create   companies as the plain CRM
                              has organizations, for rules/customer_sync.lua (crm/customers.lua)
  hubspot.files.names(deal) .add(deal, file, name)   files of a deal (hubspot/files.lua)
  hubspot.products.list() .differs .tell    as in connectors/crm.lua (hubspot/products.lua)

organization_fields and deal_fields say under which of HubSpot's properties the company's own fields
are, payment_fields and payment_words how a payment status is written, see connectors/pipedrive.lua;
product_fields where what products have no property for is: unit, vat_percent, finance_id, and active
(true or false). vat_field (of line items; "hs_tax_rate") where their VAT percentage
is, and unit_field where their unit is, if anywhere; vat_percent is for line items that say none.

Sources: outside-systems 3.3; the shapes of answers are those of HubSpot's CRM API v3 as its public
clients use it.
]]

local decimal = require "decimal"
local given = require "given"
local money = require "money"
local client = require "connectors.hubspot.client"
local companies = require "connectors.hubspot.companies"
local customers = require "connectors.hubspot.customers"
local files = require "connectors.hubspot.files"
local products = require "connectors.hubspot.products"
local deal = require "connectors.crm.deal"
local shape = require "connectors.crm.shape"
local oauth = require "connectors.oauth"

local PATHS = { deal = "the deal in HubSpot", organization = "the company in HubSpot" }
local DEAL = { "dealname", "amount", "deal_currency_code", "dealstage", "hs_lastmodifieddate",
  "hubspot_owner_id" }
local CONTACT = { "firstname", "lastname", "email", "phone" }
local LINE = { "name", "hs_sku", "quantity", "price", "hs_discount_percentage", "discount",
  "description", "hs_position_on_quote" }
local get, names, properties_of, exact = client.get, client.names, client.properties, client.exact
local DEAL_TYPE = "0-3" -- objectTypeId of deals in generic events

local function options_of(settings, name)
  return { prefix = settings.prefix or name:upper(), vat_percent = settings.vat_percent,
    paths = PATHS }
end

local function is_won(settings, stage)
  for _, one in ipairs(settings.won or { "closedwon" }) do
    if one == stage then return true end
  end
  return false
end

-- Ids of associated records; the API writes "line items" as it stands.
local function associated(record, name)
  local all = given(record.associations)
  local list = type(all) == "table" and (given(all[name]) or given(all[(name:gsub("_", " "))])) or nil
  local ids, seen = {}, {}
  for _, item in ipairs(type(list) == "table" and given(list.results) or {}) do
    local id = shape.id(item.id)
    if id and not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  return ids
end

local function deal_of(id, properties, settings)
  local stage = given.text(properties.dealstage)
  return shape.fields(properties, settings.deal_fields, { id = id, title = properties.dealname,
    status = stage and (is_won(settings, stage) and "won" or stage) or nil,
    value = exact(properties.amount), currency = properties.deal_currency_code,
    updated_at = properties.hs_lastmodifieddate, owner = properties.hubspot_owner_id })
end

local function organization_of(id, properties, settings)
  return shape.fields(properties, settings.organization_fields, { id = id, name = properties.name,
    phone = properties.phone, address = { street = properties.address, co = properties.address2,
      postal_code = properties.zip, city = properties.city, country = properties.country } })
end

local function person_of(id, properties)
  local parts = {}
  for _, name in ipairs { "firstname", "lastname" } do
    parts[#parts + 1] = given.text(properties[name])
  end
  return { id = id, name = #parts > 0 and table.concat(parts, " ") or nil,
    email = properties.email, phone = properties.phone }
end

-- HubSpot's discount is money off each unit, or a percentage.
local function line_of(properties, settings)
  local line = { product_code = properties.hs_sku, name = properties.name,
    quantity = exact(properties.quantity), unit_price = exact(properties.price),
    unit = settings.unit_field and properties[settings.unit_field],
    description = properties.description,
    vat_percent = exact(properties[settings.vat_field or "hs_tax_rate"]) }
  local percent = money.number(given(exact(properties.hs_discount_percentage)) or 0)
  local off = money.number(given(exact(properties.discount)) or 0)
  local price = money.number(given(line.unit_price))
  if percent and percent ~= decimal(0) then
    line.discount_percent = percent
  elseif off and price and off ~= decimal(0) then
    line.unit_price = price - off
  end
  return line
end

local function lines_of(connection, ids)
  local settings, lines = connection.settings, {}
  for i, id in ipairs(ids) do
    local properties = properties_of(get(connection, "/crm/v3/objects/line_items/" .. id,
      { properties = names(LINE, { settings.unit_field }, settings.vat_field or "hs_tax_rate") }))
    lines[i] = { line = line_of(properties, settings), index = i,
      position = tonumber(given.text(properties.hs_position_on_quote) or "") or math.huge }
  end
  table.sort(lines, function(a, b)
    if a.position ~= b.position then return a.position < b.position end
    return a.index < b.index
  end)
  for i, entry in ipairs(lines) do lines[i] = entry.line end
  return lines
end

local function whole(connection, read)
  local settings = connection.settings
  if not read.id then return read end
  local record = get(connection, "/crm/v3/objects/deals/" .. read.id, {
    properties = names(DEAL, settings.deal_fields), associations = "companies,contacts,line_items" })
  local it = deal_of(read.id, properties_of(record), settings)
  it.lines = lines_of(connection, associated(record, "line_items"))
  local organization, person
  local company, contact = associated(record, "companies")[1], associated(record, "contacts")[1]
  if company then
    organization = organization_of(company, properties_of(get(connection, "/crm/v3/objects/companies/"
      .. company, { properties = names(companies.PROPERTIES, settings.organization_fields) })), settings)
  end
  if contact then
    person = person_of(contact, properties_of(get(connection, "/crm/v3/objects/contacts/" .. contact,
      { properties = names(CONTACT) })))
  end
  return deal.read({ trigger = read.trigger, data = { deal = it, organization = organization,
    person = person } }, options_of(settings, connection.name))
end

-- What the deal itself says, or nil.
local function deal_alone(connection, id)
  local settings = connection.settings
  local record = client.find(connection, "/crm/v3/objects/deals/" .. tostring(id), {
    properties = names(DEAL, settings.deal_fields), associations = "companies" })
  if not record then return nil end
  local it = deal_of(tostring(id), properties_of(record), settings)
  it.organization_id = associated(record, "companies")[1]
  return it
end

-- An event of the stage is a deal of which no more is known.
local function event(entry, payload)
  if type(payload) ~= "table" then return payload end
  local type_id, kind = given.text(payload.objectTypeId), given.text(payload.subscriptionType) or ""
  if not kind:find("^deal%.") and type_id ~= DEAL_TYPE then return payload end
  local stage = given.text(payload.propertyName) == "dealstage" and payload.propertyValue or nil
  local read = deal.read({ data = { deal = deal_of(shape.id(payload.objectId), { dealstage = stage },
    entry.settings) } }, options_of(entry.settings, entry.name))
  read.organization_key = read.id and entry.name .. " deal " .. read.id
  return read
end

return {
  kind = "hubspot",
  settings = shape.settings {
    url = { type = "address", required = true, help = '"https://api.hubapi.com"' },
    token = { type = "credential", help = "of a private app" },
    auth = { type = "table", help = "in its place, of an app that a person allows: "
      .. "connectors/oauth.lua" },
    secret = { type = "secret_or_false", required = true,
      help = "the app's client secret; false: deliveries are not checked" },
    public_url = { type = "string", like = { "^https?://[^%s/]", "that begins with https://" },
      help = "where HubSpot sends webhooks, if not below --public-url" },
    won = { type = "texts", help = "ids of the stages that count as won" },
    vat_percent = { type = "percent", help = "of line items that say none" },
    vat_field = { type = "string", like = { "^[%w_]+$", "that names a property" },
      help = "property of line items with their VAT percentage" },
    currency = { type = "string", like = { "^%u%u%u$", 'like "EUR"' },
      help = "of the account, in which products' prices are (EUR)" },
    unit_field = { type = "string", like = { "^[%w_]+$", "that names a property" },
      help = "property of line items with their unit" },
  },
  check = function(settings)
    if (settings.token == nil) == (settings.auth == nil) then
      return "token is a private app's, auth that of an app which a person allows: give one of them"
    end
    return settings.auth and oauth.check(settings.auth) or shape.check(settings)
  end,
  auth = function(settings)
    if settings.auth then return oauth.auth(settings.auth) end
    return { type = "bearer", token = settings.token }
  end,
  webhook = function(settings)
    return { event = "subscriptionType", id = "eventId", attempt = "attemptNumber", each = true,
      address = settings.public_url,
      signature = settings.secret == false and "none" or "hubspot" }
  end,
  customers = customers,
  deal_events = { "deal.propertyChange", "object.propertyChange" },
  event = event,
  about = function(read) return read.kind == "deal" and deal.about(read) or nil end,
  new = function(connection)
    local organizations = companies.new(connection)
    return {
      deals = { whole = function(read) return whole(connection, read) end,
        get = function(id) return deal_alone(connection, id) end,
        owner = function(read) return client.owner(connection, read.owner) end },
      companies = organizations, organizations = organizations,
      customers = customers.new(connection), files = files.new(connection),
      products = products.new(connection),
    }
  end,
}
