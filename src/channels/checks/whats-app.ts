import type { Clock } from '../../lib/clock.ts';
import { jsonObject } from '../answers/provider-reply.ts';
import { saidText } from '../answers/provider-words.ts';
import { BASE_URL, errorWords, readReply, VERSION } from '../whats-app/providers/cloud-api.ts';
import type { WhatsAppCloudSettings } from '../whats-app/settings.ts';
import { type AccountCheck, stateOf } from './account-check.ts';
import { checkByGet } from './ask-once.ts';

/** Reads the business number: its name, and how Meta rates it. Source: Meta, "WhatsApp Business Phone Number". */
export function checkWhatsApp(settings: WhatsAppCloudSettings, clock: Clock): Promise<AccountCheck> {
  const { phone_number_id: id, version = VERSION, access_token: token } = settings;
  const base = (settings.base_url ?? BASE_URL).replace(/\/+$/, '');
  const url = new URL(`${base}/${version}/${id}?fields=display_phone_number,verified_name,quality_rating`);
  return checkByGet(url, `Bearer ${token}`, (reply) => {
    if (reply.status !== 200)
      return { state: stateOf(readReply(reply, clock.now())), said: errorWords(reply, [token]) };
    const { verified_name: name, display_phone_number: number, quality_rating: rating } = jsonObject(reply.body);
    const words = [name, number, typeof rating === 'string' ? `quality ${rating}` : null];
    return { state: 'good', said: saidText(words.filter((one) => typeof one === 'string').join(', '), [token]) };
  });
}
