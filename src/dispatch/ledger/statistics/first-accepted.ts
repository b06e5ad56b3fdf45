import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { sql } from '../../../db/sql.ts';
import type { CampaignPart } from '../../plan/loaded-dispatch.ts';
import type { PendingSend } from '../send.ts';

interface Accepted {
  send: PendingSend;
  part: CampaignPart;
}

/**
 * Of sends that a provider has just accepted, those that are the first of their dispatch for their person. The verdicts are
 * written. A task's sends are recorded by one process, one group after the other, so nobody is first twice.
 */
export async function firstAccepted<One extends Accepted>(tx: Db, accepted: readonly One[]): Promise<ReadonlySet<One>> {
  // With a single channel, every send is the first.
  const unsure = accepted.filter(({ part }) => !part.isOnlyChannel);
  if (unsure.length === 0) return new Set(accepted);
  const people = [...Map.groupBy(unsure, ({ send }) => `${send.dispatchId}/${send.userId}`).values()];
  const first = people.map(([one]) => one).filter((one) => one !== undefined);
  const rows = await countAccepted(tx, { sends: first.map(({ send }) => send) });
  const counts = new Map(rows.map(({ dispatch_id, user_id, count }) => [`${dispatch_id}/${user_id}`, count]));
  const again = new Set<One>(
    people.flatMap((ones) => {
      const [{ send } = { send: null }] = ones;
      const all = send === null ? 0 : (counts.get(`${send.dispatchId}/${send.userId}`) ?? 0);
      return all > ones.length ? ones : ones.slice(1);
    }),
  );
  return new Set(accepted.filter((one) => !again.has(one)));
}

interface Asked {
  sends: readonly PendingSend[];
}

/** Counts the channels on which each person has a message of each dispatch. */
const countAccepted = hotStatement<Asked, { dispatch_id: string; user_id: number; count: number }>(
  'count_accepted',
  (param) => sql`
    select s.dispatch_id, s.user_id, count(*) as count
      from unnest(${param(({ sends }) => intArray(sends.map(({ bucket }) => bucket)))}::integer[],
                  ${param(({ sends }) => textArray(sends.map(({ dispatchId }) => dispatchId)))}::uuid[],
                  ${param(({ sends }) => intArray(sends.map(({ userId }) => userId)))}::bigint[])
        as x(bucket, dispatch_id, user_id)
      join sends s on s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id
     where s.bucket = any(${param(({ sends }) => intArray([...new Set(sends.map(({ bucket }) => bucket))]))}::integer[])
       and accepted_devices(s.status, s.devices) > 0
     group by s.dispatch_id, s.user_id`,
);
