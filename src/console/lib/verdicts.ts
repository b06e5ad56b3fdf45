import { sayTimes } from './say.ts';
import { sayWaiting, type Waiting } from './waiting.ts';

/** The five families of verdicts, always in this order. */
export const families = ['reached', 'waiting', 'unclear', 'failed', 'kept'] as const;
export type Family = (typeof families)[number];

export const familyNames: Readonly<Record<Family, string>> = {
  reached: 'Reached',
  waiting: 'Waiting',
  unclear: 'Unclear',
  failed: 'Failed',
  kept: 'Kept back',
};

const ofStatus: Readonly<Record<string, Family>> = {
  sent: 'reached',
  pending: 'waiting',
  sending: 'waiting',
  unknown: 'unclear',
  failed: 'failed',
  bounced: 'failed',
  expired: 'failed',
  skipped: 'kept',
  aborted: 'kept',
  cancelled: 'kept',
};

/** `reason`: a message that could not be written failed, although it was never tried. */
export function familyOf(status: string, reason: string | null = null): Family {
  if (reason === 'render_error' || reason === 'payload_too_large') return 'failed';
  return ofStatus[status] ?? 'unclear';
}

const sentences: Readonly<Record<string, string>> = {
  unknown_user: 'no such person',
  duplicate: 'named twice; counted once',
  not_in_segment: 'not in the segment',
  not_in_audience: 'does not fit the audience',
  no_address: 'no address or device',
  hard_bounced: 'mail to this address bounced',
  marked_spam: 'marked a mail as spam',
  invalid_phone: 'the phone number does not exist',
  suppressed: 'suppressed',
  duplicate_address: 'somebody else has the same address and got it',
  unsubscribed: 'unsubscribed',
  not_opted_in: 'has not opted in, as the request asks',
  not_in_subscription_group: 'not in the subscription group',
  frequency_capped: 'had enough for now',
  quiet_hours: 'quiet hours',
  aborted: 'the template stopped it',
  render_error: 'the template has an error',
  payload_too_large: 'too large once written',
  content_unavailable: 'what the template called did not answer',
  expired: 'too late',
  provider_refused: 'the provider refused it',
  address_dead: 'the address is dead',
  gave_up: 'tried too often',
  cancelled: 'cancelled before it was tried',
  control_group: 'in the control group',
};

/** A reason in words. A reason without words of its own is shown as it is. */
export function sayReason(reason: string): string {
  return sentences[reason] ?? reason.replaceAll('_', ' ');
}

/** Why a verdict is so, as a cell of a table has it: what it waits for, or its reason and more about it. `zone`: as `sayWaiting` has it. */
export function sayWhy(verdict: Waiting, zone?: string): string {
  const waiting = sayWaiting(verdict, { zone });
  if (waiting !== null) return waiting;
  const { reason, detail = null } = verdict;
  const said = reason === null ? '' : sayReason(reason);
  if (detail === null) return said;
  // What says more in the same words replaces the words.
  const more = sayTimes(detail);
  return said === '' || more.startsWith(said) ? more : `${said}: ${more}`;
}
