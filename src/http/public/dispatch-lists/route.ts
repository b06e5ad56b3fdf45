import { activityOf } from '../../../dispatch/accept/activity.ts';
import type { IdempotentRequest } from '../../../dispatch/accept/idempotency.ts';
import { dispatchesOfKey } from '../../../dispatch/accept/idempotency.ts';
import { checkListHead, type ListHead } from '../../../dispatch/accept/lists/check-head.ts';
import { ListReader } from '../../../dispatch/accept/lists/list-reader.ts';
import { type TakenList, takeList } from '../../../dispatch/accept/lists/take-list.ts';
import { acceptWithinQuota } from '../../../dispatch/accept/send-quota.ts';
import { sealList } from '../../../dispatch/ledger/lists/uploads.ts';
import type { SendRemarks } from '../../../dispatch/plan/remarks.ts';
import { lanes, type SendPlan } from '../../../dispatch/plan/send-plan.ts';
import type { ListDryRun } from '../../../dispatch/report/dry-run/rehearsed-list.ts';
import { RequestError } from '../../../errors.ts';
import { Room, RoomFull } from '../../../lib/limits/room.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import { dashed, v7 } from '../../../lib/uuid.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import type { SendDeps } from '../accept-send.ts';
import { acceptTraced } from '../accept-traced.ts';
import { withHeaderRemarks } from '../header-slips.ts';
import { successAnswer } from '../messages-send/answer.ts';
import { checkSendId, withSendId } from '../messages-send/send-id.ts';
import { hashWithin } from './hash-within.ts';

export const path = '/dispatches';

const bucket: RateBucket = { name: `send_broadcast:${path}`, limit: 250, windowMs: 60_000 };
const COME_AGAIN_S = 5;
/** Most bytes of a body, as it comes: a million lines of people and more. */
const MOST_BODY_BYTES = 4 * 1_073_741_824;

export interface ListRouteDeps extends SendDeps {
  /** Most bytes of lists that a workspace may have stored until they are expanded. */
  mostListBytes: number;
  listDryRun: ListDryRun;
}

/** Sends to a list of up to a million people, who come line by line. */
export function dispatchListsRoute(deps: ListRouteDeps): Route {
  // Each list that is being read has a chunk in memory, some 10 MB once it is parsed. A dry run holds up to 32 MB more.
  const room = new Room({ most: 8, mostOfOwner: 2, mostWaiting: 0, mostWaitingOfOwner: 0 });
  const rehearsals = new Room({ most: 2, mostOfOwner: 1, mostWaiting: 0, mostWaitingOfOwner: 0 });
  return {
    method: 'POST',
    path,
    permission: 'messages.send',
    knowsIdempotencyKey: true,
    isTraced: true,
    streams: 'application/x-ndjson',
    bucket: () => bucket,
    async handle(request) {
      try {
        return await room.run(request.workspaceId, () => answer(deps, request, rehearsals));
      } catch (error) {
        if (!(error instanceof RoomFull)) throw error;
        throw new RequestError('queue_full', ['too many lists are being read at once; send it again'], COME_AGAIN_S);
      }
    },
  };
}

async function answer(deps: ListRouteDeps, request: RouteRequest, rehearsals: Room): Promise<Answer> {
  const { workspaceId, stream } = request;
  if (stream === null) throw new Error('the body was read before its time');
  const reference = deps.idempotency.read(request.headers['idempotency-key'], {
    ...{ workspaceId, path, rawBody: Buffer.alloc(0) },
  });
  const bytes = hashWithin(stream, MOST_BODY_BYTES);
  if (reference !== null && (await isKnown(deps, reference))) return answerAgain(deps, reference, bytes);
  const reader = new ListReader(bytes.read());
  try {
    const head = await readHead(deps, request, await reader.head());
    if (head.dryRun)
      return { status: 201, body: await rehearsals.run(workspaceId, () => tryList(deps, request, head, reader)) };
    await deps.pressure.admit(lanes.broadcast);
    const taking = { db: deps.db, clock: deps.clock, mostStoredBytes: deps.mostListBytes };
    const name = { workspaceId, key: reference?.key ?? null };
    const body = await takeList(taking, name, reader, (taken) =>
      accept(deps, request, { head, taken, reference, bodyHash: bytes.hash() }),
    );
    return { status: 201, body };
  } finally {
    await reader.close();
  }
}

