import type { Acceptance } from '../../../dispatch/accept/accept.ts';
import { checkSendRequest } from '../../../dispatch/accept/check.ts';
import { isBroadcast, type SendPlan } from '../../../dispatch/plan/send-plan.ts';
import { v7 } from '../../../lib/uuid.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Route, RouteRequest } from '../../route.ts';
import { acceptSend, checkSendId, type SendDeps } from '../accept-send.ts';
import { successAnswer } from './answer.ts';
import { bucketFor, path } from './request.ts';

export function messagesSendRoute(deps: SendDeps): Route {
  const { idempotency } = deps;
  const keyOf = ({ headers, workspaceId, rawBody }: RouteRequest) =>
    idempotency.read(headers['idempotency-key'], { workspaceId, path, rawBody });
  return {
    method: 'POST',
    path,
    permission: 'messages.send',
    bucket: bucketFor,
    knowsIdempotencyKey: true,
    async replay(request) {
      const key = keyOf(request);
      const body = key && (await idempotency.answered(key));
      return body && { status: 201, body, headers: { 'idempotency-replayed': 'true' } };
    },
    countsItself: true,
    handle(request) {
      const key = keyOf(request);
      return idempotency.once(key, async () => ({ status: 201, body: await send(deps, request, key) }));
    },
  };
}

async function send(deps: SendDeps, request: RouteRequest, key: Acceptance['idempotency']): Promise<object> {
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const options = { now: deps.clock.now(), findContent: deps.findContent };
  const { plan, content, dryRun, remarks } = await checkSendRequest(request.body, workspace, options);
  await checkSendId(deps.db, plan);
  const withSendId = needsSendId(plan) ? { ...plan, sendId: v7(deps.clock.now()) } : plan;
  return acceptSend(deps, request, {
    path,
    plan: dryRun ? plan : withSendId,
    content,
    dryRun,
    remarks,
    sendIdIsNew: withSendId !== plan,
    idempotency: key,
    answerOf: (dispatchId) => successAnswer(dispatchId, withSendId.sendId, remarks),
  });
}

/** Whether to make a send id: a campaign's broadcast has one even if the caller gave none. */
function needsSendId(plan: SendPlan): boolean {
  return isBroadcast(plan) && plan.campaignId !== null && plan.sendId === null;
}
