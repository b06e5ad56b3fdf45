/** Time after which an unused call time is forfeited. */
export const KEEP_MS = 2_000;

/** Call times at equal intervals. */
interface Run {
  beginsMs: number;
  calls: number;
  /** Number of its times that are used or forfeited. */
  over: number;
}

/**
 * The times at which calls may be made. Each time allows one call, from that time until two seconds later; then it is
 * forfeited. With `isEarly`, a call need not wait for its time. Times are Unix milliseconds; the caller brings the clock.
 */
export class CallTimes {
  readonly #intervalMs: number;
  readonly #isEarly: boolean;
  readonly #runs: Run[] = [];

  constructor(intervalMs: number, isEarly: boolean) {
    this.#intervalMs = intervalMs;
    this.#isEarly = isEarly;
  }

  /** Adds times, all later than the existing ones. */
  add(beginsMs: number, calls: number): void {
    if (calls > 0) this.#runs.push({ beginsMs, calls, over: 0 });
  }

  /** Uses the oldest time. Returns false if none may be used yet. */
  take(nowMs: number): boolean {
    this.#forfeit(nowMs);
    const [run] = this.#runs;
    if (run === undefined || (!this.#isEarly && this.#nextOf(run) > nowMs)) return false;
    run.over += 1;
    if (run.over === run.calls) this.#runs.shift();
    return true;
  }

  /** The oldest time. null: none is left. */
  get nextMs(): number | null {
    const [run] = this.#runs;
    return run === undefined ? null : this.#nextOf(run);
  }

  /** Number of times that will not be forfeited before `atMs`. */
  lasting(atMs: number): number {
    let count = 0;
    for (const run of this.#runs) count += Math.max(0, run.calls - this.#overBy(run, atMs));
    return count;
  }

  #forfeit(nowMs: number): void {
    for (let [run] = this.#runs; run !== undefined; [run] = this.#runs) {
      run.over = this.#overBy(run, nowMs);
      if (run.over < run.calls) return;
      this.#runs.shift();
    }
  }

  #overBy({ beginsMs, over }: Run, atMs: number): number {
    return Math.max(over, Math.ceil((atMs - KEEP_MS - beginsMs) / this.#intervalMs));
  }

  #nextOf({ beginsMs, over }: Run): number {
    return beginsMs + over * this.#intervalMs;
  }
}
