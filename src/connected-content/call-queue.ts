import { Room, type RoomBounds } from '../lib/limits/room.ts';

interface Waiting {
  sinceMs: number;
  giveUp(): void;
}

interface Host {
  /** Calls that wait or are under way. */
  calls: number;
  waiting: Set<Waiting>;
  /** When it last answered anybody. */
  answeredMs: number;
}

/**
 * Calls under way and calls that wait for a place among them. Waiting is no part of a call's time: with a slow server, most
 * messages of a broadcast would otherwise have no answer. But a host that answers nobody is not waited for by each in turn.
 */
export class CallQueue {
  readonly #room: Room<string>;
  readonly #longestMs: number;
  readonly #nowMs: () => number;
  /** Those that have calls now. */
  readonly #hosts = new Map<string, Host>();

  /** `longestMs`: how long a host may be silent. */
  constructor(bounds: RoomBounds, { longestMs, nowMs }: { longestMs: number; nowMs: () => number }) {
    this.#room = new Room(bounds);
    this.#longestMs = longestMs;
    this.#nowMs = nowMs;
  }

  /** Runs `work` in its turn. null: the host has answered nobody for too long while this call waited. Throws RoomFull. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T | null> {
    const host = this.#hosts.get(name) ?? { calls: 0, waiting: new Set(), answeredMs: Number.NEGATIVE_INFINITY };
    this.#hosts.set(name, host);
    host.calls += 1;
    const { promise, resolve } = Promise.withResolvers<null>();
    const waiting = { sinceMs: this.#nowMs(), giveUp: () => resolve(null) };
    host.waiting.add(waiting);
    const turn = this.#room.run(name, async () => (host.waiting.delete(waiting) ? work() : null));
    try {
      return await Promise.race([turn, promise]);
    } finally {
      host.waiting.delete(waiting);
      host.calls -= 1;
      if (host.calls === 0) this.#hosts.delete(name);
    }
  }

  /** The host has answered a call. */
  noteAnswer(name: string): void {
    const host = this.#hosts.get(name);
    if (host !== undefined) host.answeredMs = this.#nowMs();
  }

  /** The host has not answered a call in time. */
  noteSilence(name: string): void {
    const host = this.#hosts.get(name);
    const mostMs = this.#nowMs() - this.#longestMs;
    if (host === undefined || host.answeredMs > mostMs) return;
    for (const waiting of host.waiting) {
      if (waiting.sinceMs > mostMs) continue;
      host.waiting.delete(waiting);
      waiting.giveUp();
    }
  }
}
