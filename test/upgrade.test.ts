// From one version to the next while a broadcast runs: the old server works on beside the new one, on the new schema.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { dataFolder, type ServerProcess, startServer } from '../rig/process.ts';
import { connect, type Database } from '../src/db/database.ts';
import { migrate } from '../src/db/schema/migrate.ts';
import { raw, sql } from '../src/db/sql.ts';
import { temporaryFolder } from './support/command-line.ts';
import { asSuperuser } from './support/database.ts';

/** The commit whose migrations are those of 0.1.0. Once that is published, its package can take this place. */
const OLD_RELEASE = '25296a20734e0ade7408ed201889c9e8e810f5ec';
const KEY = 'a-key-of-the-tests';
const PEOPLE = 300;
/** Messages begun in a minute: the broadcast is under way for as long as the upgrade takes. */
const PACE = 1_200;

/** An empty database, in which nobody has made a table. */
async function givenEmptyDatabase(t: TestContext): Promise<{ url: string; db: Database }> {
  const name = `upgrade_${randomUUID().replaceAll('-', '')}`;
  await asSuperuser(`create database ${name} owner cresset`);
  const url = (process.env.CRESSET_TEST_DATABASE ?? '').replace('db=cresset', `db=${name}`);
  const db = connect({ url, max: 2 });
  t.after(async () => {
    await db.close();
    await asSuperuser(`drop database ${name} with (force)`);
  });
  return { url, db };
}

/** The sources of the old release, with the dependencies of today. Returns the path of its entry. */
function givenOldRelease(t: TestContext): string | null {
  const folder = temporaryFolder(t);
  const archive = join(folder, 'old.tar');
  try {
    execFileSync('git', ['archive', '--output', archive, OLD_RELEASE, 'src', 'migrations', 'package.json'], {
      stdio: 'pipe',
    });
  } catch {
    return null;
  }
  const old = join(folder, 'old');
  mkdirSync(old);
  execFileSync('tar', ['-xf', archive, '-C', old]);
  symlinkSync(resolve('node_modules'), join(old, 'node_modules'));
  return join(old, 'src/main.ts');
}

async function call<T>({ url }: { url: string }, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url + path, { ...init, headers: { authorization: `Bearer ${KEY}` } });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  return (await response.json()) as T;
}

const webhook = { url: 'https://example.test', request_method: 'POST', body: 'Hello {{${first_name}}}' };

async function track(server: { url: string }, from: number, count: number): Promise<void> {
  const attributes = Array.from({ length: count }, (_, index) => ({ external_id: `p${from + index}`, plan: 'gold' }));
  for (let start = 0; start < count; start += 75)
    await call(server, '/users/track', { attributes: attributes.slice(start, start + 75) });
}

async function broadcast(server: { url: string }): Promise<string> {
  const audience = {
    AND: [{ custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } }],
  };
  const cresset = { pace: { per_minute: PACE } };
  const sent = await call<{ dispatch_id: string }>(server, '/messages/send', {
    ...{ broadcast: true, audience, messages: { webhook }, cresset },
  });
  return sent.dispatch_id;
}

interface Counts {
  state: string;
  channels: { webhook?: { recipients: number; sent: number } };
}

/** Waits until the dispatch is as wanted. */
async function until(server: { url: string }, id: string, isSo: (counts: Counts) => boolean): Promise<Counts> {
  for (;;) {
    const counts = await call<Counts>(server, `/dispatches/${id}`);
    if (isSo(counts)) return counts;
    await pause(50);
  }
}

/** One message to somebody, which a server takes, renders and puts into the sandbox. */
async function sendsOne(server: { url: string }, person: string): Promise<void> {
  await call(server, '/users/track', { attributes: [{ external_id: person, first_name: 'Ada' }] });
  const { dispatch_id } = await call<{ dispatch_id: string }>(server, '/messages/send', {
    ...{ external_user_ids: [person], messages: { webhook } },
  });
  await until(server, dispatch_id, ({ state }) => state === 'finished');
  const { messages } = await call<{ messages: unknown[] }>(server, `/sandbox/messages?external_id=${person}`);
  assert.equal(messages.length, 1, person);
}

/** What later migrations may do most: every table gets a column that nobody knows of. */
async function addColumnEverywhere(db: Database): Promise<number> {
  const tables = await db.query<{ name: string }>(sql`
    select format('%I', relname) as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
       and relname <> 'schema_migrations'`);
  for (const { name } of tables)
    await db.run(sql`${raw(`alter table ${name} add column of_a_later_version text not null default 'x'`)}`);
  return tables.length;
}

