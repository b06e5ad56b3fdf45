import type { Db } from '../../db/database.ts';
import { hotStatement, type Parameter } from '../../db/hot-statement.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { type SendKey, sendKey } from './send.ts';
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
 * Writes the decisions of gates and rendering: `sending` for sends to try now, `pending` for later ones, else the final
 * verdict. It writes only sends that are still pending and whose task this worker still holds and nobody has stopped.
 * Returns those.
 */
export async function decideSends<One extends SendChange>(
  db: Db,
  { worker, now, decided }: { worker: string; now: Date; decided: readonly One[] },
): Promise<One[]> {
  const groups = Map.groupBy(decided, ({ send, verdict }) =>
    verdict.status === 'sending' && verdict.scheduledAt === undefined ? `${send.dispatchId}/${send.channel}` : '',
  );
  const others = groups.get('') ?? [];
  groups.delete('');
  if (groups.size > FEW) return writeDecisions(db, { worker, now, changes: decided });
  const written: One[] = [];
  for (const group of groups.values()) written.push(...(await beginSends(db, { worker, now, changes: group })));
  return others.length === 0 ? written : written.concat(await writeDecisions(db, { worker, now, changes: others }));
}

interface Decided<One extends SendChange = SendChange> {
  worker: string;
  now: Date;
  changes: readonly One[];
}

interface Group extends Runs {
  worker: string;
  now: Date;
  dispatchId: string;
  channel: string;
}

/** By far the most common case: sends of one dispatch and channel that are tried now. */
const begin = hotStatement<Group, { missing: boolean; ids: string[] | null }>(
  'begin_sends',
  (param) => sql`
    with begun as (
      update sends s
         set status = 'sending', attempts = s.attempts + 1, due_at = null, reason = null, detail = null,
             address = ${ofRun('address')}, task_id = x.task_id, extras = coalesce(${ofRun('extras')}, s.extras),
             updated_at = ${param(({ now }) => now)}
        from ${changedRuns(param, ['address', 'extras'], heldBy(param))}
       where ${isOfRun} and s.dispatch_id = ${param(({ dispatchId }) => dispatchId)}
         and s.channel = ${param(({ channel }) => channel)} and s.status = 'pending'
      returning s.user_id
    ), counted as (
      select count(*) < ${param(({ changes }) => changes.length)}::integer as missing, array_agg(user_id) as ids from begun
    )
    select missing, case when missing then ids end as ids from counted`,
);

/** Fragment: the runs `r` whose task its worker still holds, and nobody has stopped. */
function heldBy(param: Parameter<Group>): Sql {
  return sql`
          join tasks t on t.id = r.task_id and t.worker = ${param(({ worker }) => worker)} and t.kind = 'drain'`;
}

async function beginSends<One extends SendChange>(
  db: Db,
  { worker, now, changes }: Decided<One>,
): Promise<readonly One[]> {
  const [first] = changes;
  if (first === undefined) return [];
  const { dispatchId, channel } = first.send;
  const [begun] = await begin(db, { ...inRuns(changes), worker, now, dispatchId, channel });
  if (begun?.missing === false) return changes;
  const ids = new Set(begun?.ids?.map(Number)); // a bigint inside an array comes as text
  return changes.filter(({ send }) => ids.has(send.userId));
}

const decided = ['status', 'due_at', 'reason', 'detail', 'address', 'task_id'] as const;

/** The columns that keep their value unless the decision brings another. */
const kept = ['provider_code', 'provider_message_id', 'devices', 'scheduled_at', 'content_tries', 'extras'] as const;

/** Writes any decisions, of any dispatches and channels. Keeps the provider's answer to an earlier attempt. */
const decide = hotStatement<Decided, SendKey & Record<string, unknown>>(
  'decide_sends',
  (param) => sql`
    update sends s
       set ${asGiven(...decided)},
           attempts = s.attempts + (x.status = 'sending')::integer, updated_at = ${param(({ now }) => now)},
           provider_code = coalesce(x.provider_code, s.provider_code),
           provider_message_id = coalesce(x.provider_message_id, s.provider_message_id),
           devices = coalesce(x.devices, s.devices), scheduled_at = coalesce(x.scheduled_at, s.scheduled_at),
           content_tries = coalesce(x.content_tries, s.content_tries), extras = coalesce(x.extras, s.extras)
      from ${changedRows(param, [...sendKeyColumns, ...decided, ...kept])}
      join tasks t on t.id = x.task_id and t.worker = ${param(({ worker }) => worker)} and t.kind = 'drain'
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'pending'
    returning s.bucket, s.dispatch_id as "dispatchId", s.user_id as "userId", s.channel`,
);

async function writeDecisions<One extends SendChange>(db: Db, decided: Decided<One>): Promise<One[]> {
  if (decided.changes.length === 0) return [];
  const written = new Set((await decide(db, decided)).map(sendKey));
  return decided.changes.filter(({ send }) => written.has(sendKey(send)));
}
