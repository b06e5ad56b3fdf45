import type { Db } from '../../../db/database.ts';
import { SendOrigins } from '../../../dispatch/ledger/feedback/send-origins.ts';
import { listMessages } from '../../../dispatch/report/person-messages.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type FoundPerson, findByAddress, findPerson } from '../../../people/profile/find-person.ts';
import { type Identifier, readExternalId } from '../../../people/profile/identifiers.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { nobodyHas, personParameters, readPersonQuery } from '../../person-query.ts';
import { nextCursor } from '../../query.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import {
  type AskedAddress,
  addressParameters,
  messageParameters,
  readAddressQuery,
  readMessageFilter,
} from './request.ts';

/**
 * Show what people were sent or refused, over all dispatches: one person by external id in the path or by any name in the
 * query, or everybody who has an address.
 */
export function userMessagesRoutes({ db, clock, catalog }: { db: Db; clock: Clock; catalog: Catalog }): Route[] {
  const origins = new SendOrigins();
  const asking = (workspaceId: number) => ({
    ...{ workspaceId, workspace: catalog.workspace(workspaceId), now: clock.now(), origins },
  });

  async function ofPerson({ query, workspaceId }: RouteRequest, identifier: Identifier): Promise<Answer> {
    const filter = readMessageFilter(query);
    const person = await findPerson(db, workspaceId, identifier);
    if (person === null) throw new RequestError('not_found', [nobodyHas(identifier)]);
    const { messages, next } = await listMessages(db, { ...filter, ...asking(workspaceId), people: [person.key] });
    const body = { ...idsOf(person), messages: messages.map(({ message }) => message) };
    return { status: 200, body: { ...body, ...nextCursor(next), message: 'success' } };
  }

  async function ofAddress({ query, workspaceId }: RouteRequest, { kind, value }: AskedAddress): Promise<Answer> {
    const filter = readMessageFilter(query);
    const people = await findByAddress(db, { workspaceId, kind, value });
    if (people.length === 0) throw new RequestError('not_found', [`${kind}: nobody of this workspace has it`]);
    const { messages, next } = await listMessages(db, {
      ...filter,
      ...asking(workspaceId),
      people: people.map(({ key }) => key),
    });
    const idsByUser = new Map(people.map((person) => [person.key.userId, idsOf(person)]));
    const body = {
      people: people.map(idsOf),
      messages: messages.map(({ userId, message }) => ({ ...idsByUser.get(userId), ...message })),
    };
    return { status: 200, body: { ...body, ...nextCursor(next), message: 'success' } };
  }

  return [
    {
      method: 'GET',
      path: '/users/:external_id/messages',
      permission: 'dispatches.read',
      query: messageParameters,
      handle: (request) => ofPerson(request, { kind: 'name', name: readExternalId(request.params.external_id) }),
    },
    {
      method: 'GET',
      path: '/users/messages',
      permission: 'dispatches.read',
      query: [...personParameters, ...addressParameters, ...messageParameters],
      handle(request) {
        const address = readAddressQuery(request.query);
        if (address !== null) return ofAddress(request, address);
        const identifier = readPersonQuery(request.query);
        if (identifier !== null) return ofPerson(request, identifier);
        const known = [...personParameters, ...addressParameters].join(', ');
        throw new RequestError('bad_request', [`${known}: expected a person, got none`]);
      },
    },
  ];
}

function idsOf({ externalId, brazeId }: FoundPerson): object {
  return { external_id: externalId, braze_id: brazeId };
}
