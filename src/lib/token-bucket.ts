/**
 * So many a minute, evenly: what was not used in the last second may be caught up with.
 * Times are milliseconds since 1970, so that whoever asks brings the clock.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #most: number;
  #tokens: number;
  #filledAt: number;

  constructor(perMinute: number, nowMs: number) {
    this.#perMs = perMinute / 60_000;
    this.#most = Math.max(1, this.#perMs * 1_000);
    this.#tokens = this.#most;
    this.#filledAt = nowMs;
  }

  /** Takes one and answers 0, or how many milliseconds from now there will be one. */
  take(nowMs: number): number {
    if (nowMs > this.#filledAt) {
      this.#tokens = Math.min(this.#most, this.#tokens + (nowMs - this.#filledAt) * this.#perMs);
      this.#filledAt = nowMs;
    }
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / this.#perMs);
    this.#tokens -= 1;
    return 0;
  }
}
