import { jsonObject } from '../answers/provider-reply.ts';
import { saidText } from '../answers/provider-words.ts';
import { BASE_URL, errorWords, VERSION } from '../whats-app/providers/cloud-api.ts';
import type { WhatsAppCloudSettings } from '../whats-app/settings.ts';
import { type AccountCheck, checkByGet } from './account-check.ts';

/** Reads the business number: its name, and how Meta rates it. Source: Meta, "WhatsApp Business Phone Number". */
export function checkWhatsApp(settings: WhatsAppCloudSettings): Promise<AccountCheck> {
  const { phone_number_id: id, version = VERSION, access_token: token } = settings;
  const base = new URL(settings.base_url ?? BASE_URL);
  const fields = 'display_phone_number,verified_name,quality_rating';
  const path = `${base.pathname.replace(/\/+$/, '')}/${version}/${id}?fields=${fields}`;
  return checkByGet(base, { path, authorization: `Bearer ${token}` }, (reply) => {
    if (reply.status !== 200) return { isGood: false, said: errorWords(reply, [token]) };
    const { verified_name: name, display_phone_number: number, quality_rating: rating } = jsonObject(reply.body);
    const words = [name, number, typeof rating === 'string' ? `quality ${rating}` : null];
    return { isGood: true, said: saidText(words.filter((one) => typeof one === 'string').join(', '), [token]) };
  });
}
