import { replyWords } from '../answers/provider-words.ts';
import { authorizationOf, BASE_URL } from '../sms/providers/twilio.ts';
import type { TwilioSettings } from '../sms/settings.ts';
import { type AccountCheck, good } from './account-check.ts';
import { checkByGet } from './ask-once.ts';

/**
 * Lists at most one message of the account, of which nothing is kept. An API key may do so, too; it may not read the account
 * itself.
 */
export function checkTwilio(settings: TwilioSettings): Promise<AccountCheck> {
  const base = (settings.base_url ?? BASE_URL).replace(/\/+$/, '');
  const url = new URL(`${base}/2010-04-01/Accounts/${settings.account_sid}/Messages.json?PageSize=1`);
  const secrets = [settings.auth_token, settings.api_key_secret ?? ''];
  return checkByGet(url, authorizationOf(settings), (reply) => {
    if (reply.status === 200) return good;
    const isTheirs = reply.status === 408 || reply.status === 429 || reply.status >= 500;
    return { state: isTheirs ? 'unwell' : 'refused', said: replyWords(reply, secrets) };
  });
}
