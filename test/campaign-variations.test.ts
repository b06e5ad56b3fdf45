// Campaigns that divide their people: variations with weights, and a control group that gets nothing.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import type { SendKey } from '../src/dispatch/ledger/send.ts';
import { placeOf } from '../src/dispatch/plan/split.ts';
import { takeFeedback } from '../src/feedback/take.ts';
import { WorkspaceFileError } from '../src/workspace/file/file.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startWebhookSink, type WebhookSink } from './support/webhook-sink.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const PEOPLE = 200;

const variation = (url: string, id: string, weight: number) => ({
  ...{ id, name: id.toUpperCase(), channel: 'webhook', weight },
  message: { url: url.replace('/{{', `/${id}-{{`), request_method: 'POST', body: '{{campaign.${message_name}}}' },
});

interface World {
  app: TestApp;
  sink: WebhookSink;
  /** Whom the webhook refuses, such as `a-p1`. */
  refused: Set<string>;
}

async function start(t: TestContext, campaign: object = {}): Promise<World> {
  const refused = new Set<string>();
  const sink = await startWebhookSink(t, (who) => (refused.has(who) ? 400 : 200));
  const app = await startTestApp(t);
  const file = {
    apps: [{ id: APP, name: 'iOS', platform: 'ios' }],
    webhook: { deliver: true, allow: [sink.host] },
    segments: [{ id: EVERYBODY, name: 'Everybody', filter: null }],
    campaigns: [
      {
        ...{ id: 'offer', name: 'Offer', kind: 'api_triggered', segment_id: EVERYBODY, control_share: 20 },
        ...{ variations: [variation(sink.url, 'a', 50), variation(sink.url, 'b', 30)], ...campaign },
      },
    ],
  };
  await app.givenWorkspace(JSON.stringify(file));
  const attributes = Array.from({ length: PEOPLE }, (_, n) => ({ external_id: `p${n}`, email: `p${n}@acme.test` }));
  assert.equal((await app.post('/users/track/bulk', { attributes })).body.attributes_processed, PEOPLE);
  return { app, sink, refused };
}

async function trigger(app: TestApp, body: object): Promise<string> {
  const reply = await app.post('/campaigns/trigger/send', { campaign_id: 'offer', ...body });
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  await app.drain();
  return reply.body.dispatch_id;
}

