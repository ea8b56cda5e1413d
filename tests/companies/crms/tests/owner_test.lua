-- The salesperson whose deal needs somebody hears of it.

local function crm(kind, more)
  local deal = { id = 881, title = "Verkkosivusto", status = "won", value = 200, currency = "EUR",
    organization_id = 31, lines = {} }
  for name, value in pairs(more or {}) do deal[name] = value end
  return sandbox("procountor"), sandbox(kind, { seed = { organizations = { { id = 31,
    name = "Testiasiakas Oy", business_id = "1234567-8", address = { street = "Mannerheimintie 12",
      postal_code = "00100", city = "Helsinki" } } }, deals = { deal } } })
end

local LINES = { { name = "Työ", quantity = 1, unit = "h", unit_price = 80,
  vat_percent = decimal "25.5" } }

for _, kind in ipairs { "pipedrive", "hubspot" } do
  local event = kind == "pipedrive" and "pipedrive_v2.json" or "hubspot.json"

  test(kind .. ": the deal's owner gets a mail that says what is the matter", function()
    local mail = sandbox "smtp"
    sandbox "slack"
    crm(kind, { lines = LINES })
    local run = deliver(kind, fixture(event))
    expect(run.state).is "attention"
    runs "wait"
    expect(mail.mails).count(1)
    expect(mail.mails[1].to).contains "mira@yritys.example"
    expect(mail.mails[1].subject).contains(('"Verkkosivusto" (%s-881) odottaa sinua'):format(
      kind:upper()))
    expect(mail.mails[1].text).contains 'Y-tunnus "1234567-8" on virheellinen'
    expect(mail.mails[1].text).contains "lähetä se uudelleen"
  end)

  test(kind .. ": of a deal whose owner is not there the company's own person hears", function()
    local mail = sandbox "smtp"
    sandbox "slack"
    crm(kind, { lines = LINES, owner_id = 4 })
    local run = deliver(kind, fixture(event, { ["data.owner_id"] = kind == "pipedrive" and 4 or nil }))
    expect(run.state).is "attention"
    runs "wait"
    expect(mail.mails[1].to).contains "vastaava@yritys.example"
  end)
end

test("Slack says whose it is; corrected and retried it is read anew, and told no more", function()
  local mail, slack = sandbox "smtp", sandbox "slack"
  local procountor, pipedrive = crm("pipedrive", { lines = LINES })
  local run = deliver("pipedrive", fixture "pipedrive_v2.json")
  expect(run.state).is "attention"
  runs "wait"
  expect(slack.messages[1].text).contains "mira@yritys.example: "
  pipedrive.act("organization", { organization = "31", business_id = "1234567-1" })
  expect(run.retry().state).is "done"
  runs "wait"
  expect(procountor.invoices).count(1)
  expect(mail.mails).count(1)
  expect(slack.messages).count(1)
end)

test("what has no translation is told in English", function()
  local mail = sandbox "smtp"
  sandbox "slack"
  crm "pipedrive"
  expect(deliver("pipedrive", fixture "pipedrive_v2.json").state).is "attention"
  runs "wait"
  expect(mail.mails[1].text).contains "it has no products"
  expect(mail.mails[1].text).contains 'Y-tunnus "1234567-8" on virheellinen'
end)
