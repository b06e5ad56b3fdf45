import pino, { type Logger } from 'pino';
import { type App, startApp } from './app.ts';
import { audienceChecks } from './audience/check-filter.ts';
import type { Config } from './config.ts';
import { connect, type Database } from './db/database.ts';
import { startEmbedded } from './db/embedded.ts';
import { migrate } from './db/migrate.ts';
import { listen } from './http/listen.ts';
import { systemClock } from './lib/clock.ts';
import { freeAllLeases } from './queue/tasks.ts';
import { applyFile } from './workspace/apply-file.ts';
import { createKeyUsage } from './workspace/key-usage.ts';
import { ensureFirstKey } from './workspace/keys.ts';
import { printPlan } from './workspace/plan.ts';
import { deriveKey, loadSecret, type Secret } from './workspace/secrets.ts';
import { watchCatalog } from './workspace/watch-catalog.ts';
import { ensureWorkspace } from './workspace/workspaces.ts';

export interface ServeOptions {
  json: boolean;
  env: Readonly<Record<string, string | undefined>>;
}

interface StartOptions extends ServeOptions {
  onDatabaseLost(error: unknown): void;
}

/** Started things, each with its end; they end last first. */
type Ending = () => Promise<unknown>;

/** Serves until the process is told to stop; then everything that was started ends in order. */
export async function serve(config: Config, options: ServeOptions): Promise<void> {
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const endings: Ending[] = [];
  const lost = Promise.withResolvers<never>();
  const stopping = Promise.race([toldToStop(), lost.promise]);
  stopping.catch(() => undefined); // While it starts nobody waits for it yet; it is thrown below.
  try {
    await start(config, { ...options, onDatabaseLost: lost.reject }, log, endings);
    log.info({ because: await stopping }, 'stopping');
  } finally {
    for (const end of endings.reverse())
      await end().catch((error: unknown) => log.error({ err: error }, 'a part did not stop well'));
  }
  log.info('stopped');
}

async function start(config: Config, options: StartOptions, log: Logger, endings: Ending[]): Promise<void> {
  const secret = loadSecret(config);
  const db = await openDatabase(config, options, log, endings);
  const { madeKey } = await prepareWorkspace(db, config, options, secret, log);
  const catalog = await watchCatalog(db, secret, (error) => log.error({ err: error }, 'the catalog could not be read'));
  endings.push(() => catalog.stop());
  const keyUsage = createKeyUsage({
    db,
    clock: systemClock,
    onError: (error) => log.error({ err: error }, 'key usage'),
  });
  endings.push(() => keyUsage.stop());
  const app = await startApp({
    db,
    clock: systemClock,
    log,
    catalog: () => catalog.current(),
    secret: deriveKey(secret, 'links'),
    publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}`,
    bodyLimitBytes: config.bodyLimitBytes,
    trustedProxyHops: config.trustedProxyHops,
    retentionDays: config.retentionDays,
    queueLimits: {
      named: { maxTasks: config.queueMaxTasks, maxAgeMs: config.queueMaxAgeS * 1_000 },
      broadcast: { maxTasks: config.broadcastQueueMaxTasks, maxAgeMs: config.broadcastQueueMaxAgeS * 1_000 },
    },
    roles: { api: config.roles.includes('api'), worker: config.roles.includes('worker') },
    onKeyUsed: (key) => keyUsage.used(key),
  });
  endings.push(() => app.stop());
  await announce(app, config, options, madeKey);
}

async function openDatabase(
  config: Config,
  { onDatabaseLost }: StartOptions,
  log: Logger,
  endings: Ending[],
): Promise<Database> {
  const watcher = {
    crashed: () => log.error('the embedded database ended by itself; starting it again'),
    recovered: () => log.warn('the embedded database is back'),
    lost: onDatabaseLost,
  };
  const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir, watcher }) : null;
  if (embedded) endings.push(() => embedded.stop());
  if (embedded?.tookOver) log.warn('the server before did not stop in order; going on with its database');
  const url = embedded?.url ?? config.databaseUrl ?? '';
  await migrate(url);
  const db = connect({
    url,
    max: 20,
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
    onRefusal(refusal) {
      if (refusal === null) log.info('the database takes writes again');
      else
        log.error({ reason: refusal.kind }, `the database ${refusal.said}: what has to be written is refused or waits`);
    },
  });
  endings.push(() => db.close());
  // Nobody but us can work on an embedded database: whoever held a lease is dead.
  if (embedded) {
    const freed = await freeAllLeases(db);
    if (freed > 0) log.warn({ tasks: freed }, 'going on with work that was in hand');
  }
  return db;
}

async function prepareWorkspace(
  db: Database,
  config: Config,
  { env }: ServeOptions,
  secret: Secret,
  log: Logger,
): Promise<{ madeKey: string | null }> {
  const workspaceId = await ensureWorkspace(db);
  if (config.workspaceFile !== null) {
    const plan = await applyFile(db, { workspaceId, path: config.workspaceFile, env, secret, ...audienceChecks });
    log.info({ plan: printPlan(plan).split('\n') }, 'applied the workspace file');
  }
  const { made } = await ensureFirstKey(db, workspaceId, config.apiKey);
  return { madeKey: made };
}

async function announce(app: App, config: Config, { json }: ServeOptions, madeKey: string | null): Promise<void> {
  const url = app.server === null ? null : await listen(app.server, config);
  if (json) {
    process.stdout.write(`${JSON.stringify({ url, api_key: madeKey })}\n`);
    return;
  }
  const lines = [url === null ? 'Cresset is working, without an API' : `Cresset is listening on ${url}`];
  if (madeKey !== null)
    lines.push(`API key: ${madeKey}`, 'The key is shown only now. More of them: npm run cresset -- keys --help');
  process.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * A signal, or the end of the process that started us and passes signals on. Further signals change nothing: a terminal
 * sends one to both of us, and the other passes its own on.
 */
function toldToStop(): Promise<string> {
  return new Promise((told) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => told(signal));
    process.on('disconnect', () => told('our parent is gone'));
  });
}
