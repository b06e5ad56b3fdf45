import type { Channel } from '../channel.ts';
import { pushFacts } from '../push/facts.ts';
import { appleExpiry } from './expiry.ts';
import { measureApplePush, type RenderedApplePush, renderApplePush } from './render.ts';
import { type ApplePush, isBackground, parseApplePush } from './schema.ts';

export const applePush: Channel<ApplePush, RenderedApplePush> = {
  key: 'apple_push',
  variationChannel: 'ios_push',
  address: { kind: 'push', platform: 'ios' },
  ...pushFacts,
  expiry: appleExpiry,
  neverTemplates: new Set(['message_variation_id']),
  parse: parseApplePush,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  isSilent: isBackground,
  mostRecentDeviceOnly: ({ send_to_most_recent_device_only }) => send_to_most_recent_device_only === true,
  render: renderApplePush,
  measure: measureApplePush,
};
