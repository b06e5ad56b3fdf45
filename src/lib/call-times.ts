/** How long after its time a call may still be made. */
export const KEEP_MS = 2_000;

/** Times that lie evenly one after the other. */
interface Run {
  beginsMs: number;
  calls: number;
  /** Used up or forfeited. */
  over: number;
}

/**
 * The times at which somebody may make calls: each is good for one, from its time on until two seconds later, and then
 * forfeited. Whoever may be early need not wait for them. Times are milliseconds since 1970, so that whoever asks brings
 * the clock.
 */
export class CallTimes {
  readonly #intervalMs: number;
  readonly #isEarly: boolean;
  readonly #runs: Run[] = [];

  constructor(intervalMs: number, isEarly: boolean) {
    this.#intervalMs = intervalMs;
    this.#isEarly = isEarly;
  }

  /** Later than those that are there. */
  add(beginsMs: number, calls: number): void {
    if (calls > 0) this.#runs.push({ beginsMs, calls, over: 0 });
  }

  /** Uses up the oldest; false when there is none yet. */
  take(nowMs: number): boolean {
    this.#forfeit(nowMs);
    const [run] = this.#runs;
    if (run === undefined || (!this.#isEarly && this.#nextOf(run) > nowMs)) return false;
    run.over += 1;
    if (run.over === run.calls) this.#runs.shift();
    return true;
  }

  /** The oldest; null = none is left. */
  get nextMs(): number | null {
    const [run] = this.#runs;
    return run === undefined ? null : this.#nextOf(run);
  }

  /** How many will not be forfeited before `atMs`. */
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
