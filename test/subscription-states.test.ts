// How long states in subscription groups last, for whom, and from when.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { forgetWaitingGroups } from '../src/people/consent/waiting-groups.ts';
import { startTestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';
import {
  APP,
  CHATS,
  change,
  NEWS,
  OFFERS,
  off,
  on,
  set,
  setAll,
  start,
  statesOf,
  TEXTS,
  track,
} from './support/subscriptions.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const DAY_MS = 86_400_000;

test('a state of an address that nobody has waits 30 days for the first person who gets it', async (t) => {
  const app = await start(t);
  const emails = ['soon', 'late', 'named', 'both', 'gone'].map((name) => `${name}@example.test`);
  const phones = ['+14155550100', '+14155550101', '+14155550102'];
  await set(app, change(NEWS, on, { email: emails }));
  await set(app, change(OFFERS, off, { email: 'soon@example.test' }));
  await set(app, change(TEXTS, on, { phone: phones }));
  await setAll(
    app,
    change(NEWS, off, { emails: ['both@example.test'] }),
    change(CHATS, on, { phones: ['+14155550100'] }),
  );
  await set(app, change(CHATS, on, { phone: '+14155550101', use_double_opt_in_logic: true }));
  assert.deepEqual(
    (await app.get(`/subscription/status/get?subscription_group_id=${NEWS}&email=soon@example.test`)).body.status,
    { 'soon@example.test': 'Unknown' },
    'nobody has the address',
  );

  app.clock.advance(29 * DAY_MS);
  await forgetWaitingGroups(app.db, app.clock.now());
  await track(
    app,
    { external_id: 'soon', email: 'Soon@example.test', phone: '+14155550100' },
    { external_id: 'both', email: 'both@example.test', phone: '+14155550101' },
    { email: 'named@example.test', first_name: 'Named' },
    { phone: '+14155550102', first_name: 'Named' },
    {
      ...{ external_id: 'gone', email: 'gone@example.test' },
      subscription_groups: [change(NEWS, off), change(OFFERS, on)],
    },
  );
  assert.deepEqual(
    [await statesOf(app, NEWS, 'soon', 'both', 'gone'), await statesOf(app, OFFERS, 'soon', 'both', 'gone')],
    [
      ['Subscribed', 'Unsubscribed', 'Unsubscribed'],
      ['Unsubscribed', 'Unknown', 'Subscribed'],
    ],
    'what the request says comes last',
  );
  assert.deepEqual(
    [await statesOf(app, TEXTS, 'soon', 'both'), await statesOf(app, CHATS, 'soon', 'both')],
    [
      ['Subscribed', 'Subscribed'],
      ['Subscribed', 'Unknown'],
    ],
    'with double opt-in nothing is kept',
  );
  const named = await app.get('/subscription/user/status?email=named@example.test&phone=%2B14155550102');
  assert.deepEqual(
    named.body.users.map(({ subscription_groups }: { subscription_groups: { name: string }[] }) =>
      subscription_groups.map(({ name }) => name),
    ),
    [['News'], ['Texts']],
  );
  await track(app, { external_id: 'soon', email: 'else@example.test' });
  await track(app, { external_id: 'second', email: 'soon@example.test' });
  assert.deepEqual(await statesOf(app, NEWS, 'soon', 'second'), ['Subscribed', 'Unknown'], 'it waits for one person');
  await app.post('/users/delete', { external_ids: ['both'] });
  await track(app, { external_id: 'after', email: 'both@example.test', phone: '+14155550101' });
  assert.deepEqual(await statesOf(app, TEXTS, 'after'), ['Unknown'], 'the last owner takes the states along');

  app.clock.advance(2 * DAY_MS);
  await track(app, { external_id: 'late', email: 'late@example.test' });
  assert.deepEqual(await statesOf(app, NEWS, 'late'), ['Unknown']);
  await forgetWaitingGroups(app.db, app.clock.now());
  assert.deepEqual(await app.db.query(sql`select * from waiting_group_states`), []);
});

test('people with one email address have one state in an email group', async (t) => {
  const app = await start(t);
  const email = 'f@example.test';
  await track(app, { external_id: 'u-1', email }, { external_id: 'u-2', email: 'F@example.test' });
  await set(app, change(NEWS, off, { email: [email] }));
  assert.deepEqual(await statesOf(app, NEWS, 'u-1', 'u-2'), ['Unsubscribed', 'Unsubscribed']);
  await track(app, { external_id: 'u-1', subscription_groups: [change(NEWS, on)] });
  assert.deepEqual(await statesOf(app, NEWS, 'u-1', 'u-2'), ['Subscribed', 'Subscribed']);

  await track(app, { external_id: 'u-3', email: 'other@example.test', subscription_groups: [change(NEWS, off)] });
  await track(app, { external_id: 'u-3', email });
  await track(
    app,
    { external_id: 'u-1', subscription_groups: [change(OFFERS, off)] },
    { external_id: 'u-4', email: 'F@example.test' },
    { external_id: 'u-1', email: 'mine@example.test' },
    { external_id: 'u-5', email, phone: '+14155550100' },
  );
  for (const group of [NEWS, OFFERS])
    assert.deepEqual(
      await statesOf(app, group, 'u-2', 'u-3', 'u-4', 'u-5'),
      Array(4).fill(group === NEWS ? 'Subscribed' : 'Unsubscribed'),
      'who gets the address takes over its states',
    );

  await track(app, { external_id: 'u-6' });
  await set(app, change(NEWS, off, { external_id: 'u-6' }));
  const merge_updates = [{ identifier_to_merge: { external_id: 'u-6' }, identifier_to_keep: { external_id: 'u-7' } }];
  await track(app, { external_id: 'u-7', first_name: 'Seven' });
  assert.equal((await app.post('/users/merge', { merge_updates })).status, 202);
  assert.deepEqual(await statesOf(app, NEWS, 'u-6', 'u-7'), ['Unknown', 'Unsubscribed'], 'a merge keeps the state');
});

test('a state that changes in the middle of a broadcast applies to everybody not yet processed', async (t) => {
  const people = 600;
  const sink = await startWebhookSink(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(`
subscription_groups: [{ id: ${TEXTS}, name: Texts, channel: sms }]
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
webhook: { deliver: true, allow: ["${sink.host}"] }`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: people });
  await app.db.run(sql`update profiles set phone = '+1415555' || 1000 + substr(external_id, 2)::integer`);
  await app.db.run(sql`
    insert into subscription_states (bucket, user_id, group_id, state)
    select bucket, user_id, ${TEXTS}, 'subscribed' from profiles`);
  const release = sink.holdAfter(50);
  const { status, body } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY },
    messages: {
      webhook: { url: sink.url, request_method: 'POST' },
      sms: { app_id: APP, subscription_group_id: TEXTS, body: 'b' },
    },
  });
  assert.equal(status, 201, JSON.stringify(body));
  const path = `/dispatches/${body.dispatch_id}`;
  await sink.until(() => sink.total() >= 50);
  await app.post(`${path}/pause`, {});
  release();
  await app.drain();
  const before = (await app.get(path)).body.channels.sms.sent;
  assert.ok(before > 0 && before < people, `${before} were sent before the change`);

  const numbers = Array.from({ length: people }, (_, index) => index + 1);
  const elements = numbers.flatMap((n, index) =>
    index % 50 === 0
      ? [change(TEXTS, off, { external_ids: numbers.slice(index, n + 49).map((each) => `p${each}`) })]
      : [],
  );
  await setAll(app, ...elements);
  await app.post(`${path}/resume`, {});
  await app.drain();
  const { state, channels } = (await app.get(path)).body;
  assert.deepEqual(
    [state, channels.sms.sent, channels.sms.not_in_subscription_group, channels.webhook.sent],
    ['finished', before, people - before, people],
  );
});
