// The server as a process: how it starts, refuses to start and stops.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { dataFolder, plainEnvironment, program, start, startServer } from '../rig/process.ts';
import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { raw, sql } from '../src/db/sql.ts';
import { listWorkers } from '../src/queue/workers.ts';
import { startTestApp } from './support/app.ts';
import { testDatabase } from './support/database.ts';
import { startMailServer } from './support/mail-server.ts';

/** One thread for broadcasts, where it does not matter how many there are: each loads the whole server. */
const small = { PORT: '0', CRESSET_BROADCAST_THREADS: '1' };

test('the second start knows the same key; a signal stops it in order', async (t) => {
  const env = { CRESSET_DATA_DIR: dataFolder(t), PORT: '0' };
  const first = await startServer(env);
  const key = first.announced.api_key;
  assert.ok(key);
  assert.equal(await first.end('SIGTERM'), 0);
  const second = await startServer(env);
  assert.equal(second.announced.api_key, null);
  const response = await fetch(`${second.url}/sandbox/messages`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(response.status, 200);
  assert.equal(await second.end('SIGINT'), 0);
  assert.match(second.log(), /"msg":"stopped"/);
});

test('a server whose broadcast thread ends by itself ends with an error, and stops its database in order', async (t) => {
  const folder = dataFolder(t);
  const preload = `
    import { watch } from 'node:fs';
    import { isMainThread, workerData } from 'node:worker_threads';
    function onFile(_, name) { if (name === 'end-the-thread') throw new Error('ended by the test'); }
    if (!isMainThread && workerData?.databaseUrl) watch(${JSON.stringify(folder)}, onFile);`;
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(preload)}`;
  const server = await startServer({ CRESSET_DATA_DIR: folder, PORT: '0', NODE_OPTIONS });
  writeFileSync(join(folder, 'end-the-thread'), '');
  assert.equal(await server.ended, 1);
  assert.match(server.log(), /ended by the test/);
  const next = await startServer({ CRESSET_DATA_DIR: folder, PORT: '0' });
  assert.equal(await next.end('SIGTERM'), 0);
  assert.doesNotMatch(next.log(), /did not stop in order/);
});

test('broadcasts have as many threads as configured, at a lower priority than everything else', async (t) => {
  const dataDir = dataFolder(t);
  const server = await startServer({ CRESSET_DATA_DIR: dataDir, PORT: '0', CRESSET_BROADCAST_THREADS: '3' });
  const db = connect({ url: (await attachEmbedded({ dataDir })) ?? '' });
  const sessions = await db.query<{ pid: number; isWorker: boolean }>(sql`
    select pid, application_name like 'cresset worker %' as "isWorker" from pg_stat_activity where backend_type = 'client backend'`);
  assert.equal(sessions.filter(({ isWorker }) => isWorker).length, 4, 'one for named people, three for broadcasts');
  if (process.platform === 'linux') {
    // A session may have ended since: connections that are not used are closed.
    const living = sessions.filter(({ pid }) => existsSync(`/proc/${pid}`));
    assert.deepEqual([...new Set(living.map(({ pid }) => getPriority(pid)))].sort(), [0, 10]);
  }
  await db.close();
  assert.equal(await server.end('SIGTERM'), 0);
});

test('a server with a thread that does not start ends with an error, its other threads before its database', async (t) => {
  const preload = `
    import { isMainThread, workerData } from 'node:worker_threads';
    if (!isMainThread && workerData?.number === 2) throw new Error('it did not come up');`;
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(preload)}`;
  const env = { CRESSET_DATA_DIR: dataFolder(t), PORT: '0', CRESSET_BROADCAST_THREADS: '3' };
  const failed = await start({ ...env, NODE_OPTIONS });
  assert.ok('code' in failed);
  assert.equal(failed.code, 1);
  assert.match(failed.output, /it did not come up/);
  assert.doesNotMatch(failed.output, /ENOENT|Connection terminated|administrator command/);
  const next = await startServer(env);
  assert.equal(await next.end('SIGTERM'), 0);
  assert.doesNotMatch(next.log(), /did not stop in order/);
});

