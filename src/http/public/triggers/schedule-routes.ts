import { readSchedule } from '../../../dispatch/accept/schedule-request.ts';
import { applyRecipientAttributes } from '../../../dispatch/accept/triggers/attributes.ts';
import {
  checkCampaignTrigger,
  checkCanvasTrigger,
  findCanvas,
  findTriggered,
} from '../../../dispatch/accept/triggers/check.ts';
import { deleteSchedule, lostOf, type ScheduleOrder, updateSchedule } from '../../../dispatch/control/schedules.ts';
import { remarkMembers } from '../../../dispatch/plan/remarks.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import { dashed, v7 } from '../../../lib/uuid.ts';
import { type Campaign, idKey, type WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { acceptSchedule, type SchedulingDeps } from '../accept-schedule.ts';
import { readScheduleId } from '../messages-schedule/request.ts';
import { checkSendId } from '../messages-send/send-id.ts';
import { noticeAnswer } from './answer.ts';
import { bucketOf } from './request.ts';

/** What is scheduled: a campaign, or a campaign under the id of a Canvas. */
interface Subject {
  name: 'campaigns' | 'canvas';
  idMember: 'campaign_id' | 'canvas_id';
  check: typeof checkCampaignTrigger | typeof checkCanvasTrigger;
  find(body: RawObject, workspace: WorkspaceCatalog): Campaign;
}

const subjects: readonly Subject[] = [
  { name: 'campaigns', idMember: 'campaign_id', check: checkCampaignTrigger, find: findTriggered },
  {
    ...{ name: 'canvas', idMember: 'canvas_id', check: checkCanvasTrigger },
    find: (body, workspace) => findCanvas(body, workspace).campaign,
  },
];

/** Triggers a campaign later. Source: adjacent-endpoints.md §4.6, more-endpoints.md §3.3. */
export function triggerScheduleRoutes(deps: SchedulingDeps): Route[] {
  return subjects.flatMap((subject): Route[] => {
    const { name, idMember } = subject;
    const path = `/${name}/trigger/schedule`;
    const createPath = `${path}/create`;
    return [
      {
        method: 'POST',
        path: createPath,
        permission: `${name}.trigger.schedule.create`,
        isTraced: true,
        bucket: bucketOf(createPath, idMember),
        handle: (request) => create(deps, request, { ...subject, path: createPath }),
      },
      {
        method: 'POST',
        path: `${path}/update`,
        permission: `${name}.trigger.schedule.update`,
        handle: (request) => update(deps, request, subject),
      },
      {
        method: 'POST',
        path: `${path}/delete`,
        permission: `${name}.trigger.schedule.delete`,
        async handle(request) {
          await deleteSchedule(orderOf(deps, request, subject));
          return { status: 201, body: { message: 'success' } };
        },
      },
    ];
  });
}

/** The attributes of recipients are stored now, not when the schedule fires. */
async function create(
  deps: SchedulingDeps,
  request: RouteRequest,
  { check, path }: Pick<Subject, 'check'> & { path: string },
): Promise<Answer> {
  const { db, clock, stored } = deps;
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const { schedule, warnings } = readSchedule(request.body, clock.now());
  const { schedule: _read, ...body } = request.body;
  const checked = await check(body, { workspace, stored });
  if ('notice' in checked) return { status: 201, body: unsentAnswer(checked.notice, clock.now()) };
  const { plan, content, dryRun, attributes } = checked;
  await checkSendId(db, plan);
  return acceptSchedule(deps, request, {
    ...{ path, plan, content, dryRun, schedule, sendIdIsNew: false },
    remarks: { ...checked.remarks, warnings: [...warnings, ...checked.remarks.warnings] },
    ...(attributes.length > 0 && {
      prepare() {
        const source = { door: 'api' as const, key: request.apiKey.name };
        return applyRecipientAttributes(db, attributes, { workspace, source, now: clock.now() });
      },
    }),
  });
}

/** The ids, which clients expect, name nothing. */
function unsentAnswer(notice: string, now: Date): object {
  const id = v7(now);
  return noticeAnswer(notice, id, dashed(id));
}

/** The new schedule replaces the former one as a whole. */
async function update(deps: SchedulingDeps, request: RouteRequest, subject: Subject): Promise<Answer> {
  const order = orderOf(deps, request, subject);
  const { schedule, warnings } = readSchedule(request.body, order.now);
  const former = await updateSchedule(order, { schedule, parts: null });
  deps.onScheduled();
  const all = [...warnings, ...lostOf(former, schedule)];
  return { status: 201, body: { message: 'success', ...remarkMembers({ minors: [], warnings: all }) } };
}

function orderOf(
  { db, clock, catalog }: SchedulingDeps,
  { body, workspaceId }: RouteRequest,
  { find }: Subject,
): ScheduleOrder {
  const id = readScheduleId(body);
  const campaign = find(body, loadedWorkspace(catalog(), workspaceId));
  const isIts = (campaignId: string | null) => campaignId === idKey(campaign.id);
  return { db, workspaceId, id, isIts, now: clock.now() };
}
