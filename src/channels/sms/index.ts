import type { Channel } from '../channel.ts';
import { isTemplate } from '../fields.ts';
import { openSmsSender } from './deliver.ts';
import { renderSms } from './render.ts';
import type { RenderedSms } from './rendered.ts';
import { retrySms } from './retry.ts';
import { parseSms, type SmsMessage } from './schema.ts';
import { billedSegments, segmentsProblem, textRulesOf } from './text/length.ts';

/**
 * A number that the sandbox refuses as invalid, with Twilio's code for it, so that a sender can see what follows.
 * Source: messaging-objects.md §7.7.
 */
const INVALID_NUMBER = '+15005550001';

export const sms: Channel<SmsMessage, RenderedSms> = {
  key: 'sms',
  variationChannel: 'sms',
  address: { kind: 'phone' },
  needs: ['groups', 'phoneFlags'],
  deadMark: 'invalid_phone',
  capFamily: 'sms',
  sendLimits: 'posts',
  providers: { of: 'group', open: openSmsSender },
  sandboxReply: (address) =>
    address === INVALID_NUMBER ? { kind: 'bounced', reason: '21211' } : { kind: 'accepted', providerId: null },
  // Each account has its own share of what is sent to named people.
  receiver: ({ subscription_group_id }) => subscription_group_id,
  retry: retrySms,
  follows: 'text',
  neverTemplates: new Set(['app_id', 'subscription_group_id', 'message_variation_id']),
  parse: parseSms,
  checkInGroup({ body, link_shortening_enabled }, path, problems, account) {
    if (isTemplate(body) || link_shortening_enabled === true) return;
    const rules = textRulesOf(account);
    const problem = segmentsProblem(billedSegments(body, rules), rules);
    if (problem !== null) problems.add('size', `${path}.body`, problem);
  },
  references: (message) => ({
    appId: message.app_id,
    subscriptionGroupId: message.subscription_group_id,
    messageVariationId: message.message_variation_id,
  }),
  render: renderSms,
  measure: ({ body, segments }) => ({ bytes: Buffer.byteLength(body), mostBytes: null, segments }),
};
