import { type OurReason, ourReasons } from '../../channels/outcome.ts';
import type { StopReason } from '../../templating/render-stop.ts';

/** Why a named person is refused before any channel. */
const ofPeople = ['unknown_user', 'duplicate', 'not_in_segment', 'not_in_audience'] as const;
export type PersonReason = (typeof ofPeople)[number];

/** Why a gate skips a send. */
const ofGates = [
  'unknown_user',
  'not_in_segment',
  'not_in_audience',
  'no_address',
  'hard_bounced',
  'marked_spam',
  'invalid_phone',
  'suppressed',
  'duplicate_address',
  'unsubscribed',
  'not_opted_in',
  'not_in_subscription_group',
  'blocked_country',
  'control_group',
  'frequency_capped',
] as const;
export type SkipReason = (typeof ofGates)[number];

/** Why composing a message stopped. */
const ofMessages = [
  'aborted',
  'render_error',
  'content_unavailable',
  'payload_too_large',
  'expired',
] as const satisfies StopReason[];

/** What became of calling a provider, or of not calling it any more. */
const ofCalls = ['provider_refused', 'address_dead', 'gave_up', 'unknown', 'cancelled'] as const;

/** Every reason that a verdict may have. Source: eligibility.md §1. */
export type Reason = PersonReason | SkipReason | StopReason | OurReason | (typeof ofCalls)[number];
export const reasons: readonly Reason[] = [
  ...new Set([...ofPeople, ...ofGates, ...ofMessages, ...ourReasons, ...ofCalls]),
];

export function isReason(word: string | null): word is Reason {
  return reasons.some((reason) => reason === word);
}
