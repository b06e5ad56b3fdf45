import type { SendStatus } from '../plan/states.ts';
import { type FeedbackRow, feedbackShown } from './feedback.ts';
import type { Wait } from './waits.ts';

/** The columns of a send that its verdict shows, with `status` and `reason` as they count now. */
export interface VerdictRow extends FeedbackRow, Record<string, unknown> {
  channel: string;
  status: SendStatus;
  attempts: number;
  due_at: Date | null;
  updated_at: Date;
  reason: string | null;
  detail: string | null;
  provider_code: string | null;
  provider_message_id: string | null;
  address: string | null;
}

/** The verdict on one send, in the form of the answer. `ofDispatch`: what its dispatch waits for. null: for nothing. */
export function verdictFrom(row: VerdictRow, ofDispatch: Wait | null = null): object {
  const wait = waitOf(row, ofDispatch);
  const feedback = feedbackShown(row);
  return {
    channel: row.channel,
    status: row.status,
    reason: row.reason,
    detail: row.detail ?? wait?.why ?? null,
    address: row.address,
    attempts: row.attempts,
    provider_code: row.provider_code,
    provider_message_id: row.provider_message_id,
    next_attempt_at: row.status === 'pending' ? (wait?.until ?? row.due_at) : null,
    updated_at: row.updated_at,
    ...(feedback !== null && { feedback }),
  };
}

/** What a pending send waits for. null: only for its time, or it is over. */
function waitOf({ status, channel, due_at: dueAt }: VerdictRow, wait: Wait | null): Wait | null {
  if (wait === null || status !== 'pending' || !wait.channels.has(channel)) return null;
  return dueAt === null || dueAt < wait.until ? wait : null;
}