/** Tells who would get what, and stores nothing. */
async function tryList(deps: ListRouteDeps, request: RouteRequest, head: Head, reader: ListReader): Promise<object> {
  const { plan, content, remarks } = head;
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const rehearsed = deps.listDryRun({ plan, content, workspace, remarks });
  const { warnings } = await reader.readInto(rehearsed);
  return rehearsed.answer(allRemarks(head, request, warnings));
}

function allRemarks({ remarks }: Head, request: RouteRequest, warnings: readonly string[]): SendRemarks {
  const { minors, warnings: ofHead } = withHeaderRemarks(remarks, request);
  return { minors, warnings: [...ofHead, ...warnings] };
}

async function isKnown({ db, clock }: ListRouteDeps, { workspaceId, key }: IdempotentRequest): Promise<boolean> {
  return (await dispatchesOfKey(db, { workspaceId, paths: [path], key }, clock.now())).length > 0;
}

/** The first answer, if the body is the same. It is read to its end, because only then it is known. */
async function answerAgain(
  { idempotency }: ListRouteDeps,
  reference: IdempotentRequest,
  bytes: ReturnType<typeof hashWithin>,
): Promise<Answer> {
  for await (const _ of bytes.read());
  const body = await idempotency.answered({ ...reference, bodyHash: bytes.hash() });
  // It was forgotten while the body came: its day is over.
  if (body === null) throw new RequestError('idempotency_running', [], 1);
  return { status: 201, body, headers: { 'idempotency-replayed': 'true' } };
}

interface Head extends ListHead {
  /** The plan with its send id. */
  sent: SendPlan;
  /** The first line as it came. */
  raw: RawObject;
}

async function readHead(deps: ListRouteDeps, { workspaceId }: RouteRequest, raw: RawObject): Promise<Head> {
  const workspace = loadedWorkspace(deps.catalog(), workspaceId);
  const now = deps.clock.now();
  const head = await checkListHead(raw, { workspace, stored: deps.stored, now });
  await checkSendId(deps.db, head.plan);
  return { ...head, sent: head.isTrigger ? head.plan : withSendId(head.plan, now), raw };
}

interface Accepting {
  head: Head;
  taken: TakenList;
  reference: IdempotentRequest | null;
  bodyHash: Buffer;
}

/** Accepts a stored list, unless too much waits, or a quota is used up. */
async function accept(deps: ListRouteDeps, request: RouteRequest, accepting: Accepting): Promise<object> {
  const { head, taken } = accepting;
  const plan = { ...head.sent, list: taken.list };
  await deps.pressure.admit(lanes.broadcast);
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  const counting = { plan, now: deps.clock.now() };
  return acceptWithinQuota(deps.db, workspace, counting, () => store(deps, request, { ...accepting, plan, workspace }));
}

/** Makes the dispatch of a stored list, in one durable commit. */
async function store(
  deps: ListRouteDeps,
  request: RouteRequest,
  {
    head,
    taken: { held, list, warnings },
    reference,
    bodyHash,
    plan,
    workspace,
  }: Accepting & { plan: SendPlan; workspace: WorkspaceCatalog },
): Promise<object> {
  const { sent, raw, isTrigger } = head;
  const remarks = allRemarks(head, request, warnings);
  const dispatchId = v7(deps.clock.now());
  const isOurs = await sealList(deps.db, held, { dispatchId: dashed(dispatchId), now: deps.clock.now() });
  if (!isOurs) throw new RequestError('idempotency_running', [], 1);
  const accepted = await acceptTraced(deps.acceptor, request.span, {
    workspaceId: request.workspaceId,
    apiKeyId: request.apiKey.id,
    requestId: request.requestId,
    dispatchId,
    plan,
    sendIdIsNew: sent !== head.plan,
    answerOf: (id) => ({ ...successAnswer(id, isTrigger ? null : sent.sendId, remarks), lines: list.lines }),
    idempotency: reference === null ? null : { ...reference, bodyHash },
    rate: null,
    activity: activityOf({
      endpoint: path,
      plan,
      workspace,
      body: raw,
      requestId: request.requestId,
      apiKeyName: request.apiKey.name,
    }),
  });
  return accepted.answer;
}
