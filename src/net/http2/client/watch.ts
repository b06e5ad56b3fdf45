import type { Connection } from './connection.ts';

export interface WatchLimits {
  /** From the first packet to the peer's SETTINGS. */
  connectMs: number;
  /** Without anything under way, until a connection is closed. */
  idleMs: number;
  /** Without a word of the peer, until it is asked for one. */
  silenceMs: number;
  /** For its answer to that. */
  pongMs: number;
  /** For a peer to close a connection that is retired and empty. */
  farewellMs: number;
}

interface Seen {
  openedAt: number;
  heardAt: number;
  usedAt: number;
  /** Null: not asked. */
  askedAt: number | null;
}

const usual: WatchLimits = {
  connectMs: 10_000,
  idleMs: 3_600_000,
  silenceMs: 60_000,
  pongMs: 10_000,
  farewellMs: 5_000,
};

/** Ends connections that never open, have fallen silent or are not needed. */
export class Watch {
  readonly #limits: WatchLimits;
  readonly #seen = new Map<Connection, Seen>();

  constructor(limits: Partial<WatchLimits> = {}) {
    this.#limits = { ...usual, ...limits };
  }

  opened(connection: Connection, now: number): void {
    this.#seen.set(connection, { openedAt: now, heardAt: now, usedAt: now, askedAt: null });
  }

  closed(connection: Connection): void {
    this.#seen.delete(connection);
  }

  /** To be called every now and then. */
  look(connection: Connection, now: number): void {
    const seen = this.#seen.get(connection);
    if (seen === undefined) return;
    if (connection.underWay > 0) seen.usedAt = now;
    if (connection.isProven) connection.isSettled = true;
    if (connection.heard) {
      connection.heard = false;
      seen.heardAt = now;
      seen.askedAt = null;
    }
    if (connection.state === 'connecting') {
      if (now - seen.openedAt >= this.#limits.connectMs) connection.destroy('timeout');
    } else if (connection.state === 'retired') {
      if (now - seen.usedAt >= this.#limits.farewellMs) connection.destroy();
    } else if (seen.askedAt !== null) {
      if (now - seen.askedAt >= this.#limits.pongMs) connection.destroy('silent');
    } else if (now - seen.usedAt >= this.#limits.idleMs) {
      connection.retire();
    } else if (now - seen.heardAt >= this.#limits.silenceMs) {
      this.#ask(connection, seen, now);
    }
  }

  #ask(connection: Connection, seen: Seen, now: number): void {
    seen.askedAt = now;
    connection.ping(() => {
      connection.heard = true;
    });
  }
}
