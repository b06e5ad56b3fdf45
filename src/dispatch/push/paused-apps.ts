import type { PushOutcome } from '../../channels/push/sender.ts';
import type { Db } from '../../db/database.ts';
import { clearSuspects } from '../../people/tokens/push-tokens.ts';
import type { App } from '../../workspace/catalog.ts';
import type { AccountPause } from '../accounts/call-queue.ts';
import { type Account, PausedAccounts } from '../accounts/paused-accounts.ts';
import type { Pauses, PausesOptions } from '../pauses/pauses.ts';
import type { Pause } from '../pauses/pauses-store.ts';
import { appIdOf, appSubject, digestOfApp } from '../pauses/subject.ts';
import { type AppCalls, forgetCalls, GUARD_WINDOW_MS, guardTrips } from './guard.ts';

export interface PausedAppsOptions extends Pick<PausesOptions, 'clock' | 'log'> {
  pauses: Pauses;
}

/** Pauses the account of an app like any other, and also when the guard says that our settings are likely wrong. */
export class PausedApps {
  readonly #options: PausedAppsOptions;
  readonly #accounts: PausedAccounts;
  /** Calls of this process within ten minutes, so that the guard need not wait until they are written. */
  readonly #calls = new Map<string, AppCalls & { since: number }>();

  constructor(options: PausedAppsOptions) {
    this.#options = options;
    this.#accounts = new PausedAccounts({ ...options, what: 'an app' });
    options.pauses.onOpen(({ subject }) => this.#calls.delete(appIdOf(subject) ?? ''));
  }

  get(workspaceId: number, appId: string): Pause | undefined {
    return this.#options.pauses.get(workspaceId, appSubject(appId));
  }

  pauseOf(workspaceId: number, app: App): AccountPause<PushOutcome> {
    const account = accountOf(workspaceId, app);
    return {
      closed: () => this.#accounts.closed(account),
      isProbing: () => this.#accounts.isProbing(account),
      hear: (outcome) => this.#hear(account, app, outcome),
    };
  }

  /** True: this process may make one call to see whether the provider takes messages now. */
  tryProbe(workspaceId: number, appId: string): Promise<boolean> {
    return this.#accounts.tryProbe({ workspaceId, subject: appSubject(appId) });
  }

  close(workspaceId: number, app: App, cause: Pause['cause'], reason: string): void {
    const forget = async (tx: Db, now: Date) => {
      await clearSuspects(tx, app.id, now);
      await forgetCalls(tx, app.id);
    };
    this.#accounts.close(accountOf(workspaceId, app), { cause, reason }, cause === 'guard' ? forget : undefined);
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
  #hear(account: Account, app: App, outcome: PushOutcome): PushOutcome {
    const isDoubtful = outcome.kind === 'bounced' && outcome.token === 'suspect';
    const trips = this.#trips(app.id, isDoubtful);
    this.#accounts.obey(account, outcome);
    const paused = this.#accounts.get(account);
    if (paused === undefined) {
      const doubtful = this.#calls.get(app.id)?.ambiguous;
      if (trips) this.close(account.workspaceId, app, 'guard', `${doubtful} tokens called bad within ten minutes`);
      return outcome;
    }
    if (paused.cause === 'guard' && isDoubtful) {
      // This answer is not believed: the person keeps the token, and the message waits.
      this.#accounts.giveUpProbe(account);
      return { kind: 'config_error', reason: outcome.reason };
    }
    const isAnswer = outcome.kind === 'accepted' || outcome.kind === 'failed';
    this.#accounts.settle(account, isAnswer || (outcome.kind === 'bounced' && !isDoubtful));
    return outcome;
  }
}

function accountOf(workspaceId: number, app: App): Account {
  return {
    workspaceId,
    subject: appSubject(app.id),
    settings: digestOfApp(app),
    facts: { app_id: app.id, app: app.name },
  };
}
