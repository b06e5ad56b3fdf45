import { hash } from 'node:crypto';
import type { IdempotentRequest } from '../../../dispatch/accept/idempotency.ts';
import { checkTransactional } from '../../../dispatch/accept/triggers/check.ts';
import { readExternalSendId } from '../../../dispatch/accept/triggers/request.ts';
import { RequestError } from '../../../errors.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import { idKey } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Route, RouteRequest } from '../../route.ts';
import type { SendDeps } from '../accept-send.ts';
import { answeringOnce } from '../answer-once.ts';
import { acceptTrigger } from './accept-trigger.ts';
import { transactionalAnswer } from './answer.ts';
import { transactionalPath } from './request.ts';

/**
 * Sends to one person. `external_send_id` stands for its first request for 24 hours, whatever a later one holds, so that
 * nobody gets one receipt twice.
 */
export function transactionalRoute(deps: SendDeps): Route {
  const { replay, handle, ...counted } = answeringOnce(deps.idempotency, referenceOf, (request, reference) =>
    send(deps, request, reference),
  );
  return {
    method: 'POST',
    path: transactionalPath,
    permission: 'transactional.send',
    insteadOfIdempotencyKey: 'external_send_id',
    replay: (request) => inOriginalWords(async () => replay(request)),
    ...counted,
    handle: (request) => inOriginalWords(() => handle(request)),
  };
}

/** The request under its external send id. null: it has none, or none that is usable, which the check says. */
function referenceOf({ workspaceId, params, body }: RouteRequest): IdempotentRequest | null {
  const { campaign_id: campaignId = '' } = params;
  const key = readExternalSendId(body, new Problems());
  if (key === null || campaignId.includes('\0')) return null;
  const path = transactionalPath.replace(':campaign_id', () => idKey(campaignId));
  // The body does not count, so all bodies have one hash.
  return { workspaceId, path, key, bodyHash: hash('sha256', key, 'buffer') };
}

async function inOriginalWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isRunning = error instanceof RequestError && error.code === 'idempotency_running';
    throw isRunning ? new RequestError('external_send_running', [], 1) : error;
  }
}

async function send(deps: SendDeps, request: RouteRequest, reference: IdempotentRequest | null): Promise<object> {
  const receivedAt = deps.clock.now();
  const { campaign_id: campaignId = '' } = request.params;
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const checked = await checkTransactional(request.body, campaignId, { workspace, stored: deps.stored });
  return acceptTrigger(deps, request, {
    checked,
    path: transactionalPath.replace(':campaign_id', () => idKey(campaignId)),
    idempotency: reference,
    instead: 'external_send_id',
    answerOf: (dispatchId, remarks) =>
      transactionalAnswer({
        dispatchId,
        externalSendId: reference?.key ?? null,
        campaignId: checked.plan.campaignId ?? campaignId,
        receivedAt,
        enqueuedAt: deps.clock.now(),
        remarks,
      }),
  });
}
