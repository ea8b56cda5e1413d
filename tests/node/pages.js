// A person at the pages of the sandboxes, in a real browser without JavaScript. usage:
// node pages.js BASE [FOLDER for pictures]. Prints a line for each thing that was shown to work; ends
// with 1 at the first that does not.
'use strict';
const assert = require('assert');
const path = require('path');
const { createRequire } = require('module');
// Modules are in the build folder, not beside this file.
const load = createRequire(path.join(process.env.NODE_MODULES, 'x.js'));
const { chromium } = load('playwright-core');

const base = process.argv[2], pictures = process.argv[3];
const PATIENCE = 90000; // milliseconds until what should happen counts as never happening
const PAGES = ['click2contract', 'crm', 'pipedrive', 'hubspot', 'procountor', 'ytj', 'slack', 'zapier', 'smtp'];
let page;
const asked = [];

const open = name => page.goto(`${base}/${name}${name ? '/' : ''}`);
const say = words => console.log('ok', words);
const text = selector => page.locator(selector).first().innerText();

// Asks for the page again until it shows what is waited for.
async function until(name, question, what) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    await open(name);
    if (await question()) return;
    assert(Date.now() < end, `waited in vain for: ${what}`);
    await new Promise(done => setTimeout(done, 200));
  }
}

const invoices = () => page.locator('article[id^="invoice-"]').count();
const invoiceOf = number => page.locator('article[id^="invoice-"]', { hasText: number });

async function press(scope, words) {
  await page.locator(scope).getByRole('button', { name: words, exact: true }).click();
  await page.waitForLoadState();
}

async function acceptProposals() {
  await open('click2contract');
  await press('#proposal-sample', 'Accept and sign');
  assert.match(await text('p.said'), /accepted and signed contract 10042/);
  await until('procountor', async () => await invoiceOf('C2C-10042').count() === 1, 'the invoice');
  assert.match(await invoiceOf('C2C-10042').innerText(), /UNFINISHED[^]*2\s356\.89/);
  await open('click2contract');
  await press('#proposal-sample', 'Send to Procountor');
  await until('click2contract', async () => (await page.locator('#events + div .badge',
    { hasText: 'taken' }).count()) === 2, 'both events taken');
  await open('procountor');
  assert.strictEqual(await invoices(), 1);
  await until('procountor', async () => /C2C-10042\.pdf \(sent with it\)/.test(
    await invoiceOf('C2C-10042').innerText()), 'the contract at the invoice');
  say('a proposal that is accepted becomes one invoice, and stays one when it is sent by hand too');
}

async function winDeal() {
  await open('crm');
  await press('#deal-D-881', 'Mark as won');
  await until('crm', async () => await page.locator('.say', { hasText: 'Tehdäänkö lasku?' }).count() === 1, 'the question');
  await open('procountor');
  assert.strictEqual(await invoiceOf('CRM-D-881').count(), 0);
  await open('crm');
  await page.getByRole('button', { name: 'Create the invoice' }).click();
  await until('procountor', async () => await invoiceOf('CRM-D-881').count() === 1, 'the invoice');
  assert.match(await invoiceOf('CRM-D-881').innerText(), /Testiasiakas Oy[^]*P-2026-07/);
  await until('crm', async () => await page.locator('.say', { hasText: 'Uusi lasku' }).count() === 1, 'the notice');
  await press('#deal-D-881', 'Send to Procountor');
  await until('crm', async () => (await page.locator('.badge', { hasText: 'taken 200' }).count()) === 1,
    'the second press is answered with how it stands');
  await open('procountor');
  assert.strictEqual(await invoiceOf('CRM-D-881').count(), 1);
  say('a deal that is won is asked about, and the button sends it, once');
}

async function others() {
  for (const [name, number] of [['pipedrive', 'PIPEDRIVE-881'], ['hubspot', 'HUBSPOT-881']]) {
    await open(name);
    await press('#deal-881', 'Mark as won');
    await until('procountor', async () => await invoiceOf(number).count() === 1, number);
  }
  const customers = await page.locator('article[id^="customer-"]').count();
  assert.strictEqual(customers, 1);
  say('deals won in Pipedrive and HubSpot become invoices of the same customer');
  await until('procountor', async () => /Projekti P-2026-07: 1878\.00/.test(
    await invoiceOf('PIPEDRIVE-881').innerText()), 'the project on the ledger receipt');
  for (const [name, id] of [['crm', 'O-31'], ['pipedrive', '31'], ['hubspot', '31']]) {
    await until(name, async () => /Payment status/.test(
      await text(`#organization-${id}`)), `how the customer stands, in ${name}`);
  }
  say('the project is a dimension in the books, and how the customer pays stands in each CRM');
}

