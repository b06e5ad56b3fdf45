import type { Clock } from '../../lib/clock.ts';
import { Http2Pool } from '../../net/http2/client/pool.ts';
import { AccessTokens } from '../android-push/access-tokens.ts';
import { readFcmApp } from '../android-push/fcm-app.ts';
import type { FcmSettings } from '../android-push/settings.ts';
import { jsonObject, objectOf } from '../answers/provider-reply.ts';
import { replyWords } from '../answers/provider-words.ts';
import type { AccountCheck } from './account-check.ts';

const NO_TOKEN = 'cresset-looks-at-the-credentials';

/**
 * Gets an access token and sends a message that is only validated, to a token that no device has. Google looks at the
 * credentials and the project first, so an answer about the token says that both are accepted.
 * Source: Google, "FCM HTTP v1: projects.messages.send", `validate_only`.
 */
export async function checkFcm(settings: FcmSettings, clock: Clock): Promise<AccountCheck> {
  const app = readFcmApp(settings);
  const tokens = new AccessTokens(app.account, clock);
  const pool = new Http2Pool({ origin: app.origin, maxConnections: 1, clock });
  try {
    const token = await tokens.fetch();
    if (typeof token !== 'string') return { isGood: false, said: token.detail ?? token.reason };
    const headers = {
      ...{ ':method': 'POST', ':path': app.path, authorization: `Bearer ${token}` },
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ validate_only: true, message: { token: NO_TOKEN } });
    const answer = await pool.request({ headers, body }, AbortSignal.timeout(20_000));
    if (answer.kind !== 'reply') return { isGood: false, said: `${answer.reason} ${new URL(app.origin).host}` };
    if (answer.status < 300 || isAboutToken(answer)) return { isGood: true, said: null };
    return { isGood: false, said: replyWords(answer, [token]) };
  } finally {
    await pool.close();
    await tokens.close();
  }
}

function isAboutToken({ status, body }: { status: number; body: Buffer }): boolean {
  const { status: name, details } = objectOf(jsonObject(body).error);
  const codes = (Array.isArray(details) ? details : []).map((one) => objectOf(one).errorCode);
  return (status === 400 && name === 'INVALID_ARGUMENT') || (status === 404 && codes.includes('UNREGISTERED'));
}
