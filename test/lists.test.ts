// From anything to its dispatches: the list of dispatches, the recipients of one, the messages of a person.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ADULTS = '11111111-1111-4111-8111-111111111111';
const WELCOME = '22222222-2222-4222-8222-222222222222';
const NEWS = '33333333-3333-4333-8333-333333333333';
const email = { app_id: APP, from: 'Acme <hello@acme.test>', subject: 'Hi', body: '<p>Hi</p>' };
const webhook = { url: 'https://acme.test/hook', request_method: 'POST' };

async function startWorld(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: Acme, platform: ios }]
segments:
  - { id: ${ADULTS}, name: Adults, filter: { custom_attribute: { custom_attribute_name: age, comparison: greater_than, value: 17 } } }
campaigns:
  - { id: ${WELCOME}, name: Welcome, kind: api, variations: [{ id: mail, channel: email }] }
  - { id: ${NEWS}, name: News, kind: api, variations: [{ id: mail, channel: email }] }`);
  const attributes = [
    { external_id: 'ada', email: 'ada@example.test', age: 36 },
    { external_id: 'bob', email: 'bob@example.test', age: 12 },
    { external_id: 'cy/d e', age: 50 },
  ];
  assert.equal((await app.post('/users/track', { attributes })).status, 201);
  const alias = { external_id: 'ada', alias_label: 'crm', alias_name: 'a 1' };
  assert.equal((await app.post('/users/alias/new', { user_aliases: [alias] })).status, 201);
  return app;
}

/** Sends, lets everything happen, and moves on by a minute. */
async function send(app: TestApp, body: object, headers: Record<string, string> = {}): Promise<string> {
  const answer = await app.post(
    '/messages/send',
    { external_user_ids: ['ada'], messages: { email }, ...body },
    { headers },
  );
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  await app.drain();
  app.clock.advance(60_000);
  return answer.body.dispatch_id;
}

const ofCampaign = (id: string) => ({
  campaign_id: id,
  messages: { email: { ...email, message_variation_id: 'mail' } },
});

async function idsOf(app: TestApp, query: string): Promise<string[]> {
  const { status, body } = await app.get(`/dispatches${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.dispatches.map((one: { dispatch_id: string }) => one.dispatch_id);
}

test('dispatches are found by campaign, segment, state, time and idempotency key, newest first and page by page', async (t) => {
  const app = await startWorld(t);
  const start = app.clock.now();
  const at = (minutes: number) => new Date(start.getTime() + minutes * 60_000).toISOString();
  const plain = await send(app, {}, { 'idempotency-key': 'order-1' });
  const welcome = await send(app, ofCampaign(WELCOME));
  const news = await send(app, { ...ofCampaign(NEWS), external_user_ids: [], segment_id: ADULTS, broadcast: true });
  const again = await send(app, { ...ofCampaign(WELCOME), segment_id: ADULTS });
  const paused = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  await app.db.run(sql`update dispatches set state = 'cancelled' where id = ${paused.body.dispatch_id}`);
  await app.drain();
  const last = paused.body.dispatch_id;
  assert.deepEqual(await idsOf(app, ''), [last, again, news, welcome, plain]);
  assert.deepEqual(await idsOf(app, `?campaign_id=${WELCOME.toUpperCase()}`), [again, welcome]);
  assert.deepEqual(await idsOf(app, `?segment_id=${ADULTS}`), [again, news]);
  assert.deepEqual(await idsOf(app, `?segment_id=${ADULTS}&campaign_id=${NEWS}`), [news]);
  assert.deepEqual(await idsOf(app, '?state=cancelled'), [last]);
  assert.deepEqual(await idsOf(app, `?since=${at(1)}&until=${at(3)}`), [news, welcome]);
  assert.deepEqual(await idsOf(app, '?since=0001-01-01&until=0001-01-02'), []);
  assert.deepEqual(await idsOf(app, '?idempotency_key=order-1'), [plain]);
  assert.deepEqual(await idsOf(app, '?idempotency_key=order-2'), []);
  assert.deepEqual(await idsOf(app, '?campaign_id=none'), []);
  const pages: string[][] = [];
  for (let query = '?limit=2'; ; ) {
    const { body } = await app.get(`/dispatches${query}`);
    pages.push(body.dispatches.map((one: { dispatch_id: string }) => one.dispatch_id));
    if (body.next_cursor === undefined) break;
    query = `?limit=2&cursor=${body.next_cursor}`;
  }
  assert.deepEqual(pages, [[last, again], [news, welcome], [plain]]);
  const { body } = await app.get('/dispatches?state=finished&limit=2');
  assert.deepEqual(body.dispatches[1], {
    dispatch_id: news,
    send_id: body.dispatches[1].send_id,
    campaign_id: NEWS,
    campaign_name: 'News',
    segment_id: ADULTS,
    state: 'finished',
    broadcast: true,
    channels: ['email'],
    accepted_at: at(2),
    finished_at: at(2),
    counts: { targeted: 2 },
  });
});

