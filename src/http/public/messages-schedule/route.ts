import { activityOf } from '../../../dispatch/accept/activity.ts';
import { checkNewMessages, checkSendRequest } from '../../../dispatch/accept/check.ts';
import { createSchedule, type ScheduleDeps } from '../../../dispatch/accept/create-schedule.ts';
import { readSchedule } from '../../../dispatch/accept/schedule-request.ts';
import { deleteSchedule, pendingPlan, updateSchedule } from '../../../dispatch/control/schedules.ts';
import { listUpcoming } from '../../../dispatch/ledger/schedules.ts';
import { remarkMembers } from '../../../dispatch/plan/remarks.ts';
import type { StoredThings } from '../../../dispatch/plan/stored-things.ts';
import type { DryRun } from '../../../dispatch/report/dry-run.ts';
import { RequestError } from '../../../errors.ts';
import { own } from '../../../lib/raw/json.ts';
import { isGiven } from '../../../lib/raw/lenient.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Questions } from '../../questions.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { checkSendId, withSendId } from '../messages-send/send-id.ts';
import { createdAnswer, upcomingAnswer } from './answer.ts';
import { readEndTime, readScheduleId } from './request.ts';

export interface MessagesScheduleDeps extends ScheduleDeps {
  catalog(): Catalog;
  stored: StoredThings;
  dryRun: DryRun;
  questions: Questions;
}

const createPath = '/messages/schedule/create';

/** Sends later. Source: adjacent-endpoints.md §4.1 to §4.3. */
export function messagesScheduleRoutes(deps: MessagesScheduleDeps): Route[] {
  return [
    {
      method: 'POST',
      path: createPath,
      permission: 'messages.schedule.create',
      handle: (request) => create(deps, request),
    },
    {
      method: 'POST',
      path: '/messages/schedule/update',
      permission: 'messages.schedule.update',
      handle: (request) => update(deps, request),
    },
    {
      method: 'POST',
      path: '/messages/schedule/delete',
      permission: 'messages.schedule.delete',
      async handle({ body, workspaceId }) {
        await deleteSchedule({ db: deps.db, workspaceId, id: readScheduleId(body), now: deps.clock.now() });
        return { status: 201, body: { message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/messages/scheduled_broadcasts',
      permission: 'messages.schedule_broadcasts',
      query: ['end_time'],
      async handle({ query, workspaceId }) {
        const upcoming = await listUpcoming(deps.db, workspaceId, readEndTime(query));
        return { status: 200, body: upcomingAnswer(upcoming, loadedWorkspace(deps.catalog(), workspaceId)) };
      },
    },
  ];
}

async function create(deps: MessagesScheduleDeps, request: RouteRequest): Promise<Answer> {
  const { workspaceId, requestId, apiKey } = request;
  const workspace = loadedWorkspace(deps.catalog(), workspaceId);
  const now = deps.clock.now();
  const { schedule, warnings } = readSchedule(request.body, now);
  const { schedule: _read, ...body } = request.body;
  const checked = await checkSendRequest(body, workspace, { now, stored: deps.stored });
  const remarks = { ...checked.remarks, warnings: [...warnings, ...checked.remarks.warnings] };
  await checkSendId(deps.db, checked.plan);
  if (checked.dryRun) {
    const { plan, content } = checked;
    const answer = deps.questions(workspaceId, () => deps.dryRun({ plan, content, workspace, remarks }));
    return { status: 201, body: await answer };
  }
  const plan = withSendId(checked.plan, now);
  const created = await createSchedule(deps, {
    workspaceId,
    apiKeyId: apiKey.id,
    requestId,
    plan,
    schedule,
    sendIdIsNew: plan !== checked.plan,
    activity: activityOf({
      plan,
      workspace,
      body: request.body,
      requestId,
      apiKeyName: apiKey.name,
      endpoint: createPath,
    }),
  });
  return { status: 201, body: createdAnswer(created, plan.sendId, remarks) };
}

/** Each member that is given replaces the former one as a whole. */
async function update(deps: MessagesScheduleDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const now = deps.clock.now();
  const order = { db: deps.db, workspaceId, id: readScheduleId(body), now };
  const [hasSchedule, hasMessages] = [isGiven(own(body, 'schedule')), isGiven(own(body, 'messages'))];
  if (!hasSchedule && !hasMessages) {
    throw new RequestError('bad_request', ['schedule, messages: expected at least one, got none']);
  }
  const read = hasSchedule ? readSchedule(body, now) : { schedule: null, warnings: [] };
  const plan = await pendingPlan(order);
  const workspace = loadedWorkspace(deps.catalog(), workspaceId);
  const options = { now, stored: deps.stored };
  const checked = hasMessages ? await checkNewMessages(own(body, 'messages'), plan, workspace, options) : null;
  await updateSchedule(order, { schedule: read.schedule, parts: checked?.parts ?? null });
  deps.onScheduled();
  const warnings = [...read.warnings, ...(checked?.remarks.warnings ?? [])];
  const remarks = remarkMembers({ minors: checked?.remarks.minors ?? [], warnings });
  return { status: 201, body: { message: 'success', ...remarks } };
}
