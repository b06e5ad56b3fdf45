import type { Logger } from 'pino';
import { type App, startApp } from '../app.ts';
import { audienceChecks } from '../audience/grammar/check-filter.ts';
import type { Database } from '../db/database.ts';
import { messageChecks } from '../dispatch/plan/campaign-content.ts';
import { type LaneName, lanes } from '../dispatch/plan/send-plan.ts';
import type { Clock } from '../lib/clock.ts';
import { endAll } from '../lib/end-all.ts';
import { firstDueBetween } from '../queue/due-between.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import { applyWorkspace } from '../workspace/file/apply.ts';
import { ensureFirstKey } from '../workspace/keys/keys.ts';
import { deriveKey, type Secret } from '../workspace/secrets.ts';
import type { Definitions } from './definitions.ts';
import type { PreparedDatabase, PreparedDatabases } from './prepared.ts';

/** Most times that the worker is asked for all that is due: some may be for nobody, as that of a worker that died. */
const MOST_LOOKS = 20;

export interface InstanceOptions {
  clock: Clock;
  log: Logger;
  secret: Secret;
  definitions: Definitions | null;
  key: string;
  publicUrl: string;
  /** Whether it also sends. */
  works: boolean;
}

/** A server, and a worker if it sends, all in this thread, on a database of its own. */
export interface Instance {
  db: Database;
  app: App;
  workspace(): WorkspaceCatalog;
  /** Waits until everything that is due has been done. */
  drain(): Promise<void>;
  /** The first time in which work becomes due: schedules, retries, the end of quiet hours. null: none does. */
  nextTask(between: { after: Date; until: Date }): Promise<Date | null>;
  stop(): Promise<void>;
}

/** Starts a server on a database of its own, which is dropped when the server has stopped. Throws WorkspaceFileError. */
export async function onFreshDatabase(databases: PreparedDatabases, options: InstanceOptions): Promise<Instance> {
  const database = await databases.take();
  try {
    const instance = await startInstance(database, options);
    databases.prepareNext();
    return {
      ...instance,
      stop: () =>
        endAll(
          () => instance.stop(),
          () => databases.drop(database),
        ),
    };
  } catch (error) {
    await databases.drop(database);
    throw error;
  }
}

/** Starts a server whose one workspace is as defined. The caller passes requests to it. Throws WorkspaceFileError. */
async function startInstance(database: PreparedDatabase, options: InstanceOptions): Promise<Instance> {
  const { secret } = options;
  await define(database, options);
  const app = await startApp({
    ...options,
    ...partsOf(database, options),
    secret: deriveKey(secret, 'links'),
    sealing: secret,
    // Beside the start of the worker, which waits for the database.
    beforeWork: async ({ server }) => {
      server?.ready().then(undefined, () => undefined); // thrown below
    },
  });
  await app.server?.ready();
  return instanceOf(database, { clock: options.clock, app });
}

async function define(
  { db, workspaceId, catalog }: PreparedDatabase,
  { definitions, secret, key }: InstanceOptions,
): Promise<void> {
  await ensureFirstKey(db, workspaceId, key);
  if (definitions !== null)
    await applyWorkspace(db, { workspaceId, ...definitions, secret, ...audienceChecks, ...messageChecks });
  await catalog.refresh();
}

function partsOf({ db, catalog }: PreparedDatabase, { works }: InstanceOptions) {
  const unlimited = { maxTasks: 0, maxAgeMs: 0 };
  return {
    db,
    catalog: () => catalog.current(),
    catalogTrouble: () => catalog.trouble(),
    refreshCatalog: () => catalog.refresh(),
    ...{ bodyLimitBytes: 4_194_304, trustedProxyHops: 0, retentionDays: 0, isNew: true },
    queueLimits: { named: unlimited, broadcast: unlimited },
    roles: { api: true, worker: works ? (Object.keys(lanes) as LaneName[]) : [] },
  };
}

function instanceOf(
  { db, catalog, workspaceId }: PreparedDatabase,
  { clock, app }: { clock: Clock; app: App },
): Instance {
  return {
    db,
    app,
    workspace() {
      const workspace = catalog.current().workspace(workspaceId);
      if (workspace === undefined) throw new Error('the catalog has no workspace');
      return workspace;
    },
    async drain() {
      // What one lane did may have given work to another.
      for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
        await app.worker?.idle();
        if ((await firstDueBetween(db, { after: null, until: clock.now() })) === null) return;
      }
    },
    nextTask: (between) => firstDueBetween(db, between),
    stop: () => app.stop(),
  };
}
