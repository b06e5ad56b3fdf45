import type { Channel } from '../channel.ts';
import { createWebhookSender } from './deliver.ts';
import { maskHeaders } from './masked.ts';
import { renderWebhook } from './render.ts';
import type { RenderedWebhook } from './rendered.ts';
import { retryWebhook } from './retry.ts';
import { parseWebhook, type WebhookMessage } from './schema.ts';
import { checkPort } from './workspace.ts';

export const webhook: Channel<WebhookMessage, RenderedWebhook> = {
  key: 'webhook',
  variationChannel: 'webhook',
  address: { kind: 'none' },
  needs: [],
  deadMark: null,
  capFamily: 'webhook',
  sendLimits: 'posts',
  providers: {
    of: 'workspace',
    open: ({ webhook: { deliver, allow } }, options) => (deliver ? createWebhookSender(allow, options) : null),
  },
  // The address of the URL, which is seldom a template, without its path.
  receiver: ({ url }) => url.split('/', 3).join('/'),
  retry: retryWebhook,
  checkInWorkspace: checkPort,
  masked: maskHeaders,
  neverTemplates: new Set(['message_variation_id']),
  parse: parseWebhook,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  render: renderWebhook,
};
