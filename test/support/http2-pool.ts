import type { TestContext } from 'node:test';
import type { Http2Answer } from '../../src/net/http2/client/exchange.ts';
import { Http2Pool, type Http2PoolOptions } from '../../src/net/http2/client/pool.ts';
import { TestClock } from './clock.ts';
import { startHttp2Server, type TestHttp2ServerOptions } from './http2-server.ts';

const never = new AbortController().signal;

/** A pool with its own clock, and Node's HTTP/2 server as its peer. The test closes the pool. */
export async function startHttp2Pool(
  t: TestContext,
  server: TestHttp2ServerOptions,
  options: Partial<Http2PoolOptions> = {},
) {
  const clock = new TestClock();
  const peer = await startHttp2Server(t, server);
  const pool = new Http2Pool({ origin: peer.url, clock, utilization: () => 0, ...options });
  const send = (body: string, signal = never) =>
    pool.request({ headers: { ':method': 'POST', ':path': `/${body}` }, body }, signal);
  const sendMany = (count: number, from = 0) =>
    Promise.all(Array.from({ length: count }, (_, n) => send(`${from + n}`)));
  return { clock, peer, pool, send, sendMany };
}

/** The status of a reply, or the reason for having none. */
export function statusOf(answer: Http2Answer): number | string {
  return answer.kind === 'reply' ? answer.status : answer.reason;
}

/** The body of a reply as text, or the reason for having none. */
export function bodyOf(answer: Http2Answer): string {
  return answer.kind === 'reply' ? answer.body.toString() : answer.reason;
}
