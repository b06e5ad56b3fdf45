import type { Clock } from './clock.ts';

interface Timer {
  at: number;
  callback(): void;
}

/** A clock that moves only when it is told to. Timers fire in order while it moves. For tests, ours and others'. */
export class MovableClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(startsAt: Date) {
    this.#now = startsAt.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (let due = this.#firstDue(end); due !== undefined; due = this.#firstDue(end)) {
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }

  /** As when a machine was asleep: the time is another at once, and what was due meanwhile fires once. */
  wakeAfter(ms: number): void {
    this.#now += ms;
    for (const timer of this.#due(this.#now)) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  #firstDue(end: number): Timer | undefined {
    return this.#due(end)[0];
  }

  #due(end: number): Timer[] {
    return [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
  }
}
