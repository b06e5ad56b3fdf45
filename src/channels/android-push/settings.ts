import { maybe, object, oneOf, type Read, required, text } from '../../lib/raw/shape.ts';
import type { ProviderDefinition } from '../provider.ts';
import { baseUrl, callsPerMinute, keyText } from '../setting-shapes.ts';
import { keyFileOf, keyFileProblem } from './key-file.ts';

const settings = object({
  service_account: required(keyText(keyFileProblem)),
  payload_style: maybe(oneOf(['data', 'notification'])),
  notification_channel_id: maybe(text()),
  base_url: maybe(baseUrl),
  token_url: maybe(baseUrl),
  calls_per_minute: maybe(callsPerMinute),
});

/** One app's account with Firebase Cloud Messaging. */
export type FcmSettings = Read<typeof settings>;

/** Source: messaging-objects.md §2.4. */
export const fcm: ProviderDefinition<FcmSettings> = {
  settings,
  secrets: ['service_account'],
  fits: 'android',
  callsPerMinute: 600_000,
  // Google counts the calls of all apps of a project together.
  countedBy: ({ service_account }) => `project ${keyFileOf(service_account).projectId}`,
};
