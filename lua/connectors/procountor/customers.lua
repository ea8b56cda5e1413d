--[[
Customers in Procountor's register of business partners (outside-systems 1.8).

  customers.ensure(wanted)  -> the customer with that business ID, or a new one
  customers.find(wanted)    -> the customer or nil
  customers.create(wanted)  -> the same, by a name that says what is expected
  customers.same(wanted)    -> records with that business ID: the active ones, else the inactive ones
  customers.like(record)    -> the same of the business ID of a record that is there, itself among them
  customers.alike(wanted)   -> records whose name is the same or nearly so, and that may be the same
                               customer by their business IDs; for a person to choose from
  customers.agreed(customer)  -> { payment_terms = days, einvoice = { address, operator } }: what the
                               register says of a customer that is there, each nil if it says nothing;
                               the e-invoice address if its invoices go there
and whole records (partners.lua): get, replace, changed

wanted = { name (needed), business_id, address (table or text), email, phone, contact = { name,
email, phone } or a name, language, payment_terms (days), currency, channel, einvoice = { address,
operator }, consumer = true, key = a text that is the same for the same origin, e.g. "C2C-10042",
fill = function(wanted) -> wanted: called when ensure finds nobody with that business ID, before the
customer is made (a register's, see register.lua);
suggest = function(wanted): called before a company without a business ID is made; it may ask a person;
partner = what a person chose: the id of a customer there, or "new"; partner_field = where in the data
of the event that is set, for the words to that person }

A customer = { id, name, business_id, identifier, vat_number, address, email, active, created,
record }, where record is Procountor's object. business_id is a Finnish one, identifier whatever is
kept there; vat_number of either kind, if it is valid.

An inactive customer is used as it is, with a warning: a second one of the same business ID would be
worse, and whoever made it inactive may want to know before it is active again.

The business ID alone decides who is the same. Without one nobody is taken for the same by name: a
wrong customer on an invoice is worse than one too many. Where the register has a company of that
name or nearly so (namesakes.lua), a person is asked, whose choice is `partner`; a consumer is made
anew, since two people may share a name. The connection's setting similar_customers = "new" makes
companies anew too, with a line in the log. What we made ourselves under the same key is found again
by the key, which stands in the second comment of the partner.
]]

local ids = require "ids"
local names = require "names"
local url = require "url"
local given = require "given"
local log = require "log"
local current = require "current"
local ending = require "ending"
local lock = require "lock"
local addresses = require "connectors.procountor.addresses"
local countries = require "connectors.procountor.countries"
local einvoices = require "connectors.procountor.einvoice"
local emails = require "connectors.procountor.email"
local namesakes = require "connectors.procountor.namesakes"
local numbers = require "connectors.procountor.numbers"
local partners = require "connectors.procountor.partners"
local preflight = require "connectors.procountor.preflight"
local words = require "connectors.procountor.words"

local EU = {}
for code in ("AT BE BG CY CZ DE DK EE EL ES FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
  :gmatch("%S+") do EU[code] = true end

-- Identity: { text = what is stored, type = identifierType, number = numbers.of, business_id =
-- "1234567-1" if it is Finnish }. nil: there is none. Ends the run if it is wrong.
local function identity(wanted, country)
  local text = given.text(wanted.business_id)
  if not text or log.is_personal(text) then return nil end
  local home = country == "FINLAND" or country == "ALAND_ISLANDS"
  local field = (given(wanted.sources) or {}).business_id or "business_id"
  local at = field ~= "business_id" and (" (%s)"):format(field) or ""
  local number = numbers.of(text, country)
  local business_id = numbers.finnish(number)
  if business_id then
    return { text = business_id, type = "FI", business_id = business_id, number = number,
      vat_number = ids.vat_number(business_id) }
  end
  if home or text:upper():find("^FI") then
    local abroad, _, reason = ids.check("eu_vat", text), ids.business_id(text)
    if abroad and abroad:find("^FI") == nil then
      reason = ("it is a VAT number of %s, and the address is in Finland"):format(abroad:sub(1, 2))
    end
    ending.attention(('"%s" is not a business ID%s: %s. Correct the business ID or the country of %s '
      .. "where it comes from and send it again."):format(text, at, reason or "it is not valid",
      given.text(wanted.name) or "the customer"), { field = field, value = text })
  end
  -- Another country's number is compared without spaces, marks and the country in front. Whether it
  -- is a register's number or a VAT number shows only by that prefix.
  local compact = text:upper():gsub("[^%w]", "")
  local code = countries.code(country) or ""
  if code == "GR" then code = "EL" end
  local vat_number, wrong = ids.check("eu_vat", compact)
  if not vat_number and EU[code] and compact:find("^" .. code .. "%d") then
    ending.attention(('"%s" is not a VAT number%s: %s. Correct the business ID of %s where it comes '
      .. "from and send it again."):format(text, at, wrong, given.text(wanted.name) or "the customer"),
      { field = field, value = text })
  end
  text = vat_number or text
  local kind = numbers.TYPES:find(" " .. code .. " ", 1, true) and code or nil
  return { text = text, type = kind, vat_number = vat_number, number = numbers.of(text, country, kind) }
end

local function part(record, name)
  local value = given(record[name])
  return type(value) == "table" and value or {}
end

-- Header values are ASCII; how others are to be written is not documented, so they are
-- percent-encoded, and each hit is compared here anyway.
local function header_text(text)
  if text:find("[^\32-\126]") or text:find("%", 1, true) then return url.encode(text) end
  return text
end

local function search(client, header, value, active, fits)
  local found = {}
  local list = client:list("/businesspartners", { type = "CUSTOMER",
    active = not active and "false" or nil }, { [header] = header_text(value) })
  for _, record in ipairs(list) do
    -- Suppliers and persons may have the same identifier.
    if (given.text(record.type) or "CUSTOMER") == "CUSTOMER" and fits(record) then
      found[#found + 1] = record
    end
  end
  return found
end

local function merge(into, records)
  for _, record in ipairs(records) do
    local known = false
    for _, other in ipairs(into) do known = known or other.id == record.id end
    if not known then into[#into + 1] = record end
  end
end

local function list_text(records)
  local texts = {}
  for _, record in ipairs(records) do
    texts[#texts + 1] = ("%s (id %s)"):format(given.text(record.name) or "?", tostring(record.id))
  end
  return table.concat(texts, ", ")
end

-- All partners with that number: the active ones, else the inactive ones. Inactive partners are
-- hidden by default, and the spellings may or may not be one to the search, so each is asked for: with
-- hyphen, as the VAT number that somebody wrote in its place, and without.
local function by_number(client, number)
  local function fits(record)
    return numbers.same(number, numbers.kept(record))
  end
  for _, active in ipairs { true, false } do
    local found = {}
    for _, form in ipairs(numbers.forms(number)) do
      merge(found, search(client, "identifier", form, active, fits))
    end
    if #found > 0 then return found end
  end
  return {}
end

local function customer_of(record, wanted, created)
  local invoicing = part(record, "invoicingInfo")
  local identifier = given.text(invoicing.identifier)
  local business_id = numbers.finnish(numbers.kept(record))
  -- record is there for who asks, and no part of a result that is shown.
  return setmetatable({ id = record.id, name = given.text(record.name),
    business_id = business_id, identifier = identifier,
    vat_number = business_id and ids.vat_number(business_id)
      or identifier and ids.check("eu_vat", identifier) or nil,
    address = wanted and wanted.address
      or addresses.from(record.billingAddress) or addresses.from(record.address),
    email = wanted and emails.usable(wanted.email) or given.text(invoicing.email),
    active = part(record, "registryInfo").active ~= false, created = created or false },
    { __index = { record = record } })
end

local function one_of(found, wanted, who)
  if #found == 0 then return nil end
  if #found > 1 then
    local active = part(found[1], "registryInfo").active ~= false
    ending.attention(("%d customers in Procountor have the business ID %s: %s. %s there, then retry.")
      :format(#found, who.text, list_text(found), active and "Merge them or inactivate all but one"
        or "All of them are inactive: activate the right one"), { business_id = who.text })
  end
  local customer = customer_of(found[1], wanted)
  if not customer.active then
    current.warn("customer %s (%s) is inactive in Procountor and was used all the same",
      customer.name or "?", who.text)
  end
  return customer
end

local function contact_of(wanted)
  local contact = given(wanted.contact)
  if type(contact) == "string" then contact = { name = contact } end
  if type(contact) ~= "table" or not given.text(contact.name) then return nil end
  return { name = given.text(contact.name), email = emails.usable(contact.email),
    phone = given.text(contact.phone) }
end

-- The wanted customer with its address read; nothing is taken from the register here.
local function prepare(wanted)
  if type(wanted) ~= "table" then error("a customer is a table: { name = ..., ... }", 3) end
  local copy = {}
  for key, value in pairs(wanted) do copy[key] = value end
  local address, reason = addresses.read(wanted.address)
  copy.address, copy.address_problem = address, not address and reason or nil
  copy.country = address and address.country or addresses.country(wanted.address) or "FINLAND"
  return copy
end

local function tag_of(wanted)
  local key = given.text(wanted.key) or given.text(current.call.run)
  return key and ("sauma " .. key):sub(1, 100) or nil
end

local function body_of(client, wanted, who)
  local name = given.text(wanted.name)
  if not name then
    ending.attention("The customer has no name. Add it where it comes from and send it again.")
  end
  if not wanted.address then
    ending.attention(("The customer %s cannot be added to Procountor: %s. Give the street, the "
      .. "postal code and the city in fields of their own and send it again."):format(name,
      wanted.address_problem or "there is no address"), { field = "address" })
  end
  local email = emails.usable(wanted.email)
  local einvoice = given(wanted.einvoice) or {}
  local terms = wanted.payment_terms
  local contact = contact_of(wanted)
  local place = addresses.of(name, wanted.address)
  local body = {
    name = name, type = "CUSTOMER", address = place, billingAddress = addresses.of(name,
      wanted.address),
    invoicingInfo = {
      identifier = who and who.text or nil, identifierType = who and who.type or nil,
      invoiceChannel = wanted.channel or (email and "EMAIL" or "NO_SENDING"), email = email,
      contactPerson = contact and contact.name or nil,
      language = words.language(wanted.language) or words.language(current.company.language)
        or "FINNISH",
      einvoiceAddress = given.text(einvoice.address),
      einvoiceOperator = given.text(einvoice.operator),
    },
    contactPersons = contact and { contact } or nil,
    -- The term of a partner is a text in Procountor's API, unlike all other numbers.
    paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = wanted.currency or "EUR",
      paymentTermDays = terms and tostring(terms) or nil },
    registryInfo = { active = true, phone = given.text(wanted.phone) },
    additionalInfo = not who and { comments2 = tag_of(wanted) } or nil,
  }
  preflight.body(body, partners.LIMITS, { subject = "the customer " .. log.mask(name),
    sources = given(wanted.sources), transliterate = client.settings.transliterate })
  return body
end

-- What of a name to search for. How letters outside ASCII are read in a header is not known, so a
-- name that has some is also asked for by its longest part that has none.
local function name_terms(name)
  local terms, best = { name }, ""
  if not name:find("[\x80-\xff]") then return terms end
  for part_of_name in name:gmatch("[%w]+") do
    if #part_of_name > #best then best = part_of_name end
  end
  if #best >= 3 then terms[2] = best end
  return terms
end

-- Customers without an identity that carry our key: made by an earlier run of the same origin.
local function by_tag(client, wanted)
  local name, tag = given.text(wanted.name), tag_of(wanted)
  local known, ours = {}, {}
  if not name or not tag then return ours, known end
  for _, active in ipairs { true, false } do
    for _, term in ipairs(name_terms(name)) do
      merge(known, search(client, "name", term, active, function(record)
        local other = given.text(record.name)
        return other == name or (other ~= nil and names.fold(other) == names.fold(name))
      end))
    end
  end
  for _, record in ipairs(known) do
    if not given.text(part(record, "invoicingInfo").identifier) then
      -- The search does not show comments; only the whole record does.
      local whole = client:get("/businesspartners/" .. tostring(record.id))
      if part(whole, "additionalInfo").comments2 == tag then ours[#ours + 1] = whole end
    end
  end
  return ours, known
end

-- The customer that a person chose. A business ID still outranks that: two different ones are two
-- companies.
local function chosen(client, wanted, who, partner)
  local where = given.text(wanted.partner_field) or "partner"
  local record, status
  if partner:find("^%d+$") then
    record, status = client:get("/businesspartners/" .. partner, nil, nil, { 404 })
  end
  if not record or status == 404 or (given.text(record.type) or "CUSTOMER") ~= "CUSTOMER" then
    ending.attention(('Procountor has no customer with the id %s, which %s says. Set it to the id of a '
      .. 'customer, or to "new".'):format(partner, where), { field = where, value = partner })
  end
  local kept = given.text(part(record, "invoicingInfo").identifier)
  if who and kept and not numbers.same(who.number, numbers.kept(record)) then
    ending.attention(("The customer %s (id %s), which was chosen, has the business ID %s in Procountor, "
      .. "and the data says %s. Correct one of them, or choose another customer with %s."):format(
      given.text(record.name) or "?", partner, kept, who.text, where), { field = where })
  end
  return one_of({ record }, wanted, who or { text = kept or "no business ID" })
end

local function new(client)
  local customers = {}

  local function create(wanted, who, looked)
    local body = body_of(client, wanted, who)
    local record, adopted = client:post("/businesspartners", body, function()
      local found = who and by_number(client, who.number) or by_tag(client, wanted)
      return found[1], #found
    end, ('customer "%s"'):format(body.name), looked)
    local customer = customer_of(record, wanted, not adopted)
    customer.name = customer.name or body.name
    customer.business_id = customer.business_id or (who and who.business_id)
    if wanted.register and not wanted.register.vat_registered then customer.vat_number = nil end
    return customer
  end

  function customers.find(wanted)
    wanted = prepare(wanted)
    local who = identity(wanted, wanted.country)
    if who then return one_of(by_number(client, who.number), wanted, who) end
    local ours = by_tag(client, wanted)
    return ours[1] and customer_of(ours[1], wanted) or nil
  end

  function customers.same(wanted)
    wanted = prepare(wanted)
    local who = identity(wanted, wanted.country)
    return who and by_number(client, who.number) or {}
  end

  function customers.like(record)
    local number = numbers.kept(record)
    return number and by_number(client, number) or {}
  end

  -- The new customer as its `fill` has it. The identity that was looked for stays what it is.
  local function filled(wanted, as_given)
    local fill = wanted.fill
    if type(fill) ~= "function" then return wanted end
    local result = fill(as_given)
    if type(result) ~= "table" then error("fill of a customer returned no customer", 0) end
    return prepare(result)
  end

  function customers.ensure(wanted)
    local as_given = wanted
    wanted = prepare(wanted)
    local who = identity(wanted, wanted.country)
    local partner = given.text(wanted.partner)
    local wants_new = partner ~= nil and partner:lower() == "new"
    if partner and not wants_new then return chosen(client, wanted, who, partner) end
    if who then
      -- Rules with other keys may be at the same customer: the second finds what the first made.
      local forms = numbers.forms(who.number)
      return lock("procountor.customer " .. client.name .. " " .. forms[#forms], function()
        local looked = current.seq() + 1
        return one_of(by_number(client, who.number), wanted, who)
          or create(filled(wanted, as_given), who, looked)
      end)
    end
    return lock(("procountor.customer %s %s"):format(client.name, tag_of(wanted) or "?"), function()
      local looked = current.seq() + 1
      local ours, known = by_tag(client, wanted)
      if ours[1] then return customer_of(ours[1], wanted) end
      if not wanted.consumer then
        if wanted.suggest and not wants_new then wanted.suggest(as_given) end
        merge(known, namesakes.like(client, given.text(wanted.name)))
        if #known > 0 and not wants_new then namesakes.ask(client, wanted, known) end
      end
      return create(wanted, nil, looked)
    end)
  end

  customers.create = customers.ensure

  -- A search shows neither, so the whole record is read.
  function customers.agreed(customer)
    local record = customers.get(customer.id)
    if not record then return {} end
    local invoicing, agreed = part(record, "invoicingInfo"), {}
    -- The term of a partner is a text there.
    local days = (given.text(part(record, "paymentInfo").paymentTermDays) or ""):match("^%d+$")
    days = days and math.tointeger(tonumber(days))
    if days and days <= 999 then agreed.payment_terms = days end
    if invoicing.invoiceChannel == "ELECTRONIC_INVOICE" then
      local address = part(record, "billingAddress").country and part(record, "billingAddress")
        or part(record, "address")
      local einvoice, reason = einvoices.read({ address = invoicing.einvoiceAddress,
        operator = invoicing.einvoiceOperator }, address.country)
      if reason then
        current.warn("the e-invoice address of %s in Procountor was not used: %s", customer.name or "?",
          reason)
      end
      agreed.einvoice = einvoice and einvoice.operator and einvoice or nil
    end
    return agreed
  end

  function customers.alike(wanted)
    wanted = prepare(wanted)
    local who, name = identity(wanted, wanted.country), given.text(wanted.name)
    local known, alike = {}, {}
    if not name then return known end
    for _, active in ipairs { true, false } do
      for _, term in ipairs(name_terms(name)) do
        merge(known, search(client, "name", term, active, function(record)
          local other = given.text(record.name)
          return other ~= nil and names.fold(other) == names.fold(name)
        end))
      end
    end
    merge(known, namesakes.like(client, name))
    for _, record in ipairs(known) do
      local number = numbers.kept(record)
      if not (who and number) or numbers.alike(who.number, number) then
        alike[#alike + 1] = record
      end
    end
    return alike
  end

  for word, method in pairs(partners.new(client)) do customers[word] = method end
  return customers
end

return { new = new }
