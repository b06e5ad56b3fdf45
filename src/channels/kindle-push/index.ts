import type { Channel } from '../channel.ts';
import { pushFacts } from '../push/facts.ts';
import { kindleExpiry } from './expiry.ts';
import { measureKindlePush, type RenderedKindlePush, renderKindlePush } from './render.ts';
import { type KindlePush, parseKindlePush } from './schema.ts';

export const kindlePush: Channel<KindlePush, RenderedKindlePush> = {
  key: 'kindle_push',
  variationChannel: 'kindle_push',
  address: { kind: 'push', platform: 'kindle' },
  ...pushFacts,
  expiry: kindleExpiry,
  neverTemplates: new Set(['message_variation_id']),
  parse: parseKindlePush,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  render: renderKindlePush,
  measure: measureKindlePush,
};
