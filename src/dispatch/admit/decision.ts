import type { StopReason } from '../../templating/render-stop.ts';
import type { Verdict } from '../ledger/send.ts';

export type SkipReason =
  | 'unknown_user'
  | 'no_address'
  | 'hard_bounced'
  | 'marked_spam'
  | 'invalid_phone'
  | 'suppressed'
  | 'duplicate_address'
  | 'unsubscribed'
  | 'not_opted_in'
  | 'not_in_subscription_group'
  | 'frequency_capped';

/** What is decided of one send: it goes out, it never does, or it is asked again at a later time. */
export type Decision = Admitted | Refusal | Later;

export interface Admitted {
  kind: 'admit';
}

export interface Refusal {
  kind: 'refuse';
  status: 'skipped' | 'aborted' | 'expired';
  /** What the API reports. */
  reason: SkipReason | StopReason;
  /** More about it, for people; holds no message content. */
  detail: string | null;
}

/** The send stays pending until `at`, keeps a slot that it holds under the caps, and takes none. */
export interface Later {
  kind: 'later';
  at: Date;
}

export const admitted: Admitted = { kind: 'admit' };

export function skip(reason: SkipReason): Refusal {
  return { kind: 'refuse', status: 'skipped', reason, detail: null };
}

export function later(now: Date, afterMs: number): Later {
  return { kind: 'later', at: new Date(now.getTime() + afterMs) };
}

/** What a decision writes of its send. `address`: where the message goes; null for channels without one. */
export function verdictOf(decision: Decision, address: string | null): Verdict {
  switch (decision.kind) {
    case 'admit':
      return { status: 'sending', address };
    case 'refuse':
      return { status: decision.status, reason: decision.reason, detail: decision.detail };
    case 'later':
      return { status: 'pending', dueAt: decision.at };
  }
}
