import type { Acceptance } from '../../../dispatch/accept/accept.ts';
import { checkCampaignTrigger, checkCanvasTrigger } from '../../../dispatch/accept/triggers/check.ts';
import { v7 } from '../../../lib/uuid.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Route, RouteRequest } from '../../route.ts';
import type { SendDeps } from '../accept-send.ts';
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
      ...sending(deps, campaignPath, (request, key) => triggerCampaign(deps, request, key)),
      permission: 'campaigns.trigger.send',
      bucket: bucketOf(campaignPath, 'campaign_id'),
    },
    {
      ...sending(deps, canvasPath, (request, key) => triggerCanvas(deps, request, key)),
      permission: 'canvas.trigger.send',
      bucket: bucketOf(canvasPath, 'canvas_id'),
    },
    transactionalRoute(deps),
  ];
}

/** A route whose requests may have an idempotency key, and are counted when they are stored. */
function sending(
  { idempotency }: SendDeps,
  path: string,
  send: (request: RouteRequest, key: Key) => Promise<object>,
): Omit<Route, 'permission' | 'bucket'> {
  const keyOf = ({ headers, workspaceId, rawBody }: RouteRequest) =>
    idempotency.read(headers['idempotency-key'], { workspaceId, path, rawBody });
  return {
    method: 'POST',
    path,
    knowsIdempotencyKey: true,
    async replay(request) {
      const key = keyOf(request);
      const body = key && (await idempotency.answered(key));
      return body && { status: 201, body, headers: { 'idempotency-replayed': 'true' } };
    },
    countsItself: true,
    handle(request) {
      const key = keyOf(request);
      return idempotency.once(key, async () => ({ status: 201, body: await send(request, key) }));
    },
  };
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
