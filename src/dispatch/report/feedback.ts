import { raw, type Sql } from '../../db/sql.ts';
import { counters, deliveredAt } from '../ledger/feedback/send-feedback.ts';
import { type FeedbackColumns, feedbackColumns, feedbackFrom } from '../ledger/feedback/write-feedback.ts';

/** The feedback of a send as columns of a report; all are null if nothing came back. */
export type FeedbackRow = { [Column in keyof FeedbackColumns as `f_${Column}`]: FeedbackColumns[Column] | null };

/** Fragment: these columns, of a table `f` that is `send_feedback`. */
export const feedbackOf: Sql = raw(feedbackColumns.map((name) => `f.${name} as f_${name}`).join(', '));

/** What came back of a send, in the form of the answer. null: nothing. */
export function feedbackShown(row: FeedbackRow): object | null {
  if (row.f_opens === null) return null;
  const columns = Object.fromEntries(feedbackColumns.map((name) => [name, row[`f_${name}`]])) as FeedbackColumns;
  const feedback = feedbackFrom(columns);
  const delivered = deliveredAt(feedback);
  const times = Object.entries({ ...feedback.at, delivered: delivered ?? undefined }).flatMap(([kind, time]) =>
    time === undefined ? [] : [[`${kind}_at`, new Date(time)] as const],
  );
  const counts = counters.flatMap((name) =>
    feedback.counts[name] > 0 ? [[name, feedback.counts[name]] as const] : [],
  );
  const words = feedback.code === null && feedback.said === null ? {} : { code: feedback.code, text: feedback.said };
  return { ...Object.fromEntries(times), ...Object.fromEntries(counts), ...words };
}
