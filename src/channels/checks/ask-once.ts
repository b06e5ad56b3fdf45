import type { Clock } from '../../lib/clock.ts';
import type { Post, PostReply } from '../../net/http-post.ts';
import { Http1Pool } from '../../net/http1/pool.ts';
import type { Http2Reply, Http2Request } from '../../net/http2/client/exchange.ts';
import { Http2Pool } from '../../net/http2/client/pool.ts';
import { hostOf } from '../answers/provider-reply.ts';
import { connectionWords, MAX_WORDS_BYTES, replyWords } from '../answers/provider-words.ts';
import type { Outcome } from '../outcome.ts';
import { type AccountCheck, type Answered, stateOf } from './account-check.ts';

const CONNECT_MS = 5_000;
const REPLY_MS = 10_000;
/** With the wait for a connection. Milliseconds. */
const HTTP2_MS = 20_000;
/** Google's tokens are of a few thousand bytes. */
const MAX_TOKEN_REPLY_BYTES = 65_536;

/** A URL as it may be shown: without what may hold secrets. */
export function shownUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

/** Reads `url` once. `read` says what the answer means. Never rejects. */
export async function checkByGet(
  url: URL,
  authorization: string,
  read: (reply: PostReply) => Answered,
): Promise<AccountCheck> {
  const headers = { authorization, accept: 'application/json' };
  const request = { method: 'GET', headers, body: null, maxReplyBytes: MAX_WORDS_BYTES } as const;
  return { asked: `GET ${shownUrl(url)}`, ...(await askOnce(url, request, read)) };
}

/** The token in an answer, or what the answer would mean for a message. */
type TokenReading = { token: string } | Pick<Outcome, 'kind'>;

/** Asks for an access token once, as messages do. `secrets`: those of the request. Never rejects. */
export function askForToken(
  url: URL,
  request: Pick<Post, 'headers' | 'body'>,
  { read, secrets }: { read: (reply: PostReply) => TokenReading; secrets: readonly string[] },
): Promise<{ token: string } | Answered> {
  return askOnce<{ token: string } | Answered>(url, { ...request, maxReplyBytes: MAX_TOKEN_REPLY_BYTES }, (reply) => {
    const reading = read(reply);
    if ('token' in reading) return { token: reading.token };
    const state = stateOf(reading) === 'unwell' ? 'unwell' : 'no_token';
    // A success may hold a token that we cannot read.
    return { state, said: reply.status < 300 ? `${reply.status} without a usable token` : replyWords(reply, secrets) };
  });
}

async function askOnce<Read>(
  url: URL,
  request: Omit<Post, 'path' | 'timeoutMs'>,
  read: (reply: PostReply) => Read,
): Promise<Read | Answered> {
  const pool = new Http1Pool(url.origin, { connections: 1, connectMs: CONNECT_MS, replyMs: REPLY_MS });
  try {
    return read(await pool.post({ ...request, path: url.pathname + url.search, timeoutMs: REPLY_MS }));
  } catch (error) {
    return { state: 'unreachable', said: connectionWords(error, url) };
  } finally {
    await pool.close();
  }
}

/** Posts once over HTTP/2. Never rejects. */
export async function askOverHttp2(
  origin: string,
  request: Http2Request,
  { read, clock }: { read: (reply: Http2Reply) => Answered; clock: Clock },
): Promise<Answered> {
  const pool = new Http2Pool({ origin, maxConnections: 1, clock });
  try {
    const answer = await pool.request(request, AbortSignal.timeout(HTTP2_MS));
    if (answer.kind === 'reply') return read(answer);
    const reason = answer.reason === 'aborted' ? `no answer within ${HTTP2_MS / 1_000} s from` : answer.reason;
    return { state: 'unreachable', said: `${reason} ${hostOf(new URL(origin))}` };
  } finally {
    await pool.close();
  }
}
