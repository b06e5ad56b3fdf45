import type { Db } from '../../../db/database.ts';
import type { Acceptance, Acceptor } from '../../../dispatch/accept/accept.ts';
import { activityOf } from '../../../dispatch/accept/activity.ts';
import { type CheckedRequest, checkSendRequest } from '../../../dispatch/accept/check.ts';
import type { Idempotency } from '../../../dispatch/accept/idempotency.ts';
import type { Pressure } from '../../../dispatch/accept/pressure.ts';
import { isSendIdOf } from '../../../dispatch/accept/send-ids.ts';
import { isBroadcast, laneOf, type SendPlan } from '../../../dispatch/plan/send-plan.ts';
import type { DryRun } from '../../../dispatch/report/dry-run.ts';
import { RequestError } from '../../../errors.ts';
import { problemsOfUses } from '../../../item-catalogs/check-uses.ts';
import type { Clock } from '../../../lib/clock.ts';
import { bounded } from '../../../lib/raw/bounded-texts.ts';
import { shown } from '../../../lib/raw/json.ts';
import { v7 } from '../../../lib/uuid.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Questions } from '../../questions.ts';
import type { Route, RouteRequest } from '../../route.ts';
import { successAnswer } from './answer.ts';
import { bucketFor, path } from './request.ts';

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
  const { plan, catalogs, dryRun, remarks } = checkSendRequest(request.body, workspace, deps.clock.now());
  await checkCatalogs(deps.db, request.workspaceId, catalogs);
  await checkSendId(deps.db, plan);
  if (dryRun) {
    await request.rate.charge();
    return deps.questions(request.workspaceId, () => deps.dryRun(plan, workspace, remarks));
  }
  await deps.pressure.admit(laneOf(plan));
  await request.rate.chargeNarrower();
  const withSendId = needsSendId(plan) ? { ...plan, sendId: v7(deps.clock.now()) } : plan;
  const { answer } = await deps.acceptor.accept({
    workspaceId: request.workspaceId,
    apiKeyId: request.apiKey.id,
    requestId: request.requestId,
    plan: withSendId,
    sendIdIsNew: withSendId !== plan,
    answerOf: (dispatchId) => successAnswer(dispatchId, withSendId.sendId, remarks),
    idempotency: key,
    rate: request.rate,
    activity: activityOf({
      plan: withSendId,
      workspace,
      body: request.body,
      requestId: request.requestId,
      apiKeyName: request.apiKey.name,
    }),
  });
  return answer;
}

/** Throws if a template names a catalog or selection that does not exist. */
async function checkCatalogs(db: Db, workspaceId: number, uses: CheckedRequest['catalogs']): Promise<void> {
  if (uses.length === 0) return;
  const problems = await problemsOfUses(db, workspaceId, uses);
  if (problems.length > 0) throw new RequestError('bad_request', bounded(problems));
}

/** Throws unless the caller's send id was created for the request's campaign. */
async function checkSendId(db: Db, { campaignId, sendId }: SendPlan): Promise<void> {
  if (sendId === null || campaignId === null || (await isSendIdOf(db, campaignId, sendId))) return;
  throw new RequestError('bad_request', [`send_id: was not created for this campaign, got "${shown(sendId)}"`]);
}

/** Whether to make a send id: a campaign's broadcast has one even if the caller gave none. */
function needsSendId(plan: SendPlan): boolean {
  return isBroadcast(plan) && plan.campaignId !== null && plan.sendId === null;
}
