const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 300_000;

/**
 * A circuit breaker. States: closed (calls are made) → open after `failuresToOpen` failures in a row (no calls, first for
 * 10 s, then for twice as long each time) → half open (one call at a time) → closed at the first success, else open.
 */
export class Breaker {
  readonly #failuresToOpen: number;
  #failures = 0;
  #opened = 0;
  #untilMs = 0;

  constructor(failuresToOpen: number) {
    this.#failuresToOpen = failuresToOpen;
  }

  /** The time until which no call should be made, in Unix milliseconds. 0: a call may be made now. */
  openUntil(nowMs: number): number {
    return nowMs < this.#untilMs ? this.#untilMs : 0;
  }

  /** Whether a single call must show that the other side is back. */
  get isHalfOpen(): boolean {
    return this.#opened > 0;
  }

  /** Notes one answer. Returns true if this answer opened the breaker. */
  note(isFailure: boolean, nowMs: number): boolean {
    if (!isFailure) {
      this.#failures = 0;
      this.#opened = 0;
      this.#untilMs = 0;
      return false;
    }
    this.#failures += 1;
    if (nowMs < this.#untilMs || (this.#opened === 0 && this.#failures < this.#failuresToOpen)) return false;
    this.#untilMs = nowMs + Math.min(FIRST_REST_MS * 2 ** this.#opened, LONGEST_REST_MS);
    this.#opened += 1;
    return true;
  }
}
