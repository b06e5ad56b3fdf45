import { basename, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { connect, type Database } from '../db/database.ts';
import { attachEmbedded, hasEmbedded, startEmbedded } from '../db/embedded/embedded.ts';
import { migrate } from '../db/schema/migrate.ts';
import { asTrouble, DatabaseUnusableError } from '../db/unusable.ts';
import type { Terminal } from './terminal.ts';

interface DatabaseOptions {
  connections?: number;
  /** Told first which database is worked on. Absent: nobody is. */
  terminal?: Terminal;
}

/**
 * Runs `work` on the migrated database of this configuration. If that is the embedded one, it is shared with a running
 * server, or started for the duration of `work`. Makes no database: throws DatabaseUnusableError if there is none.
 */
export function withDatabase<T>(
  config: Config,
  work: (db: Database) => Promise<T>,
  { connections = 2, terminal }: DatabaseOptions = {},
): Promise<T> {
  return withDatabaseUrl(config, (url) => withUrl(url, work, connections), { terminal });
}

/** The same with the database as it is, of whatever version. `makes`: an embedded one is made if it is missing. */
export async function withDatabaseUrl<T>(
  config: Config,
  work: (url: string) => Promise<T>,
  { terminal, makes = false }: { terminal?: Terminal | undefined; makes?: boolean } = {},
): Promise<T> {
  terminal?.printError(`Database: ${placeOf(config)}`);
  if (config.databaseUrl !== null) return work(config.databaseUrl);
  const { dataDir } = config;
  if (!makes && !hasEmbedded({ dataDir })) {
    const advice = 'Set CRESSET_DATA_DIR to the data folder of your server, or start the server, which makes one.';
    throw new DatabaseUnusableError(`There is no database in ${dataDir}. ${advice}`);
  }
  const running = await attachEmbedded({ dataDir });
  if (running !== null) return work(running);
  const embedded = await startEmbedded({ dataDir });
  try {
    return await work(embedded.url);
  } finally {
    await embedded.stop();
  }
}

/** Where the database is, without its password. */
function placeOf({ databaseUrl, dataDir }: Config): string {
  if (databaseUrl === null) return `the embedded one in ${resolve(dataDir)}`;
  if (!URL.canParse(databaseUrl)) return 'as DATABASE_URL says';
  const { protocol, hostname, port, pathname, searchParams } = new URL(databaseUrl);
  if (protocol === 'socket:') return `${searchParams.get('db') ?? ''} at ${decodeURIComponent(pathname)}`;
  return `${basename(pathname)} at ${hostname}${port === '' ? '' : `:${port}`}`;
}

async function withUrl<T>(url: string, work: (db: Database) => Promise<T>, connections: number): Promise<T> {
  await migrate(url, { makesSchema: false });
  const db = connect({ url, max: connections });
  try {
    return await work(db);
  } catch (error) {
    throw asTrouble(error);
  } finally {
    await db.close();
  }
}
