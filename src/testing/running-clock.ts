import type { Clock } from '../lib/clock.ts';
import { MovableClock } from '../lib/movable-clock.ts';

/** The longest time that a timer of Node.js can wait, in milliseconds: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A clock that runs like the system's, and can also be moved on. */
export class RunningClock implements Clock {
  readonly #clock: MovableClock;
  /** The real time, by `performance.now`, that `#clock` has caught up with. */
  #caughtUpMs = performance.now();

  constructor(startsAt: Date) {
    this.#clock = new MovableClock(startsAt);
  }

  now(): Date {
    return new Date(this.#clock.now().getTime() + this.#behindMs());
  }

  after(ms: number, callback: () => void): () => void {
    const cancel = this.#clock.after(ms + this.#behindMs(), callback);
    const timer = setTimeout(() => this.#catchUp(), Math.min(ms + 1, LONGEST_TIMER_MS));
    return () => {
      clearTimeout(timer);
      cancel();
    };
  }

  /** Fires what becomes due on the way, in order. */
  advance(ms: number): void {
    this.#catchUp();
    this.#clock.advance(ms);
  }

  #behindMs(): number {
    return Math.trunc(performance.now() - this.#caughtUpMs);
  }

  #catchUp(): void {
    const behindMs = this.#behindMs();
    this.#caughtUpMs += behindMs;
    this.#clock.advance(behindMs);
  }
}
