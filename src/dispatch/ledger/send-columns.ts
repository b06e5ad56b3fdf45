import { intArray, textArray } from '../../db/array-text.ts';
import type { Parameter } from '../../db/hot-statement.ts';
import { plainText } from '../../db/plain-text.ts';
import { joinSql, raw, type Sql, sql } from '../../db/sql.ts';
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
  read(changes: readonly SendChange[]): string;
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

/** Fragment: sets these columns to their values in `x`. */
export function asGiven(...names: readonly ColumnName[]): Sql {
  return raw(names.map((name) => `${name} = x.${name}`).join(', '));
}

function numbers(type: string, read: (change: SendChange) => number): Column {
  return { type, read: (changes) => intArray(changes.map(read)) };
}

/** `unnest` pads with nulls, so an array without any text may be shorter than the others. */
function texts(type: string, read: (change: SendChange) => string | null | undefined): Column {
  return {
    type,
    read(changes) {
      const elements = changes.map((change) => read(change) ?? null);
      return elements.every((element) => element === null) ? '{}' : textArray(elements);
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

function cleanedDevice(one: DeviceState): DeviceState {
  return { ...one, code: cleaned(one.code), ...(one.detail !== undefined && { detail: plainText(one.detail) }) };
}
