import { join } from 'node:path';
import type { Logger } from 'pino';
import type { AppOptions, Listeners } from '../app.ts';
import type { Config } from '../config.ts';
import { linkThreads } from '../connected-content/neighbours.ts';
import type { Database } from '../db/database.ts';
import { startEmbedded } from '../db/embedded/embedded.ts';
import { migrate } from '../db/schema/migrate.ts';
import { watchFloor } from '../db/schema/watch-floor.ts';
import { NewerSchemaError } from '../db/unusable.ts';
import type { LaneName } from '../dispatch/plan/send-plan.ts';
import { listen, namingTrouble } from '../http/listen.ts';
import { systemClock } from '../lib/clock.ts';
import { ensureAdmin, FIRST_OPERATOR } from '../operators/operators.ts';
import { applyFile } from '../workspace/file/apply-file.ts';
import { printPlan } from '../workspace/file/plan.ts';
import { planFile, stampOf } from '../workspace/file/plan-file.ts';
import { createServerFile } from '../workspace/file/server-file.ts';
import { ensureStartKey } from '../workspace/keys/start-key.ts';
import { secretForServer, shareSecret } from '../workspace/sealed/shared-secret.ts';
import { findSecret, hasOtherInFolder, type Secret } from '../workspace/secrets.ts';
import { ensureWorkspace } from '../workspace/workspaces.ts';
import { type BroadcastWorker, startBroadcastWorker } from './broadcast-worker.ts';
import { buildConsole } from './build-console.ts';
import { freeLeasesOfDead } from './dead-workers.ts';
import { createLog } from './log.ts';
import { createPlanWorker } from './plan-worker.ts';
import { connectDatabase, type Ending, endInOrder, startRoles, type ThreadContext } from './roles.ts';
import { fileOptions } from './workspace-file.ts';

const OLD_FILE =
  'this file holds another secret than CRESSET_SECRET: a start without CRESSET_SECRET would be refused, and a copy of the data folder is no use without it. Write the secret in use to the file, or remove the file';

export interface ServeOptions {
  json: boolean;
  env: Readonly<Record<string, string | undefined>>;
  /**
   * Serves data that nobody keeps: nothing is flushed to disk, one thread does all the work, and only requests for this
   * machine are answered. `onListening` gets the URL and says what there is to say. Absent: the data is kept.
   */
  throwAway?: { onListening(url: string): Promise<void> } | undefined;
}

interface StartOptions extends ServeOptions {
  /** Called when a part ended by itself and the server cannot go on without it. */
  onLost(error: unknown): void;
}

/** Serves until the process is told to stop, then ends everything that it started, in order. */
export async function serve(config: Config, options: ServeOptions): Promise<void> {
  const log = createLog(config);
  const endings: Ending[] = [];
  const lost = Promise.withResolvers<never>();
  const stopping = Promise.race([stopRequest(), lost.promise]);
  stopping.catch(() => undefined); // Nobody awaits it while the server starts. It is awaited, and thrown, below.
  try {
    await start(config, { ...options, onLost: lost.reject }, log, endings);
    log.info({ because: await stopping }, 'stopping');
  } finally {
    await endInOrder(endings, log);
  }
  log.info('stopped');
}

async function start(config: Config, options: StartOptions, log: Logger, endings: Ending[]): Promise<void> {
  findSecret(config); // One that is too short is refused before anything starts.
  const databaseUrl = await startDatabase(config, options, log, endings);
  const db = connectDatabase(databaseUrl, log);
  endings.push(() => db.close());
  const onNewer = (needed: string) => options.onLost(new NewerSchemaError(needed));
  endings.push(watchFloor(db, { clock: systemClock, onNewer }));
  const secret = await secretForServer(db, config);
  if (config.databaseUrl === null) await freeLeasesOfDead(db, log);
  const made = await prepareWorkspace(db, config, options, secret, log);
  const [api, isWorker] = (['api', 'worker'] as const).map((role) => config.roles.includes(role));
  const health = !api && config.healthPort !== null;
  const isThrowAway = options.throwAway !== undefined;
  const worksOn: readonly LaneName[] = isThrowAway ? ['named', 'broadcast'] : ['named'];
  const roles = { api: api === true, worker: isWorker ? worksOn : [], health };
  const workers: BroadcastWorker[] = [];
  const otherMeters = async () => {
    const dumps = await Promise.all(workers.map(({ dump }) => dump()));
    return dumps.filter((dump) => dump !== null);
  };
  const bound = Promise.withResolvers<Bound>();
  const app = startRoles(
    { config, log, db, secret },
    {
      beforeWork: async (built) => bound.resolve(await bind(built, config)),
      ...{ roles, otherMeters, metersProcess: true, appliesFeedback: isThrowAway, onlyLocalHosts: isThrowAway },
      ...planOf({ config, db, secret }, databaseUrl, options, endings),
    },
    endings,
  );
  // Without its ports the server does not start, so it must not have sent anything.
  app.catch(bound.reject);
  bound.promise.catch(() => undefined); // It is thrown by `app`.
  const threads = linkThreads(isWorker && !isThrowAway ? config.broadcastThreads : 0).map(async (links) => {
    await bound.promise;
    const data = { config, databaseUrl, number: links.thread, links };
    const worker = await startBroadcastWorker(data, options.onLost);
    workers.push(worker);
    endings.push(worker.end);
  });
  // Wait for all of them: if one fails to start, the others must have an ending, so that they end before the database.
  await Promise.allSettled([app, ...threads]);
  // First the error of this thread: one that comes from another thread has lost its kind.
  await app;
  await Promise.all(threads);
  await announce(await bound.promise, options, made);
  // Tests start many servers, and build the console where they need it.
  if (roles.api && options.env.CRESSET_TEST_WITHOUT_CONSOLE === undefined) endings.push(buildConsole(log));
}

