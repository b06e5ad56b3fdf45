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
  assert.equal(await post(), 429);
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
