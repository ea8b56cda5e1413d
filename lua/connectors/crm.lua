--[[
A CRM with the plain interface of outside-systems 3.4: it sends events of deals, organizations,
contacts and products, and takes back what finance knows.

  connect "crm" { secret = secret "crm", url = env "CRM_URL", token = secret "crm-token" }

Rules listen to "crm.deal.won" (any other event by its own name). Of a deal's event they get the deal
(connectors/crm/deal.lua), of others the payload as it came, without nulls. secret proves who sends;
url and token are for what is read and written there, and may be left out where nothing is:

  crm.deals.whole(deal)            the deal with all its parts: those that the event left out are read
  crm.deals.get(id)                a deal as the CRM has it, or nil
  crm.organizations.get(id) .find(business_id) .list(since) .matches(query)
  crm.organizations.update(id, fields, version)  changes those fields alone (PATCH); refused (409) if
                                    somebody else was first. Written with `source`, so that an event
                                    about it can be told from one about a change of somebody's
  crm.organizations.create(fields, query)  a new one, unless one is there already: one that fits the
                                    query ({ business_id = or name = }) and has these fields
  crm.organizations.set_payment_status(id, status)  the whole of it (PUT)
  crm.organizations.payment_status(id)  what stands there, or nil
  crm.organizations.tell_payment_status(id, status)  writes it if it is another; true if it was
  crm.products.put(code, product)   the whole product (PUT)
  crm.products.tell(code, fields, there)  writes these fields and leaves the others as they stand
                                    there (as get or list gave it; nil: a new one); false: nothing new
  crm.files.names(deal)             what files a deal has: { ["a.png"] = true }
  crm.files.add(deal, file, name)   puts a file (a handle) there, once by its name
  crm.notify(text [, data])         a notification in the CRM: what notify("crm", text) calls

Settings: prefix begins the original number of invoices ("CRM"; the connection's name in capitals, if
it has one of its own). Do not change it: a deal would be invoiced again. vat_percent is for lines that
say none. manual_send = "hold": what somebody sent by hand is held too. button = secret "crm-button":
the token with which a button in the CRM may send what is held, see README.
]]

local deal = require "connectors.crm.deal"
local given = require "given"
local http = require "http"
local log = require "log"
local current = require "current"
local numbers = require "connectors.procountor.numbers"
local shape = require "connectors.crm.shape"

local holds = shape.holds

local SOURCE = "sauma"
-- What the CRM says of a product by itself.
local PRODUCT_OF_CRM = { id = true, code = true, version = true, source = true, created_at = true,
  updated_at = true, updated_by = true }

-- What its answers say of an error: { error = "words", field = "..." }.
local function explain(_, body)
  if type(body) ~= "table" then return nil end
  return given.text(body.error), given.text(body.field)
end

local function prefix_of(connection)
  return connection.settings.prefix or connection.name:upper()
end

local function options_of(connection)
  return { prefix = prefix_of(connection), vat_percent = connection.settings.vat_percent }
end

local function need_address(connection)
  if connection.settings.url then return end
  error(('connection "%s" has no url, so nothing can be read from it or written to it: connect "crm" '
    .. '{ url = env "CRM_URL", token = secret "crm-token" }'):format(connection.name), 0)
end

