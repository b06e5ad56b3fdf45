import type { Db } from '../../../db/database.ts';
import type { Acceptance, Acceptor } from '../../../dispatch/accept/accept.ts';
import { activityOf } from '../../../dispatch/accept/activity.ts';
import { checkSendRequest } from '../../../dispatch/accept/check.ts';
import type { Idempotency } from '../../../dispatch/accept/idempotency.ts';
import type { Pressure } from '../../../dispatch/accept/pressure.ts';
import { laneOf } from '../../../dispatch/plan/send-plan.ts';
import type { DryRun } from '../../../dispatch/report/dry-run.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Questions } from '../../questions.ts';
import type { Route, RouteRequest } from '../../route.ts';
import { successAnswer } from './answer.ts';
import { bucketFor, path } from './request.ts';
import { checkSendId, withSendId } from './send-id.ts';

export interface MessagesSendDeps {
  db: Db;
  clock: Clock;
  catalog(): Catalog;
  acceptor: Acceptor;
  idempotency: Idempotency;
  dryRun: DryRun;
  pressure: Pressure;
  questions: Questions;
}

export function messagesSendRoute(deps: MessagesSendDeps): Route {
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

async function send(deps: MessagesSendDeps, request: RouteRequest, key: Acceptance['idempotency']): Promise<object> {
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const { plan, dryRun, remarks } = checkSendRequest(request.body, workspace, deps.clock.now());
  await checkSendId(deps.db, plan);
  if (dryRun) {
    await request.rate.charge();
    return deps.questions(request.workspaceId, () => deps.dryRun(plan, workspace, remarks));
  }
  await deps.pressure.admit(laneOf(plan));
  await request.rate.chargeNarrower();
  const sent = withSendId(plan, deps.clock.now());
  const { answer } = await deps.acceptor.accept({
    workspaceId: request.workspaceId,
    apiKeyId: request.apiKey.id,
    requestId: request.requestId,
    plan: sent,
    sendIdIsNew: sent !== plan,
    answerOf: (dispatchId) => successAnswer(dispatchId, sent.sendId, remarks),
    idempotency: key,
    rate: request.rate,
    activity: activityOf({
      plan: sent,
      workspace,
      body: request.body,
      requestId: request.requestId,
      apiKeyName: request.apiKey.name,
    }),
  });
  return answer;
}
