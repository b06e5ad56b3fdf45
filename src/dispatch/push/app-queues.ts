import type { Logger } from 'pino';
import type { ChannelKey } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { NotBegun } from '../../channels/outcome.ts';
import type { PushOutcome, PushSender } from '../../channels/push/sender.ts';
import { openPushSender, type PushSenders } from '../../channels/push/senders.ts';
import type { Db } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { metered } from '../../metrics/metered.ts';
import type { Meters } from '../../metrics/meters.ts';
import type { App, WorkspaceCatalog } from '../../workspace/catalog.ts';
import { quotaOf } from '../accounts/call-quotas.ts';
import { openedSender } from '../accounts/opened-sender.ts';
import { paceOf } from '../accounts/pace-of.ts';
import type { Pause } from '../pauses/pauses-store.ts';
import { digestOfApp } from '../pauses/subject.ts';
import type { LaneName } from '../plan/send-plan.ts';
import { wayOfPlatform } from '../plan/ways.ts';
import { AppQueue } from './app-queue.ts';
import type { PausedApps } from './paused-apps.ts';

export interface AppQueuesOptions {
  db: Db;
  /** The lane of the messages. A worker of both lanes counts as `broadcast`. */
  traffic: LaneName;
  senders: PushSenders;
  pausedApps: PausedApps;
  clock: Clock;
  log: Logger;
  /** Number of processors that this thread may use; see `PushSenderOptions`. */
  processors?: number;
  meters: Meters;
}

/** The message of a dispatch on one channel. */
export interface DispatchMessage {
  dispatchId: string;
  message: object;
  acceptedAt: Date;
}

/** One queue per app with a provider. A queue lives until the settings of its provider change. */
export class AppQueues {
  readonly #options: AppQueuesOptions;
  readonly #queues = new Map<string, { app: App; settings: string; queue: AppQueue }>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: AppQueuesOptions) {
    this.#options = options;
  }

  /** null: the app has no provider, and its messages go to the sandbox. */
  queueOf(workspace: WorkspaceCatalog, appId: string): AppQueue | null {
    const app = workspace.apps.get(appId);
    if (app?.provider === undefined) return null;
    const current = this.#queues.get(app.id);
    if (current?.app === app) return current.queue;
    const settings = JSON.stringify(app.provider);
    if (current?.settings === settings) {
      current.app = app;
      return current.queue;
    }
    const { senders, clock, log, processors } = this.#options;
    const { provider } = app;
    const options = { clock, ...(processors !== undefined && { processors }) };
    const sender = openedSender<Parameters<PushSender['deliver']>, PushOutcome | NotBegun>(
      () => openPushSender(senders, provider, options),
      (error) =>
        log.error({ err: error, ...{ app_id: app.id, app: app.name } }, 'the sender of an app cannot be opened'),
    );
    if (sender === null) return null;
    if (current !== undefined) this.#closeLater(current.queue);
    const queue = this.#open(workspace, app, sender);
    this.#queues.set(app.id, { app, settings, queue });
    return queue;
  }

  /**
   * Until when no message of a channel can go out, in milliseconds since 1970, because every app queue of its platform
   * is closed, or full for this dispatch. null: some can.
   */
  async blocked(workspace: WorkspaceCatalog, channel: ChannelKey, of: DispatchMessage): Promise<number | null> {
    const apps = appsOf(workspace, channel);
    if (apps.length === 0 || this.#hasExpired(channel, of)) return null;
    let untilMs = plannedExpiryMs(channel, of);
    for (const app of apps) {
      if (await this.#options.pausedApps.tryProbe(workspace.id, app.id)) return null;
      const queue = this.queueOf(workspace, app.id);
      const wait = queue?.closed() ?? queue?.full(of.dispatchId) ?? null;
      if (wait === null) return null;
      untilMs = Math.min(untilMs, wait.untilMs);
    }
    return untilMs;
  }

  /**
   * Until when no more sends of a channel may begin, because every app queue of its platform is full. null: some may.
   */
  full(workspace: WorkspaceCatalog, channel: ChannelKey, of: DispatchMessage): number | null {
    const untilOf = ({ id }: App) => this.queueOf(workspace, id)?.full(of.dispatchId)?.untilMs ?? null;
    const waits = appsOf(workspace, channel).map(untilOf);
    if (waits.length === 0 || waits.includes(null) || this.#hasExpired(channel, of)) return null;
    return Math.min(...waits.map(Number));
  }

  /** The paused apps of a channel, for which messages wait. */
  paused(workspace: WorkspaceCatalog, channel: ChannelKey): Pause[] {
    return appsOf(workspace, channel).flatMap(({ id }) => this.#options.pausedApps.get(workspace.id, id) ?? []);
  }

  async close(): Promise<void> {
    for (const { queue } of this.#queues.values()) this.#closeLater(queue);
    this.#queues.clear();
    await Promise.all(this.#closing);
  }

  /** True: the message has expired, so it is not blocked but written off. */
  #hasExpired(channel: ChannelKey, of: DispatchMessage): boolean {
    return plannedExpiryMs(channel, of) <= this.#options.clock.now().getTime();
  }

  #open(workspace: WorkspaceCatalog, app: App, sender: PushSender): AppQueue {
    const { clock, log, pausedApps, meters } = this.#options;
    return new AppQueue({
      appId: app.id,
      settings: digestOfApp(app),
      sender: metered(sender, meters, wayOfPlatform(app.platform)),
      pause: pausedApps.pauseOf(workspace.id, app),
      clock,
      pace: paceOf(this.#options, quotaOf(app), { app_id: app.id, app: app.name }),
      onBreakerOpen: (untilMs) =>
        log.warn(
          { app_id: app.id, app: app.name, until: new Date(untilMs) },
          'a push provider does not answer; waiting',
        ),
      onSenderError: (error) => log.error({ err: error, app_id: app.id }, 'a push sender threw'),
    });
  }

  #closeLater(queue: AppQueue): void {
    const done: Promise<void> = queue
      .close()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'a push sender failed to close'))
      .finally(() => this.#closing.delete(done));
    this.#closing.add(done);
  }
}

function plannedExpiryMs(channel: ChannelKey, { message, acceptedAt }: DispatchMessage): number {
  return channels[channel].expiry?.ofTemplate(message, acceptedAt) ?? Number.POSITIVE_INFINITY;
}

function appsOf(workspace: WorkspaceCatalog, channel: ChannelKey): App[] {
  const { address } = channels[channel];
  if (address.kind !== 'push') return [];
  return [...workspace.apps.values()].filter(({ platform }) => platform === address.platform);
}
