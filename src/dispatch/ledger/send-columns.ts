import { intArray, textArray } from '../../db/array-text.ts';
import type { Parameter } from '../../db/hot-statement.ts';
import { plainText } from '../../db/plain-text.ts';
import { empty, joinSql, raw, type Sql, sql } from '../../db/sql.ts';
import type { DeviceState, PendingSend, Verdict } from './send.ts';

/** A send and the verdict to write. */
export interface SendChange {
  send: PendingSend;
  verdict: Verdict;
}

/** A column as an array with an element for each change, in PostgreSQL's text form. */
interface Column {
  /** The type of an element. */
  type: string;
  /** null: all elements are null. PostgreSQL then looks for none of them. */
  read(changes: readonly SendChange[]): string | null;
}

/** The columns that updates of `sends` read: the source and the type of each. */
const columns = {
  bucket: numbers('integer', ({ send }) => send.bucket),
  dispatch_id: texts('uuid', ({ send }) => send.dispatchId),
  user_id: numbers('bigint', ({ send }) => send.userId),
  channel: texts('text', ({ send }) => send.channel),
  task_id: numbers('bigint', ({ send }) => send.taskId),
  status: texts('send_status', ({ verdict }) => verdict.status),
  due_at: texts('timestamptz', ({ verdict }) => verdict.dueAt?.toISOString()),
  scheduled_at: texts('timestamptz', ({ verdict }) => verdict.scheduledAt?.toISOString()),
  reason: texts('text', ({ verdict }) => verdict.reason),
  detail: texts('text', ({ verdict }) => cleaned(verdict.detail)),
  address: texts('text', ({ verdict }) => verdict.address),
  provider_code: texts('text', ({ verdict }) => cleaned(verdict.providerCode)),
  provider_message_id: texts('text', ({ verdict }) => cleaned(verdict.providerMessageId)),
  content_tries: texts('smallint', ({ verdict }) => verdict.contentTries?.toString()),
  extras: texts('jsonb', ({ verdict }) => extrasJson(verdict.extras)),
  devices: texts('jsonb', ({ verdict }) => devicesJson(verdict.devices)),
  /** Not a column of the table: the answer to add to `retried_after`. */
  answer: texts('jsonb', ({ verdict }) => answerJson(verdict)),
  /** Not a column of the table: the change of `attempts`. */
  extra_attempts: numbers('integer', ({ verdict }) => verdict.extraAttempts ?? 0),
} satisfies Record<string, Column>;

export type ColumnName = keyof typeof columns;

/** The columns that identify a row. */
export const sendKeyColumns = ['bucket', 'dispatch_id', 'user_id', 'channel'] as const satisfies readonly ColumnName[];

/** Fragment: the columns of the changes as the rows of a table `x`. */
export function changedRows<Given extends { changes: readonly SendChange[] }>(
  param: Parameter<Given>,
  names: readonly ColumnName[],
): Sql {
  const arrays = names.map((name) => {
    const { read, type } = columns[name];
    return sql`${param(({ changes }) => read(changes))}::${raw(type)}[]`;
  });
  return sql`unnest(${joinSql(arrays, ', ')}) as x(${raw(names.join(', '))})`;
}

/**
 * Changes of one dispatch and channel as runs: the people of one bucket and task, in order of their ids. `first` and `last`
 * are places in `changes`, from 1. An index finds all people of a run at once, for two thirds of what it costs to look for
 * one after the other.
 */
export interface Runs<One extends SendChange = SendChange> {
  changes: readonly One[];
  /** Four arrays in PostgreSQL's text form, with an element for each run. */
  buckets: string;
  taskIds: string;
  firsts: string;
  lasts: string;
}

export function inRuns<One extends SendChange>(given: readonly One[]): Runs<One> {
  const isInOrder = given.every((one, at) => at === 0 || byRun(given[at - 1] ?? one, one) <= 0);
  const changes = isInOrder ? given : given.toSorted(byRun);
  const firsts = changes.flatMap((one, at) => (at === 0 || !isSameRun(changes[at - 1], one) ? [at] : []));
  const sends = firsts.flatMap((at) => changes[at]?.send ?? []);
  return {
    changes,
    buckets: intArray(sends.map(({ bucket }) => bucket)),
    taskIds: intArray(sends.map(({ taskId }) => taskId)),
    firsts: intArray(firsts.map((at) => at + 1)),
    lasts: intArray([...firsts.slice(1), changes.length].slice(0, firsts.length)),
  };
}

