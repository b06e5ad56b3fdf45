// A database that answers but refuses writes: nothing is lost, everybody is told why, and work continues by itself.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Db } from '../src/db/database.ts';
import { raw, sql } from '../src/db/sql.ts';
import type { Worker } from '../src/dispatch/deliver/worker.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { mountSmallDisk } from './support/small-disk.ts';

const named = {
  external_user_ids: ['ada'],
  messages: { webhook: { url: 'https://example.test/', request_method: 'POST', body: { text: 'x'.repeat(2_000) } } },
};

async function untilAnswered(app: TestApp, status: number) {
  for (let tries = 0; tries < 200; tries += 1) {
    const reply = await app.post('/messages/send', named);
    if (reply.status === status) return reply;
  }
  throw new Error(`no answer was ${status}`);
}

async function stored(app: TestApp): Promise<number> {
  return (await app.db.one<{ stored: number }>(sql`select count(*) as stored from dispatches`)).stored;
}

test('with a full disk, sends are refused with the reason, and accepted ones go out once there is room', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const disk = await mountSmallDisk(t);
  if (disk === null) return t.skip('a small disk is mounted by root only');
  for (const table of ['dispatches', 'sends'])
    await app.db.run(sql`${raw(`alter table ${table}_20260315 set tablespace ${disk.name}`)}`);
  await app.db.run(sql`${raw(`alter database ${await nameOf(app.db)} set default_tablespace = ${disk.name}`)}`);
  const first = await app.post('/messages/send', named);
  assert.equal(first.status, 201);
  disk.fill();
  const refused = await untilAnswered(app, 503);
  assert.deepEqual(refused.body, {
    message: 'Service Unavailable',
    errors: ['the database has no room left on its disk; try again'],
  });
  assert.equal(refused.headers.get('retry-after'), '10');
  const health = await app.get('/health', { key: null });
  assert.equal(health.status, 200);
  assert.deepEqual([health.body.database.state, health.body.database.reason], ['refuses_writes', 'disk_full']);
  assert.equal((await app.get(`/dispatches/${first.body.dispatch_id}`)).status, 200, 'what only reads goes on');

  // The worker cannot write rows of the ledger either.
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  assert.notEqual((await app.get(`/dispatches/${first.body.dispatch_id}`)).body.state, 'finished');

  disk.empty();
  await app.untilTakesWrites();
  assert.equal(await healthOf(app), undefined, 'it is found out without a request that writes');
  assert.equal((await app.post('/messages/send', named)).status, 201);
  const all = await stored(app);
  await untilDone(app, worker);
  const { sent, people } = await app.db.one<{ sent: number; people: number }>(sql`
    select count(*) filter (where status = 'sent') as sent, count(distinct dispatch_id) as people from sends`);
  assert.deepEqual([sent, people], [all, all], 'each that was accepted went out, none that was refused');
});

test('with a read-only database, sends are refused with the reason, and accepted again when it takes writes', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  assert.equal((await app.post('/messages/send', named)).status, 201);
  await makeReadOnly(app);
  await untilAnswered(app, 503);
  const accepted = await stored(app);
  const told = await untilTold(app, 'the database is read-only; try again');
  assert.equal(told.headers.get('retry-after'), '10');
  const health = await app.get('/health', { key: null });
  assert.deepEqual([health.status, health.body.database.reason], [200, 'read_only']);
  assert.equal(await stored(app), accepted);
  // Sessions that were begun while it is read-only stay so.
  await Promise.all(Array.from({ length: 10 }, () => app.db.query(sql`select pg_sleep(0.05)`)));

  await alterDatabase(app, 'reset default_transaction_read_only');
  await untilHealthy(app);
  const answers = await Promise.all(Array.from({ length: 10 }, () => app.post('/messages/send', named)));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201], 'once it is said to be over, it is');
  const { worker } = await app.startAnotherWorker();
  await untilDone(app, worker);
  const { sent } = await app.db.one<{ sent: number }>(sql`select count(*) as sent from sends where status = 'sent'`);
  assert.equal(sent, await stored(app), 'each that was accepted went out');
});

