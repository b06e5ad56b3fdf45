import type { LocatedSend } from '../dispatch/ledger/feedback/located-sends.ts';
import type { SendOrigin } from '../dispatch/ledger/feedback/send-origins.ts';
import type { FeedbackOutcome } from './event.ts';
import { isOfPerson } from './heed.ts';
import type { WaitingEvent } from './waiting-events.ts';

/** An event with what is found of it. */
export interface FoundEvent {
  event: WaitingEvent;
  /** null: it names none, or none is found. */
  send: LocatedSend | null;
  origin: SendOrigin | null;
  /** Whether the send was found as the one that a STOP or HELP answers. */
  isAnswer: boolean;
  /** The event's, else that of the send. null: neither is known. */
  address: string | null;
}

/** Waits before an event's send is looked for again, in milliseconds: an hour in all. */
const WAITS_MS = [1_000, 2_000, 5_000, 15_000, 60_000, 300_000, 900_000, 2_400_000];

/**
 * Whether the event came before its send was recorded, and is to wait. A message may be unknown until the provider's answer
 * is written. A failure waits for the verdict, which may have counted it already.
 */
export function isStillToCome({ event, send }: FoundEvent): boolean {
  if (event.tries >= WAITS_MS.length) return false;
  if (send === null) return event.send === null && event.messageId !== null;
  const isUndecided = send.status === 'pending' || send.status === 'sending';
  return isUndecided && (event.kind === 'bounced' || event.kind === 'failed');
}

export function nextTryAt({ event }: FoundEvent, now: Date): Date {
  return new Date(now.getTime() + (WAITS_MS[event.tries] ?? 0));
}

export function outcomeOf({ event, send, address }: FoundEvent): FeedbackOutcome {
  if (event.kind === 'unknown') return 'no_effect';
  if (send !== null) return 'applied';
  if (event.send !== null || event.messageId !== null) return 'no_send';
  return address !== null && isOfPerson(event) ? 'applied' : 'no_effect';
}
