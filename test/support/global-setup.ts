import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/db/database.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded/embedded.ts';
import { sql } from '../../src/db/sql.ts';
import { makeTemplate } from '../../src/testing/databases.ts';

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
  const admin = connect({ url: cluster.url });
  const { version } = await admin.one<{ version: string }>(sql`select current_setting('server_version') as version`);
  if (binaries) console.log(`on PostgreSQL ${version}`);
  await admin.close();
  await makeTemplate(cluster.url);
  process.env.CRESSET_TEST_DATABASE = cluster.url;
  process.env.CRESSET_TEST_SUPERUSER = superuserPassword;
}

export async function globalTeardown(): Promise<void> {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}
