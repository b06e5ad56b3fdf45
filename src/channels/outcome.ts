/**
 * `isUnclear`: no answer came, so the provider may have accepted the message. It is retried where a repetition is better
 * than a loss.
 */
export interface Retry {
  kind: 'retry';
  reason: string;
  afterMs?: number;
  isUnclear?: true;
}

/** What came of one attempt, named by what happens next. */
export type Outcome =
  | { kind: 'accepted'; providerId: string | null } // the provider has the message
  | Retry // temporary: later, same address
  | { kind: 'bounced'; reason: string } // this address is dead
  | { kind: 'failed'; reason: string } // this message never, the address is fine
  | { kind: 'config_error'; reason: string } // our credentials or set-up are wrong: keep the message, ask a person
  | { kind: 'expired' } // its time had passed before the provider accepted it
  | { kind: 'unknown'; reason: string }; // it may have gone: never resend blindly
