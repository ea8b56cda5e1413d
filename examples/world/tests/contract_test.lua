-- The signed contract's PDF goes with the invoice.

local function signed(url)
  local event = json.decode(fixture_text "signed.json")
  event.contract.pdf_url = url
  return event
end

test("the contract is put at the invoice, to be sent with it, once", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  sandbox "ytj"
  sandbox "zapier"
  sandbox "smtp"
  local contracts = sandbox("click2contract", { connection = "contracts" })
  local run = deliver("click2contract", signed(contracts.url .. "/contracts/10042.pdf"))
  expect(run.state).is "done"
  expect(run.result).has { attached = "C2C-10042.pdf" }
  expect(run.result.warnings).is(nil)
  local invoice = procountor.invoices[1]
  expect(invoice.attachments).count(1)
  expect(invoice.attachments[1]).has { name = "C2C-10042.pdf", mimeType = "application/pdf",
    referenceType = "INVOICE", sendWithInvoice = true }
end)

test("an answer that is lost makes no second file", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  sandbox "ytj"
  sandbox "zapier"
  sandbox "smtp"
  local contracts = sandbox("click2contract", { connection = "contracts" })
  procountor.fault "POST /api/attachments lost*1"
  local run = deliver("click2contract", signed(contracts.url .. "/contracts/10042.pdf"))
  expect(run.state).is "done"
  expect(procountor.invoices[1].attachments).count(1)
end)

test("a contract that cannot be fetched or put there is a warning, and the invoice stands", function()
  local procountor = sandbox "procountor"
  sandbox "slack"
  sandbox "ytj"
  sandbox "zapier"
  sandbox "smtp"
  local contracts = sandbox("click2contract", { connection = "contracts" })
  for i, url in ipairs { contracts.url .. "/contracts/", "https://elsewhere.example/10042.pdf" } do
    local event = signed(url)
    event.id, event.contract.id = "evt_w" .. i, "w" .. i
    local run = deliver("click2contract", event)
    expect(run.state).is "done"
    expect(run.result.warnings[1]).contains "attach it there by hand"
    expect(procountor.invoices[i].attachments).count(0)
  end
  procountor.fault "POST /api/attachments error=403"
  local event = signed(contracts.url .. "/contracts/w3.pdf")
  event.id, event.contract.id = "evt_w3", "w3"
  expect(deliver("click2contract", event).result.warnings[1]).contains "attach it there by hand"
end)
