// The feed of what came back: read by cursor without a gap, and sent to webhooks that are signed, retried and replayed.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import type { FeedbackEvent } from '../src/feedback/event.ts';
import { takeFeedback } from '../src/feedback/take.ts';
import { dashed } from '../src/lib/uuid.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { examplesOf } from './support/docs/examples.ts';
import { type EventSink, type ReceivedEvent, startEventSink } from './support/event-sink.ts';
import { smtpReply, startMailServer } from './support/mail-server.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const newSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

let events = 0;

/** Takes events in of addresses that nobody has. */
async function take(app: TestApp, count: number, more: Partial<FeedbackEvent> = {}): Promise<void> {
  const given = Array.from({ length: count }, (): FeedbackEvent => {
    events += 1;
    return {
      ...{ eventId: `e${events}`, kind: 'unknown', occurredAt: app.clock.now(), provider: 'acme', channel: 'email' },
      ...{
        send: null,
        providerMessageId: null,
        address: 'zoë@acme.test',
        code: null,
        text: 'Zoë 😀',
        detail: { n: events },
      },
      ...more,
    };
  });
  await takeFeedback(app.app, app.workspaceId, given);
}

interface Listed {
  events: { id: string; type: string; detail: { n: number } }[];
  next_cursor: string;
  has_more: boolean;
}