test('the recipients of a dispatch are found by person, reason, status and channel, and a page holds no more than its limit', async (t) => {
  const app = await startWorld(t);
  const names = ['nobody', 'ada', 'bob', 'ada', 'cy/d e'];
  const id = await send(app, { external_user_ids: names, segment_id: ADULTS, messages: { email, webhook } });
  const list = async (query: string) => {
    const { status, body } = await app.get(`/dispatches/${id}/recipients${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    const rows = body.recipients.map(
      (one: Record<string, unknown>) => `${one.external_id} ${one.channel} ${one.reason ?? one.status}`,
    );
    return { rows, next: body.next_cursor };
  };
  const everybody = [
    ...['nobody null unknown_user', 'ada null duplicate', 'bob null not_in_segment'],
    ...['ada email sent', 'ada webhook sent', 'cy/d e email no_address', 'cy/d e webhook sent'],
  ];
  const all = (await list('')).rows;
  assert.deepEqual([...all].sort(), [...everybody].sort());
  for (const limit of [1, 2, 3, 4, 6, 7]) {
    const pages: string[][] = [];
    for (let query = `?limit=${limit}`; ; ) {
      const { rows, next } = await list(query);
      pages.push(rows);
      if (next === undefined) break;
      query = `?limit=${limit}&cursor=${next}`;
    }
    assert.ok(
      pages.every((page, index) => page.length === limit || index === pages.length - 1),
      `limit ${limit}`,
    );
    assert.deepEqual(pages.flat(), all, `limit ${limit}`);
  }
  const { rows: adas } = await list('?external_id=ada');
  assert.deepEqual(adas, ['ada null duplicate', 'ada email sent', 'ada webhook sent']);
  assert.deepEqual((await list('?alias_label=crm&alias_name=a+1')).rows, adas);
  const { body: ada } = await app.post('/users/export/ids', { external_ids: ['ada'] });
  assert.deepEqual((await list(`?braze_id=${ada.users[0].braze_id}`)).rows, adas);
  assert.deepEqual((await list('?external_id=bob')).rows, ['bob null not_in_segment']);
  assert.deepEqual((await list('?external_id=nobody')).rows, ['nobody null unknown_user']);
  assert.deepEqual((await list('?external_id=someone')).rows, []);
  assert.deepEqual((await list('?reason=no_address')).rows, ['cy/d e email no_address']);
  assert.deepEqual((await list('?reason=duplicate')).rows, ['ada null duplicate']);
  assert.deepEqual((await list('?status=sent&channel=email')).rows, ['ada email sent']);
});

test('a person’s messages are listed over all dispatches, newest first, with those refused', async (t) => {
  const app = await startWorld(t);
  const first = await send(app, { external_user_ids: ['bob'], messages: { webhook, email } });
  const refused = await send(app, { ...ofCampaign(WELCOME), external_user_ids: ['bob', 'ada'], segment_id: ADULTS });
  const cancelled = await app.post('/messages/send', {
    external_user_ids: ['bob'],
    messages: { email: { ...email, from: '{{x}}@' } },
  });
  await app.drain();
  const last = cancelled.body.dispatch_id;
  const list = async (path: string) => {
    const { status, body } = await app.get(path);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const rowsOf = (body: { messages: Record<string, unknown>[] }) =>
    body.messages.map((one) => [one.dispatch_id, one.channel, one.status, one.reason]);
  const everything = [
    [last, 'email', 'aborted', 'aborted'],
    [refused, null, 'skipped', 'not_in_segment'],
    [first, 'email', 'sent', null],
    [first, 'webhook', 'sent', null],
  ];
  const body = await list('/users/bob/messages');
  assert.deepEqual(rowsOf(body), everything);
  const { braze_id, messages, ...rest } = body;
  assert.match(braze_id, /^[0-9a-f]{24}$/);
  assert.deepEqual(rest, { external_id: 'bob', message: 'success' });
  assert.deepEqual(messages[1], {
    dispatch_id: refused,
    campaign_id: WELCOME,
    campaign_name: 'Welcome',
    accepted_at: '2026-03-15T12:01:00.000Z',
    channel: null,
    status: 'skipped',
    reason: 'not_in_segment',
    detail: 'segment.custom_attribute: age is 12, greater_than 17 does not hold',
    address: null,
    attempts: 0,
    provider_code: null,
    provider_message_id: null,
    next_attempt_at: null,
    updated_at: '2026-03-15T12:01:00.000Z',
  });
  const pages: unknown[] = [];
  for (let query = '?limit=1'; ; ) {
    const page = await list(`/users/bob/messages${query}`);
    pages.push(...rowsOf(page));
    if (page.next_cursor === undefined) break;
    query = `?limit=1&cursor=${page.next_cursor}`;
  }
  assert.deepEqual(pages, everything);
  assert.deepEqual(rowsOf(await list('/users/bob/messages?channel=email')), [everything[0], everything[2]]);
  assert.deepEqual(rowsOf(await list('/users/bob/messages?status=skipped')), [everything[1]]);
  assert.deepEqual(rowsOf(await list('/users/bob/messages?reason=aborted')), [everything[0]]);
  assert.deepEqual(rowsOf(await list(`/users/messages?braze_id=${braze_id}`)), everything);
  assert.deepEqual(rowsOf(await list('/users/messages?alias_label=crm&alias_name=a%201')), [
    [refused, 'email', 'sent', null],
  ]);
  assert.deepEqual(rowsOf(await list('/users/cy%2Fd%20e/messages')), []);
  const nobody = await app.get('/users/nobody/messages');
  assert.deepEqual([nobody.status, nobody.body.errors], [404, ['external_id: nobody of this workspace has it']]);
});

test('the pending messages of a dispatch that was given up count as cancelled in the list of a person, too', async (t) => {
  const app = await startWorld(t);
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  await app.drain();
  await app.db.run(sql`alter table sends disable trigger sends_moves`);
  await app.db.run(sql`alter table dispatches disable trigger dispatches_moves`);
  await app.db.run(sql`update sends set status = 'pending' where dispatch_id = ${body.dispatch_id}`);
  await app.db.run(sql`update dispatches set state = 'cancelled' where id = ${body.dispatch_id}`);
  const { body: listed } = await app.get('/users/ada/messages?status=cancelled');
  assert.deepEqual([listed.messages[0].status, listed.messages[0].reason], ['cancelled', 'cancelled']);
  assert.deepEqual((await app.get('/users/ada/messages?status=pending')).body.messages, []);
});

test('an address leads to the messages of everybody who has it, page by page, each with whose it is', async (t) => {
  const app = await startWorld(t);
  await app.post('/users/track', {
    attributes: [
      { external_id: 'p1', email: 'Family@acme.test', phone: '+436641234567' },
      { external_id: 'p2', email: 'family@acme.test' },
      { user_alias: { alias_label: 'crm', alias_name: 'p3' }, email: 'family@acme.test', _update_existing_only: false },
    ],
  });
  const all = { external_user_ids: ['p2', 'p1'], user_aliases: [{ alias_label: 'crm', alias_name: 'p3' }] };
  const first = await send(app, { ...all, messages: { webhook, email } });
  const second = await send(app, { external_user_ids: ['p2'], messages: { webhook } });
  await app.drain();
  const { status, body } = await app.get('/users/messages?email=FAMILY@acme.test');
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body.people.map(({ external_id }: { external_id: string | null }) => external_id).sort(), [
    null,
    'p1',
    'p2',
  ]);
  const shown = (list: Record<string, unknown>[]) =>
    list.map((one) => `${one.dispatch_id} ${one.external_id} ${one.channel} ${one.status} ${one.reason}`);
  const told = shown(body.messages);
  assert.deepEqual(told[0], `${second} p2 webhook sent null`);
  assert.equal(told.length, 7);
  const mails = shown(body.messages.filter(({ channel }: { channel: string }) => channel === 'email'));
  assert.deepEqual(mails.map((one) => one.split(' ')[1]).sort(), ['null', 'p1', 'p2']);
  assert.deepEqual(
    [...new Set(told.slice(1).map((one) => one.split(' ')[0]))],
    [first],
    'the other six are of the first dispatch',
  );
  assert.ok(body.messages.every(({ braze_id }: { braze_id: string }) => /^[0-9a-f]{24}$/.test(braze_id)));
  for (const limit of [1, 2, 4]) {
    const pages: string[] = [];
    for (let cursor = ''; ; ) {
      const page = (await app.get(`/users/messages?email=family@acme.test&limit=${limit}${cursor}`)).body;
      pages.push(...shown(page.messages));
      if (page.next_cursor === undefined) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    assert.deepEqual(pages, told, `pages of ${limit}`);
  }
  const byPhone = (await app.get('/users/messages?phone=%2B436641234567&channel=email')).body;
  assert.deepEqual(byPhone.people.length, 1);
  assert.deepEqual(byPhone.messages.length, 1);
  const nobody = await app.get('/users/messages?email=nobody@acme.test');
  assert.deepEqual([nobody.status, nobody.body.errors], [404, ['email: nobody of this workspace has it']]);
});

test('the messages of a person are narrowed by the time at which their dispatches were accepted', async (t) => {
  const app = await startWorld(t);
  await app.post('/users/track', { attributes: [{ external_id: 'p1', email: 'p1@acme.test', time_zone: 'UTC' }] });
  const start = app.clock.now().getTime();
  const ids: string[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    ids.push(await send(app, { external_user_ids: ['p1'], messages: { webhook } }));
  }
  const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
  const found = async (query: string) => {
    const lists = [
      await app.get(`/users/p1/messages?${query}`),
      await app.get(`/users/messages?email=p1@acme.test&${query}`),
    ];
    const [one, other] = lists.map(({ body }) =>
      body.messages.map((m: { dispatch_id: string }) => ids.indexOf(m.dispatch_id)),
    );
    assert.deepEqual(one, other);
    return one;
  };
  assert.deepEqual(await found(''), [2, 1, 0]);
  assert.deepEqual(await found(`since=${at(1)}`), [2, 1], 'this time or later');
  assert.deepEqual(await found(`until=${at(1)}`), [0], 'before this time');
  assert.deepEqual(await found(`since=${at(1)}&until=${at(2)}&channel=webhook`), [1]);
  assert.deepEqual(await found(`since=${at(3)}`), []);
  const wrong = await app.get('/users/p1/messages?since=yesterday');
  assert.deepEqual([wrong.status, /^since: expected a time such as/.test(wrong.body.errors[0])], [400, true]);
});

const refusals: [path: string, error: RegExp][] = [
  [
    '/dispatches?campain_id=x',
    /^campain_id: unknown query parameter; campaign_id, .* are known; did you mean campaign_id\?$/,
  ],
  ['/dispatches?limit=501', /^limit: expected 1 to 500, got "501"$/],
  ['/dispatches?limit=0', /^limit: expected 1 to 500/],
  ['/dispatches?state=bogus', /^state: expected one of scheduled, accepted, .*, got "bogus"$/],
  ['/dispatches?since=yesterday', /^since: expected a time such as/],
  ['/dispatches?cursor=x', /^cursor: /],
  ['/dispatches?limit=1&limit=2', /^limit: is given more than once/],
  ['/users/ada/messages?reason=frequency_caped', /^reason: expected one of .*frequency_capped/],
  ['/users/ada/messages?external_id=bob', /^external_id: unknown query parameter/],
  ['/users/messages', /^external_id, alias_label, alias_name, braze_id, email, phone: expected a person, got none$/],
  ['/users/messages?email=a@b.test&phone=1', /^email, phone: expected only one of them$/],
  ['/users/messages?external_id=a&email=a@b.test', /^external_id, email: expected only one of them$/],
  ['/users/messages?email=nobody', /email/],
  ['/users/messages?phone=12', /phone/],
  ['/users/messages?external_id=a&braze_id=b', /expected only one of them$/],
  ['/users/messages?alias_label=a', /^alias_label, alias_name: expected both or neither/],
  ['/sandbox/messages?foo=1', /^foo: unknown query parameter/],
  ['/push/apps?foo=1', /^foo: unknown query parameter; this endpoint has none$/],
];

test('every parameter that is unknown, wrong or given twice is refused with what is known', async (t) => {
  const app = await startTestApp(t);
  for (const [path, error] of refusals) {
    const { status, body } = await app.get(path);
    assert.equal(status, 400, path);
    assert.match(String(body.errors), error, path);
  }
  const sent = await app.post('/messages/send?dry_run=true', {});
  assert.match(String(sent.body.errors), /^dry_run: unknown query parameter; this endpoint has none$/);
});

test('a route that does not know the idempotency key refuses it; one that does names the first dispatch of another body', async (t) => {
  const app = await startWorld(t);
  const headers = { 'idempotency-key': 'k1' };
  for (const path of ['/users/track', '/users/delete', '/audience/preview', '/dispatches/x/cancel']) {
    const { status, body } = await app.post(path, {}, { headers });
    assert.equal(status, 400, path);
    assert.match(String(body.errors), /^Idempotency-Key: .* does not know this header; remove it/, path);
  }
  const accepted = app.clock.now().toISOString();
  const id = await send(app, {}, headers);
  const other = await app.post('/messages/send', { external_user_ids: ['bob'], messages: { email } }, { headers });
  assert.deepEqual(
    [other.status, other.body.errors],
    [409, [`Idempotency-Key: expected the body of dispatch ${id}, accepted at ${accepted}, got another`]],
  );
});

test('a body over the limit is told the limit and the variable that raises it', async (t) => {
  const app = await startTestApp(t);
  const body = JSON.stringify({ text: 'x'.repeat(4_194_304) });
  const answer = await app.post('/users/track', body);
  assert.deepEqual(
    [answer.status, answer.body.errors],
    [413, [`body: expected at most 4194304 bytes (CRESSET_BODY_LIMIT), got ${body.length}`]],
  );
});

test('a dry run of a push tells the braze id of everybody', async (t) => {
  const app = await startWorld(t);
  const { body } = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { apple_push: { alert: 'Hi' } },
    cresset: { dry_run: true },
  });
  assert.match(body.recipients[0].braze_id, /^[0-9a-f]{24}$/);
});
