// A real Chromium subscribes, is stored, receives what our sender encrypts, decrypts it itself and shows it.
// Only the push service is ours. Switches lead Chromium to it, and the test puts its address into the stored endpoint,
// because the endpoint's host is fixed in Chromium.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import type { Page, Worker } from 'playwright-core';
import { channels } from '../src/channels/index.ts';
import { createWebPushSender } from '../src/channels/web-push/deliver.ts';
import type { RenderedWebPush } from '../src/channels/web-push/render.ts';
import { sql } from '../src/db/sql.ts';
import { Problems } from '../src/lib/raw/problems.ts';
import { makeVapidKeys } from '../src/simulate/web-push/vapid.ts';
import { startTestApp } from './support/app.ts';
import { skipWithoutChromium, startChromium } from './support/chromium.ts';
import { startChromiumPushService } from './support/chromium-push-service.ts';

const WEB = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a14';
const IDENTITY_KEY = 'a key of at least 32 characters, of ours';
const keys = makeVapidKeys();
const vapid = { subject: 'mailto:ops@acme.test', public_key: keys.publicKey, private_key: keys.privateKey };

const inChromium = { skip: skipWithoutChromium, timeout: 120_000 };

async function start(t: TestContext) {
  // They end in this order, because a server waits for the connections that a browser keeps open.
  const service = await startChromiumPushService(t);
  const browser = await startChromium(t, service.args);
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`
apps:
  - id: ${WEB}
    name: Web
    platform: web
    vapid: { subject: "${vapid.subject}", public_key: ${vapid.public_key}, private_key: ${vapid.private_key}, identity_key: "${IDENTITY_KEY}" }
`);
  const allow = () => browser.grantPermissions(['notifications'], { origin: app.url });
  const page = await browser.newPage();
  await page.goto(`${app.url}/sdk/web-push/demo?app_id=${WEB}`);
  const sender = createWebPushSender({
    settings: { ...vapid, allow_hosts: [new URL(service.url).host] },
    clock: app.clock,
  });
  t.after(() => sender.close());
  const tokens = () =>
    app.db.query<{ person: string | null; token: string }>(sql`
      select p.external_id as person, t.token from push_targets t join profiles p using (bucket, user_id) order by 2`);

  async function deliver(message: Record<string, unknown>) {
    const [stored] = await tokens();
    const subscription = JSON.parse(stored?.token ?? '{}') as { endpoint: string };
    const endpoint = service.url + new URL(subscription.endpoint).pathname;
    const now = app.clock.now();
    const push = { registeredAt: now, acceptedAt: now, environment: null, pushId: 'p' };
    const token = JSON.stringify({ ...subscription, endpoint });
    return sender.deliver({ ...push, token, rendered: render(message) }, new AbortController().signal);
  }
  return { app, service, browser, page, allow, tokens, deliver };
}

function render(message: Record<string, unknown>): RenderedWebPush {
  const problems = new Problems();
  const parsed = channels.web_push.parse(message, 'messages.web_push', problems, new Date());
  problems.throwIfAny();
  assert.ok(parsed);
  const facts = {
    now: new Date(),
    timeZone: 'UTC',
    dispatchId: 'd',
    campaignId: null,
    unsubscribeUrl: null,
    provider: null,
  };
  return channels.web_push.render(parsed, facts) as RenderedWebPush;
}

function identityOf(person: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: person, aud: WEB, exp: Date.parse('2026-03-15T13:00:00Z') / 1_000 };
  const content = `${part({ alg: 'HS256' })}.${part(claims)}`;
  return `${content}.${createHmac('sha256', IDENTITY_KEY).update(content).digest('base64url')}`;
}

async function press(page: Page, button: string): Promise<string> {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.waitForSelector('output[data-state="good"], output[data-state="bad"]');
  return page.locator('output').innerText();
}

/**
 * Records what the worker has shown. A test must not ask for notifications in a loop: Chromium treats one that is stored but
 * not yet displayed as closed by the user, so asking in between removes it.
 */
function watchNotifications(worker: Worker): Promise<void> {
  return worker.evaluate(`(() => {
    const show = registration.showNotification.bind(registration);
    const shown = new Map();
    globalThis.onDisplay = (title) => {
      if (!shown.has(title)) shown.set(title, Promise.withResolvers());
      return shown.get(title);
    };
    registration.showNotification = async (title, options) => {
      await show(title, options);
      onDisplay(title).resolve();
    };
  })()`);
}

