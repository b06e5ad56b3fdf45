import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { clientConfig } from '../connection.ts';
import { connect, type Database } from '../database.ts';
import { sql } from '../sql.ts';
import { type EmbeddedDatabase, startEmbedded } from './embedded.ts';
import { removeDeadSocketFolders, socketFolder } from './sockets.ts';

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-embedded-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(t: TestContext): Promise<{ embedded: EmbeddedDatabase; db: Database; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-embedded-'));
  const embedded = await startEmbedded({ dataDir: folder, durable: false });
  const db = connect({ url: embedded.url, max: 1 });
  t.after(async () => {
    await db.close();
    await embedded.stop();
    rmSync(folder, { recursive: true });
  });
  return { embedded, db, folder };
}

test('servers are not superuser: they cannot read the files of the machine nor run programs', async (t) => {
  const { db } = await start(t);
  const role = await db.one(sql`select rolsuper as super from pg_roles where rolname = current_user`);
  assert.deepEqual({ ...role }, { super: false });
  await assert.rejects(db.query(sql`select pg_read_file('/etc/passwd')`), /permission denied/);
  await assert.rejects(db.run(sql`copy (select 1) to program 'true'`), /permission denied/);
  await assert.rejects(db.run(sql`alter system set work_mem = '1MB'`), /permission denied/);
});

// Row 9 of the traps of the product.
for (const [mode, folderIs, expected] of [
  [0o755, 'open to others', '0000000000000000'],
  [0o700, 'closed to others', '0000000000000004'], // to read and to search, and nothing else
] as const)
  test(`PostgreSQL that root started has no more capabilities than it needs: its folder is ${folderIs}`, {
    skip: (process.platform !== 'linux' || process.getuid?.() !== 0) && 'needs root on Linux',
  }, async (t) => {
    const parent = mkdtempSync(join(tmpdir(), 'cresset-embedded-'));
    chmodSync(parent, mode);
    const dataDir = join(parent, 'data');
    mkdirSync(dataDir, { mode });
    const embedded = await startEmbedded({ dataDir, durable: false });
    t.after(async () => {
      await embedded.stop();
      rmSync(parent, { recursive: true });
    });
    const [pid = ''] = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.equal(/^CapEff:\s*(\w+)/m.exec(status)?.[1], expected);
  });

test('nobody connects without the password of the data folder, not even as the superuser', async (t) => {
  const { embedded, folder } = await start(t);
  for (const user of ['cresset', 'postgres']) {
    for (const password of ['', 'cresset', 'postgres']) {
      const stranger = connect({ url: embedded.url.replace(/user=.*/, `user=${user}&password=${password}`), max: 1 });
      await assert.rejects(stranger.one(sql`select 1`), /password/);
      await stranger.close();
    }
  }
  assert.equal(lstatSync(join(folder, 'database-password')).mode & 0o777, 0o600);
});

test('the socket is in the data folder, in a folder that is closed to other accounts', async (t) => {
  const { embedded, folder } = await start(t);
  const sockets = String(clientConfig(embedded.url).host);
  assert.equal(sockets, join(folder, 'sockets'));
  assert.equal(lstatSync(sockets).mode & 0o777, 0o700);
});

test('if the path is too long for a socket, the socket is in the temporary folder and removed at the stop', async (t) => {
  const folder = join(temporaryFolder(t), 'a'.repeat(100));
  mkdirSync(folder);
  const embedded = await startEmbedded({ dataDir: folder, durable: false });
  const sockets = String(clientConfig(embedded.url).host);
  assert.ok(existsSync(sockets));
  assert.ok(!sockets.startsWith(folder));
  await embedded.stop();
  assert.ok(!existsSync(sockets));
});

test('a socket folder that others may use, or that is not a folder, is refused by name', (t) => {
  const open = temporaryFolder(t);
  mkdirSync(join(open, 'sockets'));
  chmodSync(join(open, 'sockets'), 0o777);
  assert.throws(() => socketFolder(open, null), /sockets is not a folder that only this account can use/);
  const linked = temporaryFolder(t);
  symlinkSync(temporaryFolder(t), join(linked, 'sockets'));
  assert.throws(() => socketFolder(linked, null), /sockets is not a folder that only this account can use/);
});

test('a socket folder of another account is refused', { skip: process.getuid?.() !== 0 && 'needs root' }, (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'sockets'), { mode: 0o700 });
  chownSync(join(folder, 'sockets'), 65_534, 65_534);
  assert.throws(() => socketFolder(folder, null), /sockets is not a folder that only this account can use/);
});

test('the socket folder of a killed database is removed by the next start of any; that of a living one stays', (t) => {
  const folders = [randomBytes(8), randomBytes(8), randomBytes(8)].map((bytes) =>
    join(tmpdir(), `cresset-${bytes.toString('hex')}`),
  );
  const [dead = '', living = '', beginning = ''] = folders;
  t.after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  for (const folder of folders) mkdirSync(folder, { mode: 0o700 });
  const { pid } = spawnSync('true');
  writeFileSync(join(dead, '.s.PGSQL.5432.lock'), `${pid}\n/some/data\n`);
  writeFileSync(join(living, '.s.PGSQL.5432.lock'), `${process.pid}\n/some/data\n`);
  removeDeadSocketFolders(null);
  assert.deepEqual(
    folders.map((folder) => existsSync(folder)),
    [false, true, true],
  );
  assert.ok(existsSync(beginning), 'its database may be about to start');
});
