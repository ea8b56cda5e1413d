--[[
What stands in the way of an invoice and shows in the sale itself, before anything is asked of the
accounting system.

  obstacles.of(sale, own_customer, registered, kind)  -> { { field, message }, ... }; own_customer: the
                                company finds the customer by itself; registered: a register may know
                                what is missing; kind: invoicing.rule's
  obstacles.is_finnish(customer)  -> true if it says, or its address shows, that a Finnish business ID is
                                meant
]]

local addresses = require "connectors.procountor.addresses"
local countries = require "connectors.procountor.countries"
local ids = require "ids"

local obstacles = {}

-- True if the customer says, or its address shows, that a Finnish business ID is meant.
function obstacles.is_finnish(customer)
  local country = customer.address and customer.address.country
  local name = not country and "FINLAND" or countries.name(country)
  return name == "FINLAND" or name == "ALAND_ISLANDS"
    or (customer.business_id and customer.business_id:upper():find("^FI")) ~= nil
end

-- Why a text is no business ID, in words.
local function wrong_business_id(text)
  local valid, reason = ids.business_id(text)
  if valid then return nil end
  local abroad = ids.check("eu_vat", text)
  if abroad and not abroad:find("^FI") then
    return ("it is a VAT number of %s; fill in the customer's country"):format(abroad:sub(1, 2))
  end
  return reason or "its check digit does not fit"
end

-- Everything that stands in the way of an invoice, in words; each with its field.
function obstacles.of(sale, own_customer, registered, kind)
  local list = {}
  local function add(field, text) list[#list + 1] = { field = field, message = text } end
  kind.no_rows(sale, add)
  local customer, at = sale.customer, sale.fields or {}
  if not own_customer then
    if not customer.name and not registered then
      add(at.name or "customer.name", "the customer has no name")
    end
    local problem = customer.address_problem
    if customer.address then problem = select(2, addresses.read(customer.address)) end
    -- The register has one, perhaps; if it has none, the connector says what is missing.
    if problem and not registered then
      add(at.address or "customer.address", problem .. "; fill in " .. kind.fields)
    end
    if customer.business_id and obstacles.is_finnish(customer) then
      local reason = wrong_business_id(customer.business_id)
      if reason then
        add(at.business_id or "customer.business_id", ('the business ID "%s" is not valid: %s'):format(
          customer.business_id, reason))
      end
    end
  end
  for _, problem in ipairs(sale.problems) do add(problem.field, problem.message) end
  return list
end

return obstacles