function byRun({ send: one }: SendChange, { send: other }: SendChange): number {
  return one.bucket - other.bucket || one.taskId - other.taskId || one.userId - other.userId;
}

function isSameRun(one: SendChange | undefined, other: SendChange): boolean {
  return one?.send.bucket === other.send.bucket && one.send.taskId === other.send.taskId;
}

/**
 * Fragment: the runs as the rows of a table `x`, with the columns bucket, task_id and, as arrays, user_id and `names`.
 * `which`: a join that chooses among the runs `r`. The rows are made before anything is joined with them, so that the arrays
 * are cut once for each run. The condition is always true. It lets the planner expect few runs, so that it begins with them
 * even while the table is empty: a plan that begins with the sends would read all of the dispatch for every chunk later.
 */
export function changedRuns<Given extends Runs>(
  param: Parameter<Given>,
  names: readonly ColumnName[],
  which: Sql = empty,
): Sql {
  const arrays = (['user_id', ...names] as const).map((name) => {
    const { read, type } = columns[name];
    return sql`(${param(({ changes }) => read(changes))}::${raw(type)}[])[r.first:r.last] as ${raw(name)}`;
  });
  return sql`(
        select r.bucket, r.task_id, ${joinSql(arrays, ', ')}
          from unnest(${param(({ buckets }) => buckets)}::integer[], ${param(({ taskIds }) => taskIds)}::bigint[],
                      ${param(({ firsts }) => firsts)}::integer[], ${param(({ lasts }) => lasts)}::integer[])
               as r(bucket, task_id, first, last) ${which}
         where r.first between 1 and ${param(({ changes }) => changes.length)}::integer
        offset 0
      ) as x`;
}

/**
 * Fragment: whether the send `s` is of a person of the run `x`. The bounds say nothing new. They limit what a plan reads that
 * was made while a day's partition was empty, and looks for nothing but the bucket.
 */
export const isOfRun = sql`s.bucket = x.bucket and s.user_id = any(x.user_id)
         and s.user_id between x.user_id[1] and x.user_id[array_length(x.user_id, 1)]`;

/** Fragment: the value of a column of a run `x` for the send `s`. The ids of a run are in order, as `width_bucket` needs them. */
export function ofRun(name: ColumnName): Sql {
  return raw(`x.${name}[width_bucket(s.user_id, x.user_id)]`);
}

/** Fragment: sets these columns to their values in `x`. */
export function asGiven(...names: readonly ColumnName[]): Sql {
  return raw(names.map((name) => `${name} = x.${name}`).join(', '));
}

function numbers(type: string, read: (change: SendChange) => number): Column {
  return { type, read: (changes) => intArray(changes.map(read)) };
}

/** `unnest` pads with nulls, so an array without any text may be missing. */
function texts(type: string, read: (change: SendChange) => string | null | undefined): Column {
  return {
    type,
    read(changes) {
      const elements = changes.map((change) => read(change) ?? null);
      return elements.every((element) => element === null) ? null : textArray(elements);
    },
  };
}

function cleaned(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : plainText(text);
}

function devicesJson(devices: Verdict['devices']): string | null {
  return devices === undefined ? null : JSON.stringify(devices.map(cleanedDevice));
}

function extrasJson(extras: Verdict['extras']): string | null {
  if (extras === undefined) return null;
  return JSON.stringify(
    Object.fromEntries(Object.entries(extras).map(([key, value]) => [plainText(key), plainText(value)])),
  );
}

/** Longest text of an answer that `retried_after` keeps, in characters. */
const MOST_OF_ANSWER = 200;

/**
 * The answer after which a send is tried again, if the attempt counts. Of a push to several devices there is none: each
 * has answers of its own, in `devices`.
 */
function answerJson({ status, extraAttempts = 0, devices, providerCode, detail }: Verdict): string | null {
  if (status !== 'pending' || extraAttempts < 0 || !providerCode || (devices?.length ?? 0) > 1) return null;
  return JSON.stringify({
    code: plainText(providerCode),
    detail: cleaned(detail)?.slice(0, MOST_OF_ANSWER).toWellFormed() ?? null,
  });
}

function cleanedDevice(one: DeviceState): DeviceState {
  return { ...one, code: cleaned(one.code), ...(one.detail !== undefined && { detail: plainText(one.detail) }) };
}
