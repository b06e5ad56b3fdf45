import type { Config } from '../config.ts';
import { connect, type Database } from '../db/database.ts';
import { attachEmbedded, startEmbedded } from '../db/embedded/embedded.ts';
import { migrate } from '../db/migrate.ts';

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
  await migrate(url);
  const db = connect({ url, max: connections });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
