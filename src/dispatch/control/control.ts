import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';
import { ONE_TASK } from '../expand/pieces.ts';
import { filterFor, type ReplayFilter, type ReplayRequest } from '../plan/replay-filter.ts';
import { lanes } from '../plan/send-plan.ts';
import { type DispatchState, statesBefore } from '../plan/states.ts';

/** What an operator does to a dispatch, as src/dispatch/plan/states.ts draws it. */
export interface Control {
  db: Database;
  dispatchId: string;
  now: Date;
}

/** Where a dispatch is after a transition, and in which lane it has work. */
export interface Moved {
  state: DispatchState;
  lane: number;
}

/** Nothing new is tried until it is resumed. Throws RequestError `wrong_state`. */
export function pauseDispatch(control: Control): Promise<Moved> {
  const from = statesBefore('paused');
  return transition(control, from, async (tx) => {
    const gone = await stopTasks(tx, control.dispatchId);
    return tx.maybeOne<MovedRow>(sql`
      update dispatches
         set state = 'paused', open_tasks = open_tasks - ${gone}::integer
       where id = ${control.dispatchId} and state = any(${from}::text[])
      returning state, lane`);
  });
}

/** What is pending counts as cancelled from now on; what is being sent right now is sent. Throws `wrong_state`. */
export function cancelDispatch(control: Control): Promise<Moved> {
  const from = statesBefore('cancelled');
  return transition(control, from, async (tx) => {
    const gone = await stopTasks(tx, control.dispatchId);
    return tx.maybeOne<MovedRow>(sql`
      update dispatches
         set state = 'cancelled', cancelled_at = ${control.now}, open_tasks = open_tasks - ${gone}::integer
       where id = ${control.dispatchId} and state = any(${from}::text[])
      returning state, lane`);
  });
}

/** Goes on where it was paused. Throws `wrong_state`. */
export function resumeDispatch(control: Control): Promise<Moved> {
  return transition(control, ['paused'], async (tx) => {
    const moved = await tx.maybeOne<OpenedRow>(sql`
      update dispatches
         set state = case when targeted is null then 'accepted' else 'sending' end
       where id = ${control.dispatchId} and state = 'paused'
      returning state, lane, targeted, workspace_id`);
    if (moved !== null) await startTasks(tx, moved, control);
    return moved;
  });
}

/**
 * Tries again what `request` names of a dispatch that is over. Its rows are put in order bucket by bucket, by the tasks
 * that then drain them. Throws `wrong_state`, also where people of a cancelled broadcast have no rows yet and not all of
 * them are meant: those without would look like those who are.
 */
export function replayDispatch(control: Control, request: ReplayRequest): Promise<Moved> {
  const { dispatchId, now } = control;
  return transition(control, ['finished', 'cancelled'], async (tx) => {
    const { state, is_complete } = await tx.one<{ state: DispatchState; is_complete: boolean }>(sql`
      select state, targeted is not null and (lane = ${lanes.named} or expanded_at is not null) as is_complete
        from dispatches
       where id = ${dispatchId}
         for update`);
    const filter = filterFor(state, request);
    if (state === 'cancelled' && !is_complete && !meansAllCancelled(filter)) {
      const problem = 'its people are still being written down; try again, or replay all that was cancelled';
      throw new RequestError('wrong_state', [problem], 1);
    }
    const moved = await tx.maybeOne<OpenedRow>(sql`
      update dispatches
         set state = case when targeted is null then 'accepted' else 'sending' end,
             replay = ${JSON.stringify(filter)}, replayed_at = ${now},
             finished_at = null, cancelled_at = null, counts = null
       where id = ${dispatchId} and state in ('finished', 'cancelled')
      returning state, lane, targeted, workspace_id`);
    if (moved !== null) await startTasks(tx, moved, control);
    return moved;
  });
}

function meansAllCancelled({ statuses, channels, codes }: ReplayFilter): boolean {
  return statuses.includes('cancelled') && channels === null && codes === null;
}

interface MovedRow extends Record<string, unknown>, Moved {}

interface OpenedRow extends MovedRow {
  targeted: number | null;
  workspace_id: number;
}

async function transition(
  { db, dispatchId }: Control,
  from: readonly DispatchState[],
  move: (tx: Db) => Promise<MovedRow | null>,
): Promise<Moved> {
  return retry('dispatches', () =>
    db.transaction(async (tx) => {
      const moved = await move(tx);
      if (moved !== null) return { state: moved.state, lane: moved.lane };
      const { state } = await tx.one<{ state: string }>(sql`select state from dispatches where id = ${dispatchId}`);
      throw new RequestError('wrong_state', [`the dispatch is ${state}; expected ${from.join(' or ')}`]);
    }),
  );
}

/**
 * Takes the free tasks away. Those that somebody holds stay until their holder is done with what it has in hand, but are
 * good for nothing new. How many are gone.
 */
async function stopTasks(tx: Db, dispatchId: string): Promise<number> {
  const tasks = await tx.query<{ id: number; is_free: boolean }>(sql`
    select id, leased_until is null as is_free
      from tasks
     where dispatch_id = ${dispatchId} and kind <> 'expand'
     order by id
       for update`);
  const ids = (isFree: boolean) => tasks.filter(({ is_free }) => is_free === isFree).map(({ id }) => id);
  await tx.run(sql`update tasks set kind = 'revive' where id = any(${ids(false)}::bigint[])`);
  return tx.run(sql`delete from tasks where id = any(${ids(true)}::bigint[])`);
}

/** Tasks for all that may be pending. Those of an audience that is not begun come with its pieces. */
async function startTasks(tx: Db, moved: OpenedRow, { dispatchId, now }: Control): Promise<void> {
  const { lane, targeted, workspace_id } = moved;
  if (lane === lanes.named || targeted !== null) {
    const isSmall = lane === lanes.named || (targeted ?? 0) <= ONE_TASK;
    const buckets = isSmall ? [null] : Array.from({ length: 256 }, (_, bucket) => bucket);
    await tx.run(sql`
      insert into tasks (dispatch_id, workspace_id, lane, kind, bucket, run_at)
      select ${dispatchId}, ${workspace_id}, ${lane}, 'revive', bucket, ${now}
        from unnest(${buckets}::integer[]) as b(bucket)`);
    await tx.run(
      sql`update dispatches set open_tasks = open_tasks + ${buckets.length}::integer where id = ${dispatchId}`,
    );
  }
  await tx.run(sql`select pg_notify('tasks', ${String(lane)})`);
}
