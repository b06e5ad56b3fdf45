import type { Db } from '../../db/database.ts';
import { hotStatement, type Parameter } from '../../db/hot-statement.ts';
import { raw, type Sql, sql } from '../../db/sql.ts';
import { type PendingSend, sendKey } from './send.ts';
import {
  asGiven,
  changedRows,
  changedRuns,
  inRuns,
  isOfRun,
  ofRun,
  type Runs,
  type SendChange,
  sendKeyColumns,
} from './send-columns.ts';

/** Above this number of dispatches and channels at once, one statement for all costs less than one for each. */
const FEW = 4;

/**
 * Writes the verdicts of sends that are `sending`. Returns those that it wrote: another worker may have resolved a send
 * meanwhile.
 */
export async function writeVerdicts<One extends SendChange>(
  db: Db,
  results: readonly One[],
  now: Date,
): Promise<One[]> {
  const isPlain = ({ verdict }: SendChange) => verdict.status === 'sent' && !verdict.devices && !verdict.extraAttempts;
  const groups = Map.groupBy(results, (one) => (isPlain(one) ? `${one.send.dispatchId}/${one.send.channel}` : ''));
  const others = groups.get('') ?? [];
  groups.delete('');
  if (groups.size > FEW) return writeAll(db, results, now);
  const written: One[] = [];
  for (const group of groups.values()) written.push(...(await writeSent(db, group, now)));
  return others.length === 0 ? written : written.concat(await writeAll(db, others, now));
}

interface Group extends Runs {
  now: Date;
  dispatchId: string;
  channel: string;
}

/** The ids of the rows that were written, unless it was all of them. */
interface Written extends Record<string, unknown> {
  missing: boolean;
  ids: string[] | null;
}

/** Fragment: what was written. `written`: an update that returns `id`. */
function countingWritten<Given extends Pick<Runs, 'changes'>>(param: Parameter<Given>, written: Sql): Sql {
  return sql`
    with written as (${written}
    ), counted as (
      select count(*) < ${param(({ changes }) => changes.length)}::integer as missing, array_agg(id) as ids from written
    )
    select missing, case when missing then ids end as ids from counted`;
}

/** `idOf`: the `id` of a change. */
function whichWritten<One extends SendChange>(
  changes: readonly One[],
  [found]: Written[],
  idOf: (send: PendingSend) => string,
): readonly One[] {
  if (found?.missing === false) return changes;
  const ids = new Set(found?.ids);
  return changes.filter(({ send }) => ids.has(idOf(send)));
}

/** By far the most common case: sends of one dispatch and channel that were accepted. A text has its segments as its detail. */
const recordSent = hotStatement<Group, Written>('record_sent', (param) =>
  countingWritten(
    param,
    sql`
    update sends s
       set status = 'sent', due_at = null, reason = null, provider_code = null, devices = null,
           detail = ${ofRun('detail')}, provider_message_id = ${ofRun('provider_message_id')},
           updated_at = ${param(({ now }) => now)}
      from ${changedRuns(param, ['detail', 'provider_message_id'])}
     where ${isOfRun} and s.dispatch_id = ${param(({ dispatchId }) => dispatchId)}
       and s.channel = ${param(({ channel }) => channel)} and s.status = 'sending'
    returning s.user_id as id`,
  ),
);

async function writeSent<One extends SendChange>(db: Db, changes: readonly One[], now: Date): Promise<readonly One[]> {
  const [first] = changes;
  if (first === undefined) return [];
  const { dispatchId, channel } = first.send;
  const found = await recordSent(db, { ...inRuns(changes), dispatchId, channel, now });
  return whichWritten(changes, found, ({ userId }) => String(userId)); // a bigint inside an array comes as text
}

const verdictColumns = [
  'status',
  'due_at',
  'reason',
  'detail',
  'provider_code',
  'provider_message_id',
  'devices',
] as const;

interface Results {
  changes: readonly SendChange[];
  now: Date;
}

/** Number of answers that `retried_after` keeps of a send. */
const MOST_ANSWERS = 5;

/** Fragment: `retried_after` of the send `s` with the answer of `x`, if it has one. The oldest ones are dropped. */
function withAnswer(now: unknown): Sql {
  const all = sql`coalesce(s.retried_after, '[]') || jsonb_build_array(x.answer || jsonb_build_object('at', ${now}::text))`;
  const last = raw(`'$[last - ${MOST_ANSWERS - 1} to last]'`);
  return sql`case when x.answer is null then s.retried_after else jsonb_path_query_array(${all}, ${last}) end`;
}

/** Writes any verdicts, of any dispatches and channels. A success that is not written here leaves `retried_after` as it is. */
const recordVerdicts = hotStatement<Results, Written>('record_verdicts', (param) =>
  countingWritten(
    param,
    sql`
    update sends s
       set ${asGiven(...verdictColumns)},
           attempts = greatest(s.attempts + x.extra_attempts, 0), updated_at = ${param(({ now }) => now)},
           retried_after = ${withAnswer(param(({ now }) => now.toISOString()))}
      from ${changedRows(param, [...sendKeyColumns, ...verdictColumns, 'answer', 'extra_attempts'])}
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'sending'
    returning s.dispatch_id || '/' || s.user_id || '/' || s.channel as id`, // as `sendKey` writes it
  ),
);

async function writeAll<One extends SendChange>(db: Db, changes: readonly One[], now: Date): Promise<One[]> {
  return [...whichWritten(changes, await recordVerdicts(db, { changes, now }), sendKey)];
}
