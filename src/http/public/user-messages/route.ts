import type { Db } from '../../../db/database.ts';
import { listMessages } from '../../../dispatch/report/person-messages.ts';
import { RequestError } from '../../../errors.ts';
import { findPerson } from '../../../people/profile/find-person.ts';
import { type Identifier, readExternalId } from '../../../people/profile/identifiers.ts';
import { personParameters, readPersonQuery } from '../../person-query.ts';
import { nextCursor } from '../../query.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { messageParameters, readMessageFilter } from './request.ts';

/** Show what one person was sent or refused, over all dispatches: by external id in the path, or by any name in the query. */
export function userMessagesRoutes({ db }: { db: Db }): Route[] {
  async function list({ query, workspaceId }: RouteRequest, identifier: Identifier): Promise<Answer> {
    const filter = readMessageFilter(query);
    const person = await findPerson(db, workspaceId, identifier);
    if (person === null) throw new RequestError('not_found', ['external_id: nobody of this workspace has this id']);
    const { messages, next } = await listMessages(db, { ...filter, workspaceId, person: person.key });
    const ids = { external_id: person.externalId, braze_id: person.brazeId };
    return { status: 200, body: { ...ids, messages, ...nextCursor(next), message: 'success' } };
  }

  return [
    {
      method: 'GET',
      path: '/users/:external_id/messages',
      permission: 'dispatches.read',
      query: messageParameters,
      handle: (request) => list(request, { kind: 'name', name: readExternalId(request.params.external_id) }),
    },
    {
      method: 'GET',
      path: '/users/messages',
      permission: 'dispatches.read',
      query: [...personParameters, ...messageParameters],
      handle(request) {
        const identifier = readPersonQuery(request.query);
        if (identifier !== null) return list(request, identifier);
        throw new RequestError('bad_request', [`${personParameters.join(', ')}: expected a person, got none`]);
      },
    },
  ];
}