test('while the database is read-only, everything that only reads is answered', async (t) => {
  const app = await startTestApp(t);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const { body } = await app.post('/messages/send', named);
  await app.drain();
  await makeReadOnly(app);
  await untilAnswered(app, 503);
  const audience = { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'pro' } };
  const reads: [path: string, body?: object][] = [
    ['/status'],
    ['/push/apps'],
    ['/email/relays'],
    ['/subscription/accounts'],
    [`/dispatches/${body.dispatch_id}`],
    [`/dispatches/${body.dispatch_id}/recipients`],
    ['/sandbox/messages'],
    ['/users/export/ids', { external_ids: ['ada'] }],
    ['/audience/preview', { audience }],
    ['/audience/explain', { audience, external_id: 'ada' }],
    ['/messages/send', { ...named, cresset: { dry_run: true } }],
  ];
  for (const [path, asked] of reads) {
    const { status, headers, body } = await (asked === undefined ? app.get(path) : app.post(path, asked));
    assert.ok(status === 200 || status === 201, `${path}: ${status} ${JSON.stringify(body)}`);
    assert.match(headers.get('x-ratelimit-remaining') ?? '', /^\d+$/, path);
  }
  const remaining = async () => Number((await app.get('/push/apps')).headers.get('x-ratelimit-remaining'));
  const first = await remaining();
  assert.equal(await remaining(), first - 1, 'this process counts');
  for (const [path, asked] of [
    ['/users/track', { attributes: [{ external_id: 'bob' }] }],
    ['/users/delete', { external_ids: ['ada'] }],
  ] as const) {
    const { status, body } = await app.post(path, asked);
    assert.deepEqual([status, body.errors], [503, ['the database is read-only; try again']], path);
  }
  await alterDatabase(app, 'reset default_transaction_read_only');
  await untilHealthy(app);
});

test('a send that loses against other transactions is answered with 503, and accepted when it is repeated', async (t) => {
  const app = await startTestApp(t, { worker: false });
  for (const code of ['deadlock_detected', 'serialization_failure']) {
    const refusal = `begin raise exception 'lost' using errcode = '${code}'; end`;
    await app.db.run(
      sql`${raw(`create or replace function lose() returns trigger language plpgsql as $$ ${refusal} $$`)}`,
    );
    await app.db.run(sql`create trigger lose before insert on dispatches for each row execute function lose()`);
    const { status, body, headers } = await app.post('/messages/send', named);
    assert.equal(status, 503, code);
    assert.deepEqual(body.errors, ['the same rows are being changed too often; try again']);
    assert.equal(headers.get('retry-after'), '1');
    assert.equal(await healthOf(app), undefined, 'nothing is wrong with the database');
    await app.db.run(sql`drop trigger lose on dispatches`);
    assert.equal((await app.post('/messages/send', named)).status, 201);
  }
  assert.equal(await stored(app), 2);
});

/** Waits until no work is left: failed tasks wait for a retry, and a notification from another process takes a moment. */
async function untilDone({ db, clock }: TestApp, worker: Worker | null): Promise<void> {
  for (let open = 1; open > 0; ) {
    clock.advance(60_000);
    await worker?.idle();
    ({ open } = await db.one<{ open: number }>(sql`select count(*) as open from tasks`));
  }
}

async function untilTold(app: TestApp, error: string) {
  for (let tries = 0; tries < 200; tries += 1) {
    const reply = await app.post('/messages/send', named);
    if (reply.body.errors?.[0] === error) return reply;
  }
  throw new Error(`nobody was told: ${error}`);
}

/** Waits until the server is healthy. Its older connections are dropped one by one, as they fail. */
async function untilHealthy(app: TestApp): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    await app.untilTakesWrites();
    if ((await healthOf(app)) === undefined) return;
  }
  throw new Error('it is still said to refuse writes');
}

/** `refuses_writes`; undefined = nothing is wrong. */
async function healthOf(app: TestApp): Promise<string | undefined> {
  return (await app.get('/health', { key: null })).body.database.state;
}

function alterDatabase({ db }: TestApp, statement: string): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.run(sql`set transaction read write`);
    await tx.run(sql`${raw(`alter database ${await nameOf(tx)} ${statement}`)}`);
  });
}

/** Every connection ends, as when the database server becomes a standby. */
async function makeReadOnly(app: TestApp): Promise<void> {
  await alterDatabase(app, 'set default_transaction_read_only = on');
  const ended = app.db.query(sql`
    select pg_terminate_backend(pid)
      from pg_stat_activity
     where datname = current_database()
     order by pid = pg_backend_pid()`);
  await assert.rejects(ended);
}

async function nameOf(db: Db): Promise<string> {
  return (await db.one<{ name: string }>(sql`select current_database() as name`)).name;
}
