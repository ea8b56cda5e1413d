-- The pages of a sent invoice, as images at the deal in Pipedrive and in HubSpot.

local function start(kind, rows)
  local today = time.today()
  local list = {}
  for i = 1, rows do list[i] = { product = "Työ " .. i, quantity = 1, unit = "HOUR", unitPrice = 80,
    discountPercent = 0, vatPercent = decimal "25.5", vatStatus = 1 } end
  local function invoice(number, status)
    return { partnerId = 51001, type = "SALES_INVOICE", status = status, date = today,
      originalInvoiceNumber = number, discountPercent = 0, vatStatus = 1, invoiceChannel = "EMAIL",
      language = "FINNISH", counterParty = { identifier = "1234567-1",
        email = "laskut@testiasiakas.example", counterPartyAddress = { name = "Testiasiakas Oy",
          street = "Mannerheimintie 12", zip = "00100", city = "Helsinki", country = "FINLAND" } },
      paymentInfo = { paymentMethod = "BANK_TRANSFER", currency = "EUR", dueDate = today,
        bankAccount = { accountNumber = "FI2112345600000785" }, currencyRate = 1,
        bankReferenceCode = "", bankReferenceCodeType = "FI" },
      extraInfo = { accountingByRow = true, unitPricesIncludeVat = false }, invoiceRows = list }
  end
  local procountor = sandbox("procountor", { seed = {
    customers = { { name = "Testiasiakas Oy", business_id = "1234567-1" } },
    invoices = { invoice(kind:upper() .. "-881", "SENT"),
      invoice(kind:upper() .. "-882", "UNFINISHED"), invoice("KASSA-881", "SENT"),
      invoice(kind:upper() .. "-999", "SENT") } } })
  return procountor, sandbox(kind, { seed = { deals = {
    { id = 881, title = "Sivusto", status = "won" },
    { id = 882, title = "Toinen", status = "won" } } } })
end

local function look(kind)
  local run = fire(kind .. " images")
  expect(run.state).is "done"
  return run.result
end

local function whole(kind)
  local _, crm = start(kind, 23)
  -- One of a deal that is not there is a warning.
  expect(look(kind)).has { invoices = 2, images = 2 }
  expect(crm.deals[1].files).count(2)
  expect(crm.deals[1].files[1]).has { name = "Invoice 1 page 1.png" }
  expect(crm.deals[1].files[2]).has { name = "Invoice 1 page 2.png" }
  expect(crm.deals[1].files[1].size > 60).is(true)
  expect(crm.deals[2].files).is(nil)
  expect(look(kind).images).is(0)
  expect(crm.deals[1].files).count(2)
end

test("each page of a sent invoice is at its deal, once; others have none", function()
  whole "pipedrive"
end)

test("HubSpot: each page of a sent invoice is on a note at its deal, once; others have none", function()
  whole "hubspot"
end)

for kind, path in pairs { pipedrive = "/api/v1/files", hubspot = "/files/v3/files" } do
  test(kind .. ": an image whose answer was lost is there once, one that failed comes the next time",
    function()
      local procountor, crm = start(kind, 23)
      crm.fault("POST " .. path .. " lost*1")
      procountor.fault "GET /api/invoices/8464001/image?page=2 error=400*1"
      look(kind)
      look(kind)
      expect(crm.deals[1].files).count(2)
    end)
end

test("HubSpot: a note whose answer was lost is there once", function()
  local _, crm = start("hubspot", 1)
  crm.fault "POST /crm/v3/objects/notes lost*1"
  expect(look("hubspot").images).is(1)
  look "hubspot"
  expect(crm.deals[1].files).count(1)
end)
