import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/db/database.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded/embedded.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { sql } from '../../src/db/sql.ts';

let cluster: EmbeddedDatabase;
let folder: string;

/**
 * Starts one PostgreSQL for the whole run, with a migrated database that each test copies: the embedded one, or the one
 * whose programs are in the folder CRESSET_TEST_POSTGRES.
 */
export async function globalSetup(): Promise<void> {
  const binaries = process.env.CRESSET_TEST_POSTGRES;
  folder = mkdtempSync(join(tmpdir(), 'cresset-test-'));
  const superuserPassword = randomUUID();
  cluster = await startEmbedded({ dataDir: folder, durable: false, superuserPassword, ...(binaries && { binaries }) });
  await trustEverybody(cluster.url.replace(/user=.*$/, `user=postgres&password=${superuserPassword}`));
  const admin = connect({ url: cluster.url });
  const { version } = await admin.one<{ version: string }>(sql`select current_setting('server_version') as version`);
  if (binaries) console.log(`on PostgreSQL ${version}`);
  await admin.run(sql`create database cresset_template`);
  await admin.close();
  const template = cluster.url.replace('db=cresset', 'db=cresset_template');
  await migrate(template);
  await keepSystemCatalog(template);
  process.env.CRESSET_TEST_DATABASE = cluster.url;
  process.env.CRESSET_TEST_SUPERUSER = superuserPassword;
}

export async function globalTeardown(): Promise<void> {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A first connection writes what it read of the system's tables beside the database, and each copy has it from there. */
async function keepSystemCatalog(url: string): Promise<void> {
  const db = connect({ url, max: 1 });
  await db.run(sql`select 1`);
  await db.close();
}

/** Nobody but us reaches the socket, and to prove a password costs more than most statements. */
async function trustEverybody(admin: string): Promise<void> {
  writeFileSync(join(folder, 'postgres', 'pg_hba.conf'), 'local all all trust\n');
  const db = connect({ url: admin, max: 1 });
  await db.run(sql`select pg_reload_conf()`);
  await db.close();
}
