import type { Db } from '../../../db/database.ts';
import { plainText } from '../../../db/plain-text.ts';
import { readableJson } from '../../../db/readable-json.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import type { SendPlan } from '../../plan/send-plan.ts';
import type { DispatchState } from '../../plan/states.ts';

/**
 * Fragment: writes accepted dispatches, each with one open task. `rows` has id, workspace_id, api_key_id, request_id,
 * lane, request, campaign_id, segment_id, send_id and trace.
 */
export function insertDispatches(rows: Sql, acceptedAt: Date): Sql {
  return sql`
      insert into dispatches (id, workspace_id, accepted_at, api_key_id, request_id, lane, state, request, campaign_id,
                              segment_id, send_id, open_tasks, trace)
      select id, workspace_id, ${acceptedAt}, api_key_id, request_id, lane, 'accepted', request::json, campaign_id, segment_id, send_id, 1, trace
        from ${rows}`;
}

/** A dispatch that names people, once its recipients are known. */
export interface Opening {
  id: string;
  targeted: number;
  /** The named people who are not recipients, as JSON. */
  refusals: string;
}

/** Fragment: opens the dispatches that are still `accepted`, and returns the id of each. */
export function openDispatches(openings: readonly Opening[]): Sql {
  return sql`
      update dispatches d
         set state = 'sending', targeted = x.targeted, refusals = x.refusals::json
        from json_to_recordset(${JSON.stringify(openings)}::json) as x(id uuid, targeted integer, refusals text)
       where d.id = x.id and d.state = 'accepted'
      returning d.id`;
}

/** The progress of a broadcast's audience after one more piece. */
export interface Progress {
  dispatchId: string;
  /** The state of the dispatch when the piece began. */
  state: DispatchState;
  /** Number of people in the piece. */
  people: number;
  /** The last user id of the audience. null: it is a list. */
  audienceEnd: number | null;
  isLast: boolean;
  /** Number of tasks added with the piece. */
  newTasks: number;
}

/** Stores progress. The last piece ends its own task, too. False: the state has changed, and nothing was stored. */
export async function noteProgress(tx: Db, progress: Progress, now: Date): Promise<boolean> {
  const { dispatchId, state, people, audienceEnd, isLast, newTasks } = progress;
  const opened = state === 'accepted' ? 'sending' : state;
  const openTasks = sql`open_tasks + ${newTasks - (isLast ? 1 : 0)}::integer`;
  const isOver = sql`${opened} = 'sending' and ${openTasks} = 0`;
  const noted = await tx.run(sql`
    update dispatches
       set targeted = coalesce(targeted, 0) + ${people},
           audience_end = ${audienceEnd}::bigint,
           expanded_at = ${isLast ? now : null},
           open_tasks = ${openTasks},
           state = case when ${isOver} then 'finished' else ${opened} end,
           finished_at = case when ${isOver} then ${now}::timestamptz end
     where id = ${dispatchId} and state = ${state}`);
  return noted > 0;
}

/**
 * Fragment: counts tasks as ended. The last one finishes its dispatch. `ended`: a table with the dispatch_id of each.
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

/** Stores what went wrong with a dispatch, which continues. */
export async function noteFailure(tx: Db, dispatchId: string, failure: string): Promise<void> {
  await tx.run(sql`
    update dispatches
       set failure = ${plainText(failure)}, waits_for = null
     where id = ${dispatchId}`);
}

/** How the sends of a dispatch are delivered, read without loading its plan. */
export async function deliveryOf(db: Db, dispatchId: string): Promise<SendPlan['delivery']> {
  const { delivery } = await db.one<{ delivery: SendPlan['delivery'] }>(sql`
    select (${readableJson(sql`request`)}) ->> 'delivery' as delivery from dispatches where id = ${dispatchId}`);
  return delivery;
}

/** Stores what a dispatch waits for, and why. `waitsFor`: see `waitFor` in `pauses/subject.ts`. */
export async function noteWait(
  db: Db,
  dispatchId: string,
  { waitsFor, failure }: { waitsFor: readonly string[]; failure: string },
): Promise<void> {
  const said = failure.slice(0, 500);
  await db.run(sql`
    update dispatches
       set failure = ${said}, waits_for = ${waitsFor}::text[]
     where id = ${dispatchId} and (failure is distinct from ${said} or waits_for is distinct from ${waitsFor}::text[])`);
}

/**
 * Ends the waits for an app or for relays that work again, in all dispatches of its workspace. What a dispatch says goes
 * with its last wait; until then its next round says it anew.
 */
export async function endWaits(tx: Db, workspaceId: number, waitsFor: string): Promise<void> {
  await tx.run(sql`
    update dispatches
       set failure = case when cardinality(waits_for) > 1 then failure end,
           waits_for = nullif(array_remove(waits_for, ${waitsFor}), '{}')
     where workspace_id = ${workspaceId} and state in ('accepted', 'sending') and ${waitsFor} = any(waits_for)`);
}

/** How much later than planned a schedule may have fired, or its people may have their times, in milliseconds. */
const LATE_MS = 30 * 86_400_000;

/** The dispatches of a workspace that were accepted, or fired, after an instant and whose sends may be tried. */
export async function listLive(db: Db, workspaceId: number, acceptedAfter: Date): Promise<string[]> {
  const firesAfter = new Date(acceptedAfter.getTime() - LATE_MS);
  const rows = await db.query<{ id: string }>(sql`
    select id
      from dispatches
     where workspace_id = ${workspaceId} and state in ('accepted', 'sending')
       and (accepted_at > ${acceptedAfter} or (fires_at is not null and fires_at > ${firesAfter}))`);
  return rows.map(({ id }) => id);
}

/**
 * Stores the counts of a dispatch unless its state has changed. Final counts are stored only once all tasks have ended.
 */
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
