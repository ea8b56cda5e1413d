-- The page of a CRM sandbox: deals to be won and sent, customers with their payment status,
-- products, what finance said, and what was told to whom.

local page = require "sandbox.page"

local escape, money, plain, price = page.escape, page.money, page.plain, page.price

local SHOWN = 50
local DEAL_KIND = { lost = "bad", open = "warn" }

local function newest(list, draw)
  local out = {}
  for i = #list, math.max(1, #list - SHOWN + 1), -1 do out[#out + 1] = draw(list[i]) end
  return out
end

local function organization_of(w, deal)
  for _, organization in ipairs(w.organizations) do
    if organization.id == deal.organization_id then return organization end
  end
  return {}
end

local function stage_button(deal, status, words, kind)
  return page.button("do/stage", { deal = deal.id, status = status }, words, kind)
end

local function deal_buttons(deal)
  if deal.status == "won" then
    return page.button("do/send", { deal = deal.id }, "Send to Procountor")
      .. stage_button(deal, "open", "Open again", "quiet")
  elseif deal.status == "lost" then
    return stage_button(deal, "open", "Open again", "quiet")
  end
  return stage_button(deal, "won", "Mark as won") .. stage_button(deal, "lost", "Lost", "quiet")
end

local function lines_of(deal)
  local rows = {}
  for i, line in ipairs(deal.lines or {}) do
    local discount = plain(line.discount_percent or 0)
    local small = ("VAT %s %%%s"):format(plain(line.vat_percent),
      discount ~= "0" and ", discount " .. discount .. " %" or "")
    rows[i] = { ('%s <span class="soft">%s</span><br><span class="soft">%s</span>'):format(
      escape(line.name), escape(line.product_code), escape(small)),
      plain(line.quantity) .. " " .. escape(line.unit), price(line.unit_price) }
  end
  if #rows == 0 then return page.empty "No products." end
  return page.table({ { "Product" }, { "Quantity", "n" }, { "Price", "n" } }, rows)
end

local function files_of(deal)
  local names = {}
  for i, file in ipairs(deal.files or {}) do names[i] = file.name end
  return #names > 0 and table.concat(names, ", ") or nil
end

local function deal_card(w)
  return function(deal)
    local organization = organization_of(w, deal)
    local head = ('<div class="head"><strong>%s</strong>%s</div>'):format(escape(deal.title),
      page.badge(deal.status, DEAL_KIND[deal.status]))
    local facts = page.facts {
      { "Customer", organization.name }, { "Value", money(deal.value) .. " " .. deal.currency },
      { "Payment term", deal.payment_term_days and deal.payment_term_days .. " days" },
      { "Project", deal.project_reference }, { "Owner", deal.owner and deal.owner.name },
      { "Id", deal.id },
      { "Files", files_of(deal) } }
    return ('<article id="deal-%s">%s<div>%s</div>%s<div class="acts">%s</div></article>\n'):format(
      escape(deal.id), head, facts, lines_of(deal), deal_buttons(deal))
  end
end

local STATUS_WORDS = { last_invoice_sent = "Last invoice sent", last_invoice_due = "Due",
  last_invoice_status = "State", unpaid_total = "Unpaid", overdue_total = "Overdue",
  overdue_days = "Days overdue", unpaid_count = "Unpaid invoices", overdue_count = "Overdue invoices",
  updated_at = "As of", last_invoice = "Last invoice",
  currency = "Currency", invoices = "Invoices" }
local STATUS_ORDER = { "last_invoice", "last_invoice_sent", "last_invoice_due", "last_invoice_status",
  "unpaid_total", "unpaid_count", "overdue_total", "overdue_count", "overdue_days", "currency",
  "updated_at", "invoices" }
local AMOUNTS = { unpaid_total = true, overdue_total = true }

