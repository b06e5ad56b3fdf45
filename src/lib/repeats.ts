import type { Clock } from './clock.ts';

const QUIET_MS = 60_000;
const MOST_KEPT = 1_000;

/** Tells whether a text came before within the last minute, so that a log line need not be written again and again. */
export class Repeats {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #saidAtMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** False: the first time within a minute. A text that comes while a thousand others are remembered counts as repeated. */
  isRepeated(text: string): boolean {
    const nowMs = this.#clock.now().getTime();
    const saidAtMs = this.#saidAtMs.get(text);
    if (saidAtMs !== undefined && nowMs - saidAtMs < QUIET_MS) return true;
    for (const [one, atMs] of this.#saidAtMs) if (nowMs - atMs >= QUIET_MS) this.#saidAtMs.delete(one);
    if (this.#saidAtMs.size >= MOST_KEPT) return true;
    this.#saidAtMs.set(text, nowMs);
    return false;
  }
}
