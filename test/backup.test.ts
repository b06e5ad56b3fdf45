// `cresset backup` and `cresset restore`: everything comes back, in an empty database only, all or nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { makeBackup } from '../src/backup/make-backup.ts';
import { connectClient } from '../src/db/client.ts';
import { raw, sql } from '../src/db/sql.ts';
import { checkSharedSecret, shareSecret } from '../src/workspace/sealed/shared-secret.ts';
import { secretFrom } from '../src/workspace/secrets.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { commandLine, SECRET, temporaryFolder } from './support/command-line.ts';
import { emptyDatabase, filledDatabase, testDatabase } from './support/database.ts';
import { givenPopulation } from './support/population.ts';

const MAGIC = 'CRESSET BACKUP 1\n';

/** Each table's number of rows and a hash of all of them, whatever their order. */
async function contentsOf(url: string, leftOut: readonly string[]): Promise<Record<string, unknown>> {
  const client = await connectClient(url);
  try {
    await client.db.run(sql`select set_config('timezone', 'UTC', false)`);
    const tables = await client.db.query<{ name: string }>(sql`
      select relname as name from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
       order by 1`);
    const found: Record<string, unknown> = {};
    for (const { name } of tables) {
      if (leftOut.includes(name)) continue;
      const rows = await client.db.query<{ text: string }>(raw(`select t::text as text from ${name} t order by 1`));
      found[name] = [
        rows.length,
        createHash('sha256')
          .update(rows.map(({ text }) => text).join('\n'))
          .digest('hex'),
      ];
    }
    return found;
  } finally {
    await client.close();
  }
}

/** A workspace with people, events, consent, cards and finished sends, also of odd texts. */
async function givenWorld(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(
    'email: { default_from: a@acme.test }\napps: [{ id: 0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11, name: iOS, platform: ios }]',
  );
  const odd = 'tab\t newline\n backslash \\ \\. quote " ü 🦊';
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', email: 'ada@example.test', first_name: 'Ada', odd, email_subscribe: 'opted_in' },
      { external_id: 'bob', email: 'bob@example.test', dob: '1984-02-29', tags: ['\\N', ''] },
    ],
    events: [{ external_id: 'ada', name: 'opened', time: '2026-03-01T00:00:00Z', properties: { odd } }],
    purchases: [{ external_id: 'ada', product_id: 'p', currency: 'EUR', price: 9.99, time: '2026-03-01T00:00:00Z' }],
  });
  const email = { app_id: '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11', subject: 'Hi', body: odd };
  const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada', 'bob'], messages: { email } });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  return app;
}

const transient = [
  ...['operator_sessions', 'workers', 'rate_windows', 'call_quotas', 'schema_migrations'],
  ...['alert_watch', 'alert_troubles', 'alert_messages'],
];

test('what is backed up comes back row by row, and the server that uses it works', async (t) => {
  const app = await givenWorld(t);
  const path = join(temporaryFolder(t), 'a.backup');
  const backup = await commandLine({ DATABASE_URL: app.databaseUrl })('backup', path, '--json');
  assert.equal(backup.code, 0, backup.errors);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(path, '..')), ['a.backup'], 'no partial file is left');
  const before = await contentsOf(app.databaseUrl, transient);
  const database = await filledDatabase(t, async (url) => {
    const { code, out, errors } = await commandLine({ DATABASE_URL: url })('restore', path, '--json');
    assert.equal(code, 0, errors);
    const { rows, paused_dispatches: paused } = JSON.parse(out);
    assert.deepEqual([rows, paused], [JSON.parse(backup.out).rows, 0]);
    assert.deepEqual(await contentsOf(url, transient), before);
    const ran = sql`select array_agg(name order by id) as names from schema_migrations`;
    const client = await connectClient(url);
    assert.deepEqual((await client.db.one(ran)).names, (await app.db.one(ran)).names);
    await client.close();
  });
  const restored = await startTestApp(t, { database, startsAt: app.clock.now() });
  const { body } = await restored.get('/users/ada/messages');
  assert.deepEqual(
    body.messages.map(({ channel, status }: Record<string, string>) => [channel, status]),
    [['email', 'sent']],
  );
  assert.deepEqual((await restored.get('/status')).body.problems, []);
});

test('a backup is restored only into an empty database, and says what is in the other', async (t) => {
  const { url } = await testDatabase(t);
  const path = join(temporaryFolder(t), 'a.backup');
  assert.equal((await commandLine({ DATABASE_URL: url })('backup', path)).code, 0);
  const ours = await commandLine({ DATABASE_URL: url })('restore', path);
  assert.equal(ours.code, 1);
  assert.match(ours.errors, /only into an empty database, and this one is not: it holds a Cresset already/);
  const foreign = await emptyDatabase(t);
  const client = await connectClient(foreign);
  await client.db.run(sql`create table orders (id integer)`);
  await client.close();
  const theirs = await commandLine({ DATABASE_URL: foreign })('restore', path);
  assert.equal(theirs.code, 1);
  assert.match(theirs.errors, /it holds orders\. Name another one/);
});

