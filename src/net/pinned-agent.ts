import { Agent } from 'undici';

export interface PinnedOptions {
  /** Longest time to connect, in milliseconds. */
  connectMs: number;
  /** Longest time for the headers, and between two pieces of the body, in milliseconds. */
  answerMs: number;
  maxResponseBytes: number;
}

/** Connects to the checked address only, because a second lookup of the host could return another. */
export function pinnedAgent(
  { address, family }: { address: string; family: 4 | 6 },
  { connectMs, answerMs, maxResponseBytes }: PinnedOptions,
): Agent {
  return new Agent({
    connect: {
      timeout: connectMs,
      lookup: (_host, options, done) => (options.all ? done(null, [{ address, family }]) : done(null, address, family)),
    },
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    maxResponseSize: maxResponseBytes,
    pipelining: 1,
  });
}
