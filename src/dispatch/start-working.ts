import { randomUUID } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { Logger } from 'pino';
import { type PushSenders, pushSenders } from '../channels/push/senders.ts';
import type { ContentDesk } from '../connected-content/desk.ts';
import type { Database } from '../db/database.ts';
import { levelOf } from '../db/trouble.ts';
import { startEventWebhooks } from '../feedback/out/webhooks.ts';
import { startFeedback } from '../feedback/worker.ts';
import { ItemShelf } from '../item-catalogs/shelf.ts';
import type { Clock } from '../lib/clock.ts';
import { endAll } from '../lib/end-all.ts';
import { version } from '../lib/project/version.ts';
import type { Meters } from '../metrics/meters.ts';
import { noTraces, type Traces } from '../traces/traces.ts';
import type { Catalog } from '../workspace/catalog.ts';
import { GroupQueues } from './accounts/group-queues.ts';
import type { LinkMaker } from './admit/compose.ts';
import type { TrackerMaker } from './admit/trackers.ts';
import { createDeliveries, type ReferenceOf } from './deliver/deliveries.ts';
import { createFinisher } from './deliver/end-tasks.ts';
import { createRecorder } from './deliver/recorder.ts';
import { createSendLimits } from './deliver/send-limits.ts';
import { createSenders } from './deliver/senders.ts';
import { startWorker, type Worker } from './deliver/worker.ts';
import { SendOrigins } from './ledger/feedback/send-origins.ts';
import { PausedRelays } from './pauses/paused-relays.ts';
import { Pauses } from './pauses/pauses.ts';
import type { DispatchCache } from './plan/loaded-dispatch.ts';
import type { LaneName } from './plan/send-plan.ts';
import { AppQueues } from './push/app-queues.ts';
import { PausedApps } from './push/paused-apps.ts';
import { TokenHygiene } from './push/token-hygiene.ts';

export interface WorkingOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** The newest snapshot of the workspaces. */
  catalog(): Catalog;
  /** Base URL at which the world reaches this server, without a slash at the end. */
  publicUrl: string;
  /** Signs the name of a send, for providers that repeat it in callbacks. */
  referenceOf: ReferenceOf;
  /** The lanes that the worker works on. */
  lanes: readonly LaneName[];
  /** Number of threads of this process that share its broadcasts. Default: 1. */
  broadcastThreads?: number | undefined;
  /** Whether feedback is applied in this thread. Default: if it works on named people. */
  appliesFeedback?: boolean | undefined;
  meters: Meters;
  /** Default: nothing is traced. */
  traces?: Traces | undefined;
  /** Replaces the real push senders. Messages of a provider kind that is missing go to the sandbox. */
  pushSenders?: PushSenders | undefined;
}

export interface Working {
  worker: Worker;
  /** Looks for new feedback at once. */
  wakeFeedback(): void;
  /** Looks at once for events to send. */
  wakeEventWebhooks(): void;
  stop(): Promise<void>;
}

/** Starts a worker with everything that sends. */
export async function startWorking(
  options: WorkingOptions,
  parts: { cache: DispatchCache; links: LinkMaker; trackers: TrackerMaker; desk: ContentDesk },
): Promise<Working> {
  const { db, clock, log, catalog, meters, broadcastThreads = 1, traces = noTraces } = options;
  const worker = randomUUID();
  const pauses = new Pauses({ db, clock, log, catalog });
  const pausedApps = new PausedApps({ clock, log, pauses });
  const pausedRelays = new PausedRelays({ clock, log, catalog, pauses });
  const hygiene = new TokenHygiene({
    db,
    clock,
    log,
    isGuarded: (workspaceId, appId) => pausedApps.get(workspaceId, appId)?.cause === 'guard',
    onGuardTripped(workspaceId, appId, reason) {
      const app = catalog().workspace(workspaceId)?.apps.get(appId);
      if (app !== undefined) pausedApps.close(workspaceId, app, 'guard', reason);
    },
  });
  const processors = availableParallelism() / broadcastThreads;
  const traffic = options.lanes.includes('broadcast') ? 'broadcast' : 'named';
  const senders = options.pushSenders ?? pushSenders;
  const appQueues = new AppQueues({ db, traffic, senders, pausedApps, clock, log, processors, meters });
  const { publicUrl, referenceOf } = options;
  const groupQueues = new GroupQueues({
    db,
    traffic,
    clock,
    log,
    pauses,
    publicUrl,
    threads: broadcastThreads,
    meters,
  });
  const nowMs = () => clock.now().getTime();
  const deliveries = createDeliveries({
    push: { queues: appQueues, nowMs, random: Math.random },
    groups: groupQueues,
    ...{ referenceOf, log },
    senders: createSenders({
      ...{ nowMs, log, threads: broadcastThreads, meters },
      pausesOf: (workspaceId) => pausedRelays.pausesOf(workspaceId),
    }),
  });
  const stopping = new AbortController();
  const onRetry = (error: unknown) => log[levelOf(error)]({ err: error }, 'results could not be written; trying again');
  await pauses.start();
  hygiene.start();
  const started = await startWorker({
    ...parts,
    ...{
      db,
      clock,
      log,
      worker,
      catalog,
      meters,
      deliveries,
      appQueues,
      groupQueues,
      pausedRelays,
      pauses,
      traces,
      lanes: options.lanes,
    },
    process: { host: hostname(), processId: process.pid, version, startedAt: new Date(performance.timeOrigin) },
    shelf: new ItemShelf({ db, clock }),
    recorder: createRecorder({
      ...{ db, clock, catalog, hygiene, pauses, onRetry, stopping: stopping.signal },
      isShared: broadcastThreads > 1,
    }),
    finisher: createFinisher({ db, clock, worker }),
    sendLimits: createSendLimits(broadcastThreads),
    pages: new Map(),
  });
  const isNamed = options.lanes.includes('named');
  const { appliesFeedback = isNamed } = options;
  const webhooks = isNamed || appliesFeedback ? startEventWebhooks({ db, clock, log, catalog }) : null;
  const feedback = appliesFeedback
    ? await startFeedback({ db, clock, log, catalog, origins: new SendOrigins() }, () => webhooks?.wake())
    : null;
  return {
    worker: {
      ...started,
      async idle() {
        await started.idle();
        await feedback?.idle();
        await webhooks?.idle();
      },
    },
    wakeFeedback: () => feedback?.wake(),
    wakeEventWebhooks: () => webhooks?.wake(),
    stop: () =>
      endAll(
        () => stopping.abort(),
        () => feedback?.stop(),
        () => webhooks?.stop(),
        () => started.stop(),
        () => deliveries.close(),
        () => appQueues.close(),
        () => hygiene.stop(),
        () => pausedRelays.stop(),
        () => pauses.stop(),
      ),
  };
}
