import { performance } from 'node:perf_hooks';

const LEAST = 100;
const EVERY_MS = 20;
const GROWTH = 1.5;
const DECAY = 0.95;
/** If the event loop is busy for less than this share of its time, waiting requests wait for the peer, not for us. */
const SPARE = 0.9;
const FULL = 0.97;
/** A peer that answers sooner is near: the smallest window carries 20,000 requests/s to it, more than one process makes. */
const NEAR_MS = 5;
/** How long the fastest answer counts. */
const MEMORY_MS = 1_000;

/**
 * How many requests may be under way at once. If requests wait although this process has time to spare and the peer is not
 * near, then the peer's latency delays them, and more streams help. Otherwise more streams only cost: measured over one
 * connection without latency, 100 streams carry 52,000 messages/s and 1,000 carry 37,000.
 */
export class Window {
  size = LEAST;
  #consideredAt = Number.NEGATIVE_INFINITY;
  /** The request whose round trip is being measured: one at a time. null: none. */
  #measured: { request: object; at: number } | null = null;
  #fastest = { ms: Number.POSITIVE_INFINITY, at: Number.NEGATIVE_INFINITY };
  readonly #most: number;
  readonly #utilization: () => number;

  constructor({ most, utilization = loopUtilization() }: { most: number; utilization?: (() => number) | undefined }) {
    this.#most = most;
    this.#utilization = utilization;
  }

  began(request: object): void {
    this.#measured ??= { request, at: performance.now() };
  }

  /** The request has its answer or has lost its connection. */
  ended(request: object): void {
    if (this.#measured?.request !== request) return;
    const now = performance.now();
    this.note(now - this.#measured.at, now);
    this.#measured = null;
  }

  /** Records a round trip of `ms` milliseconds. */
  note(ms: number, now: number): void {
    if (ms <= this.#fastest.ms || now - this.#fastest.at > MEMORY_MS) this.#fastest = { ms, at: now };
  }

  /** Called when the window is full and a request waits. True if the window has grown. */
  grows(now = performance.now()): boolean {
    if (now - this.#consideredAt < EVERY_MS) return false;
    this.#consideredAt = now;
    const atWork = this.#utilization();
    const before = this.size;
    const isNear = this.#fastest.ms < NEAR_MS;
    if (atWork < SPARE && !isNear) this.size = Math.min(this.#most, Math.ceil(before * GROWTH));
    else if (atWork > FULL || isNear) this.size = Math.max(LEAST, Math.floor(before * DECAY));
    return this.size > before;
  }
}

/** Returns a function that gives the share of time, since its last call, that the event loop was busy. */
function loopUtilization(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
