import type { Channel } from '../channel.ts';
import { pushFacts } from '../push/facts.ts';
import { webExpiry } from './expiry.ts';
import { measureWebPush, type RenderedWebPush, renderWebPush } from './render.ts';
import { parseWebPush, type WebPush } from './schema.ts';

export const webPush: Channel<WebPush, RenderedWebPush> = {
  key: 'web_push',
  variationChannel: 'web_push',
  address: { kind: 'push', platform: 'web' },
  ...pushFacts,
  expiry: webExpiry,
  neverTemplates: new Set(['message_variation_id']),
  parse: parseWebPush,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  mostRecentDeviceOnly: ({ send_to_most_recent_device_only }) => send_to_most_recent_device_only === true,
  render: renderWebPush,
  measure: measureWebPush,
};
