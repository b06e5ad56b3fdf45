import type { Db } from '../../../db/database.ts';
import { listOutbox, readOutboxMessage } from '../../../dispatch/report/console/outbox.ts';
import { RequestError } from '../../../errors.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { readBrazeId } from '../../../people/profile/braze-id.ts';
import { readDispatchId } from '../../public/dispatches/request.ts';
import { nextCursor, readCursor, readLimit } from '../../query.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';
import { emptyMailFrame, mailFrame } from './mail-frame.ts';

/** What people got of each dispatch, all channels together, of messages without a provider. */
export function outboxRoutes({ db }: { db: Db }): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/outbox',
      role: 'viewer',
      query: ['limit', 'cursor'],
      async handle({ workspaceId, query }) {
        const after = readCursor(query, isPlace);
        const limit = readLimit(query, { usual: 50, most: 200 });
        const { entries, next } = await listOutbox(db, { workspaceId, after, limit });
        return { status: 200, body: { entries, ...nextCursor(next), message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/outbox/:dispatch_id/:braze_id',
      role: 'viewer',
      async handle(request) {
        const messages = await readOutboxMessage(db, keyOf(request));
        if (messages.length === 0) throw new RequestError('not_found', ['braze_id: the outbox has nothing of this']);
        return { status: 200, body: { messages, message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/outbox/:dispatch_id/:braze_id/mail',
      role: 'viewer',
      query: ['remote'],
      async handle(request) {
        const messages = await readOutboxMessage(db, keyOf(request));
        const mail = messages.find(({ channel }) => channel === 'email');
        if (mail === undefined) throw new RequestError('not_found', ['braze_id: the outbox has no mail of this']);
        return mailFrame(mail.message, isRemote(request));
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/mail-frame',
      role: 'viewer',
      query: ['remote'],
      handle: async (request) => emptyMailFrame(isRemote(request)),
    },
  ];
}

function isRemote({ query }: OperatorRequest): boolean {
  return query.get('remote') === '1';
}

function keyOf({ workspaceId, params }: OperatorRequest) {
  const dispatchId = readDispatchId(params);
  const person = readBrazeId(params.braze_id ?? '');
  if (dispatchId === null || person === null)
    throw new RequestError('not_found', ['dispatch_id, braze_id: the outbox has nothing of this']);
  return { workspaceId, dispatchId, person };
}

const dashedId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isPlace(value: unknown): value is { dispatchId: string; userId: number } {
  if (!isObject(value)) return false;
  return typeof value.dispatchId === 'string' && dashedId.test(value.dispatchId) && Number.isSafeInteger(value.userId);
}
