import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { RequestError } from '../../errors.ts';
import { undashed } from '../../lib/uuid.ts';
import { moveFire } from '../../queue/fires.ts';
import { announceTasks } from '../../queue/new-tasks.ts';
import { stopTasks } from '../../queue/stopped-tasks.ts';
import { markCancelled } from '../ledger/dispatches/dispatch-moves.ts';
import { changeScheduled, findScheduled, lockScheduled, requestOf, type Scheduled } from '../ledger/schedules.ts';
import { firingTime, isTimed, lastTime, type Schedule } from '../plan/schedule.ts';
import { type SendPlan, scheduleLane } from '../plan/send-plan.ts';
import { isLive } from '../plan/states.ts';

/** A schedule of a workspace. `id`: that of its dispatch, in the stored form. */
export interface ScheduleOrder {
  db: Database;
  workspaceId: number;
  id: string;
  /** Whether the endpoint is meant for schedules with this campaign. null: the schedule has none. */
  isIts(campaignId: string | null): boolean;
  now: Date;
}

/** What to change. null: it stays. */
export interface ScheduleUpdate {
  schedule: Schedule | null;
  /** The messages, with the stored content that they name. */
  parts: Pick<SendPlan, 'messages' | 'content'> | null;
}

/** The plan of a schedule that has not fired. Throws RequestError if there is none. */
export async function pendingPlan({ db, workspaceId, id, isIts, now }: ScheduleOrder): Promise<SendPlan> {
  const [found] = await findScheduled(db, [id]);
  if (found === undefined || found.workspaceId !== workspaceId || !isIts(found.campaignId)) throw notPending();
  if (!isPending(found)) throw notPending(found, { verb: 'changed', now });
  return JSON.parse(await requestOf(db, id));
}

/**
 * Changes a schedule until it fires, and returns the former one. Throws RequestError if it has fired or was deleted. Tasks are locked before their
 * dispatch, as when it fires: either comes first as a whole.
 */
export async function updateSchedule(order: ScheduleOrder, { schedule, parts }: ScheduleUpdate): Promise<Schedule> {
  const { db, workspaceId, id, isIts, now } = order;
  return retry('schedules', () =>
    db.transaction(async (tx) => {
      if (schedule !== null) await moveFire(tx, id, firingTime(schedule, now));
      const found = await lockScheduled(tx, workspaceId, id);
      if (found === null || !isIts(found.campaignId)) throw notPending();
      if (!isPending(found)) throw notPending(found, { verb: 'changed', now });
      await changeScheduled(tx, {
        id,
        schedule: schedule ?? found.schedule,
        firesAt: schedule === null ? found.firesAt : firingTime(schedule, now),
        request: parts === null ? null : withParts(await requestOf(tx, id), parts),
      });
      await announceTasks(tx, scheduleLane);
      return found.schedule;
    }),
  );
}

/** What a new schedule gives up of the former one, in words: it replaces it as a whole. */
export function lostOf(former: Schedule, schedule: Schedule | null): string[] {
  if (schedule === null || former.kind === schedule.kind || former.kind === 'at') return [];
  const member = former.kind === 'local' ? 'in_local_time' : 'at_optimal_time';
  const now = schedule.kind === 'at' ? `everybody gets it at ${schedule.time}` : 'people get it by the new way';
  return [`schedule.${member}: was true and is not repeated; ${now}`];
}

/**
 * Deletes a schedule: its dispatch is cancelled. One by local time may be deleted as long as it lasts, which stops the
 * people whose time has not come. Throws RequestError if it has fired otherwise, or was deleted.
 */
export async function deleteSchedule({ db, workspaceId, id, isIts, now }: ScheduleOrder): Promise<void> {
  await retry('schedules', () =>
    db.transaction(async (tx) => {
      const endedTasks = await stopTasks(tx, id);
      const found = await lockScheduled(tx, workspaceId, id);
      if (found === null || !isIts(found.campaignId)) throw notPending();
      if (!isPending(found) && !isUnderWay(found, now)) throw notPending(found, { verb: 'deleted' });
      if ((await markCancelled(tx, { dispatchId: id, now }, endedTasks)) === null) throw notPending();
    }),
  );
}

function withParts(request: string, parts: NonNullable<ScheduleUpdate['parts']>): string {
  const { content: _former, ...plan } = JSON.parse(request) as SendPlan;
  return JSON.stringify({ ...plan, ...parts });
}

function isPending({ state, firedAt }: Scheduled): boolean {
  return firedAt === null && (state === 'scheduled' || state === 'paused');
}

function isUnderWay({ state, schedule }: Scheduled, now: Date): boolean {
  return isTimed(schedule) && now < lastTime(schedule) && (isLive(state) || state === 'paused');
}

/** What somebody wants of a schedule, and cannot have any more. `now`: absent for a deletion. */
type Wish = { verb: 'changed'; now: Date } | { verb: 'deleted' };

function notPending(found?: Scheduled, wish?: Wish): RequestError {
  const what = 'schedule_id does not name a pending schedule';
  return new RequestError('bad_request', [found && wish ? `${what}; ${pastOf(found, wish)}` : what]);
}

function pastOf(found: Scheduled, wish: Wish): string {
  const { id, state, schedule, firedAt } = found;
  if (firedAt === null) return state === 'cancelled' ? 'it was deleted' : 'it failed when its time came';
  const cancelled = state === 'cancelled' ? ', which was cancelled,' : '';
  const fired = `it fired at ${firedAt.toISOString()} as dispatch ${undashed(id)}${cancelled} and can no longer be ${wish.verb}`;
  if (wish.verb === 'deleted' || !isUnderWay(found, wish.now)) return fired;
  return `${fired}; until ${lastTime(schedule).toISOString()} it can be deleted for those whose time has not come`;
}
