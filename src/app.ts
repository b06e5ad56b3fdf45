import { type KeyObject, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Database } from './db/database.ts';
import { createAcceptor } from './dispatch/accept.ts';
import { createDeliveries, type Deliveries } from './dispatch/deliveries.ts';
import { createDryRun } from './dispatch/dry-run.ts';
import { createFinisher } from './dispatch/finish.ts';
import { startHousekeeping } from './dispatch/housekeeping.ts';
import { createIdempotency } from './dispatch/idempotency.ts';
import { createLinkMaker } from './dispatch/links.ts';
import { DispatchCache } from './dispatch/loaded.ts';
import { createProviders } from './dispatch/providers.ts';
import { createRecorder } from './dispatch/recorder.ts';
import { startWorker, type Worker } from './dispatch/worker.ts';
import { createRateLimiter } from './http/rate-limiter.ts';
import type { Route } from './http/route.ts';
import { dispatchRoutes } from './http/routes/dispatches.ts';
import { healthPage } from './http/routes/health.ts';
import { messagesSendRoute } from './http/routes/messages-send.ts';
import { sandboxRoutes } from './http/routes/sandbox.ts';
import { subscriptionPages } from './http/routes/subscription-pages.ts';
import { userRoutes } from './http/routes/users.ts';
import { buildServer } from './http/server.ts';
import type { Clock } from './lib/clock.ts';
import { dashed } from './lib/uuid.ts';
import type { ApiKey, Catalog } from './workspace/catalog.ts';

export interface AppOptions {
  db: Database;
  /** The newest snapshot. */
  catalog(): Catalog;
  clock: Clock;
  log: Logger;
  secret: KeyObject;
  /** Where people's links lead, without a slash at the end. */
  publicUrl: string;
  bodyLimitBytes: number;
  trustedProxyHops: number;
  roles: { api: boolean; worker: boolean };
  onKeyUsed?: (key: ApiKey) => void;
}

export interface App {
  /** Null without the role `api`. Listening is the caller's. */
  server: FastifyInstance | null;
  worker: Worker | null;
  /** Every endpoint that needs a key. */
  routes: readonly Route[];
  /** Last started, first stopped; work in hand ends or is given back. */
  stop(): Promise<void>;
}

/** The only place where things are wired together. */
export async function startApp(options: AppOptions): Promise<App> {
  const { db, clock, log, roles } = options;
  const cache = new DispatchCache();
  const links = createLinkMaker(options);
  const stopHousekeeping = await startHousekeeping({ db, clock, log });
  const deliveries = createDeliveries(createProviders({ log }));
  const worker = roles.worker ? await startWorkerWith(options, { cache, links, deliveries }) : null;
  const acceptor = createAcceptor({
    db,
    clock,
    onAccepted({ dispatchId, plan, lane }) {
      if (worker === null) return;
      cache.remember(dashed(dispatchId), plan);
      worker.wake(lane);
    },
  });
  // The newest snapshot, whenever it is asked.
  const live: Catalog = {
    workspace: (id) => options.catalog().workspace(id),
    apiKey: (hash) => options.catalog().apiKey(hash),
  };
  const routes: Route[] = [
    messagesSendRoute({
      ...options,
      acceptor,
      idempotency: createIdempotency({ db, clock }),
      dryRun: createDryRun({ db, clock, links }),
    }),
    ...dispatchRoutes({ db, clock, onRunnable: (lane) => worker?.wake(lane) }),
    ...sandboxRoutes({ db }),
    ...userRoutes({ db, clock, catalog: live }),
  ];
  const pages = [healthPage(db), ...subscriptionPages({ db, clock, secret: options.secret })];
  const limiter = createRateLimiter({ db, clock });
  const limitOf = (workspaceId: number, bucket: { name: string; limit: number }) =>
    options.catalog().workspace(workspaceId)?.settings.rateLimits[bucket.name] ?? bucket.limit;
  const server = roles.api ? buildServer({ ...options, routes, pages, limiter, limitOf }) : null;
  return {
    server,
    worker,
    routes,
    async stop() {
      await server?.close();
      await acceptor.idle();
      await worker?.stop();
      await deliveries.close();
      stopHousekeeping();
    },
  };
}

interface WorkerParts {
  cache: DispatchCache;
  links: ReturnType<typeof createLinkMaker>;
  deliveries: Deliveries;
}

function startWorkerWith({ db, clock, log, catalog }: AppOptions, parts: WorkerParts): Promise<Worker> {
  const worker = randomUUID();
  return startWorker({
    ...parts,
    db,
    clock,
    log,
    worker,
    catalog,
    recorder: createRecorder({
      db,
      clock,
      onRetry: (error) => log.error({ err: error }, 'results could not be written yet'),
    }),
    finisher: createFinisher({ db, clock, worker }),
    random: Math.random,
  });
}
