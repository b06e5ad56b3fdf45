import type { Channel } from '../channel.ts';
import { renderWebhook } from './render.ts';
import type { RenderedWebhook } from './rendered.ts';
import { parseWebhook, type WebhookMessage } from './schema.ts';

export const webhook: Channel<WebhookMessage, RenderedWebhook> = {
  key: 'webhook',
  variationChannel: 'webhook',
  address: { kind: 'none' },
  neverTemplates: new Set(['message_variation_id']),
  parse: parseWebhook,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  render: renderWebhook,
};
