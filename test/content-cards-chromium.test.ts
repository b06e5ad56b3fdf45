// A page of another origin in a real Chromium shows cards, and what is done with them reaches the statistics.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { pause } from '../rig/waiting.ts';
import type { TestApp } from './support/app.ts';
import { skipWithoutChromium, startChromium } from './support/chromium.ts';
import { FEED, given, sendCard, startCards, titlesOf, tokenOf, WEB, workspace } from './support/content-cards.ts';

const inChromium = { skip: skipWithoutChromium, timeout: 120_000 };

/** The customer's own site: a page with the script, the page that a click opens, and where its back end gives out tokens. */
async function startSite(t: TestContext, app: TestApp, token: () => string): Promise<string> {
  const html = `<!doctype html>
<title>Shop</title>
<main style="height: 300px">shop</main>
<div id="cards"></div>
<script src="${app.url}/sdk/content-cards.js"></script>
<script>
  const errors = [];
  const shown = [];
  const feed = CressetContentCards.open({
    url: '${app.url}', appId: '${WEB}', into: '#cards', pollSeconds: 0, dismissLabel: 'Away',
    token: async () => (await fetch('/token')).text(),
    onCards: (cards) => shown.push(cards.map(({ title }) => title)),
    onError: (error) => errors.push(error.code + ': ' + error.message),
  });
</script>`;
  const site = createServer((request, response) => {
    if (request.url === '/token') response.end(token());
    else response.setHeader('content-type', 'text/html').end(request.url === '/' ? html : '<title>Opened</title>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

async function start(t: TestContext, token?: (app: TestApp) => string) {
  const browser = await startChromium(t);
  const app = await startCards(t);
  const origin = await startSite(t, app, () => (token ?? ((one) => tokenOf(one, 'ada')))(app));
  await app.givenWorkspace(workspace({ origins: [origin] }));
  await given(app, 'ada');
  const page = await browser.newPage();
  return { app, page, origin };
}

/** Resolves with the answer to the next report of events. */
function report(page: Page) {
  return page.waitForResponse(
    (response) => response.url().includes(`${FEED}/events`) && response.request().method() === 'POST',
  );
}

async function numbers(app: TestApp): Promise<Record<string, number>> {
  await app.drain();
  const { body } = await app.get('/campaigns/data_series?campaign_id=spring&length=1');
  const [{ variation_api_id: _, ...counts }] = body.data[0].messages.content_cards;
  return counts;
}

/** The statistics once a number has this value. What a page sends while it goes away cannot be awaited there. */
async function numbersWith(app: TestApp, name: string, value: number): Promise<Record<string, number>> {
  for (;;) {
    const counts = await numbers(app);
    if (counts[name] === value) return counts;
    await pause(20);
  }
}

const inSpring = { campaign_id: 'spring' };
const ofSpring = { message_variation_id: 'c' };

test('a web page shows a card, clicks it, and the statistics of the campaign say so', inChromium, async (t) => {
  const { app, page, origin } = await start(t);
  const message = { ...ofSpring, title: 'Sale', description: 'All of it', web_uri: `${origin}/sale`, uri_text: 'Look' };
  await sendCard(app, 'ada', message, inSpring);
  const seen = report(page);
  await page.goto(origin);
  await page.waitForSelector('.cresset-card');
  assert.equal(await page.locator('.cresset-card-title').innerText(), 'Sale');
  assert.equal(await page.locator('.cresset-card-description').innerText(), 'All of it');
  const impression = await seen;
  assert.equal(impression.status(), 200);
  assert.match((await impression.request().allHeaders())['content-type'] ?? '', /^text\/plain/);
  const click = page.waitForRequest((request) => request.url().includes(`${FEED}/events`));
  await page.getByText('Look').click();
  await click;
  await page.waitForURL(`${origin}/sale`);
  assert.equal(await page.title(), 'Opened');
  assert.deepEqual(await numbersWith(app, 'total_clicks', 1), {
    ...{ sent: 1, total_impressions: 1, unique_impressions: 1, total_clicks: 1, unique_clicks: 1 },
    ...{ total_dismissals: 0, unique_dismissals: 0 },
  });
  const again = report(page);
  await page.goto(origin);
  await again;
  const { unique_impressions } = await numbersWith(app, 'total_impressions', 2);
  assert.equal(unique_impressions, 1, 'another visit is another impression, of the same person');
});

test('a dismissed card goes away for good, and a pinned one cannot be dismissed', inChromium, async (t) => {
  const { app, page, origin } = await start(t);
  await sendCard(app, 'ada', { ...ofSpring, title: 'One' }, inSpring);
  app.clock.advance(1_000);
  await sendCard(app, 'ada', { ...ofSpring, title: 'Two', pinned: true }, inSpring);
  await page.goto(origin);
  await page.waitForSelector('.cresset-card');
  assert.deepEqual(await page.locator('.cresset-card-title').allInnerTexts(), ['Two', 'One']);
  const buttons = page.getByRole('button', { name: 'Away' });
  assert.equal(await buttons.count(), 1);
  const reported = report(page);
  await buttons.click();
  assert.equal((await reported).status(), 200);
  assert.deepEqual(await page.locator('.cresset-card-title').allInnerTexts(), ['Two']);
  assert.deepEqual(await titlesOf(app, 'ada'), ['Two']);
  assert.deepEqual(await page.evaluate('shown'), [['Two', 'One'], ['Two']]);
  const { total_dismissals, total_clicks } = await numbers(app);
  assert.deepEqual([total_dismissals, total_clicks], [1, 0], 'the button is no click on the card');
});

test('texts are never HTML, and addresses are only those of the web', inChromium, async (t) => {
  const { app, page, origin } = await start(t);
  const html = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>';
  await sendCard(app, 'ada', { title: html, description: html, uri_text: html, web_uri: `${origin}/a?x=%22onclick` });
  // As if a server that is not ours answered.
  await page.route(`${app.url}${FEED}?**`, async (route) => {
    const response = await route.fetch();
    const { cards } = await response.json();
    const bad = ['javascript:window.hacked=1', 'data:text/html,<script>1</script>', ' javascript:1', 'x'];
    const more = bad.map((url, index) => ({ ...cards[0], id: `${index}`, url, image_url: url }));
    await route.fulfill({ response, json: { cards: [...cards, ...more] } });
  });
  await page.goto(origin);
  await page.waitForSelector('.cresset-card');
  const cards = page.locator('.cresset-card');
  assert.equal(await cards.count(), 5);
  assert.equal(await page.locator('.cresset-card-title').first().textContent(), html);
  assert.deepEqual(
    await page.locator('#cards a').evaluateAll((links) => links.map((link) => link.getAttribute('href'))),
    [`${origin}/a?x=%22onclick`],
  );
  assert.equal(await page.locator('#cards img, #cards script').count(), 0);
  assert.equal(await page.evaluate('window.hacked'), undefined);
});

test(
  'a page polls by tag, fetches a new token when the old one is refused, and reports as a beacon when it goes away',
  inChromium,
  async (t) => {
    let isOld = true;
    const { app, page, origin } = await start(t, (one) => tokenOf(one, 'ada', isOld ? { claims: { exp: 1 } } : {}));
    await sendCard(app, 'ada', { ...ofSpring, title: 'One' }, inSpring);
    await page.goto(origin);
    await page.waitForFunction('errors.length > 0');
    assert.deepEqual(await page.evaluate('errors'), ['401: Invalid user token: token: exp: has passed']);
    isOld = false;
    assert.deepEqual(await page.evaluate('feed.refresh().then((cards) => cards.map(({ title }) => title))'), ['One']);
    const polled = page.waitForResponse(
      (response) => response.url().includes(`${FEED}?`) && response.request().method() === 'GET',
    );
    await page.evaluate('void feed.refresh()');
    assert.equal((await polled).status(), 304);
    assert.deepEqual(await page.evaluate('shown'), [['One']], 'nothing has changed');
    await page.evaluate('feed.logImpression(feed.cards[0].id); feed.logImpression(feed.cards[0].id)');
    await page.goto(`${origin}/other`);
    assert.equal((await numbersWith(app, 'total_impressions', 1)).unique_impressions, 1);
  },
);
