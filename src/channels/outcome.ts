/** `detail`: what the provider said, or where the connection failed, as `answers/provider-words.ts` makes it. */
interface Told {
  detail?: string;
}

/** `isOurs`: a rule of ours refused the message. No provider was asked, and the verdict's reason is `reason`. */
interface Refused extends Told {
  reason: OurReason;
  isOurs: true;
}

/** Why we refuse a message that is ready to be sent, or an address. */
export const ourReasons = [
  'attachment_unusable',
  'blocked_target',
  'malformed_request',
  'malformed_subscription',
  'malformed_token',
  'outside_window',
  'payload_too_large',
  'smtputf8_unsupported',
  'subscription_expired',
] as const;
export type OurReason = (typeof ourReasons)[number];

/** The refusal of a message by a rule of ours. */
export function refusedByUs(reason: OurReason, detail?: string): { kind: 'failed' } & Refused {
  return { kind: 'failed', reason, isOurs: true, ...(detail !== undefined && { detail }) };
}

/**
 * A temporary failure. `afterMs`: the wait that the provider asked for, in milliseconds. `isUnclear`: no answer came,
 * so the provider may have accepted the message; it is retried only if a repetition is better than a loss. `slows`: the
 * provider wants the whole account to slow down, not only this address.
 */
export interface Retry extends Told {
  kind: 'retry';
  reason: string;
  afterMs?: number;
  isUnclear?: true;
  slows?: 'account';
}

/**
 * No attempt was made at this message: its provider cannot be reached, or must not be called before `untilMs`, in
 * milliseconds since 1970. null: until a pause is over. `detail`: a text for operators.
 */
export interface Held<Until extends number | null = number | null> {
  kind: 'held';
  untilMs: Until;
  reason: string;
  detail?: string;
  /** It waits for the end of its account's pause, which may come before `untilMs`. */
  isPause?: true;
}

/** The worker or the dispatch stopped before a connection began the call. */
export interface NotBegun {
  kind: 'not_begun';
}

/** The reason of a message that is held because its dispatch or its worker was stopped before a connection had it. */
export const STOPPED = 'stopped';

/** The reason of what failed by an error of ours. The error itself may quote secrets, so only the log has it. */
export const INTERNAL_ERROR = 'internal_error';
/** What verdicts and reports say of it. */
export const OUR_ERROR = 'an error of this server, which its log names';

/** The outcome of one attempt, named by what happens next. `optsOut`: the person wants no more of the group's messages. */
export type Outcome =
  // The provider has the message. `isFoundById`: what it tells later names the message by `providerId` alone.
  | ({ kind: 'accepted'; providerId: string | null; isFoundById?: true } & Told)
  | Retry // temporary: later, to the same address
  | Bounced // this address is dead
  | ({ kind: 'failed' } & (Refused | ({ reason: string; isOurs?: undefined; optsOut?: true } & Told))) // this message never succeeds, the address is good
  | ({ kind: 'config_error'; reason: string } & Told) // our credentials or settings are wrong: keep the message, ask a person
  | { kind: 'expired' } // the message expired before the provider accepted it
  | ({ kind: 'unknown'; reason: string } & Told); // the provider may have accepted it: never resend blindly

export type Bounced = { kind: 'bounced' } & (Refused | ({ reason: string; isOurs?: undefined } & Told));
