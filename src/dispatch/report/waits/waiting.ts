import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';

/** What waits for one app, one subscription group or the relays. */
export interface WaitingFor {
  dispatches: number;
  /** All people of these dispatches, also those who have their message. */
  people: number;
}

/** Tasks that are looked at. A report must not cost more when more waits. */
const MOST_TASKS = 2_000;

/** Counts the unfinished dispatches of a workspace by what they wait for (`waitFor` in `pauses/subject.ts`). */
export async function countWaiting(
  db: Db,
  workspaceId: number,
): Promise<{ waiting: ReadonlyMap<string, WaitingFor>; isAll: boolean }> {
  const rows = await db.query<{ what: string | null; dispatches: number; people: number; looked: number }>(sql`
    with looked as materialized (select dispatch_id from tasks limit ${MOST_TASKS})
    select w.what, count(d.id) as dispatches, coalesce(sum(d.targeted), 0)::bigint as people,
           (select count(*) from looked) as looked
      from (select) as always
      left join dispatches d
             on d.id in (select dispatch_id from looked) and d.workspace_id = ${workspaceId} and d.waits_for is not null
                and d.state in ('accepted', 'sending')
      left join unnest(d.waits_for) as w(what) on true
     group by w.what`);
  const waiting = rows.flatMap(({ what, dispatches, people }) =>
    what === null ? [] : [[what, { dispatches, people }] as const],
  );
  return { waiting: new Map(waiting), isAll: (rows[0]?.looked ?? 0) < MOST_TASKS };
}

/** Whether a workspace has work that is not over. Schedules that are not due are none. */
export async function hasTasks(db: Db, workspaceId: number): Promise<boolean> {
  const { found } = await db.one<{ found: boolean }>(sql`
    select exists (select from tasks where workspace_id = ${workspaceId} and kind <> 'fire') as found`);
  return found;
}
