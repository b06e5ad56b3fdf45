// The consent record: who changed which subscription state of whom, by every door.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { takeFeedback } from '../src/feedback/take.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const NEWS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
const TEXTS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a13';
const AT = '2026-03-15T12:00:00.000Z';

const workspace = (more = '') => `
apps: [{ id: ${APP}, name: iOS, platform: ios }]
email: { default_from: 'a@acme.test' }
subscription_groups: [{ id: ${NEWS}, name: News, channel: email }, { id: ${TEXTS}, name: Texts, channel: sms }]
campaigns:
  - { id: c, name: C, kind: api_triggered, messages: { webhook: { url: 'https://example.com/', request_method: POST } } }
${more}`;

async function start(t: TestContext, more = ''): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace(more));
  return app;
}

type Change = Record<string, unknown>;

async function consentOf(app: TestApp, who = 'ada'): Promise<Change[]> {
  const { status, body } = await app.get(`/users/${who}/consent`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.consent_changes;
}

/** What changed since the record had `known` entries, oldest first, without its time. */
async function changesSince(app: TestApp, known: number, who = 'ada'): Promise<Change[]> {
  const all = (await consentOf(app, who)).reverse();
  return all.slice(known).map(({ changed_at, ...change }) => {
    assert.equal(typeof changed_at, 'string');
    return change;
  });
}

async function good(reply: Promise<{ status: number; body: unknown }>): Promise<void> {
  const { status, body } = await reply;
  assert.ok(status < 300, `${status} ${JSON.stringify(body)}`);
}

const groups = (id: string, state: string) => [{ subscription_group_id: id, subscription_state: state }];
const track = (app: TestApp, ...attributes: object[]) => good(app.post('/users/track', { attributes }));

async function keyName(app: TestApp): Promise<string> {
  return (await app.db.one<{ name: string }>(sql`select name from api_keys`)).name;
}

test('every way through the API is recorded with its key, its previous state and its address, and nothing else is', async (t) => {
  const app = await start(t);
  const key = await keyName(app);
  const by = { door: 'api', api_key: key };
  const email = { of: 'email', address: 'ada@acme.test', ...by };
  await track(app, { external_id: 'ada', email: 'Ada@acme.test', phone: '+13125550101', first_name: 'Ada' });
  assert.deepEqual(await consentOf(app), [], 'states that were never changed have no record');

  await track(app, { external_id: 'ada', email_subscribe: 'opted_in', push_subscribe: 'unsubscribed' });
  await track(app, { external_id: 'ada', email_subscribe: 'opted_in', first_name: 'A' });
  assert.deepEqual(await changesSince(app, 0), [
    { ...email, previous_state: 'subscribed', state: 'opted_in' },
    { of: 'push', address: null, previous_state: 'subscribed', state: 'unsubscribed', ...by },
  ]);

  await good(app.post('/email/status', { email: 'ADA@acme.test', subscription_state: 'unsubscribed' }));
  await good(app.post('/email/status', { email: 'ada@acme.test', subscription_state: 'unsubscribed' }));
  assert.deepEqual(await changesSince(app, 2), [{ ...email, previous_state: 'opted_in', state: 'unsubscribed' }]);

  await track(app, { external_id: 'ada', subscription_groups: groups(TEXTS, 'subscribed') });
  const set = { subscription_group_id: NEWS, subscription_state: 'subscribed', email: ['ada@acme.test'] };
  await good(app.post('/subscription/status/set', { ...set, cresset: { legal_basis: 'consent form 7' } }));
  await good(app.post('/subscription/status/set', set));
  const v2 = [{ ...groups(NEWS, 'unsubscribed')[0], external_ids: ['ada'] }];
  await good(app.post('/v2/subscription/status/set', { subscription_groups: v2 }));
  const group = (id: string, address: string) => ({
    ...{ of: 'subscription_group', subscription_group_id: id, address, ...by },
  });
  assert.deepEqual(await changesSince(app, 3), [
    { ...group(TEXTS, '+13125550101'), previous_state: null, state: 'subscribed' },
    { ...group(NEWS, 'ada@acme.test'), previous_state: null, state: 'subscribed', legal_basis: 'consent form 7' },
    { ...group(NEWS, 'ada@acme.test'), previous_state: 'subscribed', state: 'unsubscribed' },
  ]);

  await good(
    app.post('/campaigns/trigger/send', {
      campaign_id: 'c',
      recipients: [{ external_user_id: 'ada', attributes: { subscription_groups: groups(NEWS, 'subscribed') } }],
    }),
  );
  await track(app, { external_id: 'ada', email_subscribe: 'subscribed' });
  await good(app.post('/email/blocklist', { email: 'ada@acme.test' }));
  assert.deepEqual(await changesSince(app, 6), [
    { ...group(NEWS, 'ada@acme.test'), previous_state: 'unsubscribed', state: 'subscribed' },
    { ...email, previous_state: 'unsubscribed', state: 'subscribed' },
    { ...email, previous_state: 'subscribed', state: 'unsubscribed' },
  ]);
});

test('whoever shares the address has the change in their record, too, also when they are not in the request', async (t) => {
  const app = await start(t);
  const key = await keyName(app);
  await track(app, { external_id: 'ada', email: 'x@acme.test' }, { external_id: 'bob', email: 'X@acme.test' });
  const given = {
    external_id: 'ada',
    email_subscribe: 'unsubscribed',
    subscription_groups: groups(NEWS, 'subscribed'),
  };
  await good(app.post('/users/track', { attributes: [given], cresset: { legal_basis: 'a letter' } }));
  const by = { address: 'x@acme.test', door: 'api', api_key: key, legal_basis: 'a letter' };
  const expected = [
    { of: 'email', previous_state: 'subscribed', state: 'unsubscribed', ...by },
    { of: 'subscription_group', subscription_group_id: NEWS, previous_state: null, state: 'subscribed', ...by },
  ];
  assert.deepEqual(await changesSince(app, 0, 'ada'), expected);
  assert.deepEqual(await changesSince(app, 0, 'bob'), expected);
  // Somebody new gets the address, and its states with it.
  await track(app, { external_id: 'cid', email: 'x@acme.test' });
  const inherited = (await changesSince(app, 0, 'cid')).map(({ of, state }) => [of, state]);
  assert.deepEqual(inherited, [
    ['email', 'unsubscribed'],
    ['subscription_group', 'subscribed'],
  ]);
});

test('requests that share a transaction are recorded each with its own key', async (t) => {
  const app = await start(t);
  const other = await app.givenKey({});
  const names = new Map([
    [app.key, app.key.slice(0, 8)],
    [other, other.slice(0, 8)],
  ]);
  await track(app, { external_id: 'ada' }, { external_id: 'bob' });
  const requests = Array.from({ length: 40 }, (_, n) => ({
    key: n % 2 === 0 ? app.key : other,
    external_id: n % 4 < 2 ? 'ada' : 'bob',
    push_subscribe: n % 3 === 0 ? 'opted_in' : 'unsubscribed',
  }));
  await Promise.all(requests.map(({ key, ...one }) => good(app.post('/users/track', { attributes: [one] }, { key }))));
  for (const who of ['ada', 'bob']) {
    let state = 'subscribed';
    const expected = requests
      .filter(({ external_id }) => external_id === who)
      .flatMap(({ key, push_subscribe }) => {
        if (push_subscribe === state) return [];
        const change = { previous_state: state, state: push_subscribe, api_key: names.get(key) };
        state = push_subscribe;
        return [change];
      });
    const found = await changesSince(app, 0, who);
    // Requests on several connections may overtake each other, but each record tells its own, without a gap.
    let last: unknown = 'subscribed';
    for (const { previous_state, state: next, api_key } of found) {
      assert.equal(previous_state, last);
      last = next;
      assert.ok([...names.values()].includes(String(api_key)));
    }
    assert.ok(found.length > 1 && expected.length > 1);
    assert.equal(new Set(found.map(({ api_key }) => api_key)).size, 2);
  }
});

/** Sends ada a mail, and gives back the path of the unsubscribe link in it. */
async function givenLink(app: TestApp): Promise<string> {
  await track(app, { external_id: 'ada', email: 'ada@acme.test' });
  const email = { app_id: APP, subject: 'Hi', body: '<p>{{${set_user_to_unsubscribed_url}}}</p>' };
  await good(app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } }));
  await app.drain();
  const { body } = await app.get('/sandbox/messages?external_id=ada');
  return /http:\/\/cresset\.test(\/s\/[\w.-]+)/.exec(JSON.stringify(body))?.[1] ?? '';
}

