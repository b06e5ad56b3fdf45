import type { Db } from '../../db/database.ts';
import { PROBE_EVERY_MS, restMsOf } from '../ledger/outcomes.ts';
import type { Pauses, PausesOptions } from '../pauses/pauses.ts';
import type { Pause, PauseKey } from '../pauses/pauses-store.ts';
import type { CallAnswer } from './call-queue.ts';

/** An account with a provider: that of an app or of a subscription group. */
export interface Account extends PauseKey {
  /** Digest of its present settings. */
  settings: string;
  /** What a log line says of it. */
  facts: object;
}

/** An answer, as far as it says something about the account. */
export type AccountAnswer = CallAnswer & { reason?: string; afterMs?: number };

export interface PausedAccountsOptions extends Pick<PausesOptions, 'clock' | 'log'> {
  pauses: Pauses;
  /** What the log calls the account. */
  what: string;
}

/**
 * Pauses an account when an answer says that our settings are wrong or that the provider wants a rest. A probe is one
 * call by one process: every five minutes, or when the rest is over. The account opens again if the provider accepts it.
 */
export class PausedAccounts {
  readonly #options: PausedAccountsOptions;

  constructor(options: PausedAccountsOptions) {
    this.#options = options;
  }

  get({ workspaceId, subject }: PauseKey): Pause | undefined {
    return this.#options.pauses.get(workspaceId, subject);
  }

  isProbing(account: PauseKey): boolean {
    return this.#options.pauses.isProbing(account);
  }

  /** Until when no call may be made, in milliseconds since 1970, and why. null: one may. */
  closed(account: PauseKey): { untilMs: number; reason: string; isPause: true } | null {
    const pause = this.get(account);
    if (pause === undefined || this.isProbing(account)) return null;
    return { untilMs: pause.probeAt.getTime(), reason: pause.reason, isPause: true };
  }

  /** True: this process may make one call to see whether the provider takes messages now. */
  tryProbe(account: PauseKey): Promise<boolean> {
    return this.#options.pauses.tryProbe(account, waitMsOf(this.get(account)?.cause));
  }

  /** `within`: what else to write in the same transaction. */
  close(
    { workspaceId, subject, settings, facts }: Account,
    { cause, reason, waitMs = waitMsOf(cause) }: { cause: Pause['cause']; reason: string; waitMs?: number },
    within?: (tx: Db, now: Date) => Promise<void>,
  ): void {
    const { clock, log, pauses, what } = this.#options;
    const probeAt = new Date(clock.now().getTime() + waitMs);
    const level = cause === 'slow_down' ? 'warn' : 'error';
    const why =
      cause === 'slow_down'
        ? 'its provider wants no more messages for a while'
        : `its provider does not accept our settings${cause === 'guard' ? ', or calls too many tokens bad' : ''}`;
    const onPaused = () =>
      log[level]({ ...facts, cause, reason, until: probeAt }, `${what} is paused: ${why}; what waits is kept`);
    pauses.close({ workspaceId, subject, cause, reason, settings, probeAt }, { onPaused, ...(within && { within }) });
  }

  /** Pauses the account, or prolongs its pause, if the answer says so. */
  obey(account: Account, answer: AccountAnswer): void {
    const isSlow = answer.kind === 'retry' && answer.slows === 'account';
    if (answer.kind !== 'config_error' && !isSlow) return;
    const { reason = answer.kind } = answer;
    const cause = isSlow ? 'slow_down' : 'config_error';
    const waitMs = isSlow ? restMsOf(answer) : waitMsOf(cause);
    const probeAt = new Date(this.#options.clock.now().getTime() + waitMs);
    if (this.isProbing(account)) this.#options.pauses.prolong(account, { cause, reason, probeAt, probes: 0 });
    else this.close(account, { cause, reason, waitMs });
  }

  /** Ends the probe of this process, after it was obeyed. `isGood`: the provider takes our messages. */
  settle(account: PauseKey, isGood: boolean): void {
    if (!this.isProbing(account)) return;
    if (isGood || this.get(account)?.cause === 'slow_down') this.#options.pauses.open(account, null);
    else this.giveUpProbe(account);
  }

  /** The probe of this process has shown nothing. */
  giveUpProbe(account: PauseKey): void {
    this.#options.pauses.giveUpProbe(account);
  }
}

/** Time until the next probe, in milliseconds. */
function waitMsOf(cause: Pause['cause'] | undefined): number {
  return cause === 'slow_down' ? restMsOf({}) : PROBE_EVERY_MS;
}
