import { setTimeout as sleep } from 'node:timers/promises';

/** Time after which long work on a thread gives way to whatever else the thread has to do, in milliseconds. */
const SLICE_MS = 10;
/** Longest rest after one slice of work. */
const LONGEST_REST_MS = 200;

/**
 * Divides a thread between long work and everything else, such as answering requests: after a slice of work, the thread
 * rests from it for as long as the slice took. All long works of a thread rest one after the other.
 */
export class Breaths {
  #resting: Promise<unknown> = Promise.resolve();

  /** `startedMs`: when the slice began, by `performance.now()`. */
  isDue(startedMs: number): boolean {
    return performance.now() - startedMs >= SLICE_MS;
  }

  /** Resolves when the work may go on. */
  rest(startedMs: number): Promise<unknown> {
    const restMs = Math.min(performance.now() - startedMs, LONGEST_REST_MS);
    this.#resting = this.#resting.then(() => sleep(restMs));
    return this.#resting;
  }
}

/** Those of this thread. */
export const breaths = new Breaths();
