import type { Db } from '../../db/database.ts';
import { hotStatement } from '../../db/hot-statement.ts';
import { sql } from '../../db/sql.ts';
import { asGiven, changedRows, type SendChange, sendKeyColumns } from './send-columns.ts';

/** Above this number of dispatches and channels at once, one statement for all costs less than one for each. */
const FEW = 4;

/** Writes the verdicts of sends that are `sending`. */
export async function writeVerdicts(db: Db, results: readonly SendChange[], now: Date): Promise<void> {
  const isPlain = ({ verdict }: SendChange) =>
    verdict.status === 'sent' && !verdict.devices && !verdict.extraAttempts && !verdict.detail;
  const groups = Map.groupBy(results, (one) => (isPlain(one) ? `${one.send.dispatchId}/${one.send.channel}` : ''));
  const others = groups.get('') ?? [];
  groups.delete('');
  if (groups.size > FEW) return writeAll(db, results, now);
  for (const group of groups.values()) await writeSent(db, group, now);
  if (others.length > 0) await writeAll(db, others, now);
}

interface Results {
  changes: readonly SendChange[];
  now: Date;
}

interface Group extends Results {
  dispatchId: string;
  channel: string;
}

/** By far the most common case: sends of one dispatch and channel that were accepted, with nothing more to write. */
const recordSent = hotStatement<Group, never>(
  'record_sent',
  (param) => sql`
    update sends s
       set status = 'sent', due_at = null, reason = null, detail = null, provider_code = null, devices = null,
           ${asGiven('provider_message_id')}, updated_at = ${param(({ now }) => now)}
      from ${changedRows(param, ['bucket', 'user_id', 'provider_message_id'])}
     where s.bucket = x.bucket and s.dispatch_id = ${param(({ dispatchId }) => dispatchId)} and s.user_id = x.user_id
       and s.channel = ${param(({ channel }) => channel)} and s.status = 'sending'`,
);

async function writeSent(db: Db, changes: readonly SendChange[], now: Date): Promise<void> {
  const [first] = changes;
  if (first === undefined) return;
  const { dispatchId, channel } = first.send;
  await recordSent(db, { changes, dispatchId, channel, now });
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
const recordVerdicts = hotStatement<Results, never>(
  'record_verdicts',
  (param) => sql`
    update sends s
       set ${asGiven(...verdictColumns)},
           attempts = greatest(s.attempts + x.extra_attempts, 0), updated_at = ${param(({ now }) => now)}
      from ${changedRows(param, [...sendKeyColumns, ...verdictColumns, 'extra_attempts'])}
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'sending'`,
);

async function writeAll(db: Db, changes: readonly SendChange[], now: Date): Promise<void> {
  await recordVerdicts(db, { changes, now });
}
