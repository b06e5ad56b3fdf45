import { RenderStop } from '../../templating/render-stop.ts';
import type { Channel } from '../channel.ts';
import { requireText } from '../fields.ts';
import { hasMedia, lengthProblem, parseSms, type SmsMessage } from './schema.ts';
import { countSegments, type SmsSegments } from './segments.ts';

export interface RenderedSms {
  body: string;
  media_urls: readonly string[];
  segments: SmsSegments;
}

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
  sendLimits: 'others',
  providers: null,
  sandboxReply: (address) =>
    address === INVALID_NUMBER ? { kind: 'bounced', reason: '21211' } : { kind: 'accepted', providerId: null },
  neverTemplates: new Set(['app_id', 'subscription_group_id', 'message_variation_id']),
  parse: parseSms,
  references: (message) => ({
    appId: message.app_id,
    subscriptionGroupId: message.subscription_group_id,
    messageVariationId: message.message_variation_id,
  }),
  render: renderSms,
};

function renderSms(message: SmsMessage): RenderedSms {
  const body = hasMedia(message) ? message.body : requireText('body', message.body);
  const problem = lengthProblem(body);
  if (problem !== null) throw new RenderStop('payload_too_large', `body: ${problem}`);
  return { body, media_urls: message.media_items ?? [], segments: countSegments(body) };
}
