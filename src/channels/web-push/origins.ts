import { Pool } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { findPassage, type GuardOptions } from '../../net/guard.ts';
import { isListedHost } from './push-services.ts';
import { VAPID_LIFETIME_MS, type VapidKeys, vapidHeader } from './vapid.ts';

/** An open connection pool to one push service, with its signature. */
export interface Origin {
  pool: Pool;
  /** The Authorization header. It is signed again when it is old, or when it equals `refused`. */
  authorization(refused?: string): string;
}

export interface OriginsOptions {
  vapid: VapidKeys;
  clock: Clock;
  /** Hosts in inner networks that may be called, also over http. */
  allow: readonly string[];
  /** The push services that may be called. null: every public host. */
  services: readonly string[] | null;
  resolve?: GuardOptions['resolve'];
  /** Certificate authorities in addition to those of Node.js. */
  ca?: string;
}

export interface Origins {
  /** null: the endpoint may not be called. Rejects when its host has no address. */
  open(endpoint: URL): Promise<Origin | null>;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 256;
const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 30_000;
const RENEW_EARLY_MS = 3_600_000;
/**
 * Number of origins kept open. It is bounded because endpoints come from strangers and may name any number of hosts.
 */
const MAX_ORIGINS = 512;

/**
 * Connections and signatures by origin, opened as needed. Every address is checked before a connection to it is made.
 */
export function createOrigins(options: OriginsOptions): Origins {
  const known = new Map<string, Promise<Origin | null>>();
  const closing = new Set<Promise<void>>();

  function remember(key: string, origin: Promise<Origin | null>): void {
    known.delete(key);
    known.set(key, origin);
    if (known.size <= MAX_ORIGINS) return;
    const [oldest] = known;
    if (oldest !== undefined) forget(...oldest);
  }

  function forget(key: string, origin: Promise<Origin | null>): void {
    known.delete(key);
    const closed: Promise<void> = origin.then(closePool, ignoreUnopened).finally(() => closing.delete(closed));
    closing.add(closed);
  }

  return {
    async open(endpoint) {
      const key = endpoint.origin;
      const opened = known.get(key) ?? openOrigin(key, options);
      remember(key, opened);
      try {
        const origin = await opened;
        if (origin === null) known.delete(key);
        return origin;
      } catch (error) {
        known.delete(key);
        throw error;
      }
    },
    async close() {
      const open = [...known.values()];
      known.clear();
      // Every answer has been read, so anything that a server still sends is not awaited.
      await Promise.all([...closing, ...open.map((origin) => origin.then(destroyPool, ignoreUnopened))]);
    },
  };
}

async function openOrigin(origin: string, options: OriginsOptions): Promise<Origin | null> {
  const passage = await findAllowed(origin, options);
  if (passage === null) return null;
  const pool = new Pool(origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    headersTimeout: REPLY_TIMEOUT_MS,
    bodyTimeout: REPLY_TIMEOUT_MS,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
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
    },
  });
  return { pool, authorization: signer(origin, options) };
}

/** Thrown by a connection whose host now resolves to an inner address. */
class BlockedTarget extends Error {
  readonly code = 'blocked_target';
}

async function findAllowed(origin: string, { allow, services, resolve }: OriginsOptions) {
  const passage = await findPassage(origin, resolve === undefined ? { allow } : { allow, resolve });
  if (!passage.allowed) return null;
  if (passage.isExempt) return passage;
  const { protocol, hostname } = passage.url;
  return protocol === 'https:' && (services === null || isListedHost(hostname, services)) ? passage : null;
}

/** One signature is used for all messages to an origin, until an hour before it expires. */
function signer(origin: string, { vapid, clock }: OriginsOptions): Origin['authorization'] {
  let header = '';
  let renewAt = 0;
  return (refused) => {
    const now = clock.now();
    if (header === '' || now.getTime() >= renewAt || header === refused) {
      header = vapidHeader(vapid, origin, now);
      renewAt = now.getTime() + VAPID_LIFETIME_MS - RENEW_EARLY_MS;
    }
    return header;
  };
}

async function closePool(origin: Origin | null): Promise<void> {
  await origin?.pool.close();
}

async function destroyPool(origin: Origin | null): Promise<void> {
  await origin?.pool.destroy();
}

function ignoreUnopened(): void {
  // An origin that could not be opened has nothing to close.
}
