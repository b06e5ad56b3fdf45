import type { Channel } from '../channel.ts';
import { triggerFiles } from './attachments/trigger-files.ts';
import { measureEmail } from './measure.ts';
import { renderEmail } from './render.ts';
import type { RenderedEmail } from './rendered.ts';
import { retryEmail } from './retry.ts';
import { type EmailMessage, parseEmail } from './schema.ts';
import { openEmailSender } from './sender.ts';
import { probe } from './smtp/probe.ts';
import { fromTemplate } from './template.ts';
import { plaintextOf } from './text/plaintext.ts';
import { checkInWorkspace, withDefaultSender } from './workspace.ts';

export const email: Channel<EmailMessage, RenderedEmail> = {
  key: 'email',
  variationChannel: 'email',
  address: { kind: 'email' },
  needs: ['emailFlags'],
  deadMark: 'hard_bounced',
  capFamily: 'email',
  sendLimits: 'others',
  providers: { of: 'workspace', open: openEmailSender, relays: { list: ({ email }) => email.smtp ?? [], probe } },
  retry: retryEmail,
  subscriptionLinks: { inHeader: ({ email }) => email.listUnsubscribe },
  footer: { of: ({ email }) => email.footer, asText: plaintextOf },
  follows: 'html',
  withDefaults: withDefaultSender,
  checkInWorkspace,
  neverTemplates: new Set(['app_id', 'message_variation_id', 'email_template_id', 'bcc', 'cresset']),
  htmlTemplates: new Set(['body']),
  parse: parseEmail,
  references: (message) => ({
    appId: message.app_id,
    emailTemplateId: message.email_template_id,
    messageVariationId: message.message_variation_id,
  }),
  fromTemplate,
  files: triggerFiles,
  render: renderEmail,
  measure: measureEmail,
};