test('npm start passes a signal on to the server', async (t) => {
  const env = { ...plainEnvironment(), CRESSET_DATA_DIR: dataFolder(t), PORT: '0' };
  const child = spawn('npm', ['start', '--silent'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('Cresset is listening')) child.kill('SIGTERM');
  }
  assert.deepEqual(await ended, [0, null]);
  assert.match(log, /"msg":"stopped"/);
});

// Row 7 of the traps of the product.
test('a second server on the same data folder, and a server on a port in use, end with the reason', async (t) => {
  const env = { CRESSET_DATA_DIR: dataFolder(t), ...small };
  const first = await startServer(env);
  const second = await start(env);
  assert.ok('code' in second);
  assert.equal(second.code, 1);
  assert.match(second.output, /Another Cresset server is using the data folder .*CRESSET_DATA_DIR/);
  assert.equal((await fetch(`${first.url}/health`)).status, 200, 'the first one is not disturbed');
  const beside = await startServer({
    ...besideOf(second.output),
    CRESSET_DATA_DIR: dataFolder(t),
    CRESSET_ROLES: 'worker',
  });
  const db = connect({ url: (await attachEmbedded({ dataDir: env.CRESSET_DATA_DIR })) ?? '' });
  const processes = (await listWorkers(db)).map((worker) => worker.process?.processId);
  await db.close();
  assert.equal(new Set(processes).size, 2, 'a worker beside it, as the sentence says');
  assert.equal(await beside.end('SIGTERM'), 0);
  await first.end('SIGTERM');

  const other = createServer();
  await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready));
  const address = other.address();
  assert.ok(typeof address === 'object' && address !== null);
  const blocked = await start({ ...env, PORT: String(address.port) });
  other.close();
  assert.ok('code' in blocked);
  assert.equal(blocked.code, 1);
  assert.match(blocked.output, new RegExp(`127\\.0\\.0\\.1:${address.port} is in use by another program`));
});

/** The variables that the refusal of a second server tells to set, as a shell reads them. */
function besideOf(output: string): { DATABASE_URL: string; CRESSET_SECRET: string } {
  const [refusal = ''] = JSON.parse(output).error.problems;
  const [url = ''] = /DATABASE_URL="\S+ '[^']*'\)"/.exec(refusal) ?? [];
  const [secret = ''] = /CRESSET_SECRET="\S+ '[^']*'\)"/.exec(refusal) ?? [];
  const shown = `${url} ${secret} node -p "JSON.stringify([process.env.DATABASE_URL, process.env.CRESSET_SECRET])"`;
  const [DATABASE_URL, CRESSET_SECRET] = JSON.parse(execFileSync('sh', ['-c', shown], { encoding: 'utf8' }));
  return { DATABASE_URL, CRESSET_SECRET };
}

