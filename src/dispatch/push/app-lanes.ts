import type { Logger } from 'pino';
import type { ChannelKey } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { PushSenderMaker } from '../../channels/push-sender.ts';
import type { Db } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { App, ProviderKind, WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { LaneName } from '../plan.ts';
import { AppLane } from './app-lane.ts';
import type { AppQueues } from './app-queues.ts';
import { quotaOf, reserveCalls } from './call-quotas.ts';
import type { ClosedApp } from './closed-apps.ts';
import { plannedExpiryMs } from './expiry.ts';
import type { PaceOptions } from './pace.ts';

export type PushSenders = Partial<Record<ProviderKind, PushSenderMaker>>;

export interface AppLanesOptions {
  db: Db;
  /** Whom the messages are for, if it is known of all of them; else as of broadcasts. */
  traffic: LaneName;
  senders: PushSenders;
  queues: AppQueues;
  clock: Clock;
  log: Logger;
  /** Of the machine, that this thread has to itself; see `PushSenderOptions`. */
  processors?: number;
}

/** What a dispatch sends by one channel. */
export interface DispatchMessage {
  dispatchId: string;
  message: object;
  acceptedAt: Date;
}

/** One lane per app with a provider. A lane lives until the settings of its provider change. */
export class AppLanes {
  readonly #options: AppLanesOptions;
  readonly #lanes = new Map<string, { app: App; settings: string; lane: AppLane }>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: AppLanesOptions) {
    this.#options = options;
  }

  /** Null for an app without a provider: its messages go to the sandbox. */
  laneOf(workspace: WorkspaceCatalog, appId: string): AppLane | null {
    const app = workspace.apps.get(appId);
    if (app?.provider === undefined) return null;
    const current = this.#lanes.get(app.id);
    if (current?.app === app) return current.lane;
    const settings = JSON.stringify(app.provider);
    if (current?.settings === settings) {
      current.app = app;
      return current.lane;
    }
    const maker = this.#options.senders[app.provider.kind];
    if (maker === undefined) return null;
    if (current !== undefined) this.#closeLater(current.lane);
    const lane = this.#open(workspace, app, maker);
    this.#lanes.set(app.id, { app, settings, lane });
    return lane;
  }

  /**
   * Until when nothing of a channel can go out, because every app of its platform is closed, or full for this
   * dispatch; null = some can. Milliseconds since 1970.
   */
  async blocked(workspace: WorkspaceCatalog, channel: ChannelKey, of: DispatchMessage): Promise<number | null> {
    const apps = appsOf(workspace, channel);
    if (apps.length === 0 || this.#hasExpired(channel, of)) return null;
    let untilMs = plannedExpiryMs(channel, of.message, of.acceptedAt);
    for (const app of apps) {
      if (await this.#options.queues.tryProbe(app.id)) return null;
      const lane = this.laneOf(workspace, app.id);
      const wait = lane?.closed() ?? lane?.full(of.dispatchId) ?? null;
      if (wait === null) return null;
      untilMs = Math.min(untilMs, wait.untilMs);
    }
    return untilMs;
  }

  /** Until when no more of a dispatch's channel may be begun, because every app of its platform is full; null = some may. */
  full(workspace: WorkspaceCatalog, channel: ChannelKey, of: DispatchMessage): number | null {
    const untilOf = ({ id }: App) => this.laneOf(workspace, id)?.full(of.dispatchId)?.untilMs ?? null;
    const waits = appsOf(workspace, channel).map(untilOf);
    if (waits.length === 0 || waits.includes(null) || this.#hasExpired(channel, of)) return null;
    return Math.min(...waits.map(Number));
  }

  /** The apps of a channel that wait for a person to mend something. */
  paused(workspace: WorkspaceCatalog, channel: ChannelKey): ClosedApp[] {
    return appsOf(workspace, channel).flatMap(({ id }) => this.#options.queues.get(id) ?? []);
  }

  async close(): Promise<void> {
    for (const { lane } of this.#lanes.values()) this.#closeLater(lane);
    this.#lanes.clear();
    await Promise.all(this.#closing);
  }

  /** Then it is not held up: it is to be written off. */
  #hasExpired(channel: ChannelKey, { message, acceptedAt }: DispatchMessage): boolean {
    return plannedExpiryMs(channel, message, acceptedAt) <= this.#options.clock.now().getTime();
  }

  #open(workspace: WorkspaceCatalog, app: App, maker: PushSenderMaker): AppLane {
    const { clock, log, queues, processors } = this.#options;
    const settings = app.provider?.settings ?? {};
    return new AppLane({
      appId: app.id,
      sender: maker({ settings, clock, ...(processors !== undefined && { processors }) }),
      queue: queues.queueOf(workspace.id, app),
      clock,
      pace: this.#paceOf(app),
      onBreakerOpen: (untilMs) =>
        log.warn(
          { app_id: app.id, app: app.name, until: new Date(untilMs) },
          'a push provider does not answer; waiting',
        ),
      onSenderError: (error) => log.error({ err: error, app_id: app.id }, 'a push sender threw'),
    });
  }

  #paceOf(app: App): Omit<PaceOptions, 'onReady'> | null {
    const { db, traffic, clock, log } = this.#options;
    const quota = quotaOf(app);
    return (
      quota && {
        ...{ quota, traffic, clock },
        reserve: (wanted) => reserveCalls(db, wanted),
        onTrouble: (error) =>
          error === null
            ? log.info({ app_id: app.id }, 'calls of an app go on: its quota can be counted again')
            : log.error({ err: error, app_id: app.id }, 'the quota of an app cannot be counted; its calls wait'),
      }
    );
  }

  #closeLater(lane: AppLane): void {
    const done: Promise<void> = lane
      .close()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'a push sender did not close well'))
      .finally(() => this.#closing.delete(done));
    this.#closing.add(done);
  }
}

function appsOf(workspace: WorkspaceCatalog, channel: ChannelKey): App[] {
  const { address } = channels[channel];
  if (address.kind !== 'push') return [];
  return [...workspace.apps.values()].filter(({ platform }) => platform === address.platform);
}
