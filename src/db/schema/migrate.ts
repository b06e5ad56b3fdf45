import pg from 'pg';
import { clientConfig } from '../connection.ts';
import { asTrouble, asUnusable, DatabaseUnusableError } from '../unusable.ts';
import { migrationsFolder, ourMigrations } from './migrations.ts';
import { refuseOldServer } from './version.ts';

/**
 * Brings the schema up to date: runs each file of `migrations/` once, in order, each in its own transaction.
 * Several processes may call it at once: all but one wait for an advisory lock.
 * Returns the names of the files that it ran. Throws DatabaseUnusableError when the server cannot be reached or is too old,
 * or when the database holds another version's schema, or none although `makesSchema` is false.
 */
export async function migrate(url: string, { makesSchema = true }: { makesSchema?: boolean } = {}): Promise<string[]> {
  const client = new pg.Client(clientConfig(url));
  try {
    await client.connect();
    const isUpToDate = await check(client, makesSchema);
    if (isUpToDate) return [];
    const { runner } = await import('node-pg-migrate');
    const ran = await runner({
      dbClient: client,
      dir: migrationsFolder,
      direction: 'up',
      migrationsTable: 'schema_migrations',
      singleTransaction: false,
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    return ran.map(({ name }) => name);
  } catch (error) {
    throw asTrouble(asUnusable(error));
  } finally {
    await client.end();
  }
}

/** Returns whether the schema has all our migrations. */
async function check(client: pg.Client, makesSchema: boolean): Promise<boolean> {
  const { rows } = await client.query(`
    select current_setting('server_version_num')::integer as version, to_regclass('schema_migrations') is null as is_empty,
           obj_description(to_regclass('schema_migrations'), 'pg_class') as floor`);
  refuseOldServer(rows[0].version);
  if (rows[0].is_empty && !makesSchema)
    throw new DatabaseUnusableError(
      'This database holds nothing of Cresset. Check DATABASE_URL, or start the server, which makes its tables.',
    );
  if (rows[0].is_empty) return false;
  const ran = await client.query('select name from schema_migrations order by id');
  refuseOtherSchema(ran.rows.map(({ name }) => name));
  refuseNewerFloor(rows[0].floor);
  return ran.rows.length >= ourMigrations().length;
}

/**
 * Throws if the database says that it needs a migration that this version does not know. Servers survive newer migrations; one
 * that they do not survive leaves the comment `needs <its name>` on `schema_migrations`.
 */
function refuseNewerFloor(floor: string | null): void {
  const [, needed] = /^needs (\S+)$/.exec(floor ?? '') ?? [];
  if (needed === undefined || ourMigrations().includes(needed)) return;
  throw new DatabaseUnusableError(
    `The database was upgraded by a newer version of Cresset, which older ones cannot work beside (it needs ${needed}). Use that version or a newer one.`,
  );
}

/** Throws unless the migrations that ran are the first of ours, in order. More of them come from a newer version. */
function refuseOtherSchema(ran: readonly string[]): void {
  const ours = ourMigrations();
  const strange = ran.find((name, index) => index < ours.length && name !== ours[index]);
  if (strange === undefined) return;
  throw new DatabaseUnusableError(
    `The database holds the schema of another version of Cresset (it ran ${strange}). Use the version that made it, or an empty database.`,
  );
}