async function changePhone() {
  await open('crm');
  await page.locator('#organization-O-31 input[name=phone]').fill('+358 40 <b id="evil">5</b>');
  await press('#organization-O-31', 'Save');
  assert.strictEqual(await page.locator('#evil').count(), 0);
  assert.strictEqual(await page.locator('#organization-O-31 input[name=phone]').inputValue(),
    '+358 40 <b id="evil">5</b>');
  await until('crm', async () => (await page.locator('tr', { hasText: 'organization.updated' })
    .locator('.badge', { hasText: 'taken' }).count()) === 1, 'the event of the change');
  say('a phone number that is changed is told, and what people type stays text');
}

async function newDeal() {
  await open('crm');
  const form = page.locator('form[action="do/deal"]');
  await form.locator('input[name=title]').fill('Ylläpito');
  await form.locator('select[name=organization]').selectOption({ label: 'Revontuli Matkailu Oy' });
  await form.locator('input[name=quantity]').fill('5');
  await form.getByRole('button').click();
  assert.match(await text('p.said'), /"Ylläpito" is a new deal/);
  await press('#deal-D-883', 'Lost');
  assert.match(await text('#deal-D-883'), /lost/);
  say('a new deal can be made, and lost');
}

async function pay() {
  await open('procountor');
  const id = await invoiceOf('C2C-10042').getAttribute('id');
  await page.locator(`#${id} input[name=address]`).fill('003712345671');
  await page.locator(`#${id} input[name=operator]`).fill('003721291126');
  await press(`#${id}`, 'Add');
  assert.match(await text('p.said'), /goes out as an e-invoice/);
  await press(`#${id}`, 'Approve');
  await press(`#${id}`, 'Send to the customer');
  assert.match(await text(`#${id}`), /ELECTRONIC_INVOICE/);
  await page.locator(`#${id} input[name=amount]`).fill('1 000,50');
  await press(`#${id}`, 'Pay');
  assert.match(await text('p.said'), /PARTLY_PAID/);
  await press(`#${id}`, 'Pay');
  assert.match(await text(`#${id} .badge`), /^PAID$/);
  await page.locator('article[id^="customer-"] input[name=city]').first().fill('Espoo');
  await page.locator('article[id^="customer-"]').first().getByRole('button', { name: 'Save' }).click();
  assert.match(await text('p.said'), /Testiasiakas Oy is changed/);
  const won = await invoiceOf('PIPEDRIVE-881').getAttribute('id');
  await press(`#${won}`, 'Approve');
  await press(`#${won}`, 'Send to the customer');
  await until('pipedrive', async () => /Invoice \d+ page 1\.png/.test(await text('#deal-881')),
    'the image of the invoice at its deal');
  say('an invoice is approved, sent and paid in two parts; a customer is changed');
}

async function registers() {
  await open('procountor');
  const add = page.locator('form[action="do/add"]');
  await add.locator('input[name=name]').fill('Käsin Lisätty Oy');
  await add.getByRole('button').click();
  assert.match(await text('p.said'), /Käsin Lisätty Oy is a new customer/);
  const card = page.locator('article[id^="customer-"]', { hasText: 'Käsin Lisätty Oy' });
  await card.getByRole('button', { name: 'Inactivate' }).click();
  assert.match(await card.innerText(), /inactive/);
  await card.getByRole('button', { name: 'Activate' }).click();
  assert.doesNotMatch(await card.innerText(), /inactive/);
  await card.getByRole('button', { name: 'Remove' }).click();
  assert.strictEqual(await card.count(), 0);
  await open('crm');
  await page.locator('form[action="do/add"] input[name=name]').fill('Uusi Tuttavuus Oy');
  await page.locator('form[action="do/add"]').getByRole('button').click();
  const organization = page.locator('article[id^="organization-"]', { hasText: 'Uusi Tuttavuus Oy' });
  await organization.getByRole('button', { name: 'Delete' }).click();
  assert.match(await text('p.said'), /Uusi Tuttavuus Oy is deleted/);
  assert.strictEqual(await organization.count(), 0);
  say('customers and organizations are added and removed by hand');
}

