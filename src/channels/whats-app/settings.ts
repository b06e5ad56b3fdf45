import { matching, maybe, object, type Read, required, text } from '../../lib/raw/shape.ts';
import type { ProviderDefinition } from '../provider.ts';
import { baseUrl } from '../setting-shapes.ts';

const settings = object({
  phone_number_id: required(matching(/^\d{1,32}$/, 'a number of digits, as a text')),
  access_token: required(text({ max: 4_096 })),
  version: maybe(matching(/^v\d{1,3}\.\d{1,2}$/, 'a version such as v23.0')),
  base_url: maybe(baseUrl),
});

/** One subscription group's phone number at the WhatsApp Cloud API. */
export type WhatsAppCloudSettings = Read<typeof settings>;

export const whatsappCloud: ProviderDefinition<WhatsAppCloudSettings> = {
  settings,
  secrets: ['access_token'],
  fits: 'whats_app',
  callsPerMinute: null,
};
