import type { Connection } from './connection.ts';

export interface WatchLimits {
  /** Time from opening a connection to the peer's SETTINGS. */
  connectMs: number;
  /** Time without a request after which a connection is closed. */
  idleMs: number;
  /** Time without a reply after which the peer is asked with a PING. */
  silenceMs: number;
  /** Time that the peer has to answer the PING. */
  pongMs: number;
  /** The same after a request has timed out, during which time the peer was silent already. */
  suspectPongMs: number;
  /** Time that the peer has to close a connection that is retired and empty. */
  closeMs: number;
}

interface Seen {
  openedAt: number;
  heardAt: number;
  usedAt: number;
  /** When the peer was last asked with a PING that it has not answered. null: not asked. */
  askedAt: number | null;
}

const defaults: WatchLimits = {
  connectMs: 10_000,
  idleMs: 3_600_000,
  silenceMs: 60_000,
  pongMs: 10_000,
  suspectPongMs: 3_000,
  closeMs: 5_000,
};

/** Ends connections that do not open, have fallen silent or are not needed. */
export class Watch {
  readonly #limits: WatchLimits;
  readonly #seen = new Map<Connection, Seen>();

  constructor(limits: Partial<WatchLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  opened(connection: Connection, now: number): void {
    this.#seen.set(connection, { openedAt: now, heardAt: now, usedAt: now, askedAt: null });
  }

  closed(connection: Connection): void {
    this.#seen.delete(connection);
  }

  /** Checks one connection. Called about once a second. */
  look(connection: Connection, now: number): void {
    const seen = this.#seen.get(connection);
    if (seen === undefined) return;
    if (connection.underWay > 0) seen.usedAt = now;
    if (connection.isProven) connection.isLimitFinal = true;
    if (connection.heard) {
      connection.heard = false;
      seen.heardAt = now;
      seen.askedAt = null;
    }
    if (connection.state === 'connecting') {
      if (now - seen.openedAt >= this.#limits.connectMs) connection.destroy('timeout');
    } else if (connection.state === 'retired') {
      if (now - seen.usedAt >= this.#limits.closeMs) connection.destroy();
    } else if (seen.askedAt !== null) {
      const { pongMs, suspectPongMs } = this.#limits;
      if (now - seen.askedAt >= (connection.isSuspect ? suspectPongMs : pongMs)) connection.destroy('silent');
    } else if (now - seen.usedAt >= this.#limits.idleMs) {
      connection.retire();
    } else if (now - seen.heardAt >= this.#limits.silenceMs) {
      this.#ask(connection, seen, now);
    }
  }

  /**
   * Told that a request has timed out. If the peer has not been heard since the last look, the connection may be dropped
   * in silence: it starts no more requests until the peer answers a PING.
   */
  doubt(connection: Connection, now: number): void {
    const seen = this.#seen.get(connection);
    if (seen === undefined || connection.heard || connection.isSuspect || connection.state !== 'open') return;
    connection.isSuspect = true;
    this.#ask(connection, seen, now);
  }

  #ask(connection: Connection, seen: Seen, now: number): void {
    seen.askedAt = now;
    connection.ping(() => connection.hear());
  }
}