async function told() {
  await until('zapier', async () => await page.locator('article', { hasText: 'invoice.created' }).count() === 1,
    'the hook that Zapier caught');
  assert.match(await text('article'), /10042[^]*2356\.89/);
  await page.locator('nav a', { hasText: 'Requests' }).click();
  await page.locator('details summary').first().click();
  assert.match(await text('details[open] pre'), /invoice\.created/);
  await until('smtp', async () => await page.locator('article').count() === 1, 'the mail');
  assert.match(await text('article .say'), /Uusi lasku 1: Testiasiakas Oy, 2\s356,89/);
  await page.locator('article summary').click();
  assert.match(await text('article details[open] pre'), /To: <laskutus@maailma\.example/);
  say('Zapier caught what was told, and the mail is read, as it travelled too');
}

async function register() {
  await open('ytj');
  assert(await page.locator('code', { hasText: 'businessId=1234567-1' }).count() >= 1,
    'the host asked for the new customer');
  const form = page.locator('form[action="do/register"]');
  const fill = async (id, name, state) => {
    await form.locator('input[name=business_id]').fill(id);
    await form.locator('input[name=name]').fill(name);
    await form.locator('select[name=state]').selectOption(state);
    await form.getByRole('button').click();
  };
  await fill('2331972-8', 'Väärä Oy', 'active');
  assert.match(await text('p.said'), /"2331972-8" is no business ID/);
  await fill('2331972-7', 'Pohjan <i>Sauna</i> Oyj', 'KONK');
  const row = page.locator('tr', { hasText: '2331972-7' });
  assert.match(await row.innerText(), /Pohjan <i>Sauna<\/i> Oyj[^]*KONK/);
  await row.locator('a').click();
  assert.match(await page.locator('body').innerText(), /KONK[^]*"totalResults":1/);
  say('the register is asked; a company in it is changed by hand, and answered so');
}

async function changeProduct() {
  await open('procountor');
  const form = page.locator('form[action="do/product"]');
  await form.locator('select[name=product]').selectOption({ index: 0 });
  await form.locator('input[name=price]').fill('155,50');
  await form.locator('select[name=active]').selectOption('no');
  await form.getByRole('button').click();
  assert.match(await text('p.said'), /is changed/);
  const row = page.locator('tr', { hasText: '155.5' });
  assert.match(await row.first().innerText(), /inactive/);
  say('a product has another price and is no longer sold');
}

async function everyPage() {
  const devtools = await page.context().newCDPSession(page); // it measures without the page's scripts
  await open('');
  for (const name of PAGES) assert(await page.locator(`a[href="/${name}/"]`).count(), name);
  await page.locator('a[href="/slack/"]').click();
  await page.getByRole('link', { name: 'all sandboxes' }).click();
  assert.strictEqual(await text('h1'), 'Sandboxes');
  for (const width of [1200, 390]) {
    await page.setViewportSize({ width, height: 844 });
    for (const name of PAGES) {
      await open(name);
      assert((await page.locator('h1').count()) === 1, `${name} has a heading`);
      if (pictures) await page.screenshot({ path: `${pictures}/${name}-${width}.png`, fullPage: true });
      const wide = (await devtools.send('Page.getLayoutMetrics')).cssContentSize.width;
      assert(wide <= width, `${name} is ${wide} wide on a screen of ${width}`);
      for (const table of await page.locator('.table > table').all()) {
        const { x, width: own } = await table.boundingBox();
        assert(x + own <= width, `a table of ${name} ends at ${x + own} on a screen of ${width}`);
      }
    }
  }
  await open('slack');
  assert(await page.locator('.say', { hasText: 'Uusi lasku' }).count() >= 3);
  for (const url of asked) assert(url.startsWith(base), `asked outside: ${url}`);
  say('every page fits a phone and asks nothing from elsewhere');
}

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const context = await browser.newContext({ javaScriptEnabled: false,
      viewport: { width: 1200, height: 844 } });
    context.setDefaultTimeout(PATIENCE);
    page = await context.newPage();
    page.on('request', request => asked.push(request.url()));
    for (const part of [acceptProposals, winDeal, others, changePhone, newDeal, pay, registers, told, register,
      changeProduct, everyPage]) await part();
  } finally {
    await browser.close();
  }
})().catch(problem => { console.error(problem); process.exit(1); });
