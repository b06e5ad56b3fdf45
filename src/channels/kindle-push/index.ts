import type { Channel } from '../channel.ts';
import { retryPush } from '../push-retry.ts';
import { kindleExpiry } from './expiry.ts';
import { type RenderedKindlePush, renderKindlePush } from './render.ts';
import { type KindlePush, parseKindlePush } from './schema.ts';

export const kindlePush: Channel<KindlePush, RenderedKindlePush> = {
  key: 'kindle_push',
  variationChannel: 'kindle_push',
  address: { kind: 'push', platform: 'kindle' },
  needs: ['push'],
  deadMark: null,
  capFamily: 'push',
  sendLimits: 'pushes',
  providers: { of: 'app' },
  retry: retryPush,
  expiry: kindleExpiry,
  neverTemplates: new Set(['message_variation_id']),
  parse: parseKindlePush,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  render: renderKindlePush,
};