test("a person's own link is recorded with the address of the client, a mail program's click without", async (t) => {
  const app = await start(t);
  const path = await givenLink(app);
  const post = (body: string) => fetch(app.url + path, { method: 'POST', body });
  assert.equal((await post('')).status, 200);
  const mail = { of: 'email', previous_state: 'subscribed', state: 'unsubscribed', address: 'ada@acme.test' };
  assert.deepEqual(await changesSince(app, 0), [{ ...mail, door: 'link', ip: '127.0.0.1' }]);
  await track(app, { external_id: 'ada', email_subscribe: 'subscribed' });
  assert.equal((await post('List-Unsubscribe=One-Click')).status, 200);
  assert.deepEqual(await changesSince(app, 2), [{ ...mail, door: 'one_click' }]);
});

test('what providers tell is recorded with its provider: complaints, replies and the rest', async (t) => {
  const app = await start(t);
  await track(app, {
    ...{ external_id: 'ada', email: 'ada@acme.test', phone: '+13125550101' },
    subscription_groups: groups(TEXTS, 'subscribed'),
  });
  const none = { providerMessageId: null, send: null, code: null, text: null, detail: {}, occurredAt: app.clock.now() };
  const phone = { ...none, channel: 'sms' as const, address: '+13125550101', subscriptionGroupId: TEXTS };
  const mail = { ...none, channel: 'email' as const, address: 'ada@acme.test' };
  await takeFeedback(app.app, app.workspaceId, [
    { ...phone, eventId: '1', kind: 'opted_out', provider: 'twilio' },
    { ...mail, eventId: '2', kind: 'complained', provider: 'ses' },
  ]);
  await app.drain();
  await takeFeedback(app.app, app.workspaceId, [
    { ...mail, eventId: '3', kind: 'opted_in', provider: 'sendgrid' },
    { ...phone, eventId: '4', kind: 'opted_in', provider: 'twilio' },
  ]);
  await app.drain();
  await takeFeedback(app.app, app.workspaceId, [
    { ...phone, eventId: '5', kind: 'opted_out', provider: 'twilio', code: '21610' },
  ]);
  await app.drain();
  const shown = (await changesSince(app, 1)).map(({ of, state, door, provider }) => [of, state, door, provider]);
  assert.deepEqual(
    new Set(shown.slice(0, 2).map((one) => JSON.stringify(one))),
    new Set([
      JSON.stringify(['email', 'unsubscribed', 'complaint', 'ses']),
      JSON.stringify(['subscription_group', 'unsubscribed', 'reply', 'twilio']),
    ]),
  );
  assert.deepEqual(shown.slice(2), [
    ['email', 'opted_in', 'provider', 'sendgrid'],
    ['subscription_group', 'subscribed', 'reply', 'twilio'],
    ['subscription_group', 'unsubscribed', 'provider', 'twilio'],
  ]);
});

