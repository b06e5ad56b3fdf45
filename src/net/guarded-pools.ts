import { findPassage, type GuardOptions, type Passage } from './guard.ts';
import { Http1Pool } from './http1/pool.ts';

export interface GuardedPoolsOptions extends GuardOptions {
  /** Most connections to one origin. Each carries one request at a time. */
  connections: number;
  /** Longest time until an answer begins, and between two parts of it, in milliseconds. */
  replyTimeoutMs: number;
  /** Longest time to connect, in milliseconds. Default: ten seconds. */
  connectTimeoutMs?: number;
  /** Whether a passage that the guard allows is allowed here, too. Absent: it is. */
  mayCall?(passage: Passage & { allowed: true }): boolean;
  /** Certificate authorities in addition to those of Node.js. */
  ca?: string;
}

/** Connections to origins that somebody else chose. Every address is checked before a connection to it is made. */
export interface GuardedPools {
  /** null: the origin may not be called. Rejects when its host has no address. */
  open(origin: string): Promise<Http1Pool | null>;
  /** Waits for nothing that a server still sends. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/**
 * An idle connection is closed after this time: sooner than most servers close theirs, because a request that meets a
 * connection's end is lost without an answer.
 */
const IDLE_MS = 1_000;
/** Number of origins kept open. It is bounded because strangers may name any number of hosts. */
const MAX_ORIGINS = 512;

/** Thrown by a connection whose host now resolves to an address that may not be called. */
class BlockedTarget extends Error {
  readonly code = BLOCKED_TARGET;
}

/** Code of the error of a request whose connection was refused by the guard. */
export const BLOCKED_TARGET = 'blocked_target';

/** Pools are opened as needed, one for each origin. The one that was not used for longest is closed for a new one. */
export function createGuardedPools(options: GuardedPoolsOptions): GuardedPools {
  const known = new Map<string, Promise<Http1Pool | null>>();
  const closing = new Set<Promise<void>>();

  function remember(origin: string, pool: Promise<Http1Pool | null>): void {
    known.delete(origin);
    known.set(origin, pool);
    if (known.size <= MAX_ORIGINS) return;
    const [oldest] = known;
    if (oldest !== undefined) forget(...oldest);
  }

  function forget(origin: string, pool: Promise<Http1Pool | null>): void {
    known.delete(origin);
    const closed: Promise<void> = pool
      .then((opened) => opened?.close(), ignoreUnopened)
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  return {
    async open(origin) {
      const opened = known.get(origin) ?? openPool(origin, options);
      remember(origin, opened);
      try {
        const pool = await opened;
        if (pool === null) known.delete(origin);
        return pool;
      } catch (error) {
        known.delete(origin);
        throw error;
      }
    },
    async close() {
      const open = [...known.values()];
      known.clear();
      await Promise.all([...closing, ...open.map((pool) => pool.then((opened) => opened?.destroy(), ignoreUnopened))]);
    },
  };
}

async function openPool(origin: string, options: GuardedPoolsOptions): Promise<Http1Pool | null> {
  if ((await findAllowed(origin, options)) === null) return null;
  return new Http1Pool(origin, {
    connections: options.connections,
    connectMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    replyMs: options.replyTimeoutMs,
    idleMs: IDLE_MS,
    ...(options.ca !== undefined && { ca: options.ca }),
    // Each connection looks up and checks the host again, and then connects to the checked address.
    lookup: (_host, { all }, done) => {
      findAllowed(origin, options)
        .then((found) => {
          if (found === null) return done(new BlockedTarget(), '');
          return all ? done(null, found.addresses) : done(null, found.address, found.family);
        })
        .catch((error: NodeJS.ErrnoException) => done(error, ''));
    },
  });
}

async function findAllowed(origin: string, options: GuardedPoolsOptions) {
  const passage = await findPassage(origin, options);
  return passage.allowed && (options.mayCall?.(passage) ?? true) ? passage : null;
}

function ignoreUnopened(): void {
  // An origin that could not be opened has nothing to close.
}
