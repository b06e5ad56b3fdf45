import type { PostReply } from '../../net/http-post.ts';
import { Http1Pool } from '../../net/http1/pool.ts';
import { connectionWords, MAX_WORDS_BYTES } from '../answers/provider-words.ts';

/** What a harmless call to a provider found. */
export interface AccountCheck {
  /** Whether the provider accepts our credentials. */
  isGood: boolean;
  /** The provider's or the network's own words, at most 500 characters and without secrets. null: none were needed. */
  said: string | null;
}

const CONNECT_MS = 5_000;
const REPLY_MS = 10_000;

/** Reads `path` of a provider once. `read` says what the answer means. Never rejects. */
export async function checkByGet(
  base: URL,
  { path, authorization }: { path: string; authorization: string },
  read: (reply: PostReply) => AccountCheck,
): Promise<AccountCheck> {
  const pool = new Http1Pool(base.origin, { connections: 1, connectMs: CONNECT_MS, replyMs: REPLY_MS });
  try {
    const headers = { authorization, accept: 'application/json' };
    const asked = { method: 'GET' as const, path, headers, body: null, maxReplyBytes: MAX_WORDS_BYTES };
    return read(await pool.post({ ...asked, timeoutMs: REPLY_MS }));
  } catch (error) {
    return { isGood: false, said: connectionWords(error, base) };
  } finally {
    await pool.close();
  }
}