-- What finance said of a customer: the members that are known, then all others that are no tables.
local function status_of(status)
  local facts, seen = {}, {}
  for _, name in ipairs(STATUS_ORDER) do
    local value = status[name]
    if AMOUNTS[name] and value then value = money(value) end
    if type(value) ~= "table" then
      seen[name] = true
      facts[#facts + 1] = { STATUS_WORDS[name], value }
    end
  end
  local names = {}
  for name, value in pairs(status) do
    if not seen[name] and type(value) ~= "table" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do facts[#facts + 1] = { (name:gsub("_", " ")), status[name] } end
  return page.facts(facts)
end

local function organization_card(w)
  return function(organization)
    local address, einvoice = organization.address or {}, organization.einvoice or {}
    local status = w.statuses[tostring(organization.id)]
    local form = page.form("do/organization", { organization = organization.id }, {
      { "name", "Name", organization.name }, { "phone", "Phone", organization.phone },
      { "email", "E-mail for invoices", organization.email },
      { "street", "Street", address.street }, { "postal_code", "Postal code", address.postal_code },
      { "city", "City", address.city }, { "business_id", "Business ID", organization.business_id },
      { "einvoice_address", "E-invoice address", einvoice.address },
      { "einvoice_operator", "Operator", einvoice.operator },
    }, "Save") .. '<div class="acts">' .. page.button("do/remove", {
      organization = organization.id }, "Delete", "quiet") .. "</div>"
    return ([[<article id="organization-%s"><div class="head"><strong>%s</strong>
<span class="soft">%s</span></div><div>%s</div>%s</article>
]]):format(escape(organization.id), escape(organization.name), escape(organization.id), form,
      status and '<div class="said"><b>Payment status</b>' .. status_of(status) .. "</div>" or "")
  end
end

local function new_organization()
  return '<article><div class="head"><strong>A new customer</strong></div><div>'
    .. page.form("do/add", {}, { { "name", "Name", "" }, { "business_id", "Business ID", "" },
      { "email", "E-mail for invoices", "" }, { "phone", "Phone", "" }, { "street", "Street", "" },
      { "postal_code", "Postal code", "" }, { "city", "City", "" } }, "Add the customer")
    .. "</div></article>\n"
end

local function products(w)
  if #w.products == 0 then return page.empty "No products yet." end
  return page.table({ { "Code" }, { "Name" }, { "Unit" }, { "Price", "n" }, { "VAT", "n" } },
    newest(w.products, function(product)
      local name = escape(product.name)
      if product.active == false then name = name .. " " .. page.badge("not sold", "warn") end
      return { escape(product.code), name, escape(product.unit), price(product.unit_price),
        plain(product.vat_percent) .. " %" }
    end))
end

local function notifications(w)
  if #w.notifications == 0 then return page.empty "Nothing was said yet." end
  return table.concat(newest(w.notifications, function(item)
    local button = ""
    local data = item.data
    if type(data) == "table" and data.action == "send" then
      button = '<div class="acts">' .. page.button("do/send", { deal = data.deal_id },
        "Create the invoice") .. "</div>"
    end
    return ('<article><div class="say">%s</div>%s</article>\n'):format(escape(item.text), button)
  end))
end

local function new_deal(w)
  local customers, goods = {}, {}
  for i, organization in ipairs(w.organizations) do
    customers[i] = { organization.id, organization.name }
  end
  for i, product in ipairs(w.products) do goods[i] = { product.code, product.name } end
  if #customers == 0 or #goods == 0 then return "" end
  return '<article><div class="head"><strong>A new deal</strong></div><div>'
    .. page.form("do/deal", {}, { { "title", "Title", "" },
      { "organization", "Customer", nil, customers }, { "product", "Product", nil, goods },
      { "quantity", "Quantity", "1" } }, "Add the deal") .. "</div></article>\n"
end

return function(w)
  local said = w.said
  w.said = nil
  return page.whole(w.kind.title .. " sandbox", "deals, customers, products", table.concat {
    page.nav {
      { "deals", "Deals", #w.deals }, { "customers", "Customers", #w.organizations },
      { "notifications", "Notifications", #w.notifications },
      { "products", "Products", #w.products }, { "events", "Events", #w.events },
      { "requests", "Requests", w.ledger.total },
    },
    page.said(said),
    page.section("deals", "Deals", #w.deals, table.concat(newest(w.deals, deal_card(w)))),
    new_deal(w),
    page.section("customers", "Customers", #w.organizations,
      table.concat(newest(w.organizations, organization_card(w))) .. new_organization()),
    page.section("notifications", "Notifications", #w.notifications, notifications(w)),
    page.section("products", "Products", #w.products, products(w)),
    page.section("events", "Events told", #w.events, page.events(w.events, w.settings.hook)),
    page.section("requests", "Last requests", ("%d in all"):format(w.ledger.total),
      page.requests(w.ledger, 30)),
  }, { refresh = page.under_way(w.events) and 2 or nil })
end
