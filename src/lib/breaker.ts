const FIRST_REST_MS = 10_000;
const LONGEST_REST_MS = 300_000;

/**
 * States: closed (calls go out) → open after so many failures in a row (none goes out, for 10 s, then twice as long each
 * time) → half open (one call at a time) → closed again at the first answer that is no failure, else open.
 */
export class Breaker {
  readonly #failuresToOpen: number;
  #failures = 0;
  #opened = 0;
  #untilMs = 0;

  constructor(failuresToOpen: number) {
    this.#failuresToOpen = failuresToOpen;
  }

  /** Until when no call should be made; 0 = now is fine. */
  openUntil(nowMs: number): number {
    return nowMs < this.#untilMs ? this.#untilMs : 0;
  }

  /** True while a single call must show whether the other side is back. */
  get isHalfOpen(): boolean {
    return this.#opened > 0;
  }

  /** Told every answer. True when it has just opened. */
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
