import { type KeyObject, randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { pushSenders } from './channels/push-senders.ts';
import type { Database } from './db/database.ts';
import { createAcceptor } from './dispatch/accept.ts';
import { createDeliveries } from './dispatch/deliveries.ts';
import { createDryRun } from './dispatch/dry-run.ts';
import { createFinisher } from './dispatch/finish.ts';
import { startHousekeeping } from './dispatch/housekeeping.ts';
import { createIdempotency } from './dispatch/idempotency.ts';
import { createLinkMaker } from './dispatch/links.ts';
import { DispatchCache } from './dispatch/loaded.ts';
import { type LaneName, lanes } from './dispatch/plan.ts';
import { createPressure, type QueueLimits } from './dispatch/pressure.ts';
import { createProviders } from './dispatch/providers.ts';
import { AppLanes, type PushSenders } from './dispatch/push/app-lanes.ts';
import { AppQueues } from './dispatch/push/app-queues.ts';
import { TokenHygiene } from './dispatch/push/token-hygiene.ts';
import { createRecorder } from './dispatch/recorder.ts';
import { createRooms } from './dispatch/rooms.ts';
import { startWorker, type Worker } from './dispatch/worker.ts';
import { createRateLimiter } from './http/rate-limiter.ts';
import type { Route } from './http/route.ts';
import { audienceRoutes } from './http/routes/audience.ts';
import { dispatchRoutes } from './http/routes/dispatches.ts';
import { healthPage } from './http/routes/health.ts';
import { messagesSendRoute } from './http/routes/messages-send.ts';
import { pushAppsRoute } from './http/routes/push-apps.ts';
import { sandboxRoutes } from './http/routes/sandbox.ts';
import { subscriptionPages } from './http/routes/subscription-pages.ts';
import { userRoutes } from './http/routes/users.ts';
import { webPushPages } from './http/routes/web-push-sdk.ts';
import { buildServer } from './http/server.ts';
import type { Clock } from './lib/clock.ts';
import { endAll } from './lib/end-all.ts';
import { dashed } from './lib/uuid.ts';
import { keepCustomIndex } from './people/custom-index.ts';
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
  queueLimits: QueueLimits;
  retentionDays: number;
  /** `worker`: the lanes it works on; none = it is no worker. */
  roles: { api: boolean; worker: readonly LaneName[] };
  /** How many threads of this process share its broadcasts; 1. */
  broadcastThreads?: number;
  onKeyUsed?: (key: ApiKey) => void;
  /** Who talks to the push providers instead of the real senders; a kind that is missing goes to the sandbox. */
  pushSenders?: PushSenders;
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

/** Most connections of a process to one mail relay, of each lane. */
const MAIL_CONNECTIONS = 10;

/** The only place where things are wired together. */
export async function startApp(options: AppOptions): Promise<App> {
  const { db, clock, log, roles } = options;
  const cache = new DispatchCache();
  const links = createLinkMaker(options);
  // A thread for broadcasts has a server beside it, which does this.
  const keepsHouse = roles.api || roles.worker.includes('named');
  const stopHousekeeping = keepsHouse
    ? await startHousekeeping({ db, clock, log, retentionDays: options.retentionDays })
    : () => undefined;
  const isWorker = roles.worker.length > 0;
  const stopIndexCare = roles.worker.includes('named') ? keepCustomIndex({ db, clock, log }) : () => undefined;
  const working = isWorker ? await startWorking(options, { cache, links }) : null;
  const worker = working?.worker ?? null;
  const acceptor = createAcceptor({
    db,
    clock,
    onAccepted({ dispatchId, plan, lane }) {
      if (worker === null || !roles.worker.some((name) => lanes[name] === lane)) return;
      cache.remember(dashed(dispatchId), plan);
      worker.wake(lane);
    },
  });
  // The newest snapshot, whenever it is asked.
  const live: Catalog = {
    workspace: (id) => options.catalog().workspace(id),
    workspaceOfApp: (appId) => options.catalog().workspaceOfApp(appId),
    apiKey: (hash) => options.catalog().apiKey(hash),
  };
  const routes: Route[] = [
    messagesSendRoute({
      ...options,
      acceptor,
      idempotency: createIdempotency({ db, clock }),
      dryRun: createDryRun({ db, clock, links }),
      pressure: createPressure({
        db,
        clock,
        limits: options.queueLimits,
        onError: (error) => log.warn({ err: error }, 'the queue could not be looked at'),
        onChange: (lane, problem) =>
          problem === null
            ? log.info({ lane }, 'the queue has room again: sends are accepted')
            : log.warn({ lane, problem }, 'the queue is full: sends are refused'),
      }),
    }),
    ...dispatchRoutes({ db, clock, onRunnable: (lane) => worker?.wake(lane) }),
    ...sandboxRoutes({ db }),
    pushAppsRoute({ db, clock, catalog: live }),
    ...userRoutes({ db, clock, catalog: live }),
    ...audienceRoutes({ db, clock, catalog: live }),
  ];
  const limiter = createRateLimiter({ db, clock });
  const pages = [
    healthPage(db),
    ...subscriptionPages({ db, clock, secret: options.secret }),
    ...webPushPages({ db, clock, catalog: live, limiter }),
  ];
  const limitOf = (workspaceId: number, bucket: { name: string; limit: number }) =>
    options.catalog().workspace(workspaceId)?.settings.rateLimits[bucket.name] ?? bucket.limit;
  const server = roles.api ? buildServer({ ...options, routes, pages, limiter, limitOf }) : null;
  return {
    server,
    worker,
    routes,
    stop: () =>
      endAll(
        () => server?.close(),
        () => acceptor.idle(),
        () => working?.stop(),
        stopIndexCare,
        stopHousekeeping,
      ),
  };
}

interface Working {
  worker: Worker;
  stop(): Promise<void>;
}

/** A worker with everything that sends. */
async function startWorking(
  options: AppOptions,
  parts: { cache: DispatchCache; links: ReturnType<typeof createLinkMaker> },
): Promise<Working> {
  const { db, clock, log, catalog, broadcastThreads = 1 } = options;
  const worker = randomUUID();
  const queues = new AppQueues({ db, clock, log, catalog });
  const hygiene = new TokenHygiene({
    db,
    clock,
    log,
    isGuarded: (appId) => queues.get(appId)?.cause === 'guard',
    onGuardTripped(workspaceId, appId, reason) {
      const app = catalog().workspace(workspaceId)?.apps.get(appId);
      if (app !== undefined) queues.close(workspaceId, app, 'guard', reason);
    },
  });
  const processors = availableParallelism() / broadcastThreads;
  const traffic = options.roles.worker.includes('broadcast') ? 'broadcast' : 'named';
  const senders = options.pushSenders ?? pushSenders;
  const appLanes = new AppLanes({ db, traffic, senders, queues, clock, log, processors });
  const mailConnections = Math.ceil(MAIL_CONNECTIONS / broadcastThreads);
  const push = { lanes: appLanes, nowMs: () => clock.now().getTime(), random: Math.random };
  const deliveries = createDeliveries(createProviders({ log, push, mailConnections }), { clock, random: Math.random });
  const stopping = new AbortController();
  const onRetry = (error: unknown) => log.error({ err: error }, 'results could not be written yet');
  await queues.start();
  hygiene.start();
  const started = await startWorker({
    ...parts,
    ...{ db, clock, log, worker, catalog, deliveries, appLanes, lanes: options.roles.worker },
    recorder: createRecorder({
      ...{ db, clock, hygiene, onRetry, stopping: stopping.signal },
      isShared: broadcastThreads > 1,
    }),
    finisher: createFinisher({ db, clock, worker }),
    rooms: createRooms(broadcastThreads),
    pages: new Map(),
  });
  return {
    worker: started,
    stop: () =>
      endAll(
        () => stopping.abort(),
        () => started.stop(),
        () => deliveries.close(),
        () => appLanes.close(),
        () => hygiene.stop(),
        () => queues.stop(),
      ),
  };
}
