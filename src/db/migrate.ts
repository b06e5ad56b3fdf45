import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { clientConfig } from './connection.ts';

const directory = fileURLToPath(new URL('../../migrations', import.meta.url));

/**
 * Brings the schema up to date: each file of `migrations/` once, in order, in a transaction of its own.
 * Safe to call from several processes at once: the others wait for an advisory lock.
 * Returns the names of the files that were run.
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new pg.Client(clientConfig(url));
  await client.connect();
  try {
    const ran = await runner({
      dbClient: client,
      dir: directory,
      direction: 'up',
      migrationsTable: 'schema_migrations',
      singleTransaction: false,
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    return ran.map(({ name }) => name);
  } finally {
    await client.end();
  }
}