async function page(app: TestApp, query = ''): Promise<Listed> {
  const { status, body } = await app.get(`/message_events?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

test('a reader that polls while servers apply events at once gets every event exactly once', async (t) => {
  const app = await startTestApp(t);
  await app.startAnotherWorker();
  await app.startAnotherWorker();
  const seen: string[] = [];
  let cursor = '';
  let isOver = false;
  const poll = async () => {
    const { events: found, next_cursor } = await page(app, `limit=7&cursor=${cursor}`);
    seen.push(...found.map(({ id }) => id));
    cursor = next_cursor;
    return found.length;
  };
  const polling = (async () => {
    while (!isOver) await poll();
  })();
  await Promise.all(Array.from({ length: 30 }, () => take(app, 5)));
  await app.drain();
  isOver = true;
  await polling;
  while ((await poll()) > 0);
  assert.equal(seen.length, 150);
  assert.equal(new Set(seen).size, 150);
});

test('the feed is read in pages, by kind, channel and campaign, and the last cursor goes on with what comes later', async (t) => {
  const app = await startTestApp(t);
  await take(app, 3);
  await take(app, 2, { kind: 'replied', channel: 'sms', address: '+13125550101' });
  await app.drain();
  const first = await page(app, 'limit=2');
  assert.deepEqual([first.events.length, first.has_more], [2, true]);
  const rest = await page(app, `cursor=${first.next_cursor}`);
  assert.deepEqual([rest.events.length, rest.has_more], [3, false]);
  assert.deepEqual(
    (await page(app, 'kind=replied')).events.map(({ type }) => type),
    ['message.replied', 'message.replied'],
  );
  assert.equal((await page(app, 'channel=email')).events.length, 3);
  assert.equal((await page(app, 'campaign_id=none')).events.length, 0);
  await take(app, 1);
  await app.drain();
  assert.equal((await page(app, `cursor=${rest.next_cursor}`)).events.length, 1);
  assert.equal((await app.get('/message_events?kind=odd')).status, 400);
  assert.equal((await app.get('/message_events?cursor=odd')).status, 400);
});

interface World {
  app: TestApp;
  sink: EventSink;
  apply(more?: { secret?: string; url?: string; allow?: string }): Promise<void>;
  /** Lets the time pass, and waits for what is due then. */
  pass(ms: number): Promise<void>;
  state(): Promise<Record<string, unknown>>;
}

async function start(t: TestContext): Promise<World> {
  const sink = await startEventSink(t);
  const app = await startTestApp(t);
  const world: World = {
    app,
    sink,
    async apply({ secret: given = secret, url = sink.url, allow = sink.host } = {}) {
      await app.givenWorkspace(`
webhook: { allow: ["${allow}"] }
event_webhooks: [{ name: warehouse, url: "${url}", secret: "${given}" }]`);
    },
    async pass(ms) {
      app.clock.advance(ms);
      await app.drain();
    },
    state: async () => (await app.get('/event_webhooks')).body.event_webhooks[0],
  };
  await take(app, 2);
  await app.drain();
  // It gets what comes after it was made.
  await world.apply();
  return world;
}

function signatureOf({ headers, body }: ReceivedEvent, key: string): string {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', Buffer.from(key.slice(6), 'base64'))
    .update(signed)
    .digest('base64')}`;
}

test('what the page says of checking a signature is right, also with two secrets, and refuses what was changed', async (t) => {
  const example = examplesOf(readFileSync('docs/api/events.md', 'utf8')).find(
    ({ mark }) => mark === 'file: verify.mjs',
  );
  const source = `data:text/javascript,${encodeURIComponent(example?.text ?? '')}`;
  const { isGenuine } = (await import(source)) as {
    isGenuine(call: Pick<ReceivedEvent, 'headers' | 'body'>, key: string, nowMs: number): boolean;
  };
  const { app, sink } = await start(t);
  await take(app, 1);
  await app.drain();
  const [call] = sink.received;
  assert.ok(call !== undefined);
  const now = app.clock.now().getTime();
  assert.equal(isGenuine(call, secret, now), true);
  const both = `v1,${Buffer.alloc(32).toString('base64')} ${call.headers['webhook-signature']}`;
  assert.equal(isGenuine({ ...call, headers: { ...call.headers, 'webhook-signature': both } }, secret, now), true);
  assert.equal(isGenuine(call, newSecret, now), false);
  assert.equal(isGenuine({ ...call, body: `${call.body} ` }, secret, now), false);
  assert.equal(isGenuine(call, secret, now + 600_000), false, 'it is too old');
});

test('each event is sent once, signed over the bytes that are sent', async (t) => {
  const { app, sink, state } = await start(t);
  await take(app, 3);
  await app.drain();
  assert.equal(sink.received.length, 3);
  for (const call of sink.received) {
    assert.equal(call.headers['webhook-signature'], signatureOf(call, secret));
    assert.equal(call.headers['content-length'], String(Buffer.byteLength(call.body)));
    assert.equal(call.headers['webhook-timestamp'], String(Math.floor(app.clock.now().getTime() / 1_000)));
    const { type, data } = JSON.parse(call.body);
    assert.deepEqual([type, data.address, data.text], ['message.unknown', 'zoë@acme.test', 'Zoë 😀']);
  }
  assert.equal(new Set(sink.received.map(({ headers }) => headers['webhook-id'])).size, 3);
  assert.deepEqual(await state(), {
    ...{
      name: 'warehouse',
      state: 'active',
      is_current: true,
      waiting_for_retry: 0,
      failures_in_a_row: 0,
      given_up: 0,
    },
    ...{
      last_status: 204,
      last_problem: null,
      last_delivered_at: app.clock.now().toISOString(),
      not_called_before: null,
    },
  });
});

test('an event that is tried again has its id, and a new time and signature', async (t) => {
  const { app, sink, pass } = await start(t);
  sink.answer = () => ({ status: sink.received.length === 1 ? 500 : 200 });
  await take(app, 1);
  await app.drain();
  await pass(4_999);
  assert.equal(sink.received.length, 1);
  await pass(1);
  const [first, second] = sink.received;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(second.headers['webhook-id'], first.headers['webhook-id']);
  assert.equal(Number(second.headers['webhook-timestamp']) - Number(first.headers['webhook-timestamp']), 5);
  assert.equal(second.headers['webhook-signature'], signatureOf(second, secret));
  assert.equal(second.body, first.body);
});

test('an event that fails does not hold up others, and is given up after three days', async (t) => {
  const { app, sink, pass, state } = await start(t);
  let refused = '';
  sink.answer = ({ headers }) => {
    refused ||= String(headers['webhook-id']);
    return { status: headers['webhook-id'] === refused ? 500 : 200 };
  };
  await take(app, 1);
  await app.drain();
  await take(app, 2);
  await app.drain();
  assert.equal((await state()).waiting_for_retry, 1);
  assert.equal(sink.received.length, 3);
  for (const hours of [1, 1, 2, 5, 10, 14, 20, 24, 24]) await pass(hours * 3_600_000);
  assert.deepEqual([(await state()).waiting_for_retry, (await state()).given_up], [0, 1]);
  assert.equal(sink.received.filter(({ headers }) => headers['webhook-id'] === refused).length, 10);
});

test('410 disables a webhook at once, and resuming it sends what it missed', async (t) => {
  const { app, sink, pass, state } = await start(t);
  sink.answer = () => ({ status: 410 });
  await take(app, 1);
  await app.drain();
  assert.equal((await state()).state, 'disabled');
  const { problems } = (await app.get('/status')).body;
  assert.deepEqual(problems, ['event webhook "warehouse" answered 410 and gets no events']);
  await take(app, 1);
  await pass(86_400_000);
  assert.equal(sink.received.length, 1);
  sink.answer = () => ({ status: 204 });
  await app.post('/event_webhooks/warehouse/resume', {});
  await pass(0);
  assert.equal(new Set(sink.received.map(({ headers }) => headers['webhook-id'])).size, 2);
});

test('a webhook that answers 429 with Retry-After is not called before, also for new events', async (t) => {
  const { app, sink, pass } = await start(t);
  sink.answer = () => ({ status: 429, headers: { 'retry-after': '120' } });
  await take(app, 1);
  await app.drain();
  sink.answer = () => ({ status: 204 });
  await take(app, 1);
  await pass(119_999);
  assert.equal(sink.received.length, 1);
  await pass(1);
  assert.equal(sink.received.length, 3);
});

test('events that come while a webhook is paused are sent when it is resumed, and again at a replay, with their ids', async (t) => {
  const { app, sink } = await start(t);
  await app.post('/event_webhooks/warehouse/pause', {});
  app.clock.advance(60_000);
  const since = app.clock.now().toISOString();
  await take(app, 3);
  await app.drain();
  assert.equal(sink.received.length, 0);
  await app.post('/event_webhooks/warehouse/resume', {});
  await app.drain();
  const ids = new Set(sink.received.map(({ headers }) => headers['webhook-id']));
  assert.equal(ids.size, 3);
  assert.equal((await app.post('/event_webhooks/warehouse/replay', { since })).status, 201);
  await app.drain();
  assert.equal(sink.received.length, 6);
  assert.deepEqual(new Set(sink.received.slice(3).map(({ headers }) => headers['webhook-id'])), ids);
});

test('a redirect is not followed, and an inner address that is not allowed is not called', async (t) => {
  const { app, sink, apply, state } = await start(t);
  sink.answer = () => ({ status: 302, headers: { location: `http://${sink.host}/elsewhere` } });
  await take(app, 1);
  await app.drain();
  assert.deepEqual(
    sink.received.map(({ path }) => path),
    ['/events'],
  );
  assert.equal((await state()).last_status, 302);
  await apply({ allow: 'elsewhere.internal' });
  sink.received.length = 0;
  await take(app, 1);
  await app.drain();
  assert.equal(sink.received.length, 0);
  assert.equal((await state()).last_problem, 'the URL leads to an address or port that may not be called');
});

test('after a rotation events are signed with both secrets for a day', async (t) => {
  const { app, sink, apply } = await start(t);
  await apply({ secret: newSecret });
  await take(app, 1);
  await app.drain();
  const [call] = sink.received;
  assert.ok(call !== undefined);
  assert.equal(call.headers['webhook-signature'], `${signatureOf(call, newSecret)} ${signatureOf(call, secret)}`);
  // The old secret's time is told by the clock of whoever applied the file, which is not that of the test.
  app.clock.advance(Date.now() + 25 * 3_600_000 - app.clock.now().getTime());
  await take(app, 1);
  await app.drain();
  const last = sink.received.at(-1);
  assert.ok(last !== undefined);
  assert.equal(last.headers['webhook-signature'], signatureOf(last, newSecret));
});

test('orders for a webhook that does not exist, and a replay without a time, are refused', async (t) => {
  const { app } = await start(t);
  assert.equal((await app.post('/event_webhooks/none/pause', {})).status, 404);
  for (const body of [{}, { since: 7 }, { since: 'soon' }, { since: '2099-01-01T00:00:00Z' }])
    assert.equal((await app.post('/event_webhooks/warehouse/replay', body)).status, 400, JSON.stringify(body));
});

test('a workspace that asks for verdicts has in its feed what became of each send that was tried', async (t) => {
  const relay = await startMailServer(t);
  relay.refuse = (address) => (address.startsWith('bob@') ? smtpReply(550, '5.1.1 no such user') : null);
  const app = await startTestApp(t);
  const send = async () => {
    const { body } = await app.post('/messages/send', {
      external_user_ids: ['ada', 'bob', 'eve'],
      messages: { email: { app_id: 'any', from: 'a@acme.test', subject: 's', body: 'b' } },
    });
    await app.drain();
    return body.dispatch_id;
  };
  await app.givenWorkspace(`email: { smtp: { url: "${relay.url}" } }`);
  const attributes = ['ada', 'bob', 'eve'].map((name) => ({ external_id: name, email: `${name}@acme.test` }));
  await app.post('/users/track', { attributes });
  await send();
  assert.equal((await page(app)).events.length, 0, 'nobody asked');
  await app.post('/email/bounce/remove', { email: 'bob@acme.test' });
  await app.givenWorkspace('events: { verdicts: true }');
  const dispatchId = await send();
  const { body } = await app.get('/message_events');
  const shown = body.events.map(
    ({ type, external_id, dispatch_id, code, outcome, detail }: Record<string, unknown>) => [
      ...[type, external_id, dispatch_id, code, outcome, detail],
    ],
  );
  const sent = (who: string) => ['message.sent', who, dispatchId, null, 'applied', { status: 'sent', reason: null }];
  assert.deepEqual(
    shown.sort((one: string[], other: string[]) => (String(one[1]) < String(other[1]) ? -1 : 1)),
    [
      sent('ada'),
      ['message.not_sent', 'bob', dispatchId, '550 5.1.1', 'applied', { status: 'bounced', reason: 'address_dead' }],
      sent('eve'),
    ],
  );
});

test('a transactional send with an external_send_id has all its events in the feed under it, although nobody asked for verdicts', async (t) => {
  const relay = await startMailServer(t);
  relay.refuse = (address) => (address.startsWith('bob@') ? smtpReply(550, '5.1.1 no such user') : null);
  const app = await startTestApp(t);
  const email = { app_id: APP, from: 'a@acme.test', subject: 's', body: 'b' };
  await app.givenWorkspace(
    JSON.stringify({
      apps: [{ id: APP, name: 'iOS', platform: 'ios' }],
      email: { smtp: { url: relay.url } },
      campaigns: [{ id: 'receipt', name: 'Receipt', kind: 'transactional', messages: { email } }],
    }),
  );
  const attributes = ['ada', 'bob'].map((name) => ({ external_id: name, email: `${name}@acme.test` }));
  await app.post('/users/track', { attributes: [...attributes, { external_id: 'eve' }] });
  const send = async (who: string, external_send_id?: string) => {
    const body = { recipient: { external_user_id: who }, ...(external_send_id && { external_send_id }) };
    const reply = await app.post('/transactional/v1/campaigns/receipt/send', body);
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    await app.drain();
    return reply.body.dispatch_id;
  };
  await send('ada');
  assert.deepEqual((await page(app)).events, [], 'a send that nobody named');
  const dispatchId = await send('ada', 'order-1');
  await send('bob', 'order-2');
  await send('eve', 'order-3');
  const { user_id: userId, bucket } = await app.db.one<{ user_id: number; bucket: number }>(sql`
    select user_id, bucket from profiles where external_id = 'ada'`);
  const reference = { workspaceId: app.workspaceId, dispatchId: dashed(dispatchId), bucket, userId };
  const about = { send: { ...reference, channel: 'email' as const }, address: null };
  await take(app, 1, { kind: 'delivered', ...about });
  await app.drain();
  await take(app, 1, { kind: 'opened', ...about });
  await app.drain();
  const { body } = await app.get('/message_events');
  const shown = body.events.map(
    ({ type, external_id, external_send_id, campaign_id, detail }: Record<string, unknown>) => [
      ...[type, external_id, external_send_id, campaign_id, (detail as { reason?: string }).reason ?? null],
    ],
  );
  assert.deepEqual(shown, [
    ['message.sent', 'ada', 'order-1', 'receipt', null],
    ['message.not_sent', 'bob', 'order-2', 'receipt', 'address_dead'],
    ['message.not_sent', 'eve', 'order-3', 'receipt', 'no_address'],
    ['message.delivered', 'ada', 'order-1', 'receipt', null],
    ['message.opened', 'ada', 'order-1', 'receipt', null],
  ]);
  const { events: ofOne } = await page(app, 'external_send_id=order-1');
  assert.deepEqual(
    ofOne.map(({ type }) => type),
    ['message.sent', 'message.delivered', 'message.opened'],
  );
});
