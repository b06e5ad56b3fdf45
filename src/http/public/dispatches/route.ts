import type { Database, Db } from '../../../db/database.ts';
import { dispatchesOfKey } from '../../../dispatch/accept/idempotency.ts';
import {
  type Control,
  cancelDispatch,
  pauseDispatch,
  type Replayed,
  replayDispatch,
  resumeDispatch,
} from '../../../dispatch/control/control.ts';
import type { Moved } from '../../../dispatch/ledger/dispatches/dispatch-moves.ts';
import { SendOrigins } from '../../../dispatch/ledger/feedback/send-origins.ts';
import { readReplayRequest } from '../../../dispatch/plan/replay-filter.ts';
import { isLive } from '../../../dispatch/plan/states.ts';
import type { Counter } from '../../../dispatch/report/counts.ts';
import { listDispatches } from '../../../dispatch/report/dispatch-list.ts';
import { type AskedPerson, listRecipients } from '../../../dispatch/report/recipients.ts';
import { describeDispatch, findDispatch } from '../../../dispatch/report/verdicts.ts';
import { findWaits } from '../../../dispatch/report/waits/waits.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { namesNo } from '../../../lib/raw/json.ts';
import { findPerson, namesOf } from '../../../people/profile/find-person.ts';
import type { Identifier } from '../../../people/profile/identifiers.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { path as listPath } from '../dispatch-lists/route.ts';
import { path as sendPath } from '../messages-send/request.ts';
import { campaignPath, canvasPath } from '../triggers/request.ts';
import { dispatchesAnswer, recipientsAnswer } from './answer.ts';
import { listParameters, readDispatchId, readListFilter, readRecipientFilter, recipientParameters } from './request.ts';

export interface DispatchRouteDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  counter: Counter;
  /** Called after a dispatch is resumed or replayed, so that a worker in this process starts at once. */
  onRunnable(lane: number): void;
  /** Called after a dispatch is paused or cancelled, so that a worker in this process stops at once. */
  onStopped(dispatchId: string): void;
}

type Controlling = (order: Control, body: RouteRequest['body']) => Promise<Moved & Partial<Replayed>>;

/** Show a dispatch and its recipients' verdicts, and cancel, pause, resume or replay it. */
export function dispatchRoutes({ db, clock, catalog, counter, onRunnable, onStopped }: DispatchRouteDeps): Route[] {
  const origins = new SendOrigins();

  const asking = ({ workspaceId }: RouteRequest) => ({
    ...{ workspaceId, workspace: catalog.workspace(workspaceId), now: clock.now() },
  });

  async function find({ params, workspaceId }: RouteRequest) {
    const id = readDispatchId(params);
    const found = id === null ? null : await findDispatch(db, workspaceId, id);
    if (found === null)
      throw new RequestError('not_found', [`dispatch_id: ${namesNo('a dispatch', params.dispatch_id)}`]);
    return found;
  }

  function control(verb: string, move: Controlling): Route {
    return {
      method: 'POST',
      path: `/dispatches/:dispatch_id/${verb}`,
      permission: 'dispatches.cancel',
      async handle(request) {
        const dispatch = await find(request);
        const order = { db, dispatchId: dispatch.id, now: clock.now() };
        const { state, lane, recipients, selectable, warnings } = await move(order, request.body);
        if (isLive(state)) onRunnable(lane);
        else onStopped(dispatch.id);
        const counted = {
          ...(recipients !== undefined && { recipients }),
          ...(selectable && { selectable }),
          ...(warnings && { warnings }),
        };
        return { status: 201, body: { state, ...counted, message: 'success' } };
      },
    };
  }

  async function list(request: RouteRequest): Promise<Answer> {
    const { query, workspaceId } = request;
    const { idempotencyKey, ...filter } = readListFilter(query);
    const key = idempotencyKey && {
      workspaceId,
      paths: [sendPath, campaignPath, canvasPath, listPath],
      key: idempotencyKey,
    };
    const ids = key ? await dispatchesOfKey(db, key, clock.now()) : null;
    return dispatchesAnswer(await listDispatches(db, { ...filter, ...asking(request), ids }));
  }

  return [
    {
      method: 'GET',
      path: '/dispatches',
      permission: 'dispatches.read',
      query: listParameters,
      handle: list,
    },
    {
      method: 'GET',
      path: '/dispatches/:dispatch_id',
      permission: 'dispatches.read',
      handle: async (request) => ({
        status: 200,
        body: await describeDispatch(db, counter, await find(request), {
          ...asking(request),
          isInHaste: request.isInHaste === true,
        }),
      }),
    },
    {
      method: 'GET',
      path: '/dispatches/:dispatch_id/recipients',
      permission: 'dispatches.read',
      query: recipientParameters,
      async handle(request) {
        const { identifier, ...filter } = readRecipientFilter(request.query);
        const dispatch = await find(request);
        const person = identifier && (await findAsked(db, request.workspaceId, identifier));
        const { waits_for: waitsFor, state, lane } = dispatch;
        const waits = await findWaits(db, { dispatchId: dispatch.id, waitsFor, state, lane }, asking(request));
        return recipientsAnswer(await listRecipients(db, dispatch, { ...filter, person, waits, origins }));
      },
    },
    control('cancel', cancelDispatch),
    control('pause', pauseDispatch),
    control('resume', resumeDispatch),
    control('replay', (order, body) => replayDispatch(order, readReplayRequest(body))),
  ];
}

/** The person with every name by which a request may have named them. A name that nobody has may still have been refused. */
async function findAsked(db: Db, workspaceId: number, identifier: Identifier): Promise<AskedPerson> {
  const found = await findPerson(db, workspaceId, identifier);
  const asked = identifier.kind === 'name' ? [identifier.name] : [];
  if (found === null) return { key: null, names: asked };
  return { key: found.key, names: [...asked, ...(await namesOf(db, found.key))] };
}
