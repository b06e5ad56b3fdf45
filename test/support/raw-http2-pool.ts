import type { TestContext } from 'node:test';
import type { Http2Answer } from '../../src/net/http2/client/exchange.ts';
import { Http2Pool, type Http2PoolOptions } from '../../src/net/http2/client/pool.ts';
import { TestClock } from './clock.ts';
import { type RawPeerOptions, rawFrame, startRawPeer } from './raw-http2-peer.ts';

const never = new AbortController().signal;

/** A pool with its own clock, and a peer whose frames the test writes by hand. Both end with the test. */
export async function startRawHttp2Pool(
  t: TestContext,
  peerOptions: RawPeerOptions,
  options: Partial<Http2PoolOptions> = {},
) {
  const clock = new TestClock();
  const peer = await startRawPeer(t, peerOptions);
  const pool = new Http2Pool({ origin: peer.url, clock, utilization: () => 0, ...options });
  t.after(() => pool.close());
  const send = (body = '') => pool.request({ headers: { ':method': 'POST', ':path': '/' }, body }, never);
  return { clock, peer, pool, send };
}

/** An answer in one line: status and body, or the reason and whether the peer may have acted. */
export function summaryOf(answer: Http2Answer): string {
  return answer.kind === 'reply' ? `${answer.status} ${answer.body}` : `${answer.reason} ${answer.mayHaveActed}`;
}

/** A header block's string literal: its length and its octets, as hexadecimal digits. */
export function stringHex(text: string): string {
  return Buffer.from([text.length, ...Buffer.from(text)]).toString('hex');
}

/** The header block of `:status: 404` and `x-mark: v`, which goes into the header table. */
export const markedHex = `8d40${stringHex('x-mark')}${stringHex('v')}`;

/** A DATA frame that holds a text and ends its stream. */
export function lastData(stream: number, text: string): Buffer {
  return rawFrame(0, 1, stream, Buffer.from(text));
}
