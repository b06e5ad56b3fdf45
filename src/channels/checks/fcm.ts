import type { Clock } from '../../lib/clock.ts';
import { exchangeForm, readTokenReply } from '../android-push/access-tokens.ts';
import { readFcmApp, type ServiceAccount } from '../android-push/fcm-app.ts';
import { readReply } from '../android-push/providers/fcm.ts';
import type { FcmSettings } from '../android-push/settings.ts';
import { jsonObject, objectOf } from '../answers/provider-reply.ts';
import { replyWords } from '../answers/provider-words.ts';
import { type AccountCheck, type Answered, good, stateOf } from './account-check.ts';
import { askForToken, askOverHttp2, shownUrl } from './ask-once.ts';

const NO_TOKEN = 'cresset-looks-at-the-credentials';

/**
 * Gets an access token and sends a message that is only validated, to a token that no device has. Google looks at the
 * credentials and the project first, so an answer about the token says that both are accepted.
 * Source: Google, "FCM HTTP v1: projects.messages.send", `validate_only`.
 */
export async function checkFcm(settings: FcmSettings, clock: Clock): Promise<AccountCheck> {
  const { account, origin, path } = readFcmApp(settings);
  const answer = await getToken(account, clock);
  if (!('token' in answer))
    return { asked: `a token from ${shownUrl(new URL(account.tokenUrl))} for ${account.clientEmail}`, ...answer };
  const { token } = answer;
  const request = {
    headers: {
      ...{ ':method': 'POST', ':path': path, authorization: `Bearer ${token}` },
      'content-type': 'application/json',
    },
    body: JSON.stringify({ validate_only: true, message: { token: NO_TOKEN } }),
  };
  const read = (reply: Parameters<typeof readReply>[0]): Answered =>
    reply.status < 300 || isAboutToken(reply)
      ? good
      : { state: stateOf(readReply(reply, clock.now()).outcome), said: replyWords(reply, [token]) };
  return {
    asked: `a message that is only validated, at ${origin}${path}`,
    ...(await askOverHttp2(origin, request, { read, clock })),
  };
}

function getToken(account: ServiceAccount, clock: Clock): Promise<{ token: string } | Answered> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const form = exchangeForm(account, clock.now());
  return askForToken(
    new URL(account.tokenUrl),
    { headers, body: form },
    {
      read: (reply) => readTokenReply(reply, clock.now()),
      secrets: [new URLSearchParams(form).get('assertion') ?? ''],
    },
  );
}

function isAboutToken({ status, body }: { status: number; body: Buffer }): boolean {
  const { status: name, details } = objectOf(jsonObject(body).error);
  const codes = (Array.isArray(details) ? details : []).map((one) => objectOf(one).errorCode);
  return (status === 400 && name === 'INVALID_ARGUMENT') || (status === 404 && codes.includes('UNREGISTERED'));
}
