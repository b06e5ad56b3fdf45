import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../../lib/project/project-folder.ts';
import type { Db } from '../database.ts';
import { raw, sql } from '../sql.ts';

export const migrationsFolder = join(projectFolder, 'migrations');

/** The advisory lock that `node-pg-migrate` holds while it runs migrations. */
const MIGRATE_LOCK = '7241865325823964';

/** The names of the migrations that this version has, in order. */
export function ourMigrations(): string[] {
  return readdirSync(migrationsFolder)
    .map((file) => file.replace(/\.sql$/, ''))
    .sort();
}

/** The names of the migrations that a database ran, in order. null: it has no schema of ours. */
export async function ranMigrations(db: Db): Promise<string[] | null> {
  const { has_any: hasAny } = await db.one<{ has_any: boolean }>(sql`
    select to_regclass('public.schema_migrations') is not null as has_any`);
  if (!hasAny) return null;
  const rows = await db.query<{ name: string }>(sql`select name from schema_migrations order by id`);
  return rows.map(({ name }) => name);
}

/** Makes every server that starts wait until this transaction has ended. */
export async function lockMigrations(tx: Db): Promise<void> {
  await tx.run(sql`select pg_advisory_xact_lock(${MIGRATE_LOCK}::bigint)`);
}

/** Makes the table in which `node-pg-migrate` notes what it ran, as it makes it itself. */
export async function makeMigrationsTable(tx: Db): Promise<void> {
  await tx.run(sql`
    create table public.schema_migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)`);
}

/** Runs these migrations in this transaction, so that they are undone with it. */
export async function runMigrations(tx: Db, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await tx.run(raw(readFileSync(join(migrationsFolder, `${name}.sql`), 'utf8')));
    // The table is the library's, so it is not in schema.sql. The name is that of one of our files.
    await tx.run(raw(`insert into schema_migrations (name, run_on) values ('${name}', now())`));
  }
}
