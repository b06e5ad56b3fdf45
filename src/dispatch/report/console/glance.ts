import type { Db } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { undashed } from '../../../lib/uuid.ts';
import { lanes } from '../../plan/send-plan.ts';
import { type DispatchState, isLive } from '../../plan/states.ts';
import { FEW, isFresh, type StoredCounts } from '../counts.ts';

/** What can be seen of a workspace by a few rows: enough to tell that something changed, and of which dispatches. */
export interface Glance {
  /** The newest dispatches, and those whose work is due first, by id without dashes. */
  dispatches: ReadonlyMap<string, Glanced>;
  /** Id of the newest record of the log of requests. null: there is none. */
  newestRequest: string | null;
  /** Id of the newest dispatch with a message in the sandbox. null: there is none. */
  newestInOutbox: string | null;
}

export interface Glanced {
  state: DispatchState;
  known: string;
  /** The stored counts of a dispatch to many. null: it is one to few, or nobody has looked at it. */
  counted: Pick<StoredCounts, 'at' | 'tookMs'> | null;
}

/** Ids of dispatches are without dashes. */
export interface Differences {
  /** Those that are new, have another state or other numbers, or send just now. */
  dispatches: readonly string[];
  /** Whether a list of dispatches would show something else. */
  isListOther: boolean;
  isRequestNew: boolean;
  isOutboxNew: boolean;
}

const NEWEST = 100;
/** Pieces of work of each lane whose dispatches are looked at. */
const DUE = 200;

/** Reads some hundred index entries, however much is sent. */
export async function glance(db: Db, workspaceId: number): Promise<Glance> {
  const rows = await db.query<Glanced & { id: string } & Record<string, unknown>>(sql`
    with near as (
      (select id from dispatches where workspace_id = ${workspaceId} order by accepted_at desc limit ${NEWEST})
       union
      ${dueFirst(lanes.named)}
       union
      ${dueFirst(lanes.broadcast)}
    )
    select d.id, d.state,
           concat_ws(' ', d.state, d.open_tasks, d.targeted, d.expanded_at, d.finished_at, d.cancelled_at, d.replayed_at,
                     d.waits_for, md5(d.failure)) as known,
           case when d.targeted > ${FEW} and d.counts is not null
                then json_build_object('at', d.counts -> 'at', 'tookMs', d.counts -> 'tookMs') end as counted
      from near
      join dispatches d on d.id = near.id
     where d.workspace_id = ${workspaceId}`);
  const newest = await db.one<{ request: string | null; outbox: string | null }>(sql`
    select (select id from activity_log where workspace_id = ${workspaceId} order by occurred_at desc limit 1) as request,
           (select dispatch_id from sandbox_messages where workspace_id = ${workspaceId} order by dispatch_id desc limit 1)
             as outbox`);
  const dispatches = new Map(rows.map(({ id, ...glanced }) => [undashed(id), glanced]));
  return { dispatches, newestRequest: newest.request, newestInOutbox: newest.outbox };
}

function dueFirst(lane: number): Sql {
  return sql`(select dispatch_id from (select dispatch_id from tasks where lane = ${lane} order by run_at, id limit ${DUE}) as due)`;
}

/**
 * What is other now. The numbers of a dispatch that sends change without a change of its row, so it is named each time
 * that `isPulse` is true; one to many only if whoever asks would make its counts anew, and once they are made. One that is
 * seen no more, and was at work, has ended.
 */
export function compare(before: Glance, now: Glance, { isPulse, at }: { isPulse: boolean; at: Date }): Differences {
  const changed = [...now.dispatches].filter(([id, { known }]) => before.dispatches.get(id)?.known !== known);
  const ended = [...before.dispatches].filter(([id, { state }]) => isLive(state) && !now.dispatches.has(id));
  const recounted = [...now.dispatches].filter(([id, { counted }]) =>
    isOther(before.dispatches.get(id)?.counted, counted),
  );
  const isDue = ({ state, counted }: Glanced) => state === 'sending' && (counted === null || !isFresh(counted, at));
  const sending = isPulse ? [...now.dispatches].filter(([, glanced]) => isDue(glanced)) : [];
  const dispatches = new Set([...changed, ...ended, ...recounted, ...sending].map(([id]) => id));
  return {
    dispatches: [...dispatches],
    isListOther: changed.length + ended.length > 0,
    isRequestNew: now.newestRequest !== before.newestRequest,
    isOutboxNew: now.newestInOutbox !== before.newestInOutbox,
  };
}

function isOther(before: Glanced['counted'] | undefined, now: Glanced['counted']): boolean {
  return now !== null && before?.at !== now.at;
}

/** Whether one of these dispatches has a message in the sandbox. */
export async function isInOutbox(db: Db, workspaceId: number, dispatchIds: readonly string[]): Promise<boolean> {
  if (dispatchIds.length === 0) return false;
  const { found } = await db.one<{ found: boolean }>(sql`
    select exists (select from sandbox_messages
                    where workspace_id = ${workspaceId} and dispatch_id = any(${dispatchIds}::uuid[])) as found`);
  return found;
}
