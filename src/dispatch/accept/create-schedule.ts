import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Clock } from '../../lib/clock.ts';
import { dashed, v7 } from '../../lib/uuid.ts';
import { addTasks, announceTasks } from '../../queue/new-tasks.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { insertActivity } from '../ledger/activity-log.ts';
import { insertScheduled } from '../ledger/schedules.ts';
import { firingTime, type Schedule } from '../plan/schedule.ts';
import { laneOf, type SendPlan, scheduleLane } from '../plan/send-plan.ts';
import { storeSendId } from './send-ids.ts';
import { chargeSends } from './send-quota.ts';

/** A checked request to send later. */
export interface ScheduleRequest {
  workspace: Pick<WorkspaceCatalog, 'id' | 'quotas'>;
  apiKeyId: string;
  requestId: string;
  plan: SendPlan;
  schedule: Schedule;
  /** True: the server made the plan's send id, and stores it as known. */
  sendIdIsNew: boolean;
  /** The record for the developer console. null: this request leaves none. */
  activity: object | null;
  /** The `traceparent` under which it goes on. Absent: it is not traced. */
  trace?: string | undefined;
}

/** The ids of a new schedule. */
export interface CreatedSchedule {
  /** The id of the dispatch, without dashes. */
  dispatchId: string;
  /** The same id, with dashes. */
  scheduleId: string;
}

export interface ScheduleDeps {
  db: Database;
  clock: Clock;
  /** Called after the commit, so that a worker in this process knows the new time. */
  onScheduled(): void;
}

/**
 * Stores a request to send later, in one commit: the dispatch, in the state `scheduled`, and the task that fires it. It
 * evaluates nobody. What may be checked of the plan has been checked.
 */
export async function createSchedule(deps: ScheduleDeps, request: ScheduleRequest): Promise<CreatedSchedule> {
  const { db, clock, onScheduled } = deps;
  const { workspace, apiKeyId, requestId, plan, schedule, sendIdIsNew, activity, trace = null } = request;
  const { id: workspaceId } = workspace;
  const now = clock.now();
  const dispatchId = v7(now);
  const firesAt = firingTime(schedule, now);
  const { campaignId, segmentId, sendId } = plan;
  await db.transaction(async (tx) => {
    await chargeSends(tx, workspace, plan, now);
    const stored = {
      lane: laneOf(plan),
      request: JSON.stringify(plan),
      campaignId,
      segmentId,
      sendId,
      schedule,
      firesAt,
      trace,
    };
    await insertScheduled(tx, { id: dispatchId, workspaceId, apiKeyId, requestId, ...stored }, now);
    if (sendIdIsNew && campaignId !== null && sendId !== null) await storeSendId(tx, { campaignId, sendId }, now);
    if (activity !== null) {
      await tx.run(
        insertActivity(sql`
          values (${dispatchId}::uuid, ${workspaceId}, ${now}::timestamptz, 'API message record', ${dispatchId}::uuid,
                  ${JSON.stringify(activity)}::json)`),
      );
    }
    const task = { lane: scheduleLane, kind: 'fire', buckets: [null] } as const;
    await addTasks(tx, { ...task, dispatchId, workspaceId, runAt: firesAt });
    await announceTasks(tx, scheduleLane);
  });
  onScheduled();
  return { dispatchId, scheduleId: dashed(dispatchId) };
}
