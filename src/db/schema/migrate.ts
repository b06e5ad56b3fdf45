import pg from 'pg';
import { clientConfig } from '../connection.ts';
import { asTrouble, asUnusable, DatabaseUnusableError, NewerSchemaError, POOLER } from '../unusable.ts';
import { migrationsFolder, ourMigrations } from './migrations.ts';
import { refuseOldServer } from './version.ts';
import { unknownFloor } from './watch-floor.ts';

/**
 * Brings the schema up to date: runs each file of `migrations/` once, in order, each in its own transaction.
 * Several processes may call it at once: all but one wait for an advisory lock.
 * Returns the names of the files that it ran. Throws DatabaseUnusableError when the server cannot be reached, is behind a
 * pooler or is too old, or when the database holds another version's schema, or none although `makesSchema` is false.
 */
export async function migrate(url: string, { makesSchema = true }: { makesSchema?: boolean } = {}): Promise<string[]> {
  const client = clientOf(url);
  try {
    await client.connect();
    if (!hasOptions.test(url)) await refusePooler(client);
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

/** A setting of our own that a session gets as it begins. A pooler between us and PostgreSQL refuses or drops it. */
const DIRECT = 'cresset.direct';
/** Settings that the operator gives to sessions, in the place of ours. */
const hasOptions = /[?&]options=/;

function clientOf(url: string): pg.Client {
  try {
    return new pg.Client({ ...clientConfig(url), options: `-c ${DIRECT}=yes` });
  } catch (error) {
    throw asUnusable(error); // A file that the URL names cannot be read.
  }
}

async function refusePooler(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`select current_setting('${DIRECT}', true) = 'yes' as is_direct`);
  if (rows[0].is_direct !== true) throw new DatabaseUnusableError(POOLER);
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

function refuseNewerFloor(comment: string | null): void {
  const needed = unknownFloor(comment);
  if (needed !== null) throw new NewerSchemaError(needed);
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
