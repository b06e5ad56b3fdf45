import type { PushOutcome } from '../../channels/push/sender.ts';
import type { Db } from '../../db/database.ts';
import { clearSuspects } from '../../people/tokens/push-tokens.ts';
import type { App } from '../../workspace/catalog.ts';
import { PROBE_EVERY_MS } from '../ledger/outcomes.ts';
import type { Pauses, PausesOptions } from '../pauses/pauses.ts';
import type { Pause } from '../pauses/pauses-store.ts';
import { appIdOf, appSubject, digestOfApp } from '../pauses/subject.ts';
import type { AppPause } from './app-queue.ts';
import { type AppCalls, forgetCalls, GUARD_WINDOW_MS, guardTrips } from './guard.ts';

export interface PausedAppsOptions extends Pick<PausesOptions, 'clock' | 'log'> {
  pauses: Pauses;
}

/** How long an app slows down if the provider asks for it without a time, in milliseconds. */
const SLOW_MS = 60_000;
const LONGEST_SLOW_MS = 3_600_000;

const texts: Partial<Record<Pause['cause'], string>> = {
  slow_down: 'an app is paused: its provider wants no more messages for a while; what waits is kept',
};
const WRONG_SETTINGS =
  'an app is paused: its provider does not accept our settings, or calls too many tokens bad; what waits is kept';

/**
 * Pauses an app when an answer says that our settings are wrong (a config error, or the guard) or that the provider wants
 * a rest. A probe is one call by one process: every five minutes, or when the rest is over. The app opens again if the
 * provider accepts the call.
 */
export class PausedApps {
  readonly #options: PausedAppsOptions;
  readonly #pauses: Pauses;
  /** Calls of this process within ten minutes, so that the guard need not wait until they are written. */
  readonly #calls = new Map<string, AppCalls & { since: number }>();

  constructor(options: PausedAppsOptions) {
    this.#options = options;
    this.#pauses = options.pauses;
    this.#pauses.onOpen(({ subject }) => this.#calls.delete(appIdOf(subject) ?? ''));
  }

  get(workspaceId: number, appId: string): Pause | undefined {
    return this.#pauses.get(workspaceId, appSubject(appId));
  }

  pauseOf(workspaceId: number, app: App): AppPause {
    const key = { workspaceId, subject: appSubject(app.id) };
    return {
      closed: () => {
        const pause = this.#pauses.get(workspaceId, key.subject);
        if (pause === undefined || this.#pauses.isProbing(key)) return null;
        return { untilMs: pause.probeAt.getTime(), reason: pause.reason };
      },
      isProbing: () => this.#pauses.isProbing(key),
      hear: (outcome) => this.#hear(workspaceId, app, outcome),
    };
  }

  /** True: this process may make one call to see whether the provider takes messages now. */
  tryProbe(workspaceId: number, appId: string): Promise<boolean> {
    const key = { workspaceId, subject: appSubject(appId) };
    return this.#pauses.tryProbe(key, waitMsOf(this.get(workspaceId, appId)?.cause));
  }

  close(workspaceId: number, app: App, cause: Pause['cause'], reason: string, waitMs = waitMsOf(cause)): void {
    const { clock, log } = this.#options;
    const probeAt = new Date(clock.now().getTime() + waitMs);
    const pause = { workspaceId, subject: appSubject(app.id), cause, reason, settings: digestOfApp(app), probeAt };
    const forget = async (tx: Db, now: Date) => {
      await clearSuspects(tx, app.id, now);
      await forgetCalls(tx, app.id);
    };
    if (!this.#pauses.close(pause, cause === 'guard' ? forget : undefined)) return;
    const level = cause === 'slow_down' ? 'warn' : 'error';
    log[level]({ app_id: app.id, app: app.name, cause, reason, until: probeAt }, texts[cause] ?? WRONG_SETTINGS);
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
    this.#obey(workspaceId, app, outcome);
    const paused = this.get(workspaceId, app.id);
    if (paused === undefined) {
      const doubtful = this.#calls.get(app.id)?.ambiguous;
      if (trips) this.close(workspaceId, app, 'guard', `${doubtful} tokens called bad within ten minutes`);
      return outcome;
    }
    const key = { workspaceId, subject: appSubject(app.id) };
    if (paused.cause === 'guard' && isDoubtful) {
      // This answer is not believed: the person keeps the token, and the message waits.
      this.#pauses.giveUpProbe(key);
      return { kind: 'config_error', reason: outcome.reason };
    }
    if (!this.#pauses.isProbing(key)) return outcome;
    const isAnswer = outcome.kind === 'accepted' || outcome.kind === 'failed';
    if (isAnswer || (outcome.kind === 'bounced' && !isDoubtful) || paused.cause === 'slow_down')
      this.#pauses.open(key, null);
    else this.#pauses.giveUpProbe(key);
    return outcome;
  }

  /** Pauses the app, or prolongs its pause, if the answer says so. */
  #obey(workspaceId: number, app: App, outcome: PushOutcome): void {
    const isSlow = outcome.kind === 'retry' && outcome.slows === 'app';
    if (outcome.kind !== 'config_error' && !isSlow) return;
    const { reason } = outcome;
    const cause = isSlow ? 'slow_down' : 'config_error';
    const waitMs = isSlow ? Math.min(outcome.afterMs ?? SLOW_MS, LONGEST_SLOW_MS) : waitMsOf(cause);
    const key = { workspaceId, subject: appSubject(app.id) };
    const probeAt = new Date(this.#options.clock.now().getTime() + waitMs);
    if (this.#pauses.isProbing(key)) this.#pauses.prolong(key, { cause, reason, probeAt, probes: 0 });
    else this.close(workspaceId, app, cause, reason, waitMs);
  }
}

/** Time until the next probe, in milliseconds. */
function waitMsOf(cause: Pause['cause'] | undefined): number {
  return cause === 'slow_down' ? SLOW_MS : PROBE_EVERY_MS;
}