test('a backup file that is there is not replaced unless asked, and a database without Cresset leaves no file', async (t) => {
  const { url } = await testDatabase(t);
  const path = join(temporaryFolder(t), 'a.backup');
  writeFileSync(path, 'mine');
  const refused = await commandLine({ DATABASE_URL: url })('backup', path);
  assert.deepEqual([refused.code, readFileSync(path, 'utf8')], [2, 'mine']);
  assert.match(refused.errors, /there is a file of this name.*--replace/);
  assert.equal((await commandLine({ DATABASE_URL: url })('backup', path, '--replace')).code, 0);
  assert.equal(readFileSync(path).toString('latin1', 0, MAGIC.length), MAGIC);
  const other = join(path, '..', 'b.backup');
  const empty = await commandLine({ DATABASE_URL: await emptyDatabase(t) })('backup', other);
  assert.equal(empty.code, 1);
  assert.match(empty.errors, /holds nothing of Cresset/);
  assert.equal(existsSync(other), false);
  const nowhere = await commandLine({ DATABASE_URL: url })('backup', join(path, '..', 'no', 'c.backup'));
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.errors, /c\.backup: ENOENT/);
});

test('a backup that is stopped, or whose connection breaks, leaves nothing', async (t) => {
  const { db, url, workspaceId } = await testDatabase(t);
  await givenPopulation(db, { workspaceId, count: 30_000 });
  const folder = temporaryFolder(t);
  const path = join(folder, 'a.backup');
  const stop = new AbortController();
  const stopping = makeBackup(url, path, { replaces: false, signal: stop.signal, onProgress: () => stop.abort() });
  await assert.rejects(stopping, /stopped; nothing of it is left/);
  assert.deepEqual(readdirSync(folder), []);
  let ended: Promise<unknown> | undefined;
  const end = sql`
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and query like 'copy %'`;
  const onProgress = () => {
    ended ??= db.query(end);
  };
  const breaking = makeBackup(url, path, { replaces: false, onProgress });
  await assert.rejects(breaking);
  await ended;
  assert.deepEqual(readdirSync(folder), []);
});

/** Changes the decompressed records of a backup file. */
function changed(path: string, change: (records: Buffer) => Buffer): string {
  const records = zstdDecompressSync(readFileSync(path).subarray(MAGIC.length));
  const other = `${path}-changed`;
  writeFileSync(other, Buffer.concat([Buffer.from(MAGIC), zstdCompressSync(change(records))]));
  return other;
}

function swapped(records: Buffer, from: string, to: string): Buffer {
  assert.equal(from.length, to.length);
  const at = records.indexOf(from);
  assert.ok(at >= 0, from);
  return Buffer.concat([records.subarray(0, at), Buffer.from(to), records.subarray(at + from.length)]);
}

test('a damaged file restores nothing, and says how it is damaged', async (t) => {
  const app = await givenWorld(t);
  const path = join(temporaryFolder(t), 'a.backup');
  assert.equal((await commandLine({ DATABASE_URL: app.databaseUrl })('backup', path)).code, 0);
  const whole = readFileSync(path);
  const file = (name: string, bytes: Buffer) => {
    const other = `${path}-${name}`;
    writeFileSync(other, bytes);
    return other;
  };
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 0xff;
  const damages: [string, RegExp][] = [
    [file('short', whole.subarray(0, -20)), /damaged: it (?:is cut off|cannot be decompressed)/],
    [file('half', whole.subarray(0, whole.length >> 1)), /damaged: it (?:is cut off|cannot be decompressed)/],
    [file('flipped', flipped), /damaged/],
    [file('empty', Buffer.alloc(0)), /expected a file that cresset backup wrote/],
    [file('other', Buffer.from('PGDMP and so on')), /expected a file that cresset backup wrote/],
    [
      changed(path, (records) => swapped(records, 'ada@example.test', 'eve@example.test')),
      /its checksum is another one/,
    ],
  ];
  for (const [other, said] of damages) {
    const url = await emptyDatabase(t);
    for (const args of [
      ['restore', other],
      ['restore', '--check', other],
    ]) {
      const { code, errors } = await commandLine({ DATABASE_URL: url })(...args);
      assert.equal(code, 2, errors);
      assert.match(errors, said);
    }
    const { code, errors } = await commandLine({ DATABASE_URL: url })('restore', path);
    assert.equal(code, 0, `the database is still empty: ${errors}`);
  }
  const checked = await commandLine({})('restore', '--check', path);
  assert.match(checked.out, /is whole: \d+ rows of /);
});

