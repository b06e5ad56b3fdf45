import { intArray, textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { type SendKey, sendKey } from '../../dispatch/ledger/send.ts';
import type { FoundEvent } from '../found-event.ts';
import { AT_ONCE_MS, isTracked, judge, type OtherClick } from './judge.ts';

/** The events, with who it was that opened or clicked. Others than ours stay as their providers told them. */
export async function judgeEvents(tx: Db, found: readonly FoundEvent[]): Promise<FoundEvent[]> {
  const clicks = await clicksNear(
    tx,
    found.filter((one) => one.event.kind === 'clicked' && isTracked(one)),
  );
  return found.map((one) => {
    if (!isTracked(one)) return one;
    const { bot, why } = judge(one, clicks.get(one.event.send === null ? '' : sendKey(one.event.send)) ?? []);
    return { ...one, event: { ...one.event, bot, code: why } };
  });
}

/**
 * The clicks on links of the same messages at about the same time, applied or not, by `sendKey`. A click waits until all of
 * them have come. Their ids begin with the day of these events, so only the partitions of these days are asked.
 */
async function clicksNear(tx: Db, events: readonly FoundEvent[]): Promise<Map<string, OtherClick[]>> {
  const keys = new Map(events.flatMap(({ event: { send } }) => (send === null ? [] : [[sendKey(send), send]])));
  if (keys.size === 0) return new Map();
  const asked = [...keys.values()];
  const days = events.map(({ event: { id } }) => dayMs(id));
  const times = events.map(({ event: { occurredAt } }) => occurredAt.getTime());
  const rows = await tx.query<SendKey & { link: string | null; occurred_at: Date }>(sql`
    select e.dispatch_id as "dispatchId", e.bucket, e.user_id as "userId", e.channel, e.detail ->> 'link' as link, e.occurred_at
      from unnest(${textArray(asked.map(({ dispatchId }) => dispatchId))}::uuid[],
                  ${intArray(asked.map(({ bucket }) => bucket))}::integer[],
                  ${intArray(asked.map(({ userId }) => userId))}::bigint[]) as x(dispatch_id, bucket, user_id)
      join feedback_events e on e.dispatch_id = x.dispatch_id and e.bucket = x.bucket and e.user_id = x.user_id
     where e.kind = 'clicked' and e.provider = 'cresset'
       and e.id >= ${firstId(Math.min(...days))}::uuid and e.id < ${firstId(Math.max(...days) + DAY_MS)}::uuid
       and e.occurred_at between ${new Date(Math.min(...times) - AT_ONCE_MS)} and ${new Date(Math.max(...times) + AT_ONCE_MS)}`);
  const bySend = new Map<string, OtherClick[]>();
  for (const { link, occurred_at, ...key } of rows) {
    const click = { link: link ?? '', atMs: occurred_at.getTime() };
    bySend.set(sendKey(key), [...(bySend.get(sendKey(key)) ?? []), click]);
  }
  return bySend;
}

const DAY_MS = 86_400_000;

/** The day of an event's id, in milliseconds since 1970; see `stored-event.ts`. */
function dayMs(id: string): number {
  const ms = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function firstId(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