/** The notification with this title, once the browser shows it. The code is text because it runs in the browser. */
function notification(worker: Worker, title: string): Promise<Record<string, unknown>> {
  return worker.evaluate(`(async () => {
    await onDisplay(${JSON.stringify(title)}).promise;
    const [{ body, icon, requireInteraction, actions }] =
      (await registration.getNotifications()).filter(({ title }) => title === ${JSON.stringify(title)});
    return { body, icon, requireInteraction, actions: actions.map(({ title }) => title) };
  })()`);
}

/** Catches the promise of an event, because an event made by a script may not prolong the worker's life. */
const dispatch = `async (event) => {
  let done;
  event.waitUntil = (promise) => { done = promise };
  dispatchEvent(event);
  await done;
}`;

/** The addresses that a click opens. Only a real click could open a window. */
function click(worker: Worker, title: string, action: string): Promise<string[]> {
  return worker.evaluate(`(async () => {
    const notification = (await registration.getNotifications()).find(({ title }) => title === ${JSON.stringify(title)});
    const opened = [];
    clients.openWindow = async (url) => { opened.push(url) };
    await (${dispatch})(new NotificationEvent('notificationclick', { notification, action: ${JSON.stringify(action)} }));
    return opened;
  })()`);
}

test(
  'Chromium subscribes once it has permission, is stored, decrypts the message and shows it',
  inChromium,
  async (t) => {
    const { app, service, browser, page, allow, tokens, deliver } = await start(t);

    assert.equal(await press(page, 'Subscribe'), 'denied: notifications are not allowed');
    assert.deepEqual(await tokens(), []);
    await allow();

    assert.match(await press(page, 'Subscribe'), /^Subscribed at /);
    assert.deepEqual(
      (await tokens()).map(({ person }) => person),
      [null],
    );
    await page.getByLabel('Identity').fill(identityOf('ada'));
    assert.match(await press(page, 'Subscribe'), /^Subscribed at /);
    assert.deepEqual(
      (await tokens()).map(({ person }) => person),
      ['ada'],
    );

    const [worker = await browser.waitForEvent('serviceworker')] = browser.serviceWorkers();
    await watchNotifications(worker);
    const outcome = await deliver({
      title: 'Grüße',
      alert: 'Hello ✓',
      custom_uri: 'https://example.com/page',
      image_url: `${app.url}/icon.png`,
      require_interaction: true,
      extra: { order: 7 },
      buttons: [
        { text: 'Look', action: 'URI', uri: '/offers' },
        { text: 'Close', action: 'CLOSE' },
      ],
    });
    assert.deepEqual(outcome, { kind: 'accepted', providerId: '/messages/1' });
    assert.deepEqual(await notification(worker, 'Grüße'), {
      body: 'Hello ✓',
      icon: `${app.url}/icon.png`,
      requireInteraction: true,
      actions: ['Look', 'Close'],
    });
    const sent = service.received.at(-1);
    assert.ok(!sent?.body.includes('Hello'), 'nobody on the way can read it');

    assert.deepEqual(await click(worker, 'Grüße', '0'), [`${app.url}/offers`]);
    assert.deepEqual(await deliver({ title: 'Two', alert: 'a', custom_uri: 'https://example.com/page' }), {
      kind: 'accepted',
      providerId: '/messages/2',
    });
    await notification(worker, 'Two');
    assert.deepEqual(await click(worker, 'Two', ''), ['https://example.com/page']);
    await deliver({ title: 'Three', alert: 'a', buttons: [{ text: 'Close', action: 'CLOSE' }] });
    await notification(worker, 'Three');
    assert.deepEqual(await click(worker, 'Three', '0'), []);
  },
);

test('a replaced subscription keeps its person, and an ended one is deleted', inChromium, async (t) => {
  const { browser, page, allow, tokens } = await start(t);
  await allow();
  await page.getByLabel('Identity').fill(identityOf('ada'));
  await press(page, 'Subscribe');
  const [first] = await tokens();
  assert.equal(first?.person, 'ada');
  const [worker = await browser.waitForEvent('serviceworker')] = browser.serviceWorkers();
  await worker.evaluate(`(async () => {
    const current = (await registration.pushManager.getSubscription()).toJSON();
    const newSubscription = { ...current, endpoint: current.endpoint + '-renewed' };
    await (${dispatch})(Object.assign(new ExtendableEvent('pushsubscriptionchange'), { newSubscription }));
  })()`);
  const renewed = first.token.replace(/"endpoint":"[^"]+/, '$&-renewed');
  assert.deepEqual(await tokens(), [{ person: 'ada', token: renewed }]);

  await page.getByLabel('Identity').fill('');
  await press(page, 'Subscribe');
  assert.deepEqual(await tokens(), [first], 'the page tells what the worker had registered');
  assert.equal(await press(page, 'Unsubscribe'), 'Unsubscribed.');
  assert.deepEqual(await tokens(), []);
});
