--[[
Where an e-invoice goes, as people write it and as Procountor takes it (outside-systems 1.10, 6.6).

  einvoice.read(given, country)   given = { address, operator }; country: Procountor's name
      -> { address, operator } without spaces and hyphens, or nil if there is no address;
         nil and why it cannot be one, in words

In Finland an address is an OVT code (0037, the eight digits of a business ID, and up to five more
characters), an IBAN, or another code of letters and digits ("TE0037..."). What is written as
"address@operator" is both. A Peppol participant (0216:0037...) is the OVT code behind it.
]]

local given = require "given"
local ids = require "ids"

local einvoice = {}

local function compact(text)
  return text and text:upper():gsub("[%s%-]", "") or nil
end

-- Why a Finnish address is none, or nil.
local function wrong(address)
  if address:find("@", 1, true) then return ('"%s" is an e-mail address'):format(address) end
  if not address:find("^%w+$") then
    return ('"%s" holds more than letters and digits'):format(address)
  end
  if address:find("^0037") then
    local digits = address:match("^0037(%d%d%d%d%d%d%d%d)%w?%w?%w?%w?%w?$")
    if not digits then
      return ('the OVT code "%s" is not 0037, the eight digits of a business ID and at most five more '
        .. "characters"):format(address)
    end
    local valid, reason = ids.business_id(digits)
    if not valid then
      return ('the business ID in the OVT code "%s" is not valid (%s)'):format(address, reason or "?")
    end
  elseif address:find("^FI%d") and not ids.iban(address) then
    return ('the account number "%s" is not valid: its check digits do not fit'):format(address)
  end
  return nil
end

function einvoice.read(value, country)
  local address, operator = given.text(value.address), given.text(value.operator)
  if not address then return nil end
  if country ~= "FINLAND" and country ~= "ALAND_ISLANDS" then
    return { address = compact(address), operator = compact(operator) }
  end
  address, operator = compact(address), compact(operator)
  local before, behind = address:match("^(%w+)@(%w+)$")
  if before then address, operator = before, operator or behind end
  address = address:gsub("^0216:", "")
  local reason = wrong(address)
  if reason then return nil, reason end
  return { address = address, operator = operator }
end

return einvoice
