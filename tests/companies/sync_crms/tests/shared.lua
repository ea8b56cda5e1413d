-- What the tests of both CRMs have in common: one customer as each side has it, and a look at both.

local shared = {}

local PLACE = { name = "Testiasiakas Oy", street = "Mannerheimintie 12 B 34", zip = "00100",
  city = "Helsinki", country = "FINLAND" }

shared.A, shared.B = "1234567-1", "2012345-4" -- business IDs

local function with(record, fields)
  for name, value in pairs(fields or {}) do record[name] = value end
  return record
end

-- In the CRM's sandbox; country as people write it there.
function shared.organization(country, fields)
  return with({ id = 31, name = "Testiasiakas Oy", business_id = shared.A,
    email = "laskut@testiasiakas.example", phone = "+358 9 1234567",
    einvoice = { address = "003712345671", operator = "003721291126" },
    address = { street = PLACE.street, postal_code = PLACE.zip, city = PLACE.city,
      country = country } }, fields)
end

function shared.customer(fields)
  return with({ id = 51001, name = "Testiasiakas Oy", address = PLACE, billingAddress = PLACE,
    invoicingInfo = { identifier = shared.A, identifierType = "FI", invoiceChannel = "EMAIL",
      email = "laskut@testiasiakas.example", customerNumber = "1007",
      einvoiceAddress = "003712345671", einvoiceOperator = "003721291126" },
    paymentInfo = { paymentMethod = "BANK_TRANSFER", paymentTermDays = "21" },
    registryInfo = { active = true, phone = "+358 9 1234567" } }, fields)
end

-- Lets that schedule come; the runs that then wait for a person.
function shared.look(schedule)
  fire(schedule)
  local open = {}
  for _, run in ipairs(runs "wait") do
    expect(run.state == "failed" and run.reason or nil).is(nil)
    if run.state == "attention" then open[#open + 1] = run end
  end
  return open
end

-- Requests that wrote something, logging in aside; reads: parts of paths that are read by POST.
function shared.writes(system, reads)
  local n = 0
  for _, request in ipairs(system.requests) do
    local read = request.method == "GET" or request.path:find("/oauth/", 1, true) ~= nil
    for _, path in ipairs(reads or {}) do read = read or request.path:find(path, 1, true) ~= nil end
    if not read then n = n + 1 end
  end
  return n
end

-- What a person does in the CRM right before our next writes, one thing for each.
function shared.meanwhile(crm, ...)
  local acts = {}
  for i, form in ipairs { ... } do
    form.organization = 31
    acts[i] = { act = "organization", form = form }
  end
  crm.seed { settings = { meanwhile = acts } }
end

-- Waits until a system was asked n times for what has that path, in a run that goes on meanwhile;
-- as it will be unless we come too late ourselves.
function shared.asked(system, method, path, n)
  local last = time.ms() + 10000
  repeat
    time.sleep(0.02)
    local count = 0
    for _, request in ipairs(system.requests) do
      if request.method == method and request.path:find(path, 1, true) then count = count + 1 end
    end
  until count >= n or time.ms() > last
end

return shared
