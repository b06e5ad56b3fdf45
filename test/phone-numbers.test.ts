// Phone numbers: whose group states they have, and which countries a group allows.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const TEXTS = '55555555-5555-4555-8555-555555555555';
const CHATS = '66666666-6666-4666-8666-666666666666';

async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${TEXTS}, name: Texts, channel: sms }
  - { id: ${CHATS}, name: Chats, channel: whatsapp }`);
  return app;
}

async function track(app: TestApp, external_id: string, attributes: object): Promise<void> {
  const { status, body } = await app.post('/users/track', { attributes: [{ external_id, ...attributes }] });
  assert.deepEqual([status, body.errors], [201, undefined], JSON.stringify(body));
}

const sms = { app_id: APP, subscription_group_id: TEXTS, body: 'b' };
const whats_app = {
  app_id: APP,
  subscription_group_id: CHATS,
  message_type: 'text_response_message',
  message: { body: 'b' },
};

/** Sends to one person. Returns `sent` or the reason against it, for each channel. */
async function send(app: TestApp, who: string, messages: object): Promise<Record<string, string>> {
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: [who],
    messages,
  });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  const { body: verdicts } = await app.get(`/dispatches/${body.dispatch_id}/recipients`);
  return Object.fromEntries(
    verdicts.recipients.map(({ channel, status: is, reason }: Record<string, string>) => [channel, reason ?? is]),
  );
}

const grouped = (...states: [group: string, state: 'subscribed' | 'unsubscribed'][]) => ({
  subscription_groups: states.map(([subscription_group_id, subscription_state]) => ({
    subscription_group_id,
    subscription_state,
  })),
});

test('group states follow a person to a new number, and the states of a number that somebody has win', async (t) => {
  const app = await start(t);
  const both = { sms, whats_app };
  const [subscribed, refused] = ['sent', 'not_in_subscription_group'];
  await track(app, 'ada', { phone: '+14155550100', ...grouped([TEXTS, 'subscribed'], [CHATS, 'subscribed']) });
  await track(app, 'ada', { phone: '+14155550101' });
  assert.deepEqual(await send(app, 'ada', both), { sms: subscribed, whats_app: subscribed });

  await track(app, 'ben', { phone: '+14155550102', ...grouped([TEXTS, 'unsubscribed']) });
  await track(app, 'ada', { phone: '+14155550102' });
  assert.deepEqual(await send(app, 'ada', both), { sms: refused, whats_app: subscribed });

  await track(app, 'cleo', { phone: '+14155550102' });
  assert.deepEqual(await send(app, 'cleo', both), { sms: refused, whats_app: subscribed }, 'a new person, too');
  await track(app, 'dora', { phone: '+14155550102', ...grouped([TEXTS, 'subscribed']) });
  assert.deepEqual(await send(app, 'dora', { sms }), { sms: subscribed }, 'what the request says comes last');
  app.clock.advance(1_000);
  await track(app, 'emma', { phone: '+14155550102' });
  assert.deepEqual(await send(app, 'emma', { sms }), { sms: subscribed }, 'the latest state of the number counts');

  await track(app, 'ben', grouped([CHATS, 'unsubscribed']));
  await track(app, 'ben', { phone: '+14155550102', ...grouped([CHATS, 'subscribed']) });
  assert.deepEqual(
    await send(app, 'ben', { whats_app }),
    { whats_app: subscribed },
    'the same number inherits nothing',
  );
});

test('the objects of one request inherit in their order', async (t) => {
  const app = await start(t);
  const phone = '+14155550100';
  await track(app, 'ada', { phone, ...grouped([TEXTS, 'unsubscribed']) });
  await track(app, 'cleo', grouped([TEXTS, 'subscribed']));
  const { body } = await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', ...grouped([TEXTS, 'subscribed']) },
      { external_id: 'ben', phone },
      { external_id: 'ada', phone: null },
      { external_id: 'ben', phone: '+14155550101' },
      { external_id: 'dora', phone, ...grouped([CHATS, 'subscribed']) },
      { external_id: 'cleo', phone },
    ],
  });
  assert.deepEqual(body, { attributes_processed: 6, message: 'success' });
  assert.deepEqual(await send(app, 'ben', { sms }), { sms: 'sent' });
  assert.deepEqual(
    await send(app, 'dora', { sms }),
    { sms: 'not_in_subscription_group' },
    'nobody had the number then',
  );
  assert.deepEqual(await send(app, 'cleo', { sms, whats_app }), { sms: 'sent', whats_app: 'sent' });
});

test('a group that allows some countries aborts messages to others, and a replay sends them once they are allowed', async (t) => {
  const app = await start(t);
  const allow = (countries: string) =>
    app.givenWorkspace(`
subscription_groups:
  - { id: ${TEXTS}, name: Texts, channel: sms, countries: ${countries} }
  - { id: ${CHATS}, name: Chats, channel: whatsapp, countries: [GB] }`);
  const groups = grouped([TEXTS, 'subscribed'], [CHATS, 'subscribed']);
  await track(app, 'ada', { phone: '+43664123456', plan: 'gold', ...groups });
  await track(app, 'ben', { phone: '+14155550100', plan: 'gold', ...groups });
  assert.deepEqual(await send(app, 'ada', { sms, whats_app }), { sms: 'sent', whats_app: 'sent' }, 'all by default');

  await allow('[US, DE]');
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: ['ada', 'ben'],
    messages: { sms, whats_app },
  });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  const path = `/dispatches/${body.dispatch_id}`;
  const verdicts = async () =>
    (await app.get(`${path}/recipients`)).body.recipients
      .map((one: Record<string, string>) => `${one.external_id} ${one.channel} ${one.reason ?? one.status}`)
      .sort();
  const before = [
    'ada sms blocked_country',
    'ada whats_app blocked_country',
    'ben sms sent',
    'ben whats_app blocked_country',
  ];
  assert.deepEqual(await verdicts(), before);
  const [{ detail }] = (await app.get(`${path}/recipients?reason=blocked_country&channel=sms`)).body.recipients;
  assert.equal(detail, 'the number is of AT; the subscription group allows US, DE');
  const { body: preview } = await app.post('/audience/preview', {
    audience: { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } },
    ...{ channels: ['sms', 'whats_app'], subscription_group_ids: { sms: TEXTS, whats_app: CHATS } },
  });
  assert.deepEqual(preview.reachable, { sms: 1, whats_app: 0 }, JSON.stringify(preview));

  await allow('[US, AT]');
  assert.equal((await app.post(`${path}/replay`, { statuses: ['aborted'] })).status, 201);
  await app.drain();
  assert.deepEqual(await verdicts(), before.with(0, 'ada sms sent'));
});
