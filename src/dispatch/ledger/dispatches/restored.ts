import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { DispatchState } from '../../plan/states.ts';
import { exactChannels } from '../stopped-sends.ts';

// What was not finished when a backup was made may have been sent since, by the server that it was made of. So nothing of it
// is sent by the server that was restored, unless an operator says so.

/** In `waits_for`: the dispatch waits for an operator's order. */
export const RESTORED = 'restored';

const unfinished = ['scheduled', 'accepted', 'sending', 'paused'] satisfies DispatchState[];

/**
 * Gives the sends a word that a worker had in hand at the moment of the backup: most were delivered a moment later. Returns
 * how many are `unknown` now.
 */
export async function doubtSends(tx: Db, takenAt: Date, now: Date): Promise<number> {
  const isExact = sql`channel = any(${exactChannels}::text[])`;
  const rows = await tx.query<{ status: string }>(sql`
    update sends
       set status = case when ${isExact} then 'pending' else stopped_status(devices, 'unknown') end,
           updated_at = ${now},
           reason = case when not ${isExact} and stopped_status(devices, 'unknown') = 'unknown' then 'unknown' end,
           detail = case when ${isExact} then 'it was not stored when the backup was made'
                         else ${`a worker had it in hand at ${takenAt.toISOString()}, when the backup was made that this database was restored from; it may have gone out`} end
     where status = 'sending'
    returning status`);
  return rows.filter(({ status }) => status === 'unknown').length;
}

/** The ids of the dispatches that are not over. */
export async function listUnfinished(tx: Db): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(sql`
    select id from dispatches where state = any(${unfinished}::text[]) order by id`);
  return rows.map(({ id }) => id);
}

export interface Unfinished {
  id: string;
  /** Number of its tasks that were deleted in the same transaction. */
  endedTasks: number;
}

/** Pauses dispatches until an operator resumes or cancels them. Those that were paused stay so, and say it too. */
export async function pauseUnfinished(tx: Db, dispatches: readonly Unfinished[], takenAt: Date): Promise<void> {
  const said = `restored from a backup of ${takenAt.toISOString()}: what was pending then may have been sent since; resume sends it now, cancel gives it up`;
  await tx.run(sql`
    update dispatches d
       set state = 'paused', open_tasks = d.open_tasks - x.ended, waits_for = array[${RESTORED}::text],
           failure = case when d.state = 'paused' then concat_ws('. Before that: ', ${said}::text, d.failure) else ${said} end
      from unnest(${dispatches.map(({ id }) => id)}::uuid[], ${dispatches.map(({ endedTasks }) => endedTasks)}::integer[])
             as x(id, ended)
     where d.id = x.id`);
}

/** The dispatches of a workspace that wait for an order since a backup was restored. */
export interface RestoredWait {
  dispatches: number;
  /** The people of those that have been expanded so far. null: none has been. */
  people: number | null;
  /** Whether all have been expanded, so that these are all people. */
  isAll: boolean;
  /** What one of them says. */
  said: string;
}

/** null: there are none. */
export async function countRestored(db: Db, workspaceId: number): Promise<RestoredWait | null> {
  const found = await db.one<Omit<RestoredWait, 'said'> & { said: string | null }>(sql`
    select count(*) as dispatches, sum(targeted)::bigint as people, bool_and(targeted is not null) as "isAll",
           min(failure) as said
      from dispatches
     where workspace_id = ${workspaceId} and 'restored' = any (waits_for) and state = 'paused'`);
  return found.said === null ? null : { ...found, said: found.said };
}

/** One sentence for operators. */
export function restoredProblem({ dispatches, people, isAll, said }: RestoredWait): string {
  const [what, them] = dispatches === 1 ? ['1 dispatch is', 'it'] : [`${dispatches} dispatches are`, 'each'];
  const whom = people === null ? '' : `${isAll ? '' : 'at least '}${people === 1 ? '1 person' : `${people} people`}; `;
  return `${what} paused since this database was restored (${whom}GET /dispatches?state=paused lists them); resume or cancel ${them}: ${said}`;
}
