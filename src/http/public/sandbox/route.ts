import { channelKeys } from '../../../channels/channel.ts';
import type { Db } from '../../../db/database.ts';
import { listSandbox, type SandboxCursor } from '../../../dispatch/report/sandbox.ts';
import { RequestError } from '../../../errors.ts';
import { dashed } from '../../../lib/uuid.ts';
import { nameKey, resolveNames } from '../../../people/profile/identify.ts';
import { readCursor, readLimit, readOneOf, writeCursor } from '../../query.ts';
import type { Route } from '../../route.ts';

/** Reads the outbox of the channels without a provider. */
export function sandboxRoutes({ db }: { db: Db }): Route[] {
  return [
    {
      method: 'GET',
      path: '/sandbox/messages',
      permission: 'sandbox.read',
      async handle({ query, workspaceId }) {
        const dispatchId = query.get('dispatch_id');
        if (dispatchId !== null && !/^[0-9a-f]{32}$/.test(dispatchId)) {
          throw new RequestError('bad_request', ['dispatch_id: expected 32 lower-case hex digits']);
        }
        const externalId = query.get('external_id');
        const person = externalId === null ? null : await findPerson(db, workspaceId, externalId);
        if (person === undefined) return { status: 200, body: { messages: [], message: 'success' } };
        const { messages, next } = await listSandbox(db, {
          workspaceId,
          dispatchId: dispatchId === null ? null : dashed(dispatchId),
          person,
          channel: readOneOf(query, 'channel', channelKeys),
          after: readCursor(query, isSandboxCursor),
          limit: readLimit(query, { usual: 50, most: 500 }),
        });
        const nextCursor = next === null ? {} : { next_cursor: writeCursor(next) };
        return { status: 200, body: { messages, ...nextCursor, message: 'success' } };
      },
    },
  ];
}

async function findPerson(db: Db, workspaceId: number, externalId: string) {
  const found = await resolveNames(db, workspaceId, [{ label: '', name: externalId }]);
  return found.get(nameKey('', externalId));
}

const dashedId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isSandboxCursor(value: unknown): value is SandboxCursor {
  if (typeof value !== 'object' || value === null) return false;
  const { dispatchId, userId, channel } = value as Partial<Record<string, unknown>>;
  return (
    typeof dispatchId === 'string' &&
    dashedId.test(dispatchId) &&
    Number.isSafeInteger(userId) &&
    channelKeys.some((key) => key === channel)
  );
}
