import type { Acceptance } from '../../../dispatch/accept/accept.ts';
import { checkSendRequest } from '../../../dispatch/accept/check.ts';
import { checkAtMost } from '../../../dispatch/report/count-targeted.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Route, RouteRequest } from '../../route.ts';
import { acceptSend, type SendDeps } from '../accept-send.ts';
import { answeringKeyOnce } from '../answer-once.ts';
import { withHeaderRemarks } from '../header-slips.ts';
import { successAnswer } from './answer.ts';
import { bucketFor, path } from './request.ts';
import { checkSendId, withSendId } from './send-id.ts';

export function messagesSendRoute(deps: SendDeps): Route {
  return {
    ...answeringKeyOnce(deps.idempotency, path, (request, key) => send(deps, request, key)),
    permission: 'messages.send',
    bucket: bucketFor,
  };
}

async function send(deps: SendDeps, request: RouteRequest, key: Acceptance['idempotency']): Promise<object> {
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const now = deps.clock.now();
  const checked = await checkSendRequest(request.body, workspace, { now, stored: deps.stored });
  const { plan, content, dryRun, atMost } = checked;
  const remarks = withHeaderRemarks(checked.remarks, request);
  if (plan.sendId !== null) await checkSendId(deps.db, plan);
  if (atMost !== null)
    await deps.questions(workspace.id, () => checkAtMost(deps.db, { plan, workspace }, { atMost, now }));
  const sent = withSendId(plan, now);
  return acceptSend(deps, request, {
    path,
    plan: dryRun ? plan : sent,
    content,
    dryRun,
    remarks,
    sendIdIsNew: sent !== plan,
    idempotency: key,
    answerOf: (dispatchId) => successAnswer(dispatchId, sent.sendId, remarks),
  });
}
