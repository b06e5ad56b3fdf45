import { replyWords } from '../answers/provider-words.ts';
import { authorizationOf, BASE_URL } from '../sms/providers/twilio.ts';
import type { TwilioSettings } from '../sms/settings.ts';
import { type AccountCheck, checkByGet } from './account-check.ts';

/**
 * Lists at most one message of the account, of which nothing is kept. An API key may do so, too; it may not read the account
 * itself.
 */
export function checkTwilio(settings: TwilioSettings): Promise<AccountCheck> {
  const base = new URL(settings.base_url ?? BASE_URL);
  const path = `${base.pathname.replace(/\/+$/, '')}/2010-04-01/Accounts/${settings.account_sid}/Messages.json?PageSize=1`;
  const secrets = [settings.auth_token, settings.api_key_secret ?? ''];
  return checkByGet(base, { path, authorization: authorizationOf(settings) }, (reply) =>
    reply.status === 200 ? { isGood: true, said: null } : { isGood: false, said: replyWords(reply, secrets) },
  );
}
