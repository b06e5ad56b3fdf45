import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/db/database.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { sql } from '../../src/db/sql.ts';

let cluster: EmbeddedDatabase;
let folder: string;

/** Starts one PostgreSQL for the whole run, with a migrated database that each test copies. */
export async function globalSetup(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'cresset-test-'));
  cluster = await startEmbedded({ dataDir: folder, durable: false });
  const admin = connect({ url: cluster.url });
  await admin.run(sql`create database cresset_template`);
  await admin.close();
  const template = cluster.url.replace('db=cresset', 'db=cresset_template');
  await migrate(template);
  process.env.CRESSET_TEST_DATABASE = cluster.url;
}

export async function globalTeardown(): Promise<void> {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}
