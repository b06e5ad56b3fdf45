import type { Channel } from '../channel.ts';
import type { RenderedWhatsApp } from './parts.ts';
import { renderWhatsApp } from './render.ts';
import { parseWhatsApp, type WhatsAppMessage } from './schema.ts';

export const whatsApp: Channel<WhatsAppMessage, RenderedWhatsApp> = {
  key: 'whats_app',
  variationChannel: 'whats_app',
  address: { kind: 'phone' },
  needs: ['groups', 'phoneFlags'],
  deadMark: null,
  capFamily: 'whats_app',
  sendLimits: 'others',
  providers: null,
  neverTemplates: new Set(['app_id', 'subscription_group_id', 'message_variation_id', 'message_type']),
  parse: parseWhatsApp,
  references: (message) => ({
    appId: message.app_id,
    subscriptionGroupId: message.subscription_group_id,
    messageVariationId: message.message_variation_id,
  }),
  render: renderWhatsApp,
};