// Row 6 of the traps of the product.
test('a wrong CRESSET_SECRET is refused with one sentence', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace('email: { default_from: a@acme.test, smtp: { url: "smtp://ada:secret@127.0.0.1:1" } }');
  const folder = mkdtempSync(join(tmpdir(), 'cresset-process-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, DATABASE_URL: app.databaseUrl, CRESSET_DATA_DIR: folder, ...small };
  const secret = { CRESSET_SECRET: 'x'.repeat(32), CRESSET_LOG_LEVEL: 'silent' };
  const child = spawn(process.execPath, [program, 'serve'], {
    env: { ...env, ...secret },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let printed = '';
  child.stderr.on('data', (chunk) => (printed += chunk));
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.match(printed, /is not the secret that the servers of this database use\. Use theirs/);
  assert.doesNotMatch(printed, /^ {4}at /m, 'it has no stack');
});

test('a database that is too old, or holds another schema, is refused with one sentence', async (t) => {
  const { db, url } = await testDatabase(t);
  const name = raw(new URLSearchParams(url.split('?')[1]).get('db') ?? '');
  const folder = mkdtempSync(join(tmpdir(), 'cresset-process-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const refusal = async () => {
    const ended = await start({ DATABASE_URL: url, CRESSET_DATA_DIR: folder, ...small });
    assert.ok('code' in ended);
    assert.equal(ended.code, 1);
    const { error } = JSON.parse(ended.output);
    assert.equal(error.name, 'DatabaseUnusableError', 'which is printed without a stack');
    return error.problems;
  };

  await db.run(sql`update schema_migrations set name = '0001_of_another_version' where id = 1`);
  assert.deepEqual(await refusal(), [
    'The database holds the schema of another version of Cresset (it ran 0001_of_another_version). Use the version that made it, or an empty database.',
  ]);

  // What a server of PostgreSQL 14 would say of its version: a function of ours comes before PostgreSQL's own.
  await db.run(sql`create schema old`);
  await db.run(sql`create function old.current_setting(text) returns text language sql return '140018'`);
  await db.run(sql`alter database ${name} set search_path = old, pg_catalog, public`);
  assert.deepEqual(await refusal(), [
    'The database is PostgreSQL 14.18; Cresset needs 15 or newer. Upgrade it, or name another one with DATABASE_URL.',
  ]);
});

test('/health names the version of the database', async (t) => {
  const server = await startServer({ CRESSET_DATA_DIR: dataFolder(t), ...small });
  const health = await fetch(`${server.url}/health`);
  const { database } = (await health.json()) as { database: object };
  assert.deepEqual(Object.keys(database), ['version']);
  assert.match(JSON.stringify(database), /^\{"version":"1[5-9]\.\d+"\}$/);
  assert.equal(await server.end('SIGTERM'), 0);
});

test('an environment with mistakes is refused, with every mistake and the nearest names', async () => {
  const ended = await start({ CRESSET_DATA_DIRR: '/tmp', PORT: 'eighty', CRESSET_ROLES: 'api,wrker' });
  assert.ok('code' in ended);
  assert.equal(ended.code, 2);
  assert.match(ended.output, /CRESSET_DATA_DIRR: there is no such variable; did you mean CRESSET_DATA_DIR\?/);
  assert.match(ended.output, /PORT: expected an integer/);
  assert.match(ended.output, /CRESSET_ROLES: expected a comma-separated list/);
});

test('accepted sends are still there after kill -9 and a restart', async (t) => {
  const env = { CRESSET_DATA_DIR: dataFolder(t), ...small, CRESSET_API_KEY: 'a-key-for-this-very-test' };
  const headers = { authorization: 'Bearer a-key-for-this-very-test' };
  const first = await startServer(env);
  const response = await fetch(`${first.url}/users/track`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ attributes: [{ external_id: 'ada', first_name: 'Ada' }] }),
  });
  assert.equal(response.status, 201);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');
  const second = await startServer(env);
  const exported = await fetch(`${second.url}/users/export/ids`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ external_ids: ['ada'], fields_to_export: ['first_name'] }),
  });
  assert.deepEqual(((await exported.json()) as { users: unknown[] }).users, [{ first_name: 'Ada' }]);
  assert.equal(await second.end('SIGTERM'), 0);
});

