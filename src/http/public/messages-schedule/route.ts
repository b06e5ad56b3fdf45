import { checkNewMessages, checkSendRequest } from '../../../dispatch/accept/check.ts';
import { readSchedule } from '../../../dispatch/accept/schedule-request.ts';
import {
  deleteSchedule,
  lostOf,
  pendingPlan,
  type ScheduleOrder,
  updateSchedule,
} from '../../../dispatch/control/schedules.ts';
import { listUpcoming } from '../../../dispatch/ledger/schedules.ts';
import { remarkMembers } from '../../../dispatch/plan/remarks.ts';
import { RequestError } from '../../../errors.ts';
import { own } from '../../../lib/raw/json.ts';
import { isGiven } from '../../../lib/raw/lenient.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { acceptSchedule, type SchedulingDeps } from '../accept-schedule.ts';
import { checkSendId, withSendId } from '../messages-send/send-id.ts';
import { upcomingAnswer } from './answer.ts';
import { readEndTime, readScheduleId } from './request.ts';

const createPath = '/messages/schedule/create';

/** Sends later. Source: adjacent-endpoints.md §4.1 to §4.3. */
export function messagesScheduleRoutes(deps: SchedulingDeps): Route[] {
  return [
    {
      method: 'POST',
      path: createPath,
      permission: 'messages.schedule.create',
      isTraced: true,
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
      async handle(request) {
        await deleteSchedule(orderOf(deps, request));
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

async function create(deps: SchedulingDeps, request: RouteRequest): Promise<Answer> {
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const now = deps.clock.now();
  const { schedule, warnings } = readSchedule(request.body, now);
  const { schedule: _read, ...body } = request.body;
  const { content, dryRun, atMost, ...checked } = await checkSendRequest(body, workspace, { now, stored: deps.stored });
  if (atMost !== null)
    throw new RequestError('bad_request', [
      'cresset.at_most: a schedule is counted when it is due, so it has no bound',
    ]);
  const remarks = { ...checked.remarks, warnings: [...warnings, ...checked.remarks.warnings] };
  await checkSendId(deps.db, checked.plan);
  const plan = dryRun ? checked.plan : withSendId(checked.plan, now);
  const sendIdIsNew = plan !== checked.plan;
  return acceptSchedule(deps, request, {
    ...{ path: createPath, plan, content, dryRun, remarks, schedule, sendIdIsNew, shownSendId: plan.sendId },
  });
}

/** What is triggered has endpoints of its own, which need the campaign. */
function orderOf({ db, clock, catalog }: SchedulingDeps, { body, workspaceId }: RouteRequest): ScheduleOrder {
  const { campaigns } = loadedWorkspace(catalog(), workspaceId);
  const isIts = (campaignId: string | null) => campaignId === null || campaigns.get(campaignId)?.trigger === undefined;
  return { db, workspaceId, id: readScheduleId(body), isIts, now: clock.now() };
}

/** Each member that is given replaces the former one as a whole. */
async function update(deps: SchedulingDeps, request: RouteRequest): Promise<Answer> {
  const { body, workspaceId } = request;
  const order = orderOf(deps, request);
  const { now } = order;
  const [hasSchedule, hasMessages] = [isGiven(own(body, 'schedule')), isGiven(own(body, 'messages'))];
  if (!hasSchedule && !hasMessages) {
    throw new RequestError('bad_request', ['schedule, messages: expected at least one, got none']);
  }
  const read = hasSchedule ? readSchedule(body, now) : { schedule: null, warnings: [] };
  const plan = await pendingPlan(order);
  const workspace = loadedWorkspace(deps.catalog(), workspaceId);
  const options = { now, stored: deps.stored };
  const checked = hasMessages ? await checkNewMessages(own(body, 'messages'), plan, workspace, options) : null;
  const former = await updateSchedule(order, { schedule: read.schedule, parts: checked?.parts ?? null });
  deps.onScheduled();
  const lost = lostOf(former, read.schedule);
  const warnings = [...read.warnings, ...lost, ...(checked?.remarks.warnings ?? [])];
  const remarks = remarkMembers({ minors: checked?.remarks.minors ?? [], warnings });
  return { status: 201, body: { message: 'success', ...remarks } };
}
