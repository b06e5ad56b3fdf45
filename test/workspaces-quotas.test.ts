// The most that a workspace may use is refused at the door, exactly, and says so.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { changeQuotas } from '../src/workspace/quotas.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { commandLine } from './support/command-line.ts';
import { testDatabase } from './support/database.ts';
import { givenNeighbour } from './support/tenants.ts';

const messages = { webhook: { url: 'https://example.com/hook', request_method: 'POST', body: 'Hi' } };
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const DAY_MS = 86_400_000;

const sendTo = (app: TestApp, ...people: string[]) =>
  app.post('/messages/send', { external_user_ids: people, messages });

async function givenPeople(app: TestApp, count: number): Promise<string[]> {
  const people = Array.from({ length: count }, (_, at) => `p${at}`);
  await app.post('/users/track', { attributes: people.map((external_id) => ({ external_id })) });
  return people;
}

async function givenQuota(app: TestApp, change: Parameters<typeof changeQuotas>[2], name = 'test'): Promise<void> {
  await changeQuotas(app.db, name, change);
  await app.refreshCatalog();
}

test('sends of a day are counted exactly, however many requests come at once, and only those of the workspace', async (t) => {
  const app = await startTestApp(t);
  const neighbour = await givenNeighbour(app, 'neighbour');
  await givenQuota(app, { sendsPerDay: 10 });
  const [one = '', two = '', three = ''] = await givenPeople(app, 3);
  await givenPeople(neighbour, 3);
  const answers = await Promise.all(Array.from({ length: 12 }, () => sendTo(app, one, two, three)));
  assert.equal(answers.filter(({ status }) => status === 201).length, 3, '9 messages, and 3 more would be 12');
  const refused = answers.find(({ status }) => status !== 201);
  assert.equal(refused?.status, 429);
  assert.match(
    refused?.body.errors[0],
    /^quota sends_per_day: the workspace may send 10 messages a day, which leaves no room for 3 messages until 20..-..-..T00:00:00\.000Z$/,
  );
  const secondsLeft = (DAY_MS - (app.clock.now().getTime() % DAY_MS)) / 1_000;
  assert.equal(refused?.headers.get('retry-after'), String(Math.ceil(secondsLeft)));
  assert.equal((await sendTo(app, one)).status, 201, 'what fits, fits');
  assert.equal((await sendTo(app, one)).status, 429);
  const { problems } = (await app.get('/status')).body;
  const told = problems.filter((one: string) => one.includes('429'));
  assert.equal(told.length, 1);
  assert.match(
    told[0],
    /^requests of API key ".+" are refused: quota sends_per_day: the workspace may send 10 messages a day, .+ \(10 × 429 at POST \/messages\/send since /,
  );
  assert.equal((await sendTo(neighbour, one, two, three)).status, 201);
  await app.drain();
  const [row] =
    await app.db.query(sql`select count(*)::int as sent from sends s join dispatches d on d.id = s.dispatch_id
    where d.workspace_id = ${app.workspaceId}`);
  assert.deepEqual(row, { sent: 10 });
  app.clock.advance(DAY_MS);
  assert.equal((await sendTo(app, one)).status, 201, 'a new day');
});

test('an audience is counted as it is written; the next one is refused; a schedule and a list count, too', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]`);
  await givenPeople(app, 5);
  await givenQuota(app, { sendsPerDay: 7 });
  const broadcast = () => app.post('/messages/send', { broadcast: true, segment_id: EVERYBODY, messages });
  assert.equal((await broadcast()).status, 201);
  await app.drain();
  const schedule = { time: new Date(app.clock.now().getTime() + 3_600_000).toISOString() };
  const scheduled = (people: string[]) =>
    app.post('/messages/schedule/create', { external_user_ids: people, messages, schedule });
  assert.equal((await scheduled(['p0', 'p1', 'p2'])).status, 429);
  assert.equal((await scheduled(['p0'])).status, 201);
  const list = (...people: string[]) =>
    app.post(
      '/dispatches',
      [{ messages }, ...people.map((external_user_id) => ({ external_user_id }))]
        .map((line) => JSON.stringify(line))
        .join('\n'),
      { headers: { 'content-type': 'application/x-ndjson' } },
    );
  assert.equal((await list('p0', 'p1')).status, 429);
  assert.equal((await list('p0')).status, 201);
  const refused = await broadcast();
  assert.equal(refused.status, 429);
  assert.match(refused.body.errors[0], /which leaves no room for an audience until/);
  await givenQuota(app, { sendsPerDay: null });
  assert.equal((await broadcast()).status, 201);
});

test('what is refused after it was counted is given back', async (t) => {
  const database = await testDatabase(t);
  const app = await startTestApp(t, { worker: false, database });
  const other = await startTestApp(t, { worker: false, database });
  await givenPeople(app, 3);
  await givenQuota(app, { sendsPerDay: 10 });
  await other.refreshCatalog();
  const counted = async () =>
    (await app.db.query<{ sends: number }>(sql`select sends from sent_days`)).reduce((sum, one) => sum + one.sends, 0);
  const body = { external_user_ids: ['p0', 'p1', 'p2'], messages };
  // Both servers have counted the request before either can store the key.
  const both = await app.db.transaction(async (tx) => {
    await tx.run(sql`lock table idempotency_keys in share mode`);
    const answers = [app, other].map(({ url }) =>
      app.post('/messages/send', body, { url, headers: { 'idempotency-key': 'once' } }),
    );
    while ((await counted()) < 6);
    return { answers };
  });
  const answers = await Promise.all(both.answers);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
  assert.equal(await counted(), 3, 'only what was accepted');
});

test('requests of a minute are counted over all keys and endpoints of a workspace', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const neighbour = await givenNeighbour(app, 'neighbour');
  await givenQuota(app, { requestsPerMinute: 5 });
  const other = await app.givenKey({});
  const paths = ['/dispatches', '/content_blocks/list', '/campaigns/list', '/segments/list'];
  const answers = await Promise.all(
    [...paths, ...paths].map((path, at) => app.get(path, { key: at % 2 === 0 ? other : app.key })),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 5);
  const refused = answers.find(({ status }) => status === 429);
  assert.match(
    refused?.body.errors[0],
    /^quota requests_per_minute: all 5 requests per minute are used up; try again in \d+ s, at 20/,
  );
  assert.equal((await app.get('/status')).status, 200, 'what is wrong can still be asked');
  assert.equal((await neighbour.get('/dispatches')).status, 200);
  app.clock.advance(60_000);
  assert.equal((await app.get('/dispatches')).status, 200);
});

test('quotas are shown and changed on the command line', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const run = commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret });
  const set = await run('workspaces', 'quota', 'test', '--sends-per-day', '100', '--requests-per-minute', '60');
  assert.equal(set.out, '"test" may use 100 sends a day and 60 requests a minute.');
  const freed = await run('workspaces', 'quota', 'test', '--sends-per-day', 'none', '--json');
  assert.deepEqual(JSON.parse(freed.out), { name: 'test', sends_per_day: null, requests_per_minute: 60 });
  assert.equal((await run('workspaces', 'quota', 'test', '--sends-per-day', '0')).code, 2);
  assert.equal((await run('workspaces', 'quota', 'tests')).code, 2);
  await app.refreshCatalog();
  assert.deepEqual(app.workspace().quotas, { requestsPerMinute: 60 });
});
