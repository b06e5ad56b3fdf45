import type { PinnedContent } from '../../content/pins.ts';
import { activityOf } from '../../dispatch/accept/activity.ts';
import { createSchedule, type ScheduleDeps, type ScheduleRequest } from '../../dispatch/accept/create-schedule.ts';
import { remarkMembers, type SendRemarks } from '../../dispatch/plan/remarks.ts';
import type { StoredThings } from '../../dispatch/plan/stored-things.ts';
import type { DryRun } from '../../dispatch/report/dry-run/dry-run.ts';
import { within } from '../../traces/traces.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import { loadedWorkspace } from '../loaded-workspace.ts';
import type { Questions } from '../questions.ts';
import type { Answer, RouteRequest } from '../route.ts';

/** What every endpoint needs that sends later. */
export interface SchedulingDeps extends ScheduleDeps {
  catalog(): Catalog;
  stored: StoredThings;
  dryRun: DryRun;
  questions: Questions;
}

/** A checked request to send later. */
export interface Scheduling extends Pick<ScheduleRequest, 'plan' | 'schedule' | 'sendIdIsNew'> {
  path: string;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  dryRun: boolean;
  remarks: SendRemarks;
  /** The send id that the answer says. Default: none. */
  shownSendId?: string | null;
  /** Stores what must be there before the schedule is, and returns remarks about it. Absent: nothing. */
  prepare?(): Promise<readonly string[]>;
}

/** Stores the schedule, or tells what it would do when its time comes, by what is known now. */
export async function acceptSchedule(
  deps: SchedulingDeps,
  request: RouteRequest,
  scheduling: Scheduling,
): Promise<Answer> {
  const { workspaceId, requestId, apiKey, body } = request;
  const workspace = loadedWorkspace(deps.catalog(), workspaceId);
  const { path, plan, content, schedule, sendIdIsNew, shownSendId = null, prepare } = scheduling;
  let { remarks } = scheduling;
  if (scheduling.dryRun) {
    const answer = deps.questions(workspaceId, () => deps.dryRun({ plan, content, workspace, remarks, schedule }));
    return { status: 201, body: await answer };
  }
  if (prepare !== undefined) remarks = { ...remarks, warnings: [...remarks.warnings, ...(await prepare())] };
  const span = request.span?.child('accept') ?? null;
  const order = {
    ...{ workspace, apiKeyId: apiKey.id, requestId, plan, schedule, sendIdIsNew, trace: span?.traceparent },
    activity: activityOf({ plan, workspace, body, requestId, apiKeyName: apiKey.name, endpoint: path }),
  };
  const { dispatchId, scheduleId } = await within(
    span,
    () => createSchedule(deps, order),
    (created) => ({ 'cresset.dispatch_id': created.dispatchId }),
  );
  const answer = {
    dispatch_id: dispatchId,
    schedule_id: scheduleId,
    ...(shownSendId !== null && { send_id: shownSendId }),
    message: 'success',
    ...remarkMembers(remarks),
  };
  return { status: 201, body: answer };
}
