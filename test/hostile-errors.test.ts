// A body can contain hundreds of thousands of mistakes. The answer stays small, whichever route gets it. Source: docs/errors.md.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const MANY = 100_000;
/** Limit for 32 KB of texts as JSON, with quotes, commas, escapes and the other members. */
const MOST_ANSWER_BYTES = 48 * 1024;

const many = <T>(value: T, count = MANY): T[] => Array.from({ length: count }, () => value);
const manyMembers = (value: unknown, count = MANY) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, value]));

const email = { app_id: APP, from: 'Acme <hello@acme.test>', subject: 'Hi', body: '<p>Hi</p>' };
const toAda = { external_user_ids: ['ada'] };
const withEmail = (more: object) => ({ ...toAda, messages: { email: { ...email, ...more } } });

interface Case {
  what: string;
  path: string;
  body: object;
  /** Number of mistakes in the body. */
  mistakes: number;
}

const refused: Case[] = [
  {
    what: 'names of the wrong type',
    path: '/messages/send',
    body: { external_user_ids: many(0.5), messages: { email } },
    mistakes: MANY,
  },
  {
    what: 'unknown options',
    path: '/messages/send',
    body: { ...withEmail({}), cresset: manyMembers(1) },
    mistakes: MANY,
  },
  {
    what: 'headers of a webhook that are no texts',
    path: '/messages/send',
    body: {
      ...toAda,
      messages: { webhook: { url: 'https://acme.test', request_method: 'GET', request_headers: manyMembers({}) } },
    },
    mistakes: MANY,
  },
  {
    what: 'texts that are no templates',
    path: '/messages/send',
    body: withEmail({ extras: manyMembers('{{', 10_000) }),
    mistakes: 10_000,
  },
  {
    what: 'unknown members of a filter',
    path: '/messages/send',
    body: { ...withEmail({}), audience: { last_used_app: manyMembers(1, 20_000) } },
    mistakes: 20_001,
  },
  {
    what: 'unknown members',
    path: '/audience/preview',
    body: manyMembers(1),
    mistakes: MANY,
  },
  {
    what: 'unknown members',
    path: '/audience/explain',
    body: manyMembers(1),
    mistakes: MANY,
  },
  {
    what: 'unknown members of a filter',
    path: '/audience/preview',
    body: { audience: { last_used_app: manyMembers(1, 20_000) } },
    mistakes: 20_001,
  },
];

async function startWithApp(t: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`apps: [{ id: ${APP}, name: Web, platform: web }]`);
  return app;
}

function assertSmall({ body }: { body: { errors: string[] } }, mistakes: number): void {
  assert.equal(body.errors.length, 101);
  assert.equal(body.errors.at(-1), `and ${mistakes - 100} more`);
  assert.ok(Buffer.byteLength(JSON.stringify(body)) < MOST_ANSWER_BYTES);
}

test('a refusal lists a hundred mistakes and counts the others', async (t) => {
  const app = await startWithApp(t);
  for (const { what, path, body, mistakes } of refused) {
    await t.test(`${path}: ${what}`, async () => {
      const answer = await app.post(path, body);
      assert.equal(answer.status, 400);
      assertSmall(answer, mistakes);
    });
  }

  await t.test('a replay: unknown members', async () => {
    const { dispatch_id } = (await app.post('/messages/send', withEmail({}))).body;
    const answer = await app.post(`/dispatches/${dispatch_id}/replay`, manyMembers(1));
    assert.equal(answer.status, 400);
    assertSmall(answer, MANY);
  });
});

test('the warnings of an accepted send have the same limits, in every answer that repeats them', async (t) => {
  const app = await startWithApp(t);
  const nobody = { ...withEmail({}), external_user_ids: ['ada', ...many(null)] };
  const noChannels = { ...toAda, messages: { email, ...manyMembers({}) } };
  const noAliases = { ...withEmail({}), user_aliases: many(0) };
  for (const body of [nobody, noChannels, noAliases, { ...nobody, cresset: { dry_run: true } }]) {
    const answer = await app.post('/messages/send', body);
    assert.equal(answer.status, 201);
    assertSmall(answer, MANY);
  }
  const headers = { 'idempotency-key': 'once' };
  const first = await app.post('/messages/send', nobody, { headers });
  const repeated = await app.post('/messages/send', nobody, { headers });
  assertSmall(first, MANY);
  assert.equal(repeated.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual(repeated.body, first.body);
});

test('a key of a megabyte is shortened', async (t) => {
  const app = await startWithApp(t);
  const hostile = { ['k'.repeat(1_000_000)]: {} };
  // A person is kept without the attribute, which is named.
  const bodies: [path: string, body: object, status?: number][] = [
    ['/messages/send', { ...withEmail({}), cresset: hostile }],
    ['/messages/send', withEmail({ headers: hostile })],
    ['/messages/send', withEmail({ extras: { ['k'.repeat(1_000_000)]: '{{' } })],
    ['/messages/send', { ...withEmail({}), audience: hostile }],
    ['/audience/preview', hostile],
    ['/users/track', { attributes: [{ external_id: 'ada', ...hostile }] }, 201],
    ['/users/track', { events: [{ external_id: 'ada', name: 'e', time: '2026-03-15', properties: hostile }] }],
  ];
  for (const [path, body, status = 400] of bodies) {
    const answer = await app.post(path, body);
    assert.equal(answer.status, status, path);
    assert.equal(answer.body.errors.length, 1);
    assert.ok(Buffer.byteLength(JSON.stringify(answer.body)) < 2_000, `${path}: ${JSON.stringify(answer.body)}`);
  }
});

test('/users/track reports one problem for each object, however deep it is', async (t) => {
  const app = await startWithApp(t);
  let deep: unknown = '\u0000';
  for (let level = 0; level < 33; level += 1) deep = { ['k'.repeat(200)]: deep };
  const attributes = many({ external_id: 'ada', deep }, 75);
  const events = many({ external_id: 'ada', name: 'e', time: '2026-03-15', properties: 'none' }, 75);
  const answer = await app.post('/users/track', { attributes, events, purchases: many(0, 75) });
  assert.equal(answer.status, 201, 'Ada is kept, without the attribute');
  assert.equal(answer.body.errors.length, 225);
  assert.deepEqual(answer.body.errors.at(-1), { type: 'expected an object', input_array: 'purchases', index: 74 });
  const lengths = answer.body.errors.map(({ type }: { type: string }) => type.length);
  assert.equal(Math.max(...lengths), 1_000);
});
