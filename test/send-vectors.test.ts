// Every test vector of send.md §17 that is built, over HTTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const S1 = '11111111-1111-4111-8111-111111111111';
const C1 = '22222222-2222-4222-8222-222222222222';
const T1 = '33333333-3333-4333-8333-333333333333';
const E1 = '44444444-4444-4444-8444-444444444444';
const I1 = 'iosPush-640';
const EM = { app_id: APP, from: 'Acme <hello@acme.test>', subject: 'Hi {{${first_name}}}', body: '<p>Hello</p>' };
const d2 = { alias_name: 'd2', alias_label: 'device_id' };

/** The people who got a mail, and those who were refused before any channel. */
interface Effect {
  sentTo?: string[];
  refused?: Record<string, string>;
  errors?: number;
  hasSendId?: boolean;
  logged?: boolean;
}

interface Vector {
  n: string;
  body: object | string;
  status: number;
  message?: string;
  effect?: Effect;
}

const u1 = { external_user_ids: ['u1'] };
const withE = (variation: string) => ({ messages: { email: { ...EM, message_variation_id: variation } } });
const ids = (count: number) => Array.from({ length: count }, (_, index) => `id${index}`);
const tooMany = 'The max number of external_ids and aliases per request was exceeded';

const vectors: Vector[] = [
  { n: '1', body: u1, status: 201, effect: { sentTo: ['u1'] } },
  { n: '2', body: { external_user_ids: 'u1' }, status: 201, effect: { sentTo: ['u1'] } },
  {
    n: '3',
    body: { external_user_ids: [12345] },
    status: 201,
    effect: { sentTo: [], refused: { 12345: 'unknown_user' } },
  },
  {
    n: '4',
    body: { external_user_ids: ['nobody'] },
    status: 201,
    effect: { sentTo: [], refused: { nobody: 'unknown_user' }, errors: 0 },
  },
  { n: '5', body: { external_user_ids: ['u1', ''] }, status: 201, effect: { sentTo: ['u1'], errors: 1 } },
  { n: '6', body: { external_user_ids: [''] }, status: 400, message: 'No Recipients' },
  { n: '7', body: { user_aliases: d2 }, status: 201, effect: { sentTo: ['u2'] } },
  {
    n: '8',
    body: { external_user_ids: ['u2'], user_aliases: [d2] },
    status: 201,
    effect: { sentTo: ['u2'], refused: { d2: 'duplicate' } },
  },
  {
    n: '9',
    body: { external_user_ids: ['u1', 'u2'], segment_id: S1 },
    status: 201,
    effect: { sentTo: ['u1'], refused: { u2: 'not_in_segment' }, logged: true },
  },
  { n: '10', body: { segment_id: S1 }, status: 400, message: 'Bad Request' },
  { n: '11', body: { segment_id: S1, broadcast: true }, status: 201, effect: { sentTo: ['u1'], logged: true } },
  { n: '12', body: { segment_id: S1, broadcast: 'TRUE' }, status: 201, effect: { sentTo: ['u1'] } },
  { n: '13', body: { segment_id: S1, broadcast: 'yes' }, status: 400, message: 'Bad Request' },
  {
    n: '14',
    body: { segment_id: S1, broadcast: true, external_user_ids: ['u1'] },
    status: 400,
    message: 'Bad Request',
  },
  {
    n: '15',
    body: { segment_id: S1, broadcast: true, external_user_ids: [] },
    status: 201,
    effect: { sentTo: ['u1'] },
  },
  { n: '16', body: { broadcast: true }, status: 400, message: 'No Recipients' },
  { n: '17', body: {}, status: 400, message: 'No Recipients' },
  { n: '18', body: { ...u1, messages: {} }, status: 400, message: 'No message to send' },
  { n: '19', body: { messages: {} }, status: 400, message: 'No message to send' },
  { n: '20', body: { external_user_ids: ids(51) }, status: 400, message: tooMany },
  { n: '21', body: { external_user_ids: ids(50), user_aliases: [d2] }, status: 400, message: tooMany },
  { n: '22', body: { external_user_ids: Array(50).fill('u1') }, status: 201, effect: { sentTo: ['u1'] } },
  { n: '23', body: { ...u1, campaign_id: C1 }, status: 400, message: 'Message Variant Unspecified' },
  { n: '24', body: { ...u1, campaign_id: C1, ...withE(E1) }, status: 201, effect: { sentTo: ['u1'] } },
  { n: '25', body: { ...u1, campaign_id: C1, ...withE(I1) }, status: 400, message: 'Mismatched Message Type' },
  { n: '26', body: { ...u1, campaign_id: C1, ...withE('ZZ') }, status: 400, message: 'Invalid Message Variant' },
  { n: '27 triggered', body: { ...u1, campaign_id: T1, ...withE(E1) }, status: 400, message: 'Invalid Campaign ID' },
  { n: '27 unknown', body: { ...u1, campaign_id: 'none', ...withE(E1) }, status: 400, message: 'Invalid Campaign ID' },
  { n: '28', body: { ...u1, send_id: 'x' }, status: 400, message: 'Bad Request' },
  {
    n: '29',
    body: { segment_id: S1, broadcast: true, campaign_id: C1, ...withE(E1) },
    status: 201,
    effect: { sentTo: ['u1'], hasSendId: true },
  },
  { n: '30', body: { ...u1, recipient_subscription_state: 'Subscribed' }, status: 400, message: 'Bad Request' },
  { n: '31', body: { ...u1, messages: { email: '(optional, Email Object)' } }, status: 400, message: 'Bad Request' },
  {
    n: '32',
    body: { ...u1, messages: { email: EM, windows_universal_push: {} } },
    status: 201,
    effect: { sentTo: ['u1'], errors: 1 },
  },
  { n: '33', body: { ...u1, recipients: [{ external_user_id: 'u1' }] }, status: 400, message: 'Bad Request' },
  { n: '34', body: { ...u1, segment_ids: [] }, status: 201, effect: { sentTo: ['u1'] } },
  { n: '35 array', body: '[]', status: 400, message: 'Bad Request' },
  { n: '35 text', body: 'not json', status: 400, message: 'Bad Request' },
  { n: '41', body: { ...u1, audience: {} }, status: 400, message: 'Bad Request' },
];

