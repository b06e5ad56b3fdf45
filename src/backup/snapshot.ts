import type { Db } from '../db/database.ts';
import { ranMigrations } from '../db/schema/migrations.ts';
import { refuseOldServer, versionText } from '../db/schema/version.ts';
import { raw, sql } from '../db/sql.ts';
import { DatabaseUnusableError } from '../db/unusable.ts';
import { version } from '../lib/project/version.ts';
import type { Header } from './format.ts';
import { findDropped, listPartitions, listTables } from './tables.ts';

/** Housekeeping drops partitions of old days: between the snapshot and the locks that keep them. */
const MOST_TRIES = 5;

/**
 * Begins a transaction that sees the database as it is now, whatever others write meanwhile, and keeps every table from
 * being dropped until it ends. It writes nothing, so it also runs on a database that is read-only.
 */
export async function beginSnapshot(db: Db): Promise<Header> {
  for (let tries = 1; ; tries += 1) {
    await db.run(sql`begin transaction isolation level repeatable read, read only`);
    const header = await readHeader(db);
    const names = [...header.tables, ...header.partitions].map(({ name }) => name);
    const parents = header.tables.map(({ name }) => `public.${name}`).join(', ');
    await db.run(raw(`lock table ${parents} in access share mode`));
    const dropped = await findDropped(db, names);
    if (dropped.length === 0) return header;
    await db.run(sql`rollback`);
    if (tries === MOST_TRIES) throw new Error(`tables were dropped while they were listed: ${dropped.join(', ')}`);
  }
}

/** The settings that decide how COPY prints values. PostgreSQL reads them back with the same ones. */
export async function setFormats(db: Db): Promise<void> {
  const settings = {
    ...{ client_encoding: 'UTF8', timezone: 'UTC', datestyle: 'ISO, YMD', intervalstyle: 'iso_8601' },
    ...{ extra_float_digits: '1', bytea_output: 'hex', search_path: 'public', statement_timeout: '0' },
    ...{ lock_timeout: '0', idle_in_transaction_session_timeout: '0' },
  };
  for (const [name, value] of Object.entries(settings)) await db.run(sql`select set_config(${name}, ${value}, false)`);
}

async function readHeader(db: Db): Promise<Header> {
  const { number, taken_at: takenAt } = await db.one<{ number: number; taken_at: Date }>(sql`
    select current_setting('server_version_num')::integer as number, now() as taken_at`);
  refuseOldServer(number);
  const migrations = await ranMigrations(db);
  if (migrations === null)
    throw new DatabaseUnusableError('This database holds nothing of Cresset. Check DATABASE_URL or CRESSET_DATA_DIR.');
  // A value sealed by the servers' secret has its fingerprint behind its first byte (src/workspace/secrets.ts).
  const secret = await db.maybeOne<{ fingerprint: string }>(sql`
    select encode(substr(proof, 2, 4), 'hex') as fingerprint from sealing_secret`);
  return {
    version,
    postgres: versionText(number),
    takenAt,
    migrations,
    secretFingerprint: secret?.fingerprint ?? null,
    tables: await listTables(db),
    partitions: await listPartitions(db),
  };
}
