import type { Database } from '../../../db/database.ts';
import { type FrozenSet, freezeSet, readSet, replaySet } from '../../../dispatch/control/frozen-sets.ts';
import { readReplayRequest } from '../../../dispatch/plan/replay-filter.ts';
import { isLive } from '../../../dispatch/plan/states.ts';
import { createPeopleCounter } from '../../../dispatch/report/console/people-counts.ts';
import type { Counter } from '../../../dispatch/report/counts.ts';
import { type DispatchRow, findDispatch } from '../../../dispatch/report/verdicts.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { undashed } from '../../../lib/uuid.ts';
import { recordChange } from '../../../operators/audit.ts';
import { readDispatchId } from '../../public/dispatches/request.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';

export interface DispatchDeps {
  db: Database;
  clock: Clock;
  counter: Counter;
  /** Called with the lane when there may be something to do. */
  onRunnable(lane: number): void;
}

/** Counts of a dispatch by person, and sets of its sends that are counted before anything is done with them. */
export function operatorDispatchRoutes({ db, clock, counter, onRunnable }: DispatchDeps): OperatorRoute[] {
  const countPeople = createPeopleCounter({ db, clock, counter });
  return [
    {
      method: 'GET',
      path: '/operator/v1/dispatches/:dispatch_id/people',
      role: 'viewer',
      async handle(request) {
        const counted = await countPeople(await find(db, request));
        const { countedAt = null, ...people } = counted ?? {};
        return { status: 200, body: { people: counted && people, counted_at: countedAt, message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/dispatches/:dispatch_id/sets',
      role: 'sender',
      async handle(request) {
        const dispatch = await find(db, request);
        const asked = { db, workspaceId: request.workspaceId, by: request.actor.name, now: clock.now() };
        const set = await freezeSet(asked, dispatch, readReplayRequest(request.body));
        return { status: 201, body: { set: describeSet(set), message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/sets/:set_id',
      role: 'viewer',
      async handle({ workspaceId, params }) {
        const set = await readSet(db, workspaceId, params.set_id ?? '');
        return { status: 200, body: { set: describeSet(set), message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/sets/:set_id/replay',
      role: 'sender',
      async handle({ workspaceId, actor, params }) {
        const id = params.set_id ?? '';
        const asked = { db, workspaceId, by: actor.name, now: clock.now() };
        const { state, lane, recipients } = await replaySet(asked, id, { db, now: clock.now() });
        if (isLive(state)) onRunnable(lane);
        const change = { action: 'set.replay', subject: id, before: null, after: { state, recipients } };
        await recordChange(db, actor, change, clock.now());
        return { status: 201, body: { state, recipients, message: 'success' } };
      },
    },
  ];
}

async function find(db: Database, { workspaceId, params }: OperatorRequest): Promise<DispatchRow> {
  const id = readDispatchId(params);
  const dispatch = id === null ? null : await findDispatch(db, workspaceId, id);
  if (dispatch === null)
    throw new RequestError('not_found', ['dispatch_id: no dispatch of this workspace has this id']);
  return dispatch;
}

function describeSet(set: FrozenSet): object {
  return {
    set_id: set.id,
    dispatch_id: undashed(set.dispatchId),
    filter: set.filter,
    recipients: set.recipients,
    in_doubt: set.inDoubt,
    frozen_at: set.frozenAt,
    frozen_by: set.frozenBy,
    expires_at: set.expiresAt,
    used_at: set.usedAt,
    used_by: set.usedBy,
  };
}