async function givenWorkspaceOfVectors(t: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps:
  - { id: ${APP}, name: Acme iOS, platform: ios }
segments:
  - id: ${S1}
    name: S1
    filter: { custom_attribute: { custom_attribute_name: eye_color, comparison: equals, value: blue } }
campaigns:
  - id: ${C1}
    name: C1
    kind: api
    variations: [{ id: ${E1}, name: E1, channel: email }, { id: ${I1}, name: I1, channel: ios_push }]
  - { id: ${T1}, name: T1, kind: api_triggered, variations: [] }
`);
  const tracked = await app.post('/users/track', {
    attributes: [
      { external_id: 'u1', email: 'u1@example.test', first_name: 'Una', eye_color: 'blue' },
      { external_id: 'u2', email: 'u2@example.test', first_name: 'Duo', eye_color: 'green' },
    ],
  });
  assert.equal(tracked.status, 201);
  assert.equal((await app.post('/users/alias/new', { user_aliases: [{ external_id: 'u2', ...d2 }] })).status, 201);
  return app;
}

function bodyOf({ body }: Vector): object | string {
  return typeof body === 'string' || 'messages' in body ? body : { ...body, messages: { email: EM } };
}

async function checkEffect(
  app: TestApp,
  answer: { dispatch_id: string; send_id?: string; errors?: string[] },
  effect: Effect,
): Promise<void> {
  assert.match(answer.dispatch_id, /^[0-9a-f]{32}$/);
  const { body: outbox } = await app.get(`/sandbox/messages?dispatch_id=${answer.dispatch_id}`);
  const sentTo = outbox.messages.map(({ external_id }: { external_id: string }) => external_id).sort();
  if (effect.sentTo) assert.deepEqual(sentTo, effect.sentTo);
  const { body: recipients } = await app.get(`/dispatches/${answer.dispatch_id}/recipients?status=skipped`);
  const refused = new Map<string, string>();
  for (const one of recipients.recipients) refused.set(one.external_id ?? one.user_aliases[0].alias_name, one.reason);
  for (const [name, reason] of Object.entries(effect.refused ?? {})) assert.equal(refused.get(name), reason, name);
  assert.equal(answer.errors?.length ?? 0, effect.errors ?? 0);
  assert.equal(answer.send_id !== undefined, effect.hasSendId ?? false);
  const logged = await app.db.query(sql`select 1 from activity_log where dispatch_id = ${answer.dispatch_id}`);
  if (effect.logged) assert.equal(logged.length, 1);
  await checkInvariant(app, answer.dispatch_id);
}

/** For a finished dispatch: `targeted` is the recipients plus those refused before, and no channel misses anybody. */
async function checkInvariant(app: TestApp, dispatchId: string): Promise<void> {
  const { body } = await app.get(`/dispatches/${dispatchId}`);
  assert.equal(body.state, 'finished');
  const { targeted, recipients, unknown_user, duplicate, not_in_segment, not_in_audience } = body.counts;
  assert.equal(targeted, recipients + unknown_user + duplicate + not_in_segment + not_in_audience);
  for (const { recipients: reached, attempts, attempts_failed, attempts_in_flight: _, ...outcomes } of Object.values<
    Record<string, number>
  >(body.channels)) {
    assert.equal(reached, recipients);
    assert.equal(
      Object.values(outcomes).reduce((sum, count) => sum + count, 0),
      reached,
    );
    assert.ok((attempts ?? 0) >= (outcomes.sent ?? 0));
  }
}

test('send.md §17', async (t) => {
  const app = await givenWorkspaceOfVectors(t);

  for (const vector of vectors) {
    await t.test(`vector ${vector.n}`, async () => {
      const { status, body } = await app.post('/messages/send', bodyOf(vector));
      assert.equal(status, vector.status, JSON.stringify(body));
      if (vector.message) assert.equal(body.message, vector.message);
      if (vector.effect === undefined) return;
      assert.equal(body.message, 'success');
      await app.drain();
      await checkEffect(app, body, vector.effect);
    });
  }

  const { people } = await app.db.one<{ people: number }>(sql`select count(*) as people from profiles`);
  assert.equal(people, 2, 'a send creates nobody');

  const good = { ...u1, messages: { email: EM } };
  const rateHeaders = (headers: Headers) =>
    ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));

  await t.test('vector 36: no key', async () => {
    const { status, body, headers } = await app.post('/messages/send', good, { key: null });
    assert.equal(status, 401);
    assert.equal(body.message, 'Error authenticating credentials');
    assert.deepEqual(rateHeaders(headers), ['', '', '']);
  });

  await t.test('vector 37: a key without the permission', async () => {
    const key = await app.givenKey({ permissions: ['users.track'] });
    const { status, body } = await app.post('/messages/send', good, { key });
    assert.equal(status, 403);
    assert.equal(body.message, 'You do not have permission to access this resource');
  });

  await t.test('vector 38: a key of another address', async () => {
    const key = await app.givenKey({ allowFrom: ['10.0.0.0/8'] });
    const { status, body } = await app.post('/messages/send', good, { key });
    assert.equal(status, 403);
    assert.equal(body.message, 'Invalid whitelisted IPs');
  });

  await t.test('vectors 39 and 40: the 251st broadcast of a minute; naming people is another bucket', async () => {
    app.clock.advance(60_000);
    const lacking = (name: string) => ({
      custom_attribute: { custom_attribute_name: name, comparison: 'does_not_exist' },
    });
    const broadcast = (index: number) => ({
      ...{ segment_id: S1, broadcast: true, messages: { email: EM } },
      audience: lacking(`a${index % 26}`), // no audience has more than ten
    });
    const answers = await Promise.all(
      Array.from({ length: 251 }, (_, index) => app.post('/messages/send', broadcast(index))),
    );
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(answers.filter(({ status }) => status === 201).length, 250);
    assert.equal(refused.length, 1);
    assert.equal(refused[0]?.body.message, 'Rate Limited');
    assert.equal(refused[0]?.headers.get('x-ratelimit-remaining'), '0');
    assert.equal(refused[0]?.headers.get('x-ratelimit-limit'), '250');
    assert.ok(Number(refused[0]?.headers.get('retry-after')) >= 1);
    assert.equal((await app.post('/messages/send', good)).status, 201);
    await app.drain();
  });

  await t.test('vector 43: the eleventh broadcast to one audience in a minute', async () => {
    app.clock.advance(60_000);
    const broadcast = { segment_id: S1, broadcast: true, messages: { email: EM } };
    for (let sent = 1; sent <= 10; sent += 1) {
      const { status, headers } = await app.post('/messages/send', broadcast);
      assert.deepEqual([status, ...rateHeaders(headers).slice(0, 2)], [201, '10', String(10 - sent)]);
    }
    const { status, body, headers } = await app.post('/messages/send', broadcast);
    assert.deepEqual([status, body.message], [429, 'Rate Limited']);
    assert.deepEqual(rateHeaders(headers).slice(0, 2), ['10', '0']);
    assert.ok(Number(headers.get('retry-after')) >= 1);
    await app.drain();
  });

  await t.test('vector 42: the same request twice', async () => {
    const answers = [await app.post('/messages/send', good), await app.post('/messages/send', good)];
    await app.drain();
    const dispatchIds = answers.map(({ body }) => body.dispatch_id);
    assert.notEqual(dispatchIds[0], dispatchIds[1]);
    for (const id of dispatchIds) {
      const { body } = await app.get(`/sandbox/messages?dispatch_id=${id}`);
      assert.equal(body.messages.length, 1);
      assert.equal(body.messages[0].address, 'u1@example.test');
      assert.equal(body.messages[0].message.subject, 'Hi Una');
    }
  });
});