test('a database that is killed under its server is restarted, still belongs to it, and loses nothing', async (t) => {
  const dataDir = dataFolder(t);
  const env = { CRESSET_DATA_DIR: dataDir, ...small, CRESSET_API_KEY: 'a-key-for-this-very-test' };
  const headers = { authorization: 'Bearer a-key-for-this-very-test' };
  const server = await startServer(env);
  const accepted: string[] = [];
  const statuses = new Set<number>();
  const send = async () => {
    const webhook = { url: 'https://example.com/', request_method: 'POST', body: 'x' };
    const body = JSON.stringify({ external_user_ids: ['nobody'], messages: { webhook } });
    const response = await fetch(`${server.url}/messages/send`, { method: 'POST', headers, body });
    statuses.add(response.status);
    const { dispatch_id } = (await response.json()) as { dispatch_id?: string };
    if (dispatch_id !== undefined) accepted.push(dispatch_id);
  };
  await send();
  process.kill(Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
  while (!server.log().includes('the embedded database is back')) await send();
  await send();

  assert.deepEqual([...statuses].sort(), [201, 503], 'whom it cannot take is told to try again');
  for (const id of accepted) {
    assert.equal((await fetch(`${server.url}/dispatches/${id}`, { headers })).status, 200, id);
  }
  const second = await start(env);
  assert.ok('code' in second);
  assert.match(second.output, /Another Cresset server is using the data folder/);
  assert.equal(await server.end('SIGTERM'), 0);
});

test('a worker without an API answers /health, and nothing else, at its own port', async (t) => {
  const { url } = await testDatabase(t);
  const folder = mkdtempSync(join(tmpdir(), 'cresset-process-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { DATABASE_URL: url, CRESSET_DATA_DIR: folder, CRESSET_ROLES: 'worker', CRESSET_BROADCAST_THREADS: '1' };
  for (const port of ['CRESSET_HEALTH_PORT', 'PORT']) {
    const worker = await startServer({ ...env, [port]: '0' });
    const { health_url: health = '' } = worker.announced;
    assert.equal(worker.url, null);
    const { status, ok } = await fetch(health);
    assert.deepEqual([status, ok], [200, true], port);
    assert.equal((await fetch(new URL('/push/apps', health))).status, 404);
    assert.equal(await worker.end('SIGTERM'), 0);
  }
  const silent = await startServer(env);
  assert.equal(silent.announced.health_url, undefined, 'without a port it listens on none');
  assert.equal(await silent.end('SIGTERM'), 0);
});

test('a server whose ports are in use sends nothing, and names the variable of the port', async (t) => {
  const relay = await startMailServer(t);
  const host = await startTestApp(t, { worker: false, startsAt: new Date() });
  await host.givenWorkspace(JSON.stringify({ email: { default_from: 'a@acme.test', smtp: { url: relay.url } } }));
  await host.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  const messages = { email: { app_id: 'any', subject: 'Hi', body: '<p>Hi</p>' } };
  await host.post('/messages/send', { external_user_ids: ['ada'], messages });
  const taken = new URL(host.url).port;
  const env = {
    ...{ DATABASE_URL: host.databaseUrl, CRESSET_SECRET: host.secret, CRESSET_DATA_DIR: dataFolder(t) },
    CRESSET_BROADCAST_THREADS: '1',
  };
  const blocked: [port: Record<string, string>, variable: string][] = [
    [{ CRESSET_ROLES: 'worker', PORT: taken }, 'CRESSET_HEALTH_PORT'],
    [{ CRESSET_ROLES: 'worker', CRESSET_HEALTH_PORT: taken }, 'CRESSET_HEALTH_PORT'],
    [{ PORT: taken }, 'PORT'],
    [{ PORT: '0', CRESSET_SMTP_PORT: taken }, 'CRESSET_SMTP_PORT'],
  ];
  for (const [port, variable] of blocked) {
    const ended = await start({ ...env, ...port });
    assert.ok('code' in ended);
    assert.equal(ended.code, 1);
    assert.match(ended.output, new RegExp(`:${taken} is in use by another program\\. .* with ${variable}\\.`));
  }
  const { tried } = await host.db.one<{ tried: number }>(sql`
    select count(*)::int as tried from sends where attempts > 0 or status <> 'pending'`);
  assert.deepEqual([tried, relay.mails.length], [0, 0]);
  const worker = await startServer({ ...env, CRESSET_ROLES: 'worker', CRESSET_HEALTH_PORT: '0' });
  await relay.untilMails(1);
  assert.equal(await worker.end('SIGTERM'), 0);
});
