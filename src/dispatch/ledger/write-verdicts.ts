import { intArray, textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { PendingSend, Verdict } from './send.ts';

interface Settled {
  send: PendingSend;
  verdict: Verdict;
}

/** Above so many dispatches and channels in one group, one statement for all costs less than one for each. */
const FEW = 4;

/** Writes what came of sends that are `sending`. */
export async function writeVerdicts(db: Db, results: readonly Settled[], now: Date): Promise<void> {
  const isPlain = ({ verdict }: Settled) =>
    verdict.status === 'sent' && !verdict.devices && !verdict.extraAttempts && !verdict.detail;
  const groups = Map.groupBy(results, (one) => (isPlain(one) ? `${one.send.dispatchId}/${one.send.channel}` : ''));
  const others = groups.get('') ?? [];
  groups.delete('');
  if (groups.size > FEW) return writeAll(db, results, now);
  for (const group of groups.values()) await writeSent(db, group, now);
  if (others.length > 0) await writeAll(db, others, now);
}

/** The common case by far, of one dispatch and channel: taken over, and nothing more to say. */
async function writeSent(db: Db, results: readonly Settled[], now: Date): Promise<void> {
  const [first] = results;
  if (first === undefined) return;
  const { dispatchId, channel } = first.send;
  await db.prepared(
    'record_sent',
    sql`
    update sends s
       set status = 'sent', due_at = null, reason = null, detail = null, provider_code = null, devices = null,
           provider_message_id = x.provider_message_id, updated_at = ${now}
      from unnest(${intArray(results.map(({ send }) => send.bucket))}::integer[],
                  ${intArray(results.map(({ send }) => send.userId))}::bigint[],
                  ${textArray(results.map(({ verdict }) => plain(verdict.providerMessageId)))}::text[])
             as x(bucket, user_id, provider_message_id)
     where s.bucket = x.bucket and s.dispatch_id = ${dispatchId} and s.user_id = x.user_id and s.channel = ${channel}
       and s.status = 'sending'`,
  );
}

async function writeAll(db: Db, results: readonly Settled[], now: Date): Promise<void> {
  const sends = results.map(({ send }) => send);
  const verdicts = results.map(({ verdict }) => verdict);
  await db.prepared(
    'record_verdicts',
    sql`
    update sends s
       set status = x.status::send_status, due_at = x.due_at, reason = x.reason, detail = x.detail,
           provider_code = x.provider_code, provider_message_id = x.provider_message_id, devices = x.devices,
           attempts = greatest(s.attempts + x.extra_attempts, 0), updated_at = ${now}
      from unnest(${intArray(sends.map(({ bucket }) => bucket))}::integer[],
                  ${textArray(sends.map(({ dispatchId }) => dispatchId))}::uuid[],
                  ${intArray(sends.map(({ userId }) => userId))}::bigint[],
                  ${textArray(sends.map(({ channel }) => channel))}::text[],
                  ${textArray(verdicts.map(({ status }) => status))}::text[],
                  ${verdicts.map(({ dueAt }) => dueAt ?? null)}::timestamptz[],
                  ${textArray(verdicts.map(({ reason }) => reason ?? null))}::text[],
                  ${textArray(verdicts.map(({ detail }) => plain(detail)))}::text[],
                  ${textArray(verdicts.map(({ providerCode }) => plain(providerCode)))}::text[],
                  ${textArray(verdicts.map(({ providerMessageId }) => plain(providerMessageId)))}::text[],
                  ${textArray(verdicts.map(({ devices }) => json(devices)))}::jsonb[],
                  ${intArray(verdicts.map(({ extraAttempts }) => extraAttempts ?? 0))}::integer[])
             as x(bucket, dispatch_id, user_id, channel, status, due_at, reason, detail, provider_code,
                  provider_message_id, devices, extra_attempts)
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'sending'`,
  );
}

function json(devices: Verdict['devices']): string | null {
  return devices === undefined ? null : JSON.stringify(devices.map((one) => ({ ...one, code: plain(one.code) })));
}

/** What a provider said, in a form that PostgreSQL takes and a table shows. */
function plain(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  return text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 500);
}
