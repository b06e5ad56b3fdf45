import type { StopReason } from '../../templating/render-stop.ts';
import type { Verdict } from '../ledger/send.ts';
import type { SkipReason } from '../plan/reasons.ts';

/** The decision about one send: it goes out, it never does, or it is decided again later. */
export type Decision = Admitted | Refusal | Later;

export interface Admitted {
  kind: 'admit';
}

export interface Refusal {
  kind: 'refuse';
  status: 'skipped' | 'aborted' | 'expired';
  /** The reason that the API reports. */
  reason: SkipReason | StopReason;
  /** More about the reason, for people. It contains no message content. null: nothing more. */
  detail: string | null;
}

/** The send stays pending until `at`. It keeps a slot that it has under the caps, but takes none. */
export interface Later {
  kind: 'later';
  at: Date;
  /** What holds the message until then, which is then its own time. Absent: it is only looked at again. */
  hold?: { reason: SkipReason; detail: string };
  /** Connected content did not come. `contentTries`: how often the message was put back, this time included. */
  missing?: { detail: string; contentTries: number };
}

export const admitted: Admitted = { kind: 'admit' };

export function skip(reason: SkipReason, detail: string | null = null): Refusal {
  return { kind: 'refuse', status: 'skipped', reason, detail };
}

export function later(now: Date, afterMs: number): Later {
  return { kind: 'later', at: new Date(now.getTime() + afterMs) };
}

/** The verdict of a decision. `address`: the address of the message. null: the channel has none. */
export function verdictOf(decision: Decision, address: string | null): Verdict {
  switch (decision.kind) {
    case 'admit':
      return { status: 'sending', address };
    case 'refuse':
      return { status: decision.status, reason: decision.reason, detail: decision.detail };
    case 'later':
      return {
        status: 'pending',
        dueAt: decision.at,
        ...(decision.missing && { reason: 'content_unavailable', ...decision.missing }),
        ...(decision.hold && { ...decision.hold, scheduledAt: decision.at }),
      };
  }
}
