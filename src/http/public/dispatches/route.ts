import type { Database } from '../../../db/database.ts';
import {
  type Control,
  cancelDispatch,
  pauseDispatch,
  replayDispatch,
  resumeDispatch,
} from '../../../dispatch/control/control.ts';
import type { Moved } from '../../../dispatch/ledger/dispatch-moves.ts';
import { readReplayRequest } from '../../../dispatch/plan/replay-filter.ts';
import { isLive } from '../../../dispatch/plan/states.ts';
import { createCounter } from '../../../dispatch/report/counts.ts';
import { describeDispatch, findDispatch, listVerdicts } from '../../../dispatch/report/verdicts.ts';
import { findWait } from '../../../dispatch/report/waits.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Route, RouteRequest } from '../../route.ts';
import { recipientsAnswer } from './answer.ts';
import { readDispatchId, readRecipientFilter } from './request.ts';

export interface DispatchRouteDeps {
  db: Database;
  clock: Clock;
  /** Called after a dispatch is resumed or replayed, so that a worker in this process starts at once. */
  onRunnable(lane: number): void;
}

type Controlling = (order: Control, body: RouteRequest['body']) => Promise<Moved>;

/** Show a dispatch and its recipients' verdicts, and cancel, pause, resume or replay it. */
export function dispatchRoutes({ db, clock, onRunnable }: DispatchRouteDeps): Route[] {
  const counter = createCounter({ db, clock });

  async function find({ params, workspaceId }: RouteRequest) {
    const id = readDispatchId(params);
    const found = id === null ? null : await findDispatch(db, workspaceId, id);
    if (found === null) throw new RequestError('not_found', ['dispatch_id does not name a dispatch of this workspace']);
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
        const { state, lane } = await move(order, request.body);
        if (isLive(state)) onRunnable(lane);
        return { status: 201, body: { state, message: 'success' } };
      },
    };
  }

  return [
    {
      method: 'GET',
      path: '/dispatches/:dispatch_id',
      permission: 'dispatches.read',
      handle: async (request) => ({ status: 200, body: await describeDispatch(counter, await find(request)) }),
    },
    {
      method: 'GET',
      path: '/dispatches/:dispatch_id/recipients',
      permission: 'dispatches.read',
      async handle(request) {
        const filter = readRecipientFilter(request.query);
        const dispatch = await find(request);
        const { waits_for: waitsFor, failure } = dispatch;
        const wait = await findWait(db, { workspaceId: request.workspaceId, waitsFor, failure });
        return recipientsAnswer(await listVerdicts(db, dispatch, filter, wait), dispatch.refusals, filter);
      },
    },
    control('cancel', cancelDispatch),
    control('pause', pauseDispatch),
    control('resume', resumeDispatch),
    control('replay', (order, body) => replayDispatch(order, readReplayRequest(body))),
  ];
}
