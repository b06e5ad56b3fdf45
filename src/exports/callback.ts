import { Agent, request } from 'undici';
import { findPassage } from '../net/guard.ts';

const TIMEOUT_MS = 30_000;

/**
 * Makes one POST to a URL that a caller chose: only to public addresses and those in `allow`, and without following a
 * redirect. Returns what went wrong. null: it was answered with 2xx.
 */
export async function call(url: string, body: object, allow: readonly string[]): Promise<string | null> {
  const passage = await findPassage(url, { allow });
  if (!passage.allowed) return 'the URL leads to an address or port that may not be called';
  const { address, family } = passage;
  const agent = new Agent({
    connect: {
      timeout: TIMEOUT_MS,
      // A second lookup could return another address.
      lookup: (_host, options, done) => (options.all ? done(null, [{ address, family }]) : done(null, address, family)),
    },
  });
  try {
    const { statusCode, body: reply } = await request(passage.url, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await reply.dump({ limit: 65_536 }).catch(() => undefined); // only the status counts
    return statusCode >= 200 && statusCode < 300 ? null : `it was answered ${statusCode}`;
  } finally {
    await agent.destroy();
  }
}
