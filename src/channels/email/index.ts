import type { Channel } from '../channel.ts';
import { renderEmail } from './render.ts';
import type { RenderedEmail } from './rendered.ts';
import { type EmailMessage, parseEmail } from './schema.ts';

export const email: Channel<EmailMessage, RenderedEmail> = {
  key: 'email',
  variationChannel: 'email',
  address: { kind: 'email' },
  hasLinks: true,
  neverTemplates: new Set(['app_id', 'message_variation_id', 'email_template_id']),
  parse: parseEmail,
  references: (message) => ({
    appId: message.app_id,
    emailTemplateId: message.email_template_id,
    messageVariationId: message.message_variation_id,
  }),
  render: renderEmail,
};
