/**
 * A temporary failure. `afterMs`: the wait that the provider asked for, in milliseconds. `isUnclear`: no answer came,
 * so the provider may have accepted the message; it is retried only if a repetition is better than a loss.
 */
export interface Retry {
  kind: 'retry';
  reason: string;
  afterMs?: number;
  isUnclear?: true;
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
}

/** The outcome of one attempt, named by what happens next. */
export type Outcome =
  | { kind: 'accepted'; providerId: string | null } // the provider has the message
  | Retry // temporary: later, to the same address
  | { kind: 'bounced'; reason: string } // this address is dead
  | { kind: 'failed'; reason: string } // this message never succeeds, the address is good
  | { kind: 'config_error'; reason: string } // our credentials or settings are wrong: keep the message, ask a person
  | { kind: 'expired' } // the message expired before the provider accepted it
  | { kind: 'unknown'; reason: string }; // the provider may have accepted it: never resend blindly
