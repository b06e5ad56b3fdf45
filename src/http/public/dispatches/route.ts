import { channelKeys } from '../../../channels/channel.ts';
import type { Database } from '../../../db/database.ts';
import {
  type Control,
  cancelDispatch,
  type Moved,
  pauseDispatch,
  replayDispatch,
  resumeDispatch,
} from '../../../dispatch/control/control.ts';
import { readReplayRequest } from '../../../dispatch/plan/replay-filter.ts';
import { isLive } from '../../../dispatch/plan/states.ts';
import { createCounter } from '../../../dispatch/report/counts.ts';
import {
  describeDispatch,
  findDispatch,
  listVerdicts,
  type RecipientCursor,
  verdictOfRefusal,
} from '../../../dispatch/report/verdicts.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { dashed } from '../../../lib/uuid.ts';
import { readCursor, readLimit, readOneOf, writeCursor } from '../../query.ts';
import type { Route, RouteRequest } from '../../route.ts';

const statuses = [
  'pending',
  'sending',
  'sent',
  'skipped',
  'aborted',
  'failed',
  'bounced',
  'expired',
  'unknown',
  'cancelled',
];

export interface DispatchRouteDeps {
  db: Database;
  clock: Clock;
  /** Told after a dispatch was set going again, so that a worker in this process starts at once. */
  onRunnable(lane: number): void;
}

type Controlling = (order: Control, body: Record<string, unknown>) => Promise<Moved>;

/** What happened to a dispatch and to each of its people, and what is to become of it. */
export function dispatchRoutes({ db, clock, onRunnable }: DispatchRouteDeps): Route[] {
  const counter = createCounter({ db, clock });

  async function find({ params, workspaceId }: RouteRequest) {
    const id = params.dispatch_id ?? '';
    const found = /^[0-9a-f]{32}$/.test(id) ? await findDispatch(db, workspaceId, dashed(id)) : null;
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
        const status = readOneOf(request.query, 'status', statuses);
        const channel = readOneOf(request.query, 'channel', channelKeys);
        const after = readCursor(request.query, isRecipientCursor);
        const limit = readLimit(request.query, { usual: 100, most: 1_000 });
        const dispatch = await find(request);
        const { verdicts, next } = await listVerdicts(db, dispatch, { status, channel, after, limit });
        // People refused before any channel come first, once.
        const showsRefusals = after === null && channel === null && (status === null || status === 'skipped');
        const refused = showsRefusals ? dispatch.refusals.map(verdictOfRefusal) : [];
        const nextCursor = next === null ? {} : { next_cursor: writeCursor(next) };
        return { status: 200, body: { recipients: [...refused, ...verdicts], ...nextCursor, message: 'success' } };
      },
    },
    control('cancel', cancelDispatch),
    control('pause', pauseDispatch),
    control('resume', resumeDispatch),
    control('replay', (order, body) => replayDispatch(order, readReplayRequest(body))),
  ];
}

function isRecipientCursor(value: unknown): value is RecipientCursor {
  if (typeof value !== 'object' || value === null) return false;
  const { bucket, userId, channel } = value as Partial<Record<string, unknown>>;
  const isBucket = typeof bucket === 'number' && Number.isInteger(bucket) && bucket >= 0 && bucket < 256;
  return isBucket && Number.isSafeInteger(userId) && channelKeys.some((key) => key === channel);
}
