import type { Db } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { Outdated } from '../../../db/retry.ts';
import { raw, sql } from '../../../db/sql.ts';
import { type SendKey, sendKey } from '../send.ts';
import { askedSends, holdSends, isAsked, keyOfS, type LocatedSend } from './located-sends.ts';
import {
  type Counter,
  counterOf,
  counters,
  type Happening,
  type MetricChange,
  type Milestone,
  metricChanges,
  milestones,
  noFeedback,
  type SendFeedback,
  withHappening,
} from './send-feedback.ts';

/** What happened to a send. */
export interface SendHappening extends Happening {
  send: LocatedSend;
}

/** The numbers that one happening changes. */
export interface Changed {
  send: LocatedSend;
  changes: MetricChange[];
}

/**
 * Writes what happened beside the sends, and returns the numbers that changed. Only one transaction at a time may do so (see
 * `feedback/apply.ts`), because it reads first. Throws Outdated if a merge has moved a send since it was located.
 */
export async function writeFeedback(tx: Db, happenings: readonly SendHappening[]): Promise<Changed[]> {
  if (happenings.length === 0) return [];
  const bySend = Map.groupBy(happenings, ({ send }) => sendKey(send));
  const sends = [...bySend.values()].flatMap(([first]) => first?.send ?? []);
  if ((await holdSends(tx, sends)).size < sends.length) throw new Outdated('a merge moved a send');
  const known = new Map((await readFeedback(tx, { keys: sends })).map((row) => [sendKey(row), feedbackFrom(row)]));
  const rows: object[] = [];
  const changed = [...bySend].flatMap(([key, ones]) =>
    ones.slice(0, 1).map(({ send }): Changed => {
      const before = known.get(key) ?? noFeedback;
      const after = ones.reduce(withHappening, before);
      rows.push(rowOf(send, after));
      const isCounted = send.status === 'bounced' || send.status === 'failed';
      return { send, changes: [...metricChanges(before, after, isCounted), ...ones.flatMap(countedOf)] };
    }),
  );
  await upsert(tx, { rows });
  return changed;
}

function countedOf({ kind, at, isMachine }: SendHappening): MetricChange[] {
  const metric = counterOf(kind, isMachine);
  return metric === null ? [] : [{ metric, at, by: 1 }];
}

type Times = { [Kind in Milestone as `${Kind}_at`]: Date | null };

/** The columns of `send_feedback` beside its key. */
export type FeedbackColumns = Times & Record<Counter, number> & Pick<SendFeedback, 'code' | 'said'>;

/** The names of these columns. */
export const feedbackColumns = [
  ...milestones.map((kind) => `${kind}_at` as const),
  ...counters,
  'code',
  'said',
] as const;

export function feedbackFrom(row: FeedbackColumns): SendFeedback {
  const times = milestones.flatMap((kind) => {
    const time = row[`${kind}_at`];
    return time === null ? [] : [[kind, time.getTime()] as const];
  });
  const counts = Object.fromEntries(counters.map((counter) => [counter, row[counter]])) as SendFeedback['counts'];
  return { at: Object.fromEntries(times), counts, code: row.code, said: row.said };
}

function rowOf({ bucket, dispatchId, userId, channel }: SendKey, { at, counts, code, said }: SendFeedback): object {
  const times = Object.entries(at).map(([kind, time]) => [`${kind}_at`, new Date(time)]);
  const key = { bucket, dispatch_id: dispatchId, user_id: userId, channel };
  return { ...key, ...Object.fromEntries(times), ...counts, code, said };
}

type FeedbackRow = SendKey & FeedbackColumns;

const readFeedback = hotStatement<{ keys: readonly SendKey[] }, FeedbackRow & Record<string, unknown>>(
  'read_feedback',
  (param) => sql`
    select ${keyOfS}, ${raw(feedbackColumns.map((name) => `s.${name}`).join(', '))}
      from ${askedSends(param)}
      join send_feedback s on ${isAsked(param)}`,
);

const columnList = raw(feedbackColumns.join(', '));
const columnTypes = raw(
  [
    ...milestones.map((kind) => `${kind}_at timestamptz`),
    ...counters.map((counter) => `${counter} integer`),
    'code text, said text',
  ].join(', '),
);

const upsert = hotStatement<{ rows: readonly object[] }, never>(
  'write_feedback',
  (param) => sql`
    insert into send_feedback (bucket, dispatch_id, user_id, channel, ${columnList})
    select bucket, dispatch_id, user_id, channel, ${columnList}
      from json_to_recordset(${param(({ rows }) => JSON.stringify(rows))}::json)
        as x(bucket integer, dispatch_id uuid, user_id bigint, channel text, ${columnTypes})
     order by bucket, dispatch_id, user_id, channel
        on conflict (bucket, dispatch_id, user_id, channel) do update
       set ${raw(feedbackColumns.map((name) => `${name} = excluded.${name}`).join(', '))}`,
);
