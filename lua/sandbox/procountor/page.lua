-- The page of the Procountor sandbox: invoices with their rows and sums, customers, products, and
-- what was asked of the API.

local page = require "sandbox.page"
local receipts = require "sandbox.procountor.receipts"
local sums = require "sandbox.procountor.sums"

local escape, money, plain, price = page.escape, page.money, page.plain, page.price

-- The most of each kind on the page; state() and the API have them all.
local SHOWN = 100

local STATUS_KIND = { UNFINISHED = "warn", INVALIDATED = "bad" }

local function address_line(address)
  if not address then return nil end
  local parts = {}
  for _, name in ipairs { "specifier", "street" } do
    if (address[name] or "") ~= "" then parts[#parts + 1] = address[name] end
  end
  local place = ((address.zip or "") .. " " .. (address.city or "")):match("^%s*(.-)%s*$")
  if place ~= "" then parts[#parts + 1] = place end
  if (address.country or "") ~= "" and address.country ~= "FINLAND" then
    parts[#parts + 1] = address.country
  end
  return table.concat(parts, ", ")
end

local ROW_COLUMNS = { { "Product" }, { "Quantity", "n" }, { "Price", "n" },
  { "Discount", "n wide" }, { "VAT", "n wide" }, { "Sum", "n" } }

local function soft(text)
  return ('<br><span class="soft">%s</span>'):format(escape(text))
end

-- The first cell of a row: what it is, and on a phone what has no column there.
local function row_name(row, discount, vat)
  local name = escape(row.product)
  if (row.productCode or "") ~= "" then
    name = name .. ' <span class="soft">' .. escape(row.productCode) .. "</span>"
  end
  if (row.comment or "") ~= "" then name = name .. soft(row.comment) end
  local small = "VAT " .. vat .. (discount ~= "" and ", discount " .. discount or "")
  return ('%s<span class="phone soft">%s</span>'):format(name, escape(small))
end

local function percent(value)
  local text = plain(value)
  return (text == "" or text == "0") and text or text .. " %"
end

local function invoice_rows(invoice)
  local rows = {}
  for i, row in ipairs(invoice.invoiceRows) do
    local discount, vat = percent(row.discountPercent), percent(row.vatPercent)
    if discount == "0" then discount = "" end
    rows[i] = { row_name(row, discount, vat), plain(row.quantity) .. " " .. escape(row.unit),
      price(row.unitPrice), discount, vat, money(sums.row_amount(row)) }
  end
  local total = invoice.invoiceSumInfo[1]
  local foot = {
    { "Net", "", "", "", "", money(total.excludingVatTotal) },
    { "VAT", "", "", "", "", money(total.vatSumTotal) },
    { "Total " .. escape(total.currency), "", "", "", "", money(total.invoiceSumTotal) },
  }
  return page.table(ROW_COLUMNS, rows, foot)
end

-- What a person may do next with an invoice, by its status.
local NEXT = {
  UNFINISHED = { { "approve", "Approve" }, { "invalidate", "Invalidate", "quiet" } },
  NOT_SENT = { { "send", "Send to the customer" }, { "unfinished", "Back to unfinished", "quiet" } },
}
local PAYABLE = { SENT = true, APPROVED = true, PARTLY_PAID = true }

local function invoice_acts(invoice)
  local buttons = {}
  for i, act in ipairs(NEXT[invoice.status] or {}) do
    buttons[i] = page.button("do/" .. act[1], { invoice = invoice.id }, act[2], act[3])
  end
  if invoice.status == "UNFINISHED" and invoice.invoiceChannel ~= "ELECTRONIC_INVOICE" then
    buttons[#buttons + 1] = page.form("do/einvoice", { invoice = invoice.id },
      { { "address", "E-invoice address", "" }, { "operator", "Operator", "" } }, "Add")
  end
  if PAYABLE[invoice.status] then
    buttons[1] = page.form("do/pay", { invoice = invoice.id },
      { { "amount", "Amount (empty: all that is left)", "" } }, "Pay")
  end
  if #buttons == 0 then return "" end
  return '<div class="acts">' .. table.concat(buttons) .. "</div>"
end

local function files_of(invoice)
  local names = {}
  for i, saved in ipairs(invoice.attachments) do
    names[i] = saved.name .. (saved.sendWithInvoice and " (sent with it)" or "")
  end
  return #names > 0 and table.concat(names, ", ") or nil
end

local function invoice_card(w)
  return function(invoice)
    local party, info = invoice.counterParty, invoice.paymentInfo
    local head = ('<div class="head"><strong>Invoice %d &middot; %s</strong>%s</div>'):format(
      invoice.invoiceNumber, escape(party.counterPartyAddress.name),
      page.badge(invoice.status, STATUS_KIND[invoice.status]))
    local facts = page.facts {
      { "Date", invoice.date }, { "Due", info.dueDate }, { "Business ID", party.identifier },
      { "Contact", party.contactPersonName }, { "Channel", invoice.invoiceChannel },
      { "E-mail", party.email }, { "Language", invoice.language },
      { "Address", address_line(party.counterPartyAddress) },
      { "Reference", info.bankReferenceCode }, { "Original number", invoice.originalInvoiceNumber },
      { "Order reference", invoice.orderReference }, { "Partner", invoice.partnerId },
      { "Dimensions", receipts.words(w, invoice) }, { "Id", invoice.id }, { "Files", files_of(invoice) },
    }
    return ('<article id="invoice-%d">%s<div>%s</div>%s%s</article>\n'):format(invoice.id, head, facts,
      invoice_rows(invoice), invoice_acts(invoice))
  end
end

-- The newest first, as many as the page has room for.
local function newest(list, draw)
  local out = {}
  for i = #list, math.max(1, #list - SHOWN + 1), -1 do out[#out + 1] = draw(list[i]) end
  return out
end

local function invoices(w)
  if #w.invoices == 0 then return page.empty "No invoices yet." end
  return table.concat(newest(w.invoices, invoice_card(w)))
end

local function customer_card(partner)
  local info, address = partner.invoicingInfo, partner.billingAddress or partner.address or {}
  local active = partner.registryInfo.active and "" or " " .. page.badge("inactive", "warn")
  local facts = page.facts { { "Business ID", info.identifier }, { "Channel", info.invoiceChannel },
    { "E-invoice address", info.einvoiceAddress }, { "Id", partner.id } }
  local form = page.form("do/customer", { customer = partner.id }, {
    { "email", "E-mail", info.email }, { "phone", "Phone", partner.registryInfo.phone },
    { "street", "Street", address.street }, { "zip", "Postal code", address.zip },
    { "city", "City", address.city } }, "Save")
    .. '<div class="acts">' .. page.button("do/customer", { customer = partner.id,
      active = partner.registryInfo.active and "no" or "yes" },
      partner.registryInfo.active and "Inactivate" or "Activate", "quiet")
    .. page.button("do/remove", { customer = partner.id }, "Remove", "quiet") .. "</div>"
  return ([[<article id="customer-%d"><div class="head"><strong>%s</strong>%s</div>
<div>%s</div><div class="said">%s</div></article>
]]):format(partner.id, escape(partner.name), active, facts, form)
end

local function new_customer()
  return '<article><div class="head"><strong>A new customer</strong></div><div>'
    .. page.form("do/add", {}, { { "name", "Name", "" }, { "identifier", "Business ID", "" },
      { "email", "E-mail", "" }, { "phone", "Phone", "" }, { "street", "Street", "" },
      { "zip", "Postal code", "" }, { "city", "City", "" } }, "Add the customer")
    .. "</div></article>\n"
end

local function customers(w)
  if #w.customers == 0 then return page.empty "No customers yet." .. new_customer() end
  return table.concat(newest(w.customers, customer_card)) .. new_customer()
end

local function products(w)
  if #w.products == 0 then return page.empty "No products yet." end
  local rows = newest(w.products, function(product)
    local name = escape(product.name)
    if not product.active then name = name .. " " .. page.badge("inactive", "warn") end
    return { escape(product.id), escape(product.code), name, escape(product.unit),
      price(product.price) .. " " .. escape(product.currency),
      product.vat and plain(product.vat) .. " %" or "" }
  end)
  local goods = {}
  for i, product in ipairs(w.products) do goods[i] = { product.id, product.name } end
  return page.table({ { "Id", "wide" }, { "Code" }, { "Name" }, { "Unit", "wide" }, { "Price", "n" },
    { "VAT", "n" } }, rows)
    .. '<article id="change-product"><div class="head"><strong>Change a product</strong></div><div>'
    .. page.form("do/product", {}, { { "product", "Product", nil, goods }, { "price", "Price", "" },
      { "active", "Sold", nil, { { "", "as it is" }, { "yes", "yes" }, { "no", "no" } } } }, "Change it")
    .. "</div></article>\n"
end

return function(w)
  local total, said = w.ledger.total, w.said
  w.said = nil
  return page.whole("Procountor sandbox", w.settings.company.name, table.concat {
    page.nav {
      { "invoices", "Invoices", #w.invoices }, { "customers", "Customers", #w.customers },
      { "products", "Products", #w.products }, { "requests", "Requests", total },
    },
    page.said(said),
    page.section("invoices", "Invoices", #w.invoices, invoices(w)),
    page.section("customers", "Customers", #w.customers, customers(w)),
    page.section("products", "Products", #w.products, products(w)),
    page.section("requests", "Last requests", ("%d in all"):format(total),
      page.requests(w.ledger, 30)),
  })
end
