import type { SendStatus } from '../plan/states.ts';

/** The columns of a send that its verdict shows, with `status` and `reason` as they count now. */
export interface VerdictRow extends Record<string, unknown> {
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

/** The verdict on one send, in the form of the answer. */
export function verdictFrom(row: VerdictRow): object {
  return {
    channel: row.channel,
    status: row.status,
    reason: row.reason,
    detail: row.detail,
    address: row.address,
    attempts: row.attempts,
    provider_code: row.provider_code,
    provider_message_id: row.provider_message_id,
    next_attempt_at: row.status === 'pending' ? row.due_at : null,
    updated_at: row.updated_at,
  };
}
