// Rates are counted exactly across servers, also when one statement counts and stores a send. send.md §13.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { type Reply, startTestApp, type TestApp } from './support/app.ts';

const webhook = { url: 'https://example.com/', request_method: 'POST', body: 'hi' };
const good = { external_user_ids: ['ada'], messages: { webhook } };
const broadcast = {
  audience: { AND: [{ custom_attribute: { custom_attribute_name: 'a', comparison: 'equals', value: 1 } }] },
  broadcast: true,
  messages: { webhook },
};

async function givenTwoServers(t: TestContext, limits: string): Promise<{ app: TestApp; urls: [string, string] }> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`rate_limits: ${limits}`);
  return { app, urls: [app.url, await app.startAnotherServer()] };
}

const remaining = ({ headers }: Reply) => Number(headers.get('x-ratelimit-remaining'));
const statuses = (answers: Reply[]) => Object.groupBy(answers, ({ status }) => String(status));
const stored = async ({ db }: TestApp) =>
  (await db.one<{ stored: number }>(sql`select count(*) as stored from dispatches`)).stored;

test('two servers share a window exactly, and each request is told what is left', async (t) => {
  const { app, urls } = await givenTwoServers(t, '{ default: 60 }');
  // Good sends, sends that fail their checks, bodies that are not JSON and another endpoint share one window.
  const kinds = [
    (url: string) => app.post('/messages/send', good, { url }),
    (url: string) => app.post('/messages/send', good, { url, headers: { 'idempotency-key': crypto.randomUUID() } }),
    (url: string) => app.post('/messages/send', { ...good, messages: {} }, { url }),
    (url: string) => app.post('/messages/send', '{', { url }),
    (url: string) => app.get('/sandbox/messages', { url }),
  ];
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => kinds[index % kinds.length]?.(urls[index % 2] ?? '') as Promise<Reply>),
  );
  const { 429: refused = [], 201: sent = [], ...others } = statuses(answers);
  const allowed = [...sent, ...Object.values(others).flatMap((one) => one ?? [])];
  assert.deepEqual(
    allowed.map(remaining).sort((one, other) => one - other),
    Array.from({ length: 60 }, (_, left) => left),
  );
  assert.equal(refused.length, 40);
  for (const one of refused) {
    assert.equal(remaining(one), 0);
    assert.ok(Number(one.headers.get('retry-after')) >= 1);
    assert.equal(one.headers.get('X-RateLimit-Retry-After'), one.headers.get('retry-after'));
  }
  assert.equal(await stored(app), sent.length, 'what was refused is not stored');
  assert.equal((await app.post('/messages/send', { messages: {} })).status, 429, 'a used-up window before a bad body');

  app.clock.advance(3_600_000);
  const next = await app.post('/messages/send', good);
  assert.deepEqual([next.status, remaining(next)], [201, 59]);
});

test('broadcasts have their own window, and one batch may be counted in both', async (t) => {
  const { app, urls } = await givenTwoServers(t, '{ default: 10, "send_broadcast:/messages/send": 5 }');
  const post = (body: object, index: number) => app.post('/messages/send', body, { url: urls[index % 2] ?? '' });
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => post(index % 4 < 2 ? good : broadcast, index)),
  );
  const named = answers.filter((_, index) => index % 4 < 2);
  const described = answers.filter((_, index) => index % 4 >= 2);
  assert.deepEqual([statuses(named)[201]?.length, statuses(described)[201]?.length], [10, 5]);
  assert.equal(await stored(app), 15);
});

test('a raised limit applies at once; a lowered one refuses what exceeds it and keeps the count', async (t) => {
  const { app } = await givenTwoServers(t, '{ default: 2 }');
  const post = async () => (await app.post('/messages/send', good)).status;
  assert.deepEqual([await post(), await post(), await post()], [201, 201, 429]);
  await app.givenWorkspace('rate_limits: { default: 4 }');
  assert.deepEqual([await post(), await post(), await post()], [201, 201, 429]);
  await app.givenWorkspace('rate_limits: { default: 1 }');
  const { status, body, headers } = await app.post('/messages/send', good);
  assert.equal(status, 429);
  const waitS = headers.get('retry-after');
  const hour = 3_600_000;
  const until = new Date(Math.floor(app.clock.now().getTime() / hour + 1) * hour).toISOString();
  assert.deepEqual(body.errors, [
    `rate limit default: the one request per hour is used up; try again in ${waitS} s, at ${until}`,
  ]);
  await app.givenWorkspace('rate_limits: { default: 5 }');
  assert.deepEqual([await post(), await post()], [201, 429]);
});