test('names in a file that are no plain names reach no statement', async (t) => {
  const { url } = await testDatabase(t);
  const path = join(temporaryFolder(t), 'a.backup');
  assert.equal((await commandLine({ DATABASE_URL: url })('backup', path)).code, 0);
  const hostile = changed(path, (records) => swapped(records, '"name":"workspaces"', '"name":"x;--;;;;;;"'));
  const { code, errors } = await commandLine({ DATABASE_URL: await emptyDatabase(t) })('restore', hostile);
  assert.equal(code, 2);
  assert.match(errors, /header\.tables\[\d+\]\.name: expected a name of lower-case letters/);
});

test('a backup of a newer version is refused with both versions, and one of an older is upgraded', async (t) => {
  const { url } = await testDatabase(t);
  const path = join(temporaryFolder(t), 'a.backup');
  assert.equal((await commandLine({ DATABASE_URL: url })('backup', path)).code, 0);
  const newer = changed(path, (records) => swapped(records, '"0001_workspace"', '"9001_workspace"'));
  const refused = await commandLine({ DATABASE_URL: await emptyDatabase(t) })('restore', newer);
  assert.equal(refused.code, 2);
  assert.match(
    refused.errors,
    /made by Cresset \S+, and its schema has 9001_workspace, which this one, \S+, does not know/,
  );
  // The last migration is undone, as if the backup had been made before it.
  const client = await connectClient(url);
  const { name } = await client.db.one<{ name: string }>(sql`
    delete from schema_migrations where id = (select max(id) from schema_migrations) returning name`);
  await client.db.run(sql`drop table edited_definitions`);
  await client.db.run(sql`alter table segments drop column removed_at`);
  await client.close();
  assert.equal(name, '0021_edited_definitions');
  const old = join(path, '..', 'old.backup');
  assert.equal((await commandLine({ DATABASE_URL: url })('backup', old)).code, 0);
  await filledDatabase(t, async (empty) => {
    assert.equal((await commandLine({ DATABASE_URL: empty })('restore', old)).code, 0);
    const after = await connectClient(empty);
    const found = await after.db.one<{ made: string | null }>(
      sql`select to_regclass('edited_definitions')::text as made`,
    );
    await after.close();
    assert.equal(found.made, 'edited_definitions');
  });
});

test('an embedded database is restored in a fresh data folder; the missing secret is named, and a server with another is refused', async (t) => {
  const { db, url } = await testDatabase(t);
  const run = commandLine({ DATABASE_URL: url, CRESSET_SECRET: SECRET });
  const folder = temporaryFolder(t);
  const yaml = join(folder, 'workspace.yaml');
  writeFileSync(yaml, 'email: { default_from: a@acme.test, smtp: { url: "smtp://u:hidden-word@relay.test" } }');
  const applied = await run('apply', yaml);
  assert.equal(applied.code, 0, applied.errors);
  await db.run(sql`delete from sealing_secret`);
  await shareSecret(db, secretFrom(SECRET));
  const path = join(folder, 'a.backup');
  assert.match((await run('backup', path)).out, /The credentials in it are sealed\. Keep CRESSET_SECRET/);
  assert.equal(zstdDecompressSync(readFileSync(path).subarray(MAGIC.length)).includes('hidden-word'), false);
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  const restored = await commandLine({ CRESSET_DATA_DIR: dataDir })('restore', path);
  assert.equal(restored.code, 0, restored.errors);
  assert.match(
    restored.out,
    /! The credentials are sealed with the CRESSET_SECRET of fingerprint [0-9a-f]{8}, and there is none here/,
  );
  const keys = await commandLine({ CRESSET_DATA_DIR: dataDir })('keys', 'list');
  assert.equal(keys.code, 0, keys.errors);
  await assert.rejects(
    checkSharedSecret(db, secretFrom(SECRET.toUpperCase())),
    /is not the secret that the servers of this database use/,
  );
});

test('a restore counts in words that fit: one dispatch is paused, two are', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const webhook = { url: 'https://acme.test/hook', request_method: 'POST', body: 'x' };
  const words = [
    '1 dispatch was not over then, and is paused: what was pending may have been sent since. Resume or cancel it (GET',
    '2 dispatches were not over then, and are paused: what was pending may have been sent since. Resume or cancel each (GET',
  ];
  for (const said of words) {
    assert.equal((await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } })).status, 201);
    const path = join(temporaryFolder(t), 'a.backup');
    assert.equal((await commandLine({ DATABASE_URL: app.databaseUrl })('backup', path)).code, 0);
    const { code, out } = await commandLine({ DATABASE_URL: await emptyDatabase(t) })('restore', path);
    assert.equal(code, 0);
    assert.ok(out.includes(`\n${said}`), out);
  }
});
