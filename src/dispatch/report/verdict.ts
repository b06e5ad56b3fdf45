import type { SendStatus } from '../plan/states.ts';
import { type FeedbackRow, feedbackShown } from './feedback.ts';
import type { Wait, Waits } from './waits/wait.ts';

/** The columns of a send that its verdict shows, with `status` and `reason` as they count now. */
export interface VerdictRow extends FeedbackRow, Record<string, unknown> {
  channel: string;
  status: SendStatus;
  attempts: number;
  due_at: Date | null;
  /** It waits only for its app, whatever its time is. */
  is_held: boolean;
  updated_at: Date;
  reason: string | null;
  detail: string | null;
  provider_code: string | null;
  provider_message_id: string | null;
  address: string | null;
  extras: Readonly<Record<string, string>> | null;
  /** The last answers after which it was tried again, oldest first. null: none. */
  retried_after: readonly { at: string; code: string; detail: string | null }[] | null;
}

/** What is known of a send beside its row. */
export interface Beside {
  /** What its dispatch waits for. */
  waits: Waits;
  /** The message variation that the person was given. undefined: none. */
  variationId: string | undefined;
}

/** The verdict on one send, in the form of the answer. */
export function verdictFrom(row: VerdictRow, { waits, variationId }: Beside): object {
  const wait = waitOf(row, waits);
  const feedback = feedbackShown(row);
  return {
    channel: row.channel,
    ...(variationId !== undefined && { message_variation_id: variationId }),
    status: row.status,
    reason: row.reason,
    detail: detailOf(row, wait),
    address: row.address,
    attempts: row.attempts,
    provider_code: row.provider_code,
    provider_message_id: row.provider_message_id,
    next_attempt_at: wait?.until ?? (row.status === 'pending' ? row.due_at : null),
    updated_at: row.updated_at,
    ...(row.retried_after !== null && {
      retried_after: row.retried_after.map(({ at, code, detail }) => ({ at, provider_code: code, detail })),
    }),
    ...(row.extras !== null && { extras: row.extras }),
    ...(feedback !== null && { feedback }),
  };
}

/** What a send waits for. null: only for its time, or it is over. */
function waitOf(row: VerdictRow, waits: Waits): Wait | null {
  const { status, due_at: dueAt, is_held: isHeld } = row;
  const wait = waits(row);
  if (wait === null || wait.until === null || dueAt === null || isHeld || status !== 'pending') return wait;
  return dueAt < wait.until ? wait : null;
}

/** What a send waits for now comes before what it met earlier, unless that is the same. */
function detailOf({ detail }: VerdictRow, wait: Wait | null): string | null {
  if (wait === null) return detail;
  return detail === null || saysAlso(wait.why, detail) ? wait.why : `${wait.why}; before that: ${detail}`;
}

/** A detail may begin with the name of the relay that gave it, such as `relay main: 421 too busy`. */
function saysAlso(why: string, detail: string): boolean {
  return why.includes(detail.replace(/^relay .+?: /, ''));
}