test('a merge takes the record along and adds what it changes; a deletion deletes it', async (t) => {
  const app = await start(t);
  const key = await keyName(app);
  await track(app, { external_id: 'old', email: 'x@acme.test', email_subscribe: 'opted_in' });
  await track(app, {
    external_id: 'old',
    push_subscribe: 'unsubscribed',
    subscription_groups: groups(NEWS, 'subscribed'),
  });
  await track(app, { external_id: 'ada', push_subscribe: 'opted_in' });
  const merge = { identifier_to_merge: { external_id: 'old' }, identifier_to_keep: { external_id: 'ada' } };
  await good(app.post('/users/merge', { merge_updates: [merge] }));
  const all = (await changesSince(app, 0)).map(({ of, previous_state, state, door, api_key }) => {
    assert.equal(api_key, key);
    return [of, previous_state, state, door];
  });
  assert.deepEqual(all, [
    ['email', 'subscribed', 'opted_in', 'api'],
    ['push', 'subscribed', 'unsubscribed', 'api'],
    ['subscription_group', null, 'subscribed', 'api'],
    ['push', 'subscribed', 'opted_in', 'api'],
    ['email', 'subscribed', 'opted_in', 'merge'],
    ['subscription_group', null, 'subscribed', 'merge'],
  ]);
  const rows = () => app.db.query(sql`select from consent_changes`);
  assert.equal((await rows()).length, 6);
  await good(app.post('/users/delete', { external_ids: ['ada'] }));
  assert.equal((await rows()).length, 0);
  assert.equal((await app.get('/users/ada/consent')).status, 404);
});

