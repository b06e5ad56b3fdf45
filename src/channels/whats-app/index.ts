import type { Channel } from '../channel.ts';
import { createWhatsAppSender } from './deliver.ts';
import type { RenderedWhatsApp } from './rendering/parts.ts';
import { renderWhatsApp } from './rendering/render.ts';
import { retryWhatsApp } from './retry.ts';
import { parseWhatsApp, type WhatsAppMessage } from './schema.ts';

export const whatsApp: Channel<WhatsAppMessage, RenderedWhatsApp> = {
  key: 'whats_app',
  variationChannel: 'whats_app',
  address: { kind: 'phone' },
  needs: ['groups', 'phoneFlags'],
  // A template may go out at any time; see window.ts.
  alsoNeeds: ({ message_type }) => (message_type === 'template_message' ? [] : ['lastWrote']),
  deadMark: null,
  capFamily: 'whats_app',
  sendLimits: 'posts',
  providers: {
    of: 'group',
    open: ({ kind, settings }, options) => (kind === 'whatsapp_cloud' ? createWhatsAppSender(settings, options) : null),
  },
  receiver: ({ subscription_group_id }) => subscription_group_id,
  retry: retryWhatsApp,
  countsSlowed: true,
  neverTemplates: new Set(['app_id', 'subscription_group_id', 'message_variation_id', 'message_type']),
  parse: parseWhatsApp,
  references: (message) => ({
    appId: message.app_id,
    subscriptionGroupId: message.subscription_group_id,
    messageVariationId: message.message_variation_id,
  }),
  render: renderWhatsApp,
};
