import type { Reason } from '../../dispatch/plan/reasons.ts';

/** Each reason of a verdict as a sentence about one message. docs/api/messages-send.md says more of each. */
const sentences: Readonly<Record<Reason, string>> = {
  unknown_user: 'the person was deleted before it was sent',
  duplicate: 'the request named the person twice; it counts once',
  not_in_segment: 'the person is not in the segment',
  not_in_audience: 'the person does not fit the audience',
  no_address: 'there is no address or device for this channel',
  hard_bounced: 'an earlier mail to this address bounced',
  marked_spam: 'the person marked a mail as spam',
  invalid_phone: 'the phone number does not exist',
  suppressed: 'the address is on a suppression list',
  duplicate_address: 'somebody else has the same address, and got it',
  unsubscribed: 'the person has unsubscribed',
  not_opted_in: 'the person has not opted in, and the request asks for that',
  not_in_subscription_group: 'the person is not subscribed to the group',
  blocked_country: 'the subscription group does not allow the country of the number',
  control_group: 'the person is in the control group of the campaign',
  quiet_hours: 'quiet hours',
  frequency_capped: 'a frequency cap is reached',
  aborted: 'the template stopped the message',
  render_error: 'the template has an error',
  content_unavailable: 'what the template called did not answer',
  payload_too_large: 'the message is too large once it is written',
  expired: 'it would have come too late',
  attachment_unusable: 'an attachment could not be fetched or is not allowed',
  blocked_target: 'the URL may not be called',
  malformed_request: 'the message cannot be sent as it is',
  malformed_subscription: 'the subscription of the browser is broken',
  malformed_token: 'the push token is broken',
  outside_window: 'the person last wrote more than 24 hours ago',
  smtputf8_unsupported: 'the relay does not take such an address',
  subscription_expired: 'the subscription of the browser has expired',
  provider_refused: 'the provider refused it',
  address_dead: 'the provider says that the address does not exist any more',
  gave_up: 'it was tried as often as it may be',
  unknown: 'the provider may have got it: no answer came, and it is not tried again',
  cancelled: 'its dispatch was cancelled before it was tried',
};

/** A reason in words. null: there is none. */
export function reasonInWords(reason: Reason | null): string | null {
  return reason === null ? null : sentences[reason];
}
