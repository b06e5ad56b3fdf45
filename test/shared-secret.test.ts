import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { start, startServer } from '../rig/process.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';
import { commandLine, temporaryFolder } from './support/command-line.ts';

const OTHER = 'another secret, as long as it must be';
const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

const relays = 'email: { default_from: a@acme.test, smtp: { url: "smtp://ada:secret@127.0.0.1:1" } }';
const group = `
subscription_groups:
  - { id: ${IOS}, name: Alerts, channel: sms, twilio: { account_sid: AC1, auth_token: t, from: "+15550100" } }`;
const campaign = 'campaigns: [{ id: c, name: Receipts, kind: api }]';

test('an apply with another secret than that of the servers is refused with a way out, and changes nothing', async (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(relays + group);
  const theirs = commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret });
  const other = commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: OTHER });

  const refused = await other('apply', file('campaign.yaml', campaign));
  assert.deepEqual([refused.code, refused.out], [1, '']);
  assert.equal(
    refused.errors,
    'CRESSET_SECRET (or the file "secret" of the data folder) is not the secret that the servers of this database use. Use theirs. If it is lost, run cresset apply --reseal <workspace file> with the new one, and start all servers with it.',
  );
  await app.refreshCatalog();
  assert.equal(app.workspace().campaigns.size, 0);
  const imported = await other('users', 'import', file('people.ndjson', '{"external_id":"ada"}'));
  assert.deepEqual([imported.code, imported.errors], [1, refused.errors]);

  const resealed = await other('apply', '--reseal', file('relays.yaml', relays));
  assert.equal(resealed.code, 0, resealed.errors);
  assert.match(
    resealed.out,
    /^! subscription group "Alerts": is not in the file, and its credentials are still sealed with the earlier secret; no server starts until .* --reseal\n~ email: smtp\n/,
  );
  assert.equal((await theirs('apply', file('campaign.yaml', campaign))).errors, refused.errors);
  assert.equal((await other('apply', '--reseal', file('all.yaml', relays + group))).code, 0);
  assert.equal((await other('apply', file('campaign.yaml', campaign))).code, 0);
});

test('a command without a secret makes none where the servers have one', async (t) => {
  const folder = temporaryFolder(t);
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(relays);
  writeFileSync(join(folder, 'w.yaml'), campaign);
  const bare = commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_DATA_DIR: join(folder, 'data') });
  const { code, errors } = await bare('apply', join(folder, 'w.yaml'));
  assert.equal(code, 1);
  assert.match(
    errors,
    /^This command has no secret, and the servers of this database have one\. Set CRESSET_SECRET as/,
  );
  assert.equal(existsSync(join(folder, 'data', 'secret')), false);
});

test('a server that cannot open the newest definitions says so in /status and /health, and no more once it can', async (t) => {
  const folder = temporaryFolder(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(relays);
  writeFileSync(join(folder, 'w.yaml'), relays);
  const applyWith = (secret: string) =>
    commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: secret })('apply', '--reseal', join(folder, 'w.yaml'));
  const health = async () => (await app.get('/health', { key: null })).body.definitions;
  assert.equal(await health(), undefined);

  assert.equal((await applyWith(OTHER)).code, 0);
  await assert.rejects(app.refreshCatalog(), { name: 'SecretError' });
  const { state, reason, since } = await health();
  assert.deepEqual([state, reason], ['outdated', 'secret']);
  const { problems } = (await app.get('/status')).body;
  assert.equal(problems.length, 1);
  assert.match(
    problems[0],
    /^this server uses the definitions from before 2026-[-T:.\dZ]+, because it cannot use the newer ones: since [-T:.\dZ]+ the credentials in the database are sealed with another secret than this server was started with/,
  );
  assert.ok(problems[0].includes(`from before ${since}`));
  assert.doesNotMatch(problems[0], /is not the secret that the servers/, 'its own is that of the other servers');

  assert.equal((await applyWith(app.secret)).code, 0);
  await app.refreshCatalog();
  assert.equal(await health(), undefined);
  assert.deepEqual((await app.get('/status')).body.problems, []);
});

test('a server without a secret, on a database that has credentials, is refused, says what to do, and makes no secret', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(relays);
  const dataDir = temporaryFolder(t);
  const env = { DATABASE_URL: app.databaseUrl, CRESSET_DATA_DIR: dataDir, PORT: '0' };
  const refused = await start(env);
  assert.ok(!('child' in refused), 'it started');
  assert.equal(refused.code, 1);
  assert.ok(
    refused.output
      .replaceAll('\\"', '"')
      .includes(
        `There is no secret here, and the credentials in this database are sealed with one. Copy the file "secret" of the data folder that the servers used to ${dataDir}, or set CRESSET_SECRET as they had it. If it is lost, make a new one (openssl rand -hex 32), set CRESSET_SECRET to it, run cresset apply --reseal <workspace file>, and start all servers with it.`,
      ),
    refused.output,
  );
  assert.deepEqual(readdirSync(dataDir), []);

  await app.db.run(sql`delete from sealing_secret`);
  assert.ok(!('child' in (await start(env))), 'credentials alone are enough');
  assert.deepEqual(readdirSync(dataDir), []);

  writeFileSync(join(dataDir, 'secret'), `${app.secret}\n`);
  const server = await startServer(env);
  assert.equal(await server.end('SIGTERM'), 0, server.log());
});
