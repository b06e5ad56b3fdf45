import type { FeedbackEvent } from '../../feedback/event.ts';
import type { PendingSend, Verdict } from '../ledger/send.ts';

/** A verdict on a send that was tried. */
export interface Told {
  workspaceId: number;
  send: PendingSend;
  verdict: Verdict;
  address: string | null;
}

/** The event of a final verdict, for the feed. null: the send will be tried again. */
export function verdictEvent({ workspaceId, send, verdict, address }: Told, now: Date): FeedbackEvent | null {
  const { status, reason = null, detail = null, providerCode = null, providerMessageId = null } = verdict;
  if (status === 'pending' || status === 'sending') return null;
  const { bucket, dispatchId, userId, channel, extras } = send;
  return {
    // After a replay a send may have another verdict.
    eventId: `${dispatchId}/${userId}/${channel}/${now.getTime()}`,
    kind: status === 'sent' ? 'sent' : 'not_sent',
    occurredAt: now,
    provider: 'cresset',
    channel,
    send: { workspaceId, bucket, dispatchId, userId, channel },
    ...{
      providerMessageId,
      address,
      code: providerCode,
      text: detail,
      detail: { status, reason, ...(extras && { extras }) },
    },
  };
}
