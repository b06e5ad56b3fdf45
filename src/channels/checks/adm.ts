import { Pool } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { post } from '../../net/http-post.ts';
import { connectionWords, replyWords } from '../answers/provider-words.ts';
import { tokenUrlOf } from '../kindle-push/deliver.ts';
import { buildTokenRequest, MAX_REPLY_BYTES, readTokenReply } from '../kindle-push/providers/adm.ts';
import type { AdmSettings } from '../kindle-push/settings.ts';
import type { AccountCheck } from './account-check.ts';

const TIMEOUT_MS = 15_000;

/** Gets an access token, which every message needs, and uses it for nothing. */
export async function checkAdm(settings: AdmSettings, clock: Clock): Promise<AccountCheck> {
  const url = tokenUrlOf(settings);
  const pool = new Pool(url.origin, { connections: 1, connect: { timeout: 5_000 } });
  const credentials = { clientId: settings.client_id, clientSecret: settings.client_secret };
  try {
    const request = buildTokenRequest(url.pathname + url.search, credentials);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const reply = await post(pool, { ...request, maxReplyBytes: MAX_REPLY_BYTES, signal });
    const reading = readTokenReply(reply, clock.now());
    return reading.ok
      ? { isGood: true, said: null }
      : { isGood: false, said: replyWords(reply, [settings.client_secret]) };
  } catch (error) {
    return { isGood: false, said: connectionWords(error, url) };
  } finally {
    await pool.close();
  }
}
