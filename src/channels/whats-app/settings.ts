import { list, matching, maybe, object, type Read, required, text } from '../../lib/raw/shape.ts';
import type { ProviderDefinition } from '../provider.ts';
import { baseUrl, callsPerMinute } from '../setting-shapes.ts';

const settings = object({
  phone_number_id: required(matching(/^\d{1,32}$/, 'a number of digits, as a text')),
  access_token: required(text({ max: 4_096 })),
  app_secret: maybe(text()),
  verify_token: maybe(text()),
  version: maybe(matching(/^v\d{1,3}\.\d{1,2}$/, 'a version such as v23.0')),
  base_url: maybe(baseUrl),
  calls_per_minute: maybe(callsPerMinute),
  flow_screens: maybe(list(object({ flow_id: required(text({ max: 64 })), screen: required(text()) }), 1_000)),
});

/**
 * One subscription group's phone number at the WhatsApp Cloud API. `app_secret`: signs Meta's callbacks; without it none
 * is taken, and it is not known who wrote when. `verify_token`: what Meta repeats when the callback URL is entered.
 * `flow_screens`: the first screen of flows that need to be told.
 */
export type WhatsAppCloudSettings = Read<typeof settings>;

export const whatsappCloud: ProviderDefinition<WhatsAppCloudSettings> = {
  settings,
  secrets: ['access_token', 'app_secret', 'verify_token'],
  fits: 'whats_app',
  // 80 messages a second, which Meta raises by itself for numbers that send much.
  callsPerMinute: 4_800,
  countedBy: ({ phone_number_id }) => `number ${phone_number_id}`,
};
