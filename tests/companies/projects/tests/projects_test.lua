-- The project of a deal or contract, as a dimension on the ledger receipt of its invoice.

local function start(items)
  local slack = sandbox "slack"
  sandbox "crm"
  return sandbox("procountor", { seed = { dimensions = {
    { name = "Kustannuspaikka", items = { "MYY" } }, { name = "Projekti", items = items } } } }), slack
end

-- What stands on the receipt, by dimension and item: "2-801 -1788.00, ..."
local function values(receipt)
  local list = {}
  for i, entry in ipairs(receipt.transactions) do
    local texts = {}
    for k, value in ipairs(entry.dimensionItemValues) do
      texts[k] = ("%d-%d %s"):format(value.dimensionId, value.itemId, decimal(value.value):text(2))
    end
    list[i] = table.concat(texts, " ")
  end
  return table.concat(list, "|")
end

local function count(system, effect)
  local n = 0
  for _, one in ipairs(system.effects) do
    if one.effect == effect then n = n + 1 end
  end
  return n
end

local function won(changes)
  return deliver("crm", fixture("won.json", changes))
end

test("each entry belongs to the deal's project with its whole value, the receivable does not", function()
  local procountor = start { "P-2026-01", "P-2026-07" }
  local run = won()
  expect(run.state).is "done"
  expect(run.result.dimension).is "P-2026-07"
  expect(procountor.receipts).count(1)
  expect(values(procountor.receipts[1])).is "2-803 -1788.00|2-803 -90.00|"
  expect(procountor.invoices[1]).has { status = "UNFINISHED", orderReference = "P-2026-07" }
  expect(count(procountor, "receipt.replaced")).is(1)
end)

test("a deal without a project has none", function()
  local procountor = start { "P-1" }
  local run = won { ["data.deal.project_reference"] = absent }
  expect(run.state).is "done"
  expect(run.result.dimension).is(nil)
  expect(procountor.receipts).count(0)
end)

test("a project that is not in the books is asked about before anything is written", function()
  local procountor = start { "P-1", { codeName = "P-OLD", status = "P" } }
  local run = won()
  expect(run.state).is "attention"
  expect(run.reason).contains 'the dimension "Projekti" in Procountor has no item "P-2026-07"'
  expect(run.reason).contains "(data.deal.project_reference)"
  expect(procountor.invoices).count(0)
  expect(procountor.customers).count(0)
  local old = won { id = "evt_old", ["data.deal.project_reference"] = "P-OLD" }
  expect(old.state).is "attention"
  expect(old.reason).contains '"P-OLD" is not in use'
  local wrong = won { id = "evt_wrong", ["data.deal.project_reference"] = "Проект" }
  expect(wrong.state).is "attention"
  expect(wrong.reason).contains "data.deal.project_reference"
  expect(procountor.invoices).count(0)
end)

test("a contract's project is made in the books, once, though the answer was lost", function()
  local procountor = start {}
  procountor.fault "POST /api/dimensions lost*1"
  local run = deliver("click2contract", fixture "signed.json")
  expect(run.state).is "done"
  expect(run.result.dimension).is "Projekti 2026-07"
  expect(procountor.dimensions[2].items).count(1)
  expect(count(procountor, "dimension_item.created")).is(1)
  expect(values(procountor.receipts[1])).contains "2-802"
  -- The next contract of that project finds it.
  run = deliver("click2contract", fixture("signed.json", { id = "evt_2", ["contract.id"] = "10043",
    ["contract.reference"] = "PROJEKTI 2026-07" }))
  expect(run.state).is "done"
  expect(procountor.dimensions[2].items).count(1)
  expect(procountor.invoices).count(2)
end)

test("what stands there of another dimension stays, and twice is once", function()
  local procountor = start { "P-2026-07" }
  expect(won().state).is "done"
  local run = deliver("crm", { id = "evt_cost", type = "cost", code = "MYY",
    invoice = procountor.invoices[1].id })
  expect(run.state).is "done"
  expect(run.result).has { first = true, again = false }
  expect(values(procountor.receipts[1])).is(
    "2-802 -1788.00 1-801 -1788.00|2-802 -90.00 1-801 -90.00|")
end)

