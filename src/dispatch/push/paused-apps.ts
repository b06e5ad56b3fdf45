import type { Logger } from 'pino';
import type { PushOutcome } from '../../channels/push/sender.ts';
import type { Database, Db } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { clearSuspects } from '../../people/tokens/push-tokens.ts';
import type { App, Catalog } from '../../workspace/catalog.ts';
import { PROBE_EVERY_MS } from '../ledger/outcomes.ts';
import type { AppPause } from './app-queue.ts';
import { type AppCalls, forgetCalls, GUARD_WINDOW_MS, guardTrips } from './guard.ts';
import {
  claimProbe,
  listPausedApps,
  PAUSED_APPS_CHANNEL,
  type PausedApp,
  pauseApp,
  resumeApp,
  settingsDigest,
} from './paused-apps-store.ts';

const LOOK_EVERY_MS = 1_000;

export interface PausedAppsOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog(): Catalog;
}

/**
 * The apps that are paused because their provider does not accept our settings. They are stored in the database for all
 * processes, and kept in memory for every call. States of an app: open → paused (a config error, or the guard) →
 * probing (one call, every five minutes, by one process) → open if the provider accepts it, else paused. New settings
 * open it at once.
 */
export class PausedApps {
  readonly #options: PausedAppsOptions;
  readonly #probing = new Set<string>();
  /** Calls of this process within ten minutes, so that the guard need not wait until they are written. */
  readonly #calls = new Map<string, AppCalls & { since: number }>();
  #closed = new Map<string, PausedApp>();
  #cancelLook: (() => void) | null = null;
  #stopListening: (() => Promise<void>) | null = null;
  #stopped = false;
  /** The reads and writes in progress, one after the other. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: PausedAppsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const listener = await this.#options.db.listen(PAUSED_APPS_CHANNEL, () => this.#write(() => this.#read()));
    this.#stopListening = () => listener.stop();
    await this.#read();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelLook?.();
    await this.#stopListening?.();
    await this.#writing;
  }

  get(appId: string): PausedApp | undefined {
    return this.#closed.get(appId);
  }

  pauseOf(workspaceId: number, app: App): AppPause {
    return {
      closed: () => {
        const closed = this.#closed.get(app.id);
        if (closed === undefined || this.#probing.has(app.id)) return null;
        return { untilMs: closed.probeAt.getTime(), reason: closed.reason };
      },
      isProbing: () => this.#probing.has(app.id),
      hear: (outcome) => this.#hear(workspaceId, app, outcome),
    };
  }

  /** True: this process may make one call to see whether the provider accepts our settings now. */
  async tryProbe(appId: string): Promise<boolean> {
    const closed = this.#closed.get(appId);
    const now = this.#options.clock.now();
    if (closed === undefined || closed.probeAt > now || this.#probing.has(appId)) return false;
    const next = new Date(now.getTime() + PROBE_EVERY_MS);
    const claimed = await claimProbe(this.#options.db, appId, now, next);
    if (!claimed) await this.#read();
    else if (this.#closed.get(appId) === closed) {
      this.#closed.set(appId, { ...closed, probeAt: next });
      this.#probing.add(appId);
    }
    return claimed;
  }

  /** Pauses an app: in memory at once, so that no further call begins, and then in all processes. */
  close(workspaceId: number, app: App, cause: PausedApp['cause'], reason: string): void {
    this.#probing.delete(app.id);
    if (this.#closed.has(app.id)) return;
    const since = this.#options.clock.now();
    const probeAt = new Date(since.getTime() + PROBE_EVERY_MS);
    const closed = { appId: app.id, workspaceId, cause, reason, settings: settingsDigest(app), since, probeAt };
    this.#closed.set(app.id, closed);
    this.#options.log.error(
      { app_id: app.id, app: app.name, cause, reason },
      'an app is paused: its provider does not accept our settings, or calls too many tokens bad; what waits is kept',
    );
    this.#lookLater();
    this.#write(() => this.#options.db.transaction((tx) => this.#writeClosed(tx, closed)));
  }

  async #writeClosed(tx: Db, closed: PausedApp): Promise<void> {
    await pauseApp(tx, closed);
    if (closed.cause !== 'guard') return;
    await clearSuspects(tx, closed.appId, closed.since);
    await forgetCalls(tx, closed.appId);
  }

  /** Counts an answer. True: too many answers now call a token bad. */
  #trips(appId: string, isDoubtful: boolean): boolean {
    const now = this.#options.clock.now().getTime();
    let counts = this.#calls.get(appId);
    if (counts === undefined || now - counts.since > GUARD_WINDOW_MS) {
      counts = { appId, calls: 0, ambiguous: 0, since: now };
      this.#calls.set(appId, counts);
    }
    counts.calls += 1;
    if (!isDoubtful) return false;
    counts.ambiguous += 1;
    return guardTrips(counts);
  }

  /**
   * Pauses or opens the app by what an answer says about our settings. Returns the answer that counts for the device.
   */
  #hear(workspaceId: number, app: App, outcome: PushOutcome): PushOutcome {
    const isDoubtful = outcome.kind === 'bounced' && outcome.token === 'suspect';
    const trips = this.#trips(app.id, isDoubtful);
    if (outcome.kind === 'config_error') this.close(workspaceId, app, 'config_error', outcome.reason);
    const closed = this.#closed.get(app.id);
    if (closed === undefined) {
      if (trips)
        this.close(
          workspaceId,
          app,
          'guard',
          `${this.#calls.get(app.id)?.ambiguous} tokens called bad within ten minutes`,
        );
      return outcome;
    }
    if (closed.cause === 'guard' && isDoubtful) {
      // This answer is not believed: the person keeps the token, and the message waits.
      this.#probing.delete(app.id);
      return { kind: 'config_error', reason: outcome.reason };
    }
    if (!this.#probing.has(app.id)) return outcome;
    this.#probing.delete(app.id);
    if (outcome.kind === 'accepted' || outcome.kind === 'failed' || (outcome.kind === 'bounced' && !isDoubtful))
      this.#open(app.id, null);
    return outcome;
  }

  #open(appId: string, settings: string | null): void {
    this.#closed.delete(appId);
    this.#calls.delete(appId);
    this.#options.log.warn({ app_id: appId }, 'an app is open again: its settings are accepted or new');
    this.#write(() => this.#options.db.transaction((tx) => resumeApp(tx, appId, settings, this.#options.clock.now())));
  }

  async #read(): Promise<void> {
    const rows = await listPausedApps(this.#options.db);
    this.#closed = new Map(rows.map((row) => [row.appId, row]));
    for (const appId of this.#probing) if (!this.#closed.has(appId)) this.#probing.delete(appId);
    this.#lookLater();
  }

  /** While an app is paused, checks again and again whether its settings have changed. */
  #lookLater(): void {
    if (this.#cancelLook !== null || this.#closed.size === 0 || this.#stopped) return;
    this.#cancelLook = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#cancelLook = null;
      for (const { appId, workspaceId, settings } of this.#closed.values()) {
        const app = this.#options.catalog().workspace(workspaceId)?.apps.get(appId);
        if (app !== undefined && settingsDigest(app) !== settings) this.#open(appId, settings);
      }
      this.#lookLater();
    });
  }

  /** Runs one piece of work after the other. After a failure it reads the paused apps again. */
  #write(work: () => Promise<unknown>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'the state of an app could not be read or written');
      if (!this.#stopped) this.#options.clock.after(LOOK_EVERY_MS, () => this.#write(() => this.#read()));
    });
  }
}