test('the record is read in pages, by any name of the person, and exported only where asked', async (t) => {
  const app = await start(t);
  const alias = { alias_name: 'a1', alias_label: 'shop' };
  await track(app, { external_id: 'ada' });
  await good(app.post('/users/alias/new', { user_aliases: [{ external_id: 'ada', ...alias }] }));
  for (let n = 0; n < 7; n += 1)
    await track(app, { external_id: 'ada', push_subscribe: n % 2 === 0 ? 'opted_in' : 'unsubscribed' });
  const all = await consentOf(app);
  assert.equal(all.length, 7);
  assert.equal(all[0]?.changed_at, AT);
  const paged: Change[] = [];
  for (let query = '?alias_label=shop&alias_name=a1&limit=3'; ; ) {
    const { body } = await app.get(`/users/consent${query}`);
    assert.equal(body.external_id, 'ada');
    paged.push(...body.consent_changes);
    if (!body.next_cursor) break;
    query = `?alias_label=shop&alias_name=a1&limit=3&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
  assert.deepEqual(paged, all);
  const exported = async (fields?: string[]) =>
    (await app.post('/users/export/ids', { external_ids: ['ada'], ...(fields && { fields_to_export: fields }) })).body
      .users[0];
  assert.deepEqual((await exported(['consent_changes'])).consent_changes, all);
  assert.ok(!('consent_changes' in (await exported())));
  assert.ok(!('consent_changes' in (await exported(['first_name', 'external_id']))));
});

const bad: [query: string, problem: RegExp, status?: number][] = [
  ['/users/nobody/consent', /nobody/, 404],
  ['/users/consent', /expected a person/],
  ['/users/ada/consent?limit=501', /^limit: /],
  ['/users/ada/consent?cursor=x', /^cursor: /],
  [`/users/ada/consent?cursor=${Buffer.from('{"id":"1"}').toString('base64url')}`, /^cursor: /],
  ['/users/ada/consent?who=x', /who/],
];

test('what cannot be asked of the record, and legal bases that are none', async (t) => {
  const app = await start(t);
  await track(app, { external_id: 'ada' });
  for (const [query, problem, status = 400] of bad) {
    const reply = await app.get(query);
    assert.equal(reply.status, status, `${query} ${JSON.stringify(reply.body)}`);
    assert.match(reply.body.errors.join(), problem, query);
  }
  for (const cresset of [
    1,
    'x',
    [],
    { legal_basis: 1 },
    { legal_basis: 'x'.repeat(256) },
    { legal_basis: '\0' },
    { basis: 'x' },
  ])
    for (const [path, body] of [
      ['/users/track', { attributes: [{ external_id: 'ada' }] }],
      ['/users/track/bulk', { attributes: [{ external_id: 'ada' }] }],
      ['/users/track/sync', { attributes: [{ external_id: 'ada' }] }],
      ['/email/status', { email: 'a@acme.test', subscription_state: 'subscribed' }],
      [
        '/v2/subscription/status/set',
        { subscription_groups: [{ ...groups(NEWS, 'subscribed')[0], external_ids: ['ada'] }] },
      ],
    ] as const) {
      const reply = await app.post(path, { ...body, cresset });
      assert.equal(reply.status, 400, `${path} ${JSON.stringify(cresset)}`);
      assert.match(String(reply.body.errors[0]), /^cresset/, path);
    }
  const key = await app.givenKey({ permissions: ['users.track'] });
  assert.equal((await app.get('/users/ada/consent', { key })).status, 403);
});

test('a workspace that asks for them has changes of consent in its feed, each once and in order', async (t) => {
  const app = await start(t, 'events: { consent: true }');
  await track(app, { external_id: 'ada', email: 'ada@acme.test', email_subscribe: 'opted_in' });
  await track(app, {
    external_id: 'ada',
    subscription_groups: groups(NEWS, 'subscribed'),
    push_subscribe: 'unsubscribed',
  });
  const read = async (query = '') => (await app.get(`/message_events${query}`)).body.events;
  // What is told of a person is told beside what providers tell, so its order among that is another each time.
  while ((await read()).length < 3) await app.drain();
  const none = { providerMessageId: null, send: null, code: null, text: null, detail: {}, occurredAt: app.clock.now() };
  await takeFeedback(app.app, app.workspaceId, [
    { ...none, channel: 'email', address: 'ada@acme.test', eventId: '2', kind: 'complained', provider: 'ses' },
  ]);
  await app.drain();
  const events: Record<string, unknown>[] = await read();
  assert.deepEqual(
    events.map(({ type, channel, external_id, address, provider }) => [type, channel, external_id, address, provider]),
    [
      ['consent.opted_in', 'email', 'ada', 'ada@acme.test', 'cresset'],
      ['consent.opted_out', 'push', 'ada', null, 'cresset'],
      ['consent.opted_in', 'email', 'ada', 'ada@acme.test', 'cresset'],
      ['message.complained', 'email', null, 'ada@acme.test', 'ses'],
    ],
  );
  const detail = { door: 'api', api_key: await keyName(app) };
  assert.deepEqual(
    events.slice(0, 3).map((event) => event.detail),
    [
      { of: 'email', previous_state: 'subscribed', state: 'opted_in', ...detail },
      { of: 'push', previous_state: 'subscribed', state: 'unsubscribed', ...detail },
      { of: 'subscription_group', subscription_group_id: NEWS, previous_state: null, state: 'subscribed', ...detail },
    ],
  );
  assert.equal(events[2]?.subscription_group_id, NEWS);
  assert.equal((await read('?kind=opted_out')).length, 1);
  assert.equal((await consentOf(app)).length, 4, 'the complaint is in the record, and in the feed as itself');
  app.clock.advance(60_000);
  await app.drain();
  assert.equal((await read()).length, 4);
});

test('a workspace that does not ask for them has none in its feed', async (t) => {
  const app = await start(t);
  await track(app, { external_id: 'ada', push_subscribe: 'unsubscribed' });
  await app.drain();
  assert.deepEqual((await app.get('/message_events')).body.events, []);
  assert.deepEqual(await app.db.query(sql`select from consent_changes where is_untold`), []);
});
