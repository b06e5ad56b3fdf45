import type { Acceptance } from '../../../dispatch/accept/accept.ts';
import { checkCampaignTrigger, checkCanvasTrigger } from '../../../dispatch/accept/triggers/check.ts';
import { v7 } from '../../../lib/uuid.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Route, RouteRequest } from '../../route.ts';
import type { SendDeps } from '../accept-send.ts';
import { answeringKeyOnce } from '../answer-once.ts';
import { checkSendId } from '../messages-send/send-id.ts';
import { acceptTrigger } from './accept-trigger.ts';
import { noticeAnswer } from './answer.ts';
import { bucketOf, campaignPath, canvasPath } from './request.ts';
import { transactionalRoute } from './transactional-route.ts';

type Key = Acceptance['idempotency'];

/** The endpoints that send the messages of campaigns. Source: adjacent-endpoints.md §4.4 and §4.5, more-endpoints.md §3.3. */
export function triggerRoutes(deps: SendDeps): Route[] {
  return [
    {
      ...answeringKeyOnce(deps.idempotency, campaignPath, (request, key) => triggerCampaign(deps, request, key)),
      permission: 'campaigns.trigger.send',
      bucket: bucketOf(campaignPath, 'campaign_id'),
    },
    {
      ...answeringKeyOnce(deps.idempotency, canvasPath, (request, key) => triggerCanvas(deps, request, key)),
      permission: 'canvas.trigger.send',
      bucket: bucketOf(canvasPath, 'canvas_id'),
    },
    transactionalRoute(deps),
  ];
}

async function triggerCampaign(deps: SendDeps, request: RouteRequest, key: Key): Promise<object> {
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const checked = await checkCampaignTrigger(request.body, { workspace, stored: deps.stored });
  await checkSendId(deps.db, checked.plan);
  return acceptTrigger(deps, request, { checked, path: campaignPath, idempotency: key });
}

async function triggerCanvas(deps: SendDeps, request: RouteRequest, key: Key): Promise<object> {
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const checked = await checkCanvasTrigger(request.body, { workspace, stored: deps.stored });
  if ('notice' in checked) return noticeAnswer(checked.notice, v7(deps.clock.now()));
  return acceptTrigger(deps, request, { checked, path: canvasPath, idempotency: key });
}
