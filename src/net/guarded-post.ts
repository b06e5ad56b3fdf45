import { Agent, request } from 'undici';
import { findPassage } from './guard.ts';

const TIMEOUT_MS = 30_000;
const MOST_READ_BYTES = 65_536;

/** The answer to a POST, of which only the status and one header count. */
export interface Posted {
  status: number;
  retryAfter: string | string[] | undefined;
}

/** Makes POSTs to one URL that somebody chose. */
export interface GuardedTarget {
  /** Throws when the connection fails or takes too long. A redirect is an answer like any other, and is not followed. */
  post(body: string, headers: Readonly<Record<string, string>>): Promise<Posted>;
  close(): Promise<void>;
}

/**
 * Looks at a URL that somebody chose. Its host is resolved once, all connections go to the address that was checked, and only
 * public addresses and those in `allow` are called. null: it may not be called. Throws what the resolver throws.
 */
export async function openTarget(
  url: string,
  { allow, timeoutMs = TIMEOUT_MS }: { allow: readonly string[]; timeoutMs?: number },
): Promise<GuardedTarget | null> {
  const passage = await findPassage(url, { allow });
  if (!passage.allowed) return null;
  const { address, family } = passage;
  const agent = new Agent({
    connect: {
      timeout: timeoutMs,
      // A second lookup could return another address.
      lookup: (_host, options, done) => (options.all ? done(null, [{ address, family }]) : done(null, address, family)),
    },
  });
  return {
    async post(body, headers) {
      const {
        statusCode,
        headers: answered,
        body: reply,
      } = await request(passage.url, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      await reply.dump({ limit: MOST_READ_BYTES }).catch(() => undefined); // only the status counts
      return { status: statusCode, retryAfter: answered['retry-after'] };
    },
    close: () => agent.destroy(),
  };
}
