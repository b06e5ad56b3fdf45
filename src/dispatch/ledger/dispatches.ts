import type { Db } from '../../db/database.ts';
import { plainText } from '../../db/plain-text.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { DispatchState } from '../plan/states.ts';

/**
 * Fragment: writes accepted dispatches, each with one task to come. `rows` has id, workspace_id, api_key_id, request_id, lane,
 * request, campaign_id and send_id.
 */
export function insertDispatches(rows: Sql, acceptedAt: Date): Sql {
  return sql`
      insert into dispatches (id, workspace_id, accepted_at, api_key_id, request_id, lane, state, request, campaign_id,
                              send_id, open_tasks)
      select id, workspace_id, ${acceptedAt}, api_key_id, request_id, lane, 'accepted', request::json, campaign_id, send_id, 1
        from ${rows}`;
}

/** A dispatch that names people, once it is known who of them is targeted. */
export interface Opening {
  id: string;
  targeted: number;
  /** Those who are not, as JSON. */
  refusals: string;
}

/** Fragment: opens those of the dispatches that are still `accepted`, and returns the id of each. */
export function openDispatches(openings: readonly Opening[]): Sql {
  return sql`
      update dispatches d
         set state = 'sending', targeted = x.targeted, refusals = x.refusals::json
        from json_to_recordset(${JSON.stringify(openings)}::json) as x(id uuid, targeted integer, refusals text)
       where d.id = x.id and d.state = 'accepted'
      returning d.id`;
}

/** How far a broadcast's audience is written after one more piece. */
export interface Progress {
  dispatchId: string;
  /** The state in which the piece was begun. */
  state: DispatchState;
  /** People of the piece. */
  people: number;
  /** The last user id of the audience. */
  audienceEnd: number;
  isLast: boolean;
  /** Tasks that came with the piece. */
  newTasks: number;
}

/** The last piece's own task counts as ended. False when the dispatch is in another state by now: nothing is noted. */
export async function noteProgress(tx: Db, progress: Progress, now: Date): Promise<boolean> {
  const { dispatchId, state, people, audienceEnd, isLast, newTasks } = progress;
  const opened = state === 'accepted' ? 'sending' : state;
  const openTasks = sql`open_tasks + ${newTasks - (isLast ? 1 : 0)}::integer`;
  const isOver = sql`${opened} = 'sending' and ${openTasks} = 0`;
  const noted = await tx.run(sql`
    update dispatches
       set targeted = coalesce(targeted, 0) + ${people},
           audience_end = ${audienceEnd},
           expanded_at = ${isLast ? now : null},
           open_tasks = ${openTasks},
           state = case when ${isOver} then 'finished' else ${opened} end,
           finished_at = case when ${isOver} then ${now}::timestamptz end
     where id = ${dispatchId} and state = ${state}`);
  return noted > 0;
}

/**
 * Fragment: counts tasks as ended; the last one finishes its dispatch. `ended` is a table with the dispatch_id of each.
 */
export function countEndedTasks(ended: Sql, now: Date): Sql {
  return sql`
    update dispatches d
       set open_tasks = d.open_tasks - g.gone,
           state = case when d.open_tasks = g.gone and d.state = 'sending' then 'finished' else d.state end,
           finished_at = case when d.open_tasks = g.gone and d.state = 'sending' then ${now}::timestamptz
                              else d.finished_at end
      from (select dispatch_id, count(*)::integer as gone from ${ended} group by dispatch_id) as g
     where d.id = g.dispatch_id`;
}

export async function addOpenTasks(tx: Db, dispatchId: string, count: number): Promise<void> {
  await tx.run(sql`update dispatches set open_tasks = open_tasks + ${count}::integer where id = ${dispatchId}`);
}

/** The dispatch says what went wrong; it goes on. */
export async function noteFailure(tx: Db, dispatchId: string, failure: string): Promise<void> {
  await tx.run(sql`
    update dispatches
       set failure = ${plainText(failure)}, waits_for_app = null
     where id = ${dispatchId}`);
}

/** The dispatch says for which app it waits, and why. */
export async function noteWait(
  db: Db,
  dispatchId: string,
  { appId, failure }: { appId: string; failure: string },
): Promise<void> {
  const said = failure.slice(0, 500);
  await db.run(sql`
    update dispatches
       set failure = ${said}, waits_for_app = ${appId}
     where id = ${dispatchId} and (failure is distinct from ${said} or waits_for_app is distinct from ${appId})`);
}

/** An app goes on: no dispatch of its workspace waits for it any more. */
export async function endWaits(tx: Db, workspaceId: number, appId: string): Promise<void> {
  await tx.run(sql`
    update dispatches
       set failure = null, waits_for_app = null
     where workspace_id = ${workspaceId} and state in ('accepted', 'sending') and waits_for_app = ${appId}`);
}

/** The dispatches of a workspace whose sends may be tried, of those accepted after an instant. */
export async function listLive(db: Db, workspaceId: number, acceptedAfter: Date): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    select id
      from dispatches
     where workspace_id = ${workspaceId} and state in ('accepted', 'sending') and accepted_at > ${acceptedAfter}`);
  return rows.map(({ id }) => id);
}

/** Keeps what was counted of a dispatch's sends, unless it is in another state by now; final counts only once it has ended. */
export async function keepCounts(
  db: Db,
  { id, state }: { id: string; state: DispatchState },
  counts: { isFinal: boolean },
): Promise<void> {
  await db.run(sql`
    update dispatches
       set counts = ${JSON.stringify(counts)}::jsonb
     where id = ${id} and state = ${state} and (open_tasks = 0 or not ${counts.isFinal}::boolean)`);
}
