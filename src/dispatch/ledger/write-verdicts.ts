import type { Db } from '../../db/database.ts';
import { hotStatement, type Parameter } from '../../db/hot-statement.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { sendKey } from './send.ts';
import { asGiven, changedRows, type SendChange, sendKeyColumns } from './send-columns.ts';

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
  const isPlain = ({ verdict }: SendChange) =>
    verdict.status === 'sent' && !verdict.devices && !verdict.extraAttempts && !verdict.detail;
  const groups = Map.groupBy(results, (one) => (isPlain(one) ? `${one.send.dispatchId}/${one.send.channel}` : ''));
  const others = groups.get('') ?? [];
  groups.delete('');
  if (groups.size > FEW) return writeAll(db, results, now);
  const written: One[] = [];
  for (const group of groups.values()) written.push(...(await writeSent(db, group, now)));
  return others.length === 0 ? written : written.concat(await writeAll(db, others, now));
}

/** The key as `sendKey` writes it. */
const key = sql`s.dispatch_id || '/' || s.user_id || '/' || s.channel as key`;

interface Results {
  changes: readonly SendChange[];
  now: Date;
}

interface Group extends Results {
  dispatchId: string;
  channel: string;
}

/** The keys of the rows that were written, unless it was all of them. */
interface Written extends Record<string, unknown> {
  missing: boolean;
  keys: string[] | null;
}

/** Fragment: what was written. `written`: an update that returns `key`. */
function countingWritten<Given extends Results>(param: Parameter<Given>, written: Sql): Sql {
  return sql`
    with written as (${written}
    ), counted as (
      select count(*) < ${param(({ changes }) => changes.length)}::integer as missing, array_agg(key) as keys from written
    )
    select missing, case when missing then keys end as keys from counted`;
}

function whichWritten<One extends SendChange>(changes: readonly One[], [found]: Written[]): readonly One[] {
  if (found?.missing === false) return changes;
  const keys = new Set(found?.keys);
  return changes.filter(({ send }) => keys.has(sendKey(send)));
}

/** By far the most common case: sends of one dispatch and channel that were accepted, with nothing more to write. */
const recordSent = hotStatement<Group, Written>('record_sent', (param) =>
  countingWritten(
    param,
    sql`
    update sends s
       set status = 'sent', due_at = null, reason = null, detail = null, provider_code = null, devices = null,
           ${asGiven('provider_message_id')}, updated_at = ${param(({ now }) => now)}
      from ${changedRows(param, ['bucket', 'user_id', 'provider_message_id'])}
     where s.bucket = x.bucket and s.dispatch_id = ${param(({ dispatchId }) => dispatchId)} and s.user_id = x.user_id
       and s.channel = ${param(({ channel }) => channel)} and s.status = 'sending'
    returning ${key}`,
  ),
);

async function writeSent<One extends SendChange>(db: Db, changes: readonly One[], now: Date): Promise<readonly One[]> {
  const [first] = changes;
  if (first === undefined) return [];
  const { dispatchId, channel } = first.send;
  return whichWritten(changes, await recordSent(db, { changes, dispatchId, channel, now }));
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

/** Writes any verdicts, of any dispatches and channels. */
const recordVerdicts = hotStatement<Results, Written>('record_verdicts', (param) =>
  countingWritten(
    param,
    sql`
    update sends s
       set ${asGiven(...verdictColumns)},
           attempts = greatest(s.attempts + x.extra_attempts, 0), updated_at = ${param(({ now }) => now)}
      from ${changedRows(param, [...sendKeyColumns, ...verdictColumns, 'extra_attempts'])}
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'sending'
    returning ${key}`,
  ),
);

async function writeAll<One extends SendChange>(db: Db, changes: readonly One[], now: Date): Promise<One[]> {
  return [...whichWritten(changes, await recordVerdicts(db, { changes, now }))];
}
