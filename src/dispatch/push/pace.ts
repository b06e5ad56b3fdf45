import { CallTimes } from '../../lib/call-times.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LaneName } from '../plan/send-plan.ts';
import { intervalMsOf, type Quota, type Reservation, type Wanted } from './call-quotas.ts';

export interface PaceOptions {
  quota: Quota;
  /** Whose calls these are. */
  traffic: LaneName;
  clock: Clock;
  reserve(wanted: Wanted): Promise<Reservation>;
  /** A call may be made that could not be made before, or it is worth while to ask again. */
  onReady(): void;
  /** Told when calls have to wait because nothing can be reserved, and with null when they need not any more. */
  onTrouble(error: unknown): void;
}

/** How much of the quota is reserved at once, at most. */
const MOST_MS = 250;
/** And when nobody waits: so little that others do not miss it. */
const SPARE_MS = 25;
/**
 * How far ahead of now a reservation may begin. Broadcasts leave the quota at most this and one reservation ahead (250 ms
 * or one call), which is always within the reach of what is for named people (this and one call).
 */
const BROADCAST_REACH_MS = 500;
const NAMED_REACH_MS = 1_000;
/** Calls that are forfeited within this time do not count as reserved: more are asked for before they are missed. */
const AHEAD_MS = 250;
const AFTER_TROUBLE_MS = 1_000;

/**
 * The calls of one quota that one thread has reserved. Those of broadcasts are made at their times, those to named people
 * at once.
 * States: free → asking (one reservation under way) → free, or resting (nothing is free before some time, or the
 * database is in trouble; nothing is asked) → free.
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

  /** True = one of `waiting` calls may be made now; else `onReady` says when to come again. */
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
    await null; // whatever else comes at this moment is asked for with it
    const restMs = await this.#reserve();
    if (this.#isClosed) return;
    if (restMs > 0) this.#cancelRest = this.#options.clock.after(Math.ceil(restMs), () => this.#goOn());
    else this.#goOn();
  }

  /** How long nothing is to be had; 0 = calls have been reserved. */
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
