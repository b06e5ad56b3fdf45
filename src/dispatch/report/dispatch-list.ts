import type { Db } from '../../db/database.ts';
import { readableJson } from '../../db/readable-json.ts';
import { empty, sql } from '../../db/sql.ts';
import { undashed } from '../../lib/uuid.ts';
import type { Schedule } from '../plan/schedule.ts';
import { lanes } from '../plan/send-plan.ts';
import type { DispatchState } from '../plan/states.ts';
import { type AcceptedWithin, acceptedWithin } from './accepted-within.ts';
import { campaignMembers } from './campaign-members.ts';
import { scheduleMember } from './schedule.ts';
import { findListedWaits, type ListedWait } from './waits/list-waits.ts';
import { type Asking, isTried, standingFailure } from './waits/waits.ts';

export interface DispatchFilter extends AcceptedWithin, Asking {
  campaignId: string | null;
  segmentId: string | null;
  state: string | null;
  /** The only dispatch asked for. null: any. */
  ids: string[] | null;
  /** Cursor: the id of the previous page's last dispatch. null: start with the newest. */
  after: string | null;
  limit: number;
}

interface ListedRow extends Record<string, unknown> {
  id: string;
  state: DispatchState;
  lane: number;
  accepted_at: Date;
  finished_at: Date | null;
  targeted: number | null;
  campaign_id: string | null;
  segment_id: string | null;
  send_id: string | null;
  failure: string | null;
  waits_for: string[] | null;
  channels: string[] | null;
  schedule: Schedule | null;
}

/** Lists the dispatches of a workspace, newest first. `next`: the id of the last one, if there are more. */
export async function listDispatches(
  db: Db,
  filter: DispatchFilter,
): Promise<{ dispatches: object[]; next: string | null }> {
  const { workspaceId, workspace, campaignId, segmentId, state, ids, after, limit, now } = filter;
  const rows = await db.query<ListedRow>(sql`
    select id, state, lane, accepted_at, coalesce(finished_at, cancelled_at) as finished_at, targeted, campaign_id,
           segment_id, send_id, failure, waits_for, schedule,
           (select json_agg(key) from json_object_keys((${readableJson(sql`request`)}) -> 'messages') as key) as channels
      from dispatches
     where workspace_id = ${workspaceId}
           ${ids === null ? empty : sql`and id = any(${ids}::uuid[])`}
           ${campaignId === null ? empty : sql`and campaign_id = ${campaignId}`}
           ${segmentId === null ? empty : sql`and segment_id = ${segmentId}`}
           ${state === null ? empty : sql`and state = ${state}`}
           ${acceptedWithin(filter, { id: sql`id`, acceptedAt: sql`accepted_at` })}
           ${after === null ? empty : sql`and id < ${after}`}
     order by id desc
     limit ${limit + 1}`);
  const page = rows.slice(0, limit);
  const open = page.filter((row) => isTried(row.state)).map(({ id }) => id);
  const waits = await findListedWaits(db, open, now);
  const dispatches = page.map((row) => listedFrom(row, { workspace, wait: waits.get(row.id) }));
  return { dispatches, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

function listedFrom(
  row: ListedRow,
  { workspace, wait }: Pick<Asking, 'workspace'> & { wait: ListedWait | undefined },
): object {
  const failure = standingFailure(row);
  return {
    dispatch_id: undashed(row.id),
    ...(row.send_id !== null && { send_id: row.send_id }),
    ...campaignMembers(row.campaign_id, workspace),
    ...(row.segment_id !== null && { segment_id: row.segment_id }),
    state: row.state,
    ...scheduleMember(row.id, row.schedule),
    broadcast: row.lane === lanes.broadcast,
    channels: row.channels ?? [],
    accepted_at: row.accepted_at,
    finished_at: row.finished_at,
    ...(failure !== null && { failure }),
    ...(wait !== undefined && { waits: [wait] }),
    counts: { targeted: row.targeted },
  };
}
