import pino, { type Logger } from 'pino';
import { type App, type AppOptions, startApp } from '../app.ts';
import type { Config } from '../config.ts';
import { connect, type Database } from '../db/database.ts';
import { systemClock } from '../lib/clock.ts';
import { createKeyUsage } from '../workspace/key-usage.ts';
import { deriveKey, type Secret } from '../workspace/secrets.ts';
import { watchCatalog } from '../workspace/watch-catalog.ts';

/** Started things, each with its end; they end last first. */
export type Ending = () => Promise<unknown>;

/** What a thread of a server works with. */
export interface Ground {
  config: Config;
  log: Logger;
  db: Database;
  secret: Secret;
}

export function createLog({ logLevel }: Config, thread?: string): Logger {
  const log = pino({ level: logLevel }, pino.destination({ dest: 2, sync: true }));
  return thread === undefined ? log : log.child({ thread });
}

export function connectDatabase(
  url: string,
  log: Logger,
  options: { max?: number; onConnect?: (processId: number) => void } = {},
): Database {
  return connect({
    url,
    max: 20,
    ...options,
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
    onRefusal(refusal) {
      if (refusal === null) log.info('the database takes writes again');
      else
        log.error({ reason: refusal.kind }, `the database ${refusal.said}: what has to be written is refused or waits`);
    },
  });
}

/** Starts these roles in this thread, with all they need. */
export async function startRoles(
  { config, log, db, secret }: Ground,
  roles: Pick<AppOptions, 'roles' | 'broadcastThreads'>,
  endings: Ending[],
): Promise<App> {
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
    ...roles,
    onKeyUsed: (key) => keyUsage.used(key),
  });
  endings.push(() => app.stop());
  return app;
}

/** Whatever becomes of one, the others are ended too. */
export async function endInOrder(endings: Ending[], log: Logger): Promise<void> {
  for (const end of endings.reverse())
    await end().catch((error: unknown) => log.error({ err: error }, 'a part did not stop well'));
}
