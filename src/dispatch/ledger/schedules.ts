import type { Db } from '../../db/database.ts';
import { readableJson } from '../../db/readable-json.ts';
import { empty, sql } from '../../db/sql.ts';
import type { Schedule } from '../plan/schedule.ts';
import { lanes } from '../plan/send-plan.ts';
import type { DispatchState } from '../plan/states.ts';

export interface NewSchedule {
  id: string;
  workspaceId: number;
  apiKeyId: string;
  requestId: string;
  lane: number;
  /** The plan as JSON. */
  request: string;
  campaignId: string | null;
  segmentId: string | null;
  sendId: string | null;
  schedule: Schedule;
  firesAt: Date;
  /** The `traceparent` under which it goes on. null: it is not traced. */
  trace: string | null;
}

/** Writes a scheduled dispatch with one open task. */
export async function insertScheduled(tx: Db, given: NewSchedule, now: Date): Promise<void> {
  const { id, workspaceId, apiKeyId, requestId, lane, request, campaignId, segmentId, sendId, schedule } = given;
  const { firesAt, trace } = given;
  await tx.run(sql`
    insert into dispatches (id, workspace_id, accepted_at, api_key_id, request_id, lane, state, request, campaign_id,
                            segment_id, send_id, open_tasks, schedule, fires_at, trace)
    values (${id}, ${workspaceId}, ${now}, ${apiKeyId}, ${requestId}, ${lane}, 'scheduled', ${request}::json, ${campaignId},
            ${segmentId}, ${sendId}, 1, ${JSON.stringify(schedule)}::json, ${firesAt}, ${trace})`);
}

/** A dispatch with a schedule. `firedAt`: null: it has not fired. */
export interface Scheduled {
  id: string;
  state: DispatchState;
  schedule: Schedule;
  firesAt: Date;
  firedAt: Date | null;
  workspaceId: number;
  segmentId: string | null;
  campaignId: string | null;
  /** The `traceparent` under which it goes on. null: it is not traced. */
  trace: string | null;
}

const columns = sql`
  id, state, schedule, fires_at as "firesAt", fired_at as "firedAt", workspace_id as "workspaceId",
  segment_id as "segmentId", campaign_id as "campaignId", trace`;

/** Finds the dispatches with schedules among these. */
export function findScheduled(db: Db, ids: readonly string[]): Promise<Scheduled[]> {
  return db.query<Scheduled & Record<string, unknown>>(sql`
    select ${columns} from dispatches where id = any(${ids}::uuid[]) and schedule is not null`);
}

/** Locks a dispatch of this workspace with a schedule. null: there is none. */
export function lockScheduled(tx: Db, workspaceId: number, id: string): Promise<Scheduled | null> {
  return tx.maybeOne<Scheduled & Record<string, unknown>>(sql`
    select ${columns}
      from dispatches
     where id = ${id} and workspace_id = ${workspaceId} and schedule is not null
       for update`);
}

/** The plan of a dispatch as JSON. */
export async function requestOf(db: Db, id: string): Promise<string> {
  const { request } = await db.one<{ request: string }>(sql`select request::text from dispatches where id = ${id}`);
  return request;
}

export interface ScheduleChange {
  id: string;
  schedule: Schedule;
  firesAt: Date;
  /** The new plan as JSON. null: it stays. */
  request: string | null;
}

/** Changes a locked dispatch that has not fired. */
export async function changeScheduled(tx: Db, { id, schedule, firesAt, request }: ScheduleChange): Promise<void> {
  await tx.run(sql`
    update dispatches
       set schedule = ${JSON.stringify(schedule)}::json, fires_at = ${firesAt}
           ${request === null ? empty : sql`, request = ${request}::json`}
     where id = ${id}`);
}

/** A schedule that has just fired. */
export interface Fired {
  id: string;
  lane: number;
  kind: Schedule['kind'];
}

/** Fires those of these dispatches that still wait for it. */
export function markFired(tx: Db, ids: readonly string[], now: Date): Promise<Fired[]> {
  return tx.query<Fired & Record<string, unknown>>(sql`
    update dispatches
       set state = 'accepted', fired_at = ${now}
     where id = any(${ids}::uuid[]) and state = 'scheduled'
    returning id, lane, schedule ->> 'kind' as kind`);
}

export interface UpcomingBroadcast {
  campaignId: string;
  /** The Canvas under which the campaign was triggered. null: none. */
  canvas: { id: string; name: string } | null;
  schedule: Schedule;
}

/** Most broadcasts that are listed at once. */
const MOST_UPCOMING = 1_000;

/** The broadcasts of campaigns that will fire before an instant, the next one first. */
export function listUpcoming(db: Db, workspaceId: number, before: Date): Promise<UpcomingBroadcast[]> {
  return db.query<UpcomingBroadcast & Record<string, unknown>>(sql`
    select campaign_id as "campaignId", schedule,
           (${readableJson(sql`request`)}) #> '{trigger,canvas}' as canvas
      from dispatches
     where workspace_id = ${workspaceId} and fires_at is not null and fires_at < ${before} and state = 'scheduled'
       and lane = ${lanes.broadcast} and campaign_id is not null
     order by fires_at, id
     limit ${MOST_UPCOMING}`);
}
