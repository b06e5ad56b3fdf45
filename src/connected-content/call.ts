import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { ConnectedContentSettings } from '../channels/connected-content.ts';
import { version } from '../lib/project/version.ts';
import { BLOCKED_TARGET, type GuardedPools } from '../net/guarded-pools.ts';
import { networkReason, type PostReply } from '../net/http-post.ts';
import type { ContentRequest } from '../templating/content/reader.ts';
import { LiquidError } from '../templating/liquid/errors.ts';
import { Fetched, isJsonBody, NO_ANSWER } from './fetched.ts';

/** Longest time of one call from the moment when it has a place among our calls, in milliseconds. Source: personalization.md §8. */
export const LONGEST_MS = 2_000;
/** Most bytes of a body, before and after decompression. Source: personalization.md §8. */
export const MOST_BYTES = 1_000_000;
const MOST_URL_CHARACTERS = 8_192;

const decompressors: ReadonlyMap<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> =
  new Map([
    ['gzip', promisify(gunzip)],
    ['x-gzip', promisify(gunzip)],
    ['deflate', promisify(inflate)],
    ['br', promisify(brotliDecompress)],
  ]);

/** The guard refuses the URL. The message shows nothing of it. */
export class BlockedUrl extends LiquidError {
  constructor() {
    super(
      'connected_content leads to an address or port that may not be called; connected_content.allow in the workspace file lists exceptions',
    );
  }
}

/** The parsed URL of a request. null: it cannot be called, as when an attribute in it is missing. */
export function urlOf({ url }: Pick<ContentRequest, 'url'>): URL | null {
  if (url.length > MOST_URL_CHARACTERS || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  const isGood = /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '';
  return isGood ? parsed : null;
}

export interface CallOptions {
  pools: GuardedPools;
  settings: ConnectedContentSettings;
  /** Ends the call. */
  signal: AbortSignal;
}

/**
 * Makes one call; follows no redirect and repeats nothing. What the server or the network does wrong is an answer without a
 * good text. Throws BlockedUrl.
 */
export async function makeCall(request: ContentRequest, url: URL, options: CallOptions): Promise<Fetched> {
  const startedMs = performance.now();
  const failed = (status: number, what: string) =>
    new Fetched({
      ...{ status, text: null, isJson: false, failure: `${url.hostname} ${what}` },
      ms: performance.now() - startedMs,
    });
  try {
    const pool = await options.pools.open(url.origin);
    if (pool === null) throw new BlockedUrl();
    options.signal.throwIfAborted();
    const reply = await pool.post({
      method: request.method,
      path: url.pathname + url.search,
      headers: headersOf(request, options.settings),
      body: request.body,
      maxReplyBytes: MOST_BYTES + 1,
      signal: options.signal,
      mayBegin: options.signal,
    });
    const text = await textOf(reply);
    if (text === null) return failed(reply.status, `gave an answer that is larger than ${MOST_BYTES} bytes or broken`);
    const isGood = reply.status >= 200 && reply.status < 300;
    return new Fetched({
      status: reply.status,
      text: reply.status >= 300 && reply.status < 400 ? null : text,
      isJson: isJsonBody(one(reply.headers['content-type']), text),
      failure: isGood ? null : `${url.hostname} answered ${reply.status}`,
      ms: performance.now() - startedMs,
    });
  } catch (error) {
    if (error instanceof BlockedUrl || codeOf(error) === BLOCKED_TARGET) throw new BlockedUrl();
    const isLate = options.signal.aborted;
    return failed(NO_ANSWER, isLate ? `gave no answer within ${LONGEST_MS / 1_000} s` : `(${networkReason(error)})`);
  }
}

function headersOf(
  { headers, credential }: ContentRequest,
  settings: ConnectedContentSettings,
): Record<string, string> {
  const known = settings.credentials.find(({ name }) => name === credential);
  const pair = known && Buffer.from(`${known.username}:${known.password}`).toString('base64');
  return {
    'user-agent': settings.userAgent ?? `Cresset Sender ${version}`,
    ...headers,
    'accept-encoding': 'identity',
    ...(pair !== undefined && { authorization: `Basic ${pair}` }),
  };
}

/** null: the body is too large, or not what its encoding says. */
async function textOf({ headers, body }: PostReply): Promise<string | null> {
  if (body.length > MOST_BYTES) return null;
  const encoding = one(headers['content-encoding'])?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return body.toString();
  const decompress = decompressors.get(encoding);
  if (decompress === undefined) return null;
  try {
    return (await decompress(body, { maxOutputLength: MOST_BYTES })).toString();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return null; // zlib's errors have codes: broken data, or more than may come out
  }
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function codeOf(error: unknown): unknown {
  return (Object(error) as { code?: unknown }).code;
}
