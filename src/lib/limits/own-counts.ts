import { BoundedCache } from '../bounded-cache.ts';
import type { Clock } from '../clock.ts';

interface Window {
  startedAtMs: number;
  used: number;
}

/** Most bytes of remembered callers. Those who called longest ago are forgotten first. */
const MOST_BYTES = 16 * 1_048_576;
/** About what one takes beside its name. */
const CALLER_BYTES = 200;

/**
 * Counts the requests of many callers in fixed windows, in the memory of this process alone. For callers of whom there are
 * too many to write a row for each, and whose requests cost less than that row.
 */
export class OwnCounts {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #windows: BoundedCache<string, Window>;

  constructor({ clock, windowMs }: { clock: Clock; windowMs: number }) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#windows = new BoundedCache({ mostBytes: MOST_BYTES });
  }

  /** Counts one request. null: it is allowed. Else the seconds until the window ends; a refused request is not counted. */
  charge(caller: string, limit: number): number | null {
    const nowMs = this.#clock.now().getTime();
    const startedAtMs = nowMs - (nowMs % this.#windowMs);
    const known = this.#windows.get(caller);
    const window = known?.startedAtMs === startedAtMs ? known : { startedAtMs, used: 0 };
    if (window.used >= limit) return Math.ceil((startedAtMs + this.#windowMs - nowMs) / 1_000);
    window.used += 1;
    this.#windows.set(caller, window, CALLER_BYTES + 2 * caller.length);
    return null;
  }
}
