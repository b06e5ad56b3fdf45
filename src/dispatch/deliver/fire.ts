import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import type { Clock } from '../../lib/clock.ts';
import { type FiredTask, giveBackFire, lockFires, turnFires } from '../../queue/fires.ts';
import { announceTasks } from '../../queue/new-tasks.ts';
import type { Task } from '../../queue/tasks.ts';
import type { Span, Traces } from '../../traces/traces.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import { failDispatch } from '../ledger/dispatches/fail-dispatch.ts';
import { findScheduled, markFired, type Scheduled } from '../ledger/schedules.ts';
import { lanes } from '../plan/send-plan.ts';
import type { Finisher } from './end-tasks.ts';

export interface FireDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  worker: string;
  catalog(): Catalog;
  finisher: Finisher;
  traces: Traces;
}

/** The log's category for schedules that could not be sent. */
const SCHEDULE_ERRORS = 'Schedule errors';

/**
 * Makes the dispatches of these tasks due: one commit turns each into an accepted dispatch, and its task into that
 * dispatch's first task. So a schedule fires once, whoever dies. A schedule that refers to what is gone fails. One that
 * was moved, paused or cancelled meanwhile stays as it is.
 */
export async function fireSchedules(
  deps: FireDeps,
  tasks: readonly Task[],
  wake: (lane: number) => void,
): Promise<void> {
  const scheduled = await findScheduled(
    deps.db,
    tasks.map(({ dispatchId }) => dispatchId),
  );
  const found = new Map(scheduled.map((one) => [one.id, one]));
  const sound: Task[] = [];
  for (const task of tasks) {
    const one = found.get(task.dispatchId);
    const isWaiting = one?.state === 'scheduled' || one?.state === 'paused';
    if (one !== undefined && isWaiting && !(await failIfGone(deps, one))) sound.push(task);
    else await deps.finisher({ taskId: task.id, runAt: null });
  }
  const spans = sound.flatMap(({ dispatchId }) => fireSpan(deps, found.get(dispatchId)) ?? []);
  const fired = await retry('schedules', () => fire(deps, sound)).finally(() => {
    for (const span of spans) span.end();
  });
  for (const { id } of sound) if (!fired.some((task) => task.id === id)) await giveBackFire(deps.db, id, deps.worker);
  for (const lane of new Set(fired.map((task) => task.lane))) wake(lane);
}

function fireSpan({ traces, clock }: FireDeps, one: Scheduled | undefined): Span | null {
  if (one === undefined || one.trace === null) return null;
  const lateMs = clock.now().getTime() - one.firesAt.getTime();
  return traces.resume(one.trace)?.child('fire', { facts: { 'cresset.late_ms': lateMs } }) ?? null;
}

async function failIfGone({ db, clock, catalog }: FireDeps, dispatch: Scheduled): Promise<boolean> {
  const failure = goneFrom(catalog(), dispatch);
  if (failure === null) return false;
  return failDispatch(db, { dispatchId: dispatch.id, failure, category: SCHEDULE_ERRORS, now: clock.now() });
}

/** What a dispatch refers to and the workspace no longer has, or does not send now. null: nothing. */
function goneFrom(catalog: Catalog, { workspaceId, segmentId, campaignId }: Scheduled): string | null {
  const workspace = catalog.workspace(workspaceId);
  const isGone = (known: { archived: boolean } | undefined) => known === undefined || known.archived;
  if (segmentId !== null && isGone(workspace?.segments.get(segmentId))) return `segment_gone: ${segmentId}`;
  if (campaignId !== null && isGone(workspace?.campaigns.get(campaignId))) return `campaign_gone: ${campaignId}`;
  if (campaignId !== null && workspace?.campaigns.get(campaignId)?.trigger?.paused)
    return `campaign_paused: ${campaignId}`;
  return null;
}

/** Tasks are locked before their dispatches, as everywhere. */
function fire({ db, clock, worker }: FireDeps, tasks: readonly Task[]): Promise<FiredTask[]> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const held = await lockFires(tx, { ids: tasks.map(({ id }) => id), worker, now });
    const dispatches = new Map((await markFired(tx, [...held.values()], now)).map((one) => [one.id, one]));
    if (dispatches.size < held.size) throw new Outdated(); // stopped, and its task is about to be
    const fired = [...held].flatMap(([id, dispatchId]): FiredTask[] => {
      const dispatch = dispatches.get(dispatchId);
      if (dispatch === undefined) return [];
      const kind = dispatch.lane === lanes.broadcast ? 'expand' : 'drain';
      return [{ id, lane: dispatch.lane, kind, isTimed: dispatch.kind !== 'at' }];
    });
    await turnFires(tx, fired, now);
    for (const lane of new Set(fired.map((task) => task.lane))) await announceTasks(tx, lane);
    return fired;
  });
}
