import type { Config } from '../config.ts';
import { connect, type Database } from '../db/database.ts';
import { attachEmbedded, startEmbedded } from '../db/embedded.ts';
import { migrate } from '../db/migrate.ts';

/** There is no usable database. The message is for the operator. */
export class DatabaseUnusableError extends Error {
  override name = 'DatabaseUnusableError';
}

// Network: refused, unknown host, timed out. PostgreSQL: wrong password or role, no such database, shutting down, too many
// connections.
const unusable = /^(E[A-Z]+|28\w{3}|3D000|57P0\d|53300)$/;

/**
 * Runs `work` on the migrated database of this configuration. If that is the embedded one, it is shared with a running
 * server, or started for the duration of `work`.
 */
export async function withDatabase<T>(
  config: Config,
  work: (db: Database) => Promise<T>,
  { connections = 2 }: { connections?: number } = {},
): Promise<T> {
  if (config.databaseUrl !== null) return withUrl(config.databaseUrl, work, connections);
  const running = await attachEmbedded({ dataDir: config.dataDir });
  if (running !== null) return withUrl(running, work, connections);
  const embedded = await startEmbedded({ dataDir: config.dataDir });
  try {
    return await withUrl(embedded.url, work, connections);
  } finally {
    await embedded.stop();
  }
}

async function withUrl<T>(url: string, work: (db: Database) => Promise<T>, connections: number): Promise<T> {
  await migrate(url).catch((cause: unknown) => {
    const { code, message } = Object(cause) as { code?: unknown; message?: string };
    if (typeof code !== 'string' || !unusable.test(code)) throw cause;
    throw new DatabaseUnusableError(`The database cannot be used: ${message || code}. Check DATABASE_URL.`, { cause });
  });
  const db = connect({ url, max: connections });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
