import type { Logger } from 'pino';
import { connect, type Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { endAll } from '../lib/end-all.ts';
import type { Secret } from '../workspace/secrets.ts';
import { type WatchedCatalog, watchCatalog } from '../workspace/watch-catalog.ts';
import { ensureWorkspace } from '../workspace/workspaces.ts';
import type { Cluster } from './cluster.ts';
import type { Copy } from './databases.ts';

const MAX_CONNECTIONS = 4;

/** A database with an empty workspace, and what a server on it needs whatever its definitions are. */
export interface PreparedDatabase {
  name: string;
  db: Database;
  workspaceId: number;
  catalog: WatchedCatalog;
}

/** Databases for servers, of which one is ready before somebody asks. */
export interface PreparedDatabases {
  /** Returns a database that nobody uses. */
  take(): Promise<PreparedDatabase>;
  /** Prepares the next one in the background. Called after a start, which would otherwise share the processors with it. */
  prepareNext(): void;
  drop(database: PreparedDatabase): Promise<void>;
  /** Drops the one that nobody has taken. */
  stop(): Promise<void>;
}

/** `secret`: seals what is defined in the workspaces. */
export function prepareDatabases(
  cluster: Cluster,
  { log, secret }: { log: Logger; secret: Secret },
): PreparedDatabases {
  let next: Promise<PreparedDatabase> | null = null;
  const drop = async ({ name, db, catalog }: PreparedDatabase): Promise<void> =>
    endAll(
      () => catalog.stop(),
      () => db.close(),
      () => cluster.drop(name),
    );
  const prepare = async (): Promise<PreparedDatabase> => {
    const copy = await cluster.copy();
    try {
      return await open(copy, { log, secret });
    } catch (error) {
      await cluster.drop(copy.name);
      throw error;
    }
  };
  function prepareNext(): void {
    next ??= prepare();
    next.catch(() => undefined); // thrown when it is taken
  }
  return {
    take() {
      const ready = next;
      next = null;
      if (ready !== null) return ready;
      prepareNext(); // a process that makes one often makes another at once
      return prepare();
    },
    prepareNext,
    drop,
    stop: async () => next?.then(drop),
  };
}

/** Opens the connections that every start uses at once. To open one takes the database as long as several small statements. */
async function openConnections(db: Database): Promise<void> {
  const look = sql`select 1`;
  await Promise.all([...Array.from({ length: MAX_CONNECTIONS }, () => db.run(look)), db.byKey.run(look)]);
}

async function open({ name, url }: Copy, { log, secret }: { log: Logger; secret: Secret }): Promise<PreparedDatabase> {
  const db = connect({ url, max: MAX_CONNECTIONS, onError: (err) => log.warn({ err }, 'lost a database connection') });
  try {
    const workspaceId = await ensureWorkspace(db);
    await openConnections(db);
    const catalog = await watchCatalog(db, secret, (err) => log.error({ err }, 'could not read the catalog'));
    return { name, db, workspaceId, catalog };
  } catch (error) {
    await db.close();
    throw error;
  }
}