test("a receipt whose answer was lost is written once", function()
  local procountor = start { "P-2026-07" }
  procountor.fault "PUT /api/ledgerreceipts lost*1"
  expect(won().state).is "done"
  expect(count(procountor, "receipt.replaced")).is(1)
  expect(values(procountor.receipts[1])).contains "2-802"
end)

test("an invoice whose receipt refuses it stands, is told of, and a person sees to the rest", function()
  local procountor, slack = start { "P-2026-07" }
  procountor.fault "PUT /api/ledgerreceipts error=403*1"
  local run = won()
  expect(run.state).is "attention"
  expect(run.reason).contains 'Projekti "P-2026-07" could not be put on its ledger receipt'
  expect(procountor.invoices).count(1)
  expect(slack.messages).count(1)
  expect(run.retry().state).is "done"
  expect(values(procountor.receipts[1])).contains "2-802"
  expect(procountor.invoices).count(1)
  expect(slack.messages).count(1)
end)

local function rights(procountor, given)
  procountor.seed { settings = { rights = given } }
end

local READ = { ledgerReceipts = "Ledger receipts (GET /ledgerreceipts is refused",
  dimensions = "Dimensions (GET /dimensions is refused" }

for right, said in pairs(READ) do
  test("without the right to read them (" .. right .. ") nothing is written; given, the run goes on",
    function()
      local procountor, slack = start { "P-2026-07" }
      rights(procountor, { [right] = "NO_ACCESS" })
      local run = won()
      expect(run.state).is "attention"
      expect(run.reason).contains(said .. ', and Projekti "P-2026-07" on the invoice needs it)')
      expect(run.reason).contains "Users and privileges"
      for _, language in ipairs { "fi", "sv" } do
        expect(require("words").translate(language, run.reason)).contains(said)
      end
      expect(procountor.invoices).count(0)
      expect(procountor.customers).count(0)
      expect(procountor.products).count(0)
      -- A deal of no project needs none of them.
      expect(won { id = "evt_none", ["data.deal.id"] = "D-NONE",
        ["data.deal.project_reference"] = absent }.state).is "done"
      rights(procountor, { [right] = "ALL_RIGHTS" })
      expect(run.retry().state).is "done"
      expect(procountor.invoices).count(2)
      expect(procountor.customers).count(1)
      expect(slack.messages).count(2)
      expect(values(procountor.receipts[1])).contains "2-802"
    end)
end

test("who may look at ledger receipts alone: the invoice stands, a person sees to the rest", function()
  local procountor = start { "P-2026-07" }
  rights(procountor, { ledgerReceipts = "VIEWING_RIGHTS" })
  local run = won()
  expect(run.state).is "attention"
  expect(run.reason).contains 'Projekti "P-2026-07" could not be put on its ledger receipt'
  expect(procountor.invoices).count(1)
  rights(procountor, { ledgerReceipts = "ALL_RIGHTS" })
  expect(run.retry().state).is "done"
  expect(procountor.invoices).count(1)
end)

test("an older server without a search of receipts is left to judge by itself", function()
  local procountor = start { "P-2026-07" }
  procountor.fault "GET /api/ledgerreceipts error=404*1"
  expect(won().state).is "done"
  expect(values(procountor.receipts[1])).contains "2-802"
end)

test("with a discount of the whole the values are those of the entries", function()
  local procountor = start { "P-2026-07" }
  expect(won { ["data.deal.discount_percent"] = 10, ["data.deal.value"] = absent }.state).is "done"
  expect(values(procountor.receipts[1])).is "2-802 -1609.20|2-802 -81.00|"
end)

test("a proposal that cannot be invoiced is told to its salesperson", function()
  local _, slack = start {}
  local run = deliver("click2contract", fixture("signed.json", { ["customer.business_id"] = "1234567-8",
    ["contract.owner"] = { name = "Seppo Seller", email = "seppo@yritys.example" } }))
  expect(run.state).is "attention"
  runs "wait"
  expect(slack.messages).count(1)
  expect(slack.messages[1].text).contains "seppo@yritys.example: "
  expect(slack.messages[1].text).contains 'Y-tunnus "1234567-8" on virheellinen'
end)