local function escape(id)
  return (tostring(id):gsub("[^%w%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function get(connection, path, query, accept)
  need_address(connection)
  return http.get(connection.name, path, { query = query, explain = explain, accept = accept })
end

-- Every page of a list.
local function list(connection, path, query)
  local all, after = {}, nil
  repeat
    local page = {}
    for name, value in pairs(query or {}) do page[name] = value end
    page.after = after
    local body = get(connection, path, page).body
    for _, item in ipairs(given(body.items) or {}) do all[#all + 1] = item end
    after = given.text(body.next)
  until not after
  return all
end

local function organizations_of(connection)
  local organizations = {}
  function organizations.get(id)
    local answer = get(connection, "/v1/organizations/" .. escape(id), nil, { 404 })
    return answer.status < 300 and answer.body or nil
  end
  function organizations.find(business_id)
    local wanted = numbers.of(business_id)
    for _, record in ipairs(list(connection, "/v1/organizations", { business_id = business_id })) do
      local there = numbers.of_organization(record)
      if not there or numbers.same(wanted, there) then return record end
    end
    return nil
  end
  function organizations.list(since)
    return list(connection, "/v1/organizations", { updated_since = since })
  end
  function organizations.update(id, fields, version)
    need_address(connection)
    local body = { source = SOURCE, version = version }
    for name, value in pairs(fields) do body[name] = value end
    return http.write(connection.name, "PATCH", "/v1/organizations/" .. escape(id), { json = body,
      explain = explain, what = "organization " .. tostring(id), find = function()
        local there = organizations.get(id)
        return there and holds(there, fields) and there or nil
      end }).body
  end
  function organizations.matches(query)
    return list(connection, "/v1/organizations", query)
  end
  function organizations.create(fields, query)
    need_address(connection)
    local body = { source = SOURCE }
    for name, value in pairs(fields) do body[name] = value end
    return http.write(connection.name, "POST", "/v1/organizations", { json = body, explain = explain,
      what = ('organization "%s"'):format(tostring(fields.name)), look_first = true,
      find = function()
        local found = {}
        for _, record in ipairs(organizations.matches(query)) do
          if holds(record, fields) then found[#found + 1] = record end
        end
        return found[1], #found
      end }).body
  end
  function organizations.set_payment_status(id, status)
    need_address(connection)
    local path = "/v1/organizations/" .. escape(id) .. "/payment-status"
    return http.write(connection.name, "PUT", path, { json = status, explain = explain,
      what = "payment status of " .. tostring(id), find = function()
        local answer = get(connection, path, nil, { 404 })
        return answer.status < 300 and holds(answer.body, status) and answer.body or nil
      end }).body
  end
  function organizations.payment_status(id)
    local path = "/v1/organizations/" .. escape(id) .. "/payment-status"
    local answer = get(connection, path, nil, { 404 })
    return answer.status < 300 and given.clean(answer.body) or nil
  end
  function organizations.tell_payment_status(id, status)
    local there = organizations.payment_status(id)
    if there and holds(there, status) and holds(status, there) then return false end
    organizations.set_payment_status(id, status)
    return true
  end
  return organizations
end

local function products_of(connection)
  local products = {}
  function products.get(code)
    local answer = get(connection, "/v1/products/" .. escape(code), nil, { 404 })
    return answer.status < 300 and answer.body or nil
  end
  function products.list()
    return list(connection, "/v1/products")
  end
  function products.put(code, product)
    need_address(connection)
    return http.write(connection.name, "PUT", "/v1/products/" .. escape(code), { json = product,
      explain = explain, what = "product " .. tostring(code), find = function()
        local there, wanted = products.get(code), {}
        for name, value in pairs(product) do wanted[name] = value end
        wanted.source = nil
        return there and holds(there, wanted) and there or nil
      end }).body
  end
  -- A product that is not there is nothing to be taken out of sale.
  function products.differs(fields, there)
    if not there then return fields.active == true end
    return not holds(there, fields)
  end
  function products.tell(code, fields, there)
    if not products.differs(fields, there) then return false end
    local whole = {}
    for name, value in pairs(there or {}) do
      if not PRODUCT_OF_CRM[name] then whole[name] = value end
    end
    for name, value in pairs(fields) do whole[name] = value end
    whole.source = SOURCE
    products.put(code, whole)
    return true
  end
  return products
end

local function files_of(connection)
  local files = {}
  local function path(id) return "/v1/deals/" .. escape(id) .. "/files" end
  function files.names(id)
    local names = {}
    for _, one in ipairs(list(connection, path(id))) do names[one.name] = true end
    return names
  end
  function files.add(id, file, name)
    http.write(connection.name, "POST", path(id), { explain = explain, what = "the file " .. name,
      parts = { { name = "file", file = file, filename = name } }, look_first = true,
      find = function() return files.names(id)[name] and { name = name } or nil end })
  end
  return files
end

-- The parts that the event left out; without an address the event has to do.
local function whole(connection, read)
  if not connection.settings.url or not read.id then return read end
  local data = read.payload.data
  local organization, it = given(data.organization), data.deal
  if given(it.lines) and (organization or not given(it.organization_id)) then return read end
  local event = { trigger = read.payload.trigger, occurred_at = read.payload.occurred_at,
    data = { deal = it, organization = organization, person = given(data.person) } }
  if not given(it.lines) then
    event.data.deal = get(connection, "/v1/deals/" .. escape(read.id)).body
  end
  local id = given(event.data.deal.organization_id)
  if not organization and id then
    event.data.organization = get(connection, "/v1/organizations/" .. escape(id)).body
  end
  local person = given(event.data.deal.person_id)
  if not given(event.data.person) and person then
    event.data.person = get(connection, "/v1/contacts/" .. escape(person)).body
  end
  return deal.read(event, options_of(connection))
end

-- A notice of the same text for the same run is one: the CRM knows it by its key.
local function notify(connection, words, data)
  need_address(connection)
  local call = current.call
  local key = ("%s-%d"):format(tostring(call.run or (call.event and call.event.id) or "test"),
    current.seq())
  local answer, problem = http.try(http.write, connection.name, "POST", "/v1/notifications", {
    json = { key = key, text = log.mask(words), data = data }, explain = explain, lost = "drop",
    what = "a notification", find = function()
      local found = list(connection, "/v1/notifications", { key = key })
      return found[1], #found
    end })
  if answer and not answer.unknown then return true end
  problem = answer and answer.problem or tostring(problem)
  current.warn("the notification to %s did not get through: %s", connection.name, problem)
  return false, problem
end

local function new(connection)
  return {
    deals = { read = function(event) return deal.read(event, options_of(connection)) end,
      whole = function(read) return whole(connection, read) end,
      get = function(id)
        local answer = get(connection, "/v1/deals/" .. escape(id), nil, { 404 })
        return answer.status < 300 and answer.body or nil
      end },
    organizations = organizations_of(connection), products = products_of(connection),
    files = files_of(connection),
    notify = function(words, data) return notify(connection, words, data) end,
  }
end

local function check(settings)
  if settings.secret == false and settings.signature then
    return "signature without a secret: nothing could be checked"
  end
  if settings.token and not settings.url then return "token without a url: it would not be used" end
  return nil
end

local function webhook(settings)
  return { event = "type", id = "id", attempt = "attempt",
    signature = settings.secret == false and "none" or settings.signature or "any" }
end

-- Which organization an event tells of, and which ones became part of it.
local function told(event)
  local data = given(event.data)
  local id = type(data) == "table" and given.text((given(data.organization) or {}).id) or nil
  local previous = given((given(event.previous) or {}).organization) or {}
  local from = event.type == "organization.merged" and given.text(previous.id) or nil
  return id, from and from ~= id and { from } or {}
end

return {
  kind = "crm",
  settings = {
    secret = { type = "secret_or_false", required = true,
      help = "with which the CRM proves itself; false: it does not" },
    signature = { type = "string", one_of = { "hmac", "secret", "basic", "any" } },
    url = { type = "address", help = "where its API is" },
    token = { type = "credential", help = "for its API" },
    prefix = { type = "string", like = { "^[%w_%-%.]+$", 'like "CRM"' },
      help = "of the invoices' original numbers" },
    vat_percent = { type = "percent", help = "of lines that say none" },
    manual_send = { type = "string", one_of = { "go", "hold" },
      help = 'of a rule that is "manual": does a deal sent by hand go on, or is it held too' },
    button = { type = "credential", help = "the token of a button in the CRM that sends what is held" },
  },
  check = check, webhook = webhook,
  customers = { told = told, events = function()
    return { "organization.created", "organization.updated", "organization.merged",
      "organization.deleted" }
  end },
  auth = function(settings)
    return settings.token and { type = "bearer", token = settings.token } or { type = "none" }
  end,
  event = function(entry, payload)
    local data = type(payload) == "table" and given(payload.data)
    if type(data) ~= "table" or not given(data.deal) then return payload end
    return deal.read(payload, options_of(entry))
  end,
  sent = function(entry, read)
    return read.trigger == "manual" and entry.settings.manual_send ~= "hold"
  end,
  about = function(read) return read.kind == "deal" and deal.about(read) or nil end,
  new = new,
}