function environment(t: TestContext, url: string): Record<string, string> {
  return {
    ...{ DATABASE_URL: url, CRESSET_DATA_DIR: dataFolder(t), PORT: '0', CRESSET_API_KEY: KEY },
    ...{
      CRESSET_SECRET: 'a secret of the tests, long enough',
      CRESSET_BROADCAST_THREADS: '1',
      CRESSET_TEST_WITHOUT_CONSOLE: '1',
    },
  };
}

/** Starts a server that ends with the test, whatever becomes of that. */
async function given(t: TestContext, env: Record<string, string>, entry?: string): Promise<ServerProcess> {
  const server = await startServer(env, entry);
  t.after(() => server.end('SIGKILL'));
  return server;
}

async function everybodyGotOne(server: ServerProcess, id: string, db: Database): Promise<void> {
  const { channels } = await until(server, id, ({ state }) => state === 'finished');
  assert.deepEqual([channels.webhook?.recipients, channels.webhook?.sent], [PEOPLE, PEOPLE]);
  const { total, people } = await db.one<{ total: number; people: number }>(sql`
    select count(*)::integer as total, count(distinct user_id)::integer as people
      from sandbox_messages where dispatch_id = ${id}::uuid`);
  assert.deepEqual([total, people], [PEOPLE, PEOPLE], 'nobody twice, nobody not at all');
}

// Rows 46 and 47 of the traps of the product.
test('a database of 0.1.0 is upgraded while its server sends a broadcast; both versions finish it and work side by side', async (t) => {
  const entry = givenOldRelease(t);
  if (entry === null) return t.skip('this clone lacks the commit of 0.1.0');
  const { url, db } = await givenEmptyDatabase(t);
  const env = environment(t, url);
  const old = await given(t, env, entry);
  await track(old, 0, PEOPLE);
  const id = await broadcast(old);
  await until(old, id, ({ channels }) => (channels.webhook?.sent ?? 0) > 0);
  const ran = await migrate(url);
  assert.notEqual((await call<Counts>(old, `/dispatches/${id}`)).state, 'finished', 'the broadcast still runs');
  t.diagnostic(`${ran.length} migrations since 0.1.0: ${ran.join(', ') || 'none yet'}`);
  const next = await given(t, { ...env, CRESSET_DATA_DIR: dataFolder(t) });
  await sendsOne(old, 'by-the-old');
  await sendsOne(next, 'by-the-new');
  await everybodyGotOne(next, id, db);
  // Workers of both versions share this one.
  await everybodyGotOne(old, await broadcast(next), db);
  assert.equal(await old.end('SIGTERM'), 0);
  const again = await given(t, env, entry);
  await sendsOne(again, 'by-the-old-again');
  assert.equal(await again.end('SIGTERM'), 0);
  assert.equal(await next.end('SIGTERM'), 0);
  for (const log of [old.log(), next.log(), again.log()]) assert.doesNotMatch(log, /cached plan|"level":(50|60)/);
});

test('every table gets a column under a running server, whose connections and statements are kept', async (t) => {
  const { url, db } = await givenEmptyDatabase(t);
  const server = await given(t, environment(t, url));
  await track(server, 0, PEOPLE);
  await sendsOne(server, 'before'); // its statements are prepared
  const id = await broadcast(server);
  await until(server, id, ({ channels }) => (channels.webhook?.sent ?? 0) > 0);
  const changed = await addColumnEverywhere(db);
  assert.ok(changed > 50, String(changed));
  assert.notEqual((await call<Counts>(server, `/dispatches/${id}`)).state, 'finished', 'the broadcast still runs');
  await sendsOne(server, 'after');
  await call(server, '/users/export/ids', { external_ids: ['after'], fields_to_export: ['first_name'] });
  await everybodyGotOne(server, id, db);
  assert.doesNotMatch(server.log(), /cached plan|"level":(50|60)/);

  await db.run(sql`comment on table schema_migrations is 'needs 9999_another_ledger'`);
  assert.equal(await server.ended, 1, 'a schema that it does not survive ends a running server');
  assert.match(server.log(), /upgraded by a newer version of Cresset.*it needs 9999_another_ledger/);
  assert.doesNotMatch(server.log(), /cached plan|"level":60|"stack"/);
});

test('a version that does not know what the database needs refuses to start, and says so', async (t) => {
  const { url, db } = await givenEmptyDatabase(t);
  await migrate(url);
  const [newest = ''] = (
    await db.query<{ name: string }>(sql`select name from schema_migrations order by id desc limit 1`)
  ).map(({ name }) => name);
  await db.run(sql`${raw(`comment on table schema_migrations is 'needs ${newest}'`)}`);
  assert.deepEqual(await migrate(url), [], 'we know that one');
  await db.run(sql`comment on table schema_migrations is 'needs 9999_another_ledger'`);
  await assert.rejects(migrate(url), /upgraded by a newer version of Cresset.*it needs 9999_another_ledger/);
});
