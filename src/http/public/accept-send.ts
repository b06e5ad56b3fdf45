import type { PinnedContent } from '../../content/pins.ts';
import type { Database } from '../../db/database.ts';
import type { Acceptance, Acceptor } from '../../dispatch/accept/accept.ts';
import { activityOf } from '../../dispatch/accept/activity.ts';
import type { Idempotency } from '../../dispatch/accept/idempotency.ts';
import type { Pressure } from '../../dispatch/accept/pressure.ts';
import { acceptWithinQuota } from '../../dispatch/accept/send-quota.ts';
import type { SendRemarks } from '../../dispatch/plan/remarks.ts';
import { laneOf } from '../../dispatch/plan/send-plan.ts';
import type { StoredThings } from '../../dispatch/plan/stored-things.ts';
import type { DryRun } from '../../dispatch/report/dry-run/dry-run.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Catalog, WorkspaceCatalog } from '../../workspace/catalog.ts';
import { loadedWorkspace } from '../loaded-workspace.ts';
import type { Questions } from '../questions.ts';
import type { RouteRequest } from '../route.ts';
import { acceptTraced } from './accept-traced.ts';

/** What every endpoint needs that accepts sends. */
export interface SendDeps {
  db: Database;
  clock: Clock;
  catalog(): Catalog;
  stored: StoredThings;
  acceptor: Acceptor;
  idempotency: Idempotency;
  dryRun: DryRun;
  pressure: Pressure;
  questions: Questions;
}

/** A checked request to send. */
export interface Sending extends Pick<Acceptance, 'plan' | 'sendIdIsNew' | 'answerOf' | 'idempotency'> {
  path: string;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  dryRun: boolean;
  remarks: SendRemarks;
  /** Stores what must be there before the send is accepted. The request is counted first. Absent: nothing. */
  prepare?(): Promise<void>;
}

/** Stores the send, or tells what it would do. Returns the body of the answer. Throws when too much waits already. */
export async function acceptSend(deps: SendDeps, request: RouteRequest, sending: Sending): Promise<object> {
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const { plan, content, remarks, prepare } = sending;
  if (sending.dryRun) {
    await request.rate.charge();
    return deps.questions(request.workspaceId, () => deps.dryRun({ plan, content, workspace, remarks }));
  }
  const pressed = deps.pressure.admit(laneOf(plan));
  // Nothing is waited for that nearly all requests do not need.
  if (pressed !== null) await pressed;
  // A refused request must not have stored anything, nor used up a quota.
  const countsFirst = prepare !== undefined || workspace.quotas?.sendsPerDay !== undefined;
  const counting = countsFirst ? request.rate.charge() : request.rate.chargeNarrower();
  if (counting !== null) await counting;
  const accept = async () => {
    if (prepare !== undefined) await prepare();
    return store(deps, request, { ...sending, workspace, rate: countsFirst ? null : request.rate });
  };
  if (workspace.quotas === undefined) return accept();
  return acceptWithinQuota(deps.db, workspace, { plan, now: deps.clock.now() }, accept);
}

async function store(
  deps: SendDeps,
  request: RouteRequest,
  { workspace, path, plan, rate, ...sending }: Sending & Pick<Acceptance, 'rate'> & { workspace: WorkspaceCatalog },
): Promise<object> {
  const { answer } = await acceptTraced(deps.acceptor, request.span, {
    workspaceId: request.workspaceId,
    apiKeyId: request.apiKey.id,
    requestId: request.requestId,
    plan,
    sendIdIsNew: sending.sendIdIsNew,
    answerOf: sending.answerOf,
    idempotency: sending.idempotency,
    rate,
    activity: activityOf({
      endpoint: path,
      plan,
      workspace,
      body: request.body,
      requestId: request.requestId,
      apiKeyName: request.apiKey.name,
    }),
  });
  return answer;
}
