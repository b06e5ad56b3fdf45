import { type Client, connectClient } from '../db/client.ts';
import { copyIn } from '../db/copy.ts';
import type { Db } from '../db/database.ts';
import {
  lockMigrations,
  makeMigrationsTable,
  ourMigrations,
  ranMigrations,
  runMigrations,
} from '../db/schema/migrations.ts';
import { refuseOldServer } from '../db/schema/version.ts';
import { raw, sql } from '../db/sql.ts';
import { asTrouble, asUnusable, DatabaseUnusableError } from '../db/unusable.ts';
import { type PausedByRestore, pauseRestored } from '../dispatch/control/pause-restored.ts';
import { version } from '../lib/project/version.ts';
import { BackupFileError } from './error.ts';
import type { Header, StoredPartition, StoredSequence, StoredTable, Trailer } from './format.ts';
import { columnsOf } from './make-backup.ts';
import { BackupReader } from './read-file.ts';
import { setFormats } from './snapshot.ts';
import { listTables } from './tables.ts';

/** A backup that was restored. */
export interface Restored {
  header: Header;
  rows: number;
  paused: PausedByRestore;
}

export interface RestoreOptions {
  now: Date;
  onProgress?: (table: string) => void;
}

/**
 * Fills an empty database from a backup file: all of it, or, if anything is wrong, nothing. What was not over when the
 * backup was made is paused. Throws BackupFileError and DatabaseUnusableError.
 */
export async function restoreBackup(url: string, path: string, options: RestoreOptions): Promise<Restored> {
  const file = new BackupReader(path);
  let client: Client | null = null;
  try {
    const header = await file.header();
    const later = laterMigrations(header, path);
    client = await connectClient(url);
    await setFormats(client.db);
    await client.db.run(sql`begin`);
    await lockMigrations(client.db);
    await refuseUnlessEmpty(client.db);
    await makeMigrationsTable(client.db);
    await runMigrations(client.db, header.migrations);
    const trailer = await fill(client, file, header, options);
    await runMigrations(client.db, later);
    const paused = await pauseRestored(client.db, { takenAt: header.takenAt, now: options.now });
    await client.db.run(sql`analyze`);
    await client.db.run(sql`commit`);
    return { header, rows: trailer.rows, paused };
  } catch (error) {
    throw asTrouble(asUnusable(error));
  } finally {
    await client?.close(); // Without a commit, PostgreSQL undoes everything.
    await file.close();
  }
}

/** Reads a backup file to its end. Throws BackupFileError if it is not as it was written. */
export async function checkBackup(path: string): Promise<Pick<Restored, 'header' | 'rows'>> {
  const file = new BackupReader(path);
  try {
    const header = await file.header();
    for (const { name } of header.tables) {
      for await (const _chunk of file.data());
      file.endTable(name, null);
    }
    const { rows } = await file.trailer();
    return { header, rows };
  } finally {
    await file.close();
  }
}

/** The migrations that this version has beyond those of the backup. Throws if the backup has others. */
function laterMigrations({ migrations, version: madeBy }: Header, path: string): string[] {
  const ours = ourMigrations();
  const strange = migrations.find((name, index) => name !== ours[index]);
  if (strange === undefined) return ours.slice(migrations.length);
  throw new BackupFileError(
    `${path}: the backup was made by Cresset ${madeBy}, and its schema has ${strange}, which this one, ${version}, does not know. Restore it with that version or a newer one.`,
  );
}

async function refuseUnlessEmpty(db: Db): Promise<void> {
  const { number, encoding } = await db.one<{ number: number; encoding: string }>(sql`
    select current_setting('server_version_num')::integer as number, current_setting('server_encoding') as encoding`);
  refuseOldServer(number);
  if (encoding !== 'UTF8')
    throw new DatabaseUnusableError(`The database has the encoding ${encoding}; a backup needs UTF8.`);
  const found = await db.query<{ name: string }>(sql`
    select relname as name
      from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
     order by 1`);
  if (found.length === 0) return;
  const isOurs = (await ranMigrations(db)) !== null;
  const names = found.slice(0, 3).map(({ name }) => name);
  const has = isOurs
    ? 'it holds a Cresset already, perhaps because a server was started on it'
    : `it holds ${names.join(', ')}${found.length > names.length ? ' and more' : ''}`;
  throw new DatabaseUnusableError(
    `A backup is restored only into an empty database, and this one is not: ${has}. Name another one with DATABASE_URL or CRESSET_DATA_DIR.`,
  );
}

async function fill(
  { db, raw: client }: Client,
  file: BackupReader,
  header: Header,
  { onProgress }: RestoreOptions,
): Promise<Trailer> {
  await checkTables(db, header.tables);
  for (const partition of header.partitions) await makePartition(db, partition);
  for (const table of header.tables) {
    onProgress?.(table.name);
    const rows = await copyIn(client, `copy public.${table.name} (${columnsOf(table)}) from stdin`, file.data());
    file.endTable(table.name, rows);
  }
  const trailer = await file.trailer();
  for (const sequence of trailer.sequences) await setSequence(db, sequence);
  return trailer;
}

/** Throws unless the schema has exactly these tables and columns. */
async function checkTables(db: Db, tables: readonly StoredTable[]): Promise<void> {
  const expected = new Map((await listTables(db)).map(({ name, columns }) => [name, [...columns].sort().join()]));
  const strange = tables.find(({ name, columns }) => expected.get(name) !== [...columns].sort().join());
  if (strange === undefined && tables.length === expected.size) return;
  const what = strange === undefined ? 'it lacks tables' : `its table ${strange.name} is not that of its schema`;
  throw new BackupFileError(`The backup is damaged: ${what}. Nothing of it is used.`);
}

/** Some partitions are made by a migration. `parent` and `name` are plain words, and the bounds ids and times. */
async function makePartition(db: Db, { parent, name, from, to }: StoredPartition): Promise<void> {
  const settings = await db.maybeOne<{ options: string | null }>(sql`
    select array_to_string(d.reloptions, ', ') as options
      from pg_partitioned_table p
      left join pg_class d on d.oid = p.partdefid
     where p.partrelid = to_regclass(${`public.${parent}`})`);
  if (settings === null) throw new BackupFileError(`The backup is damaged: ${parent} has no partitions.`);
  const having = settings.options === null || settings.options === '' ? '' : ` with (${settings.options})`;
  await db.run(
    raw(
      `create table if not exists public.${name} partition of public.${parent} for values from ('${from}') to ('${to}')${having}`,
    ),
  );
}

/**
 * Numbers that are passed over. The server that the backup was made of went on and drew numbers: its people are named by them
 * in links and in other systems, and readers of its events remember places. None of these must mean something else here.
 */
const PASSED_OVER = 10_000_000;

/** Numbers of small things that stay inside, such as item catalogs, are integers, and go on where they were. */
async function setSequence(db: Db, { name, last }: StoredSequence): Promise<void> {
  const known = await db.maybeOne<{ is_wide: boolean }>(sql`
    select data_type = 'bigint'::regtype as is_wide
      from pg_sequences
     where schemaname = 'public' and sequencename = ${name}`);
  if (known === null) throw new BackupFileError(`The backup is damaged: its schema has no sequence ${name}.`);
  const next = known.is_wide ? last + PASSED_OVER : last;
  await db.run(sql`select setval(${`public.${name}`}::regclass, ${next}::bigint)`);
}
