import { integer, maybe, object, type Read, required, text } from '../../lib/raw/shape.ts';
import type { ProviderDefinition } from '../provider.ts';
import { baseUrl, callsPerMinute } from '../setting-shapes.ts';

const settings = object({
  client_id: required(text()),
  client_secret: required(text()),
  base_url: maybe(baseUrl),
  token_url: maybe(baseUrl),
  expires_after: maybe(integer(60, 2_678_400)),
  calls_per_minute: maybe(callsPerMinute),
});

/** One app's account with Amazon Device Messaging. `expires_after`: how long ADM stores a message, in seconds. */
export type AdmSettings = Read<typeof settings>;

export const adm: ProviderDefinition<AdmSettings> = {
  settings,
  secrets: ['client_secret'],
  fits: 'kindle',
  callsPerMinute: null,
};