/** The URL of the migrated database: the configured one or, once it has been started, the embedded one. */
async function startDatabase(
  config: Config,
  { onLost, throwAway }: StartOptions,
  log: Logger,
  endings: Ending[],
): Promise<string> {
  const watcher = {
    crashed: () => log.error('the embedded database has crashed; starting it again'),
    recovered: () => log.warn('the embedded database is back'),
    lost: onLost,
  };
  const durable = throwAway === undefined;
  const embedded =
    config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir, durable, watcher }) : null;
  if (embedded) endings.push(() => embedded.stop());
  if (embedded?.tookOver) log.warn('the previous server did not stop in order; continuing with its database');
  const url = embedded?.url ?? config.databaseUrl ?? '';
  await migrate(url);
  return url;
}

async function prepareWorkspace(
  db: Database,
  config: Config,
  { env }: ServeOptions,
  secret: Secret,
  log: Logger,
): Promise<Made> {
  const oldest = await ensureWorkspace(db);
  await shareSecret(db, secret);
  // With a database elsewhere, the file belongs to the embedded one that ran here before, which needs it.
  if (config.databaseUrl === null && hasOtherInFolder(config))
    log.warn({ file: join(config.dataDir, 'secret') }, OLD_FILE);
  if (config.workspaceFile !== null) {
    const { plan, warnings } = await applyFile(db, {
      ...fileOptions({ db, config, path: config.workspaceFile, env, secret }),
      by: 'start with CRESSET_WORKSPACE',
    });
    log.info({ plan: printPlan(plan).split('\n') }, 'applied the workspace file');
    if (warnings.length > 0) log.warn({ warnings }, 'the workspace file says what is probably not meant');
  }
  // Who starts a worker does not look for them in its log.
  if (!config.roles.includes('api')) return { key: null, password: null };
  const { made: key } = await ensureStartKey(db, { given: config.apiKey, workspaceName: config.workspaceName });
  const { made: password } = await ensureAdmin(db, oldest, config.adminPassword, new Date());
  return { key, password };
}

/** What operators may ask of the workspace file that this server applies at its start. */
function planOf(
  { config, db, secret }: Omit<ThreadContext, 'log'>,
  databaseUrl: string,
  { env }: ServeOptions,
  endings: Ending[],
): Pick<AppOptions, 'planFile' | 'stampFile' | 'serverFile'> {
  const { workspaceFile: path } = config;
  if (path === null) return {};
  const large = createPlanWorker({ config, databaseUrl, path, env: { ...env } });
  endings.push(large.end);
  const reading = fileOptions({ db, config, path, env, secret });
  return {
    planFile: ({ isLarge }) => (isLarge ? large.plan() : planFile(db, reading)),
    stampFile: () => stampOf(path),
    serverFile: createServerFile({ choose: reading.choose, path, env, readLarge: large.names }),
  };
}

/** What the first start made, to be shown once. null: it was there already. */
interface Made {
  /** The API key. */
  key: string | null;
  /** The password of the operator `admin`. */
  password: string | null;
}

/** Where the server listens. null: it does not listen for that. */
interface Bound {
  url: string | null;
  healthUrl: string | null;
  smtpPort: number | null;
}

async function bind({ server, healthServer, mailListener }: Listeners, config: Config): Promise<Bound> {
  const { host, port, smtpPort } = config;
  const url = server === null ? null : await listen(server, { host, port, variable: 'PORT' });
  const health = { host, port: config.healthPort ?? port, variable: 'CRESSET_HEALTH_PORT' };
  const healthUrl = healthServer === null ? null : await listen(healthServer, health);
  if (mailListener === null || smtpPort === null) return { url, healthUrl, smtpPort: null };
  const mail = { host, port: smtpPort, variable: 'CRESSET_SMTP_PORT' };
  return { url, healthUrl, smtpPort: await namingTrouble(mail, () => mailListener.listen(mail)) };
}

async function announce(
  { url, healthUrl, smtpPort }: Bound,
  { json, throwAway }: ServeOptions,
  made: Made,
): Promise<void> {
  if (throwAway !== undefined && url !== null) return throwAway.onListening(url);
  if (json) {
    const health = healthUrl === null ? {} : { health_url: `${healthUrl}/health` };
    const smtp = smtpPort === null ? {} : { smtp_port: smtpPort };
    const { key, password } = made;
    process.stdout.write(`${JSON.stringify({ url, ...health, ...smtp, api_key: key, admin_password: password })}\n`);
    return;
  }
  const lines = [url === null ? 'Cresset is working, without an API' : `Cresset is listening on ${url}`];
  if (healthUrl !== null) lines.push(`Its health is at ${healthUrl}/health`);
  if (smtpPort !== null) lines.push(`It receives bounce mails on port ${smtpPort}`);
  if (made.key !== null)
    lines.push(`API key: ${made.key}`, 'The key is shown only now. More of them: npm run cresset -- keys --help');
  if (made.password !== null)
    lines.push(`Console: sign in as ${FIRST_OPERATOR} with ${made.password}`, 'The password is shown only now.');
  process.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * Resolves with the reason to stop: a signal, or the end of the process that started us and passes signals on. Further
 * signals change nothing: a terminal sends each signal to both processes, so this one may get it twice.
 */
function stopRequest(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
    process.on('disconnect', () => resolve('the parent process is gone'));
  });
}
