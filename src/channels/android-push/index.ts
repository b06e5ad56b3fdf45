import type { Channel } from '../channel.ts';
import { pushFacts } from '../push/facts.ts';
import { androidExpiry } from './expiry.ts';
import { measureAndroidPush, type RenderedAndroidPush, renderAndroidPush } from './render.ts';
import { type AndroidPush, parseAndroidPush } from './schema.ts';

export const androidPush: Channel<AndroidPush, RenderedAndroidPush> = {
  key: 'android_push',
  variationChannel: 'android_push',
  address: { kind: 'push', platform: 'android' },
  ...pushFacts,
  expiry: androidExpiry,
  neverTemplates: new Set(['message_variation_id']),
  parse: parseAndroidPush,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  isSilent: ({ send_to_sync }) => send_to_sync === true,
  mostRecentDeviceOnly: ({ send_to_most_recent_device_only }) => send_to_most_recent_device_only === true,
  render: renderAndroidPush,
  measure: measureAndroidPush,
};
