import type { Clock } from '../../lib/clock.ts';
import type { GuardOptions } from '../../net/guard.ts';
import { createGuardedPools } from '../../net/guarded-pools.ts';
import type { Http1Pool } from '../../net/http1/pool.ts';
import { isListedHost } from './push-services.ts';
import { VAPID_LIFETIME_MS, type VapidKeys, vapidHeader } from './vapid.ts';

/** An open connection pool to one push service, with its signature. */
export interface Origin {
  pool: Http1Pool;
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
const REPLY_TIMEOUT_MS = 30_000;
const RENEW_EARLY_MS = 3_600_000;

/** Connections and signatures by origin, opened as needed. */
export function createOrigins(options: OriginsOptions): Origins {
  const { services, allow, resolve, ca } = options;
  const pools = createGuardedPools({
    allow,
    ...(resolve !== undefined && { resolve }),
    ...(ca !== undefined && { ca }),
    connections: MAX_CONNECTIONS,
    replyTimeoutMs: REPLY_TIMEOUT_MS,
    mayCall: ({ isExempt, url: { protocol, hostname } }) =>
      isExempt || (protocol === 'https:' && (services === null || isListedHost(hostname, services))),
  });
  const signers = new WeakMap<Http1Pool, Origin['authorization']>();

  function signerOf(pool: Http1Pool, origin: string): Origin['authorization'] {
    const known = signers.get(pool) ?? signer(origin, options);
    signers.set(pool, known);
    return known;
  }

  return {
    async open({ origin }) {
      const pool = await pools.open(origin);
      return pool === null ? null : { pool, authorization: signerOf(pool, origin) };
    },
    close: () => pools.close(),
  };
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