/** What each person got of a dispatch: the status, or the reason. */
async function verdicts(app: TestApp, id: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let query = '?limit=200'; ; ) {
    const { body } = await app.get(`/dispatches/${id}/recipients${query}`);
    for (const one of body.recipients) found.set(one.external_id, one.reason ?? one.status);
    if (!body.next_cursor) return found;
    query = `?limit=200&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
}

/** The variation that each verdict of a dispatch names, or null. */
async function variationsIn(app: TestApp, id: string): Promise<Map<string, string | null>> {
  const { body } = await app.get(`/dispatches/${id}/recipients?limit=1000`);
  return new Map(
    body.recipients.map((one: Record<string, string | undefined>) => [
      one.external_id,
      one.message_variation_id ?? null,
    ]),
  );
}

async function variationOfNewest(app: TestApp, person: string): Promise<string | undefined> {
  const { body } = await app.get(`/users/${person}/messages?limit=1`);
  return body.messages[0].message_variation_id;
}

interface Entry {
  unique_recipients: number;
  messages: { webhook: { variation_api_id: string; sent: number; errors: number }[] };
}

async function today(app: TestApp): Promise<Record<string, number[]>> {
  const { body } = await app.get('/campaigns/data_series?campaign_id=offer&length=1');
  const [entry]: Entry[] = body.data;
  const rows = entry?.messages.webhook.map((one) => [one.variation_api_id, [one.sent, one.errors]] as const);
  return { ...Object.fromEntries(rows ?? []), people: [entry?.unique_recipients ?? -1] };
}

test('each person gets one variation by its weight, always the same, and the control group gets nothing', async (t) => {
  const { app, sink } = await start(t);
  const firstId = await trigger(app, { broadcast: true });
  const first = await verdicts(app, firstId);
  assert.equal(first.size, PEOPLE, 'the control group has rows, too');
  const people = await app.db.query<{ external_id: string; user_id: number }>(sql`
    select external_id, user_id from profiles`);
  const expected = new Map(
    people.map(({ external_id, user_id }) => {
      const place = placeOf('offer', user_id);
      return [external_id, place < 20 ? 'control_group' : place < 50 ? 'b' : 'a'] as const;
    }),
  );
  const got = new Map([...sink.received.keys()].map((who) => [who.slice(2), who.slice(0, 1)]));
  for (const [person, said] of first)
    assert.deepEqual(
      [said, got.get(person)],
      expected.get(person) === 'control_group' ? ['control_group', undefined] : ['sent', expected.get(person)],
      person,
    );
  const count = (what: string) => [...expected.values()].filter((one) => one === what).length;
  for (const [what, percent] of [
    ['control_group', 20],
    ['a', 50],
    ['b', 30],
  ] as const) {
    // Six standard deviations of a binomial distribution.
    const p = percent / 100;
    assert.ok(Math.abs(count(what) - PEOPLE * p) < 6 * Math.sqrt(PEOPLE * p * (1 - p)), `${what}: ${count(what)}`);
  }
  const numbers = { a: [count('a'), 0], b: [count('b'), 0], people: [count('a') + count('b')] };
  assert.deepEqual(await today(app), numbers);

  const told = await variationsIn(app, firstId);
  for (const [person, what] of expected) assert.equal(told.get(person), what === 'control_group' ? null : what, person);

  // Again, as a broadcast and by name.
  const again = await trigger(app, { broadcast: true });
  assert.deepEqual(await verdicts(app, again), first);
  const { body } = await app.get(`/dispatches/${again}`);
  assert.equal(body.channels.webhook.control_group, count('control_group'), JSON.stringify(body.channels));
  const named = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'];
  await trigger(app, { recipients: named.map((external_user_id) => ({ external_user_id })) });
  assert.ok([...sink.received].every(([who]) => expected.get(who.slice(2)) === who.slice(0, 1)));
  for (const person of named) {
    const of = expected.get(person) ?? '';
    assert.equal(sink.received.get(`${of}-${person}`), of === 'control_group' ? undefined : 3, person);
  }
});

test('a person who got messages by merges keeps the variations that were sent', async (t) => {
  const { app } = await start(t);
  const id = await trigger(app, { broadcast: true });
  const told = await variationsIn(app, id);
  const [first = ''] = [...told].flatMap(([person, variationId]) => (variationId === 'a' ? [person] : []));
  assert.equal(await variationOfNewest(app, first), 'a');
  const later = Array.from({ length: 40 }, (_, n) => ({ external_id: `k${n}` }));
  await app.post('/users/track', { attributes: later });
  const others = await app.db.query<{ external_id: string; user_id: number }>(sql`
    select external_id, user_id from profiles where external_id like 'k%' order by external_id`);
  const wouldGetB = others.filter(({ user_id }) => placeOf('offer', user_id) >= 20 && placeOf('offer', user_id) < 50);
  const [second = '', third = ''] = wouldGetB.map(({ external_id }) => external_id);
  for (const [merged, kept] of [
    [first, second],
    [second, third],
  ] as const) {
    const merge_updates = [{ identifier_to_merge: { external_id: merged }, identifier_to_keep: { external_id: kept } }];
    assert.equal((await app.post('/users/merge', { merge_updates })).status, 202);
    await app.drain();
    assert.equal(await variationOfNewest(app, kept), 'a', kept);
  }
  assert.equal((await variationsIn(app, id)).get(third), 'a');
});

test('a dry run says who is in the control group, and details say how people are divided', async (t) => {
  const { app } = await start(t);
  const recipients = Array.from({ length: 50 }, (_, n) => ({ external_user_id: `p${n}` }));
  const { body } = await app.post('/campaigns/trigger/send', {
    ...{ campaign_id: 'offer', recipients, cresset: { dry_run: true } },
  });
  const said = new Set(body.recipients.map(({ status, reason }: Record<string, string>) => reason ?? status));
  assert.deepEqual(said, new Set(['control_group', 'would_be_sent']));
  const id = await trigger(app, { recipients });
  const tried = body.recipients.map((one: Record<string, string>) => [
    one.external_id,
    one.message_variation_id ?? null,
  ]);
  assert.deepEqual(new Map(tried), await variationsIn(app, id), 'each person has the variation that they then get');
  const names = new Set(body.samples.map(({ message }: { message: { body: string } }) => message.body));
  assert.deepEqual(names, new Set(['A', 'B']), 'templates know the variation');
  const { body: details } = await app.get('/campaigns/details?campaign_id=offer');
  assert.deepEqual(details.messages, {
    a: { channel: 'webhook', name: 'A', weight: 50 },
    b: { channel: 'webhook', name: 'B', weight: 30 },
  });
  assert.equal(details.control_share, 20);
});

test('a preview names the variation of each person, who is in the control group, and nothing from inside', async (t) => {
  const { app } = await start(t);
  const external_user_ids = Array.from({ length: 50 }, (_, n) => `p${n}`);
  const { status, body } = await app.post('/messages/preview', { campaign_id: 'offer', external_user_ids });
  assert.equal(status, 201, JSON.stringify(body));
  const previews: { reason: string | null; variation: { id: string; name: string; in_control: boolean } }[] =
    body.previews;
  assert.equal(previews.length, 50);
  for (const { reason, variation } of previews) {
    const { id } = variation;
    assert.ok(id === 'a' || id === 'b', id);
    assert.deepEqual(variation, { id, name: id.toUpperCase(), in_control: reason === 'control_group' });
  }
  assert.deepEqual(new Set(previews.map(({ variation }) => variation.in_control)), new Set([true, false]));
});

test('failures count for their variation, and a replay takes them back and keeps each variation', async (t) => {
  const { app, sink, refused } = await start(t, { control_share: 0, variations: [] });
  const halves = [variation(sink.url, 'a', 60), variation(sink.url, 'b', 40)];
  const base = { id: 'offer', name: 'Offer', kind: 'api_triggered', segment_id: EVERYBODY };
  await app.givenWorkspace(JSON.stringify({ campaigns: [{ ...base, variations: halves }] }));
  for (const id of ['a', 'b']) for (let n = 0; n < PEOPLE; n += 2) refused.add(`${id}-p${n}`);
  const id = await trigger(app, { broadcast: true });
  const before = await today(app);
  assert.equal((before.a?.[1] ?? 0) + (before.b?.[1] ?? 0), PEOPLE / 2);
  assert.ok((before.a?.[1] ?? 0) > 20 && (before.b?.[1] ?? 0) > 20);
  refused.clear();
  const replay = await app.post(`/dispatches/${id}/replay`, { statuses: ['failed'] });
  assert.equal(replay.status, 201, JSON.stringify(replay.body));
  await app.drain();
  const after = await today(app);
  assert.deepEqual(after, {
    a: [(before.a?.[0] ?? 0) + (before.a?.[1] ?? 0), 0],
    b: [(before.b?.[0] ?? 0) + (before.b?.[1] ?? 0), 0],
    people: [PEOPLE],
  });
  const perPerson = new Map([...sink.received].map(([who, times]) => [who.slice(2), times]));
  assert.deepEqual([perPerson.size, sink.total()], [PEOPLE, PEOPLE], 'nobody got both');
});

/** References to everything that was sent, as providers have them. */
async function references(app: TestApp): Promise<SendKey[]> {
  return app.db.query<SendKey & Record<string, unknown>>(sql`
    select bucket, dispatch_id as "dispatchId", user_id as "userId", channel from sends where status = 'sent'`);
}

async function takeOpens(app: TestApp, sends: readonly SendKey[]): Promise<void> {
  const { workspaceId } = app;
  const none = { providerMessageId: null, address: null, code: null, text: null, detail: {} };
  const events = sends.map((send) => ({
    ...{ eventId: `opened ${send.dispatchId} ${send.userId}`, kind: 'opened' as const, occurredAt: app.clock.now() },
    ...{ ...none, provider: 'acme', channel: send.channel, send: { ...send, workspaceId } },
  }));
  await takeFeedback(app.app, workspaceId, events);
  await app.drain();
}

/** Opens of the campaign by variation. */
async function opens(app: TestApp): Promise<Record<string, number>> {
  const rows = await app.db.query<{ variation_id: string; total: number }>(sql`
    select variation_id, total from feedback_days where metric = 'opens' order by variation_id`);
  return Object.fromEntries(rows.map(({ variation_id, total }) => [variation_id, total]));
}

test('what comes back counts for the variation that the person got, also after a merge', async (t) => {
  const { app } = await start(t);
  await trigger(app, { broadcast: true });
  const { a, b } = await today(app);
  assert.ok((a?.[0] ?? 0) > 0 && (b?.[0] ?? 0) > 0);
  const sends = await references(app);
  assert.equal(sends.length, (a?.[0] ?? 0) + (b?.[0] ?? 0));
  // One who got a becomes a person who would get b.
  await app.post('/users/track/bulk', {
    attributes: Array.from({ length: 50 }, (_, n) => ({ external_id: `late${n}` })),
  });
  const people = await app.db.query<{ external_id: string; user_id: number }>(sql`
    select external_id, user_id from profiles order by user_id`);
  const placed = people.map(({ external_id, user_id }) => ({ external_id, place: placeOf('offer', user_id) }));
  const gone = placed.find(({ place }) => place >= 50);
  const kept = placed.find(({ external_id, place }) => external_id.startsWith('late') && place >= 20 && place < 50);
  const merge = { identifier_to_merge: { external_id: gone?.external_id } };
  const merged = await app.post('/users/merge', {
    merge_updates: [{ ...merge, identifier_to_keep: { external_id: kept?.external_id } }],
  });
  assert.equal(merged.status, 202, JSON.stringify(merged.body));
  await app.drain();
  await takeOpens(app, sends);
  assert.deepEqual(await opens(app), { a: a?.[0], b: b?.[0] });
});

test('whoever shares an address with somebody in the control group gets the message', async (t) => {
  const { app } = await start(t, {
    variations: [],
    messages: { email: { app_id: APP, from: 'Acme <a@acme.test>', subject: '{{${user_id}}}', body: '<p>x</p>' } },
  });
  const people = await app.db.query<{ external_id: string; user_id: number }>(sql`
    select external_id, user_id from profiles order by user_id`);
  const control = people.find(({ user_id }) => placeOf('offer', user_id) < 20);
  const other = people.findLast(({ user_id }) => placeOf('offer', user_id) >= 20);
  assert.ok(control !== undefined && other !== undefined && control.user_id < other.user_id);
  await app.post('/users/track', {
    attributes: [control, other].map(({ external_id }) => ({ external_id, email: 'both@acme.test' })),
  });
  const found = await verdicts(app, await trigger(app, { broadcast: true }));
  assert.deepEqual([found.get(control.external_id), found.get(other.external_id)], ['control_group', 'sent']);
});

test('each variation of a mail may name a template of its own', async (t) => {
  const { app } = await start(t);
  const ids: Record<string, string> = {};
  for (const name of ['one', 'two']) {
    const template = { template_name: name, subject: `${name} {{\${user_id}}}`, body: `<p>${name}</p>` };
    ids[name] = (await app.post('/templates/email/create', template)).body.email_template_id;
  }
  const mail = (id: string, template: string) => ({
    ...{ id, channel: 'email', weight: 50 },
    message: { app_id: APP, from: 'Acme <a@acme.test>', email_template_id: ids[template] },
  });
  const base = { id: 'mails', name: 'Mails', kind: 'transactional' };
  const campaigns = [{ ...base, variations: [mail('x', 'one'), mail('y', 'two')] }];
  await app.givenWorkspace(JSON.stringify({ campaigns }));
  for (let n = 0; n < 20; n += 1) {
    const recipient = { external_user_id: `p${n}` };
    const path = '/transactional/v1/campaigns/mails/send';
    assert.equal((await app.post(path, { recipient })).status, 201);
  }
  await app.drain();
  const { body } = await app.get('/sandbox/messages?limit=100');
  const subjects: string[] = body.messages.map(({ message }: { message: { subject: string } }) => message.subject);
  assert.equal(subjects.length, 20);
  const people = await app.db.query<{ external_id: string; user_id: number }>(sql`
    select external_id, user_id from profiles`);
  const userIds = new Map(people.map(({ external_id, user_id }) => [external_id, user_id]));
  for (const subject of subjects) {
    const [said, person = ''] = subject.split(' ');
    assert.equal(said, placeOf('mails', userIds.get(person) ?? 0) < 50 ? 'two' : 'one', subject);
  }
  await app
    .givenWorkspace(JSON.stringify({ campaigns: [{ ...base, variations: [mail('x', 'one'), mail('y', 'none')] }] }))
    .then(
      () => assert.fail('a variation without a text was taken'),
      (error: unknown) => assert.ok(error instanceof WorkspaceFileError, String(error)),
    );
});

test('a variation that the file no longer has gets nobody, and keeps its name in the numbers', async (t) => {
  const { app, sink } = await start(t);
  await trigger(app, { broadcast: true });
  const before = await today(app);
  const base = { id: 'offer', name: 'Offer', kind: 'api_triggered', segment_id: EVERYBODY };
  const now = JSON.stringify({ campaigns: [{ ...base, variations: [variation(sink.url, 'a', 100)] }] });
  await app.givenWorkspace(now);
  await trigger(app, { broadcast: true });
  assert.deepEqual(await today(app), {
    a: [(before.a?.[0] ?? 0) + PEOPLE, 0],
    b: before.b,
    people: [(before.people?.[0] ?? 0) + PEOPLE],
  });
  const { body } = await app.get('/campaigns/details?campaign_id=offer');
  assert.deepEqual(body.messages.b, { channel: 'webhook', name: 'B' });
});

const url = 'https://example.test/{{${user_id}}}';
const half = { id: 'a', channel: 'webhook', weight: 50, message: { url, request_method: 'POST' } };
const other = { ...half, id: 'b' };
const bad: [what: string, campaign: object, problem: RegExp][] = [
  [
    'weights that are not all',
    { variations: [half] },
    /^campaigns\[0\]\.variations: the weights of webhook make 50; expected 100$/,
  ],
  [
    'weights beyond all',
    { variations: [half, { ...other, weight: 51 }] },
    /: the weights of webhook make 101; expected 100$/,
  ],
  [
    'weights without the control group',
    { control_share: 10, variations: [half, other] },
    /: the weights of webhook and control_share make 110; expected 100$/,
  ],
  [
    'a weight of nothing',
    { variations: [{ ...half, weight: 0 }] },
    /^campaigns\[0\]\.variations\[0\]\.weight: expected/,
  ],
  [
    'a broken weight',
    { variations: [{ ...half, weight: 33.3 }] },
    /^campaigns\[0\]\.variations\[0\]\.weight: expected/,
  ],
  [
    'a weight without a message',
    { variations: [{ ...half, message: null }] },
    /^campaigns\[0\]\.variations\[0\]\.message: is required beside/,
  ],
  [
    'a message without a weight',
    { variations: [{ ...half, weight: null }] },
    /^campaigns\[0\]\.variations\[0\]\.weight: is required beside/,
  ],
  [
    'a message that is a text',
    { variations: [{ ...half, message: 'x' }, other] },
    /variations\[0\]\.message: expected an object/,
  ],
  [
    'a message of another channel',
    { variations: [half, { ...other, message: { body: 'x' } }] },
    /^campaigns\[0\]\.variations\[1\]\.message\.url: is required/,
  ],
  [
    'a wrong template',
    { variations: [half, { ...other, message: { url, request_method: 'POST', body: '{{' } }] },
    /^campaigns\[0\]\.variations\[1\]\.message\.body: not a valid template/,
  ],
  [
    'the id of another variation',
    { variations: [half, { ...other, message: { ...half.message, message_variation_id: 'a' } }] },
    /^campaigns\[0\]\.variations\[1\]\.message\.message_variation_id: expected none, or "b"/,
  ],
  [
    'the channel in messages as well',
    { messages: { webhook: half.message }, variations: [half, other] },
    /^campaigns\[0\]\.messages\.webhook: expected none/,
  ],
  [
    'an API campaign',
    { kind: 'api', variations: [half, other] },
    /^campaigns\[0\]\.variations: weights do not fit a campaign of kind api/,
  ],
  [
    'an API campaign with a control group',
    { kind: 'api', control_share: 10 },
    /^campaigns\[0\]\.control_share: does not fit/,
  ],
  [
    'receipts with a control group',
    { kind: 'transactional', control_share: 10 },
    /^campaigns\[0\]\.control_share: does not fit/,
  ],
  ['nobody left', { control_share: 100 }, /^campaigns\[0\]\.control_share: expected/],
];

test('what a workspace file may not say of variations', async (t) => {
  const app = await startTestApp(t);
  for (const [what, campaign, problem] of bad) {
    const file = { campaigns: [{ id: 'c', name: 'C', kind: 'api_triggered', ...campaign }] };
    await app.givenWorkspace(JSON.stringify(file)).then(
      () => assert.fail(`${what} was taken`),
      (error: unknown) => {
        assert.ok(error instanceof WorkspaceFileError, String(error));
        assert.ok(
          error.problems.some((one) => problem.test(one)),
          `${what}: ${error.problems.join('\n')}`,
        );
      },
    );
  }
  await app.givenWorkspace(
    JSON.stringify({ campaigns: [{ id: 'c', name: 'C', kind: 'api_triggered', variations: [half, other] }] }),
  );
});