test('idempotency keys that arrive at two servers in opposite order are stored once each', async (t) => {
  const { app, urls } = await givenTwoServers(t, '{ default: 1000 }');
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  const send = (url: string) => (key: string) =>
    app.post('/messages/send', good, { url, headers: { 'idempotency-key': key } });
  const answers = await Promise.all([...keys.map(send(urls[0])), ...keys.toReversed().map(send(urls[1]))]);
  assert.deepEqual(
    Object.keys(statuses(answers)).filter((status) => status !== '201' && status !== '409'),
    [],
  );
  const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.dispatch_id));
  assert.equal(ids.size, keys.length);
  assert.equal(await stored(app), keys.length);
});

const lacking = (custom_attribute_name: string) => ({
  custom_attribute: { comparison: 'does_not_exist', custom_attribute_name },
});
const limitOf = ({ headers }: Reply) => Number(headers.get('x-ratelimit-limit'));

test('two servers share the window of an audience exactly; what it refuses is not counted in the other', async (t) => {
  const limits = '{ broadcast_per_audience: 4, "send_broadcast:/messages/send": 9 }';
  const { app, urls } = await givenTwoServers(t, limits);
  const send = (audience: object, index: number) =>
    app.post('/messages/send', { ...broadcast, audience }, { url: urls[index % 2] ?? '' });
  const first = await Promise.all(Array.from({ length: 20 }, (_, index) => send(lacking('a'), index)));
  assert.equal(statuses(first)[201]?.length, 4);
  for (const refused of statuses(first)[429] ?? []) assert.deepEqual([limitOf(refused), remaining(refused)], [4, 0]);
  assert.equal(await stored(app), 4);

  const second = await send(lacking('b'), 0);
  assert.deepEqual(
    [second.status, limitOf(second), remaining(second)],
    [201, 4, 3],
    'three left of four, four of nine',
  );
  for (let index = 0; index < 2; index += 1) assert.equal((await send(lacking('b'), index)).status, 201);
  const seventh = await send(lacking('c'), 0);
  assert.deepEqual([limitOf(seventh), remaining(seventh)], [9, 1], 'one left of nine, three of four');
  assert.equal((await send(lacking('c'), 1)).status, 201);
  for (const audience of ['c', 'd', 'd']) {
    const refused = await send(lacking(audience), 0);
    assert.deepEqual([refused.status, limitOf(refused), remaining(refused)], [429, 9, 0]);
  }
  assert.equal(await stored(app), 9);
  const { windows } = await app.db.one<{ windows: number }>(sql`select count(*) as windows from rate_windows`);
  assert.equal(windows, 4, 'a refused broadcast of a new audience writes no window, once it is known to be refused');

  app.clock.advance(60_000);
  assert.equal((await send(lacking('d'), 0)).status, 201);
});

test('one audience is the same campaign, segment and filter, however they are written', async (t) => {
  const { app } = await givenTwoServers(t, '{ broadcast_per_audience: 2 }');
  const segment = '11111111-1111-4111-8111-11111111111a';
  await app.givenWorkspace(`segments: [{ id: ${segment}, name: All, filter: null }]`);
  const send = async (members: object, audience: object = lacking('a')) =>
    (await app.post('/messages/send', { ...broadcast, audience, ...members })).status;
  assert.equal(await send({ segment_id: segment }), 201);
  const reversed = { custom_attribute: { custom_attribute_name: 'a', comparison: 'does_not_exist' } };
  assert.equal(await send({ segment_id: segment.toUpperCase(), campaign_id: '' }, reversed), 201);
  assert.equal(await send({ segment_id: segment, messages: {} }), 429, 'whatever is sent');
  assert.equal(await send({ segment_id: segment }, lacking('b')), 201);
  assert.equal(await send({}), 201);
  assert.equal(await send({ segment_id: segment, campaign_id: 'none' }), 400, 'another window, and no campaign');
  assert.equal(await send({ segment_id: segment, external_user_ids: ['ada'], broadcast: false }), 201, 'no broadcast');
  await app.givenWorkspace('rate_limits: { broadcast_per_audience: 1000000000 }');
  for (let sent = 0; sent < 12; sent += 1) assert.equal(await send({ segment_id: segment }), 201);
});

test('a broadcast that is tried, or fails its checks, is counted in both windows once', async (t) => {
  const { app } = await givenTwoServers(t, '{ broadcast_per_audience: 3, "send_broadcast:/messages/send": 4 }');
  const post = (members: object) => app.post('/messages/send', { ...broadcast, ...members });
  assert.equal(remaining(await post({ cresset: { dry_run: true } })), 2);
  assert.equal(remaining(await post({ messages: {} })), 1);
  assert.equal(remaining(await post({})), 0);
  const used = await app.db.query<{ used: number }>(sql`select used from rate_windows order by bucket`);
  assert.deepEqual(used, [{ used: 3 }, { used: 3 }]);
});
