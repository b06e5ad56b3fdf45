import type { Clock } from '../../lib/clock.ts';
import { CallTimes } from '../../lib/limits/call-times.ts';
import type { LaneName } from '../plan/send-plan.ts';
import { intervalMsOf, type Quota, type Reservation, type Wanted } from './call-quotas.ts';

export interface PaceOptions {
  quota: Quota;
  /** The lane that the calls are for. */
  traffic: LaneName;
  clock: Clock;
  reserve(wanted: Wanted): Promise<Reservation>;
  /** Called when a call may be made that could not be made before, or when it is worth asking again. */
  onReady(): void;
  /** Told why calls must wait when nothing can be reserved. null: they need not wait any more. */
  onTrouble(error: unknown): void;
}

/** Most of the quota that is reserved at once, as its time in milliseconds. */
const MOST_MS = 250;
/** The same if no call waits: so little that other threads do not miss it. */
const SPARE_MS = 25;
/**
 * How far ahead of now a reservation may begin, in milliseconds. Broadcasts reserve the quota at most this far plus one
 * reservation (250 ms or one call) ahead. Calls to named people always reach beyond that (their value plus one call).
 */
const BROADCAST_REACH_MS = 500;
const NAMED_REACH_MS = 1_000;
/** Calls that lapse within this time do not count as reserved, so that more are reserved before they are missing. */
const AHEAD_MS = 250;
const AFTER_TROUBLE_MS = 1_000;

/**
 * The calls of one quota that one thread has reserved. Calls of broadcasts are made at their times, calls to named
 * people at once. States: free → asking (one reservation is pending) → free, or resting (no call is free before some
 * time, or the database is in trouble; nothing is asked) → free.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #times: CallTimes;
  readonly #reachMs: number;
  readonly #most: number;
  readonly #spare: number;
  #wanted = 0;
  #isFree = true;
  #isInTrouble = false;
  #isClosed = false;
  #cancelRest: (() => void) | null = null;
  #cancelWait: (() => void) | null = null;

  constructor(options: PaceOptions) {
    this.#options = options;
    const intervalMs = intervalMsOf(options.quota);
    const isNamed = options.traffic === 'named';
    this.#times = new CallTimes(intervalMs, isNamed);
    this.#reachMs = isNamed ? NAMED_REACH_MS + intervalMs : BROADCAST_REACH_MS;
    this.#most = Math.max(1, Math.floor(MOST_MS / intervalMs));
    this.#spare = Math.floor(SPARE_MS / intervalMs);
  }

  /** True: one of the `waiting` calls may be made now. False: `onReady` is called when it is worth asking again. */
  take(waiting: number): boolean {
    const nowMs = this.#options.clock.now().getTime();
    const isTaken = this.#times.take(nowMs);
    this.#wanted = Math.min(Math.max(isTaken ? waiting - 1 : waiting, this.#spare), this.#most);
    if (this.#isFree && this.#times.lasting(nowMs + AHEAD_MS) * 2 < this.#wanted) void this.#ask();
    if (!isTaken && this.#times.nextMs !== null) this.#wait(this.#times.nextMs - nowMs);
    return isTaken;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRest?.();
    this.#cancelWait?.();
  }

  async #ask(): Promise<void> {
    this.#isFree = false;
    await null; // other calls wanted at this moment are reserved with it
    const restMs = await this.#reserve();
    if (this.#isClosed) return;
    if (restMs > 0) this.#cancelRest = this.#options.clock.after(Math.ceil(restMs), () => this.#goOn());
    else this.#goOn();
  }

  /** Reserves calls. Returns how long none is free, in milliseconds. 0: calls have been reserved. */
  async #reserve(): Promise<number> {
    const { quota, clock, reserve } = this.#options;
    const nowMs = () => clock.now().getTime();
    try {
      const { beginsMs, calls } = await reserve({ quota, calls: this.#wanted, nowMs: nowMs(), reachMs: this.#reachMs });
      this.#noteTrouble(null);
      this.#times.add(beginsMs, calls);
      return calls > 0 ? 0 : beginsMs - this.#reachMs - nowMs();
    } catch (error) {
      this.#noteTrouble(error);
      return AFTER_TROUBLE_MS;
    }
  }

  #goOn(): void {
    this.#isFree = true;
    this.#options.onReady();
  }

  #wait(waitMs: number): void {
    this.#cancelWait ??= this.#options.clock.after(Math.ceil(waitMs), () => {
      this.#cancelWait = null;
      this.#options.onReady();
    });
  }

  #noteTrouble(error: unknown): void {
    const isNews = this.#isInTrouble !== (error !== null);
    this.#isInTrouble = error !== null;
    if (isNews) this.#options.onTrouble(error);
  }
}
